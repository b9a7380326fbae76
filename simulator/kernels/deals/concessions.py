"""What is conceded at the signature, and whether a success plan must be agreed first."""

from typing import NamedTuple

from numba import njit

from simulator.arrays import Floats, Ints
from simulator.kernels.jit import PART, at

NOTHING = 0
"""Row of the deals to which nothing is conceded."""


class ConcessionPlan(NamedTuple):
    """What is conceded to which deals; row 0 of the tables by concession: nothing."""

    asked_cdf: Floats
    """(segment, concession) cumulative share of deals that ask for each concession; no rows: no terms."""
    granted: Floats
    """(concession,) share of those who ask that get it."""
    factor: Floats
    """(segment, concession + 1, month of quarter, 8) factor of each destination's hazard."""
    in_force: Ints
    """(concession + 1, month of quarter) 1 where a signature in that month carries the concession."""
    price: Floats
    """(segment, concession + 1) factor of the signed amount."""
    discount: Floats
    """(concession + 1,) what was taken off, as a share of the signed amount."""
    delivery: Floats
    """(concession + 1,) cost of delivery besides, as a share of the signed amount."""
    gated: Floats
    """(segment,) share of deals that need a success plan before they are closed won."""
    gate_days: float
    """Days that agreeing on one takes."""


@njit(**PART)
def conceded(concessions, segment, u_ask, u_grant, u_gate):
    """Return (concession, 0 for none; 1 where a success plan comes first) of a deal.

    One block of draws for each deal, whatever is conceded: policies share them.
    """
    cdf = concessions.asked_cdf[segment]
    n, asked, granted = cdf.shape[0], 0, 0
    # Without branches: who asks for what, and who gets it, cannot be foreseen.
    for place in range(n):
        asked += int(u_ask >= cdf[place])
    if n > 0:
        granted = int(asked < n) & int(u_grant < concessions.granted[at(min(asked, n - 1))])
    return granted * (asked + 1), int(u_gate < concessions.gated[segment])
