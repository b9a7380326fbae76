"""SALs that wait for a rep: first come first served, each for as long as it has patience."""

from typing import NamedTuple

from numba import njit

from simulator.arrays import Floats
from simulator.kernels.batch import CLOSED, FREE, QUEUE, TAKEN
from simulator.kernels.flows import (
    LOST_NO_DECISION,
    N_LOST_NO_DECISION,
    N_WAITED,
    N_WAITED_OUT,
    WAITED_OUT,
    WAITING_DAYS,
)
from simulator.kernels.jit import CALLED, NONE, PART
from simulator.kernels.people.capacity import gives_up_after, latest_first, pop, push

N_MOMENTS = 16
"""Parts of a month by which it is decided whether anybody can have to wait."""


class Month(NamedTuple):
    """A month of a segment, as those who wait for its reps see it."""

    number: int
    start: float
    end: float
    month_end: Floats
    """(month,) day at which each month ends."""
    segment: int
    slots: float
    """Deals that reps can work at once; infinite: each is taken up when it comes."""
    patience: float
    """Rate per day at which waiting SALs give up."""


class Queue(NamedTuple):
    """How far the queue of a month is served."""

    n_next: int
    """The next deal in the queue."""
    n_queued: int
    """Deals that have joined it."""
    n_busy: int
    """Slots taken at ``clock``."""
    n_ends: int
    """Known ends of the month that have not freed their slot yet."""
    clock: float
    n_free: int
    """Free entries of the batch."""


@njit(**PART)
def may_wait(batch, moments, month, n_closed, n_queue, queue):
    """Return whether any SAL of a month may find no slot free, from what is counted part by part.

    In each part all who come by its end are set against those who have ended before it began, of the deals
    on the list of the closed. ``n_queue``: deals that waited when the month began.
    """
    start, n_busy = month.start, queue.n_busy + n_queue
    for part in range(N_MOMENTS):
        moments[part] = 0
    scale = N_MOMENTS / (month.end - start)
    for number in range(n_queue, queue.n_queued):
        time = batch.deal[batch.lists[QUEUE, number]].time
        moments[min(int((time - start) * scale), N_MOMENTS - 1)] += 1
    for number in range(n_closed):
        time = batch.deal[batch.lists[CLOSED, number]].time
        part = min(int((time - start) * scale), N_MOMENTS - 1) + 1
        if part < N_MOMENTS:
            moments[part] -= 1
    for part in range(N_MOMENTS):
        n_busy += moments[part]
        if n_busy > month.slots:
            return True
    return False


@njit(**PART)
def sort_arrivals(batch, rows, space, month, n_queue, n_new):
    """Put the SALs of a month, which stand behind those that wait already, in the order of their coming."""
    for number in range(n_new):
        entry = batch.lists[QUEUE, n_queue + number]
        rows[number, 0], rows[number, 1] = batch.deal[entry].time, entry
    latest_first(rows, space, n_new, month.start, month.end)
    for number in range(n_new):
        batch.lists[QUEUE, n_queue + number] = int(rows[n_new - 1 - number, 1])


@njit(**CALLED)
def serve(luck, batch, ends, flows, month, slots, queue):
    """Hand the deals in the queue to reps as slots get free, as far as that is known.

    Deals taken up may end within the month and free their slot again. Where the next in the queue would
    need that slot, the caller simulates them first and calls again.

    Parameters
    ----------
    luck : Luck
    batch : Batch
    ends : ndarray of float64, shape (deal, 2)
        Heap of the known ends of the month that have not freed their slot yet.
    flows : ndarray of float64, shape (month, segment, flow)
        Added to.
    month : Month
    slots : float
        Deals that reps can work at once; infinite: no rep is needed.
    queue : Queue

    Returns
    -------
    n_taken : int
        Deals taken up, on the list of that name.
    queue : Queue
        As it then is.
    """
    n_next, n_queued, n_busy, n_ends, clock, n_free = queue
    n_taken = NONE
    while n_next < n_queued:
        entry = batch.lists[QUEUE, n_next]
        born = batch.deal[entry].time
        time = max(clock, born)
        while n_ends > 0 and ends[0, 0] <= time:
            n_ends = pop(ends, n_ends)
            n_busy -= 1
        if n_busy >= slots:
            if n_taken > 0 or n_ends == 0:
                break
            clock = ends[0, 0]
            continue
        n_next += 1
        if time > born and not waits_until(luck, batch, flows, month, entry, time):
            batch.lists[FREE, n_free] = entry
            n_free += 1
            continue
        batch.deal[entry].time = time
        batch.lists[TAKEN, n_taken] = entry
        n_taken += 1
        n_busy += 1
    return n_taken, Queue(n_next, n_queued, n_busy, n_ends, clock, n_free)


@njit(**PART)
def waits_until(luck, batch, flows, month, entry, time):
    """Count how long a SAL waits up to a time; return whether its patience lasts so long."""
    deal, segment = batch.deal[entry], month.segment
    deadline = deadline_of(luck, batch, entry, month.patience)
    flows[deal.born, segment, N_WAITED] += 1.0
    spread_time(month.month_end, deal.born, deal.time, min(time, deadline), flows, segment)
    if deadline >= time:
        return True
    give_up(month.month_end, deal.born, segment, deal.amount, deadline, flows)
    return False


@njit(**PART)
def deadline_of(luck, batch, entry, patience):
    """Return when a SAL gives up waiting; it is drawn once."""
    deal = batch.deal[entry]
    if deal.wait < 0.0:
        deal.wait = deal.time + gives_up_after(luck.seed, luck.path, batch.key[entry], patience)
    return deal.wait


@njit(**CALLED)
def keep_waiting(luck, batch, flows, month, queue):
    """Drop from the queue who gives up before a month's end; return how many wait on, and the free entries.

    At the end of the horizon all that wait are counted and dropped.
    """
    is_last = month.number == month.month_end.shape[0] - 1
    waiting, n_queue, n_free = batch.lists[QUEUE], NONE, queue.n_free
    for number in range(queue.n_next, queue.n_queued):
        entry = waiting[number]
        if is_last or deadline_of(luck, batch, entry, month.patience) < month.end:
            waits_until(luck, batch, flows, month, entry, month.end)
            batch.lists[FREE, n_free] = entry
            n_free += 1
        else:
            waiting[n_queue] = entry
            n_queue += 1
    return n_queue, n_free


@njit(**PART)
def free_slots_later(batch, ends, which, n, month, queue):
    """Note when the deals of a list end within the month; return the queue with these ends."""
    n_ends = queue.n_ends
    for number in range(n):
        time = batch.deal[batch.lists[which, number]].time
        if time < month.end:
            n_ends = push(ends, n_ends, time, 0.0)
    return Queue(queue.n_next, queue.n_queued, queue.n_busy, n_ends, queue.clock, queue.n_free)


@njit(**PART)
def with_free(queue, n_free):
    """Return a queue with this many free entries."""
    return Queue(queue.n_next, queue.n_queued, queue.n_busy, queue.n_ends, queue.clock, n_free)


@njit(**PART)
def spread_time(month_end, month, start, end, flows, segment):
    """Add the days of waiting between two times, the first not before the given month, to their months."""
    while month < month_end.shape[0] and start >= month_end[month]:
        month += 1
    while month < month_end.shape[0] and start < end:
        stop = min(end, month_end[month])
        flows[month, segment, WAITING_DAYS] += stop - start
        start = stop
        month += 1


@njit(**PART)
def give_up(month_end, month, segment, amount, deadline, flows):
    """Count a SAL that gave up waiting, in the month it did."""
    while month < month_end.shape[0] and deadline >= month_end[month]:
        month += 1
    if month < month_end.shape[0]:
        flows[month, segment, LOST_NO_DECISION] += amount
        flows[month, segment, N_LOST_NO_DECISION] += 1.0
        flows[month, segment, WAITED_OUT] += amount
        flows[month, segment, N_WAITED_OUT] += 1.0
