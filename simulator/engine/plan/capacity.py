"""Reps of a scenario, as arrays for the kernels: seats, ramp, slots, patience, SALs of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from simulator.calibration.posteriors import gamma_quantile
from simulator.calibration.ramp import RampCurve, published_ramp, tenure_bin
from simulator.calibration.staffing import OUTBOUND, StaffingCalibration, roster
from simulator.engine.keys import rate_uniforms
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.roles import RepTerms, rep_terms, stated_ramp
from simulator.engine.plan.seats import (
    LONGEST_WAIT,
    lever,
    ramp_array,
    seat_arrays,
    seats_of,
    stretched,
    wait_cdf,
)
from simulator.history.tables import History
from simulator.kernels.people.capacity import CapacityPlan
from simulator.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVERS = ("ramp", "attrition", "open_deals_per_rep", "patience")
DAYS_OF_80 = float(2 * ndtri(0.9))


def with_reps(compiled: Compiled, scenario: Scenario, history: History | None) -> Compiled:
    """Return a compiled scenario whose deals need reps, where the scenario states any.

    SALs of the source ``outbound`` then come from the ramped reps.

    Parameters
    ----------
    compiled : Compiled
        Without reps.
    scenario : Scenario
        Settled.
    history : History, optional
        Its reps are those of as_of.

    Raises
    ------
    InputError
        Neither the scenario nor the history says how many reps there are, or what one can work.
    """
    if not scenario.reps.stated:
        return compiled
    staffing = compiled.calibration.staffing
    terms = rep_terms(scenario, staffing)
    draws = _Draws(scenario, staffing, compiled.plan.hazard.shape[0])
    capacity = _capacity(compiled, scenario, terms, draws, history)
    sals, rep_sals = _demand(compiled, scenario, terms, draws)
    plan = compiled.plan._replace(stream_sals=sals, stream_rep_sals=rep_sals)
    return replace(compiled, plan=plan, capacity=capacity)


@dataclass(frozen=True)
class _Draws:
    """Draws of the rates of reps: certain where the scenario states them."""

    scenario: Scenario
    staffing: StaffingCalibration | None
    n_draws: int

    def lever(self, name: str, segment: str) -> float:
        """Return what the levers multiply a quantity by."""
        return lever(self.scenario, name, segment)

    def uniforms(self, name: str) -> Floats:
        settings = self.scenario.simulation
        if not settings.rate_uncertainty:
            return np.full(self.n_draws, 0.5)
        return rate_uniforms(settings.seed, name, self.n_draws)[:, 0]

    def gamma(self, name: str, shape: float, rate: float) -> Floats:
        if shape <= 0.0 or not self.scenario.simulation.rate_uncertainty:
            return np.full(self.n_draws, shape / rate)
        return gamma_quantile(self.uniforms(name), np.full(self.n_draws, shape)) / rate

    def place(self, segment: str) -> int:
        """Return the place of a segment among those calibrated, -1 where it is not."""
        known = self.staffing.segments if self.staffing is not None else ()
        return known.index(segment) if segment in known else -1

    def leaves(self, terms: RepTerms) -> Floats:
        """Return the chance to leave in a month, shape (draw,)."""
        place, factor = self.place(terms.segment), self.lever("attrition", terms.segment)
        if terms.sources["attrition"] == "calibrated" and self.staffing is not None:
            shape, rate = self.staffing.attrition_shape[place], self.staffing.attrition_rate[place]
            per_month = self.gamma(f"attrition/{terms.segment}", float(shape), float(rate))
        elif terms.attrition >= 1.0:
            return np.full(self.n_draws, 1.0 if factor > 0.0 else 0.0)
        else:
            per_month = np.full(self.n_draws, -np.log1p(-terms.attrition) / 12.0)
        return np.asarray(-np.expm1(-per_month * factor))

    def slots(self, terms: RepTerms) -> Floats:
        """Return the open deals that a ramped rep can work, shape (draw,)."""
        factor = self.lever("open_deals_per_rep", terms.segment)
        if terms.sources["open_deals_per_rep"] != "calibrated" or self.staffing is None:
            return np.full(self.n_draws, terms.open_deals_per_rep * factor)
        value, low, high = self.staffing.open_deals[self.place(terms.segment)].tolist()
        log_sd = float(np.log(max(high, value) / max(low, 1e-9)) / DAYS_OF_80)
        deviation = ndtri(self.uniforms(f"open_deals/{terms.segment}")) * log_sd
        return np.asarray(value * np.exp(deviation) * factor)

    def ramp(self, segment: str) -> Floats:
        """Return the productivity by month of tenure, shape (draw, month)."""
        stated = self.scenario.reps.ramp
        if stated is None and self.staffing is not None and self.staffing.rep_months.any():
            curves = self._calibrated_ramp(self.staffing.ramp)
        else:
            curve = published_ramp() if stated is None else stated_ramp(stated)
            curves = np.tile(curve, (self.n_draws, 1))
        return stretched(curves, self.lever("ramp", segment))

    def _calibrated_ramp(self, ramp: RampCurve) -> Floats:
        # One uniform for the whole curve: reps ramp faster or slower than estimated, throughout.
        u = self.uniforms("ramp")
        bins = np.stack(
            [
                gamma_quantile(u, np.full(self.n_draws, shape)) / rate
                if self.scenario.simulation.rate_uncertainty
                else np.full(self.n_draws, shape / rate)
                for shape, rate in zip(ramp.shape, ramp.rate, strict=True)
            ],
            axis=1,
        )
        bins[:, -1] = 1.0
        rising = np.minimum(np.maximum.accumulate(bins, axis=1), 1.0)
        return np.asarray(rising[:, tenure_bin(np.arange(ramp.first_month[-1] + 1))])


def _capacity(
    compiled: Compiled,
    scenario: Scenario,
    terms: tuple[RepTerms, ...],
    draws: _Draws,
    history: History | None,
) -> CapacityPlan:
    n_segments, n_draws = len(compiled.segments), draws.n_draws
    where = {item.segment: compiled.segments.index(item.segment) for item in terms}
    first = int(compiled.horizon.months[0])
    seats = [
        seat
        for item in terms
        for seat in seats_of(
            item,
            where[item.segment],
            _employed(history, item.segment, first),
            scenario.reps.of(item.segment).hires or (),
            first,
        )
    ]
    limited = np.zeros(n_segments, dtype=np.int64)
    slots, patience = np.zeros((n_draws, n_segments)), np.zeros((n_draws, n_segments))
    backfill = np.ones((n_segments, LONGEST_WAIT))
    leaves = np.zeros((n_draws, n_segments))
    for item in terms:
        place = where[item.segment]
        limited[place] = 1
        slots[:, place] = draws.slots(item)
        patience[:, place] = np.log(2.0) / (item.patience_days * draws.lever("patience", item.segment))
        backfill[place] = wait_cdf(item.backfill_months)
        leaves[:, place] = draws.leaves(item)
    return CapacityPlan(
        limited=limited,
        **seat_arrays(seats, leaves),
        backfill_cdf=backfill,
        ramp=ramp_array([draws.ramp(name) for name in compiled.segments]),
        slots_per_rep=slots,
        patience=patience,
    )


def _employed(history: History | None, segment: str, first: int) -> pd.DataFrame:
    if history is None:
        return pd.DataFrame({"rep_id": [], "start": []})
    reps = roster(history.reps, (segment,))
    there = reps[(reps["end"] > first) & (reps["start"] <= first)]
    return there.sort_values(["start", "rep_id"], kind="stable")


def _demand(
    compiled: Compiled, scenario: Scenario, terms: tuple[RepTerms, ...], draws: _Draws
) -> tuple[Floats, Floats]:
    """Return SALs that come by themselves and SALs per ramped rep, each of shape (draw, stream, month)."""
    plan, arrivals = compiled.plan, compiled.calibration.arrivals
    sals, rep_sals = plan.stream_sals.copy(), plan.stream_rep_sals.copy()
    source = np.array(arrivals.source, dtype=object)
    for item in terms:
        rate = _own_sals(scenario, item.segment, draws)
        mine = np.flatnonzero(plan.stream_segment == compiled.segments.index(item.segment))
        if rate is None or not mine.size:
            continue
        own = mine[source[mine] == OUTBOUND]
        stream = int(own[0]) if own.size else int(mine[0])
        usual = compiled.rates.sals[:, stream, None]
        pattern = np.divide(
            plan.stream_sals[:, stream],
            usual,
            out=np.tile(compiled.horizon.month_share, (draws.n_draws, 1)),
            where=usual > 0.0,
        )
        rep_sals[:, stream] = rate[:, None] * pattern
        if own.size:
            sals[:, stream] = 0.0
    return sals, rep_sals


def _own_sals(scenario: Scenario, segment: str, draws: _Draws) -> Floats | None:
    """Return the SALs a month that a ramped rep sources, shape (draw,); None: not known, or none."""
    stated = scenario.reps.of(segment).self_sourced_sals_per_month
    if stated is not None:
        return np.full(draws.n_draws, stated) if stated > 0.0 else None
    place = draws.place(segment)
    if place < 0 or draws.staffing is None or draws.staffing.self_sourced_shape[place] <= 0.0:
        return None
    shape, rate = draws.staffing.self_sourced_shape[place], draws.staffing.self_sourced_rate[place]
    return draws.gamma(f"self_sourced/{segment}", float(shape), float(rate))
