"""The reverse of hiring: how many reps, where and by when, for a target to be hit at 80 %."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.analysis.hire.ladder import ExtraReps, RepLadder
from simulator.analysis.totals import hit_share
from simulator.arrays import Ints

CHANCE = 0.8


@dataclass(frozen=True)
class RepsForTarget:
    """Fewest reps found for one target.

    Parameters
    ----------
    period : str
    target : float
        Unit: scenario currency.
    p_hit_now : float
        Chance without more reps.
    allocation : ndarray of int64, shape (segment,)
        Reps to add; what comes nearest where the chance is not reached.
    p_hit : float
        Chance with them.
    reached : bool
    """

    period: str
    target: float
    p_hit_now: float
    allocation: Ints
    p_hit: float
    reached: bool


def reps_for_target(
    extra: ExtraReps, *, booked: float, place: int, period: str, target: float, chance: float = CHANCE
) -> RepsForTarget:
    """Add reps one by one where they raise the chance of a target most, until it reaches ``chance``.

    Where no single rep changes the chance, the one that adds most bookings goes first; at the end
    reps that turn out not to be needed are taken away again.

    Parameters
    ----------
    extra : ExtraReps
    booked : float
        Booked in the period by as_of, all segments.
    place : int
        Place of the period.
    period : str
    target : float
    chance : float
    """
    own = extra.bookings[:, :, place, :]
    base = extra.other_bookings[:, place] + booked
    allocation = np.zeros(len(extra.segments), dtype=np.int64)

    def hit(reps: Ints) -> float:
        return hit_share(base + own[reps, :, np.arange(len(reps))].sum(axis=0), target)

    now = best = hit(allocation)
    while best < chance:
        options = []
        for segment in np.flatnonzero(allocation < extra.most):
            more = allocation.copy()
            more[segment] += 1
            added = (own[more[segment], :, segment] - own[allocation[segment], :, segment]).mean()
            options.append((hit(more), float(added), int(segment)))
        if not options or max(option[1] for option in options) <= 0.0:
            break
        best, _, chosen = max(options)
        allocation[chosen] += 1
    for segment in np.flatnonzero(allocation):
        fewer = allocation.copy()
        while fewer[segment] > 0:
            fewer[segment] -= 1
            if hit(fewer) < min(chance, best):
                break
            allocation = fewer.copy()
    final = hit(allocation)
    return RepsForTarget(period, target, now, allocation, final, final >= chance)


def latest_start(ladder: RepLadder, found: RepsForTarget, *, booked: float, place: int, n_paths: int) -> int:
    """Return the last month, in steps of a quarter, in which the reps may start to reach the target.

    Parameters
    ----------
    ladder : RepLadder
        Whose start month is known to do.
    found : RepsForTarget
        Reached with reps that start then.
    booked : float
        Booked in the period by as_of, all segments.
    place : int
        Place of the period.
    n_paths : int
    """
    last_month = int(ladder.steps[0].horizon.months[ladder.month_period == place].max())
    latest = ladder.start
    for start in range(ladder.start + 3, last_month + 1, 3):
        total = ladder.total_bookings(found.allocation.tolist(), start, n_paths)[:, place] + booked
        if hit_share(total, found.target) < CHANCE:
            break
        latest = start
    return latest
