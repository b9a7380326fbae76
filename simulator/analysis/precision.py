"""Monte Carlo error: how much a figure would move if the simulation ran again with another seed.

Paths that share a draw of the rates are not independent, so errors are computed over the draws
(clusters), as for a survey drawn in clusters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def mean_error(values: Floats, cluster: Ints) -> float:
    """Return the standard error of the mean of values that are alike within clusters.

    Parameters
    ----------
    values : ndarray of float64, shape (path,)
        Any unit.
    cluster : ndarray of int64, shape (path,)
        The rate draw of each path. With fewer than two clusters, paths are taken as independent.

    Returns
    -------
    float
        In the unit of the values; NaN for a single path. Formula: linearised cluster variance,
        G/(G-1) Σ_g (Σ_i (x_i - mean))² / n².
    """
    n = len(values)
    if n < 2:
        return float("nan")
    _, group = np.unique(cluster, return_inverse=True)
    if group.max() == 0:
        group = np.arange(n)
    sums = np.bincount(group, weights=values - values.mean())
    n_groups = len(sums)
    return float(np.sqrt(n_groups / (n_groups - 1) * np.sum(sums**2)) / n)


def share_error(hits: npt.NDArray[np.bool_], cluster: Ints) -> float:
    """Return the standard error of a share of paths, shape (path,) as in `mean_error`."""
    return mean_error(hits.astype(np.float64), cluster)


def quantile_error(values: Floats, quantile: float, cluster: Ints) -> float:
    """Return the standard error of a quantile of values that are alike within clusters.

    Half the width of Woodruff's (1952) interval: the quantiles at one standard error of the share
    below, either side.

    Parameters
    ----------
    values : ndarray of float64, shape (path,)
        Any unit.
    quantile : float
        Between 0 and 1.
    cluster : ndarray of int64, shape (path,)
        As in `mean_error`.
    """
    below = values <= np.quantile(values, quantile)
    error = share_error(below, cluster)
    if not np.isfinite(error):
        return float("nan")
    low, high = np.quantile(values, np.clip([quantile - error, quantile + error], 0.0, 1.0))
    return float((high - low) / 2)
