"""Why no pipeline suffices for a target, and what mix of pipeline and better quarters would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from simulator.analysis.bottlenecks import PLENTY, levers_of
from simulator.analysis.steps import Progress, of_step
from simulator.analysis.totals import ALL, hit_share
from simulator.analysis.yardstick import CAPACITY, PIPELINE, better_quarters
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import simulate
from simulator.kernels.flows import ORIGINS
from simulator.scenario.levers import Lever
from simulator.scenario.schema import Scenario

NO_TIME, REPS_FULL, TOO_FAR = "no time", "reps full", "too far"
LITTLE = 0.1
"""Share of a target below which deals that are still to be created hardly count."""
FULL = 0.97
MIX = (1.0, 1.5, 2.0, 3.0)
CREATED = ORIGINS.index("created")


def simulate_multiples(
    prepared: Prepared, scenario: Scenario, factors: Sequence[float], progress: Progress | None = None
) -> dict[float, Paths]:
    """Simulate a scenario with this many times the SALs, each on the same random numbers."""
    return {
        factor: simulate(
            scenario.with_levers(Lever("sals", factor)),
            prepared.calibration,
            prepared.history,
            progress=of_step(progress, step, len(factors)),
        )
        for step, factor in enumerate(factors)
    }


def why_out_of_reach(
    prepared: Prepared,
    scenario: Scenario,
    most: Paths,
    unreached: Mapping[str, float],
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return why targets are out of reach of more pipeline, and which mix reaches them.

    The mix: more SALs, together with closing, slippage and reps as in the company's better quarters and
    attention for every deal.

    Parameters
    ----------
    prepared : Prepared
    scenario : Scenario
        With as many paths as wanted, without customers.
    most : Paths
        With the most SALs that were tried.
    unreached : mapping of str to float
        The lowest chance that is out of reach, by period; of the targets of all segments.
    progress : callable, optional

    Returns
    -------
    DataFrame
        period, chance, reason (``no time``, ``reps full``, ``too far``), mix (multiple of the SALs with which
        the mix reaches the chance; missing: none does), p_hit (of the mix with the most SALs).
    """
    if not unreached:
        return pd.DataFrame(columns=["period", "chance", "reason", "mix", "p_hit"])
    limited = tuple(name for name in most.segments if scenario.reps.limits(name))
    levers = [
        lever
        for kind, item in better_quarters(prepared).items()
        if kind not in (PIPELINE, CAPACITY)
        for lever in levers_of(item, limited)
    ]
    levers += [Lever("open_deals_per_rep", PLENTY, (name,)) for name in limited]
    runs = simulate_multiples(prepared, scenario.with_levers(*levers), MIX, progress)
    rows = []
    for period, chance in unreached.items():
        target = scenario.targets[period][ALL]
        place = most.periods.index(period)
        hits = {
            factor: hit_share(paths.bookings_new()[:, place].sum(axis=1), target)
            for factor, paths in runs.items()
        }
        enough = [factor for factor, hit in hits.items() if hit >= chance]
        mix = enough[0] if enough else float("nan")
        rows.append((period, chance, _reason(most, place, target), mix, hits[MIX[-1]]))
    return pd.DataFrame(rows, columns=["period", "chance", "reason", "mix", "p_hit"])


def _reason(most: Paths, place: int, target: float) -> str:
    created = most.bookings_by_origin()[:, place, :, CREATED].sum(axis=1).mean()
    if created < LITTLE * target:
        return NO_TIME
    busy, slots = (most.flow(name)[:, : place + 1].sum() for name in ("busy_days", "slot_days"))
    return REPS_FULL if slots > 0.0 and busy >= FULL * slots else TOO_FAR
