"""From the P50 of one day to that of a later one: what happened in between, step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.analysis.compare.bridge import steps_table
from simulator.analysis.steps import Progress
from simulator.arrays import Floats, Ints
from simulator.calibration.calibration import Calibration
from simulator.engine.plan.capacity import with_reps
from simulator.engine.plan.customers import with_customers
from simulator.engine.plan.deals import compile_scenario
from simulator.engine.plan.horizon import horizon
from simulator.engine.plan.referrals import with_referrals
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import run
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar, month_numbers
from simulator.history.states import deal_states, open_deals
from simulator.history.tables import History
from simulator.kernels.flows import N_ORIGINS
from simulator.scenario.schema import Scenario

STEPS = {
    "time": "days gone by",
    "closed": "won and lost",
    "new": "new deals",
    "slipped": "close dates",
    "moved": "stages",
    "amounts": "amounts",
    "rates": "rates and reps",
    "edits": "scenario edits",
}
"""What is attributed, in the order in which it is made, and its label."""

WORDS = {
    "time": "as if nothing had happened in between: deals got older, dates came nearer, nobody signed",
    "closed": "deals open then that were won (now booked) or lost",
    "new": "deals qualified since, those already won too",
    "slipped": "close dates and pushes of deals open on both days",
    "moved": "forecast categories and stages of deals open on both days",
    "amounts": "amounts of deals open on both days",
    "rates": "rates, effects and reps as known now instead of then",
    "edits": "what the later scenario says differently",
}

DATES, STAGES = ["close_month", "pushes"], ["category", "late", "entered"]


@dataclass(frozen=True)
class World:
    """One mixture of then and now: a scenario, its rates, its people, open deals and what is booked."""

    scenario: Scenario
    calibration: Calibration | None
    history: History
    deals: pd.DataFrame
    wins: pd.DataFrame


def attribute(before: Prepared, after: Prepared, progress: Progress | None = None) -> pd.DataFrame:
    """Return the P50 of total new-business bookings after each thing that happened between two days.

    Open deals keep their random numbers by name, so that each step changes only what it is about. The steps
    are made one after the other in the order of ``STEPS`` (another order would share out what they do
    together differently) and add up to the change of the P50 exactly: the first is the forecast of the
    earlier day, the last that of the later one.

    Parameters
    ----------
    before, after : Prepared
        With a history each; ``after`` as of the same day or a later one. Simulated with the paths, the seed
        and the quarters of ``after``.
    progress : callable, optional
        Called with (steps done, steps in all).

    Returns
    -------
    DataFrame
        The columns of `bridge`: period (each quarter of ``after``, then the horizon), step, label, words,
        p50, change, error. Steps that change nothing are kept, at 0.

    Raises
    ------
    InputError
        A scenario has no history, or the days are the wrong way round.
    """
    quarters = _check(before, after)
    worlds = _worlds(before, after)
    names = {name: label for name, label in STEPS.items() if name in worlds}
    said = [(f"{before.scenario.as_of}", ""), *((label, WORDS[name]) for name, label in names.items())]
    steps, draws = [], np.zeros(0, dtype=np.int64)
    for place, world in enumerate(worlds.values()):
        totals, draws = _totals(world, quarters)
        steps.append((*said[place], totals))
        if progress is not None:
            progress(place + 1, len(worlds))
    calendar = after.scenario.fiscal_calendar()
    return steps_table(steps, tuple(calendar.quarter_label(int(quarter)) for quarter in quarters), draws)


def _check(before: Prepared, after: Prepared) -> Ints:
    """Return the quarters of the later day; refuse what has no history or goes back in time."""
    for item in (before, after):
        if item.history is None:
            what = "has no history, so nothing is known of what happened between two days"
            raise InputError.of(item.scenario.name, what, "Name a 'history' in the scenario.")
    then, now = before.scenario.as_of, after.scenario.as_of
    if then is None or now is None or then > now:
        what = f"the first forecast is as of {then}, the second as of {now}"
        raise InputError.of("compare", what, "Name the earlier one first.")
    return horizon(now, after.scenario.fiscal_calendar(), after.scenario.horizon_quarters).quarters


def _worlds(before: Prepared, after: Prepared) -> dict[str, World]:
    then, now = _stand(before), _stand(after)
    old, new = then.deals.set_index("opportunity_id"), now.deals.set_index("opportunity_id")
    kept = old.index.intersection(new.index)
    known = set(before.history.opportunities["opportunity_id"]) if before.history is not None else set()
    first = replace(then, scenario=_on_ground(before.scenario, after.scenario))
    # The same world seen from the later day.
    passed = replace(first, scenario=first.scenario.replace(as_of=after.scenario.as_of))
    wins_of_old = now.wins[now.wins["opportunity_id"].isin(known)]
    mixed = old.loc[kept]
    worlds = {"start": first, "time": replace(passed, wins=then.wins)}
    worlds["closed"] = replace(passed, deals=_table(mixed), wins=wins_of_old)
    fresh = new.loc[new.index.difference(old.index, sort=False)]
    # Reps as of then, deals as of now: who gets attention first depends on who owns a deal, new ones too.
    passed = replace(passed, history=replace(then.history, opportunities=now.history.opportunities))
    for name, columns in (("new", []), ("slipped", DATES), ("moved", STAGES), ("amounts", ["amount"])):
        mixed = mixed.assign(**{column: new.loc[kept, column] for column in columns})
        worlds[name] = replace(passed, deals=_table(pd.concat([mixed, fresh])), wins=now.wins)
    worlds["rates"] = replace(now, scenario=passed.scenario)
    worlds["edits"] = now
    return worlds


def _table(deals: pd.DataFrame) -> pd.DataFrame:
    table = deals.rename_axis("opportunity_id").reset_index()
    whole = dict.fromkeys(("category", "late", "close_month", "pushes"), "int64")
    return table.astype(whole)


def _stand(prepared: Prepared) -> World:
    """Return how a company stands on the day of its scenario."""
    history = prepared.history
    if history is None:
        raise ValueError("a history is needed")
    deals = history.opportunities
    wins = deals[(deals["outcome"] == "won") & deals["closed_date"].notna()]
    return World(
        prepared.scenario,
        prepared.calibration,
        history,
        open_deals(history, deal_states(history)),
        wins[["opportunity_id", "segment", "closed_date", "amount"]],
    )


def _on_ground(scenario: Scenario, other: Scenario) -> Scenario:
    """Return the earlier scenario with the seed and paths of the later one, and as far ahead as that."""
    calendar = other.fiscal_calendar()
    then, now = (
        horizon(item.as_of, calendar, 1).quarters[0] for item in (scenario, other) if item.as_of is not None
    )
    ahead = other.horizon_quarters + int(now - then)
    return scenario.replace(simulation=other.simulation, horizon_quarters=ahead)


def _totals(world: World, quarters: Ints) -> tuple[Floats, Ints]:
    """Return bookings of all segments together, shape (path, quarter), and the rate draw of each path."""
    scenario, calendar = world.scenario, world.scenario.fiscal_calendar()
    as_of = scenario.as_of
    if as_of is None:
        raise ValueError("the as-of date is not known yet")
    first = int(horizon(as_of, calendar, 1).quarters[0])
    scenario = scenario.replace(horizon_quarters=int(quarters[-1]) - first + 1)
    compiled = compile_scenario(scenario, world.calibration, world.deals, as_of)
    compiled = with_reps(compiled, scenario, world.history)
    if _lives_with_customers(scenario):
        compiled = with_referrals(with_customers(compiled, scenario, world.history), scenario)
    outcome = run(compiled, scenario, None)
    totals = outcome.flows[..., :N_ORIGINS].sum(axis=(2, 3))[:, int(quarters[0]) - first :]
    return totals + _booked(world.wins, compiled.segments, quarters, calendar), outcome.draws


def _lives_with_customers(scenario: Scenario) -> bool:
    """Return whether new business depends on customers, so that these must be simulated too."""
    return bool(scenario.customers.simulate and (scenario.referrals.stated or scenario.simulates_roles))


def _booked(
    wins: pd.DataFrame, segments: tuple[str, ...], quarters: Ints, calendar: FiscalCalendar
) -> Floats:
    """Return what of each quarter is signed already, shape (quarter,)."""
    known = wins[wins["segment"].isin(segments)]
    months = month_numbers(known["closed_date"].to_numpy().astype("datetime64[D]"))
    when = calendar.quarter(months)
    amount = known["amount"].fillna(0.0).to_numpy(np.float64)
    return np.array([amount[when == quarter].sum() for quarter in quarters])
