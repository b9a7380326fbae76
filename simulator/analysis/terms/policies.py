"""Policies of the deal desk, simulated: what is signed in a window, and what it brings for years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulator.analysis.steps import Progress
from simulator.arrays import Floats, Ints
from simulator.engine.plan.concessions import concession_plan, promises
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.roles import gross_margin
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import compile_plan, run
from simulator.errors import InputError
from simulator.kernels.customers.flows import ARR_FLOWS
from simulator.kernels.flows import FLOWS, N_ORIGINS
from simulator.scenario.deal_terms import Terms
from simulator.scenario.levers import Lever
from simulator.scenario.schema import Scenario
from simulator.scenario.settled import horizon

NONE, STATED, STRICT, PLAN = "no concessions", "as stated", "strict desk", "success plan"
COUNTS = ("n_won", "n_conceded", "discount", "delivery_cost")


def alone(name: str) -> str:
    """Return the name of the policy that grants one concession only."""
    return f"{name} alone"


def policies(terms: Terms) -> dict[str, Terms]:
    """Return the policies to compare, by name; the first one concedes nothing and asks for no plan."""
    found = {NONE: _granting(terms, {}, gate=False)}
    if terms.concessions:
        as_stated = {item.name: terms.granted(item) for item in terms.concessions}
        found[STATED] = _granting(terms, as_stated, gate=None)
        if len(terms.concessions) > 1:
            for item in terms.concessions:
                found[alone(item.name)] = _granting(terms, {item.name: as_stated[item.name]}, gate=False)
        strict = {name: min(share, terms.strict_desk) for name, share in as_stated.items()}
        found[STRICT] = _granting(terms, strict, gate=None)
    if terms.success_plan is not None:
        found[PLAN] = _granting(terms, {}, gate=True)
    return found


def _granting(terms: Terms, shares: Mapping[str, float], *, gate: bool | None) -> Terms:
    """Return terms that grant these shares; a plan for every deal, for none, or (None) as stated."""
    items = tuple(c.model_copy(update={"approved": shares.get(c.name, 0.0)}) for c in terms.concessions)
    plan = terms.success_plan
    if plan is not None and gate is not None:
        plan = plan.model_copy(update={"deals": 1.0 if gate else 0.0})
    return terms.model_copy(update={"concessions": items, "success_plan": plan})


@dataclass(frozen=True)
class PolicyPaths:
    """The same simulations under one policy.

    Parameters
    ----------
    bookings : ndarray of float64, shape (path, period)
        New-business bookings of every quarter, window and run-off. Unit: currency.
    value : ndarray of float64, shape (path, period)
        Gross margin on the revenue of the customers followed, less the cost of delivering what was
        promised, discounted. Unit: currency.
    counts : mapping of str to ndarray of float64, shape (path, period)
        Signatures, signatures with a concession, discounts, delivery cost.
    rate_draw : ndarray of int64, shape (path,)
    """

    bookings: Floats
    value: Floats
    counts: Mapping[str, Floats]
    rate_draw: Ints


class TermsLab:
    """Compiles a scenario once and simulates it under any policy, on the same random numbers.

    New demand ends with the scenario's own horizon (the window); what is open then runs off, and the
    customers signed are followed for the years of ``terms.value_years`` beyond it.

    Parameters
    ----------
    prepared : Prepared
        Its scenario states terms.

    Raises
    ------
    InputError
        No terms are stated, or no customers are known, whose value terms could change.
    """

    def __init__(self, prepared: Prepared) -> None:
        scenario = prepared.scenario
        where = scenario.places.get(("terms",), f"scenario {scenario.name}")
        if not scenario.terms.stated:
            raise InputError.of(
                where,
                "no deal terms are stated, so there is nothing to compare",
                "Add 'terms: {success_plan: {deals: 0%, days: 12}}', or concessions as in base.yaml.",
            )
        self.window = scenario.horizon_quarters
        long = _long(scenario)
        compiled = compile_plan(long, prepared.calibration, prepared.history)
        if compiled.customers.terms.size == 0:
            raise InputError.of(
                where,
                "nothing is known of customers, so what terms do to them later cannot be valued",
                "Add customers.csv and arr_changes.csv to the history, or rates under 'segments', and leave "
                "customers on.",
            )
        self.compiled = compiled if scenario.referrals.stated else _new_customers_only(compiled)
        self.scenario = long
        self.margin, self.margin_source = _margin(scenario)

    @property
    def periods(self) -> tuple[str, ...]:
        """Names of the quarters simulated: the window, then the run-off."""
        calendar = self.scenario.fiscal_calendar()
        return tuple(calendar.quarter_label(int(q)) for q in self.compiled.horizon.quarters)

    def simulate(self, terms: Terms, n_paths: int, progress: Progress | None = None) -> PolicyPaths:
        """Simulate one policy."""
        compiled = self.compiled
        plan = compiled.plan._replace(concessions=concession_plan(terms, compiled.segments))
        customers = compiled.customers._replace(promises=promises(terms, compiled.segments))
        scenario = self.scenario.with_simulation(paths=n_paths, luck=True)
        outcome = run(replace(compiled, plan=plan, customers=customers), scenario, progress)
        flows = {name: outcome.flows[..., FLOWS.index(name)].sum(axis=2) for name in COUNTS}
        revenue = outcome.arr_flows[..., ARR_FLOWS.index("revenue")].sum(axis=2)
        years = (np.arange(revenue.shape[1]) + 0.5) / 4.0
        worth = (1.0 + terms.discount_rate) ** -years
        return PolicyPaths(
            bookings=outcome.flows[..., :N_ORIGINS].sum(axis=(2, 3)),
            value=(revenue * self.margin - flows["delivery_cost"]) * worth,
            counts=flows,
            rate_draw=outcome.draws,
        )


def _long(scenario: Scenario) -> Scenario:
    """Return the scenario followed for years, without new demand after its own horizon."""
    calendar = scenario.fiscal_calendar()
    if scenario.as_of is None:
        raise ValueError("the as-of date is not known yet")
    first_after = int(calendar.first_month(horizon(scenario)[-1] + 1))
    years = scenario.terms.value_years
    no_more = Lever("sals", 0.0, from_month=first_after)
    # Customers are looked after as so far: who looks after them is another question.
    effects = scenario.effects.model_copy(update={"simulate": False})
    longer = scenario.replace(horizon_quarters=scenario.horizon_quarters + 4 * years, effects=effects)
    return longer.with_levers(no_more)


def _new_customers_only(compiled: Compiled) -> Compiled:
    """Return the same without the customers of as_of, who made no promise and go on as they would."""
    plan = compiled.customers
    none = plan._replace(
        entity=plan.entity[:0],
        state=plan.state[:0],
        time=plan.time[:0],
        money=plan.money[:0],
        base=plan.base[:0],
    )
    return replace(compiled, customers=none, opening=np.zeros_like(compiled.opening))


def _margin(scenario: Scenario) -> tuple[float, str]:
    stated = scenario.operating.gross_margin
    return (stated, "scenario") if stated is not None else gross_margin(scenario)
