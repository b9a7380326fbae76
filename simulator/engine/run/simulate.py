"""Run the kernels over all paths; the result does not depend on where, nor on how many threads."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints
from simulator.calibration.calibration import Calibration
from simulator.engine.paths import Paths
from simulator.engine.plan.capacity import with_reps
from simulator.engine.plan.coverage_effects import calibrated_effects
from simulator.engine.plan.customers import with_customers
from simulator.engine.plan.deals import CENTS, Compiled, compile_scenario
from simulator.engine.plan.people import with_people
from simulator.engine.plan.position import Position, position
from simulator.engine.plan.referrals import with_referrals
from simulator.engine.run.batches import BLOCK, Job
from simulator.engine.run.executor import executor
from simulator.engine.run.more_slippage import reach_slippage
from simulator.engine.run.result_buffer import Store
from simulator.errors import InputError
from simulator.fiscal import month_number, month_start_day
from simulator.history.states import deal_states, open_deals
from simulator.history.tables import History
from simulator.kernels.block import simulate_block
from simulator.kernels.cache import KEPT, is_kept
from simulator.kernels.customers.flows import ARR_FLOWS
from simulator.kernels.flows import FLOWS, TIME_FLOWS
from simulator.kernels.workspace import grain_of
from simulator.scenario.schema import Scenario

Progress = Callable[[int, int], None]

MOST_EXPECTED_SALS = 80_000
"""Of one stream in one month: their keys have 17 bits, and months scatter."""
LUCK_AVERAGED = 50
"""With luck switched off, each reported path is the mean of this many simulations, the same for all."""

IS_MONEY = np.array([not name.startswith("n_") and name not in TIME_FLOWS for name in FLOWS])
IS_ARR_MONEY = np.array([not name.startswith("n_") for name in ARR_FLOWS])


def simulate(
    scenario: Scenario,
    calibration: Calibration | None,
    history: History | None,
    *,
    progress: Progress | None = None,
) -> Paths:
    """Simulate a scenario.

    Parameters
    ----------
    scenario : Scenario
    calibration : Calibration, optional
        None: the scenario states its rates itself.
    history : History, optional
        As of the scenario's day; gives the open deals and what is already booked. None: the
        scenario lists its open deals.
    progress : callable, optional
        Called with (paths done, paths in all) as blocks finish.

    Raises
    ------
    InputError
        The scenario cannot be compiled, for instance because there is nothing to simulate.
    """
    return simulate_compiled(compile_plan(scenario, calibration, history), scenario, history, progress)


def compile_plan(scenario: Scenario, calibration: Calibration | None, history: History | None) -> Compiled:
    """Return a scenario compiled: deals, reps, customers and people (parameters as of `simulate`).

    Raises
    ------
    InputError
        The scenario cannot be compiled.
    """
    deals = compile_worked_deals(scenario, calibration, history)
    return complete_plan(deals, scenario, history)


def complete_plan(deals: Compiled, scenario: Scenario, history: History | None) -> Compiled:
    """Return compiled deals and reps with customers, what they refer, and who looks after them."""
    customers = with_referrals(with_customers(deals, scenario, history), scenario)
    if not scenario.simulates_roles:
        return customers
    return with_people(customers, scenario, history, calibrated=calibrated_effects(scenario, history))


def compile_worked_deals(
    scenario: Scenario, calibration: Calibration | None, history: History | None
) -> Compiled:
    """Return a scenario's deals and reps compiled, without customers (parameters as of `simulate`)."""
    return with_reps(compile_deals(scenario, calibration, history), scenario, history)


def without_shock(compiled: Compiled) -> Compiled:
    """Return the same plan without the shocks that quarters share."""
    return replace(compiled, plan=compiled.plan._replace(shock_sd=np.zeros(2), pull=np.zeros((0, 2))))


def simulate_compiled(
    compiled: Compiled, scenario: Scenario, history: History | None, progress: Progress | None = None
) -> Paths:
    """Simulate what `compile_plan` made of a scenario; further parameters as of `simulate`."""
    outcome = run(compiled, scenario, progress)
    here: Position = position(compiled, history)
    ahead = compiled.horizon
    has_customers = outcome.arr_flows.shape[1] > 0
    return Paths(
        scenario=scenario.name,
        currency=scenario.currency,
        as_of=ahead.as_of,
        calendar=scenario.fiscal_calendar(),
        months=ahead.months,
        quarters=ahead.quarters,
        partial=ahead.partial,
        segments=compiled.segments,
        flows=outcome.flows,
        monthly_bookings=outcome.bookings[..., 0],
        booked=here.booked,
        n_booked=here.n_booked,
        open_amount=here.open_amount,
        due_amount=here.due_amount,
        due_by_month=here.due_by_month,
        past_due_amount=here.past_due_amount,
        n_past_due=here.n_past_due,
        n_open=here.n_open,
        rate_draw=outcome.draws,
        open_deals=tuple(compiled.open_deals["opportunity_id"].astype(str)),
        open_wins=outcome.wins,
        open_tally=outcome.tally,
        n_averaged=outcome.n_averaged,
        roles=compiled.roles,
        people=outcome.people if compiled.roles else None,
        arr_flows=outcome.arr_flows if has_customers else None,
        arr_opening=compiled.opening / CENTS if has_customers else None,
        n_customers=compiled.n_customers if has_customers else None,
        booked_by_customers=compiled.booked_by_customers if has_customers else None,
        monthly_customer_bookings=outcome.bookings[..., 1:] if has_customers else None,
    )


def compile_deals(scenario: Scenario, calibration: Calibration | None, history: History | None) -> Compiled:
    """Return a scenario's deals compiled, without reps and customers (parameters as of `simulate`).

    Raises
    ------
    InputError
        There is nothing to simulate, or a lever cannot be applied.
    """
    as_of = scenario.as_of or (history.as_of if history is not None else dt.date.today())
    deals = open_deals(history, deal_states(history)) if history is not None else listed_deals(scenario)
    compiled = compile_scenario(scenario, calibration, deals, as_of)
    if not compiled.segments:
        raise InputError.of(
            scenario.name, "there are no segments", "Give a history or 'segments' with rates."
        )
    most = float(compiled.plan.stream_sals.max(initial=0.0))
    if most > MOST_EXPECTED_SALS:
        raise InputError.of(
            scenario.name,
            f"{most:,.0f} SALs are expected from one source in one month; "
            f"more than {MOST_EXPECTED_SALS:,} cannot be distinguished",
            "Split the segment or the source, or check the unit of its SALs.",
        )

    def piloted(pilot: Scenario) -> Floats:
        return run(compile_scenario(pilot, calibration, deals, as_of), pilot, None).flows

    reaching = reach_slippage(scenario, compiled.segments, piloted)
    return compiled if reaching is scenario else compile_scenario(reaching, calibration, deals, as_of)


@dataclass(frozen=True)
class Outcome:
    """What the kernels return, money in scenario currency; axes as in ``Paths``."""

    flows: Floats
    arr_flows: Floats
    bookings: Floats
    wins: Ints
    tally: Floats
    draws: Ints
    n_averaged: int
    people: Floats


def run(compiled: Compiled, scenario: Scenario, progress: Progress | None, first_path: int = 0) -> Outcome:
    """Run the kernels over all paths. Path p uses rate draw p modulo their number.

    ``first_path`` continues an earlier run of this many paths.
    """
    settings = scenario.simulation
    averaged = 1 if settings.luck else min(LUCK_AVERAGED, settings.paths)
    n_paths = max(1, settings.paths // averaged)
    job = Job.of(compiled, settings.seed, averaged)
    store = Store(job.shapes(n_paths))
    units: tuple[Any, ...] = (np.where(IS_MONEY, CENTS, 1.0), np.where(IS_ARR_MONEY, CENTS, 1.0), CENTS, 1.0)
    wins, tally = job.empty_sums()
    draws = job.draws(np.arange(first_path, first_path + n_paths))
    done, size = 0, min(BLOCK, -(-n_paths // (settings.threads or os.cpu_count() or 1)))
    for block in executor().simulate(job, job.tasks(first_path, n_paths, size), settings.threads):
        parts = [part / unit for part, unit in zip(block.by_path, units, strict=True)]
        store.put(block.paths - first_path, parts)
        wins += block.sums[0]
        tally += block.sums[1]
        done += block.paths.size
        if progress is not None:
            progress(done, n_paths)
    means = tally / np.array([CENTS, CENTS / grain_of(compiled.plan), 1.0]) / (n_paths * averaged)
    # With averaged simulations the second sum has one product for all simulations of a path.
    means[..., 1] *= averaged
    flows, arr_flows, bookings, people = store.arrays
    return Outcome(flows, arr_flows, bookings, wins, means, draws, averaged, people)


def kernels_are_compiled() -> bool:
    """Return whether the kernels were compiled before on this machine and need only be loaded."""
    return is_kept(simulate_block)


def compilation_note() -> str:
    """Return what to say while the kernels are compiled."""
    if KEPT:
        return "Compiling the simulation for this machine; only the first run waits for it …"
    return (
        "Compiling the simulation; there is no folder to keep it in, so every run does so. "
        "Name one that can be written to in NUMBA_CACHE_DIR …"
    )


def listed_deals(scenario: Scenario) -> pd.DataFrame:
    """Return the open deals that a scenario lists, in the columns of ``history.states.open_deals``."""
    as_of = scenario.as_of or dt.date.today()
    deals = scenario.open_deals
    months = np.array([month_number(as_of) - deal.age_months for deal in deals], dtype=np.int64)
    closes = [deal.close_date for deal in deals]
    table = {
        "opportunity_id": [deal.id for deal in deals],
        "segment": [deal.segment for deal in deals],
        "category": [deal.category for deal in deals],
        "late": [0 for _ in deals],
        "entered": month_start_day(months),
        "close_month": [month_number(close) if close is not None else -1 for close in closes],
        "past_due": np.array([close is not None and close < as_of for close in closes], dtype=bool),
        "pushes": [deal.pushes for deal in deals],
        "amount": [deal.amount for deal in deals],
    }
    return pd.DataFrame(table)
