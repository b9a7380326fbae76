"""How good forecasts were: proper scores, coverage and calibration, with intervals that know the quarters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from simulator.analysis.intervals import LEVEL, share_interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def crps(samples: Floats, actual: float) -> float:
    """Return the continuous ranked probability score of equally likely samples; less is better.

    For a single sample it is the absolute error. E|X - y| - E|X - X'| / 2 of the empirical distribution
    (Gneiting & Raftery 2007, eq. 21).

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
    actual : float
        In the unit of the samples, which is that of the score.
    """
    ordered = np.sort(np.asarray(samples, dtype=np.float64))
    n = ordered.size
    weight = 2.0 * np.arange(1, n + 1) - n - 1.0
    return float(np.abs(ordered - actual).mean() - (weight @ ordered) / n**2)


def pinball(quantile: npt.ArrayLike, actual: npt.ArrayLike, level: npt.ArrayLike) -> Floats:
    """Return the loss of forecast quantiles: level × shortfall, or (1 - level) × excess."""
    q, y, p = (np.asarray(a, dtype=np.float64) for a in (quantile, actual, level))
    return np.asarray(np.where(y >= q, p * (y - q), (1.0 - p) * (q - y)))


def pit(samples: Floats, actual: float) -> float:
    """Return where the actual stands in the forecast: the share of samples below it, equal ones by half.

    Evenly spread over 0 to 1 where forecasts are calibrated (Dawid 1984).
    """
    return float((samples < actual).mean() + 0.5 * (samples == actual).mean())


@dataclass(frozen=True)
class Estimate:
    """A figure with its 80 % interval; NaN where there is too little to tell."""

    value: float
    low: float
    high: float


def clustered_mean(values: Floats, clusters: Ints) -> Estimate:
    """Return a mean whose interval counts clusters, not values: those of one quarter share its luck.

    Student's t on the clusters' influence (the sandwich estimate with G / (G - 1)).

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
    clusters : ndarray of int64, shape (n,)
        The quarter of each value.
    """
    if not values.size:
        return Estimate(np.nan, np.nan, np.nan)
    mean = float(values.mean())
    n, sums = _by_cluster(clusters, values - mean)
    if n < 2:
        return Estimate(mean, np.nan, np.nan)
    error = float(np.sqrt(n / (n - 1) * (sums**2).sum())) / values.size
    reach = _reach(n) * error
    return Estimate(mean, mean - reach, mean + reach)


def clustered_share(hits: npt.NDArray[np.bool_], clusters: Ints) -> Estimate:
    """Return a share with Jeffreys' interval on as many trials as the clusters are worth.

    With one value to a cluster these are the values; values that go together within a cluster count for
    less, never for less than one trial a cluster.
    """
    n_values = hits.size
    if not n_values:
        return Estimate(np.nan, np.nan, np.nan)
    share = float(hits.mean())
    n, sums = _by_cluster(clusters, hits.astype(np.float64) - share)
    spread = share * (1 - share) / n_values
    variance = float((sums**2).sum()) / n_values**2 * n / max(n - 1, 1)
    trials = float(np.clip(n_values * spread / variance, n, n_values)) if variance > 0 else float(n)
    low, high = share_interval(share * trials, trials)
    return Estimate(share, float(low), float(high))


def skill(ours: Floats, theirs: Floats, clusters: Ints) -> Estimate:
    """Return by which share our summed scores are less than theirs, with a jackknife over clusters.

    Parameters
    ----------
    ours, theirs : ndarray of float64, shape (n,)
        Scores of the same occasions, less is better.
    clusters : ndarray of int64, shape (n,)
        The quarter of each.
    """
    if not ours.size or theirs.sum() <= 0:
        return Estimate(np.nan, np.nan, np.nan)
    value = float(1 - ours.sum() / theirs.sum())
    n, our_sums = _by_cluster(clusters, ours)
    _, their_sums = _by_cluster(clusters, theirs)
    rest = theirs.sum() - their_sums
    if n < 3 or (rest <= 0).any():
        return Estimate(value, np.nan, np.nan)
    left_out = 1 - (ours.sum() - our_sums) / rest
    error = float(np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))
    reach = _reach(n) * error
    return Estimate(value, value - reach, value + reach)


def _by_cluster(clusters: Ints, values: Floats) -> tuple[int, Floats]:
    names, place = np.unique(clusters, return_inverse=True)
    return names.size, np.bincount(place, values, minlength=names.size).astype(np.float64)


def _reach(n_clusters: int) -> float:
    return float(stdtrit(n_clusters - 1, 0.5 + LEVEL / 2))
