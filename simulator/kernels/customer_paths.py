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
from simulator.kernels.customers import (
    N_TERM_CLASSES,
    YEAR_QUARTERS,
    Customer,
    add_cohort,
    begin_existing,
    existing_customer,
    keep,
)
from simulator.kernels.deals import Luck
from simulator.kernels.jit import PART

_BOOKINGS = BOOKINGS_EXPANSION
_CENTS_OF_YEAR = 24.0
_COHORT_CUSTOMER = np.uint64(3) << np.uint64(54)
_SEGMENT_SHIFT = np.uint64(32)


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
def simulate_book(plan, seed, first_path, draws, opening, flows, bookings):
    """Simulate the customers of as_of on consecutive paths, without new ones.

    Parameters
    ----------
    plan : CustomerPlan
    seed : uint64
    first_path : int
        Number of the first path.
    draws : ndarray of int64, shape (path,)
        Draw of the rates that each path uses.
    opening : ndarray of float64, shape (segment,)
        ARR at as_of. Unit: cents.
    flows : ndarray of float64, shape (path, quarter, segment, flow)
        Filled. Unit: cents, or customers.
    bookings : ndarray of float64, shape (path, month, segment, 2)
        Filled with expansion and renewal bookings. Unit: cents.
    """
    n_segments, n_quarters = flows.shape[2], flows.shape[1]
    monthly = np.empty((bookings.shape[1], n_segments, N_ARR_FLOWS))
    cohort = np.empty((n_segments, N_COHORT_FLOWS, n_quarters))
    untraced = np.empty((0, 3))
    quarter_arr = np.empty(YEAR_QUARTERS + n_quarters)
    for row in range(draws.shape[0]):
        monthly[:] = 0.0
        cohort[:] = 0.0
        luck = Luck(np.uint64(seed), np.uint64(first_path + row), draws[row])
        for index in range(plan.entity.shape[0]):
            customer = existing_customer(plan, index)
            begin_existing(plan, index, quarter_arr)
            keep(plan, luck, customer, monthly, quarter_arr, untraced)
            add_cohort(customer.segment, quarter_arr, cohort)
        close_books(plan, opening, monthly, cohort, flows[row], bookings[row])


@njit(cache=True, nogil=True)
def trace_customers(plan, seed, entity, state, times, arr, trace):
    """Live customers one by one and write what moved the ARR of each; rates of draw 0, path 0.

    Used to write histories: the law is the one that forecasts are made with.

    Parameters
    ----------
    plan : CustomerPlan
    seed : uint64
    entity : ndarray of uint64, shape (customer,)
    state : ndarray of int64, shape (customer, 4)
        Segment, law, row of churn, months of the term.
    times : ndarray of float64, shape (customer,)
        Start of the contract in months, 0 or later.
    arr : ndarray of float64, shape (customer,)
        ARR at the start. Unit: cents.
    trace : ndarray of float64, shape (row, 4)
        Filled with time in months, flow, amount in cents, and customer.

    Returns
    -------
    n_rows : int
        Rows filled; as many as there is room for: there may be more.
    """
    n_months, n_segments = plan.month_end.shape[0], plan.term_cdf.shape[0]
    unused = np.zeros((n_months, n_segments, N_ARR_FLOWS))
    quarter_arr = np.empty(YEAR_QUARTERS + (n_months + plan.first_month_of_quarter + 2) // 3)
    luck = Luck(np.uint64(seed), np.uint64(0), 0)
    n_rows = 0
    for index in range(entity.shape[0]):
        segment, law, row, months = state[index]
        term, time, amount = float(months), times[index], arr[index]
        customer = Customer(
            entity[index], segment, law, row, term, time, time + term, time, amount, amount, amount
        )
        n_more = keep(plan, luck, customer, unused, quarter_arr, trace[n_rows:])
        trace[n_rows : n_rows + n_more, 3] = index
        n_rows += n_more
    return n_rows


@njit(cache=True, nogil=True)
def simulate_lifetimes(plan, seed, first_path, draws, arr, option, monthly_arr):
    """Simulate one new customer of each segment per path from its first day on.

    Parameters
    ----------
    plan : CustomerPlan
        Its months are months since the start of the customer.
    seed : uint64
    first_path : int
    draws : ndarray of int64, shape (path,)
    arr : ndarray of float64, shape (segment,)
        ARR at the start; 0: no customer. Unit: cents.
    option : ndarray of int64, shape (path, segment)
        Which of the plan's terms it signs.
    monthly_arr : ndarray of float64, shape (path, segment, month)
        Filled with the ARR at the end of each month. Unit: cents.
    """
    n_months, n_segments = monthly_arr.shape[2], arr.shape[0]
    monthly = np.empty((n_months, n_segments, N_ARR_FLOWS))
    quarter_arr = np.empty(YEAR_QUARTERS + (n_months + plan.first_month_of_quarter + 2) // 3)
    untraced = np.empty((0, 3))
    for row in range(draws.shape[0]):
        monthly[:] = 0.0
        path = np.uint64(first_path + row)
        luck = Luck(np.uint64(seed), path, draws[row])
        for segment in range(n_segments):
            if arr[segment] < 1.0:
                monthly_arr[row, segment] = 0.0
                continue
            signed = option[row, segment]
            term = float(plan.terms[signed])
            law = segment * N_TERM_CLASSES + plan.term_classes[signed]
            entity = _COHORT_CUSTOMER | (np.uint64(segment) << _SEGMENT_SHIFT)
            amount = arr[segment]
            customer = Customer(entity, segment, law, law, term, 0.0, term, 0.0, amount, amount, amount)
            keep(plan, luck, customer, monthly, quarter_arr, untraced)
            now = amount
            for month in range(n_months):
                now += net_movement(monthly, month, segment)
                monthly_arr[row, segment, month] = now
