"""What a sensitivity analysis moves: every lever and assumption, how far, and why that far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from simulator.engine.plan.customer_levers import CUSTOMER_LEVERS
from simulator.engine.plan.roles import CALIBRATED, SCENARIO, rep_terms
from simulator.engine.prepare import Prepared
from simulator.scenario.levers import LEVERS, Lever

LEVER, ASSUMPTION = "lever", "assumption"
REP_LEVERS = ("ramp", "attrition", "open_deals_per_rep", "patience")
OWN = "as the scenario states"

DEFAULT_INTERVALS: Mapping[str, tuple[float, float, str]] = {
    "close_odds": (0.9, 1.1, "a tenth: what coaching or a rival's launch can do within a year"),
    "no_decision": (0.9, 1.1, "a tenth, as for winning"),
    "competitive_losses": (0.9, 1.1, "a tenth, as for winning"),
    "velocity": (0.9, 1.1, "a tenth: steps that customers take are hard to hurry"),
    "slippage": (0.8, 1.2, "a fifth: the habit of dating deals changes faster than deals"),
    "push_length": (0.8, 1.2, "a fifth, as for slippage"),
    "pull_ins": (0.8, 1.2, "a fifth, as for slippage"),
    "sals": (0.8, 1.2, "a fifth: demand moves with budgets and campaigns"),
    "amount": (0.9, 1.1, "a tenth: the mix of deals moves slowly"),
    "close_multiplier": (0.95, 1.05, "a twentieth: discount policy moves prices by points"),
    "churn": (0.8, 1.25, "a quarter of the odds either way"),
    "expansion": (0.8, 1.25, "a quarter either way"),
    "contraction": (0.8, 1.25, "a quarter either way"),
    "price_rise": (0.5, 1.5, "a half: a decision of pricing"),
    "time_to_value": (0.75, 1.33, "a quarter shorter to a third longer"),
    "ramp": (0.75, 1.33, "a quarter shorter to a third longer: tenure data are thin"),
    "attrition": (0.7, 1.4, "as wide as published failure rates of new reps (25 to 40 %)"),
    "open_deals_per_rep": (0.8, 1.25, "a quarter: what a rep can work is seldom measured"),
    "patience": (0.5, 2.0, "half to double: how long buyers wait is hardly ever measured"),
}
"""Lowest and highest factor of each lever and why, where the scenario's ``sensitivity`` says nothing.

They are conventions to rank levers by, no estimates: state your own where you know better.
"""


@dataclass(frozen=True)
class Input:
    """One thing to move.

    Parameters
    ----------
    name : str
    kind : str
        ``lever`` or ``assumption``.
    low, high : float
        Factors on what the scenario has now.
    reason : str
        Why this far.
    apply : callable
        Returns the prepared scenario with the thing moved by a factor.
    """

    name: str
    kind: str
    low: float
    high: float
    reason: str
    apply: Callable[[Prepared, float], Prepared]


def lever_input(name: str, prepared: Prepared) -> Input:
    """Return a lever as an input over the interval that the scenario states, else the default one."""

    def apply(item: Prepared, factor: float) -> Prepared:
        return replace(item, scenario=item.scenario.with_levers(Lever(name, factor)))

    if name in prepared.scenario.sensitivity:
        low, high = prepared.scenario.sensitivity[name]
        return Input(name, LEVER, low, high, OWN, apply)
    low, high, reason = DEFAULT_INTERVALS[name]
    return Input(name, LEVER, low, high, reason + _rests_on(name, prepared), apply)


def list_inputs(prepared: Prepared, *, with_customers: bool) -> tuple[Input, ...]:
    """Return every lever and assumption that can move a figure of the scenario.

    Levers of reps only where reps are simulated; levers of customers only ``with_customers``.
    """
    names = [
        name
        for name in LEVERS
        if (name not in REP_LEVERS or prepared.scenario.reps.stated)
        and (name not in CUSTOMER_LEVERS or with_customers)
    ]
    return (*(lever_input(name, prepared) for name in names), *_assumptions(prepared))


def _rests_on(name: str, prepared: Prepared) -> str:
    """Return what a rep lever's own value rests on, where that is no estimate from the history."""
    key = {"attrition": "attrition", "open_deals_per_rep": "open_deals_per_rep", "patience": "patience_days"}
    if name not in key:
        return ""
    staffing = prepared.calibration.staffing if prepared.calibration is not None else None
    sources = dict.fromkeys(terms.sources[key[name]] for terms in rep_terms(prepared.scenario, staffing))
    told = [source for source in sources if source not in (SCENARIO, CALIBRATED)]
    return f"; {told[0]}" if told else ""


def _assumptions(prepared: Prepared) -> list[Input]:
    inputs = []
    if prepared.scenario.reps.stated:
        why = "half to double: open seats are filled sooner or later than assumed"
        inputs.append(Input("backfill_months", ASSUMPTION, 0.5, 2.0, why, _with_backfill))
    if prepared.has_shock:
        why = "none to double: few quarters tell how much all deals share"
        inputs.append(Input("shared_shock", ASSUMPTION, 0.0, 2.0, why, _with_shock))
    return inputs


def _with_backfill(item: Prepared, factor: float) -> Prepared:
    staffing = item.calibration.staffing if item.calibration is not None else None
    reps = item.scenario.reps
    for terms in rep_terms(item.scenario, staffing):
        reps = reps.with_people(terms.segment, backfill_months=terms.backfill_months * factor)
    scenario = item.scenario.replace(reps=reps)
    return replace(item, scenario=scenario)


def _with_shock(item: Prepared, factor: float) -> Prepared:
    rates = item.calibration
    if rates is None:
        return item
    close, demand = rates.shock_close * factor, rates.shock_demand * factor
    return replace(item, calibration=replace(rates, shock_close=close, shock_demand=demand))
