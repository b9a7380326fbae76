"""Qualified deals (SALs) per month: their mean, season, and how much they scatter."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, special

from simulator.calibration.calibration import Arrivals
from simulator.calibration.close_dates import first_rows
from simulator.calibration.effects import code_levels
from simulator.calibration.exposure import months_of_days
from simulator.calibration.poisson import fit_poisson
from simulator.fiscal import day_number, month_start_day
from simulator.history.states import DealStates

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

ALL_SOURCES = "all"
MIN_SOURCE_FILLED = 0.5
SEASON_MONTHS = 24
SEASON_SD = 0.15
TREND_SD = 0.5
"""Prior standard deviations of log season and of log growth a year."""
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
class Demand:
    """Arrivals and what the shared shock of demand is read from.

    Parameters
    ----------
    arrivals : Arrivals
        As in ``Calibration``.
    months : ndarray of int64, shape (month,)
        Months of the history.
    observed, expected : ndarray of float64, shape (month,)
        SALs of the whole company, and what trend and season lead to expect.
    influence : ndarray of float64, shape (month, coefficient)
        How strongly the fit follows each month: the squared length of the sum over a quarter is the
        variance of its expectation, in SALs.
    dispersion : float
        Variance / mean of a month's SALs of the company that the streams' own scatter explains.
    notes : tuple of str
    """

    arrivals: Arrivals
    months: Ints
    observed: Floats
    expected: Floats
    influence: Floats
    dispersion: float
    notes: tuple[str, ...]


def demand(
    states: DealStates,
    opportunities: pd.DataFrame,
    *,
    segment: Ints,
    arrived: Mask,
    names: tuple[str, ...],
    as_of: dt.date,
) -> Demand:
    """Estimate the SALs per month of each segment and source.

    Parameters
    ----------
    states : DealStates
        The first state of a deal begins with its SAL.
    opportunities : DataFrame
        Table of the history, for the source.
    segment, arrived : ndarrays, shape (opportunity,)
        Segment of each deal; whether its beginning was seen.
    names : tuple of str
        Names of the segments.
    as_of : datetime.date
        Last day of the history.
    """
    first = first_rows(states.deal)
    opening = float(np.floor(states.start[first].min()))
    first = first[arrived[states.deal[first]]]
    deals = states.deal[first]
    months, covered = _calendar(opening, day_number(as_of) + 1.0)
    qualified = np.zeros(len(segment), dtype=bool)
    qualified[states.deal] = True
    stream_segment, sources, stream = _streams(opportunities, segment, deals, qualified, len(names))
    at = months_of_days(states.start[first]) - months[0]
    n_streams, n_months = len(sources), len(months)
    counts = np.bincount(stream * n_months + at, minlength=n_streams * n_months)
    table = counts.reshape(n_streams, n_months).astype(np.float64)
    season, season_sd, expected, influence = _season(table.sum(axis=0), months, covered)
    notes = (
        []
        if n_months >= SEASON_MONTHS
        else [f"Season of SALs needs {SEASON_MONTHS} months of history ({n_months} known): none is assumed."]
    )
    exposure = covered * season[months % 12]
    weights, drifting = _weights(table, exposure, stream_segment, len(names))
    notes += [
        f"{names[s]}: SALs have drifted; recent months count more (half-life {HALF_LIFE_MONTHS:.0f} months)."
        for s in np.flatnonzero(drifting)
    ]
    w = weights[stream_segment]
    months_eff = (w * exposure).sum(axis=1) ** 2 / np.maximum((w**2 * exposure).sum(axis=1), 1e-12)
    mean = (w * table).sum(axis=1) / np.maximum((w * exposure).sum(axis=1), 1e-12)
    size = _sizes(table, mean[:, None] * exposure, w)
    weak = max(float(table.sum()) / max(float(exposure.sum()), 1e-12) / n_streams, 1e-3)
    posterior_mean = (PRIOR_EVENTS + mean * months_eff) / (PRIOR_EVENTS / weak + months_eff)
    shape = PRIOR_EVENTS + mean * months_eff / (1.0 + mean / size)
    arrivals = Arrivals(
        segment=stream_segment,
        source=sources,
        shape=shape,
        rate=shape / posterior_mean,
        dispersion=size,
        season=season,
        season_log_sd=season_sd,
        events=table.sum(axis=1),
        exposure_months=np.full(n_streams, covered.sum()),
    )
    dispersion = float((mean * (1.0 + mean / size)).sum() / max(mean.sum(), 1e-12))
    return Demand(
        arrivals, months, table.sum(axis=0), expected, influence, max(dispersion, 1.0), tuple(notes)
    )


def _calendar(opening: float, cut: float) -> tuple[Ints, Floats]:
    """Return the months from opening to cut and the share of each that lies between."""
    first, last = months_of_days(np.array([opening, np.nextafter(cut, -np.inf)]))
    months = np.arange(first, last + 1)
    starts, ends = month_start_day(months), month_start_day(months + 1)
    return months, (np.minimum(ends, cut) - np.maximum(starts, opening)) / (ends - starts)


def _streams(
    opportunities: pd.DataFrame, segment: Ints, deals: Ints, qualified: Mask, n_segments: int
) -> tuple[Ints, tuple[str, ...], Ints]:
    """Return segment and source of each stream, and the stream of each deal."""
    filled = opportunities["source"].notna().to_numpy()[deals]
    if len(deals) and filled.mean() >= MIN_SOURCE_FILLED:
        levels, codes = code_levels(opportunities["source"], qualified)
    else:
        levels, codes = (ALL_SOURCES,), np.zeros(len(segment), dtype=np.int64)
    key = segment[deals] * len(levels) + codes[deals]
    quiet = np.setdiff1d(np.arange(n_segments), segment[deals]) * len(levels)
    streams = np.unique(np.concatenate([key, quiet]))
    sources = tuple(levels[i] for i in streams % len(levels))
    return streams // len(levels), sources, np.searchsorted(streams, key)


def _season(total: Floats, months: Ints, covered: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Fit level, growth and season to the company's SALs; return season, its log sd, fit and influence."""
    with_season = len(months) >= SEASON_MONTHS
    trend = (months - months.mean())[:, None] / 12.0
    design = np.concatenate([np.ones((len(months), 1)), trend], axis=1)
    prior = [1e-2, TREND_SD**-2]
    if with_season:
        design = np.concatenate([design, np.eye(12)[months % 12]], axis=1)
        prior += [SEASON_SD**-2] * 12
    level = max(float(total.sum()) / float(covered.sum()), 1e-6)
    exposure = covered * level
    scatter = 1.0
    for _ in range(2):
        fit = fit_poisson(design, total / scatter, exposure / scatter, np.diag(prior))
        expected = exposure * np.exp(design @ fit.coefficients)
        spare = max(len(months) - min(design.shape[1], len(months) // 2), 1)
        scatter = max(1.0, float(((total - expected) ** 2 / np.maximum(expected, 1e-9)).sum()) / spare)
    root = np.linalg.cholesky(fit.covariance)
    influence = np.asarray(expected[:, None] * design @ root / np.sqrt(scatter))
    if not with_season:
        return np.ones(12), np.zeros(12), expected, influence
    log_season = fit.coefficients[2:]
    season = np.exp(log_season)
    projection = np.eye(12) - 1.0 / 12.0
    covariance = projection @ fit.covariance[2:, 2:] @ projection.T
    return season / season.mean(), np.sqrt(np.maximum(np.diag(covariance), 0.0)), expected, influence


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

        return float(optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x)

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
