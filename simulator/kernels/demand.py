"""Demand: how many SALs each stream creates in a month, and the shocks that a quarter shares."""

import math

import numpy as np
from numba import njit

from simulator.kernels.draws import SALS, SHOCK, WALK, block, negative_binomial, standard_normal
from simulator.kernels.jit import PART

_MONTH_SHIFT = np.uint64(17)
MOST_SALS = (1 << 17) - 1
"""Of one stream in one month: their keys have 17 bits."""
_STREAM_SHIFT = np.uint64(32)
_NEW_DEAL = np.uint64(1) << np.uint64(55)


@njit(**PART)
def draw_shocks(plan, seed, path, shock):
    """Fill the factors of a path's quarters on closing and on demand, shape (quarter, 2), mean 1."""
    first = (plan.first_month - plan.first_month_of_quarter) // 3
    for quarter in range(shock.shape[0]):
        u1, u2, u3, u4 = block(seed, path, np.uint64(first + quarter), np.uint64(0), SHOCK)
        for kind in range(2):
            sd = plan.shock_sd[kind]
            normal = standard_normal(u1, u2) if kind == 0 else standard_normal(u3, u4)
            shock[quarter, kind] = math.exp(sd * normal - 0.5 * sd * sd)
    if plan.shock_sd.shape[0] > 2:
        add_walks(plan, seed, path, first, shock)


@njit(**PART)
def add_walks(plan, seed, path, first, shock):
    """Multiply the factors of a path's quarters by levels that walk on from today's, mean 1."""
    for kind in range(2):
        sd = plan.shock_sd[2 + kind]
        log_level, variance = 0.0, 0.0
        for quarter in range(shock.shape[0]):
            u1, u2, u3, u4 = block(seed, path, np.uint64(first + quarter), np.uint64(0), WALK)
            normal = standard_normal(u1, u2) if kind == 0 else standard_normal(u3, u4)
            # From today to the middle of the first quarter is half a step.
            step = sd * math.sqrt(0.5) if quarter == 0 else sd
            log_level += step * normal
            variance += step * step
            shock[quarter, kind] *= math.exp(log_level - 0.5 * variance)


@njit(**PART)
def new_deal_entity(plan, stream, month, index):
    """Return the key of the index-th SAL of a stream in a month; the same in every scenario."""
    calendar_month = np.uint64(plan.first_month + month)
    return (
        _NEW_DEAL
        | (plan.stream_key[stream] << _STREAM_SHIFT)
        | (calendar_month << _MONTH_SHIFT)
        | np.uint64(index)
    )


@njit(**PART)
def count_sals(plan, luck, shock, ramped, n_happy, stream, month):
    """Return how many SALs a stream creates in a month.

    Parameters
    ----------
    plan : DealPlan
    luck : Luck
    shock : ndarray of float64, shape (quarter, 2)
    ramped : ndarray of float64, shape (segment, month)
        Ramped reps, for what they source themselves.
    n_happy : float
        Happy customers of the stream's segment when the month begins, for what they refer.
    stream, month : int
    """
    quarter = (month + plan.first_month_of_quarter) // 3
    mean = plan.stream_sals[luck.draw, stream, month]
    mean += plan.stream_rep_sals[luck.draw, stream, month] * ramped[plan.stream_segment[stream], month]
    mean += plan.stream_referrals[luck.draw, stream, month] * n_happy
    entity = new_deal_entity(plan, stream, month, 0)
    u, _, _, _ = block(luck.seed, luck.path, entity, np.uint64(0), SALS)
    return negative_binomial(u, mean * shock[quarter, 1], plan.stream_dispersion[stream])
