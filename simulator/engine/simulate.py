"""Run the kernels over all paths on threads; the result does not depend on how many."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.calibration.calibration import Calibration
from simulator.engine.compile import CENTS, Compiled, compile_scenario
from simulator.engine.paths import Paths
from simulator.engine.position import Position, position
from simulator.errors import InputError
from simulator.history.states import deal_states, open_deals
from simulator.history.tables import History
from simulator.kernels.flows import FLOWS, N_FLOWS
from simulator.kernels.path import simulate_block
from simulator.scenario.schema import Scenario

Progress = Callable[[int, int], None]

BLOCK = 100
"""Paths per task: small enough for progress and for stopping soon."""

LUCK_AVERAGED = 50
"""With luck switched off, each reported path is the mean of this many futures, the same for all."""

COUNTS = np.array([name.startswith("n_") for name in FLOWS])


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
    as_of = scenario.as_of or (history.as_of if history is not None else dt.date.today())
    deals = open_deals(history, deal_states(history)) if history is not None else listed_deals(scenario)
    compiled = compile_scenario(scenario, calibration, deals, as_of)
    if not compiled.segments:
        raise InputError.of(scenario.name, "there are no segments", "Give a history or 'segments' with rates.")
    flows, bookings, wins, draws = run(compiled, scenario, progress)
    here: Position = position(compiled, history)
    ahead = compiled.horizon
    return Paths(
        scenario=scenario.name,
        currency=scenario.currency,
        as_of=as_of,
        calendar=scenario.fiscal_calendar(),
        months=ahead.months,
        quarters=ahead.quarters,
        partial=ahead.partial,
        segments=compiled.segments,
        flows=flows,
        monthly_bookings=bookings,
        booked=here.booked,
        n_booked=here.n_booked,
        open_amount=here.open_amount,
        due_amount=here.due_amount,
        n_open=here.n_open,
        rate_draw=draws,
        open_deals=tuple(compiled.open_deals["opportunity_id"].astype(str)),
        open_wins=wins,
        n_averaged=futures_per_path(scenario),
    )


def futures_per_path(scenario: Scenario) -> int:
    """Return how many futures each path is the mean of: 1, unless luck is switched off."""
    settings = scenario.simulation
    return 1 if settings.luck else min(LUCK_AVERAGED, settings.paths)


def run(
    compiled: Compiled, scenario: Scenario, progress: Progress | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return flows, monthly bookings, wins of the open deals, and the rate draw of each path.

    Money comes back in scenario currency. Path p uses rate draw p modulo their number.
    """
    settings = scenario.simulation
    averaged = futures_per_path(scenario)
    n_paths = max(1, settings.paths // averaged)
    n_draws = compiled.plan.hazard.shape[0]
    n_months, n_quarters = compiled.horizon.months.size, compiled.horizon.quarters.size
    n_segments = len(compiled.segments)
    flows = np.empty((n_paths, n_quarters, n_segments, N_FLOWS))
    bookings = np.empty((n_paths, n_months, n_segments))
    wins = np.zeros((len(compiled.open_deals), n_quarters), dtype=np.int64)
    draws = np.arange(n_paths, dtype=np.int64) % n_draws
    seed = np.uint64(settings.seed)

    def block(first: int) -> tuple[int, npt.NDArray[np.int64]]:
        rows = slice(first, min(first + BLOCK, n_paths))
        won = np.zeros_like(wins)
        simulate_block(
            compiled.plan, seed, first, averaged, draws[rows], flows[rows], bookings[rows], won
        )
        return rows.stop - rows.start, won

    done = 0
    n_threads = settings.threads or os.cpu_count() or 1
    with ThreadPoolExecutor(n_threads) as pool:
        waiting = {pool.submit(block, first) for first in range(0, n_paths, BLOCK)}
        try:
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for task in finished:
                    n_done, won = task.result()
                    wins += won
                    done += n_done
                if progress is not None:
                    progress(done, n_paths)
        except BaseException:
            for task in waiting:
                task.cancel()
            raise
    flows[..., ~COUNTS] /= CENTS
    bookings /= CENTS
    return flows, bookings, wins, draws


def kernels_are_compiled() -> bool:
    """Return whether the kernels were compiled before on this machine and need only be loaded."""
    cache = simulate_block._cache  # noqa: SLF001
    folder = cache._cache_path  # noqa: SLF001
    name = "path.simulate_block-"
    return os.path.isdir(folder) and any(
        entry.startswith(name) and entry.endswith(".nbi") for entry in os.listdir(folder)
    )


def listed_deals(scenario: Scenario) -> pd.DataFrame:
    """Return the open deals that a scenario lists, in the columns of ``history.states.open_deals``."""
    as_of = scenario.as_of or dt.date.today()
    month = as_of.year * 12 + as_of.month - 1
    rows = []
    for deal in scenario.open_deals:
        entered = month - deal.age_months
        close = deal.close_date
        rows.append(
            {
                "opportunity_id": deal.id,
                "segment": deal.segment,
                "category": deal.category,
                "late": 0,
                "entered": float((dt.date(entered // 12, entered % 12 + 1, 1) - dt.date(1970, 1, 1)).days),
                "close_month": close.year * 12 + close.month - 1 if close is not None else -1,
                "pushes": deal.pushes,
                "amount": deal.amount,
            }
        )
    columns = ["opportunity_id", "segment", "category", "late", "entered", "close_month", "pushes", "amount"]
    return pd.DataFrame(rows, columns=columns)
