"""The queue for slots against a plain one that keeps every end and looks at each of them every time."""

import numpy as np
import pytest
from numba import njit

from simulator.kernels.batch import QUEUE, TAKEN, open_batch
from simulator.kernels.deals.queue import Month, Queue, serve
from simulator.kernels.flows import N_FLOWS
from simulator.kernels.jit import NONE
from simulator.kernels.people.capacity import FOREVER, latest_first, push
from simulator.kernels.random import Luck

MONTH_END = np.arange(1, 9) * 30.0


def plain_next_free(slots, ends, time):
    """Return the earliest moment from a time on at which fewer deals run than there are slots."""
    moments = sorted({time, *(e for e in ends if e > time), *(m for m in MONTH_END if m > time)})
    for moment in moments:
        month = int(np.searchsorted(MONTH_END, moment, side="right"))
        if month == MONTH_END.size:
            return FOREVER
        if sum(end > moment for end in ends) < slots[month]:
            return moment
    return FOREVER


@njit
def serve_all(slots, births, days, batch, ends, flows, starts, until):
    """Hand deals to reps month by month as the kernels do; fill when each starts and ends."""
    luck = Luck(np.uint64(1), np.uint64(0), 0)
    n_queue, first, n_free = NONE, 0, NONE
    for month in range(MONTH_END.size):
        start, end = (MONTH_END[month - 1] if month > 0 else 0.0), MONTH_END[month]
        n_queued = n_queue
        while first < births.size and births[first] < end:
            batch.lists[QUEUE, n_queued] = first
            batch.deal[first].time, batch.deal[first].wait, batch.deal[first].born = (
                births[first],
                -1.0,
                month,
            )
            n_queued += 1
            first += 1
        n_busy, n_ends = NONE, NONE
        for entry in range(first):
            if starts[entry] < start < until[entry]:
                n_busy += 1
                if until[entry] < end:
                    n_ends = push(ends, n_ends, until[entry], 0.0)
        now = Month(month, start, end, MONTH_END, 0, slots[month], 0.0)
        queue = Queue(NONE, n_queued, n_busy, n_ends, start, n_free)
        while True:
            n_taken, queue = serve(luck, batch, ends, flows, now, slots[month], queue)
            n_ends = queue.n_ends
            for number in range(n_taken):
                entry = batch.lists[TAKEN, number]
                starts[entry] = batch.deal[entry].time
                until[entry] = starts[entry] + days[entry]
                if until[entry] < end:
                    n_ends = push(ends, n_ends, until[entry], 0.0)
            queue = Queue(queue.n_next, n_queued, queue.n_busy, n_ends, queue.clock, queue.n_free)
            if n_taken == 0:
                break
        n_queue, n_free = NONE, queue.n_free
        for number in range(queue.n_next, n_queued):
            batch.lists[QUEUE, n_queue] = batch.lists[QUEUE, number]
            n_queue += 1


@pytest.mark.parametrize(("mean_slots", "mean_days"), [(3, 20), (10, 20), (10, 200), (40, 15)])
def test_a_slot_is_found_as_soon_as_there_is_one(mean_slots, mean_days):
    rng = np.random.default_rng(mean_slots + mean_days)
    slots = rng.integers(mean_slots // 2, mean_slots * 3 // 2, MONTH_END.size).astype(float)
    births = np.sort(rng.uniform(0, 240, 300))
    days = np.where(rng.random(300) < 0.1, FOREVER, rng.exponential(mean_days, 300))
    starts, until = np.full(300, np.inf), np.full(300, np.inf)
    flows = np.zeros((MONTH_END.size, 1, N_FLOWS))
    serve_all(slots, births, days, open_batch(304, 0, 1), np.zeros((304, 2)), flows, starts, until)
    ends, clock, n_waited = [], 0.0, 0
    for birth, lasts, start in zip(births, days, starts, strict=True):
        clock = plain_next_free(slots, ends, max(clock, birth))
        if clock == FOREVER:
            assert start == np.inf
            break
        assert start == clock
        n_waited += clock > birth
        ends.append(clock + lasts)
    assert n_waited > 0
    assert np.isinf(starts[len(ends) :]).all()


@pytest.mark.parametrize("n", [1, 2, 83, 1000])
def test_arrivals_are_sorted_latest_first(n):
    rng = np.random.default_rng(n)
    rows = np.stack([rng.uniform(30, 60, n), np.arange(n)], axis=1)
    rows[: n // 3, 0] = rows[0, 0]
    before = rows.copy()
    latest_first(rows, np.zeros((n, 3)), n, 30.0, 60.0)
    assert np.all(np.diff(rows[:, 0]) <= 0)
    place = rows[:, 1].astype(int)
    assert np.array_equal(np.sort(place), np.arange(n))
    assert np.array_equal(rows[:, 0], before[place, 0])
