"""Monte Carlo error: how much a figure would move if the simulation ran again with another seed.

Paths that share a draw of the rates are not independent, and the draws of one Latin hypercube balance
each other. Errors are therefore computed over the independent replicates of the hypercube, as for a
survey drawn in clusters.

Also 80 % intervals: of what is expected, and of shares of deals and of money, which a few large deals can
dominate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.posteriors import Z_HIGH
from simulator.engine.keys import replicate

MOST_REACH = 0.1


def clusters(draw: Ints) -> Ints:
    """Return the independent group of each path, numbered from 0, given the rate draw of each path.

    Replicates of the rate draws; the draws where there is one replicate only; the paths where there is
    one draw only.
    """
    for group in (replicate(draw), draw, np.arange(len(draw))):
        names, place = np.unique(group, return_inverse=True)
        if len(names) > 1:
            break
    return np.asarray(place, dtype=np.int64)


def mean_error(values: Floats, draw: Ints) -> float:
    """Return the standard error of the mean of values that are alike within clusters.

    Parameters
    ----------
    values : ndarray of float64, shape (path,)
        Any unit.
    draw : ndarray of int64, shape (path,)
        The rate draw of each path.

    Returns
    -------
    float
        In the unit of the values; NaN for a single path. Formula: linearised cluster variance,
        G/(G-1) Σ_g (Σ_i (x_i - mean))² / n².
    """
    n = len(values)
    if n < 2:
        return float("nan")
    sums = np.bincount(clusters(draw), weights=values - values.mean())
    n_groups = len(sums)
    return float(np.sqrt(n_groups / (n_groups - 1) * np.sum(sums**2)) / n)


def jackknife_error(figure: Callable[[Mask], float | Floats], draw: Ints) -> Floats:
    """Return the standard error of any figures of the paths, by leaving out one cluster at a time.

    Parameters
    ----------
    figure : callable
        From which paths are kept, shape (path,), to the figure, or to several, shape (figure,).
    draw : ndarray of int64, shape (path,)
        The rate draw of each path.

    Returns
    -------
    ndarray of float64, shape () or (figure,)
        NaN for a single path. Formula: (G-1)/G Σ_g (f_g - mean f)².
    """
    if len(draw) < 2:
        return np.asarray(np.nan)
    group = clusters(draw)
    without = np.array([figure(group != g) for g in range(group.max() + 1)])
    return np.asarray(np.sqrt((len(without) - 1) * without.var(axis=0)))


def share_error(hits: Mask, draw: Ints) -> float:
    """Return the standard error of a share of paths, shape (path,) as in `mean_error`."""
    return mean_error(hits.astype(np.float64), draw)


def quantile_error(values: Floats, quantile: float, draw: Ints) -> float:
    """Return the standard error of a quantile of values that are alike within clusters.

    That of the share below, times how far a quantile moves with its share (Woodruff 1952), over ten points
    of it where the error is smaller: over few paths the slope is too unsure to stop a simulation by.

    Parameters
    ----------
    values : ndarray of float64, shape (path,)
        Any unit.
    quantile : float
        Between 0 and 1.
    draw : ndarray of int64, shape (path,)
        As in `mean_error`.
    """
    below = values <= np.quantile(values, quantile)
    error = share_error(below, draw)
    if not np.isfinite(error):
        return float("nan")
    reach = max(error, min(MOST_REACH, quantile / 2, (1.0 - quantile) / 2))
    low, high = np.quantile(values, np.clip([quantile - reach, quantile + reach], 0.0, 1.0))
    return float((high - low) / 2 * error / reach)


def variance_between(values: Floats, group: Ints) -> float:
    """Return the variance of the groups' true means: Var(E | rates).

    The one-way random-effects estimator (mean square between less mean square within, over the
    effective group size; Searle, Casella & McCulloch 1992), not below 0.

    Parameters
    ----------
    values : ndarray of float64, shape (path,)
        Outcome of each path.
    group : ndarray of int64, shape (path,)
        Rate draw of each path.
    """
    _, index, sizes = np.unique(group, return_inverse=True, return_counts=True)
    n, n_groups = len(values), len(sizes)
    if n_groups < 2 or n == n_groups:
        return 0.0
    centred = values - values.mean()
    means = np.bincount(index, weights=centred) / sizes
    between = np.sum(sizes * means**2) / (n_groups - 1)
    within = np.sum((centred - means[index]) ** 2) / (n - n_groups)
    effective_size = (n - np.sum(sizes**2) / n) / (n_groups - 1)
    return float(max(0.0, (between - within) / effective_size))


def expected_interval(values: Floats, draw: Ints) -> tuple[float, float]:
    """Return the 80 % interval of what is expected, luck averaged out, given all that the rates may be.

    Taken as Normal about the mean, with the variance between the draws of the rates and the Monte Carlo
    error. With one path a draw luck cannot be told from the rates, and counts as well.

    Parameters
    ----------
    values : ndarray of float64, shape (path,)
        Outcome of each path. Any unit.
    draw : ndarray of int64, shape (path,)
        The rate draw of each path.
    """
    together = len(np.unique(draw)) == len(values)
    between = float(values.var()) if together else variance_between(values, draw)
    error = 0.0 if len(values) < 2 else mean_error(values, draw)
    reach = Z_HIGH * float(np.hypot(np.sqrt(between), error))
    return float(values.mean()) - reach, float(values.mean()) + reach


LEVEL = 0.8
"""Probability that an interval is meant to cover the truth: P10 to P90, as everywhere else."""


def share_interval(successes: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the equal-tailed Jeffreys interval of a share, of probability ``LEVEL``.

    Parameters
    ----------
    successes, trials : array_like of float64, shape (n,)
        May be fractional (an effective number of trials); no trials give 0 to 1.

    Returns
    -------
    low, high : ndarray of float64, shape (n,)
        0 where nothing and 1 where everything succeeded. Formula: Brown, Cai & DasGupta (2001).
    """
    s, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    tail = (1 - LEVEL) / 2
    failures = np.maximum(n - s, 0.0)
    low = np.where(s > 0, betaincinv(s + 0.5, failures + 0.5, tail), 0.0)
    high = np.where(failures > 0, betaincinv(s + 0.5, failures + 0.5, 1 - tail), 1.0)
    return low, high


def effective_trials(
    weight: npt.ArrayLike, weight2: npt.ArrayLike, won: npt.ArrayLike, won2: npt.ArrayLike
) -> Floats:
    """Return how many equal deals would tell as much about a share of money as these deals do.

    The smaller of Kish's (Σw)²/Σw², which a single huge deal pulls towards 1, and the linearised
    R(1−R)/V with V = Σw²(y−R)²/(Σw)², which also sees that large deals are won more or less often.

    Parameters
    ----------
    weight, weight2 : array_like of float64, shape (n,)
        Σw and Σw² over all deals of each group, w the amount.
    won, won2 : array_like of float64, shape (n,)
        The same over the deals that succeeded.
    """
    w, w2, y, y2 = (np.asarray(a, dtype=np.float64) for a in (weight, weight2, won, won2))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = y / w
        kish = w**2 / w2
        variance = (y2 * (1 - 2 * share) + share**2 * w2) / w**2
        linearised = share * (1 - share) / variance
    mixed = (share > 0) & (share < 1)
    return np.asarray(np.where(mixed, np.minimum(kish, linearised), kish))


def estimate_interval(
    share: npt.ArrayLike, variance: npt.ArrayLike, trials: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return the interval of a share estimated with a known variance, never outside 0 to 1.

    The variance is turned into an effective number of trials p(1−p)/V, then Jeffreys' interval is taken;
    where the variance is 0 (nothing, or everything, succeeded) ``trials`` are what there is to go by.

    Parameters
    ----------
    share, variance : array_like of float64, shape (n,)
        The estimate and its sampling variance.
    trials : array_like of float64, shape (n,)
        Deals behind it.
    """
    p, v, n = (np.asarray(a, dtype=np.float64) for a in (share, variance, trials))
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where((v > 0) & (p > 0) & (p < 1), p * (1 - p) / v, n)
    return share_interval(p * effective, effective)
