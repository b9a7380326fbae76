"""The queue for slots against a plain one that keeps every end and looks at each of them every time."""

import numpy as np
import pytest

from simulator.kernels.capacity import FOREVER, latest_first, next_free, push

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


@pytest.mark.parametrize(("mean_slots", "mean_days"), [(3, 20), (10, 20), (10, 200), (40, 15)])
def test_a_slot_is_found_as_soon_as_there_is_one(mean_slots, mean_days):
    rng = np.random.default_rng(mean_slots + mean_days)
    slots = rng.integers(mean_slots // 2, mean_slots * 3 // 2, MONTH_END.size).astype(float)
    heap, plain = np.zeros((400, 2)), []
    n_busy, clock, n_waited = 0, 0.0, 0
    for arrival in np.sort(rng.uniform(0, 240, 300)):
        month = int(np.searchsorted(MONTH_END, arrival, side="right"))
        start = max(clock, arrival)
        expected = plain_next_free(slots, plain, start)
        clock, n_busy = next_free(MONTH_END, slots, heap, n_busy, month, start)
        assert clock == expected
        n_waited += clock > arrival
        if clock == FOREVER:
            break
        end = FOREVER if rng.random() < 0.1 else clock + rng.exponential(mean_days)
        n_busy = push(heap, n_busy, end, 0.0)
        plain.append(end)
    assert n_waited > 0


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
