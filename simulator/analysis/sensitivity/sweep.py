"""A scenario simulated at every setting of a grid, on the same random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from simulator.analysis.compare.comparison import on_the_ground_of, simulate_prepared
from simulator.analysis.compare.measures import (
    OF_CUSTOMERS,
    P_HIT,
    QUANTILES_OF,
    Measure,
    change_error,
    read_measure,
)
from simulator.analysis.steps import Progress
from simulator.analysis.totals import names_with_horizon
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared, prepare
from simulator.scenario.schema import Scenario
from simulator.scenario.sweep import Setting

AS_IT_STANDS = "as it stands"


@dataclass(frozen=True)
class SweptScenario:
    """Figures at every setting.

    Parameters
    ----------
    keys : tuple of str
        What is swept.
    table : DataFrame
        One row for each setting and period (quarters, then the horizon): setting (0: as the scenario
        stands), a column for each key (the value as written), period, mean, p10, p50, p90 of new-business
        bookings, target, p_hit, p50_change and p_hit_change (against setting 0) with their Monte Carlo
        standard errors, and where customers are simulated arr, nrr, grr (means). Unit: scenario currency.
    n_paths : int
    """

    keys: tuple[str, ...]
    table: pd.DataFrame
    n_paths: int


def simulate_settings(
    base: Prepared, points: Sequence[tuple[Setting, Scenario]], progress: Progress | None = None
) -> SweptScenario:
    """Simulate a scenario as it stands and at every setting; all on the ground of the first.

    Parameters
    ----------
    base : Prepared
        The scenario as it stands.
    points : sequence of (dict, Scenario)
        Each setting, and the scenario with it laid on top.
    progress : callable, optional
        Called with (settings done, settings in all).
    """
    first = simulate_prepared(base)
    keys = tuple(points[0][0]) if points else ()
    rows = _rows(0, dict.fromkeys(keys, AS_IT_STANDS), base, first, first)
    for place, (setting, scenario) in enumerate(points):
        other = prepare(on_the_ground_of(base.scenario, scenario), base)
        rows += _rows(place + 1, dict(setting), other, simulate_prepared(other), first)
        if progress is not None:
            progress(place + 1, len(points))
    return SweptScenario(keys, pd.DataFrame(rows), first.n_paths)


def _rows(
    number: int, setting: dict[str, object], item: Prepared, paths: Paths, first: Paths
) -> list[dict[str, object]]:
    """Return the figures of one setting, a row for each period."""
    rows: list[dict[str, object]] = []
    for period in names_with_horizon(paths.periods):
        p50 = read_measure("p50", period, paths.periods, item.scenario.targets)
        outcome, before = p50.sample(paths), p50.sample(first)
        row: dict[str, object] = {
            "setting": number,
            **setting,
            "period": period,
            "mean": float(outcome.mean()),
        }
        row |= {name: float(Measure(name, period).of(outcome)) for name in QUANTILES_OF}
        row |= {"target": p50.target, P_HIT: float("nan")}
        changes = {"p50": (p50, outcome, before)}
        if p50.target == p50.target:
            hit = Measure(P_HIT, period, p50.target)
            changes[P_HIT] = (hit, hit.sample(paths), hit.sample(first))
            row[P_HIT] = float(hit.of(changes[P_HIT][1]))
        for name, (measure, after, ago) in changes.items():
            row[f"{name}_change"] = float(measure.of(after) - measure.of(ago))
            row[f"{name}_error"] = change_error(measure, ago, after, paths.rate_draw)
        if paths.arr_flows is not None:
            row |= {
                name: float(Measure(name, period).of(Measure(name, period).sample(paths)))
                for name in OF_CUSTOMERS
            }
        rows.append(row)
    return rows
