"""The rates of a calibration as a table: value, interval, counts and source of each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from simulator.arrays import Floats
from simulator.calibration.calibration import (
    DESTINATIONS,
    FACTOR_LEVELS,
    MONTH_PARTS,
    Amounts,
    Calibration,
    Clock,
    Dirichlet,
    Drift,
    LogFactors,
)
from simulator.calibration.customer_rates import customer_rates
from simulator.calibration.drift import MIN_QUARTERS
from simulator.calibration.own_factors import posteriors
from simulator.calibration.posteriors import Z_HIGH, Axes, Beta, Gamma, Index, LogMedian, LogNormal, Shares
from simulator.calibration.rate_rows import Rate, Row, row, source_by_share
from simulator.calibration.staffing_rates import staffing_rates
from simulator.calibration.windows import DAYS_A_QUARTER
from simulator.history.tables import CATEGORIES

COLUMNS = (
    "name",
    "segment",
    "category",
    "destination",
    "level",
    "value",
    "low",
    "high",
    "events",
    "exposure",
    "unit",
    "source",
)
FINITE_SQUARE_SHAPE = 0.45
"""Tail shape above which the square of an amount is too close to having no mean to be of use."""
MONTHS_OF_YEAR = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rates_table(calibration: Calibration) -> pd.DataFrame:
    """Return one row for each rate of a calibration.

    Returns
    -------
    DataFrame
        ``name``, ``segment`` (empty: the whole company), ``category``, ``destination``, ``level``,
        ``value``, ``low`` and ``high`` (80 % interval; missing where none is known), ``events``,
        ``exposure``, ``unit`` (of value; exposure is in days for hazards, in months for SALs, else in
        observations) and ``source``: calibrated (its own events), pooled (leans on the company) or
        prior (no event behind it).
    """
    rows = [
        *_hazards(calibration),
        *_sals(calibration),
        *_factors(calibration),
        *_effects(calibration),
        *_own_factors(calibration),
        *_clock(calibration.clock),
        *_close_dates(calibration),
        *_entries(calibration),
        *_amounts(calibration),
        *_shocks(calibration),
        *(_drift(calibration.drift) if calibration.drift is not None else ()),
        *(customer_rates(calibration.customers) if calibration.customers is not None else ()),
        *(staffing_rates(calibration.staffing) if calibration.staffing is not None else ()),
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    text = ["name", "segment", "category", "destination", "level", "unit", "source"]
    return table.astype(
        dict.fromkeys(text, "str") | {"value": "float64", "low": "float64", "high": "float64"}
    )


def gamma_estimate(shape: float, rate: float) -> tuple[float, float, float]:
    """Return mean and 80 % interval of a Gamma posterior."""
    return Gamma({}, np.asarray(shape), np.asarray(rate)).estimate()


def log_estimate(mean: float, sd: float) -> tuple[float, float, float]:
    """Return median and 80 % interval of a log-normal posterior."""
    return LogMedian({}, np.asarray(mean), np.asarray(sd)).estimate()


def _hazards(c: Calibration) -> Iterator[Row]:
    rates = c.hazards
    axes = {"segment": c.segments, "category": CATEGORIES, "destination": DESTINATIONS}
    yield from Rate(
        "hazard",
        "per day",
        Gamma(axes, rates.shape, rates.rate),
        rates.events,
        rates.exposure_days,
        source_by_share(rates.events, rates.events.sum(axis=0), rates.shape),
        shown=rates.shape > 0.0,
    ).rows()


def _sals(calibration: Calibration) -> Iterator[Row]:
    arrivals = calibration.arrivals
    for i, source in enumerate(arrivals.source):
        events, months = float(arrivals.events[i]), float(arrivals.exposure_months[i])
        shape = float(arrivals.shape[i])
        wide = _level_known(shape, calibration.drift)
        common = {"segment": calibration.segments[arrivals.segment[i]], "level": source}
        counts = {"events": events, "exposure": months}
        quality = "calibrated" if events else "prior"
        if shape > 0.0:
            yield row(
                "sals",
                "per month",
                quality,
                gamma_estimate(wide, float(arrivals.rate[i]) * wide / shape),
                **common,
                **counts,
            )
        size = float(arrivals.dispersion[i])
        if np.isfinite(size):
            yield row("sals_dispersion", "size", "pooled", (size, np.nan, np.nan), **common, **counts)
    for month, name in enumerate(MONTHS_OF_YEAR):
        mean, sd = float(arrivals.season[month]), float(arrivals.season_log_sd[month])
        if sd > 0.0:
            total = float(arrivals.events.sum())
            yield row(
                "season", "factor", "calibrated", log_estimate(np.log(mean), sd), level=name, events=total
            )


def _factors(calibration: Calibration) -> Iterator[Row]:
    for name, table in calibration.factors.items():
        yield from _log_factor(f"factor {name}", table, {"category": CATEGORIES}).rows()


def _effects(calibration: Calibration) -> Iterator[Row]:
    for name, table in calibration.effects.items():
        yield from _log_factor(f"effect {name}", table, {}).rows()


def _own_factors(c: Calibration) -> Iterator[Row]:
    for name, found, posterior in posteriors(c):
        seen = found.events > 0.0
        yield from Rate(name, "factor", posterior, found.events, found.expected, "pooled", seen).rows()


def _clock(clock: Clock | None) -> Iterator[Row]:
    if clock is None:
        return
    axes = {"month": FACTOR_LEVELS["linearity"], "level": MONTH_PARTS}

    def labels(cell: Index) -> dict[str, str]:
        return {"level": f"{axes['month'][cell[0]]}, {axes['level'][cell[1]]}"}

    yield from Rate(
        "wins_of_month",
        "share of the month's wins",
        Shares(axes, clock.concentration),
        clock.events,
        np.broadcast_to(clock.events.sum(axis=1, keepdims=True), clock.events.shape),
        np.where(clock.events > 0.0, "calibrated", "prior"),
        labels=labels,
    ).rows()


def _log_factor(name: str, table: LogFactors, leading: Axes) -> Rate:
    axes = {**leading, "level": table.levels, "destination": DESTINATIONS}
    return Rate(
        name,
        "factor",
        LogNormal(axes, table.log_mean, table.log_sd),
        table.events,
        table.exposure_days,
        np.where(table.events > 0.0, "calibrated", "prior"),
        shown=table.log_sd > 0.0,
    )


def _close_dates(calibration: Calibration) -> Iterator[Row]:
    if not calibration.has_close_dates:
        return
    trials = calibration.redate.sum(axis=1) - 1.0
    yield from Rate(
        "redate",
        "share a month",
        Beta({"level": ("due this month", "past due")}, calibration.redate),
        calibration.redate[:, 0] - 0.5,
        trials,
        np.where(trials > 0.0, "calibrated", "prior"),
    ).rows()
    early = calibration.early_push
    posterior = Beta({"segment": calibration.segments}, early)
    yield from Rate("early_push", "share a month", posterior, early[:, 0], early.sum(axis=1), "pooled").rows()
    for name, law in (("first_close_date", calibration.offset), ("push_length", calibration.push)):
        yield from _mean_months(name, law, calibration.segments)


def _mean_months(name: str, law: Dirichlet, segments: tuple[str, ...]) -> Iterator[Row]:
    months = np.arange(law.concentration.shape[1])
    for s, segment in enumerate(segments):
        weight = float(law.concentration[s].sum())
        share = law.concentration[s] / weight
        mean = float(share @ months)
        sd = float(np.sqrt(share @ (months - mean) ** 2 / (weight + 1.0)))
        seen = float(law.events[s].sum())
        source = str(source_by_share(np.asarray(seen), law.events.sum(), np.asarray(weight)))
        estimate = (mean, max(mean - Z_HIGH * sd, 0.0), mean + Z_HIGH * sd)
        yield row(name, "months, mean", source, estimate, segment=segment, events=seen, exposure=seen)


def _entries(c: Calibration) -> Iterator[Row]:
    entry = c.entry
    places = tuple(f"{category}/{stage}" for category in CATEGORIES for stage in ("early", "late"))
    seen = entry.events.sum(axis=1)
    weight = entry.concentration.sum(axis=1)
    source = source_by_share(seen, np.full(seen.shape, seen.sum()), weight)

    def labels(cell: Index) -> dict[str, str]:
        category, level = places[cell[1]].split("/")
        return {"segment": c.segments[cell[0]], "category": category, "level": level}

    yield from Rate(
        "entry",
        "share of new deals",
        Shares({"segment": c.segments, "place": places}, entry.concentration),
        entry.events,
        np.broadcast_to(seen[:, None], entry.events.shape),
        np.broadcast_to(source[:, None], entry.events.shape),
        shown=entry.concentration > 0.0,
        labels=labels,
    ).rows()
    late, n = c.late_entry, c.late_entry.sum(axis=1)
    yield from Rate(
        "late_entry",
        "share of moves in",
        Beta({"category": CATEGORIES}, late),
        late[:, 0] - 0.5,
        n - 1.0,
        np.where(n > 1.0, "calibrated", "prior"),
        shown=late[:, 0] > 0.0,
    ).rows()


def _amounts(calibration: Calibration) -> Iterator[Row]:
    kinds = (
        ("amount", "currency, mean", calibration.amounts),
        ("multiplier_new", "signed / at SAL, mean", calibration.multiplier_new),
        ("multiplier_open", "signed / open, mean", calibration.multiplier_open),
    )
    for name, unit, laws in kinds:
        for segment, law in zip(calibration.segments, laws, strict=True):
            n = float(law.count)
            yield row(name, unit, law.source, _mean_amount(law), segment=segment, events=n, exposure=n)


def _mean_amount(law: Amounts) -> tuple[float, float, float]:
    mean, second = law_moments(law)
    if law.count == 0:
        return mean, np.nan, np.nan
    log_sd = float(np.sqrt(np.log1p(max(second / mean**2 - 1.0, 0.0) / law.count)))
    return mean, mean * float(np.exp(-Z_HIGH * log_sd)), mean * float(np.exp(Z_HIGH * log_sd))


def law_moments(law: Amounts) -> tuple[float, float]:
    """Return mean and mean square of an amount, its tail included (the square without it where infinite)."""
    share, amount = law.weights / law.weights.sum(), np.asarray(law.values)
    mean, square = float(share @ amount), float(share @ amount**2)
    if law.tail_scale <= 0.0:
        return mean, square
    body = amount <= law.tail_start
    p_tail = float(share[~body].sum())
    over = law.tail_scale / (1.0 - law.tail_shape)
    mean = float(share[body] @ amount[body]) + p_tail * (law.tail_start + over)
    if law.tail_shape >= FINITE_SQUARE_SHAPE:
        return mean, max(square, mean**2)
    over_square = 2.0 * law.tail_scale**2 / ((1.0 - law.tail_shape) * (1.0 - 2.0 * law.tail_shape))
    tail_square = law.tail_start**2 + 2.0 * law.tail_start * over + over_square
    return mean, float(share[body] @ amount[body] ** 2) + p_tail * tail_square


def _shocks(calibration: Calibration) -> Iterator[Row]:
    days = (calibration.as_of - calibration.first_day).days
    quarters = days / DAYS_A_QUARTER
    for name, value in (("shock_close", calibration.shock_close), ("shock_demand", calibration.shock_demand)):
        source = "calibrated" if quarters >= MIN_QUARTERS else "prior"
        yield row(name, "standard deviation of the log", source, (value, np.nan, np.nan))


def _drift(drift: Drift) -> Iterator[Row]:
    """Yield one row for each figure of the drift, in the columns of the table of rates."""
    for k, destination in enumerate(DESTINATIONS):
        level, sd = float(drift.level[k]), float(drift.level_sd[k])
        if level != 0.0 or sd > 0.0:
            logs = np.array([level, level - Z_HIGH * sd, level + Z_HIGH * sd])
            yield _drift_row("level_now", "times the history's average", np.exp(logs), destination)
    sd = float(np.sqrt(drift.sals_covariance[1, 1]))
    growth = drift.sals_growth + sd * np.array([0.0, -Z_HIGH, Z_HIGH])
    yield _drift_row("sals_growth", "log a quarter, damped ahead", growth)


def _level_known(shape: float, drift: Drift | None) -> float:
    """Return the Gamma shape of a stream's SALs a month when the level that all share is uncertain too."""
    if drift is None or shape <= 0.0:
        return shape
    return shape / (1.0 + shape * float(drift.sals_covariance[0, 0]))


def _drift_row(name: str, unit: str, estimate: Floats, destination: str = "") -> Row:
    known = np.isfinite(estimate[1]) and estimate[1] < estimate[2]
    return row(name, unit, "calibrated" if known else "pooled", estimate, destination=destination)
