"""The deals of a segment side by side, each in an entry of its own.

``new_deals``, ``months``, ``closing`` and ``queue`` work on them. Every deal takes its next step before any
takes the one after, and each step sorts deals into lists by what happens to them. So the processor works on
many deals at once instead of waiting to see what happens to each one.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from simulator.arrays import Floats
from simulator.kernels.jit import PART, at
from simulator.kernels.random import N_GUIDED, blocks, waits
from simulator.kernels.simd import WIDTH, aligned

DEAL = np.dtype(
    [
        ("time", "f8"), ("wait", "f8"), ("where", "f8"), ("amount", "f8"), ("entered", "i4"),
        ("close_month", "i4"), ("pushes", "u4"), ("stage", "u4"), ("effect_row", "u4"), ("concession", "u4"),
        ("move", "i4"), ("n_events", "u4"), ("next_wait", "f8"), ("next_where", "f8"), ("signed", "f8"),
        ("length", "i4"), ("n_dates", "u4"), ("born", "i4"), ("index", "i4"), ("stream", "i4"),
        ("outcome", "u4"), ("origin", "u4"), ("gated", "u4"), ("referred", "i8"),
    ],
    align=True,
)  # fmt: skip
"""A deal. ``stage``: category * 2 + late. ``where``: the uniform that decides what happens at its next event;
``next_*``: what it has drawn for the one after. ``move``, ``length``: the month at whose end its close date
moves, and how far beyond the next. ``index``: which open deal, -1 for a new one.

While it waits for a rep, ``time`` is when it was qualified and ``wait`` when it gives up (negative: not drawn
yet); once it is worked, ``time`` is how far it has been simulated and ``wait`` what is left to spend. When
it is won, ``time`` and ``move`` are those of the signature."""

(FREE, ACTIVE, SIGNING, QUEUE, NOW, HELD, HIT, CLOSED, LOST, WON, TAKEN, REDRAWN, N_LISTS) = range(13)
"""Lists of deals: places that nobody has, deals worked when the month begins, won ones that wait for their
success plan; deals that wait for a rep, in turn; then the month's work."""


class Batch(NamedTuple):
    """Room for deals, one in each entry."""

    key: npt.NDArray[np.uint64]
    """(entry,) key of the deal's draws."""
    deal: npt.NDArray[np.void]
    """(entry,) of ``DEAL``."""
    lists: npt.NDArray[np.uint32]
    """(N_LISTS, entry)"""
    occurrence: npt.NDArray[np.uint64]
    """(entry,) space: which of its draws each deal of a list takes."""
    space: npt.NDArray[np.uint64]
    """(entry,) space: keys of a list of deals."""
    uniform: Floats
    """(4, entry) space: the draws of a list of deals."""
    cell: npt.NDArray[np.uint32]
    """(entry,) space: where the hazards of the deals of a list stand."""
    hazard: Floats
    """(entry, 8) space: their hazards this month."""
    total: Floats
    """(entry,) space: the sums of these."""
    offset_guide: npt.NDArray[np.uint32]
    """(N_GUIDED + 1,) where to begin to look for first close dates."""
    push_guide: npt.NDArray[np.uint32]
    """(N_GUIDED + 1,) the same for the lengths of pushes."""
    entry_guide: npt.NDArray[np.uint32]
    """(N_GUIDED + 1,) the same for where deals start."""
    profile_guide: npt.NDArray[np.uint32]
    """(stream, N_GUIDED + 1) the same for what they are besides their size."""
    now: Floats
    """(concession, 8) factors of the month on the hazards."""


def open_batch(n_entries: int, n_concessions: int, n_streams: int) -> Batch:
    """Return room for at least this many deals."""
    n_entries = -(-n_entries // WIDTH) * WIDTH
    return Batch(
        key=np.zeros(n_entries, dtype=np.uint64),
        deal=aligned((n_entries,), DEAL),
        lists=np.zeros((N_LISTS, n_entries), dtype=np.uint32),
        occurrence=np.zeros(n_entries, dtype=np.uint64),
        space=np.zeros(n_entries, dtype=np.uint64),
        uniform=np.zeros((4, n_entries)),
        cell=np.zeros(n_entries, dtype=np.uint32),
        hazard=aligned((n_entries, WIDTH)),
        total=np.zeros(n_entries),
        offset_guide=np.zeros(N_GUIDED + 1, dtype=np.uint32),
        push_guide=np.zeros(N_GUIDED + 1, dtype=np.uint32),
        entry_guide=np.zeros(N_GUIDED + 1, dtype=np.uint32),
        profile_guide=np.zeros((n_streams, N_GUIDED + 1), dtype=np.uint32),
        now=aligned((n_concessions + 1, WIDTH)),
    )


@njit(**PART)
def release(batch, n_free, which, n):
    """Free the entries of a list; return how many are free."""
    for place in range(n):
        batch.lists[FREE, at(n_free + place)] = batch.lists[which, place]
    return n_free + n


@njit(**PART)
def copy_list(lists, origin, n, target, n_before):
    """Add the first deals of a list to another; return how many are on that then."""
    for number in range(n):
        lists[target, at(n_before + number)] = lists[origin, number]
    return n_before + n


@njit(**PART)
def draw_for(batch, luck, chosen, n, purpose):
    """Draw one block for each of the first of a list, at the occurrences noted."""
    blocks(luck, batch.key, chosen, batch.occurrence, n, purpose, batch.space, batch.uniform)


@njit(**PART)
def wait_for(batch, luck, chosen, n, purpose):
    """Draw the same, the first and the third of each four as exponential waits."""
    waits(luck, batch.key, chosen, batch.occurrence, n, purpose, batch.space, batch.uniform)


@njit(**PART)
def draw_first(batch, luck, chosen, n, purpose):
    """Draw the first block of a purpose for each of the first of a list."""
    note_first(batch, n)
    draw_for(batch, luck, chosen, n, purpose)


@njit(**PART)
def note_first(batch, n):
    """Note that the first of a list take their first draw."""
    for place in range(n):
        batch.occurrence[place] = np.uint64(0)
