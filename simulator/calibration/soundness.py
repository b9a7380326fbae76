"""What must hold of a calibration before anything is simulated from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.calibration.calibration import DESTINATIONS, FACTOR_LEVELS, Amounts, Calibration
from simulator.errors import Fault
from simulator.history.tables import CATEGORIES

N_CATEGORIES, N_DESTINATIONS = len(CATEGORIES), len(DESTINATIONS)
REMEDY = "Make the file again with: simulator calibrate HISTORY -o FILE"
LARGEST_SHOCK = 2.0


def faults_of(calibration: Calibration, where: str) -> list[Fault]:
    """Return everything wrong with the shapes and values of a calibration.

    Parameters
    ----------
    calibration : Calibration
    where : str
        The file, named in every fault.
    """
    return [Fault(where, what, REMEDY) for what in (*_shapes(calibration), *_values(calibration))]


def _shapes(c: Calibration) -> Iterator[str]:
    n = len(c.segments)
    if n == 0:
        yield "segments: there is none"
    if len(set(c.segments)) != n:
        yield "segments: a name occurs twice"
    arrivals = c.arrivals
    streams = (len(arrivals.source),)
    expected: dict[str, tuple[npt.NDArray[Any], tuple[int, ...]]] = {
        "redate": (c.redate, (2, 2)),
        "early_push": (c.early_push, (n, 2)),
        "late_entry": (c.late_entry, (N_CATEGORIES, 2)),
        "size_edges": (c.size_edges, (n, 2)),
        "entry.concentration": (c.entry.concentration, (n, 2 * N_CATEGORIES)),
        "offset.concentration": (c.offset.concentration, (n, c.offset.concentration.shape[-1])),
        "push.concentration": (c.push.concentration, (n, c.push.concentration.shape[-1])),
        "profiles.share": (c.profiles.share, (n, len(c.profiles.levels))),
        "profiles.levels": (c.profiles.levels, (c.profiles.share.shape[-1], len(c.profiles.names))),
        "arrivals.season": (arrivals.season, (12,)),
        "arrivals.season_log_sd": (arrivals.season_log_sd, (12,)),
    }
    for name in ("shape", "rate", "events", "exposure_days"):
        expected[f"hazards.{name}"] = (getattr(c.hazards, name), (n, N_CATEGORIES, N_DESTINATIONS))
    for name in ("segment", "shape", "rate", "dispersion", "events", "exposure_months"):
        expected[f"arrivals.{name}"] = (getattr(arrivals, name), streams)
    for name, levels in FACTOR_LEVELS.items():
        if name in c.factors:
            expected[f"factors.{name}"] = (
                c.factors[name].log_mean,
                (N_CATEGORIES, len(levels), N_DESTINATIONS),
            )
            expected[f"factors.{name} (sd)"] = (c.factors[name].log_sd, c.factors[name].log_mean.shape)
        else:
            yield f"factors.{name}: missing"
    for name, effect in c.effects.items():
        expected[f"effects.{name}"] = (effect.log_mean, (len(effect.levels), N_DESTINATIONS))
        expected[f"effects.{name} (sd)"] = (effect.log_sd, effect.log_mean.shape)
    for name, (array, shape) in expected.items():
        if array.shape != shape:
            yield f"{name}: its axes are {array.shape}, not {shape}"
    for name in ("amounts", "multiplier_new", "multiplier_open"):
        if len(getattr(c, name)) != n:
            yield f"{name}: {len(getattr(c, name))} entries for {n} segments"


def _values(c: Calibration) -> Iterator[str]:
    yield from _ranges(c)
    for name in ("offset", "push", "entry"):
        weights = getattr(c, name).concentration
        if not np.isfinite(weights).all() or (weights < 0).any() or (weights.sum(axis=-1) <= 0).any():
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
    above_zero = {
        "hazards.rate": c.hazards.rate,
        "arrivals.rate": c.arrivals.rate,
        "arrivals.dispersion": c.arrivals.dispersion,
        "arrivals.season": c.arrivals.season,
    }
    for name, array in above_zero.items():
        if np.isnan(array).any() or (array <= 0).any():
            yield f"{name}: every number must be above zero"
    not_negative = {
        "hazards.shape": c.hazards.shape,
        "hazards.events": c.hazards.events,
        "hazards.exposure_days": c.hazards.exposure_days,
        "arrivals.shape": c.arrivals.shape,
        "arrivals.season_log_sd": c.arrivals.season_log_sd,
    }
    not_negative |= {name: getattr(c, name) for name in ("redate", "early_push", "late_entry", "size_edges")}
    not_negative["profiles.share"] = c.profiles.share
    for kind, tables in (("factors", c.factors), ("effects", c.effects)):
        for name, table in tables.items():
            not_negative[f"{kind}.{name} (sd)"] = table.log_sd
            if not np.isfinite(table.log_mean).all():
                yield f"{kind}.{name}: every number must be finite"
    for name, array in not_negative.items():
        if not np.isfinite(array).all() or (array < 0).any():
            yield f"{name}: every number must be finite and not negative"


def _sound(law: Amounts) -> bool:
    arrays = (law.values, law.weights)
    if law.values.ndim != 1 or law.values.shape != law.weights.shape or not law.values.size:
        return False
    finite = all(np.isfinite(a).all() and (a >= 0).all() for a in arrays) and law.weights.sum() > 0
    tail = (law.tail_start, law.tail_shape, law.tail_scale)
    return bool(
        finite and np.isfinite(tail).all() and law.tail_scale >= 0 and law.tail_shape < 1 and law.count >= 0
    )
