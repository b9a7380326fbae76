"""What must hold of a calibration before anything is simulated from it: axes and bounds of every table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.calibration.calibration import (
    AGE_LEVELS,
    DESTINATIONS,
    FACTOR_LEVELS,
    MONTH_PARTS,
    Amounts,
    Calibration,
)
from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.funnel import STEPS
from simulator.calibration.growth_by_size import MOST_BANDS, N_KINDS
from simulator.calibration.ramp import TENURE_BINS
from simulator.calibration.renewals import TERM_CLASSES
from simulator.calibration.staffing import StaffingCalibration
from simulator.errors import Fault
from simulator.history.tables import CATEGORIES
from simulator.kernels.customers.flows import DRIVERS

REMEDY = "Make the file again with: simulator calibrate HISTORY -o FILE"
LARGEST, SMALLEST = 1e18, 1e-18
"""Beyond these a number is a slip of the pen, and products of such numbers overflow."""
LARGEST_COUNT, LARGEST_LOG, LARGEST_DRIFT = 1e15, 30.0, 5.0
LONGEST_TERM = 1200
LENGTHS = {
    "category": len(CATEGORIES),
    "destination": len(DESTINATIONS),
    "driver": len(DRIVERS),
    "class": len(TERM_CLASSES),
    "band": MOST_BANDS,
    "kind": N_KINDS,
    "tenure": len(TENURE_BINS),
    "step": len(STEPS),
    "month part": len(MONTH_PARTS),
    "age": len(AGE_LEVELS),
    "factor": sum(map(len, FACTOR_LEVELS.values())),
}


NEVER_EMPTY = ("window", "quarter ahead", "term", "rep")


@dataclass(frozen=True)
class Rule:
    """What must hold of some tables or numbers of one part of a calibration.

    Parameters
    ----------
    part : str
        Where they are: ``customers.growth``; ``*`` stands for every entry. A part that is None is left alone.
    names : str
        Their names, separated by spaces.
    axes : tuple of str or int
        Lengths, or the names of axes; ``level``: entries of the part's ``levels``, ``value``: of a row of its
        ``concentration``. Numbers have none.
    least, most : float
        Bounds of every number; not known (NaN) is outside of any.
    or_nothing : bool
        Whether minus infinity, the logarithm of what does not exist, is allowed.
    """

    part: str
    names: str
    axes: tuple[str | int, ...]
    least: float = -math.inf
    most: float = math.inf
    or_nothing: bool = False

    def is_broken(self, values: np.ndarray[Any, Any]) -> bool:
        """Return whether a number lies outside of the bounds."""
        if self.least == -self.most == -math.inf:
            return False
        inside = (values >= self.least) & (values <= self.most)
        return not (inside | (self.or_nothing & np.isneginf(values))).all()

    def say(self, name: str, values: np.ndarray[Any, Any]) -> str:
        """Return the bounds in words."""
        if self.most == math.inf:
            return f"{name}: every number must be known and at least {self.least:g}"
        between = f"between {self.least:g} and {self.most:g}"
        return (
            f"{name}: every number must be finite, {between}"
            if values.ndim
            else f"{name}: must lie {between}"
        )


LOGS_OF_CUSTOMERS = (-60.0, 60.0, True)
HAZARD, BY_AGE, CHURN, BY_SIZE = (
    ("segment", "category", "destination"),
    ("segment", "category", "age", "destination"),
    ("segment", "class"),
    ("segment", "band", "kind"),
)
SIZES = ("growth_sizes.*", "contraction_size", "price_size", "return_size")
RULES = (
    Rule("hazards", "shape events", HAZARD, 0.0, LARGEST),
    Rule("hazards", "rate", HAZARD, SMALLEST),
    Rule("hazards", "exposure_days", HAZARD, 0.0),
    Rule("arrivals", "shape", ("stream",), 0.0, LARGEST),
    Rule("arrivals", "rate dispersion", ("stream",), SMALLEST),
    Rule("arrivals", "segment events exposure_months", ("stream",)),
    Rule("arrivals", "season", (12,), SMALLEST),
    Rule("arrivals", "season_log_sd", (12,), 0.0, LARGEST),
    Rule("", "redate", (2, 2), 0.0, LARGEST),
    Rule("", "early_push", ("segment", 2), 0.0, LARGEST),
    Rule("", "late_entry", ("category", 2), 0.0, LARGEST),
    Rule("", "size_edges", ("segment", "size edge"), 0.0, LARGEST),
    Rule("", "shock_close shock_demand", (), 0.0, 2.0),
    Rule("", "factor_covariance", ("category", "destination", "factor", "factor"), -900.0, 900.0),
    Rule("", "effect_covariance", ("destination", "effect", "effect"), -900.0, 900.0),
    Rule("segment_ages", "shape rate", BY_AGE, SMALLEST, LARGEST),
    Rule("segment_ages", "events", BY_AGE, 0.0, LARGEST),
    Rule("reps", "shape rate", ("rep", "destination"), SMALLEST, LARGEST),
    Rule("reps", "events", ("rep", "destination"), 0.0, LARGEST),
    Rule("clock", "concentration base", (3, "month part"), SMALLEST),
    Rule("clock", "events", (3, "month part")),
    Rule("factors.*", "log_mean", ("category", "level", "destination"), -LARGEST_LOG, LARGEST_LOG),
    Rule("factors.*", "log_sd", ("category", "level", "destination"), 0.0, LARGEST_LOG),
    Rule("factors.*", "events exposure_days", ("category", "level", "destination")),
    Rule("effects.*", "log_mean", ("level", "destination"), -LARGEST_LOG, LARGEST_LOG),
    Rule("effects.*", "log_sd", ("level", "destination"), 0.0, LARGEST_LOG),
    Rule("effects.*", "events exposure_days", ("level", "destination")),
    Rule("offset", "concentration events", ("segment", "value"), 0.0, LARGEST),
    Rule("push", "concentration events", ("segment", "value"), 0.0, LARGEST),
    Rule("entry", "concentration events", ("segment", 2 * len(CATEGORIES)), 0.0, LARGEST),
    Rule("profiles", "levels", ("level", "profile name")),
    Rule("profiles", "share", ("segment", "level"), 0.0, LARGEST),
    Rule("drift", "level", ("destination",), -LARGEST_DRIFT, LARGEST_DRIFT),
    Rule("drift", "level_sd", ("destination",), 0.0, LARGEST_DRIFT),
    Rule("drift", "season_close", (4,), -LARGEST_DRIFT, LARGEST_DRIFT),
    Rule("drift", "amounts", (2,), -LARGEST_DRIFT, LARGEST_DRIFT),
    Rule("drift", "sals_covariance amounts_covariance", (2, 2), -LARGEST_DRIFT, LARGEST_DRIFT),
    Rule("drift", "sals_growth", (), -LARGEST_DRIFT, LARGEST_DRIFT),
    Rule("evidence", "months centre log_sd", ("window",), 0.0, LARGEST),
    Rule("pull", "log_factor", ("quarter ahead",), -LARGEST_LOG, LARGEST),
    Rule("pull", "rates_sd methods_sd", ("quarter ahead",), 0.0, LARGEST),
    Rule("customers.churn", "mean", (*CHURN, 2), *LOGS_OF_CUSTOMERS),
    Rule("customers.churn", "covariance", (*CHURN, 2, 2), -LARGEST, LARGEST),
    Rule("customers.churn", "at_any_time", ("class",)),
    Rule("customers.churn", "duration", CHURN, SMALLEST, LARGEST),
    Rule("customers", "contraction price_rise", (*CHURN, 2), 0.0, LARGEST),
    Rule("customers.growth", "shape", ("segment", "driver"), 0.0, LARGEST),
    Rule("customers.growth", "rate", ("segment", "driver"), SMALLEST, LARGEST),
    Rule("customers.growth", "events exposure_months", ("segment", "driver")),
    Rule("customers.growth", "value_log_median", ("segment",), *LOGS_OF_CUSTOMERS),
    Rule("customers.growth", "value_log_sd", ("segment",), 0.0, LARGEST),
    Rule("customers.growth.by_size", "edges", ("segment", MOST_BANDS - 1)),
    Rule("customers.growth.by_size", "shape rate size", BY_SIZE, SMALLEST, LARGEST),
    Rule("customers.growth.by_size", "at_risk", BY_SIZE, 0.0, LARGEST),
    Rule("customers", "return_shape", ("segment",), 0.0, LARGEST),
    Rule("customers", "return_rate", ("segment",), SMALLEST, LARGEST),
    Rule("customers", "returns months_away n_customers", ("segment",)),
    *(Rule(f"customers.{sizes}", "log_mean", ("segment",), *LOGS_OF_CUSTOMERS) for sizes in SIZES),
    *(Rule(f"customers.{sizes}", "log_mean_sd", ("segment",)) for sizes in SIZES),
    Rule("customers", "cycle win_rate", (3,)),
    Rule("customers", "arr_per_amount", ("segment", 3)),
    Rule("customers", "terms", ("term",), 1, LONGEST_TERM),
    Rule("customers", "term_counts", ("segment", "term"), 0.0, LARGEST),
    Rule("staffing", "heads quota attrition_shape departures rep_months", ("segment",), 0.0, LARGEST_COUNT),
    Rule("staffing", "self_sourced_shape self_sourced_sals ramped_months", ("segment",), 0.0, LARGEST_COUNT),
    Rule("staffing", "attrition_rate self_sourced_rate", ("segment",), SMALLEST, LARGEST_COUNT),
    Rule("staffing", "backfill_months", (), 0.0, LARGEST_COUNT),
    Rule("staffing", "self_sourced_power", (), 0.0, 2.0),
    Rule("staffing", "self_sourced_power_sd", (), 0.0, 1.0),
    Rule("staffing.ramp", "first_month wins expected", ("tenure",), 0.0, LARGEST_COUNT),
    Rule("staffing.ramp", "shape rate", ("tenure",), SMALLEST, LARGEST_COUNT),
    Rule("staffing.capacity", "per_rep", ("segment", 3), 0.0, LARGEST_COUNT),
    Rule("staffing.capacity", "most_load usual_load patience_days", ("segment",), 0.0, LARGEST_COUNT),
    Rule("staffing.capacity", "given_up waited_days unowned", ("segment",), 0.0, LARGEST_COUNT),
    Rule("staffing.funnel", "segment months cost", ("lead stream",), 0.0, LARGEST_COUNT),
    Rule("staffing.funnel", "lag_months", ("lead stream",), -1.0, LARGEST_COUNT),
    Rule("staffing.funnel", "share", ("lead stream", len(STEPS) - 1, 2), SMALLEST, LARGEST_COUNT),
    Rule("staffing.funnel", "counts", ("lead stream", "step"), 0.0, LARGEST_COUNT),
)  # fmt: skip


def faults_of(calibration: Calibration, where: str) -> list[Fault]:
    """Return everything wrong with the shapes and values of a calibration.

    Parameters
    ----------
    calibration : Calibration
    where : str
        The file, named in every fault.
    """
    # Values are looked at only where every table has the right axes.
    found = list(_axes(calibration)) or list(_values(calibration))
    return [Fault(where, what, REMEDY) for what in found]


def _tables(c: Calibration) -> Iterator[tuple[Rule, str, np.ndarray[Any, Any], tuple[int, ...]]]:
    """Yield each rule with the name of a table, the table and the lengths of its axes."""
    lengths = _lengths(c)
    for rule in RULES:
        segments = getattr(getattr(c, rule.part.split(".")[0], c), "segments", c.segments)
        for part, held in _parts(c, rule.part):
            here = {**LENGTHS, **lengths, "segment": len(segments)}
            if hasattr(held, "levels"):
                here["level"] = len(held.levels)
            if hasattr(held, "concentration"):
                here["value"] = held.concentration.shape[-1]
            for name in rule.names.split():
                if (value := getattr(held, name)) is not None:
                    axes = tuple(axis if isinstance(axis, int) else here[axis] for axis in rule.axes)
                    yield rule, f"{part}.{name}" if part else name, np.asarray(value), axes


def _parts(c: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a calibration at a place, those that there are, with their names."""
    found = [("", c)]
    for step in place.split(".") if place else ():
        inner = []
        for name, held in found:
            if step != "*":
                inner.append((f"{name}.{step}" if name else step, getattr(held, step)))
                continue
            items = held.items() if isinstance(held, Mapping) else enumerate(held)
            inner += [(f"{name}.{key}", item) for key, item in items]
        found = [(name, held) for name, held in inner if held is not None]
    yield from found


def _lengths(c: Calibration) -> dict[str, int]:
    """Return the lengths of the axes that differ from one calibration to another."""
    n_sizes = len(c.effects["size"].levels) if "size" in c.effects else c.size_edges.shape[-1] + 1
    lengths = {
        "stream": len(c.arrivals.source),
        "size edge": n_sizes - 1,
        "effect": sum(len(effect.levels) for effect in c.effects.values()),
        "profile name": len(c.profiles.names),
    }
    if c.reps is not None:
        lengths["rep"] = len(c.reps.names)
    if c.evidence is not None:
        lengths["window"] = len(c.evidence.months)
    if c.pull is not None:
        lengths["quarter ahead"] = len(c.pull.log_factor)
    if c.customers is not None:
        lengths["term"] = len(c.customers.terms)
    if c.staffing is not None and c.staffing.funnel is not None:
        lengths["lead stream"] = len(c.staffing.funnel.source)
    return lengths


def _axes(c: Calibration) -> Iterator[str]:
    n = len(c.segments)
    if n == 0:
        yield "segments: there is none"
    if len(set(c.segments)) != n:
        yield "segments: a name occurs twice"
    for name, levels in FACTOR_LEVELS.items():
        if name not in c.factors:
            yield f"factors.{name}: missing"
        elif len(c.factors[name].levels) != len(levels):
            yield f"factors.{name}.levels: {len(c.factors[name].levels)} entries, not {len(levels)}"
    for _, name, values, axes in _tables(c):
        if values.shape != axes:
            yield f"{name}: its axes are {values.shape}, not {axes}"
    for name in ("amounts", "multiplier_new", "multiplier_open"):
        if len(getattr(c, name)) != n:
            yield f"{name}: {len(getattr(c, name))} entries for {n} segments"
    if c.customers is not None and len(c.customers.growth_sizes) != len(DRIVERS):
        yield f"customers.growth_sizes: {len(c.customers.growth_sizes)} entries for {len(DRIVERS)} drivers"
    for name, length in _lengths(c).items():
        if name in NEVER_EMPTY and not length:
            yield f"{name}: there is none"


def _values(c: Calibration) -> Iterator[str]:
    for rule, name, values, _ in _tables(c):
        if rule.is_broken(values):
            yield rule.say(name, values)
    for name in ("offset", "push", "entry"):
        if not (getattr(c, name).concentration.sum(axis=-1) > 0).all():
            yield f"{name}: the weights of a segment must not all be zero"
    if (c.arrivals.segment < 0).any() or (c.arrivals.segment >= len(c.segments)).any():
        yield "arrivals.segment: there is no such segment"
    for name in ("amounts", "multiplier_new", "multiplier_open"):
        for segment, law in zip(c.segments, getattr(c, name), strict=False):
            if not _sound(law):
                yield f"{name}, {segment}: values and weights must be finite and as many, the tail proper"
    if c.customers is not None:
        yield from _of_customers(c.customers)
    if c.staffing is not None:
        yield from _of_reps(c.staffing)


def _sound(law: Amounts) -> bool:
    arrays = (law.values, law.weights)
    if law.values.ndim != 1 or law.values.shape != law.weights.shape or not law.values.size:
        return False
    finite = all(((a >= 0) & (a <= LARGEST)).all() for a in arrays) and (law.weights @ law.values) > 0
    shape_known = -LARGEST_LOG < law.tail_shape < 1
    tail = law.tail_scale == 0 or (0 < law.tail_scale <= LARGEST and 0 <= law.tail_start <= LARGEST)
    return bool(finite and shape_known and tail and law.count >= 0)


def _of_customers(c: CustomerCalibration) -> Iterator[str]:
    logs = (c.arr_per_amount[:, :2], c.cycle[:2])
    if not all((np.isneginf(a) | (np.abs(a) <= LOGS_OF_CUSTOMERS[1])).all() for a in logs):
        yield "customers: a logarithm is not finite or absurdly large"
    matrices = c.churn.covariance.reshape(-1, 2, 2)
    if np.isfinite(matrices).all() and (np.linalg.eigvalsh(matrices) < -1e-9).any():
        yield "customers.churn.covariance: must be symmetric and not negative"


def _of_reps(c: StaffingCalibration) -> Iterator[str]:
    if c.capacity is not None and not (c.capacity.per_rep[:, 1] <= c.capacity.per_rep[:, 2]).all():
        yield "staffing.capacity.per_rep: an interval ends before it begins"
    if c.funnel is not None and (c.funnel.segment >= len(c.segments)).any():
        yield "staffing.funnel.segment: there is no such segment"
