"""What must hold of a calibration before anything is simulated from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.calibration.calibration import DESTINATIONS, FACTOR_LEVELS, MONTH_PARTS, Amounts, Calibration
from simulator.calibration.customer_validation import customer_faults
from simulator.calibration.drift_rates import drift_faults
from simulator.calibration.staffing_validation import staffing_faults
from simulator.errors import Fault
from simulator.history.tables import CATEGORIES

N_MONTHS = len(FACTOR_LEVELS["linearity"])
N_CATEGORIES, N_DESTINATIONS = len(CATEGORIES), len(DESTINATIONS)
Expected = tuple[npt.NDArray[Any], tuple[int, ...]]
REMEDY = "Make the file again with: simulator calibrate HISTORY -o FILE"
LARGEST_SHOCK = 2.0
LARGEST, SMALLEST, LARGEST_LOG = 1e18, 1e-18, 30.0
"""Beyond these a number is a slip of the pen, and products of such numbers overflow."""


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
    if calibration.customers is not None:
        found += customer_faults(calibration.customers)
    if calibration.drift is not None:
        found += drift_faults(calibration.drift)
    found += evidence_faults(calibration)
    if calibration.staffing is not None:
        found += staffing_faults(calibration.staffing)
    return [Fault(where, what, REMEDY) for what in found]


def evidence_faults(c: Calibration) -> Iterator[str]:
    """Yield what is wrong with what simple methods forecast."""
    tables: dict[str, tuple[str, ...]] = {
        "evidence": ("months", "centre", "log_sd"),
        "pull": ("log_factor", "rates_sd", "methods_sd"),
    }
    for part, names in tables.items():
        held = getattr(c, part)
        if held is None:
            continue
        arrays = {name: np.asarray(getattr(held, name), dtype=np.float64) for name in names}
        if len({array.shape for array in arrays.values()}) > 1 or arrays[names[0]].ndim != 1:
            yield f"{part}: its tables differ in length"
            continue
        if not len(arrays[names[0]]):
            yield f"{part}: it has no window"
        for name, array in arrays.items():
            least = -LARGEST_LOG if name == "log_factor" else 0.0
            if not np.isfinite(array).all() or (array < least).any():
                yield f"{part}.{name}: every number must be finite and at least {least:g}"


def _axes(c: Calibration) -> Iterator[str]:
    n = len(c.segments)
    if n == 0:
        yield "segments: there is none"
    if len(set(c.segments)) != n:
        yield "segments: a name occurs twice"
    missing = [name for name in FACTOR_LEVELS if name not in c.factors]
    yield from (f"factors.{name}: missing" for name in missing)
    for name, (array, axes) in (*_tables_of_deals(c), *_tables_of_factors(c), *_tables_of_laws(c)):
        if array.shape != axes:
            yield f"{name}: its axes are {array.shape}, not {axes}"
    for name in ("amounts", "multiplier_new", "multiplier_open"):
        if len(getattr(c, name)) != n:
            yield f"{name}: {len(getattr(c, name))} entries for {n} segments"


def _tables_of_deals(c: Calibration) -> Iterator[tuple[str, Expected]]:
    n, arrivals = len(c.segments), c.arrivals
    for name in ("shape", "rate", "events", "exposure_days"):
        yield f"hazards.{name}", (getattr(c.hazards, name), (n, N_CATEGORIES, N_DESTINATIONS))
    for name in ("segment", "shape", "rate", "dispersion", "events", "exposure_months"):
        yield f"arrivals.{name}", (getattr(arrivals, name), (len(arrivals.source),))
    yield "arrivals.season", (arrivals.season, (12,))
    yield "arrivals.season_log_sd", (arrivals.season_log_sd, (12,))
    yield "redate", (c.redate, (2, 2))
    yield "early_push", (c.early_push, (n, 2))
    yield "late_entry", (c.late_entry, (N_CATEGORIES, 2))
    if c.clock is not None:
        for name in ("concentration", "base", "events"):
            yield f"clock.{name}", (getattr(c.clock, name), (N_MONTHS, len(MONTH_PARTS)))
    n_sizes = len(c.effects["size"].levels) if "size" in c.effects else c.size_edges.shape[-1] + 1
    yield "size_edges", (c.size_edges, (n, n_sizes - 1))
    for name, n_levels, leading in (
        ("factor_covariance", sum(map(len, FACTOR_LEVELS.values())), (N_CATEGORIES,)),
        ("effect_covariance", sum(len(effect.levels) for effect in c.effects.values()), ()),
    ):
        array = getattr(c, name)
        if array is not None:
            yield name, (array, (*leading, N_DESTINATIONS, n_levels, n_levels))


def _tables_of_factors(c: Calibration) -> Iterator[tuple[str, Expected]]:
    for kind, tables, leading in (("factors", c.factors, (N_CATEGORIES,)), ("effects", c.effects, ())):
        for name, table in tables.items():
            levels = FACTOR_LEVELS.get(name, table.levels) if kind == "factors" else table.levels
            for part in ("log_mean", "log_sd", "events", "exposure_days"):
                yield f"{kind}.{name}.{part}", (getattr(table, part), (*leading, len(levels), N_DESTINATIONS))


def _tables_of_laws(c: Calibration) -> Iterator[tuple[str, Expected]]:
    n, levels = len(c.segments), c.profiles.levels
    for name, n_values in (("offset", None), ("push", None), ("entry", 2 * N_CATEGORIES)):
        law = getattr(c, name)
        width = n_values or (law.concentration.shape[-1] if law.concentration.ndim else 0)
        yield f"{name}.concentration", (law.concentration, (n, width))
        yield f"{name}.events", (law.events, (n, width))
    yield "profiles.levels", (levels, (len(levels) if levels.ndim else 0, len(c.profiles.names)))
    yield "profiles.share", (c.profiles.share, (n, len(levels) if levels.ndim else 0))


def _values(c: Calibration) -> Iterator[str]:
    yield from _ranges(c)
    for name in ("offset", "push", "entry"):
        weights = getattr(c, name).concentration
        if not ((weights >= 0) & (weights <= LARGEST)).all() or not (weights.sum(axis=-1) > 0).all():
            yield f"{name}: the weights of a segment must not be negative, and not all zero"
    if (c.arrivals.segment < 0).any() or (c.arrivals.segment >= len(c.segments)).any():
        yield "arrivals.segment: there is no such segment"
    for name in ("shock_close", "shock_demand"):
        if not 0.0 <= getattr(c, name) <= LARGEST_SHOCK:
            yield f"{name}: must lie between 0 and {LARGEST_SHOCK:g}"
    for name in ("amounts", "multiplier_new", "multiplier_open"):
        for segment, law in zip(c.segments, getattr(c, name), strict=False):
            if not _sound(law):
                yield f"{name}, {segment}: values and weights must be finite and as many, the tail proper"


def _ranges(c: Calibration) -> Iterator[str]:
    for name in ("factor_covariance", "effect_covariance"):
        array = getattr(c, name)
        if array is not None and not (np.abs(array) <= LARGEST_LOG**2).all():
            yield f"{name}: every number must be finite and at most {LARGEST_LOG**2:g}"
    clock = (
        {} if c.clock is None else {"clock.concentration": c.clock.concentration, "clock.base": c.clock.base}
    )
    above_zero = {
        **clock,
        "hazards.rate": c.hazards.rate,
        "arrivals.rate": c.arrivals.rate,
        "arrivals.dispersion": c.arrivals.dispersion,
        "arrivals.season": c.arrivals.season,
    }
    if np.isnan(c.hazards.exposure_days).any() or (c.hazards.exposure_days < 0).any():
        yield "hazards.exposure_days: every number must be known and not negative"
    for name, array in above_zero.items():
        if not (array >= SMALLEST).all():
            yield f"{name}: every number must be above zero"
    not_negative = {
        "hazards.shape": c.hazards.shape,
        "hazards.events": c.hazards.events,
        "arrivals.shape": c.arrivals.shape,
        "arrivals.season_log_sd": c.arrivals.season_log_sd,
    }
    not_negative |= {name: getattr(c, name) for name in ("redate", "early_push", "late_entry", "size_edges")}
    not_negative["profiles.share"] = c.profiles.share
    for kind, tables in (("factors", c.factors), ("effects", c.effects)):
        for name, table in tables.items():
            not_negative[f"{kind}.{name} (sd)"] = table.log_sd
            if not (np.abs(np.stack([table.log_mean, table.log_sd])) <= LARGEST_LOG).all():
                yield f"{kind}.{name}: every number must lie between -{LARGEST_LOG:g} and {LARGEST_LOG:g}"
    for name, array in not_negative.items():
        if not ((array >= 0) & (array <= LARGEST)).all():
            yield f"{name}: every number must be finite, not negative and below {LARGEST:g}"


def _sound(law: Amounts) -> bool:
    arrays = (law.values, law.weights)
    if law.values.ndim != 1 or law.values.shape != law.weights.shape or not law.values.size:
        return False
    finite = all(((a >= 0) & (a <= LARGEST)).all() for a in arrays) and (law.weights @ law.values) > 0
    shape_known = -LARGEST_LOG < law.tail_shape < 1
    tail = law.tail_scale == 0 or (0 < law.tail_scale <= LARGEST and 0 <= law.tail_start <= LARGEST)
    return bool(finite and shape_known and tail and law.count >= 0)
