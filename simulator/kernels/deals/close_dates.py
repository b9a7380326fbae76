"""When the date moves that a rep says a deal will close: pushed before it is due, or after it has passed."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.kernels.jit import PART
from simulator.kernels.random import exponential

NEVER = 1_000_000
"""The month of what never comes: no close date, or none that moves again."""


class Chances(NamedTuple):
    """Chances at a month's end that the close date of a segment's deals moves."""

    at_due: float
    """Of a deal that was due in the month."""
    early: float
    """Of one that is due later."""
    early_rate: float
    """-log(1 - early)"""
    after_rate: float
    """The same of one past due."""


@njit(**PART)
def rate_of(chance):
    """Return -log(1 - chance): 0 where there never is a success, infinite where there always is."""
    return -math.log1p(-chance) if chance < 1.0 else np.inf


@njit(**PART)
def move_chances(plan, draw, segment):
    """Return the chances of a segment's deals."""
    early, after = plan.early_push[draw, segment], plan.redate[draw, 1]
    return Chances(plan.redate[draw, 0], early, rate_of(early), rate_of(after))


@njit(**PART)
def next_move(chances, month, close_month, u, u_early):
    """Return the month, from the one given on, at whose end a deal's close date moves.

    One uniform stands for the whole wait, which has the distribution of a chance at every month's end. A
    deal without a close date never moves.
    """
    if close_month >= NEVER:
        return NEVER
    # The chance of a push before the month due is at most early * months: most need no logarithm.
    if u_early < chances.early * (close_month - month):
        wait = failures(u_early, chances.early_rate)
        if month + wait < close_month:
            return month + wait
    first = max(month, close_month)
    if close_month >= month:
        if u < chances.at_due:
            return close_month
        u = (u - chances.at_due) / (1.0 - chances.at_due)
        first += 1
    return first + failures(u, chances.after_rate)


@njit(**PART)
def failures(u, rate):
    """Return how many failures come before the first success: the u-quantile of the geometric distribution.

    ``rate`` is that of ``rate_of``.
    """
    return int(min(float(NEVER), exponential(1.0 - u) / rate))
