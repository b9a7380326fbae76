"""Monte Carlo error: how much a figure would move if the simulation ran again with another seed.

Paths that share a draw of the rates are not independent, and the draws of one Latin hypercube balance
each other. Errors are therefore computed over the independent replicates of the hypercube, as for a
survey drawn in clusters.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from simulator.engine.keys import replicate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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


def jackknife_error(figure: Callable[[npt.NDArray[np.bool_]], float | Floats], draw: Ints) -> Floats:
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


def share_error(hits: npt.NDArray[np.bool_], draw: Ints) -> float:
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
