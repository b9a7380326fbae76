"""The months of the customers of a path added up to quarters: revenue, cohorts, bookings."""

import numpy as np
from numba import njit

from simulator.kernels.customers.flows import (
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
from simulator.kernels.jit import CALLED, PART

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


@njit(**CALLED)
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
            bookings[month, segment, 0] = monthly[month, segment, BOOKINGS_EXPANSION]
            bookings[month, segment, 1] = monthly[month, segment, BOOKINGS_EXPANSION + 1]
        for quarter in range(flows.shape[0]):
            for kind in range(N_COHORT_FLOWS):
                flows[quarter, segment, COHORT + kind] = cohort[segment, kind, quarter]
