"""Where deals start, and in which stage of a category they arrive."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.calibration.calibration import Dirichlet
from simulator.calibration.close_dates import PRIOR_DEALS, first_rows
from simulator.calibration.pooling import pool_counts
from simulator.history.states import DealStates
from simulator.history.tables import CATEGORIES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LUMP_RATIO = 10.0
LUMP_DEALS = 10


def arrivals_seen(states: DealStates, n_opportunities: int) -> Mask:
    """Tell which deals were seen to arrive, shape (opportunity,).

    A history cut from a longer one begins with every deal that was open that day. Where the first
    day brings at least ten times the deals of an average day, its deals did not arrive on it.
    """
    first = first_rows(states.deal)
    seen = np.zeros(n_opportunities, dtype=bool)
    if not len(first):
        return seen
    day = np.floor(states.start[first])
    opening = day == day.min()
    span = max(float(states.end.max() - day.min()), 1.0)
    typical = (~opening).sum() / span
    lump = opening.sum() >= max(LUMP_DEALS, LUMP_RATIO * max(typical, 1e-9)) and not opening.all()
    seen[states.deal[first]] = ~opening if lump else True
    return seen


def entries(states: DealStates, segment: Ints, arrived: Mask, n_segments: int) -> Dirichlet:
    """Count the category and stage with which deals start, shape (segment, category * 2 + late)."""
    first = first_rows(states.deal)
    first = first[arrived[states.deal[first]]]
    place = states.category[first] * 2 + states.late[first]
    n_places = 2 * len(CATEGORIES)
    counts = np.bincount(segment[states.deal[first]] * n_places + place, minlength=n_segments * n_places)
    table = counts.reshape(n_segments, n_places).astype(np.float64)
    concentration = pool_counts(table, PRIOR_DEALS)
    if table.sum() == 0:
        concentration[:, 0] = 1.0
    return Dirichlet(concentration, table)


def late_entries(states: DealStates) -> Floats:
    """Return Beta(a, b) that a deal which moves to a category enters its late stage, shape (category, 2)."""
    table = np.tile([0.0, 1.0], (len(CATEGORIES), 1))
    moves = np.flatnonzero(
        (states.exit[:-1] >= 0) & (states.exit[:-1] < len(CATEGORIES)) & (states.deal[1:] == states.deal[:-1])
    )
    to, late = states.category[moves + 1], states.late[moves + 1]
    for category in range(len(CATEGORIES)):
        arrived = late[to == category]
        if (states.late[states.category == category] == 1).any():
            table[category] = (0.5 + arrived.sum(), 0.5 + (1 - arrived).sum())
    return table
