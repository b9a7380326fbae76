"""SALs that wait for a rep: first come first served, each for as long as it has patience."""

from numba import njit

from simulator.kernels.batch import CLOSED, FREE, QUEUE, TAKEN
from simulator.kernels.flows import (
    LOST_NO_DECISION,
    N_LOST_NO_DECISION,
    N_WAITED,
    N_WAITED_OUT,
    WAITED_OUT,
    WAITING_DAYS,
)
from simulator.kernels.jit import BODY, NONE, PART
from simulator.kernels.people.capacity import gives_up_after, latest_first, pop, push

N_MOMENTS = 16
"""Parts of a month by which it is decided whether anybody can have to wait."""


@njit(**BODY)
def may_wait(batch, moments, n_closed, n_queue, n_queued, n_busy, slots, start, end):
    """Return whether any SAL of a month may find no slot free, from what is counted part by part.

    In each part all who come by its end are set against those who have ended before it began, of the deals
    on the list of the closed.
    """
    for part in range(N_MOMENTS):
        moments[part] = 0
    scale = N_MOMENTS / (end - start)
    for number in range(n_queue, n_queued):
        time = batch.deal[batch.lists[QUEUE, number]].time
        moments[min(int((time - start) * scale), N_MOMENTS - 1)] += 1
    for number in range(n_closed):
        time = batch.deal[batch.lists[CLOSED, number]].time
        part = min(int((time - start) * scale), N_MOMENTS - 1) + 1
        if part < N_MOMENTS:
            moments[part] -= 1
    n_busy += n_queue
    for part in range(N_MOMENTS):
        n_busy += moments[part]
        if n_busy > slots:
            return True
    return False


@njit(**BODY)
def sort_arrivals(batch, rows, space, n_queue, n_new, start, end):
    """Put the SALs of a month, which stand behind those that wait already, in the order of their coming."""
    for number in range(n_new):
        entry = batch.lists[QUEUE, n_queue + number]
        rows[number, 0], rows[number, 1] = batch.deal[entry].time, entry
    latest_first(rows, space, n_new, start, end)
    for number in range(n_new):
        batch.lists[QUEUE, n_queue + number] = int(rows[n_new - 1 - number, 1])


@njit(**BODY)
def serve(
    month_end,
    luck,
    batch,
    ends,
    flows,
    segment,
    slots,
    patience,
    n_next,
    n_queued,
    n_busy,
    n_ends,
    clock,
    n_free,
):
    """Hand the deals in the queue to reps as slots get free, as far as that is known.

    Deals taken up may end within the month and free their slot again. Where the next in the queue would
    need that slot, the caller simulates them first and calls again.

    Parameters
    ----------
    month_end : ndarray of float64, shape (month,)
    luck : Luck
    batch : Batch
    ends : ndarray of float64, shape (deal, 2)
        Heap of the known ends of the month that have not freed their slot yet.
    flows : ndarray of float64, shape (month, segment, flow)
        Added to.
    segment : int
    slots : float
        Deals that reps can work at once; infinite: no rep is needed.
    patience : float
        Rate per day at which waiting SALs give up.
    n_next, n_queued : int
        The next deal in the queue, and how many have joined it.
    n_busy, n_ends : int
        Slots taken at ``clock``, and ends known.
    clock : float
        How far the queue is served.
    n_free : int
        Free entries.

    Returns
    -------
    n_taken : int
        Deals taken up, on the list of that name; the other values as they then are.
    """
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
        if time > born and not waits_until(month_end, luck, batch, flows, entry, segment, time, patience):
            batch.lists[FREE, n_free] = entry
            n_free += 1
            continue
        batch.deal[entry].time = time
        batch.lists[TAKEN, n_taken] = entry
        n_taken += 1
        n_busy += 1
    return n_taken, n_next, n_busy, n_ends, clock, n_free


@njit(**PART)
def waits_until(month_end, luck, batch, flows, entry, segment, time, patience):
    """Count how long a SAL waits up to a time; return whether its patience lasts so long."""
    born, month = batch.deal[entry].time, batch.deal[entry].born
    deadline = deadline_of(luck, batch, entry, patience)
    flows[month, segment, N_WAITED] += 1.0
    spread_time(month_end, month, born, min(time, deadline), flows, segment, WAITING_DAYS)
    if deadline >= time:
        return True
    give_up(month_end, month, segment, batch.deal[entry].amount, deadline, flows)
    return False


@njit(**PART)
def deadline_of(luck, batch, entry, patience):
    """Return when a SAL gives up waiting; it is drawn once."""
    deal = batch.deal[entry]
    if deal.wait < 0.0:
        deal.wait = deal.time + gives_up_after(luck.seed, luck.path, batch.key[entry], patience)
    return deal.wait


@njit(**BODY)
def keep_waiting(month_end, luck, batch, flows, segment, month, patience, n_next, n_queued, n_free):
    """Drop from the queue who gives up before a month's end; return how many wait on, and the free entries.

    At the end of the horizon all that wait are counted and dropped.
    """
    end, is_last = month_end[month], month == month_end.shape[0] - 1
    queue = batch.lists[QUEUE]
    n_queue = NONE
    for number in range(n_next, n_queued):
        entry = queue[number]
        if is_last or deadline_of(luck, batch, entry, patience) < end:
            waits_until(month_end, luck, batch, flows, entry, segment, end, patience)
            batch.lists[FREE, n_free] = entry
            n_free += 1
        else:
            queue[n_queue] = entry
            n_queue += 1
    return n_queue, n_free


@njit(**PART)
def free_slots_later(batch, ends, which, n, month_end, n_ends):
    """Note when the deals of a list end within the month; return how many ends are known."""
    for number in range(n):
        time = batch.deal[batch.lists[which, number]].time
        if time < month_end:
            n_ends = push(ends, n_ends, time, 0.0)
    return n_ends


@njit(**PART)
def spread_time(month_end, month, start, end, flows, segment, flow):
    """Add the days between two times, the first not before the given month, to the months they fall in."""
    while month < month_end.shape[0] and start >= month_end[month]:
        month += 1
    while month < month_end.shape[0] and start < end:
        stop = min(end, month_end[month])
        flows[month, segment, flow] += stop - start
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
