"""What must hold of a calibration of reps and leads before anything is simulated from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.calibration.funnel import STEPS, Funnel
from simulator.calibration.ramp import TENURE_BINS
from simulator.calibration.staffing import StaffingCalibration

LARGEST = 1e15


def staffing_faults(calibration: StaffingCalibration) -> Iterator[str]:
    """Yield everything wrong with the shapes and values of a calibration of reps and leads."""
    tables = list(_tables(calibration))
    wrong = [
        f"staffing.{name}: its axes are {array.shape}, not {axes}"
        for name, array, axes in tables
        if array.shape != axes
    ]
    yield from wrong
    if wrong:
        return
    for name, array, _ in tables:
        if not ((array >= -1 if name.endswith("lag_months") else array >= 0) & (array <= LARGEST)).all():
            yield f"staffing.{name}: every number must be finite and not negative"
    for name in ("attrition_rate", "self_sourced_rate"):
        if not (getattr(calibration, name) > 0).all():
            yield f"staffing.{name}: every number must be above zero"
    if not (calibration.ramp.shape > 0).all() or not (calibration.ramp.rate > 0).all():
        yield "staffing.ramp: every number must be above zero"
    if not 0 <= calibration.backfill_months <= LARGEST:
        yield "staffing.backfill_months: must be finite and not negative"
    if not 0 <= calibration.self_sourced_power <= 2 or not 0 <= calibration.self_sourced_power_sd <= 1:
        yield "staffing.self_sourced_power: must lie between 0 and 2"
    capacity = calibration.capacity
    if capacity is not None and not (capacity.per_rep[:, 1] <= capacity.per_rep[:, 2]).all():
        yield "staffing.capacity.per_rep: an interval ends before it begins"
    if calibration.funnel is not None:
        yield from _funnel_values(calibration.funnel, len(calibration.segments))


def _tables(c: StaffingCalibration) -> Iterator[tuple[str, npt.NDArray[Any], tuple[int, ...]]]:
    n = len(c.segments)
    for name in ("heads", "quota", "attrition_shape", "attrition_rate", "departures", "rep_months"):
        yield name, getattr(c, name), (n,)
    for name in ("self_sourced_shape", "self_sourced_rate", "self_sourced_sals", "ramped_months"):
        yield name, getattr(c, name), (n,)
    if c.capacity is not None:
        yield "capacity.per_rep", c.capacity.per_rep, (n, 3)
        for name in ("most_load", "usual_load", "patience_days", "given_up", "waited_days", "unowned"):
            yield f"capacity.{name}", getattr(c.capacity, name), (n,)
    for name in ("first_month", "shape", "rate", "wins", "expected"):
        yield f"ramp.{name}", getattr(c.ramp, name), (len(TENURE_BINS),)
    if c.funnel is not None:
        m = len(c.funnel.source)
        for name in ("segment", "months", "cost", "lag_months"):
            yield f"funnel.{name}", getattr(c.funnel, name), (m,)
        yield "funnel.share", c.funnel.share, (m, len(STEPS) - 1, 2)
        yield "funnel.counts", c.funnel.counts, (m, len(STEPS))


def _funnel_values(funnel: Funnel, n_segments: int) -> Iterator[str]:
    if (funnel.segment >= n_segments).any():
        yield "staffing.funnel.segment: there is no such segment"
    if not (funnel.share > 0).all():
        yield "staffing.funnel.share: every number must be above zero"
    if not np.isfinite(funnel.cost).all():
        yield "staffing.funnel.cost: every number must be finite"
