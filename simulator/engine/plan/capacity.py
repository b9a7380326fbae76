"""Reps of a scenario, as arrays for the kernels: seats, ramp, slots, patience, SALs of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from simulator.arrays import Floats, Ints
from simulator.calibration.funnel import OUTBOUND, PRIOR_POWER, PRIOR_POWER_SD
from simulator.calibration.posteriors import gamma_quantile
from simulator.calibration.ramp import RampCurve, published_ramp, tenure_bin
from simulator.calibration.roster import known_reps
from simulator.calibration.staffing import StaffingCalibration
from simulator.engine.keys import rate_uniforms
from simulator.engine.plan.attention import first_come
from simulator.engine.plan.before_sale import with_help
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.levels import demand_course
from simulator.engine.plan.neutral import as_they_stand
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
from simulator.recent import recent
from simulator.scenario.schema import Scenario

LEVERS = ("ramp", "attrition", "open_deals_per_rep", "patience")
DAYS_A_MONTH = 30.44


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
    sals, rep_sals = _demand(compiled, scenario, terms, draws, capacity.sourcing_power)
    plan = compiled.plan._replace(stream_sals=sals, stream_rep_sals=rep_sals)
    return with_help(replace(compiled, plan=plan, capacity=capacity), scenario, terms, history)


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
        """Return the open deals that a ramped rep can give full attention, shape (draw,).

        Certain: the rates at full attention are those that go with this number, and the product is what the
        history has seen.
        """
        factor = self.lever("open_deals_per_rep", terms.segment)
        return np.full(self.n_draws, terms.open_deals_per_rep * factor)

    def gives_up(self, terms: RepTerms) -> Floats:
        """Return the rate per day at which deals that wait give up, shape (draw,)."""
        factor = self.lever("patience", terms.segment)
        capacity = self.staffing.capacity if self.staffing is not None else None
        if terms.sources["patience_days"] != "calibrated" or capacity is None:
            return np.full(self.n_draws, np.log(2.0) / (terms.patience_days * factor))
        place = self.place(terms.segment)
        shape, days = capacity.given_up[place], capacity.waited_days[place]
        return self.gamma(f"patience/{terms.segment}", float(shape), float(days)) / factor

    def sourcing_power(self) -> Floats:
        """Return the power that the SALs which reps source grow with, shape (draw,)."""
        stated = self.scenario.reps.self_sourced_power
        if stated is not None:
            return np.full(self.n_draws, stated)
        power, sd = PRIOR_POWER, PRIOR_POWER_SD
        if self.staffing is not None:
            power, sd = self.staffing.self_sourced_power, self.staffing.self_sourced_power_sd
        if not self.scenario.simulation.rate_uncertainty:
            sd = 0.0
        deviation = ndtri(self.uniforms("self_sourced_power")) * sd if sd > 0.0 else 0.0
        return np.clip(power + deviation + np.zeros(self.n_draws), 0.0, 1.2)

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
    shared = np.zeros(n_segments, dtype=np.int64)
    slots, patience = np.zeros((n_draws, n_segments)), np.zeros((n_draws, n_segments))
    power = np.ones((n_draws, n_segments))
    backfill = np.ones((n_segments, LONGEST_WAIT))
    leaves = np.zeros((n_draws, n_segments))
    for item in terms:
        place = where[item.segment]
        limited[place] = 1
        slots[:, place] = draws.slots(item)
        shared[place] = int(not first_come(scenario, draws.staffing))
        patience[:, place] = draws.gives_up(item)
        power[:, place] = draws.sourcing_power()
        backfill[place] = wait_cdf(item.backfill_months)
        leaves[:, place] = draws.leaves(item)
    return CapacityPlan(
        limited=limited,
        shared=shared,
        open_order=_open_order(compiled, history),
        **seat_arrays(seats, leaves),
        backfill_cdf=backfill,
        ramp=ramp_array([draws.ramp(name) for name in compiled.segments]),
        slots_per_rep=slots,
        patience=patience,
        sourcing_power=power,
    )


def _open_order(compiled: Compiled, history: History | None) -> Ints:
    """Return which open deals of each segment get attention first: owned, begun to move, then oldest."""
    deals, first = compiled.open_deals, compiled.plan.open_first
    if history is None or deals.empty:
        return as_they_stand(compiled.plan)
    table = history.opportunities.set_index(history.opportunities["opportunity_id"].astype(object))
    mine = table.loc[deals["opportunity_id"].astype(object)]
    begun = mine["qualified_date"].fillna(mine["created_date"]).to_numpy()
    waits = mine["owner"].isna().to_numpy() & bool(table["owner"].notna().any())
    still = (compiled.plan.open_state[:, 1] == 0) & (compiled.plan.open_state[:, 2] == 0)
    order = np.lexsort((begun, still, waits, compiled.plan.open_state[:, 0]))
    return order - np.repeat(first[:-1], np.diff(first))


@recent(48)
def _employed(history: History | None, segment: str, first: int) -> pd.DataFrame:
    if history is None:
        return pd.DataFrame({"rep_id": [], "start": []})
    reps, _ = known_reps(history, (segment,))
    there = reps[(reps["end"] > first) & (reps["start"] <= first)]
    return there.sort_values(["start", "rep_id"], kind="stable")


def _demand(
    compiled: Compiled, scenario: Scenario, terms: tuple[RepTerms, ...], draws: _Draws, power: Floats
) -> tuple[Floats, Floats]:
    """Return SALs that come by themselves, and those that one ramped rep would source.

    Each of shape (draw, stream, month); the latter grow with the reps to a power, and are as measured where
    there are as many as there were. They do not follow the course of the company's SALs: what that rose
    because reps came would count twice.
    """
    plan, arrivals = compiled.plan, compiled.calibration.arrivals
    sals, rep_sals = plan.stream_sals.copy(), plan.stream_rep_sals.copy()
    source = np.array(arrivals.source, dtype=object)
    course = demand_course(scenario, compiled.calibration, compiled.rates, compiled.horizon.months.size)
    at_level = compiled.rates.sals[:, :, None] * course
    for item in terms:
        waiting = scenario.reps.of(item.segment).waiting_sals
        if waiting:
            _add_waiting(compiled, item, waiting, sals)
        rate = _own_sals(scenario, item.segment, draws)
        place = compiled.segments.index(item.segment)
        mine = np.flatnonzero(plan.stream_segment == place)
        if rate is None or not mine.size:
            continue
        own = mine[source[mine] == OUTBOUND]
        stream = int(own[0]) if own.size else int(mine[0])
        usual = at_level[:, stream]
        pattern = np.divide(
            plan.stream_sals[:, stream],
            usual,
            out=np.tile(compiled.horizon.month_share, (draws.n_draws, 1)),
            where=usual > 0.0,
        )
        usual_reps = _usual_reps(compiled, item, draws)
        rep_sals[:, stream] = (rate * usual_reps ** (1.0 - power[:, place]))[:, None] * pattern
        if own.size:
            sals[:, stream] = 0.0
    return sals, rep_sals


def _add_waiting(compiled: Compiled, terms: RepTerms, waiting: int, sals: Floats) -> None:
    """Add SALs that the CRM does not know: those that wait, and as many more as give up meanwhile."""
    plan, ahead = compiled.plan, compiled.horizon
    mine = np.flatnonzero(plan.stream_segment == compiled.segments.index(terms.segment))
    if mine.size:
        most = mine[np.argmax(plan.stream_sals[:, mine].mean(axis=(0, 2)))]
        days = np.diff(ahead.month_end, prepend=0.0)
        sals[:, most] += waiting * np.log(2.0) / terms.patience_days * days
        sals[:, most, 0] += waiting


def _usual_reps(compiled: Compiled, terms: RepTerms, draws: _Draws) -> float:
    """Return the ramped reps with whom the SALs that a rep sources were measured, or are stated."""
    place, staffing = draws.place(terms.segment), draws.staffing
    stated = draws.scenario.reps.of(terms.segment).self_sourced_sals_per_month is not None
    if stated or place < 0 or staffing is None:
        return max(float(terms.heads), 1.0)
    known = compiled.calibration
    months = (known.as_of - known.first_day).days / DAYS_A_MONTH
    return max(float(staffing.ramped_months[place]) / max(months, 1.0), 1.0)


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
