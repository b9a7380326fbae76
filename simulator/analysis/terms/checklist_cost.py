"""What the gaps of the continuous-selling checklist cost: each fixed, on the same simulations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from simulator.analysis.customers.arr import arr_measures
from simulator.analysis.precision import mean_error
from simulator.analysis.steps import Progress
from simulator.analysis.terms.checklist import Question
from simulator.engine.paths import QUANTILES, Paths
from simulator.engine.plan.coverage_effects import calibrated_effects
from simulator.engine.plan.customers import with_customers
from simulator.engine.plan.people import with_people
from simulator.engine.plan.referrals import with_referrals
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import compile_worked_deals, simulate, simulate_compiled
from simulator.errors import InputError
from simulator.scenario.schema import Scenario

MEASURES = ("arr_change", "bookings_change", "nrr_change")


def question_table(questions: Sequence[Question]) -> pd.DataFrame:
    """Return the answers alone: key, question, answer, gap, fixed_by (and, for one version, mended_by)."""
    rows = [
        (item.key, item.question, item.answer, item.gap, item.how if item.fixed is not None else "")
        for item in questions
    ]
    table = pd.DataFrame(rows, columns=["key", "question", "answer", "gap", "fixed_by"])
    return table.assign(mended_by=table["fixed_by"])


def cost_of_gaps(
    prepared: Prepared, questions: Sequence[Question], n_paths: int, progress: Progress | None = None
) -> pd.DataFrame:
    """Return the answers with what fixing each gap changes by the end of the horizon, path by path.

    Parameters
    ----------
    prepared : Prepared
    questions : sequence of Question
        As ``answer_checklist`` returns them.
    n_paths : int
    progress : callable, optional
        Called with (runs done, runs in all).

    Returns
    -------
    DataFrame
        ``question_table`` with arr_change, bookings_change, nrr_change (mean, p10, p90; closing ARR, new
        business over the horizon, NRR at its end) and arr_change_error; missing where there is no gap or
        nothing is simulated that could fix it.
    """
    todo = [place for place, item in enumerate(questions) if item.fixed is not None]
    table = question_table(questions)
    scenario = prepared.scenario.with_simulation(paths=n_paths)
    base = simulate(scenario, prepared.calibration, prepared.history) if todo else None
    found: list[dict[str, float]] = [{} for _ in questions]
    for done, place in enumerate(todo):
        fixed = questions[place].fixed
        if base is not None and fixed is not None:
            found[place] = _difference(base, _simulate_fixed(prepared, fixed, n_paths))
        if progress is not None:
            progress(done + 1, len(todo))
    columns = [f"{name}{end}" for name in MEASURES for end in ("", "_p10", "_p90")]
    costs = pd.DataFrame(found, columns=[*columns, "arr_change_error"], dtype=np.float64)
    return pd.concat([table, costs], axis=1)


def _simulate_fixed(prepared: Prepared, fixed: Scenario, n_paths: int) -> Paths | None:
    """Simulate the fixed scenario; what customers did so far, they did under the one as it stands."""
    before = prepared.scenario
    scenario = fixed.with_simulation(paths=n_paths)
    touched = scenario.ownership != before.ownership or scenario.roles != before.roles
    if not touched:
        return simulate(scenario, prepared.calibration, prepared.history)
    if not scenario.simulates_roles or not before.simulates_roles:
        return None
    try:
        deals = compile_worked_deals(scenario, prepared.calibration, prepared.history)
        customers = with_referrals(with_customers(deals, scenario, prepared.history), scenario)
        whole = with_people(
            customers,
            scenario,
            prepared.history,
            observed=before,
            calibrated=calibrated_effects(before, prepared.history),
        )
    except InputError:
        return None
    return simulate_compiled(whole, scenario, prepared.history)


def _difference(base: Paths, other: Paths | None) -> dict[str, float]:
    if other is None or base.arr_flows is None:
        return {}
    mine, theirs = arr_measures(base), arr_measures(other)
    changes = {
        "arr_change": theirs["closing"][:, -1, -1] - mine["closing"][:, -1, -1],
        "bookings_change": (other.bookings_new() - base.bookings_new()).sum(axis=(1, 2)),
        "nrr_change": theirs["nrr"][:, -1, -1] - mine["nrr"][:, -1, -1],
    }
    found: dict[str, float] = {}
    for name, values in changes.items():
        low, high = np.nanquantile(values, (QUANTILES[0], QUANTILES[2]))
        found |= {name: float(np.nanmean(values)), f"{name}_p10": float(low), f"{name}_p90": float(high)}
    found["arr_change_error"] = mean_error(changes["arr_change"], base.rate_draw)
    return found
