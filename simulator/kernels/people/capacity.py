"""Rep capacity: seats with ramp, attrition and backfill; SALs that wait for a slot, first come first served.

With one category, exponential times and fixed heads this is M/M/c+M (Erlang-A).
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from simulator.arrays import Floats, Ints
from simulator.kernels.jit import CALLED, EXPOSED, PART
from simulator.kernels.random import HIRE, LEAVE, PATIENCE, SLOT, block, search

FOREVER = 1e18


class CapacityPlan(NamedTuple):
    """Who works the deals; months count from the first simulated month and may be negative."""

    limited: Ints
    """(segment,) 1 where deals need a rep, 0 where they are taken up at once."""
    shared: Ints
    """(segment,) 1 where reps share their attention among all open deals, 0 where who comes first is served
    first and the others wait."""
    open_order: Ints
    """(open deal,) place in its segment's open deals of the first, second … to get attention."""
    seat_segment: Ints
    """(seat,) segment that the seat works for."""
    seat_key: npt.NDArray[np.uint64]
    """(seat,) key of the seat's draws."""
    seat_start: Ints
    """(seat,) month of hire; negative for those employed at as_of."""
    seat_delay_cdf: Floats
    """(seat, months) how much later than planned the seat is filled; employed ones: not at all."""
    seat_leaves: Floats
    """(draw, seat) chance a month that whoever holds the seat leaves."""
    backfill_cdf: Floats
    """(segment, months) months from a departure to the next start."""
    ramp: Floats
    """(draw, segment, month of tenure) productivity as a share of a ramped rep; the last value stays."""
    slots_per_rep: Floats
    """(draw, segment) open deals that a ramped rep can give full attention; infinite: no limit."""
    patience: Floats
    """(draw, segment) rate per day at which waiting SALs give up; 0: never."""
    sourcing_power: Floats
    """(draw, segment) SALs that reps source grow with their number to this power."""


@njit(**EXPOSED)
def _months_until_leaving(u, chance):
    if chance <= 0.0:
        return 1_000_000
    if chance >= 1.0:
        return 0
    return min(1_000_000, int(math.log1p(-u) / math.log1p(-chance)))


@njit(**CALLED)
def staff(capacity, luck, heads, ramped):
    """Fill heads and ramped heads of every segment and month of a path.

    Parameters
    ----------
    capacity : CapacityPlan or PeoplePlan
    luck : Luck
    heads, ramped : ndarray of float64, shape (segment, month)
        Filled: reps employed; the same weighted by ramp.
    """
    seed, path, draw, n_months = luck.seed, luck.path, luck.draw, heads.shape[1]
    for segment in range(heads.shape[0]):
        for month in range(n_months):
            heads[segment, month] = 0.0
            ramped[segment, month] = 0.0
    last_tenure = capacity.ramp.shape[2] - 1
    for seat in range(capacity.seat_segment.shape[0]):
        segment = capacity.seat_segment[seat]
        key = capacity.seat_key[seat]
        u_delay, _, _, _ = block(seed, path, key, np.uint64(0), HIRE)
        start = capacity.seat_start[seat] + search(capacity.seat_delay_cdf[seat], u_delay)
        holder = 0
        month = max(start, 0)
        while month < n_months:
            u_leave, u_backfill, _, _ = block(seed, path, key, np.uint64(holder), LEAVE)
            # Who is there at as_of has stayed so far: their remaining time counts from month 0.
            stays = _months_until_leaving(u_leave, capacity.seat_leaves[draw, seat])
            leaves = month + stays + 1
            while month < min(leaves, n_months):
                heads[segment, month] += 1.0
                ramped[segment, month] += capacity.ramp[draw, segment, min(month - start, last_tenure)]
                month += 1
            start = leaves + search(capacity.backfill_cdf[segment], u_backfill)
            month = start
            holder += 1


@njit(**PART)
def slots_of(capacity, luck, segment, ramped, slots, first, left):
    """Fill the slots of one segment from a month on: ramped reps × open deals per rep, in whole slots.

    ``left`` is the share of their time that customers leave them for new deals.

    The fraction left over is a slot with that probability, so that the mean is exact; the draw is
    the same whatever the number of reps.
    """
    slots_per_rep = capacity.slots_per_rep[luck.draw, segment]
    if math.isinf(slots_per_rep):
        for month in range(first, slots.shape[0]):
            slots[month] = slots_per_rep
        return
    for month in range(first, slots.shape[0]):
        u, _, _, _ = block(luck.seed, luck.path, np.uint64(segment), np.uint64(month), SLOT)
        slots[month] = math.floor(left * ramped[month] * slots_per_rep + u)


@njit(**EXPOSED)
def speed_of(attention, load):
    """Return the speed at which deals progress that share so much attention: full, or what there is of it."""
    return min(1.0, attention / load) if load > 0.0 else 1.0


@njit(**EXPOSED)
def gives_up_after(seed, path, entity, rate):
    """Return the days that a SAL waits at most."""
    if rate <= 0.0:
        return FOREVER
    u, _, _, _ = block(seed, path, entity, np.uint64(0), PATIENCE)
    return -math.log(u) / rate


@njit(**EXPOSED)
def push(heap, n_held, time, what):
    """Put something on a heap (row, 2) ordered by time; return how many it holds."""
    place = n_held
    while place > 0:
        parent = (place - 1) // 2
        if heap[parent, 0] <= time:
            break
        heap[place, 0], heap[place, 1] = heap[parent, 0], heap[parent, 1]
        place = parent
    heap[place, 0], heap[place, 1] = time, what
    return n_held + 1


@njit(**EXPOSED)
def pop(heap, n_held):
    """Take the earliest off a heap; return how many it holds still."""
    n_held -= 1
    time, what = heap[n_held, 0], heap[n_held, 1]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= n_held:
            break
        if child + 1 < n_held and heap[child + 1, 0] < heap[child, 0]:
            child += 1
        if time <= heap[child, 0]:
            break
        heap[place, 0], heap[place, 1] = heap[child, 0], heap[child, 1]
        place = child
    heap[place, 0], heap[place, 1] = time, what
    return n_held


@njit(**EXPOSED)
def latest_first(rows, space, n_rows, start, end):
    """Sort rows (row, 2) by a time that lies between start and end, latest first.

    Times are spread evenly, so that as many bins as rows leave little to sort.

    Parameters
    ----------
    rows : ndarray of float64, shape (row, 2)
        Time first; sorted.
    space : ndarray of float64, shape (row, 3)
        Overwritten.
    n_rows : int
        How many of the rows there are.
    start, end : float
        Of the month.
    """
    scale = n_rows / (end - start)
    for place in range(n_rows):
        space[place, 2] = 0.0
    for row in range(n_rows):
        space[row, 0], space[row, 1] = rows[row, 0], rows[row, 1]
        space[_bin(rows[row, 0], end, scale, n_rows), 2] += 1.0
    taken = 0.0
    for place in range(n_rows):
        count = space[place, 2]
        space[place, 2] = taken
        taken += count
    for row in range(n_rows):
        place = _bin(space[row, 0], end, scale, n_rows)
        spot = int(space[place, 2])
        space[place, 2] += 1.0
        rows[spot, 0], rows[spot, 1] = space[row, 0], space[row, 1]
    for row in range(1, n_rows):
        time, what = rows[row, 0], rows[row, 1]
        place = row
        while place > 0 and rows[place - 1, 0] < time:
            rows[place, 0], rows[place, 1] = rows[place - 1, 0], rows[place - 1, 1]
            place -= 1
        rows[place, 0], rows[place, 1] = time, what


@njit(**EXPOSED)
def _bin(time, end, scale, n_rows):
    return min(max(int((end - time) * scale), 0), n_rows - 1)
