"""Whole paths: open deals lived to their end, new deals created month by month."""

import math

import numpy as np
from numba import njit

from simulator.kernels.deals import DESTINATION_WON, Luck, live, new_deal, open_deal
from simulator.kernels.draws import SALS, SHOCK, block, negative_binomial, standard_normal
from simulator.kernels.flows import CREATED, N_CREATED, N_FLOWS

_MONTH_SHIFT = np.uint64(17)
_STREAM_SHIFT = np.uint64(32)
_NEW_DEAL = np.uint64(1) << np.uint64(55)


@njit(cache=True, _nrt=False, forceinline=True)
def draw_shocks(plan, luck, shock):
    """Fill the factors of a path's quarters on closing and on demand, shape (quarter, 2), mean 1."""
    first = (plan.first_month - plan.first_month_of_quarter) // 3
    for quarter in range(shock.shape[0]):
        u1, u2, u3, u4 = block(luck.seed, luck.path, np.uint64(first + quarter), np.uint64(0), SHOCK)
        for kind in range(2):
            sd = plan.shock_sd[kind]
            normal = standard_normal(u1, u2) if kind == 0 else standard_normal(u3, u4)
            shock[quarter, kind] = math.exp(sd * normal - 0.5 * sd * sd)


@njit(cache=True, _nrt=False, forceinline=True)
def new_deal_entity(plan, stream, month, index):
    """Return the key of the index-th SAL of a stream in a month; the same in every scenario."""
    calendar_month = np.uint64(plan.first_month + month)
    return (
        _NEW_DEAL
        | (plan.stream_key[stream] << _STREAM_SHIFT)
        | (calendar_month << _MONTH_SHIFT)
        | np.uint64(index)
    )


@njit(cache=True, _nrt=False, forceinline=True)
def count_sals(plan, luck, shock, stream, month):
    """Return how many SALs a stream creates in a month."""
    quarter = (month + plan.first_month_of_quarter) // 3
    mean = plan.stream_sals[luck.draw, stream, month] * shock[quarter, 1]
    entity = new_deal_entity(plan, stream, month, 0)
    u, _, _, _ = block(luck.seed, luck.path, entity, np.uint64(0), SALS)
    return negative_binomial(u, mean, plan.stream_dispersion[stream])


@njit(cache=True, _nrt=False, forceinline=True)
def simulate_path(plan, luck, shock, flows, open_wins, untraced):
    """Simulate one path.

    Parameters
    ----------
    plan : DealPlan
    luck : Luck
    flows : ndarray of float64, shape (month, segment, flow)
        Added to. Unit: cents, or deals.
    open_wins : ndarray of int64, shape (open deal, quarter)
        Added to: 1 in the quarter in which an open deal is won.
    """
    n_months = plan.month_end.shape[0]
    draw_shocks(plan, luck, shock)
    for index in range(plan.open_entity.shape[0]):
        deal = open_deal(plan, luck, index)
        outcome, _, month, _ = live(plan, luck, shock, deal, flows, untraced)
        if outcome == DESTINATION_WON:
            open_wins[index, (month + plan.first_month_of_quarter) // 3] += 1
    for stream in range(plan.stream_key.shape[0]):
        segment = plan.stream_segment[stream]
        for month in range(n_months):
            n_sals = count_sals(plan, luck, shock, stream, month)
            for index in range(n_sals):
                deal = new_deal(plan, luck, stream, new_deal_entity(plan, stream, month, index), month)
                flows[month, segment, CREATED] += deal.amount
                flows[month, segment, N_CREATED] += 1.0
                live(plan, luck, shock, deal, flows, untraced)


@njit(cache=True, nogil=True)
def simulate_block(plan, seed, first_path, draws, flows, bookings, open_wins):
    """Simulate consecutive paths.

    Parameters
    ----------
    plan : DealPlan
    seed : uint64
    first_path : int
        Number of the first path.
    draws : ndarray of int64, shape (path,)
        Draw of the rates that each path uses.
    flows : ndarray of float64, shape (path, quarter, segment, flow)
        Filled. Unit: cents, or deals.
    bookings : ndarray of float64, shape (path, month, segment)
        Filled with the signed amounts. Unit: cents.
    open_wins : ndarray of int64, shape (open deal, quarter)
        Added to.
    """
    n_months = plan.month_end.shape[0]
    n_segments = flows.shape[2]
    monthly = np.empty((n_months, n_segments, N_FLOWS))
    shock = np.empty((open_wins.shape[1], 2))
    untraced = np.empty((0, 7))
    for row in range(draws.shape[0]):
        monthly[:] = 0.0
        luck = Luck(np.uint64(seed), np.uint64(first_path + row), draws[row])
        simulate_path(plan, luck, shock, monthly, open_wins, untraced)
        flows[row] = 0.0
        for month in range(n_months):
            quarter = (month + plan.first_month_of_quarter) // 3
            for segment in range(n_segments):
                for flow in range(N_FLOWS):
                    flows[row, quarter, segment, flow] += monthly[month, segment, flow]
                bookings[row, month, segment] = (
                    monthly[month, segment, 0]
                    + monthly[month, segment, 1]
                    + monthly[month, segment, 2]
                    + monthly[month, segment, 3]
                )


@njit(cache=True)
def trace_new_deal(plan, seed, draw, stream, month, index, shock, flows, trace):
    """Live one new deal of path 0 and write its story; return the number of rows written.

    Used to write histories: the law is the one that forecasts are made with.
    """
    trace[:] = np.nan
    luck = Luck(np.uint64(seed), np.uint64(0), draw)
    deal = new_deal(plan, luck, stream, new_deal_entity(plan, stream, month, index), month)
    live(plan, luck, shock, deal, flows, trace)
    n_rows = 0
    while n_rows < trace.shape[0] and not np.isnan(trace[n_rows, 0]):
        n_rows += 1
    return n_rows, deal.amount, deal.effect_row
