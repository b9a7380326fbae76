"""Less slippage: some of the due deals that would leave their quarter open end in it instead.

How such a deal ends is drawn by following it on, at the factors of the month, until it is won or lost: its
odds are those that it has anyway, so that less slippage brings outcomes forward and changes no odds.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.kernels.deals.close_dates import NEVER
from simulator.kernels.deals.plan import ADVANCE, DESTINATION_WON, N_CATEGORIES, STILL_OPEN
from simulator.kernels.jit import CALLED, PART
from simulator.kernels.random import SLIPPAGE, block, exponential, search

DAYS_PER_MONTH = 365.25 / 12
MOST_STEPS = 240
"""Events and ends of months that a deal is followed for; one still open then slips all the same."""


class Standing(NamedTuple):
    """Where a deal stands when its quarter is to end without it."""

    stage: int
    """category * 2 + late"""
    entered: int
    close_month: int
    pushes: int
    effect_row: int


@njit(**PART)
def leaves_quarter(close_month, moves, length, month, first_month_of_quarter):
    """Return whether a deal open at a month's end, and due in its quarter, is due in it no longer.

    Either its date moves to a later quarter, or the quarter ends and the date stays.
    """
    quarter = (month + first_month_of_quarter) // 3
    if (close_month + first_month_of_quarter) // 3 != quarter:
        return False
    if moves:
        return (max(close_month, month) + 1 + length + first_month_of_quarter) // 3 > quarter
    return (month + first_month_of_quarter) % 3 == 2


@njit(**PART)
def ends_instead(luck, entity, month, share):
    """Return whether a deal that would slip ends instead; ``share`` of them slip all the same."""
    u, _, _, _ = block(luck.seed, luck.path, entity, np.uint64(month * (MOST_STEPS + 1)), SLIPPAGE)
    return u >= share


@njit(**CALLED)
def ending(parameters, luck, entity, standing, now, month):
    """Return how a deal ends, as a destination; STILL_OPEN if it does not.

    Parameters
    ----------
    parameters : SegmentParameters
    luck : Luck
    entity : uint64
    standing : Standing
        Its close date not moved yet.
    now : tuple of float or ndarray of float64, shape (8,)
        Factors of the month on the hazards.
    month : int
        Month at whose end it would slip.
    """
    stage, entered, close_month, pushes, row = standing
    n_ages = parameters.age_bin[parameters.age_bin.shape[0] - 1] + 1
    first, room, ahead = month * (MOST_STEPS + 1) + 1, 0.0, month
    for step in range(MOST_STEPS):
        u_wait, u_where, u_move, u_length = block(
            luck.seed, luck.path, entity, np.uint64(first + step), SLIPPAGE
        )
        age = parameters.age_bin[min(ahead - entered, parameters.age_bin.shape[0] - 1)]
        due = int(close_month == ahead) + 2 * int(close_month < ahead)
        linearity = (ahead + parameters.first_month_of_quarter) % 3
        cell = ((parameters.segment * 2 * N_CATEGORIES + stage) * n_ages + age) * 3 + due
        hazard, effect = parameters.hazard[cell * 9 + linearity * 3 + min(pushes, 2)], parameters.effect[row]
        total = 0.0
        for k in range(ADVANCE + 1):
            total += hazard[k] * effect[k] * now[k]
        wait = exponential(u_wait)
        if wait >= room * total:
            if u_move < move_chance(parameters.chances, due) and close_month < NEVER:
                close_month = max(close_month, ahead) + 1 + search(parameters.push_cdf, u_length)
                pushes += 1
            ahead, room = ahead + 1, DAYS_PER_MONTH
            continue
        room -= wait / total
        target, way = u_where * total, 0
        while way < ADVANCE and target >= hazard[way] * effect[way] * now[way]:
            target -= hazard[way] * effect[way] * now[way]
            way += 1
        if way < DESTINATION_WON:
            late = int(target < hazard[way] * effect[way] * now[way] * parameters.late_entry[way])
            stage, entered = 2 * way + late, ahead
        elif way == ADVANCE:
            stage |= 1
        else:
            return way
    return STILL_OPEN


@njit(**PART)
def move_chance(chances, due):
    """Return the chance that a date moves at a month's end: due later, in the month, or before."""
    if due == 0:
        return chances.early
    return chances.at_due if due == 1 else -np.expm1(-chances.after_rate)
