"""Sizes of ARR changes as a share of the customer's ARR: log-normal, pooled over segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PRIOR_LOG_SD = 0.5
"""Spread of sizes within a segment, and uncertainty of their mean, where nothing was seen."""
PRIOR_SD_EVENTS = 3.0
BETWEEN_SEGMENTS = 0.25
"""Prior standard deviation of the log mean size between segments."""
LARGEST_SHARE = 20.0
SMALLEST_SHARE = 1e-6


@dataclass(frozen=True)
class Sizes:
    """Log-normal distributions of a share of ARR; rows are segments.

    Parameters
    ----------
    log_mean, log_mean_sd : ndarray of float64, shape (segment,)
        Normal posterior of the log of the mean share, each event weighted by the ARR it changed.
    log_sd : float
        Spread of the log share between events.
    events : ndarray of float64, shape (segment,)
        Events behind it.
    """

    log_mean: Floats
    log_mean_sd: Floats
    log_sd: float
    events: Floats


def pool_sizes(share: Floats, arr: Floats, segment: Ints, n_segments: int, prior_mean: float) -> Sizes:
    """Estimate the mean share by segment, a thin one leaning on the whole.

    The mean is weighted by ARR, since it is money that it must forecast; its standard error uses the
    effective number of events. Segment means are Normal about the company's.

    Parameters
    ----------
    share, arr : ndarray of float64, shape (event,)
        Change / ARR before, and ARR before.
    segment : ndarray of int64, shape (event,)
    n_segments : int
    prior_mean : float
        Mean share where nothing was seen.
    """
    used = (share >= SMALLEST_SHARE) & (share <= LARGEST_SHARE) & (arr > 0)
    share, arr, segment = share[used], arr[used], segment[used]
    n = np.bincount(segment, minlength=n_segments).astype(np.float64)
    log_sd = _spread(np.log(share), segment, n_segments)
    weight = np.bincount(segment, arr, n_segments)
    effective = np.divide(
        weight**2, np.bincount(segment, arr**2, n_segments), out=np.zeros(n_segments), where=n > 0
    )
    own = np.log(
        np.divide(np.bincount(segment, arr * share, n_segments), weight, out=np.ones(n_segments), where=n > 0)
    )
    variance = np.divide(np.expm1(log_sd**2), effective, out=np.full(n_segments, np.inf), where=n > 0)
    precision = 1.0 / (variance + BETWEEN_SEGMENTS**2)
    prior_precision = 1.0 / PRIOR_LOG_SD**2
    total = precision.sum() + prior_precision
    company = float((precision @ own + prior_precision * np.log(prior_mean)) / total)
    between = BETWEEN_SEGMENTS**2
    if n_segments == 1:
        company, between = float(np.log(prior_mean)), PRIOR_LOG_SD**2
    weight_own = np.where(n > 0, between / (between + variance), 0.0)
    log_mean = weight_own * own + (1.0 - weight_own) * company
    rest = (1.0 - weight_own) ** 2 / total if n_segments > 1 else 0.0
    log_mean_sd = np.sqrt((1.0 - weight_own) * between + rest)
    return Sizes(log_mean, log_mean_sd, log_sd, n)


def _spread(log_share: Floats, segment: Ints, n_segments: int) -> float:
    """Return the pooled standard deviation within segments, with a prior worth a few events."""
    n = np.bincount(segment, minlength=n_segments)
    mean = np.bincount(segment, log_share, n_segments) / np.maximum(n, 1)
    squares = float(((log_share - mean[segment]) ** 2).sum())
    freedom = float(np.maximum(n - 1, 0).sum())
    return float(np.sqrt((squares + PRIOR_SD_EVENTS * PRIOR_LOG_SD**2) / (freedom + PRIOR_SD_EVENTS)))
