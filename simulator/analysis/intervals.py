"""Intervals of shares: of deals, and of money, which a few large deals can dominate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

Floats = npt.NDArray[np.float64]

LEVEL = 0.8
"""Probability that an interval is meant to cover the truth: P10 to P90, as everywhere else."""


def share_interval(
    successes: npt.ArrayLike, trials: npt.ArrayLike, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Return the equal-tailed Jeffreys interval of a share.

    Parameters
    ----------
    successes, trials : array_like of float64, shape (n,)
        May be fractional (an effective number of trials); no trials give 0 to 1.
    level : float
        Probability inside the interval.

    Returns
    -------
    low, high : ndarray of float64, shape (n,)
        0 where nothing and 1 where everything succeeded. Formula: Brown, Cai & DasGupta (2001).
    """
    s, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    tail = (1 - level) / 2
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
    share: npt.ArrayLike, variance: npt.ArrayLike, trials: npt.ArrayLike, level: float = LEVEL
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
    return share_interval(p * effective, effective, level)
