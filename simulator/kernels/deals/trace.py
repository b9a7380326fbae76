"""Stories of the deals of one path, row by row: simulated as in forecasts, used to write histories."""

import numpy as np
from numba import njit

from simulator.kernels.deals.deal import Luck, live, new_deal
from simulator.kernels.deals.new_deals import count_sals, draw_shocks, new_deal_entity
from simulator.kernels.flows import N_FLOWS
from simulator.kernels.jit import ALONE

LONGEST_STORY = 512


@njit(**ALONE)
def count_deals(plan, seed, path, shock):
    """Return how many deals each stream creates in each month of a path, shape (stream, month)."""
    n_months = plan.month_end.shape[0]
    draw_shocks(plan, np.uint64(seed), np.uint64(path), shock)
    luck = Luck(np.uint64(seed), np.uint64(path), 0)
    ramped = np.zeros((plan.entry_cdf.shape[1], n_months))
    counts = np.empty((plan.stream_key.shape[0], n_months), dtype=np.int64)
    for stream in range(counts.shape[0]):
        for month in range(n_months):
            counts[stream, month] = count_sals(plan, luck, shock, ramped, 0.0, stream, month)
    return counts


@njit(**ALONE)
def trace_deals(plan, seed, path, shock, counts, trace, deal_of_row, born):
    """Live all new deals of a path and write their stories.

    Parameters
    ----------
    plan : DealPlan
        Rates of draw 0 are used.
    seed, path : int
    shock : ndarray of float64, shape (quarter, 2)
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
    story = np.empty((LONGEST_STORY, trace.shape[1]))
    luck = Luck(np.uint64(seed), np.uint64(path), 0)
    n_rows = 0
    n_deals = 0
    for stream in range(counts.shape[0]):
        for month in range(counts.shape[1]):
            for index in range(counts[stream, month]):
                deal = new_deal(plan, luck, stream, new_deal_entity(plan, stream, month, index), month)
                born[n_deals, 0] = stream
                born[n_deals, 1] = month
                born[n_deals, 2] = deal.amount
                born[n_deals, 3] = deal.effect_row
                story[:, 0] = -1.0
                live(plan, luck, shock, deal, flows, story)
                row = 0
                while row < LONGEST_STORY and story[row, 0] >= 0.0:
                    if n_rows < trace.shape[0]:
                        trace[n_rows] = story[row]
                        deal_of_row[n_rows] = n_deals
                    n_rows += 1
                    row += 1
                n_deals += 1
    return n_rows
