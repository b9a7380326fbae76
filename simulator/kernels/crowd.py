"""Draws for the first members of a list, of deals on their lanes or of customers, all at once.

A crowd has ``key``, ``lists``, ``occurrence``, ``space`` and ``uniform``, as ``Lanes`` and ``Accounts`` do.
"""

import numpy as np
from numba import njit

from simulator.kernels.draws import blocks, waits
from simulator.kernels.jit import PART


@njit(**PART)
def draw_for(crowd, luck, chosen, n, purpose):
    """Draw one block for each of the first of a list, at the occurrences noted."""
    blocks(luck.seed, luck.path, crowd.key, chosen, crowd.occurrence, n, purpose, crowd.space, crowd.uniform)


@njit(**PART)
def wait_for(crowd, luck, chosen, n, purpose):
    """Draw the same, the first and the third of each four as exponential waits."""
    waits(luck.seed, luck.path, crowd.key, chosen, crowd.occurrence, n, purpose, crowd.space, crowd.uniform)


@njit(**PART)
def draw_first(crowd, luck, chosen, n, purpose):
    """Draw the first block of a purpose for each of the first of a list."""
    note_first(crowd, n)
    draw_for(crowd, luck, chosen, n, purpose)


@njit(**PART)
def note_first(crowd, n):
    """Note that the first of a list take their first draw."""
    for place in range(n):
        crowd.occurrence[place] = np.uint64(0)
