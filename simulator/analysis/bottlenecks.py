"""Pipeline, closing, slippage or capacity? Each relaxed by the same yardstick, on the same simulations.

The yardstick is the company's own better quarter (`better_quarters`). What is in the way is what would add
most if it always were as in such a quarter. ``diagnose`` shows it by quarter, ``hire`` by segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.compare.comparison import SURE, goal_of
from simulator.analysis.precision import mean_error
from simulator.analysis.steps import Progress, of_step
from simulator.analysis.totals import add_horizon, hit_share, names_with_horizon, ratio
from simulator.analysis.yardstick import CAPACITY, CLOSING, KINDS, PIPELINE, SLIPPAGE, Better, better_quarters
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import simulate
from simulator.kernels.flows import FLOWS
from simulator.scenario.levers import Lever

LEVER_OF = {PIPELINE: "sals", CLOSING: "close_odds", SLIPPAGE: "slippage", CAPACITY: "open_deals_per_rep"}
COLUMN_OF = {CLOSING: "conversion"}
"""What a kind is called in the columns of the table of constraints, where not by its own name."""
NONE = "none"
PLENTY = 50.0
"""Times as many deals as now that a rep could work: nothing waits any more."""
LEAST_WORTH = 0.02
"""Share of bookings below which nothing material is in the way."""
CONSTRAINTS = tuple(COLUMN_OF.get(kind, kind) for kind in KINDS)


@dataclass(frozen=True)
class Relaxed:
    """A scenario as it stands, and with each thing as in the company's better quarters.

    Parameters
    ----------
    base : Paths
    by_kind : mapping of str to Paths
        On the same random numbers.
    better : mapping of str to Better
        How far each was relaxed.
    limited : tuple of str
        Segments whose reps have a limit.
    """

    base: Paths
    by_kind: Mapping[str, Paths]
    better: Mapping[str, Better]
    limited: tuple[str, ...]


def relax(prepared: Prepared, n_paths: int, progress: Progress | None = None) -> Relaxed:
    """Simulate a scenario as it stands and with each thing relaxed in turn; customers are left out.

    Parameters
    ----------
    prepared : Prepared
    n_paths : int
    progress : callable, optional
    """
    scenario = prepared.scenario.with_simulation(paths=n_paths).of_deals_alone()

    def run(levers: tuple[Lever, ...], step: int) -> Paths:
        done = of_step(progress, step, len(KINDS) + 1)
        return simulate(scenario.with_levers(*levers), prepared.calibration, prepared.history, progress=done)

    base = run((), 0)
    limited = tuple(
        name
        for name, days in zip(base.segments, base.flow("slot_days").sum(axis=(0, 1)), strict=True)
        if days
    )
    better = {kind: item for kind, item in better_quarters(prepared).items() if item.factor != 1.0}
    if not limited:
        better.pop(CAPACITY, None)
    if prepared.calibration is None or not prepared.calibration.has_close_dates:
        better.pop(SLIPPAGE, None)
    by_kind = {
        kind: run(levers_of(item, limited), step) for step, (kind, item) in enumerate(better.items(), 1)
    }
    return Relaxed(base, by_kind, better, limited)


def levers_of(better: Better, limited: tuple[str, ...]) -> tuple[Lever, ...]:
    """Return the levers that make a thing as in the better quarters."""
    name = LEVER_OF[better.kind]
    if better.kind == CAPACITY:
        return tuple(Lever(name, better.factor, (segment,)) for segment in limited)
    return (Lever(name, better.factor),)


def constraints(relaxed: Relaxed, segments: tuple[str, ...]) -> pd.DataFrame:
    """Return what holds each segment back.

    Parameters
    ----------
    relaxed : Relaxed
    segments : tuple of str
        Those asked for.

    Returns
    -------
    DataFrame
        segment, utilisation, waited_out (share of SALs that gave up waiting), waiting_days (mean wait of a
        SAL), close_rate (of the deals worked), bookings, then for each constraint the factor it was relaxed
        by and what that is worth (mean bookings over the horizon, scenario currency), and which binds: the
        one worth most, or ``none``.
    """
    base = relaxed.base
    table = _state(base)
    bookings = base.bookings_new().sum(axis=1)
    for kind in KINDS:
        name, other = COLUMN_OF.get(kind, kind), relaxed.by_kind.get(kind)
        worth = np.zeros(len(base.segments))
        if other is not None:
            worth = (other.bookings_new().sum(axis=1) - bookings).mean(axis=0)
        table[f"{name}_factor"] = relaxed.better[kind].factor if kind in relaxed.better else 1.0
        table[f"{name}_worth"] = worth
    table = table[table["segment"].isin(segments)].reset_index(drop=True)
    return table.assign(binding=binding(table))


def _state(paths: Paths) -> pd.DataFrame:
    flow = {name: paths.flow(name).sum(axis=1).mean(axis=0) for name in FLOWS}
    lost = flow["n_lost_competition"] + flow["n_lost_no_decision"] - flow["n_waited_out"]

    return pd.DataFrame(
        {
            "segment": list(paths.segments),
            "utilisation": ratio(flow["busy_days"], flow["slot_days"]),
            "waited_out": ratio(flow["n_waited_out"], flow["n_created"]),
            "waiting_days": ratio(flow["waiting_days"], flow["n_created"]),
            "close_rate": ratio(flow["n_won"], flow["n_won"] + lost),
            "bookings": paths.bookings_new().sum(axis=1).mean(axis=0),
        }
    )


def binding(table: pd.DataFrame) -> list[str]:
    """Return what binds in each row: what is worth most, or ``none`` where that is little."""
    names = [name for name in CONSTRAINTS if f"{name}_worth" in table]
    worth = table[[f"{name}_worth" for name in names]].to_numpy()
    floor = LEAST_WORTH * table["bookings"].to_numpy()
    best = worth.argmax(axis=1)
    return [names[k] if row[k] > least else NONE for k, row, least in zip(best, worth, floor, strict=True)]


def counterfactuals(relaxed: Relaxed, targets: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return what each thing relaxed is worth by quarter and over the horizon, all segments together.

    Returns
    -------
    DataFrame
        kind, factor, usual, better, period (each, then the horizon), base_p50, p50, mean_change,
        mean_change_low, mean_change_high (95 % interval of the simulation's own error), target, base_p_hit,
        p_hit. New-business bookings, scenario currency.
    """
    rows: list[dict[str, object]] = []
    for kind, other in relaxed.by_kind.items():
        rows += _rows(relaxed.better[kind], relaxed.base, other, targets)
    columns = ["kind", "factor", "usual", "better", "period", "base_p50", "p50", "mean_change"]
    columns += ["mean_change_low", "mean_change_high", "target", "base_p_hit", "p_hit"]
    return pd.DataFrame(rows, columns=columns)


def _rows(
    item: Better, base: Paths, other: Paths, targets: Mapping[str, Mapping[str, float]]
) -> list[dict[str, object]]:
    a, b = (add_horizon(paths.bookings_new().sum(axis=2)) for paths in (base, other))
    rows: list[dict[str, object]] = []
    for place, period in enumerate(names_with_horizon(base.periods)):
        before, after = a[:, place], b[:, place]
        change = after - before
        mean, error = float(change.mean()), mean_error(change, base.rate_draw)
        target = goal_of(targets, base.periods, period, "all")
        row: dict[str, object] = {"kind": item.kind, "factor": item.factor, "usual": item.usual}
        row |= {"better": item.better, "period": period}
        row |= {"base_p50": float(np.median(before)), "p50": float(np.median(after)), "mean_change": mean}
        row |= {"mean_change_low": mean - SURE * error, "mean_change_high": mean + SURE * error}
        row |= {"target": target, "base_p_hit": hit_share(before, target), "p_hit": hit_share(after, target)}
        rows.append(row)
    return rows
