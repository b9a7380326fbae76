"""Whole paths: open deals lived to their end, new deals created month by month."""

import math

import numpy as np
from numba import njit

from simulator.kernels.deals import DESTINATION_WON, Luck, live, new_deal, open_deal
from simulator.kernels.draws import SALS, SHOCK, block, negative_binomial, standard_normal
from simulator.kernels.flows import CREATED, N_CREATED, N_FLOWS, N_ORIGINS, WON

_MONTH_SHIFT = np.uint64(17)
_STREAM_SHIFT = np.uint64(32)
_NEW_DEAL = np.uint64(1) << np.uint64(55)


@njit(cache=True, _nrt=False, forceinline=True)
def draw_shocks(plan, seed, path, shock):
    """Fill the factors of a path's quarters on closing and on demand, shape (quarter, 2), mean 1."""
    first = (plan.first_month - plan.first_month_of_quarter) // 3
    for quarter in range(shock.shape[0]):
        u1, u2, u3, u4 = block(seed, path, np.uint64(first + quarter), np.uint64(0), SHOCK)
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
    shock : ndarray of float64, shape (quarter, 2)
        Factors of the quarters on closing and on demand.
    flows : ndarray of float64, shape (month, segment, flow)
        Added to. Unit: cents, or deals.
    open_wins : ndarray of int64, shape (open deal, quarter)
        Added to: 1 in the quarter in which an open deal is won.
    untraced : ndarray of float64, shape (0, 7)
        No trace is wanted.
    """
    n_months = plan.month_end.shape[0]
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
def simulate_block(plan, seed, first_path, n_averaged, draws, flows, bookings, open_wins):
    """Simulate consecutive paths.

    Parameters
    ----------
    plan : DealPlan
    seed : uint64
    first_path : int
        Number of the first path.
    n_averaged : int
        1, or how many futures, the same for every path, each path is the mean of: what luck does is
        then the same everywhere, and paths differ by their rates and shocks only.
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
        draw_shocks(plan, np.uint64(seed), np.uint64(first_path + row), shock)
        for future in range(n_averaged):
            path = first_path + row if n_averaged == 1 else future
            luck = Luck(np.uint64(seed), np.uint64(path), draws[row])
            simulate_path(plan, luck, shock, monthly, open_wins, untraced)
        if n_averaged > 1:
            monthly /= n_averaged
        add_up(plan, monthly, flows[row], bookings[row])


@njit(cache=True, _nrt=False, forceinline=True)
def add_up(plan, monthly, flows, bookings):
    """Add the months of a path up to its quarters, and its bookings over where they came from."""
    flows[:] = 0.0
    for month in range(monthly.shape[0]):
        quarter = (month + plan.first_month_of_quarter) // 3
        for segment in range(monthly.shape[1]):
            for flow in range(N_FLOWS):
                flows[quarter, segment, flow] += monthly[month, segment, flow]
            bookings[month, segment] = 0.0
            for origin in range(N_ORIGINS):
                bookings[month, segment] += monthly[month, segment, WON + origin]
