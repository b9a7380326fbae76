"""SALs per month of each segment and source: their mean, and how much they scatter from month to month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from scipy import special

from simulator.arrays import Floats, Ints, Mask

DRIFT_Z = 3.0
DRIFT_RATIO = 1.15
RECENT_MONTHS = 12
HALF_LIFE_MONTHS = 6.0
PRIOR_EVENTS = 0.5
SIZE_LOG_SD = 0.7
SIZE_BOUNDS = (0.3, 1e4)
POISSON_SIZE = 1e3
"""Size of the negative binomial above which it is a Poisson."""


@dataclass(frozen=True)
class Streams:
    """Gamma posterior of each stream's SALs a month, its scatter, and which segments drift by themselves."""

    shape: Floats
    rate: Floats
    size: Floats
    dispersion: float
    drifting: Mask


def fit_streams(table: Floats, exposure: Floats, stream_segment: Ints, n_segments: int) -> Streams:
    """Estimate the rate of each stream per unit of exposure, shape (month,)."""
    weights, drifting = _weights(table, exposure, stream_segment, n_segments)
    w = weights[stream_segment]
    months_eff = (w * exposure).sum(axis=1) ** 2 / np.maximum((w**2 * exposure).sum(axis=1), 1e-12)
    mean = (w * table).sum(axis=1) / np.maximum((w * exposure).sum(axis=1), 1e-12)
    size = _sizes(table, mean[:, None] * exposure, w)
    weak = max(float(table.sum()) / max(float(exposure.sum()), 1e-12) / len(table), 1e-3)
    posterior_mean = (PRIOR_EVENTS + mean * months_eff) / (PRIOR_EVENTS / weak + months_eff)
    shape = PRIOR_EVENTS + mean * months_eff / (1.0 + mean * exposure.mean() / size)
    in_a_month = mean * exposure.mean()
    dispersion = float((in_a_month * (1.0 + in_a_month / size)).sum() / max(in_a_month.sum(), 1e-12))
    return Streams(shape, shape / posterior_mean, size, max(dispersion, 1.0), drifting)


def _weights(table: Floats, exposure: Floats, stream_segment: Ints, n_segments: int) -> tuple[Floats, Mask]:
    """Return the weight of each month by segment, and which segments drift.

    A segment drifts when its recent months differ from those before by more than three standard
    errors and 15 %.
    """
    n_months = len(exposure)
    recent = np.arange(n_months) >= n_months - min(RECENT_MONTHS, n_months // 2)
    weights = np.ones((n_segments, n_months))
    drifting = np.zeros(n_segments, dtype=bool)
    for s in range(n_segments):
        counts = table[stream_segment == s].sum(axis=0)
        new, old = counts[recent].sum(), counts[~recent].sum()
        if min(new, old) == 0 or n_months < 6:
            continue
        days_new, days_old = exposure[recent].sum(), exposure[~recent].sum()
        fitted = exposure * np.where(recent, new / days_new, old / days_old)
        scatter = max(1.0, float(((counts - fitted) ** 2 / fitted).sum()) / (n_months - 2))
        log_ratio = np.log(new / days_new) - np.log(old / days_old)
        z = abs(log_ratio) / np.sqrt(scatter * (1.0 / new + 1.0 / old))
        if z > DRIFT_Z and abs(log_ratio) > np.log(DRIFT_RATIO):
            drifting[s] = True
            weights[s] = 0.5 ** (np.arange(n_months - 1, -1, -1) / HALF_LIFE_MONTHS)
    return weights, drifting


def _sizes(table: Floats, expected: Floats, weights: Floats) -> Floats:
    """Fit the size of the negative binomial of each stream, drawn towards the company's."""
    bounds = (np.log(SIZE_BOUNDS[0]), np.log(SIZE_BOUNDS[1]))

    def best(rows: slice, prior: float | None) -> float:
        def loss(log_size: float) -> float:
            fit = float(
                (weights[rows] * _log_likelihood(table[rows], expected[rows], np.exp(log_size))).sum()
            )
            return -fit + (0.0 if prior is None else 0.5 * ((log_size - prior) / SIZE_LOG_SD) ** 2)

        return float(scipy.optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x)

    company = best(slice(None), None)
    sizes = np.exp([best(slice(i, i + 1), company) for i in range(len(table))])
    return np.where(sizes > POISSON_SIZE, np.inf, sizes)


def _log_likelihood(counts: Floats, mean: Floats, size: float) -> Floats:
    """Return the log of the negative-binomial probabilities."""
    mean = np.maximum(mean, 1e-12)
    return np.asarray(
        special.gammaln(counts + size)
        - special.gammaln(size)
        - special.gammaln(counts + 1.0)
        + size * np.log(size / (size + mean))
        + counts * np.log(mean / (size + mean))
    )
