"""A segment's deals worked through a month: those in work, and those in the queue as reps take them up."""

from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.kernels.batch import (
    ACTIVE,
    CLOSED,
    HELD,
    LOST,
    NOW,
    SIGNING,
    TAKEN,
    WON,
    copy_list,
    release,
)
from simulator.kernels.deals.closing import close_deals
from simulator.kernels.deals.months import advance_month, end_due_deals, end_month
from simulator.kernels.deals.new_deals import assign_to_rep
from simulator.kernels.deals.queue import (
    Queue,
    free_slots_later,
    keep_waiting,
    may_wait,
    serve,
    sort_arrivals,
    with_free,
)
from simulator.kernels.flows import BUSY_DAYS, N_TAKEN_UP
from simulator.kernels.jit import NONE, PART


class Counts(NamedTuple):
    """How many deals of a segment are on the lists that last from month to month."""

    n_active: int
    n_signing: int
    n_queue: int
    n_free: int


@njit(**PART)
def days_left(lists, deals, which, n, end):
    """Return the days from the times of the deals of a list to a month's end, where they lie before it."""
    days = 0.0
    for number in range(n):
        days += max(0.0, end - deals[lists[which, number]].time)
    return days


@njit(**PART)
def await_signature(lists, deals, month, n_won, n_signing):
    """Set wins aside whose success plan is not agreed this month, and take up those of earlier months.

    Returns how many are won in the month, and how many still wait.
    """
    n_all = copy_list(lists, SIGNING, n_signing, WON, n_won)
    n_now, n_still = 0, 0
    for number in range(n_all):
        entry = lists[WON, number]
        signs = deals[entry].move == month
        lists[WON, n_now], lists[SIGNING, n_still] = entry, entry
        n_now += int(signs)
        n_still += 1 - int(signs)
    return n_now, n_still


@njit(**PART)
def work_month(luck, workspace, parameters, month, counts, n_new):
    """Simulate a segment's deals through a month, those in the queue as reps take them up.

    Parameters
    ----------
    luck : Luck
    workspace : Workspace
    parameters : SegmentParameters
    month : Month
    counts : Counts
        When the month begins.
    n_new : int
        SALs that have come this month: they stand behind those in the queue.

    Returns
    -------
    counts : Counts
        At its end.
    n_won : int
    """
    batch, flows, number = workspace.batch, workspace.flows, month.number
    n_held, n_won, queue = work_through(luck, workspace, parameters, month, counts, n_new)
    n_queue, n_free = keep_waiting(luck, batch, flows, month, queue)
    if parameters.slip_share < 1.0:
        n_held, n_closed = end_due_deals(parameters, luck, batch, number, n_held)
        n_lost, n_won = close_deals(parameters, luck, batch, flows, number, n_closed, n_won)
        n_free = release(batch, n_free, LOST, n_lost)
    end_month(parameters, luck, batch, flows, number, n_held)
    n_active = copy_list(batch.lists, HELD, n_held, ACTIVE, NONE)
    n_won, n_signing = await_signature(batch.lists, batch.deal, number, n_won, counts.n_signing)
    return Counts(n_active, n_signing, n_queue, n_free), n_won


@njit(**PART)
def work_through(luck, workspace, parameters, month, counts, n_new):
    """Simulate the deals of a month up to its end or their own.

    Returns
    -------
    n_held, n_won : int
        Deals that reach the month's end, and wins.
    queue : Queue
        Those that are left in it.
    """
    batch, flows, ends, lists = workspace.batch, workspace.flows, workspace.ends, workspace.batch.lists
    number, n_signing = month.number, counts.n_signing
    n_queued, n_busy = counts.n_queue + n_new, counts.n_active + n_signing
    queue = Queue(NONE, n_queued, n_busy, NONE, month.start, counts.n_free)
    n_held, n_won, n_begun = NONE, NONE, NONE
    days = n_busy * (month.end - month.start) - days_left(lists, batch.deal, SIGNING, n_signing, month.end)
    n_now = copy_list(lists, ACTIVE, counts.n_active, NOW, NONE)
    # Where slots may run short, what is being worked is simulated first: its ends free the slots.
    serves, is_short, limit = n_busy + n_queued <= month.slots, False, np.inf
    while True:
        if serves:
            n_taken, queue = serve(luck, batch, ends, flows, month, limit, queue)
            if is_short and n_taken == 0:
                break
            assign_to_rep(parameters, luck, batch, number, n_taken)
            n_begun += n_taken
            days += days_left(lists, batch.deal, TAKEN, n_taken, month.end)
            n_now = copy_list(lists, TAKEN, n_taken, NOW, n_now)
        n_held, n_closed = advance_month(parameters, luck, batch, number, n_now, n_held)
        n_lost, n_won = close_deals(parameters, luck, batch, flows, number, n_closed, n_won)
        days -= days_left(lists, batch.deal, CLOSED, n_closed, month.end)
        if not serves:
            is_short = may_wait(batch, workspace.moments, month, n_closed, counts.n_queue, queue)
            if is_short:
                limit = month.slots
                sort_arrivals(batch, workspace.arrivals, workspace.sorting, month, counts.n_queue, n_new)
                queue = free_slots_later(batch, ends, SIGNING, n_signing, month, queue)
        if is_short:
            queue = free_slots_later(batch, ends, CLOSED, n_closed, month, queue)
        queue = with_free(queue, release(batch, queue.n_free, LOST, n_lost))
        if serves and not is_short:
            break
        n_now, serves = NONE, True
    if month.slots < np.inf:
        flows[number, month.segment, BUSY_DAYS] += days
        flows[number, month.segment, N_TAKEN_UP] += n_begun
    return n_held, n_won, queue
