"""What the worth of a head depends on: the effect at which it breaks even, and each assumption's interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.analysis.headcount.headcount import HeadcountSettings, gain
from simulator.analysis.headcount.simulation import HeadcountSimulation
from simulator.analysis.steps import Progress
from simulator.arrays import Floats
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.service_coverage import Effect
from simulator.scenario.ownership import ACTIVITIES
from simulator.scenario.schema import Scenario

LARGEST_SCALE = 3.0
N_HALVINGS = 6
MARGIN_SWING = 0.05
YEARS_SWING = 1.0


def effects_of_role(ladder: HeadcountSimulation, role: str) -> tuple[Effect, ...]:
    """Return the effects of the activities that a role does in some segment."""
    tables = [ladder.scenario.ownership.of(segment) for segment in ladder.segments]
    done = {
        effect.activity
        for effect in ladder.effects
        for t in tables
        if t and role in t.owners(effect.activity)
    }
    return tuple(effect for effect in ladder.effects if effect.activity in done)


def npv_of_one(
    ladder: HeadcountSimulation, question: HeadcountSettings, role: str, scenario: Scenario, n_paths: int
) -> Floats:
    """Return the mean NPV of one head more in each segment under a scenario, shape (segment,)."""
    more = ladder.with_hires(scenario, role, 1, question.start)
    return _npv(ladder, question, role, (ladder.compiled(scenario), ladder.compiled(more)), n_paths)


def _npv(
    ladder: HeadcountSimulation,
    question: HeadcountSettings,
    role: str,
    pair: tuple[Compiled, Compiled],
    n_paths: int,
) -> Floats:
    """Return the mean NPV of one head more by segment, from the plans without and with it."""
    scenario = ladder.scenario
    hiring = ladder.costs.hiring[ladder.costs.roles.index(role)]
    without = ladder.simulate_compiled(pair[0], scenario, n_paths)
    with_one = ladder.simulate_compiled(pair[1], scenario, n_paths)
    return np.asarray(gain(ladder, question, without, with_one, hiring).npv.mean(axis=0))


def find_breakeven(
    ladder: HeadcountSimulation,
    question: HeadcountSettings,
    role: str,
    n_paths: int,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Find the power of the effects at which one head more earns exactly what it costs, by segment.

    The NPV is minus the cost without any effect and rises with it. Bisection, then a straight line
    between the last two, all segments together: the effects of each segment have a power of their own.
    """
    effects = effects_of_role(ladder, role)
    n = len(ladder.segments)
    low, high = np.zeros(n), np.full(n, LARGEST_SCALE)
    certain = ladder.with_effects({effect.name: effect.value for effect in effects})
    hired = ladder.with_hires(certain, role, 1, question.start)

    def npv(scale: Floats) -> Floats:
        powers = np.ones((n, len(ACTIVITIES)))
        for effect in effects:
            powers[:, ACTIVITIES.index(effect.activity)] = scale
        pair = (ladder.compiled(certain, powers=powers), ladder.compiled(hired, powers=powers))
        return _npv(ladder, question, role, pair, n_paths)

    top = at_high = npv(high)
    at_low = npv(low)
    for step in range(N_HALVINGS):
        middle = (low + high) / 2.0
        found = npv(middle)
        pays = found >= 0.0
        low, high = np.where(pays, low, middle), np.where(pays, middle, high)
        at_low, at_high = np.where(pays, at_low, found), np.where(pays, found, at_high)
        if progress is not None:
            progress(step + 1, N_HALVINGS)
    part = -at_low / np.where(at_high > at_low, at_high - at_low, 1.0)
    scale = np.where(top < 0.0, np.nan, low + np.clip(part, 0.0, 1.0) * (high - low))
    rows = []
    for place, segment in enumerate(ladder.segments):
        for effect in effects:
            rows.append(
                {
                    "role": role,
                    "segment": segment,
                    "scale": scale[place],
                    "effect": effect.name,
                    "assumed": effect.value,
                    "breakeven": effect.value ** scale[place],
                    "source": effect.source,
                }
            )
    return pd.DataFrame(rows)


def head_sensitivity(
    ladder: HeadcountSimulation,
    question: HeadcountSettings,
    role: str,
    n_paths: int,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the NPV of one head over the interval of each assumption, by segment, the widest first."""
    effects = tuple(e for e in effects_of_role(ladder, role) if e.high > e.low)
    certain = {e.name: e.value for e in effects_of_role(ladder, role)}
    middle = npv_of_one(ladder, question, role, ladder.with_effects(certain), n_paths)
    turned: list[tuple[str, str, float, float, Floats, Floats]] = []
    n_steps, done = len(effects) + 3, 1
    for effect in effects:
        ends = [
            npv_of_one(ladder, question, role, ladder.with_effects({**certain, effect.name: end}), n_paths)
            for end in (effect.low, effect.high)
        ]
        turned.append((effect.name, effect.source, effect.low, effect.high, ends[0], ends[1]))
        done += 1
        if progress is not None:
            progress(done, n_steps)
    for name, swing, field in (
        ("gross margin", MARGIN_SWING, "margin"),
        ("closing ARR, years", YEARS_SWING, "closing_years"),
    ):
        value = getattr(question, field)
        spans = (max(0.0, value - swing), value + swing)
        if field == "margin":
            spans = (spans[0], min(1.0, spans[1]))
        asked = [replace(question, **{field: end}) for end in spans]
        at = [npv_of_one(ladder, q, role, ladder.with_effects(certain), n_paths) for q in asked]
        turned.append((name, "assumption", spans[0], spans[1], at[0], at[1]))
        done += 1
        if progress is not None:
            progress(done, n_steps)
    rows = [
        {
            "role": role,
            "segment": segment,
            "assumption": name,
            "source": source,
            "low": low,
            "high": high,
            "npv_low": float(at_low[place]),
            "npv": float(middle[place]),
            "npv_high": float(at_high[place]),
            "swing": abs(float(at_high[place] - at_low[place])),
        }
        for name, source, low, high, at_low, at_high in turned
        for place, segment in enumerate(ladder.segments)
    ]
    table = pd.DataFrame(rows)
    return table.sort_values(["segment", "swing"], ascending=[True, False], kind="stable", ignore_index=True)
