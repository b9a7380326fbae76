"""Stories of the deals of one path, row by row: simulated as in forecasts, used to write histories."""

import numpy as np
from numba import njit

from simulator.kernels.batch import NOW, TAKEN, draw_first
from simulator.kernels.deals.closing import close_deals
from simulator.kernels.deals.months import end_due_deals, end_month, next_events, set_factors
from simulator.kernels.deals.new_deals import (
    assign_to_rep,
    count_sals,
    draw_new_deal,
    draw_shocks,
    enter_segment,
    new_deal_entity,
)
from simulator.kernels.deals.parameters import parameters_of
from simulator.kernels.flows import N_FLOWS
from simulator.kernels.jit import ALONE, NONE, PART
from simulator.kernels.random import BIRTH

TRACE_BORN, TRACE_MOVED, TRACE_REDATED, TRACE_CLOSED = range(4)
TRACE_COLUMNS = ("time", "kind", "category", "late", "close_month", "amount", "outcome")


@njit(**ALONE)
def count_deals(plan, luck, shock):
    """Return how many deals each stream creates in each month of a path, shape (stream, month)."""
    n_months = plan.month_end.shape[0]
    draw_shocks(plan, luck.seed, luck.path, shock)
    ramped = np.zeros((plan.entry_cdf.shape[1], n_months))
    counts = np.empty((plan.stream_key.shape[0], n_months), dtype=np.int64)
    for stream in range(counts.shape[0]):
        for month in range(n_months):
            counts[stream, month] = count_sals(plan, luck, shock, ramped, 0.0, stream, month)
    return counts


@njit(**ALONE)
def trace_deals(plan, luck, batch, shock, counts, trace, deal_of_row, born):
    """Simulate all new deals of a path one by one and write their stories.

    Parameters
    ----------
    plan : DealPlan
    luck : Luck
    batch : Batch
        Room for one deal.
    shock : ndarray of float64, shape (quarter, 3)
        As filled by ``count_deals``.
    counts : ndarray of int64, shape (stream, month)
    trace : ndarray of float64, shape (row, 7)
        Filled with TRACE_COLUMNS, deal after deal.
    deal_of_row : ndarray of int64, shape (row,)
        Filled with the number of the deal.
    born : ndarray of float64, shape (deal, 4)
        Filled with stream, month, amount at SAL (cents), effect row.

    Returns
    -------
    n_rows : int
        Rows written; rows that there was no room for are counted too.
    """
    flows = np.zeros((plan.month_end.shape[0], plan.entry_cdf.shape[1], N_FLOWS))
    deal = batch.deal[0]
    n_rows, n_deals = 0, 0
    for stream in range(counts.shape[0]):
        segment = plan.stream_segment[stream]
        parameters = parameters_of(plan, luck.draw, segment, shock)
        enter_segment(plan, luck.draw, batch, segment)
        for month in range(counts.shape[1]):
            for index in range(counts[stream, month]):
                batch.key[0], batch.lists[TAKEN, 0] = new_deal_entity(plan, stream, month, index), 0
                deal.stream = stream
                draw_first(batch, luck, batch.lists[TAKEN], 1, BIRTH)
                draw_new_deal(plan, luck.draw, batch, 0, 0, segment, month)
                assign_to_rep(parameters, luck, batch, month, 1)
                born[n_deals, 0], born[n_deals, 1] = stream, month
                born[n_deals, 2], born[n_deals, 3] = deal.amount, deal.effect_row
                first = min(n_rows, trace.shape[0])
                n_rows += trace_deal(parameters, luck, batch, flows, month, trace[first:])
                deal_of_row[first:n_rows] = n_deals
                n_deals += 1
    return n_rows


@njit(**PART)
def trace_deal(parameters, luck, batch, flows, month, trace):
    """Simulate the deal in the first entry of a batch from a month on; return the rows of its story."""
    deal = batch.deal[0]
    n_rows = record(trace, 0, TRACE_BORN, deal, deal.amount)
    while month < parameters.month_end.shape[0]:
        shock = parameters.shock[(month + parameters.first_month_of_quarter) // 3, 0]
        set_factors(parameters, shock, 1.0, batch, month)
        batch.lists[NOW, 0] = 0
        n_now, n_held, n_closed = NONE + 1, NONE, NONE
        while n_now > 0:
            stage = deal.stage
            n_now, n_held, n_closed = next_events(parameters, luck, batch, month, n_now, n_held, n_closed)
            if n_now > 0:
                n_rows = record(trace, n_rows, TRACE_MOVED, deal, deal.amount)
            elif n_closed > 0:
                # Closing leaves it where it was; the kernel, without a branch, does not.
                deal.stage = stage
        if n_closed == 0 and parameters.slip_share < 1.0:
            n_held, n_closed = end_due_deals(parameters, luck, batch, month, n_held)
        if n_closed > 0:
            _, n_won = close_deals(parameters, luck, batch, flows, month, n_closed, NONE)
            if n_won == 0 or deal.move < parameters.month_end.shape[0]:
                n_rows = record(trace, n_rows, TRACE_CLOSED, deal, deal.signed if n_won > 0 else 0.0)
            break
        n_dates = deal.n_dates
        end_month(parameters, luck, batch, flows, month, n_held)
        if deal.n_dates > n_dates:
            n_rows = record(trace, n_rows, TRACE_REDATED, deal, deal.amount)
        month += 1
    return n_rows


@njit(**PART)
def record(trace, n_rows, kind, deal, amount):
    """Write one row of a deal's story where there is room; return the number of rows."""
    if n_rows < trace.shape[0]:
        row = trace[n_rows]
        row[0], row[1], row[2], row[3] = deal.time, kind, deal.stage >> 1, deal.stage & 1
        row[4], row[5] = deal.close_month, amount
        row[6] = deal.outcome if kind == TRACE_CLOSED else 0
    return n_rows + 1
