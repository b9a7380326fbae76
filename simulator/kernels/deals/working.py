"""A segment's deals worked through a month: those in work, and those in the queue as reps take them up."""

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
from simulator.kernels.deals.months import advance_month, close_deals, end_due_deals, end_month
from simulator.kernels.deals.new_deals import assign_to_rep
from simulator.kernels.deals.queue import (
    free_slots_later,
    keep_waiting,
    may_wait,
    serve,
    sort_arrivals,
)
from simulator.kernels.flows import BUSY_DAYS, N_TAKEN_UP
from simulator.kernels.jit import BODY, NONE, PART


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


@njit(**BODY)
def work_month(
    luck, workspace, parameters, month, slots, patience, n_active, n_signing, n_queue, n_new, n_free
):
    """Simulate a segment's deals through a month, those in the queue as reps take them up.

    Parameters
    ----------
    luck : Luck
    workspace : Workspace
    parameters : SegmentParameters
    month : int
    slots : float
        Deals that reps can work at once; infinite: each is taken up when it comes.
    patience : float
        Rate per day at which waiting SALs give up.
    n_active, n_signing, n_queue, n_new, n_free : int
        Deals on the lists of those names when the month begins, of the SALs in the queue how many have
        come this month, and free entries.

    Returns
    -------
    n_active, n_won, n_signing, n_queue, n_free : int
        The same at its end, and the wins.
    """
    batch, flows = workspace.batch, workspace.flows
    lists, deals = batch.lists, batch.deal
    start, end = (parameters.month_end[month - 1] if month > 0 else 0.0), parameters.month_end[month]
    n_queued, n_busy = n_queue + n_new, n_active + n_signing
    n_ends, n_next, n_held, n_won, n_begun, clock = NONE, NONE, NONE, NONE, NONE, start
    days = n_busy * (end - start) - days_left(lists, deals, SIGNING, n_signing, end)
    n_now = copy_list(lists, ACTIVE, n_active, NOW, NONE)
    # Where slots may run short, what is being worked is simulated first: its ends free the slots.
    serves, is_short, limit = n_busy + n_queued <= slots, False, np.inf
    while True:
        if serves:
            n_taken, n_next, n_busy, n_ends, clock, n_free = serve(
                parameters.month_end,
                luck,
                batch,
                workspace.ends,
                flows,
                parameters.segment,
                limit,
                patience,
                n_next,
                n_queued,
                n_busy,
                n_ends,
                clock,
                n_free,
            )
            if is_short and n_taken == 0:
                break
            assign_to_rep(parameters, luck, batch, month, n_taken)
            n_begun += n_taken
            days += days_left(lists, deals, TAKEN, n_taken, end)
            n_now = copy_list(lists, TAKEN, n_taken, NOW, n_now)
        n_held, n_closed = advance_month(parameters, luck, batch, month, n_now, n_held)
        n_lost, n_won = close_deals(parameters, luck, batch, flows, month, n_closed, n_won)
        days -= days_left(lists, deals, CLOSED, n_closed, end)
        if not serves:
            is_short = may_wait(
                batch, workspace.moments, n_closed, n_queue, n_queued, n_busy, slots, start, end
            )
            if is_short:
                limit = slots
                sort_arrivals(batch, workspace.arrivals, workspace.sorting, n_queue, n_new, start, end)
                n_ends = free_slots_later(batch, workspace.ends, SIGNING, n_signing, end, n_ends)
        if is_short:
            n_ends = free_slots_later(batch, workspace.ends, CLOSED, n_closed, end, n_ends)
        n_free = release(batch, n_free, LOST, n_lost)
        if serves and not is_short:
            break
        n_now, serves = NONE, True
    if slots < np.inf:
        flows[month, parameters.segment, BUSY_DAYS] += days
        flows[month, parameters.segment, N_TAKEN_UP] += n_begun
    n_queue, n_free = keep_waiting(
        parameters.month_end,
        luck,
        batch,
        flows,
        parameters.segment,
        month,
        patience,
        n_next,
        n_queued,
        n_free,
    )
    if parameters.slip_share < 1.0:
        n_held, n_closed = end_due_deals(parameters, luck, batch, month, n_held)
        n_lost, n_won = close_deals(parameters, luck, batch, flows, month, n_closed, n_won)
        n_free = release(batch, n_free, LOST, n_lost)
    end_month(parameters, luck, batch, flows, month, n_held)
    n_active = copy_list(lists, HELD, n_held, ACTIVE, NONE)
    n_won, n_signing = await_signature(lists, deals, month, n_won, n_signing)
    return n_active, n_won, n_signing, n_queue, n_free
