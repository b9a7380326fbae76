"""New customers lived one by one, each movement of their ARR kept: for lifetime value and for histories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.kernels.customer_paths import trace_customers
from simulator.kernels.customers import CustomerPlan

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROOM_PER_CUSTOMER = 24


@dataclass(frozen=True)
class Starts:
    """Customers at the start of their first contract; arrays over customers.

    Parameters
    ----------
    entity : ndarray of uint64
        Keys of their draws.
    segment, law, term : ndarray of int64
        Segment, law (segment × class of term) and months of the term.
    time : ndarray of float64
        Start in months of the plan.
    arr : ndarray of float64
        Unit: whole cents.
    path, draw : ndarray of int64
        Path of the draws, and draw of the rates.
    """

    entity: npt.NDArray[np.uint64]
    segment: Ints
    law: Ints
    term: Ints
    time: Floats
    arr: Floats
    path: Ints
    draw: Ints


@dataclass(frozen=True)
class Moves:
    """What moved their ARR, in order of customer and time; arrays over movements.

    Parameters
    ----------
    customer : ndarray of int64
        Place in ``Starts``.
    time : ndarray of float64
        Unit: months of the plan.
    flow : ndarray of int64
        Place in ``ARR_FLOWS``.
    cents : ndarray of float64
        Positive.
    """

    customer: Ints
    time: Floats
    flow: Ints
    cents: Floats


def live_apart(plan: CustomerPlan, seed: int, starts: Starts) -> Moves:
    """Return all movements of some new customers up to the end of the plan's months."""
    state = np.stack([starts.segment, starts.law, starts.law, starts.term], axis=1)
    luck = np.stack([starts.path, starts.draw], axis=1)
    begun = np.stack([starts.time, starts.arr], axis=1)
    room = ROOM_PER_CUSTOMER * (starts.arr.size + 1)
    while True:
        trace = np.empty((room, 4))
        n_rows = trace_customers(plan, np.uint64(seed), luck, starts.entity, state, begun, trace)
        if n_rows < room:
            break
        room *= 4
    time, flow, cents, customer = trace[:n_rows].T
    return Moves(customer.astype(np.int64), time.copy(), flow.astype(np.int64), cents.copy())
