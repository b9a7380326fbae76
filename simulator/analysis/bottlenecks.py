"""Not enough pipeline, not good at closing, or not enough capacity? Each relaxed in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.analysis.compare.comparison import SURE, goal_of, hit_share, labels
from simulator.analysis.precision import mean_error
from simulator.analysis.steps import Progress, of_step
from simulator.engine.paths import Paths
from simulator.engine.plan.capacity import with_reps
from simulator.engine.plan.deals import Compiled
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import Outcome, compile_deals, run, simulate
from simulator.kernels.flows import FLOWS, N_ORIGINS
from simulator.scenario.levers import Lever

Floats = npt.NDArray[np.float64]

PIPELINE, CLOSING, CAPACITY = "pipeline", "closing", "capacity"
CONSTRAINTS = (PIPELINE, "conversion", CAPACITY)
KINDS = {PIPELINE: "sals", CLOSING: "close_odds", CAPACITY: "open_deals_per_rep", "slippage": "slippage"}
"""What is relaxed, and the lever that does it."""
LEVER_OF = {**KINDS, "conversion": KINDS[CLOSING]}
NONE = "none"
MOST_SALS = 3.0
MOST_ODDS = 2.0
PLENTY = 50.0
"""Times as many deals as now that a rep could work: nothing waits any more."""
LEAST_WORTH = 0.02
"""Share of bookings below which nothing material is in the way."""


def relaxing(kind: str, factors: Mapping[str, float]) -> tuple[Lever, ...]:
    """Return the levers that relax one thing, by segment; those whose factor is 1 stay as they are."""
    return tuple(
        Lever(LEVER_OF[kind], float(factor), (name,)) for name, factor in factors.items() if factor != 1.0
    )


def sals_to_fill(utilisation: Floats) -> Floats:
    """Return how many times as many SALs fill the slots of the reps, ``MOST_SALS`` at most."""
    return np.asarray(np.clip(1.0 / np.maximum(utilisation, 1e-9), 1.0, MOST_SALS))


def odds_to_reach(close_rates: Floats, benchmark: float) -> Floats:
    """Return what the odds of winning are multiplied by to reach a close rate, ``MOST_ODDS`` at most.

    1 where a segment closes as well already, or where its close rate is not known (0).
    """
    rate = np.clip(close_rates, 0.0, 0.99)
    odds = rate / (1.0 - rate)
    wanted = np.divide(benchmark / (1.0 - benchmark), odds, out=np.ones_like(odds), where=odds > 0.0)
    return np.asarray(np.clip(wanted, 1.0, MOST_ODDS))


def find_constraints(prepared: Prepared, n_paths: int, progress: Progress | None = None) -> pd.DataFrame:
    """Relax pipeline, conversion and capacity in turn on the same simulations, and say which binds where.

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
        return run(compiled, scenario, of_step(progress, step, len(CONSTRAINTS) + 1))

    now = outcome((), 0)
    table = _state(now, names)
    limited = [scenario.reps.limits(name) for name in names]
    table = table[limited].reset_index(drop=True)
    factors = _factors(table)
    for step, name in enumerate(CONSTRAINTS):
        relaxed = outcome(relaxing(name, dict(zip(table["segment"], factors[name], strict=True))), step + 1)
        table[f"{name}_factor"] = factors[name]
        table[f"{name}_worth"] = (_bookings(relaxed) - _bookings(now)).mean(axis=0)[limited]
    return table.assign(binding=_binding(table))


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
    return {
        "pipeline": sals_to_fill(used),
        "conversion": odds_to_reach(rate, typical),
        "capacity": np.full(len(table), PLENTY),
    }


def _binding(table: pd.DataFrame) -> list[str]:
    worth = table[[f"{name}_worth" for name in CONSTRAINTS]].to_numpy()
    floor = LEAST_WORTH * table["bookings"].to_numpy()
    best = worth.argmax(axis=1)
    return [
        CONSTRAINTS[k] if row[k] > least else NONE for k, row, least in zip(best, worth, floor, strict=True)
    ]


CLOSE_RATE_BENCHMARK = 1.0 / 3.0
"""Rule of thumb of enterprise sales."""
SLIPPAGE_BENCHMARK = 0.25
"""About a quarter of deals slip in some businesses."""
SALS_WITHOUT_REPS = 1.25
"""Where no reps are simulated nothing says how many deals they could work: a quarter more, assumed."""


@dataclass(frozen=True)
class Relaxation:
    """One thing relaxed: its name, how far in words, and the levers."""

    kind: str
    words: str
    levers: tuple[Lever, ...]


def counterfactuals(
    prepared: Prepared,
    close_rates: Mapping[str, float],
    slippage: float,
    n_paths: int,
    progress: Progress | None = None,
) -> tuple[pd.DataFrame, Paths]:
    """Relax pipeline, closing, capacity and slippage in turn on the same simulations.

    Parameters
    ----------
    prepared : Prepared
        With a history or rates of its own. Customers are left out.
    close_rates : mapping of str to float
        Of the past, by segment.
    slippage : float
        Share of the deals due that slipped; NaN where unknown.
    n_paths : int
    progress : callable, optional

    Returns
    -------
    table : DataFrame
        kind, words, period (each, then the horizon), base_p50, p50, mean_change, mean_change_low,
        mean_change_high (95 % interval of the simulation's own error), target, base_p_hit, p_hit.
        New-business bookings of all segments, scenario currency.
    paths : Paths
        The simulations as things stand.
    """
    scenario = prepared.scenario.with_simulation(paths=n_paths)
    scenario = scenario.replace(customers=scenario.customers.model_copy(update={"simulate": False}))
    step = [0]

    def play(levers: tuple[Lever, ...]) -> Paths:
        turned = scenario.with_levers(*levers)
        done = of_step(progress, step[0], len(KINDS) + 1)
        step[0] += 1
        return simulate(turned, prepared.calibration, prepared.history, progress=done)

    base = play(())
    rows: list[dict[str, object]] = []
    for item in relaxations(prepared, base, close_rates, slippage):
        rows += _rows(item, base, play(item.levers), prepared)
    columns = ["kind", "words", "period", "base_p50", "p50", "mean_change", "mean_change_low"]
    columns += ["mean_change_high", "target", "base_p_hit", "p_hit"]
    return pd.DataFrame(rows, columns=columns), base


def relaxations(
    prepared: Prepared, base: Paths, close_rates: Mapping[str, float], slippage: float
) -> list[Relaxation]:
    """Return what there is to relax and how far: to what reps can work, to a benchmark, to no waiting."""
    limited = [name for name in base.segments if prepared.scenario.reps.limits(name)]
    found = [_pipeline(base, limited)]
    past = np.nan_to_num([close_rates.get(name, np.nan) for name in base.segments])
    odds = dict(zip(base.segments, odds_to_reach(past, CLOSE_RATE_BENCHMARK), strict=True))
    found.append(
        Relaxation(
            CLOSING,
            "odds of winning raised to a close rate of a third by segment (rule of thumb; "
            f"× {MOST_ODDS:g} at most)",
            relaxing(CLOSING, odds),
        )
    )
    if np.isfinite(slippage) and slippage > SLIPPAGE_BENCHMARK:
        factor = SLIPPAGE_BENCHMARK / slippage
        words = (
            f"slippage cut from {slippage:.0%} to {SLIPPAGE_BENCHMARK:.0%} of the deals due (seen elsewhere)"
        )
        found.append(Relaxation("slippage", words, (Lever(KINDS["slippage"], factor),)))
    if limited:
        levers = relaxing(CAPACITY, dict.fromkeys(limited, PLENTY))
        found.append(
            Relaxation(CAPACITY, "every qualified deal taken up at once, nobody waits for a rep", levers)
        )
    return [item for item in found if item.levers]


def _pipeline(base: Paths, limited: list[str]) -> Relaxation:
    factors = dict.fromkeys(base.segments, SALS_WITHOUT_REPS)
    if limited:
        used = _utilisation(base)
        factors = {n: float(sals_to_fill(np.array(used[n]))) for n in limited}
        words = f"qualified deals raised until reps have no slot free, by segment (× {MOST_SALS:g} at most)"
    else:
        words = f"{SALS_WITHOUT_REPS - 1:.0%} more qualified deals (an assumption: no reps are simulated)"
    return Relaxation(PIPELINE, words, relaxing(PIPELINE, factors))


def _utilisation(paths: Paths) -> dict[str, float]:
    busy, slots = (paths.flow(name).sum(axis=1).mean(axis=0) for name in ("busy_days", "slot_days"))
    share = np.divide(busy, slots, out=np.ones_like(busy), where=slots > 0)
    return dict(zip(paths.segments, share.tolist(), strict=True))


def _rows(item: Relaxation, base: Paths, other: Paths, prepared: Prepared) -> list[dict[str, object]]:
    a, b = (_totals(paths) for paths in (base, other))
    rows: list[dict[str, object]] = []
    for place, period in enumerate(labels(base.periods)):
        before, after = a[:, place], b[:, place]
        change = after - before
        mean, error = float(change.mean()), mean_error(change, base.rate_draw)
        target = goal_of(prepared.scenario.targets, base.periods, period, "all")
        row: dict[str, object] = {"kind": item.kind, "words": item.words, "period": period}
        row |= {"base_p50": float(np.median(before)), "p50": float(np.median(after)), "mean_change": mean}
        row |= {"mean_change_low": mean - SURE * error, "mean_change_high": mean + SURE * error}
        row |= {"target": target, "base_p_hit": hit_share(before, target), "p_hit": hit_share(after, target)}
        rows.append(row)
    return rows


def _totals(paths: Paths) -> Floats:
    totals = paths.bookings_new().sum(axis=2)
    return totals if totals.shape[1] == 1 else np.column_stack([totals, totals.sum(axis=1)])
