"""Not enough pipeline, not good at closing, or not enough capacity? Each relaxed in turn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.engine.capacity_plan import with_reps
from simulator.engine.compile import Compiled
from simulator.engine.prepare import Prepared
from simulator.engine.simulate import Outcome, compile_deals, run
from simulator.kernels.flows import FLOWS, N_ORIGINS
from simulator.scenario.levers import Lever

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

CONSTRAINTS = ("pipeline", "conversion", "capacity")
NONE = "none"
MOST_SALS = 3.0
MOST_ODDS = 2.0
PLENTY = 50.0
"""Times as many deals as now that a rep could work: nothing waits any more."""
LEAST_WORTH = 0.02
"""Share of bookings below which nothing to speak of is in the way."""


def find_constraints(prepared: Prepared, n_paths: int, progress: Progress | None = None) -> pd.DataFrame:
    """Relax pipeline, conversion and capacity in turn on the same futures, and say which binds where.

    Each is relaxed to the point at which it no longer is the constraint: SALs multiplied until they
    fill the slots of the reps (three times at most); the odds of winning raised until the close rate is
    that of the median segment (doubled at most; not where it is there already); reps who can work all
    that comes. All segments are relaxed at once, which is the same as one by one: they share nothing.

    Parameters
    ----------
    prepared : Prepared
        Its scenario states reps.
    n_paths : int
    progress : callable, optional

    Returns
    -------
    DataFrame
        One row for each segment with reps: utilisation, waited_out (share of SALs that gave up),
        waiting_days (mean wait of a SAL), close_rate (of the deals worked), bookings, then for each
        constraint the factor it was relaxed by and what that is worth (mean bookings over the horizon,
        scenario currency), and which binds: the one worth most, or ``none``.
    """
    scenario = prepared.scenario.with_simulation(paths=n_paths)
    names: list[str] = []

    def outcome(levers: tuple[Lever, ...], step: int) -> Outcome:
        changed = scenario.with_levers(*levers)
        deals = compile_deals(changed, prepared.calibration, prepared.history)
        compiled: Compiled = with_reps(deals, changed, prepared.history)
        names[:] = compiled.segments
        return run(compiled, scenario, _part(progress, step))

    now = outcome((), 0)
    table = _state(now, names)
    limited = [scenario.reps.limits(name) for name in names]
    table = table[limited].reset_index(drop=True)
    factors = _factors(table)
    levers = {"pipeline": "sals", "conversion": "close_odds", "capacity": "open_deals_per_rep"}
    for step, name in enumerate(CONSTRAINTS):
        turned = tuple(
            Lever(levers[name], float(factor), (segment,))
            for segment, factor in zip(table["segment"], factors[name], strict=True)
            if factor != 1.0
        )
        relaxed = outcome(turned, step + 1)
        table[f"{name}_factor"] = factors[name]
        table[f"{name}_worth"] = (_bookings(relaxed) - _bookings(now)).mean(axis=0)[limited]
    return table.assign(binding=_binding(table))


def _part(progress: Progress | None, step: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, total: progress(step * total + done, (len(CONSTRAINTS) + 1) * total)


def _bookings(outcome: Outcome) -> Floats:
    """Return simulated bookings over the horizon, shape (path, segment)."""
    return np.asarray(outcome.flows[..., :N_ORIGINS].sum(axis=(1, 3)))


def _state(outcome: Outcome, names: list[str]) -> pd.DataFrame:
    total = outcome.flows.sum(axis=1).mean(axis=0)
    flow = {name: total[:, place] for place, name in enumerate(FLOWS)}
    lost = flow["n_lost_competition"] + flow["n_lost_no_decision"] - flow["n_waited_out"]

    def ratio(part: Floats, whole: Floats) -> Floats:
        return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0.0))

    return pd.DataFrame(
        {
            "segment": names,
            "utilisation": ratio(flow["busy_days"], flow["slot_days"]),
            "waited_out": ratio(flow["n_waited_out"], flow["n_created"]),
            "waiting_days": ratio(flow["waiting_days"], flow["n_created"]),
            "close_rate": ratio(flow["n_won"], flow["n_won"] + lost),
            "bookings": _bookings(outcome).mean(axis=0),
        }
    )


def _factors(table: pd.DataFrame) -> dict[str, Floats]:
    used = table["utilisation"].fillna(1.0).to_numpy()
    rate = table["close_rate"].fillna(0.0).clip(0.0, 0.99).to_numpy()
    typical = float(np.median(rate)) if len(rate) else 0.0
    odds = rate / (1.0 - rate)
    wanted = np.divide(typical / (1.0 - typical), odds, out=np.ones_like(odds), where=odds > 0.0)
    return {
        "pipeline": np.clip(1.0 / np.maximum(used, 1e-9), 1.0, MOST_SALS),
        "conversion": np.clip(wanted, 1.0, MOST_ODDS),
        "capacity": np.full(len(table), PLENTY),
    }


def _binding(table: pd.DataFrame) -> list[str]:
    worth = table[[f"{name}_worth" for name in CONSTRAINTS]].to_numpy()
    floor = LEAST_WORTH * table["bookings"].to_numpy()
    best = worth.argmax(axis=1)
    return [
        CONSTRAINTS[k] if row[k] > least else NONE for k, row, least in zip(best, worth, floor, strict=True)
    ]
