"""Qualified deals (SALs) per month: their mean, season, and how much they scatter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.calibration import Arrivals
from simulator.calibration.close_dates import first_rows
from simulator.calibration.drift import Course, fit_course
from simulator.calibration.effects import code_levels
from simulator.calibration.poisson import fit_poisson
from simulator.calibration.streams import HALF_LIFE_MONTHS, Streams, fit_streams
from simulator.calibration.windows import windows
from simulator.fiscal import FiscalCalendar, date_of_day, day_number, month_start_day, months_of_days
from simulator.history.opening import reliable_opening
from simulator.history.states import DealStates

ALL_SOURCES = "all"
MIN_SOURCE_FILLED = 0.5
SEASON_MONTHS = 24
SEASON_SD = 0.15
TREND_SD = 0.5
"""Prior standard deviations of log season and of log growth a year."""
FEW_CHANGES = 6
"""Changes from month to month below which their middle one says little."""
MIDDLE_OF_NORMAL = 0.6745
"""Median of the absolute value of a standard normal."""


@dataclass(frozen=True)
class Demand:
    """Arrivals at the level of the last day, and the course that led there.

    Parameters
    ----------
    arrivals : Arrivals
        As in ``Calibration``.
    course : Course
        Level, growth and shared shock of the company's SALs, season apart.
    notes : tuple of str
    """

    arrivals: Arrivals
    course: Course
    notes: tuple[str, ...]


def demand(
    states: DealStates,
    opportunities: pd.DataFrame,
    *,
    segment: Ints,
    arrived: Mask,
    names: tuple[str, ...],
    as_of: dt.date,
    calendar: FiscalCalendar,
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
    calendar : FiscalCalendar
        Fiscal quarters, for what a quarter shares.
    """
    first, opening, n_stray = _first_seen(states, arrived)
    months, covered = _calendar(opening, day_number(as_of) + 1.0)
    streams = _streams(opportunities, segment, states.deal[first], states.deal, len(names))
    table = _counts(streams, months_of_days(states.start[first]) - months[0], len(months))
    fit = _season(table.sum(axis=0), months, covered)
    flat = covered * fit.season[months % 12]
    first_look = fit_streams(table, fit.expected, streams[0], len(names))
    span = Span(months, opening, as_of, calendar)
    course = _course(table.sum(axis=0), flat, first_look.dispersion, fit, span)
    found = fit_streams(table, flat * _path(course, span), streams[0], len(names))
    arrivals = _arrivals(streams, found, fit, table.sum(axis=1), float(covered.sum()))
    drifting = [names[place] for place in np.flatnonzero(found.drifting)]
    return Demand(arrivals, course, tuple(_notes(len(months), n_stray, opening, drifting)))


def _first_seen(states: DealStates, arrived: Mask) -> tuple[Ints, float, int]:
    """Return the first states of deals whose beginning was seen, since when, and how many are stray."""
    first = first_rows(states.deal)
    opening, n_stray = reliable_opening(states.start[first])
    return first[arrived[states.deal[first]] & (states.start[first] >= opening)], opening, n_stray


def _arrivals(
    streams: tuple[Ints, tuple[str, ...], Ints], found: Streams, fit: _Season, events: Floats, months: float
) -> Arrivals:
    segment, sources, _ = streams
    return Arrivals(
        segment=segment,
        source=sources,
        shape=found.shape,
        rate=found.rate,
        dispersion=found.size,
        season=fit.season,
        season_log_sd=fit.season_sd,
        events=events,
        exposure_months=np.full(len(sources), months),
    )


def _counts(streams: tuple[Ints, tuple[str, ...], Ints], at: Ints, n_months: int) -> Floats:
    """Return the SALs of each stream by month, shape (stream, month)."""
    _, sources, stream = streams
    counts = np.bincount(stream * n_months + at, minlength=len(sources) * n_months)
    return counts.reshape(len(sources), n_months).astype(np.float64)


def _notes(n_months: int, n_stray: int, opening: float, drifting: list[str]) -> Iterator[str]:
    if n_months < SEASON_MONTHS:
        yield f"Season of SALs needs {SEASON_MONTHS} months of history ({n_months} known): none is assumed."
    if n_stray:
        yield (
            f"Deals dated long before all others ({n_stray}) count neither as SALs nor as time: "
            f"creation is counted from {date_of_day(opening)}."
        )
    for name in drifting:
        half_life = f"half-life {HALF_LIFE_MONTHS:.0f} months"
        yield f"{name}: SALs have drifted; recent months count more ({half_life})."


@dataclass(frozen=True)
class Span:
    """Months of a history, its last day and fiscal quarters."""

    months: Ints
    opening: float
    as_of: dt.date
    calendar: FiscalCalendar


def _month_to_month(counts: Floats, flat: Floats) -> float:
    """Return variance / mean of counts about a level that may have moved, at least 1.

    From the changes of successive months, their middle one: neither a trend nor a step counts as scatter.
    """
    rate = counts / np.maximum(flat, 1e-12)
    level = 0.5 * (rate[1:] + rate[:-1])
    variance = level * (1.0 / np.maximum(flat[1:], 1e-12) + 1.0 / np.maximum(flat[:-1], 1e-12))
    z = np.diff(rate)[variance > 0.0] / np.sqrt(variance[variance > 0.0])
    if len(z) < FEW_CHANGES:
        return np.inf
    return float(max((np.median(np.abs(z)) / MIDDLE_OF_NORMAL) ** 2, 1.0))


def _months_before(months: Ints, as_of: dt.date) -> Floats:
    """Return the middles of months, counted from the end of a day: negative before it."""
    end = as_of + dt.timedelta(days=1)
    now = end.year * 12 + end.month - 1 + (end.day - 1) / 30.4
    return np.asarray(months + 0.5 - now)


def _path(course: Course, span: Span) -> Floats:
    """Return the level of each month next to that of the last day."""
    now = _months_before(span.months, span.as_of) / 3.0
    return np.asarray(np.exp(np.interp(now, np.append(course.quarters, 0.0), np.append(course.path, 0.0))))


def _course(observed: Floats, flat: Floats, first_look: float, fit: _Season, span: Span) -> Course:
    """Fit level, growth and shock of the company's SALs to its quarters.

    The season was fitted to the same quarters: what it took of their scatter, over level and growth, is
    given back (``n_fitted``). ``first_look`` is variance / mean about the season alone, at the most.
    """
    dispersion = min(first_look, _month_to_month(observed, flat))
    cut = day_number(span.as_of) + 1.0
    parts = windows(span.months, span.calendar, (span.opening, cut), float(observed.sum()))
    expected = parts.total(flat) * observed.sum() / max(float(flat.sum()), 1e-12)
    middle = parts.total(flat * _months_before(span.months, span.as_of))
    when = middle / np.maximum(parts.total(flat), 1e-12) / 3.0
    pull = np.stack([parts.total(column) for column in fit.influence.T])
    leverage = (pull**2).sum(axis=0) / np.maximum(parts.total(fit.expected), 1e-9)
    taken = max(float(np.minimum(leverage, 1.0).sum()) - 2.0, 0.0)
    return fit_course(
        parts.total(observed), expected, when, grows=True, dispersion=dispersion,
        n_fitted=taken,
    )  # fmt: skip


def _calendar(opening: float, cut: float) -> tuple[Ints, Floats]:
    """Return the months from opening to cut and the share of each that lies between."""
    first, last = months_of_days(np.array([opening, np.nextafter(cut, -np.inf)]))
    months = np.arange(first, last + 1)
    starts, ends = month_start_day(months), month_start_day(months + 1)
    return months, (np.minimum(ends, cut) - np.maximum(starts, opening)) / (ends - starts)


def _streams(
    opportunities: pd.DataFrame, segment: Ints, deals: Ints, qualified: Ints, n_segments: int
) -> tuple[Ints, tuple[str, ...], Ints]:
    """Return segment and source of each stream, and the stream of each deal.

    ``qualified`` are the deals whose sources count, some more than once.
    """
    filled = opportunities["source"].notna().to_numpy()[deals]
    if len(deals) and filled.mean() >= MIN_SOURCE_FILLED:
        levels, codes = code_levels(opportunities["source"], np.isin(np.arange(len(segment)), qualified))
    else:
        levels, codes = (ALL_SOURCES,), np.zeros(len(segment), dtype=np.int64)
    key = segment[deals] * len(levels) + codes[deals]
    quiet = np.setdiff1d(np.arange(n_segments), segment[deals]) * len(levels)
    streams = np.unique(np.concatenate([key, quiet]))
    sources = tuple(levels[i] for i in streams % len(levels))
    return streams // len(levels), sources, np.searchsorted(streams, key)


@dataclass(frozen=True)
class _Season:
    """Season of SALs, shape (12,), and what it was fitted with.

    ``expected`` are the SALs of each month by level, growth and season; ``influence``, shape (month,
    coefficient), is how strongly the fit follows each month: the squared length of its sum over a quarter
    is the variance of the quarter's expectation, in SALs.
    """

    season: Floats
    season_sd: Floats
    expected: Floats
    influence: Floats


def _season(total: Floats, months: Ints, covered: Floats) -> _Season:
    """Fit level, growth and season to the company's SALs."""
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
        return _Season(np.ones(12), np.zeros(12), expected, influence)
    log_season = fit.coefficients[2:]
    season = np.exp(log_season)
    projection = np.eye(12) - 1.0 / 12.0
    covariance = projection @ fit.covariance[2:, 2:] @ projection.T
    log_sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return _Season(season / season.mean(), log_sd, expected, influence)
