"""Rates that a scenario states itself, laid over the calibrated ones (or standing alone)."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
from scipy.special import ndtr, ndtri

from simulator.arrays import Floats, Mask
from simulator.calibration.calibration import (
    DESTINATIONS,
    Amounts,
    Arrivals,
    Calibration,
    Dirichlet,
    GammaRates,
    OwnFactors,
)
from simulator.calibration.without_deals import without_deals
from simulator.engine.draws.slices import N_SLICES
from simulator.fiscal import DAYS_PER_MONTH
from simulator.history.tables import CATEGORIES
from simulator.scenario.schema import Scenario
from simulator.scenario.segments import AmountRates, Segment

ALL_SOURCES = "all"


def with_inline_rates(scenario: Scenario, calibration: Calibration | None) -> tuple[Calibration, Mask]:
    """Return the calibration with the scenario's own rates in place of the calibrated ones.

    Returns
    -------
    calibration : Calibration
        Segments of the history first, then those that only the scenario knows.
    stated : ndarray of bool, shape (segment, category)
        Where the hazards are the scenario's: there, no calibrated factor applies.
    """
    known = calibration.all_segments if calibration is not None else ()
    names = known + tuple(name for name in scenario.segments if name not in known)
    base = _extended(calibration or _blank(scenario), names)
    stated = np.zeros((len(names), len(CATEGORIES)), dtype=bool)
    for index, name in enumerate(names):
        segment = scenario.segments.get(name)
        if segment is not None:
            base = _with_segment(base, index, segment)
            stated[index] = [category in segment.stays for category in CATEGORIES]
    return base, stated


def _blank(scenario: Scenario) -> Calibration:
    dated = any(segment.close_in_days for segment in scenario.segments.values())
    return without_deals(scenario.as_of or dt.date.today(), scenario.fiscal_calendar(), dated)


def _extended(calibration: Calibration, names: tuple[str, ...]) -> Calibration:
    """Return the calibration with neutral entries for the segments that it does not know."""
    n_more = len(names) - len(calibration.segments)
    if n_more == 0:
        return calibration

    def more(array: Floats, row: Floats | float = 0.0) -> Floats:
        added = np.broadcast_to(row, (n_more, *array.shape[1:]))
        return np.concatenate([array, added])

    first = np.zeros(calibration.push.concentration.shape[1])
    first[0] = 1.0
    profile = np.zeros(calibration.profiles.share.shape[1])
    profile[0] = 1.0
    hazards, ages = calibration.hazards, calibration.segment_ages
    if ages is not None:
        ages = OwnFactors(more(ages.shape, np.inf), more(ages.rate, 1.0), more(ages.events))
    return replace(
        calibration,
        segments=names,
        hazards=GammaRates(
            more(hazards.shape), more(hazards.rate), more(hazards.events), more(hazards.exposure_days)
        ),
        segment_ages=ages,
        profiles=replace(calibration.profiles, share=more(calibration.profiles.share, profile)),
        amounts=calibration.amounts + (_fixed(1.0),) * n_more,
        multiplier_new=calibration.multiplier_new + (_fixed(1.0),) * n_more,
        multiplier_open=calibration.multiplier_open + (_fixed(1.0),) * n_more,
        size_edges=more(calibration.size_edges, np.inf),
        offset=Dirichlet(more(calibration.offset.concentration), more(calibration.offset.events)),
        push=Dirichlet(more(calibration.push.concentration, first), more(calibration.push.events)),
        early_push=more(calibration.early_push, np.array([0.0, 1.0])),
        entry=Dirichlet(more(calibration.entry.concentration, np.eye(6)[0]), more(calibration.entry.events)),
    )


def _with_segment(calibration: Calibration, index: int, segment: Segment) -> Calibration:
    """Return the calibration with what one segment states."""
    changed = calibration
    if segment.stays:
        changed = replace(changed, hazards=_hazards(changed.hazards, index, segment))
        if not calibration.entry.events[index].any():
            place = CATEGORIES.index(segment.entry_category) * 2
            changed = replace(changed, entry=_row(changed.entry, index, np.eye(6)[place]))
    if segment.amount is not None:
        count = int(segment.evidence_deals or 0)
        amounts = list(changed.amounts)
        amounts[index] = lognormal_amounts(segment.amount, count)
        changed = replace(changed, amounts=tuple(amounts))
    if segment.close_in_days is not None:
        width = changed.offset.concentration.shape[1]
        changed = replace(changed, offset=_row(changed.offset, index, _offsets(segment.close_in_days, width)))
    if segment.sals_per_month is not None:
        changed = replace(
            changed,
            arrivals=_arrivals(changed.arrivals, index, segment.sals_per_month, segment.sals_dispersion),
        )
    return changed


def _hazards(hazards: GammaRates, index: int, segment: Segment) -> GammaRates:
    """Rates per day of competing exponential times: share × ln 2 / median (MODEL section 3)."""
    shape, rate = hazards.shape.copy(), hazards.rate.copy()
    events, exposure = hazards.events.copy(), hazards.exposure_days.copy()
    for name, stay in segment.stays.items():
        category = CATEGORIES.index(name)
        total = math.log(2.0) / stay.median_days
        shares = np.array([stay.to.get(k, 0.0) for k in DESTINATIONS])  # type: ignore[call-overload]
        n_deals = segment.evidence_deals
        shape[index, category] = shares * (n_deals or total)
        rate[index, category] = n_deals / total if n_deals else 1.0
        events[index, category] = shares * (n_deals or 0.0)
        exposure[index, category] = n_deals / total if n_deals else np.inf
    return GammaRates(shape, rate, events, exposure)


def lognormal_amounts(amount: AmountRates, count: int) -> Amounts:
    """Return a log-normal distribution as equally likely slices, each at its own mean."""
    sd = amount.log_sd
    if sd == 0.0:
        return _fixed(math.exp(amount.log_mean))
    edges = ndtri(np.linspace(0.0, 1.0, N_SLICES + 1))
    # Mean of a log-normal between two quantiles: exp(m + s²/2) (Φ(b - s) - Φ(a - s)) / (1 / n).
    means = math.exp(amount.log_mean + sd * sd / 2) * np.diff(ndtr(edges - sd)) * N_SLICES
    weights = np.full(N_SLICES, 1.0)
    return Amounts(means, weights, math.inf, 0.0, 0.0, count, "scenario")


def _fixed(value: float) -> Amounts:
    return Amounts(np.array([value]), np.ones(1), math.inf, 0.0, 0.0, 0, "scenario")


def _row(law: Dirichlet, index: int, row: Floats) -> Dirichlet:
    concentration, events = law.concentration.copy(), law.events.copy()
    # Large numbers: what the scenario states is taken as certain.
    concentration[index] = row * 1e12
    events[index] = 0.0
    return Dirichlet(concentration, events)


def _offsets(median_days: float, n_months: int) -> Floats:
    """Months to the first close date: geometric, so that half are within the median."""
    months = np.arange(n_months)
    stay = 0.5 ** (DAYS_PER_MONTH / median_days)
    shares = stay**months * (1.0 - stay)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _arrivals(arrivals: Arrivals, index: int, per_month: float, dispersion: float | None) -> Arrivals:
    """Return the streams with those of one segment replaced by a single certain one."""
    keep = arrivals.segment != index
    return replace(
        arrivals,
        segment=np.append(arrivals.segment[keep], index),
        source=(*(s for s, k in zip(arrivals.source, keep, strict=True) if k), ALL_SOURCES),
        shape=np.append(arrivals.shape[keep], per_month),
        rate=np.append(arrivals.rate[keep], 1.0),
        dispersion=np.append(arrivals.dispersion[keep], dispersion or np.inf),
        events=np.append(arrivals.events[keep], 0.0),
        exposure_months=np.append(arrivals.exposure_months[keep], np.inf),
    )
