"""Customers simulated one by one, each movement of their ARR kept: for lifetime value and for histories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.arrays import Floats, Ints
from simulator.calibration.renewals import TERM_CLASSES
from simulator.kernels.customers.accounts import open_accounts
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.customers.flows import CHURN, CONTRACTION
from simulator.kernels.customers.trace import trace_customers

ROOM_PER_CUSTOMER = 24


@dataclass(frozen=True)
class Starts:
    """Where customers stand when they are first followed; arrays over customers.

    Parameters
    ----------
    entity : ndarray of uint64
        Keys of their draws.
    state : ndarray of int64, shape (customer, 5)
        Segment, law (segment × class of term), row of the churn table, months of the term, renewals
        behind it.
    standing : ndarray of float64, shape (customer, 6)
        Time from which it is followed, next renewal and start of the contract, in months of the plan;
        ARR, ARR under contract and ARR at churn, in whole cents.
    luck : ndarray of int64, shape (customer, 2)
        Path of the draws, and draw of the rates.
    """

    entity: npt.NDArray[np.uint64]
    state: Ints
    standing: Floats
    luck: Ints

    @property
    def arr(self) -> Floats:
        """ARR when first followed. Unit: cents."""
        return self.standing[:, 3]

    @property
    def segment(self) -> Ints:
        """Code of the segment."""
        return self.state[:, 0]


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
        Positive, whatever the movement.
    """

    customer: Ints
    time: Floats
    flow: Ints
    cents: Floats

    @property
    def delta(self) -> Floats:
        """Signed change of the ARR. Unit: cents."""
        return np.where((self.flow == CHURN) | (self.flow == CONTRACTION), -self.cents, self.cents)


def new_starts(
    keys: tuple[npt.NDArray[np.uint64], Ints], contracts: tuple[Ints, Ints, Ints], time: Floats, arr: Floats
) -> Starts:
    """Return customers at the start of their first contract.

    Parameters
    ----------
    keys : tuple
        Entity of each customer, and luck: shapes (customer,) and (customer, 2).
    contracts : tuple of ndarray of int64
        Segment, months of the term and class of the term of each.
    time : ndarray of float64, shape (customer,)
        Start. Unit: months of the plan.
    arr : ndarray of float64, shape (customer,)
        Unit: cents.
    """
    segment, term, kind = contracts
    law = segment * len(TERM_CLASSES) + kind
    whole = np.rint(arr)
    at = np.stack([time, time + term, time, whole, whole, whole], axis=1)
    return Starts(keys[0], np.stack([segment, law, law, term, np.zeros_like(law)], axis=1), at, keys[1])


def existing_starts(plan: CustomerPlan, luck: Ints) -> Starts:
    """Return the customers of as_of that a plan holds.

    Parameters
    ----------
    plan : CustomerPlan
    luck : ndarray of int64, shape (customer, 2)
        Path of the draws, and draw of the rates, of each.
    """
    now = np.full(plan.entity.size, plan.start)
    at = np.column_stack([now, plan.time, plan.money])
    return Starts(plan.entity, plan.state, at, luck)


def live_apart(plan: CustomerPlan, seed: int, starts: Starts) -> Moves:
    """Return all movements of some customers up to the end of the plan's months."""
    room = ROOM_PER_CUSTOMER * (starts.entity.size + 1)
    while True:
        trace = np.empty((room, 4))
        n_rows = trace_customers(
            plan,
            open_accounts(1, 0),
            np.uint64(seed),
            starts.luck,
            starts.entity,
            starts.state,
            starts.standing,
            trace,
        )
        if n_rows < room:
            break
        room *= 4
    time, flow, cents, customer = trace[:n_rows].T
    return Moves(customer.astype(np.int64), time.copy(), flow.astype(np.int64), cents.copy())
