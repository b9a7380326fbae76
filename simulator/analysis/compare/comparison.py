"""Scenarios compared on the same random numbers: paired differences, path by path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.customers.arr import arr_movements
from simulator.analysis.precision import mean_error
from simulator.analysis.steps import Progress
from simulator.analysis.totals import (
    ALL,
    HALF_CENT,
    add_horizon,
    hit_share,
    names_with_horizon,
    names_with_total,
)
from simulator.arrays import Floats, Ints
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.engine.run.deal_types import with_types
from simulator.engine.run.simulate import simulate
from simulator.errors import Fault, InputError
from simulator.scenario.schema import Scenario

Targets = Mapping[str, Mapping[str, float]]

SURE = 1.96
"""Standard errors on either side of a mean that 95 % of simulations with other seeds stay within."""


@dataclass(frozen=True)
class Comparison:
    """Scenarios against the first of them, on the same simulations.

    Parameters
    ----------
    scenarios : tuple of str
        Names; the first is what the others are held against.
    table : DataFrame
        scenario, against, period (each, then the horizon), segment (each, then ``all``), measure
        (``bookings_new``; where both simulate customers also ``bookings_expansion``, ``bookings_renewal``
        and, at the end of the period, ``arr_closing``), base_p50, p50, p50_change, mean_change,
        mean_change_low, mean_change_high (95 % interval of the simulation's own error), change_p10,
        change_p50, change_p90 (of the differences, path by path), p_more, p_less (share of simulations in
        which the scenario has more, or less, than the first), target, p_hit, base_p_hit (each against its
        own target). Unit: scenario currency.
    n_paths : int
    """

    scenarios: tuple[str, ...]
    table: pd.DataFrame
    n_paths: int

    def total(self, scenario: str, period: str) -> pd.Series:
        """Return the row of all segments' new-business bookings."""
        table = self.table
        chosen = (table["scenario"] == scenario) & (table["period"] == period)
        return table[chosen & (table["segment"] == ALL) & (table["measure"] == "bookings_new")].iloc[0]


def on_the_ground_of(first: Scenario, other: Scenario) -> Scenario:
    """Return a scenario with the seed, paths, draws, sources of spread and horizon of another.

    Every random draw is keyed by what it is for, so two scenarios on the same ground share all draws that
    they have in common: what differs between their simulations is the scenarios' doing.
    """
    return other.replace(simulation=first.simulation, horizon_quarters=first.horizon_quarters)


def check_comparable(prepared: Sequence[Prepared]) -> None:
    """Refuse scenarios that do not begin on the same day, or count in other money or other quarters.

    Raises
    ------
    InputError
        With every such scenario.
    """
    first = prepared[0].scenario
    faults = []
    for other in (item.scenario for item in prepared[1:]):
        for key, mine, theirs, remedy in (
            ("as_of", first.as_of, other.as_of, "Give both the same 'as_of'."),
            ("currency", first.currency, other.currency, "Amounts of two currencies cannot be compared."),
            (
                "fiscal_year",
                first.fiscal_year.model_dump(),
                other.fiscal_year.model_dump(),
                "Give both the same 'fiscal_year'.",
            ),
        ):
            if mine != theirs:
                where = other.places.get((key,), f"scenario {other.name}")
                faults.append(Fault(where, f"'{key}' is {theirs}, in {first.name} it is {mine}", remedy))
    if faults:
        raise InputError(faults)


def simulate_prepared(prepared: Prepared, progress: Progress | None = None) -> Paths:
    """Simulate a prepared scenario."""
    paths = simulate(prepared.scenario, prepared.calibration, prepared.history, progress=progress)
    return with_types(paths, prepared)


def compare(paths: Sequence[Paths], targets: Sequence[Targets]) -> Comparison:
    """Return the differences of scenarios against the first.

    Parameters
    ----------
    paths : sequence of Paths
        Simulated on the same ground; at least two.
    targets : sequence of mapping
        Bookings targets of each, by period and segment.
    """
    names = tuple(item.scenario for item in paths)
    rows = [
        row
        for other, theirs in zip(paths[1:], targets[1:], strict=True)
        for row in _rows(paths[0], other, targets[0], theirs)
    ]
    return Comparison(names, pd.DataFrame(rows), paths[0].n_paths)


def _rows(first: Paths, other: Paths, targets: Targets, their_targets: Targets) -> list[dict[str, object]]:
    segments = tuple(dict.fromkeys((*first.segments, *other.segments)))
    names = names_with_total(segments)
    mine, theirs = _measures(first), _measures(other)
    rows = []
    for measure in (name for name in mine if name in theirs):
        a = _by_name(mine[measure], first.segments, segments)
        b = _by_name(theirs[measure], other.segments, segments)
        for place, period in enumerate(names_with_horizon(first.periods)):
            for column, segment in enumerate(names):
                pair = (a[:, place, column], b[:, place, column])
                goal = own_goal = float("nan")
                if measure == "bookings_new":
                    goal = goal_of(targets, first.periods, period, segment)
                    own_goal = goal_of(their_targets, first.periods, period, segment)
                rows.append(
                    {
                        "scenario": other.scenario,
                        "against": first.scenario,
                        "period": period,
                        "segment": segment,
                        "measure": measure,
                        **_difference(*pair, first.rate_draw),
                        "target": own_goal,
                        "p_hit": hit_share(pair[1], own_goal),
                        "base_p_hit": hit_share(pair[0], goal),
                    }
                )
    return rows


def goal_of(targets: Targets, periods: tuple[str, ...], period: str, segment: str) -> float:
    """Return a period's target; that of the horizon where every period has one, else NaN."""
    wanted = (period,) if period in periods else periods
    return sum(targets.get(name, {}).get(segment, float("nan")) for name in wanted)


def _measures(paths: Paths) -> dict[str, Floats]:
    """Return each measure, shape (path, period and horizon, segment)."""
    found = {f"bookings_{kind}": add_horizon(values) for kind, values in paths.bookings_by_kind().items()}
    if paths.arr_flows is not None:
        closing = arr_movements(paths)["closing"]
        several = closing.shape[1] > 1
        found["arr_closing"] = np.concatenate([closing, closing[:, -1:]], axis=1) if several else closing
    return found


def _by_name(values: Floats, own: tuple[str, ...], segments: tuple[str, ...]) -> Floats:
    """Return values with a column for every segment of either scenario (0 where it has none) and ``all``."""
    out = np.zeros((*values.shape[:2], len(names_with_total(segments))))
    for place, name in enumerate(own):
        out[..., segments.index(name)] = values[..., place]
    if len(names_with_total(segments)) > len(segments):
        out[..., -1] = values.sum(axis=-1)
    return out


def _difference(a: Floats, b: Floats, draw: Ints) -> dict[str, float]:
    change = b - a
    error = mean_error(change, draw)
    low, middle, high = np.quantile(change, [0.1, 0.5, 0.9])
    base, now = float(np.median(a)), float(np.median(b))
    mean = float(change.mean())
    return {
        "base_p50": base,
        "p50": now,
        "p50_change": now - base,
        "mean_change": mean,
        "mean_change_low": mean - SURE * error,
        "mean_change_high": mean + SURE * error,
        "change_p10": float(low),
        "change_p50": float(middle),
        "change_p90": float(high),
        "p_more": float((change > HALF_CENT).mean()),
        "p_less": float((change < -HALF_CENT).mean()),
    }
