"""Customers simulated one by one, each movement of their ARR kept: for lifetime value and for histories."""

import numpy as np
from numba import njit

from simulator.kernels.customers.accounts import Book
from simulator.kernels.customers.flows import FIRST_DRIVER, N_ARR_FLOWS, REACTIVATION
from simulator.kernels.customers.lifetimes import next_events, start_customers
from simulator.kernels.jit import ALONE, NONE, PART
from simulator.kernels.random import Luck


@njit(**ALONE)
def trace_customers(plan, accounts, seed, luck, entity, state, start, trace):
    """Simulate customers one by one and write what moves the ARR of each.

    Parameters
    ----------
    plan : CustomerPlan
    accounts : Accounts
        Room for one customer.
    seed : uint64
    luck : ndarray of int64, shape (customer, 2)
        Path and draw of the rates of each.
    entity : ndarray of uint64, shape (customer,)
    state : ndarray of int64, shape (customer, 5)
        Segment, law, row of churn, months of the term, renewals behind it.
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
    moved, nothing, nobody = np.zeros(N_ARR_FLOWS), np.zeros((0, 0, 0)), np.zeros((0, 0))
    n_rows = 0
    for index in range(entity.shape[0]):
        list_customer(accounts, entity[index], state[index], start[index])
        own = Luck(np.uint64(seed), np.uint64(luck[index, 0]), luck[index, 1])
        book = Book(accounts, nothing, nobody, moved, state[index, 0], NONE, NONE)
        n_more = trace_customer(plan, own, book, trace[n_rows:])
        trace[n_rows : n_rows + n_more, 3] = index
        n_rows += n_more
    return n_rows


@njit(**PART)
def list_customer(accounts, entity, state, start):
    """List one customer where it stands, in the first account."""
    row = accounts.row[0]
    accounts.key[0] = entity
    accounts.event_time[0], accounts.renewal_time[0] = start[0], start[1]
    accounts.arr[0], row.signed, row.former = start[3], start[4], start[5]
    row.law, row.churn_row, row.term, row.renewed = state[1], state[2], float(state[3]), state[4]
    row.year_share = min(row.term, 12.0) / 12.0
    row.value_time, row.promise = start[2], 0


@njit(**PART)
def trace_customer(plan, luck, book, trace):
    """Simulate the first account to the end of the horizon; return how many of its movements are written."""
    n_rows, event_time, moved = NONE, book.accounts.event_time, book.flows
    start_customers(plan, luck, book, NONE, NONE + 1)
    while event_time[0] < plan.month_end.shape[0]:
        time = event_time[0]
        for flow in range(moved.shape[0]):
            moved[flow] = 0.0
        now = Book(book.accounts, book.cover, book.advocates, moved, book.segment, int(time), NONE)
        next_events(plan, luck, now, np.inf, NONE + 1)
        for flow in range(FIRST_DRIVER, REACTIVATION + 1):
            if moved[flow] > 0.0 and n_rows < trace.shape[0]:
                trace[n_rows, 0], trace[n_rows, 1], trace[n_rows, 2] = time, flow, moved[flow]
                n_rows += 1
    return n_rows
