"""Rates of deals that get full attention, from a history in which deals waited or went slowly.

A history of a company short of reps holds the waiting already: to simulate the waiting over again with its
rates would count it twice. Here it is taken out, so that a simulation of the same reps at the same load
arrives at the same bookings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.calibration import Calibration
from simulator.calibration.estimate import calibrate_states
from simulator.calibration.roster import workload_of
from simulator.calibration.workload import (
    MOVES,
    Workload,
    attention,
    count_within,
    ramped_by_day,
    rank_within,
)
from simulator.history.states import DealStates, deal_states
from simulator.history.tables import History

STEP_DAYS = 2.0
LEAST_MISSING = 0.01
"""Share of their attention that deals must have lacked before anything is corrected."""
OF_DEALS_WORKED = (
    "hazards", "factors", "effects", "factor_covariance", "effect_covariance", "segment_ages", "reps",
    "late_entry",
)  # fmt: skip
"""What is learnt from the time in which deals got attention; the rest of a calibration stays."""


def at_full_attention(
    calibration: Calibration, history: History, per_rep: Mapping[str, float], first_come: bool
) -> Calibration:
    """Return the rates that deals have while they get full attention.

    Parameters
    ----------
    calibration : Calibration
        Of the history as it is.
    history : History
    per_rep : mapping of str to float
        Deals that a ramped rep can give full attention, by segment; infinite where there is no limit.
    first_come : bool
        Whether who comes first is served first and the others wait, or all share the attention.
    """
    staffing, names = calibration.staffing, calibration.segments
    states = deal_states(history)
    found = None if staffing is None else workload_of(history, states, names, staffing.ramp, STEP_DAYS)
    if found is None:
        return calibration
    work, productivity, rep_segment = found
    ramped = ramped_by_day(productivity, rep_segment, len(names))
    numbers = np.array([per_rep.get(name, np.inf) for name in names])
    known = (work.segment >= 0) & np.isfinite(numbers[work.segment])
    limit = np.where(known, numbers[work.segment], 0.0) * ramped[work.segment, work.day]
    # Before anybody is known to have been there, nothing is known to have waited.
    known &= ramped[work.segment, work.day] > 0.0
    share = attention(first_come, limit, rank_within(work.segment, work), count_within(work.segment, work))
    share = np.where(known, share, 1.0)
    total = np.bincount(work.segment[known], minlength=len(names))
    got = np.bincount(work.segment[known], share[known], minlength=len(names))
    speed = np.divide(got, total, out=np.ones(len(names)), where=total > 0)
    if (speed > 1.0 - LEAST_MISSING).all():
        return calibration
    if not first_come:
        return _faster(calibration, speed)
    worked = calibrate_states(
        history, without_waiting(states, work, share), calibration.calendar, calibration.segments
    )
    return replace(calibration, **{name: getattr(worked, name) for name in OF_DEALS_WORKED})


def _faster(calibration: Calibration, speed: Floats) -> Calibration:
    """Return the calibration with all moves as fast as they would be at full attention."""
    exposure = calibration.hazards.rate.copy()
    exposure[:, :, list(MOVES)] *= speed[:, None, None]
    return replace(calibration, hazards=replace(calibration.hazards, rate=exposure))


def without_waiting(states: DealStates, work: Workload, share: Floats) -> DealStates:
    """Return the states of deals from the day on that a rep took them up; none of those nobody ever did.

    Parameters
    ----------
    states : DealStates
    work : Workload
    share : ndarray of float64, shape (row,)
        Attention that each row of it gets.
    """
    n_deals = int(states.deal.max()) + 1
    taken = np.full(n_deals, np.inf)
    on = share >= 0.5
    # The first day with attention; who has it from the start never waited.
    np.minimum.at(
        taken, work.deal[on], np.where(work.begun[on] < work.step, -np.inf, work.days[work.day[on]])
    )
    moves = np.isin(states.exit, MOVES)
    # What moves has attention, whatever its place.
    np.minimum.at(taken, states.deal[moves], states.end[moves] - work.step / 2.0)
    unseen = np.ones(n_deals, dtype=bool)
    unseen[work.deal] = False
    taken[unseen] = -np.inf
    since = taken[states.deal]
    keep = states.end > since
    arrays = {f.name: getattr(states, f.name)[keep] for f in fields(states) if f.name != "as_of"}
    cut = replace(states, **arrays)
    begun = np.maximum(cut.start, taken[cut.deal])
    return replace(cut, start=begun, entered=np.maximum(cut.entered, taken[cut.deal]))
