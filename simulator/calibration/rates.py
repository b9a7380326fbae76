"""The rates of a calibration as a table: value, interval, counts and source of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from simulator.calibration.calibration import DESTINATIONS, Amounts, Calibration, Dirichlet, LogFactors
from simulator.calibration.customer_rates import customer_rates
from simulator.calibration.drift import MIN_QUARTERS
from simulator.calibration.drift_rates import drift_rates, level_known
from simulator.calibration.staffing_rates import staffing_rates
from simulator.history.tables import CATEGORIES

Floats = npt.NDArray[np.float64]

LOW, HIGH = 0.1, 0.9
Z_HIGH = float(special.ndtri(HIGH))
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
OWN_SHARE = 0.5
"""Share of a posterior that its own events must make up for the rate to count as calibrated."""
FINITE_SQUARE_SHAPE = 0.45
"""Tail shape above which the square of an amount is too close to having no mean to be of use."""
DAYS_A_QUARTER = 91.3
MONTHS_OF_YEAR = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Row = dict[str, Any]


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
        *_close_dates(calibration),
        *_entries(calibration),
        *_amounts(calibration),
        *_shocks(calibration),
        *(drift_rates(calibration.drift) if calibration.drift is not None else ()),
        *(customer_rates(calibration.customers) if calibration.customers is not None else ()),
        *(staffing_rates(calibration.staffing) if calibration.staffing is not None else ()),
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    text = ["name", "segment", "category", "destination", "level", "unit", "source"]
    return table.astype(
        dict.fromkeys(text, "str") | {"value": "float64", "low": "float64", "high": "float64"}
    )


def _row(name: str, unit: str, source: str, estimate: tuple[float, float, float], **more: Any) -> Row:
    value, low, high = (float(x) for x in estimate)
    empty: Row = dict.fromkeys(("segment", "category", "destination", "level"), "")
    return {
        **empty,
        "name": name,
        "value": value,
        "low": low,
        "high": high,
        "unit": unit,
        "source": source,
        **more,
    }


def gamma_estimate(shape: float, rate: float) -> tuple[float, float, float]:
    """Return mean and 80 % interval of a Gamma posterior."""
    low, high = special.gammaincinv(shape, [LOW, HIGH]) / rate
    return shape / rate, float(low), float(high)


def beta_estimate(a: float, b: float) -> tuple[float, float, float]:
    """Return mean and 80 % interval of a Beta posterior; 0 where a is 0, 1 where b is."""
    if a <= 0.0 or b <= 0.0:
        certain = 0.0 if a <= 0.0 else 1.0
        return certain, certain, certain
    low, high = special.betaincinv(a, b, [LOW, HIGH])
    return a / (a + b), float(low), float(high)


def log_estimate(mean: float, sd: float) -> tuple[float, float, float]:
    """Return median and 80 % interval of a log-normal posterior."""
    return float(np.exp(mean)), float(np.exp(mean - Z_HIGH * sd)), float(np.exp(mean + Z_HIGH * sd))


def _source(own: float, total: float, weight: float) -> str:
    if own > 0.0 and own >= OWN_SHARE * weight:
        return "calibrated"
    return "pooled" if total > 0.0 else "prior"


def _hazards(calibration: Calibration) -> Iterator[Row]:
    rates = calibration.hazards
    for s, c, k in np.argwhere(rates.shape > 0.0):
        shape, events = float(rates.shape[s, c, k]), float(rates.events[s, c, k])
        yield _row(
            "hazard",
            "per day",
            _source(events, float(rates.events[:, c, k].sum()), shape),
            gamma_estimate(shape, float(rates.rate[s, c, k])),
            segment=calibration.segments[s],
            category=CATEGORIES[c],
            destination=DESTINATIONS[k],
            events=events,
            exposure=float(rates.exposure_days[s, c, k]),
        )


def _sals(calibration: Calibration) -> Iterator[Row]:
    arrivals = calibration.arrivals
    for i, source in enumerate(arrivals.source):
        events, months = float(arrivals.events[i]), float(arrivals.exposure_months[i])
        shape = float(arrivals.shape[i])
        wide = level_known(shape, calibration.drift)
        common = {"segment": calibration.segments[arrivals.segment[i]], "level": source}
        counts = {"events": events, "exposure": months}
        quality = "calibrated" if events else "prior"
        if shape > 0.0:
            yield _row(
                "sals",
                "per month",
                quality,
                gamma_estimate(wide, float(arrivals.rate[i]) * wide / shape),
                **common,
                **counts,
            )
        size = float(arrivals.dispersion[i])
        if np.isfinite(size):
            yield _row("sals_dispersion", "size", "pooled", (size, np.nan, np.nan), **common, **counts)
    for month, name in enumerate(MONTHS_OF_YEAR):
        mean, sd = float(arrivals.season[month]), float(arrivals.season_log_sd[month])
        if sd > 0.0:
            total = float(arrivals.events.sum())
            yield _row(
                "season", "factor", "calibrated", log_estimate(np.log(mean), sd), level=name, events=total
            )


def _log_factor(name: str, table: LogFactors, at: tuple[int, ...], level: int, **more: Any) -> Row:
    events, days = float(table.events[at]), float(table.exposure_days[at])
    estimate = log_estimate(float(table.log_mean[at]), float(table.log_sd[at]))
    source = "calibrated" if events else "prior"
    return _row(
        name, "factor", source, estimate, level=table.levels[level], events=events, exposure=days, **more
    )


def _factors(calibration: Calibration) -> Iterator[Row]:
    for name, table in calibration.factors.items():
        for c, level, k in np.argwhere(table.log_sd > 0.0):
            where = {"category": CATEGORIES[c], "destination": DESTINATIONS[k]}
            yield _log_factor(f"factor {name}", table, (c, level, k), int(level), **where)


def _effects(calibration: Calibration) -> Iterator[Row]:
    for name, table in calibration.effects.items():
        for level, k in np.argwhere(table.log_sd > 0.0):
            yield _log_factor(f"effect {name}", table, (level, k), int(level), destination=DESTINATIONS[k])


def _close_dates(calibration: Calibration) -> Iterator[Row]:
    if not calibration.has_close_dates:
        return
    for level, (a, b) in zip(("due this month", "past due"), calibration.redate.tolist(), strict=True):
        n = a + b - 1.0
        source = "calibrated" if n > 0 else "prior"
        yield _row(
            "redate", "share a month", source, beta_estimate(a, b), level=level, events=a - 0.5, exposure=n
        )
    for segment, (a, b) in zip(calibration.segments, calibration.early_push.tolist(), strict=True):
        yield _row(
            "early_push",
            "share a month",
            "pooled",
            beta_estimate(a, b),
            segment=segment,
            events=a,
            exposure=a + b,
        )
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
        source = _source(seen, float(law.events.sum()), weight)
        estimate = (mean, max(mean - Z_HIGH * sd, 0.0), mean + Z_HIGH * sd)
        yield _row(name, "months, mean", source, estimate, segment=segment, events=seen, exposure=seen)


def _entries(calibration: Calibration) -> Iterator[Row]:
    law = calibration.entry
    for s, place in np.argwhere(law.concentration > 0.0):
        a, total = float(law.concentration[s, place]), float(law.concentration[s].sum())
        yield _row(
            "entry",
            "share of new deals",
            _source(float(law.events[s].sum()), float(law.events.sum()), total),
            beta_estimate(a, total - a),
            segment=calibration.segments[s],
            category=CATEGORIES[place // 2],
            level="late" if place % 2 else "early",
            events=float(law.events[s, place]),
            exposure=float(law.events[s].sum()),
        )
    for category, (a, b) in zip(CATEGORIES, calibration.late_entry.tolist(), strict=True):
        if a > 0.0:
            yield _row(
                "late_entry",
                "share of moves in",
                "calibrated" if a + b > 1.0 else "prior",
                beta_estimate(a, b),
                category=category,
                events=a - 0.5,
                exposure=a + b - 1.0,
            )


def _amounts(calibration: Calibration) -> Iterator[Row]:
    kinds = (
        ("amount", "currency, mean", calibration.amounts),
        ("multiplier_new", "signed / at SAL, mean", calibration.multiplier_new),
        ("multiplier_open", "signed / open, mean", calibration.multiplier_open),
    )
    for name, unit, laws in kinds:
        for segment, law in zip(calibration.segments, laws, strict=True):
            n = float(law.count)
            yield _row(name, unit, law.source, _mean_amount(law), segment=segment, events=n, exposure=n)


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
        yield _row(name, "standard deviation of the log", source, (value, np.nan, np.nan))
