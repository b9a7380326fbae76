"""Net qualified pipeline created, and the reverse: how much must be created for the targets to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.forecast.coverage import measure_coverage
from simulator.analysis.forecast.forecast import Targets
from simulator.analysis.forecast.out_of_reach import simulate_multiples, why_out_of_reach
from simulator.analysis.steps import Progress, of_step
from simulator.analysis.totals import (
    ALL,
    HALF_CENT,
    add_total,
    hit_share,
    label_columns,
    mean_and_percentiles,
    names_with_total,
)
from simulator.arrays import Floats
from simulator.engine.paths import Paths
from simulator.engine.plan.capacity import with_reps
from simulator.engine.plan.demand import cost_per_sal
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import compile_deals

FACTORS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
"""Multiples of the SALs that are simulated; what is needed is read off between them."""
CHANCES = (0.5, 0.8, 0.9)


@dataclass(frozen=True)
class PipelineNeeded:
    """Pipeline to be created for the targets, amounts at SAL.

    Parameters
    ----------
    created : DataFrame
        period, segment, mean, p10, p50, p90, n_mean: net qualified pipeline created (SALs that gave up
        waiting for a rep taken off), amount and number of deals.
    chances : DataFrame
        period, segment, target, factor, p_hit: the chance of a target if this many times the SALs came.
    needed : DataFrame
        period, segment, needed_p50, needed_p80, needed_p90, for_p50 …: the most that a target of this or
        a later quarter asks to be created in this quarter, and which target that is. Missing where no
        multiple up to three reaches it: pipeline alone will not do.
    limits : DataFrame
        Of ``why_out_of_reach``: one row for each target of all segments that pipeline alone does not reach.
    """

    created: pd.DataFrame
    chances: pd.DataFrame
    needed: pd.DataFrame
    limits: pd.DataFrame


def pipeline_created(paths: Paths) -> pd.DataFrame:
    """Return the net qualified pipeline created in each quarter (``PipelineNeeded.created``)."""
    names = names_with_total(paths.segments)
    net = add_total(paths.flow("created") - paths.flow("waited_out"), paths.segments)
    count = add_total(paths.flow("n_created") - paths.flow("n_waited_out"), paths.segments)
    labels = label_columns(period=paths.periods, segment=names)
    return pd.DataFrame(labels | mean_and_percentiles(net) | {"n_mean": count.mean(axis=0).ravel()})


def pipeline_needed(prepared: Prepared, n_paths: int, progress: Progress | None = None) -> PipelineNeeded:
    """Simulate multiples of the SALs on the same random numbers, and read off what the targets need.

    All segments are scaled alike for the target of ``all``, each for its own where it has one. More
    SALs only help where reps can work them.

    Parameters
    ----------
    prepared : Prepared
    n_paths : int
    progress : callable, optional
    """
    scenario = prepared.scenario.with_simulation(paths=n_paths).of_deals_alone()
    runs = simulate_multiples(prepared, scenario, FACTORS, progress=of_step(progress, 0, 2))
    chances = _chances(runs, scenario.targets)
    created = pipeline_created(runs[1.0])
    unreached = _unreached(chances)
    limits = why_out_of_reach(prepared, scenario, runs[FACTORS[-1]], unreached, of_step(progress, 1, 2))
    return PipelineNeeded(created, chances, _needed(created, chances, runs[1.0].periods), limits)


def _unreached(chances: pd.DataFrame) -> dict[str, float]:
    """Return the lowest chance that no multiple of the SALs reaches, by period, for all segments."""
    found = {}
    for period, own in chances[chances["segment"] == ALL].groupby("period", sort=False):
        missed = [chance for chance in CHANCES if own["p_hit"].max() < chance]
        if missed:
            found[str(period)] = missed[0]
    return found


def _chances(runs: dict[float, Paths], targets: dict[str, dict[str, float]]) -> pd.DataFrame:
    rows = []
    for factor, paths in runs.items():
        bookings = add_total(paths.bookings_new(), paths.segments)
        names = names_with_total(paths.segments)
        for place, period in enumerate(paths.periods):
            for name, target in targets.get(period, {}).items():
                chance = hit_share(bookings[:, place, names.index(name)], target)
                rows.append((period, name, target, factor, chance))
    return pd.DataFrame(rows, columns=["period", "segment", "target", "factor", "p_hit"])


def factor_needed(factors: Floats, p_hit: Floats, chance: float) -> float:
    """Return the multiple of the SALs at which a chance is reached, NaN where none of them reaches it.

    Between the simulated multiples the chance is taken as linear; it never falls with more SALs.
    """
    rising = np.maximum.accumulate(p_hit)
    if rising[-1] < chance:
        return float("nan")
    if rising[0] >= chance:
        return float(factors[0])
    after = int(np.argmax(rising >= chance))
    left, right = rising[after - 1], rising[after]
    step = factors[after] - factors[after - 1]
    return float(factors[after - 1] + (chance - left) / (right - left) * step)


def _needed(created: pd.DataFrame, chances: pd.DataFrame, periods: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for name, own in chances.groupby("segment", sort=False):
        planned = created[created["segment"] == name].set_index("period")["mean"]
        factors = {
            str(period): {
                chance: factor_needed(table["factor"].to_numpy(), table["p_hit"].to_numpy(), chance)
                for chance in CHANCES
            }
            for period, table in own.groupby("period", sort=False)
        }
        for place, period in enumerate(periods):
            later = [p for p in periods[place:] if p in factors]
            if later:
                rows.append(_row(str(name), period, float(planned[period]), later, factors))
    return pd.DataFrame(rows)


def _row(
    name: str, period: str, planned: float, later: list[str], factors: dict[str, dict[float, float]]
) -> dict[str, object]:
    row: dict[str, object] = {"period": period, "segment": name, "planned": planned}
    for chance in CHANCES:
        asked = {target: factors[target][chance] for target in later}
        # A target that no multiple reaches asks for more than any other.
        most = max(asked, key=lambda target: np.inf if np.isnan(asked[target]) else asked[target])
        row[f"needed_p{chance * 100:.0f}"] = asked[most] * planned
        row[f"for_p{chance * 100:.0f}"] = most
    return row


def demand_sources(prepared: Prepared) -> pd.DataFrame:
    """Return the expected SALs of every source and segment over the horizon, and what they cost.

    Returns
    -------
    DataFrame
        segment, source, sals_per_month (expected, mean over the draws of the rates and the months),
        of_reps (whether ramped reps source them), cost_per_sal and cost_per_month (scenario currency;
        missing where neither the scenario nor the history tells), cost_source.
    """
    scenario = prepared.scenario
    deals = compile_deals(scenario, prepared.calibration, prepared.history)
    compiled = with_reps(deals, scenario, prepared.history)
    plan, arrivals = compiled.plan, compiled.calibration.arrivals
    months = float(compiled.horizon.month_share.sum())
    by_itself = plan.stream_sals.mean(axis=0).sum(axis=1) / months
    heads = np.bincount(compiled.capacity.seat_segment, minlength=len(compiled.segments))
    of_reps = plan.stream_rep_sals.mean(axis=0).sum(axis=1) / months * heads[plan.stream_segment]
    rows = []
    for place, source in enumerate(arrivals.source):
        segment = compiled.segments[int(arrivals.segment[place])]
        cost, told = cost_per_sal(scenario, compiled.calibration, segment, source)
        sals = float(by_itself[place] + of_reps[place])
        rows.append(
            {
                "segment": segment,
                "source": source,
                "sals_per_month": sals,
                "of_reps": bool(of_reps[place] > 0.0),
                "cost_per_sal": cost,
                "cost_per_month": cost * sals,
                "cost_source": told,
            }
        )
    return pd.DataFrame(rows)


N_POINTS = 241
FARTHEST = 2.5
"""Times the coverage at which the middle case hits, up to which the curve is drawn."""


def coverage_curve(
    paths: Paths, targets: Targets | None = None, motions: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the chance of each period's target at a range of coverages, all segments together.

    The law of `needed_multiple` read the other way round: at coverage c there are s times as many open and
    future deals of today's mix, s = (c × target - booked) / (amount - booked), bookings are booked +
    s (B - booked), and P(hit) is the share of simulations that reach the target.

    Parameters
    ----------
    paths : Paths
    targets, motions
        As of `measure_coverage`.

    Returns
    -------
    DataFrame
        period, basis, coverage (multiple), p_hit, now (True in the row of today's coverage). Only periods
        with a target not booked yet, and bases whose deals are dated in the period.
    """
    table = measure_coverage(paths, targets, motions).table
    table = table[(table["segment"] == ALL) & table["coverage"].notna() & (table["coverage"] > 0)]
    place = names_with_total(paths.segments).index(ALL)
    bookings = add_total(paths.bookings_new(), paths.segments)[..., place]
    rows = []
    for row in table.to_dict("records"):
        period = paths.periods.index(row["period"])
        booked = float(paths.booked.sum()) if period == 0 else 0.0
        amount, target = float(row["amount"]), float(row["target"])
        if amount <= booked or booked >= target - HALF_CENT:
            continue
        now = amount / target
        middle = row["needed_p50"] if np.isfinite(row["needed_p50"]) else now
        grid = np.linspace(booked / target, FARTHEST * max(middle, now), N_POINTS)
        for c in np.sort(np.append(grid, now)):
            chance = chance_at(bookings[:, period], float(c), amount=amount, booked=booked, target=target)
            rows.append((row["period"], row["basis"], float(c), chance, bool(c == now)))
    return pd.DataFrame(rows, columns=["period", "basis", "coverage", "p_hit", "now"])


def chance_at(bookings: Floats, coverage: float, *, amount: float, booked: float, target: float) -> float:
    """Return the share of simulations that reach the target at a coverage (see `coverage_curve`)."""
    scale = (coverage * target - booked) / (amount - booked)
    return hit_share(booked + scale * (bookings - booked), target)
