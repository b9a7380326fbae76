"""Simulations with more heads, other effects or other owners, on the same random numbers.

Segments share no customer, no slot and no draw: a run with k more heads of a role in every segment at
once shows, path by path and exactly, what k more do in each.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from simulator.analysis.headcount.cost import RoleCosts, role_costs
from simulator.analysis.more_heads import drawn_anew, with_heads
from simulator.arrays import Floats, Ints
from simulator.engine.plan.capacity import with_reps
from simulator.engine.plan.coverage_effects import calibrated_effects
from simulator.engine.plan.customers import with_customers
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.people import with_people
from simulator.engine.plan.referrals import with_referrals
from simulator.engine.plan.service_coverage import Effect, effect_terms
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import Outcome, compile_deals, run
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.customers.flows import ARR_FLOWS, DRIVERS, FIRST_DRIVER, FIRST_SOLD
from simulator.kernels.flows import N_ORIGINS
from simulator.scenario.deal_terms import Source
from simulator.scenario.ownership import ACTIVITIES, AE, ActivityEffects, Worst
from simulator.scenario.schema import Scenario

SOURCES = get_args(Source)


@dataclass(frozen=True)
class HeadcountPaths:
    """What a run says of heads; all by path, period and segment, in scenario currency.

    Parameters
    ----------
    revenue, bookings_new, bookings_expansion, arr_closing, cohort_base, cohort_arr : Floats
    cost : Floats
        Of all roles at target pay; hiring is not in it.
    people : Floats, shape (path, period, segment, measure)
    rate_draw : ndarray of int64, shape (path,)
    """

    revenue: Floats
    bookings_new: Floats
    bookings_expansion: Floats
    arr_closing: Floats
    cohort_base: Floats
    cohort_arr: Floats
    cost: Floats
    people: Floats
    rate_draw: Ints


class HeadcountSimulation:
    """Compiles a scenario once, and simulates it with more heads, other effects or other owners.

    Parameters
    ----------
    prepared : Prepared
        Its scenario simulates roles.
    n_paths : int
    """

    def __init__(self, prepared: Prepared, n_paths: int) -> None:
        self.prepared, self.n_paths = prepared, n_paths
        self.scenario, self.history = prepared.scenario, prepared.history
        self.deals = compile_deals(self.scenario, prepared.calibration, prepared.history)
        self.whole = self._with_customers(self.scenario)
        self.calibrated = calibrated_effects(self.scenario, self.history)
        self.effects = effect_terms(self.scenario, self.calibrated)
        self.costs: RoleCosts = role_costs(self.scenario, prepared.calibration, self.history)

    def drawn_anew(self, number: int) -> HeadcountSimulation:
        """Return the same with other random numbers, rates included."""
        return HeadcountSimulation(drawn_anew(self.prepared, number), self.n_paths)

    @property
    def segments(self) -> tuple[str, ...]:
        """Names in axis order."""
        return self.deals.segments

    @property
    def months(self) -> Ints:
        """Month numbers simulated."""
        return self.deals.horizon.months

    def _with_customers(self, scenario: Scenario) -> Compiled:
        worked = with_reps(self.deals, scenario, self.history)
        return with_referrals(with_customers(worked, scenario, self.history), scenario)

    def compiled(
        self,
        scenario: Scenario,
        *,
        powers: Floats | None = None,
        cycle_months: Floats | None = None,
        sold_share: float | None = None,
        after_sale: Floats | None = None,
    ) -> Compiled:
        """Return a scenario that differs in reps, roles, owners or effects only, compiled.

        Parameters
        ----------
        scenario : Scenario
        powers : ndarray of float64, shape (segment, activity), optional
            That the effects are taken to.
        cycle_months : ndarray of float64, shape (segment,), optional
            In place of the sales cycles that there are.
        sold_share : float, optional
            Share of all growth that must be sold, in place of the one that there is.
        after_sale : ndarray of float64, shape (segment, 2), optional
            Share of the account executives' time that goes to customers, in place of the most that the
            scenario says, and share of them who source deals.
        """
        helper, own = self.scenario.effects.helper or AE, self.scenario
        as_they_are = scenario.reps == own.reps and scenario.roles.get(helper) == own.roles.get(helper)
        whole = self.whole if as_they_are else self._with_customers(scenario)
        if sold_share is not None:
            whole = replace(whole, customers=with_sold_share(whole.customers, sold_share))
        peopled = with_people(
            whole,
            scenario,
            self.history,
            observed=self.scenario,
            calibrated=self.calibrated,
            powers=powers,
            cycle_months=cycle_months,
        )
        return peopled if after_sale is None else _apart(peopled, after_sale)

    def simulate(self, scenario: Scenario, n_paths: int | None = None) -> HeadcountPaths:
        """Simulate a scenario that differs in reps, roles, owners or effects only."""
        return self.simulate_compiled(self.compiled(scenario), scenario, n_paths)

    def play(self, scenario: Scenario, n_paths: int | None = None) -> HeadcountPaths:
        """Do as `simulate`: the name of the version before, which works for one more."""
        warnings.warn("HeadcountSimulation.play is now simulate", DeprecationWarning, stacklevel=2)
        return self.simulate(scenario, n_paths)

    def simulate_compiled(
        self, compiled: Compiled, scenario: Scenario, n_paths: int | None = None
    ) -> HeadcountPaths:
        """Simulate what was compiled."""
        settings = scenario.with_simulation(paths=n_paths or self.n_paths, luck=True)
        outcome = run(compiled, settings, None)
        return self._paths(outcome, compiled, scenario)

    def _paths(self, outcome: Outcome, compiled: Compiled, scenario: Scenario) -> HeadcountPaths:
        flows = {name: outcome.arr_flows[..., place] for place, name in enumerate(ARR_FLOWS)}
        grown = flows["new"] + flows["reactivation"] - flows["contraction"] - flows["churn"]
        grown = grown + outcome.arr_flows[..., FIRST_DRIVER : FIRST_DRIVER + len(DRIVERS)].sum(axis=-1)
        won = outcome.flows[..., :N_ORIGINS].sum(axis=-1)
        costs = (
            self.costs
            if scenario is self.scenario
            else role_costs(scenario, self.prepared.calibration, self.history)
        )
        return HeadcountPaths(
            revenue=flows["revenue"],
            bookings_new=won,
            bookings_expansion=flows["bookings_expansion"],
            arr_closing=compiled.opening / 100.0 + np.cumsum(grown, axis=1),
            cohort_base=flows["cohort_base"],
            cohort_arr=flows["cohort_arr"],
            cost=costs.by_period(outcome.people, flows["bookings_expansion"]),
            people=outcome.people,
            rate_draw=outcome.draws,
        )

    def with_hires(self, scenario: Scenario, role: str, count: int, start: int) -> Scenario:
        """Return a scenario with this many more heads of a role in every segment that the role works."""
        if count == 0:
            return scenario
        limited = [name for name in scenario.segments if role != AE or scenario.reps.limits(name)]
        return with_heads(scenario, role, dict.fromkeys(limited, count), start)

    def with_effects(self, values: Mapping[str, float | None]) -> Scenario:
        """Return the scenario with some effects stated for certain; the others as they are.

        Parameters
        ----------
        values : mapping of str to float
            Factor at no coverage by name, such as ``adoption.churn``.
        """
        return scenario_with_effects(self.scenario, self.effects, values)


def scenario_with_effects(
    scenario: Scenario, effects: tuple[Effect, ...], values: Mapping[str, float | None]
) -> Scenario:
    """Return a scenario that states every effect in force, some of them with certain values."""
    changed = {}
    for activity in ACTIVITIES:
        stated: dict[str, Any] = {}
        for effect in effects:
            if effect.activity == activity:
                value = values.get(effect.name)
                certain = value is not None
                source: Any = effect.source if effect.source in SOURCES else None
                stated[effect.target] = Worst.model_construct(
                    value=effect.value if value is None else value,
                    low=None if certain else effect.low,
                    high=None if certain else effect.high,
                    source=source,
                )
        changed[activity] = ActivityEffects.model_construct(**stated)
    return scenario.replace(effects=scenario.effects.model_copy(update=changed))


def _apart(compiled: Compiled, after_sale: Floats) -> Compiled:
    """Return a plan in which some of the account executives are there for customers, and source no deals."""
    plan, time, sources = compiled.plan, after_sale[:, 0].copy(), after_sale[:, 1]
    less = (sources**compiled.capacity.sourcing_power)[:, plan.stream_segment, None]
    return replace(
        compiled,
        plan=plan._replace(stream_rep_sals=plan.stream_rep_sals * less),
        people=compiled.people._replace(customer_time=time),
    )


def with_sold_share(plan: CustomerPlan, share: float) -> CustomerPlan:
    """Return a plan in which a share of all growth events are deals that must be sold."""
    by_driver = np.diff(plan.driver_cdf, axis=-1, prepend=0.0)
    own, sold = by_driver[..., :FIRST_SOLD], by_driver[..., FIRST_SOLD:]
    parts = []
    for part, wanted in ((own, 1.0 - share), (sold, share)):
        total = part.sum(axis=-1, keepdims=True)
        even = np.full_like(part, 1.0 / part.shape[-1])
        mix = np.divide(part, total, out=even, where=total > 0.0)
        parts.append(mix * wanted)
    cdf = np.cumsum(np.concatenate(parts, axis=-1), axis=-1)
    cdf[..., -1] = 1.0
    return plan._replace(driver_cdf=cdf)
