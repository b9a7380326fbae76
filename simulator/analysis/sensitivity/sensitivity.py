"""What each lever and assumption is worth over its own interval, on the same random numbers; goal-seek."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from simulator.analysis.compare.comparison import simulate_prepared
from simulator.analysis.compare.measures import P_HIT, Measure, change_error
from simulator.analysis.sensitivity.inputs import Input, lever_input
from simulator.analysis.steps import Progress
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.scenario.levers import LEVERS

STEPS_UP = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
STEPS_DOWN = (0.9, 0.75, 0.5, 0.3, 0.1, 0.0)
PULLED = {"sals": "high", "close_odds": "high", "slippage": "low", "close_multiplier": "high"}
"""Levers that a sales team can pull, and the end of their interval that helps."""
PRECISION = 0.002
"""How closely a factor is found; the simulations tell it apart no better."""


@dataclass(frozen=True)
class Sensitivity:
    """A tornado.

    Parameters
    ----------
    measure : Measure
    base : float
        The figure as the scenario stands.
    table : DataFrame
        One row an input, widest first: name, kind (lever, assumption), low, high (factors), value_low,
        value_high (the figure there), change_low, change_high (against base), error_low, error_high
        (Monte Carlo standard errors of the changes), swing (the widest of the differences between the
        three values), reason (why this interval).
    n_paths : int
    """

    measure: Measure
    base: float
    table: pd.DataFrame
    n_paths: int


@dataclass(frozen=True)
class GoalSeek:
    """The factor of one lever at which a target is hit with a given probability.

    Parameters
    ----------
    lever : str
    chance : float
        Wanted.
    factor : float
        NaN where no factor allowed reaches it.
    reached : float
        The chance at the factor; the highest found where none reaches it.
    error : float
        Monte Carlo standard error of that chance.
    curve : DataFrame
        factor, p_hit: all that was tried, ascending.
    """

    lever: str
    chance: float
    factor: float
    reached: float
    error: float
    curve: pd.DataFrame


def without_customers(prepared: Prepared) -> Prepared:
    """Return the scenario without its customers, whom new-business bookings do not depend on."""
    return replace(prepared, scenario=prepared.scenario.without_customers())


def measure_sensitivity(
    prepared: Prepared, inputs: tuple[Input, ...], measure: Measure, progress: Progress | None = None
) -> Sensitivity:
    """Return what moving each thing alone, down and up, does to a figure.

    Parameters
    ----------
    prepared : Prepared
    inputs : tuple of Input
        See `list_inputs`.
    measure : Measure
    progress : callable, optional
        Called with (runs done, runs in all).
    """
    base = simulate_prepared(prepared)
    now = float(measure.of(measure.sample(base)))
    rows = []
    for place, one in enumerate(inputs):
        row: dict[str, object] = {"name": one.name, "kind": one.kind, "low": one.low, "high": one.high}
        values = {}
        for end, factor in (("low", one.low), ("high", one.high)):
            values[end], change, error = _change(measure, base, one.apply(prepared, factor))
            row |= {f"value_{end}": values[end], f"change_{end}": change, f"error_{end}": error}
        three = (now, *values.values())
        rows.append({**row, "swing": max(three) - min(three), "reason": one.reason})
        if progress is not None:
            progress(place + 1, len(inputs))
    table = pd.DataFrame(rows).sort_values("swing", ascending=False, kind="stable", ignore_index=True)
    return Sensitivity(measure, now, table, base.n_paths)


def _change(measure: Measure, base: Paths, changed: Prepared) -> tuple[float, float, float]:
    """Return the figure of a changed scenario, its change, and the Monte Carlo error of that."""
    before, after = measure.sample(base), measure.sample(simulate_prepared(changed))
    value = float(measure.of(after))
    error = change_error(measure, before, after, base.rate_draw)
    return value, value - float(measure.of(before)), error


def measure_levers(prepared: Prepared, measure: Measure, progress: Progress | None = None) -> pd.DataFrame:
    """Return what the levers that a sales team can pull bring, each pulled alone to the end that helps.

    Parameters
    ----------
    prepared : Prepared
    measure : Measure
    progress : callable, optional
        Called with (runs done, runs in all).

    Returns
    -------
    DataFrame
        One row a lever, the most helpful first: measure, period, name, factor, gain, error (Monte Carlo
        standard error of the gain). The figures are those of `measure_sensitivity`.
    """
    base, rows = simulate_prepared(prepared), []
    for place, (name, end) in enumerate(PULLED.items()):
        one = lever_input(name, prepared)
        factor = float(getattr(one, end))
        _, gain, error = _change(measure, base, one.apply(prepared, factor))
        rows.append((measure.name, measure.period, name, factor, gain, error))
        if progress is not None:
            progress(place + 1, len(PULLED))
    table = pd.DataFrame(rows, columns=["measure", "period", "name", "factor", "gain", "error"])
    return table.sort_values("gain", ascending=False, kind="stable", ignore_index=True)


def seek_goal(prepared: Prepared, one: Input, measure: Measure, chance: float) -> GoalSeek:
    """Find the factor of a lever at which P(hit) is what is wanted, all else as it stands.

    The curve is that of the same simulations throughout; it is walked outwards from where the scenario stands
    until it crosses the chance, and the crossing is found by Brent's method.

    Parameters
    ----------
    prepared : Prepared
    one : Input
        Of a lever.
    measure : Measure
        ``p_hit`` of a period with a target.
    chance : float
        Between 0 and 1.
    """
    hit = replace(measure, name=P_HIT)
    tried: dict[float, float] = {}
    errors: dict[float, float] = {}

    def gap(factor: float) -> float:
        if factor not in tried:
            paths = simulate_prepared(one.apply(prepared, factor))
            sample = hit.sample(paths)
            tried[factor] = float(hit.of(sample))
            errors[factor] = change_error(hit, np.zeros_like(sample), sample, paths.rate_draw)
        return tried[factor] - chance

    kind = LEVERS[one.name]
    wants_more = gap(1.0) < 0
    helps_up = gap(one.high) >= gap(one.low)
    steps = STEPS_UP if wants_more == helps_up else STEPS_DOWN
    inner, found = 1.0, float("nan")
    for step in steps:
        outer = float(min(max(step, kind.low), kind.high))
        if outer == inner:
            break
        if (gap(outer) < 0) != wants_more:
            found = float(brentq(gap, inner, outer, xtol=PRECISION))
            break
        inner = outer
    best = found if np.isfinite(found) else (max if wants_more else min)(tried, key=lambda x: tried[x])
    gap(best)
    curve = pd.DataFrame(sorted(tried.items()), columns=["factor", P_HIT])
    return GoalSeek(one.name, chance, found, tried[best], errors[best], curve)
