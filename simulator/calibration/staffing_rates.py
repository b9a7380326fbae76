"""The rates of reps and leads as rows of the table of rates: value, interval, counts and source of each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from simulator.calibration.capacity import Capacity
from simulator.calibration.funnel import PRIOR_POWER_SD, STEPS, Funnel
from simulator.calibration.posteriors import Z_HIGH, Beta, Gamma
from simulator.calibration.ramp import RampCurve
from simulator.calibration.rate_rows import Rate, Row, by_first_axis, row, source_by_events
from simulator.calibration.staffing import StaffingCalibration


def staffing_rates(calibration: StaffingCalibration) -> Iterator[Row]:
    """Yield one row for each rate of the reps and of the leads, in the columns of the table of rates."""
    if calibration.rep_months.any():
        yield from _ramp(calibration.ramp)
        yield from _reps(calibration)
    if calibration.funnel is not None:
        yield from _funnel(calibration.funnel, calibration.segments)


def _ramp(ramp: RampCurve) -> Iterator[Row]:
    ramped = Gamma({"month": tuple(map(str, ramp.first_month.tolist()))}, ramp.shape, ramp.rate)
    for i, month in enumerate(ramp.first_month.tolist()):
        end = ramp.first_month[i + 1] - 1 if i + 1 < len(ramp.first_month) else None
        level = f"month {month} on" if end is None else f"month {month}" + (f"-{end}" if end > month else "")
        source = "calibrated" if ramp.source == "calibrated" else "prior"
        # The last bin is what the others are measured by.
        estimate = ramped.estimate((i,)) if end is not None else (1.0, 1.0, 1.0)
        yield row(
            "ramp",
            "share of a ramped rep",
            source,
            estimate,
            level=level,
            events=float(ramp.wins[i]),
            exposure=float(ramp.expected[i]),
        )


def _reps(c: StaffingCalibration) -> Iterator[Row]:
    axes = {"segment": c.segments}
    found = by_first_axis(
        Rate(
            "attrition",
            "per rep-month",
            Gamma(axes, c.attrition_shape, c.attrition_rate),
            c.departures,
            c.rep_months,
            source_by_events(c.departures, c.departures.sum()),
        ),
        Rate(
            "self-sourced SALs",
            "per ramped rep-month",
            Gamma(axes, c.self_sourced_shape, c.self_sourced_rate),
            c.self_sourced_sals,
            c.ramped_months,
            source_by_events(c.self_sourced_sals, c.self_sourced_sals.sum()),
            shown=c.self_sourced_shape > 0,
        ),
    )
    yield from found
    if c.capacity is not None:
        yield from _capacity(c.capacity, c.segments)
    if c.self_sourced_sals.any():
        power, sd = c.self_sourced_power, c.self_sourced_power_sd
        estimate = (power, max(power - Z_HIGH * sd, 0.0), power + Z_HIGH * sd)
        kind = "calibrated" if sd < PRIOR_POWER_SD / 2 else "prior"
        counts = {"events": float(c.self_sourced_sals.sum()), "exposure": float(c.ramped_months.sum())}
        yield row("self-sourced SALs with reps", "power of their number", kind, estimate, **counts)
    n = float(c.backfills)
    source = str(source_by_events(np.asarray(n), np.asarray(n)))
    estimate = (c.backfill_months, np.nan, np.nan)
    yield row("backfill", "months, mean", source, estimate, events=n, exposure=n)


def _capacity(c: Capacity, segments: tuple[str, ...]) -> Iterator[Row]:
    nothing = {"events": 0.0, "exposure": 0.0}
    for i, segment in enumerate(segments):
        most = (float(c.most_load[i]), np.nan, np.nan)
        if c.per_rep[i, 0] > 0:
            value, low, high = c.per_rep[i].tolist()
            counts = {"events": float(c.given_up[i]), "exposure": float(c.waited_days[i])}
            unit = "deals of full attention"
            yield row("open deals per rep", unit, "calibrated", (value, low, high), segment=segment, **counts)
        elif most[0] > 0:
            unit = f"deals seen at most: {c.verdict[i]}"
            yield row("open deals per rep", unit, "calibrated", most, segment=segment, **nothing)
        if c.patience_days[i] > 0:
            counts = {"events": float(c.given_up[i]), "exposure": float(c.waited_days[i])}
            days = (float(c.patience_days[i]), np.nan, np.nan)
            yield row("patience", "days, half have given up", "calibrated", days, segment=segment, **counts)


def _funnel(funnel: Funnel, segments: tuple[str, ...]) -> Iterator[Row]:
    cost = funnel.cost_per_sal()
    shares = Beta({"stream": funnel.source, "step": STEPS[1:]}, funnel.share)
    sources = source_by_events(funnel.counts[:, 1:], np.ones(1))
    for i, source in enumerate(funnel.source):
        where = {"segment": segments[funnel.segment[i]], "level": source}
        for step, (begin, end) in enumerate(pairwise(STEPS)):
            counts = {"events": float(funnel.counts[i, step + 1]), "exposure": float(funnel.counts[i, step])}
            kind, estimate = str(sources[i, step]), shares.estimate((i, step))
            yield row(f"{begin} to {end}", "share", kind, estimate, **where, **counts)
        counts = {"events": float(funnel.counts[i, 3]), "exposure": float(funnel.months[i])}
        if funnel.cost[i] > 0 and np.isfinite(cost[i]):
            estimate = (float(cost[i]), np.nan, np.nan)
            yield row("cost per SAL", "currency", "calibrated", estimate, **where, **counts)
        if funnel.lag_months[i] >= 0:
            estimate = (float(funnel.lag_months[i]), np.nan, np.nan)
            yield row("lead to SAL", "months", "calibrated", estimate, **where, **counts)
