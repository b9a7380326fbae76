"""Customers over whole paths: the book of as_of, and new customers from their first day on."""

import numpy as np
from numba import njit

from simulator.kernels.customer_flows import (
    BOOKINGS_EXPANSION,
    CHURN,
    COHORT,
    CONTRACTION,
    N_ARR_FLOWS,
    N_COHORT_FLOWS,
    NEW,
    REACTIVATION,
    REVENUE,
)
from simulator.kernels.customers import Customer
from simulator.kernels.deals import Luck
from simulator.kernels.jit import PART
from simulator.kernels.lives import live_customer

_BOOKINGS = BOOKINGS_EXPANSION
_CENTS_OF_YEAR = 24.0


@njit(**PART)
def net_movement(flows, month, segment):
    """Return what a month's movements add to a segment's ARR."""
    grown = 0.0
    for flow in range(NEW, CONTRACTION):
        grown += flows[month, segment, flow]
    return (
        grown
        + flows[month, segment, REACTIVATION]
        - flows[month, segment, CONTRACTION]
        - flows[month, segment, CHURN]
    )


@njit(**PART)
def close_books(plan, opening, monthly, cohort, flows, bookings):
    """Add up a path's months to quarters, with revenue and the cohorts at the end of each quarter.

    Parameters
    ----------
    plan : CustomerPlan
    opening : ndarray of float64, shape (segment,)
        ARR at as_of. Unit: cents.
    monthly : ndarray of float64, shape (month, segment, flow)
        Flows of the path; its revenue is filled in.
    cohort : ndarray of float64, shape (segment, 5, quarter)
        Cohort sums of the path.
    flows : ndarray of float64, shape (quarter, segment, flow)
        Filled.
    bookings : ndarray of float64, shape (month, segment, 2)
        Filled with expansion and renewal bookings.
    """
    for quarter in range(flows.shape[0]):
        for segment in range(flows.shape[1]):
            for flow in range(N_ARR_FLOWS):
                flows[quarter, segment, flow] = 0.0
    n_months = monthly.shape[0]
    for segment in range(monthly.shape[1]):
        arr = opening[segment]
        for month in range(n_months):
            closing = arr + net_movement(monthly, month, segment)
            share = 1.0 - plan.start if month == 0 else 1.0
            monthly[month, segment, REVENUE] = np.rint((arr + closing) * share / _CENTS_OF_YEAR)
            arr = closing
            quarter = (month + plan.first_month_of_quarter) // 3
            for flow in range(N_ARR_FLOWS):
                flows[quarter, segment, flow] += monthly[month, segment, flow]
            bookings[month, segment, 0] = monthly[month, segment, _BOOKINGS]
            bookings[month, segment, 1] = monthly[month, segment, _BOOKINGS + 1]
        for quarter in range(flows.shape[0]):
            for kind in range(N_COHORT_FLOWS):
                flows[quarter, segment, COHORT + kind] = cohort[segment, kind, quarter]


@njit(cache=True, nogil=True)
def trace_customers(plan, seed, luck, entity, state, start, trace):
    """Live customers one by one and write what moves the ARR of each.

    Used for what a customer is worth and to write histories: the law is that of the forecasts.

    Parameters
    ----------
    plan : CustomerPlan
    seed : uint64
    luck : ndarray of int64, shape (customer, 2)
        Path and draw of the rates of each.
    entity : ndarray of uint64, shape (customer,)
    state : ndarray of int64, shape (customer, 5)
        Segment, law, row of churn, months of the term, whether a renewal lies behind it.
    start : ndarray of float64, shape (customer, 6)
        Time from which it is followed, next renewal and start of the contract, in months; ARR, ARR under
        contract and ARR at churn, in cents.
    trace : ndarray of float64, shape (row, 4)
        Filled with time in months, flow, amount in cents, and customer.

    Returns
    -------
    n_rows : int
        Rows filled; as many as there is room for: there may be more.
    """
    n_months, n_segments = plan.month_end.shape[0], plan.term_cdf.shape[0]
    unused = np.zeros((n_months, n_segments, N_ARR_FLOWS))
    n_rows = 0
    for index in range(entity.shape[0]):
        segment, law, row, months = state[index, 0], state[index, 1], state[index, 2], state[index, 3]
        time, renewal, value_from, amount, signed, former = start[index]
        customer = Customer(
            entity[index],
            segment,
            law,
            row,
            float(months),
            time,
            renewal,
            value_from,
            amount,
            signed,
            former,
            0,
            state[index, 4],
        )
        own = Luck(np.uint64(seed), np.uint64(luck[index, 0]), luck[index, 1])
        n_more = live_customer(plan, own, customer, unused, trace[n_rows:])
        trace[n_rows : n_rows + n_more, 3] = index
        n_rows += n_more
    return n_rows
