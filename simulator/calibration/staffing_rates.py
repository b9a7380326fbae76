"""The rates of reps and leads as rows of the table of rates: value, interval, counts and source of each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import special

from simulator.calibration.funnel import STEPS, Funnel
from simulator.calibration.ramp import RampCurve
from simulator.calibration.staffing import StaffingCalibration

Row = dict[str, Any]

LOW, HIGH = 0.1, 0.9
OWN_EVENTS = 3.0
"""Events of its own from which on a rate counts as calibrated rather than pooled."""


def staffing_rates(calibration: StaffingCalibration) -> Iterator[Row]:
    """Yield one row for each rate of the reps and of the leads, in the columns of the table of rates."""
    if calibration.rep_months.any():
        yield from _ramp(calibration.ramp)
        yield from _reps(calibration)
    if calibration.funnel is not None:
        yield from _funnel(calibration.funnel, calibration.segments)


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


def _gamma(shape: float, rate: float) -> tuple[float, float, float]:
    if shape <= 0.0:
        return 0.0, 0.0, 0.0
    low, high = special.gammaincinv(shape, [LOW, HIGH]) / rate
    return shape / rate, float(low), float(high)


def _source(own: float, total: float) -> str:
    if own >= OWN_EVENTS:
        return "calibrated"
    return "pooled" if total > 0 else "prior"


def _ramp(ramp: RampCurve) -> Iterator[Row]:
    for i, month in enumerate(ramp.first_month.tolist()):
        end = ramp.first_month[i + 1] - 1 if i + 1 < len(ramp.first_month) else None
        level = f"month {month} on" if end is None else f"month {month}" + (f"-{end}" if end > month else "")
        source = "calibrated" if ramp.source == "calibrated" else "prior"
        # The last bin is what the others are measured by.
        estimate = _gamma(ramp.shape[i], ramp.rate[i]) if end is not None else (1.0, 1.0, 1.0)
        yield _row(
            "ramp",
            "share of a ramped rep",
            source,
            estimate,
            level=level,
            events=float(ramp.wins[i]),
            exposure=float(ramp.expected[i]),
        )


def _reps(c: StaffingCalibration) -> Iterator[Row]:
    for s, segment in enumerate(c.segments):
        yield _row(
            "attrition",
            "per rep-month",
            _source(c.departures[s], c.departures.sum()),
            _gamma(c.attrition_shape[s], c.attrition_rate[s]),
            segment=segment,
            events=float(c.departures[s]),
            exposure=float(c.rep_months[s]),
        )
        if c.self_sourced_shape[s] > 0:
            yield _row(
                "self-sourced SALs",
                "per ramped rep-month",
                _source(c.self_sourced_sals[s], c.self_sourced_sals.sum()),
                _gamma(c.self_sourced_shape[s], c.self_sourced_rate[s]),
                segment=segment,
                events=float(c.self_sourced_sals[s]),
                exposure=float(c.ramped_months[s]),
            )
        if c.open_deals[s, 0] > 0:
            months = float(c.open_deals_months[s])
            yield _row(
                "open deals per rep",
                "deals, 90 % quantile in work (estimate)",
                "calibrated",
                (c.open_deals[s, 0], c.open_deals[s, 1], c.open_deals[s, 2]),
                segment=segment,
                events=months,
                exposure=months,
            )
    source = _source(c.backfills, c.backfills)
    estimate = (c.backfill_months, np.nan, np.nan)
    yield _row("backfill", "months, mean", source, estimate, events=c.backfills, exposure=c.backfills)


def _funnel(funnel: Funnel, segments: tuple[str, ...]) -> Iterator[Row]:
    cost = funnel.cost_per_sal()
    for i, source in enumerate(funnel.source):
        where = {"segment": segments[funnel.segment[i]], "level": source}
        for step, (begin, end) in enumerate(pairwise(STEPS)):
            a, b = funnel.share[i, step].tolist()
            low, high = special.betaincinv(a, b, [LOW, HIGH])
            counts = {"events": float(funnel.counts[i, step + 1]), "exposure": float(funnel.counts[i, step])}
            kind = _source(funnel.counts[i, step + 1], 1.0)
            name = f"{begin} to {end}"
            yield _row(name, "share", kind, (a / (a + b), float(low), float(high)), **where, **counts)
        if funnel.cost[i] > 0 and np.isfinite(cost[i]):
            counts = {"events": float(funnel.counts[i, 3]), "exposure": float(funnel.months[i])}
            estimate = (float(cost[i]), np.nan, np.nan)
            yield _row("cost per SAL", "currency", "calibrated", estimate, **where, **counts)
        if funnel.lag_months[i] >= 0:
            counts = {"events": float(funnel.counts[i, 3]), "exposure": float(funnel.months[i])}
            estimate = (float(funnel.lag_months[i]), np.nan, np.nan)
            yield _row("lead to SAL", "months", "calibrated", estimate, **where, **counts)
