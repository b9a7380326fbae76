"""A slot that gets free counts from the next sixteenth of a month on, not within its own."""

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.kernels.deals import queue as kernel

MAY_WAIT = getattr(kernel.may_wait, "py_func", kernel.may_wait)


@pytest.mark.parametrize(
    ("ends", "comes", "slots", "waits"),
    [
        ([3.2], [3.8], 1, True),  # in this order, but within one part of the month: it is looked at closely
        ([3.2], [4.1], 1, False),
        ([3.2], [2.9], 1, True),
        ([3.2], [3.8], 2, False),
        ([3.2, 5.5], [4.1, 6.2], 2, False),
        ([3.2, 5.5], [4.1, 5.9], 2, True),
        ([15.9], [15.9], 1, True),
    ],
)
def test_who_may_wait_is_found_part_by_part(ends, comes, slots, waits):
    lists = np.zeros((1 + max(kernel.QUEUE, kernel.CLOSED), len(ends) + len(comes)), dtype=np.int64)
    lists[kernel.CLOSED, : len(ends)] = range(len(ends))
    lists[kernel.QUEUE, : len(comes)] = range(len(ends), len(ends) + len(comes))
    batch = SimpleNamespace(deal=[SimpleNamespace(time=time) for time in (*ends, *comes)], lists=lists)
    month = SimpleNamespace(start=0.0, end=float(kernel.N_MOMENTS), slots=slots)
    queue = SimpleNamespace(n_busy=len(ends), n_queued=len(comes))
    moments = np.zeros(kernel.N_MOMENTS, dtype=np.int64)
    assert MAY_WAIT(batch, moments, month, len(ends), 0, queue) is waits
