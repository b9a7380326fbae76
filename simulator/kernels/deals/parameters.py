"""What happens to the deals of one segment under one draw of the rates: what of a plan its months need."""

from typing import NamedTuple

from numba import njit

from simulator.arrays import Floats, Ints
from simulator.kernels.deals.close_dates import Chances, move_chances
from simulator.kernels.deals.concessions import ConcessionPlan
from simulator.kernels.jit import BODY


class SegmentParameters(NamedTuple):
    """The part of a ``DealPlan`` that one segment needs; passing all of it costs more than the work."""

    segment: int
    month_end: Floats
    """(month,)"""
    first_month_of_quarter: int
    hazard: Floats
    """(cell, 8)"""
    effect: Floats
    """(effect row, 8)"""
    late_entry: Floats
    """(3,)"""
    age_bin: Ints
    """(month of age,)"""
    clock: Floats
    """(month of quarter or 0, part of month) of the draw."""
    clock_steps: Floats
    """(month, part - 1)"""
    month_effect: Floats
    """(segment or 0, month, 8)"""
    chances: Chances
    slip_share: float
    """Of due deals that slip without a lever, how many still do."""
    push_cdf: Floats
    """(months,)"""
    multiplier_new: Floats
    """(slice,)"""
    multiplier_open: Floats
    """(slice,)"""
    concessions: ConcessionPlan
    shock: Floats
    """(quarter, 3) of the path."""


@njit(**BODY)
def parameters_of(plan, draw, segment, shock):
    """Return the parameters of a segment under a draw."""
    return SegmentParameters(
        segment,
        plan.month_end,
        plan.first_month_of_quarter,
        plan.hazard[draw],
        plan.effect[draw],
        plan.late_entry[draw],
        plan.age_bin,
        plan.clock[draw],
        plan.clock_steps,
        plan.month_effect,
        move_chances(plan, draw, segment),
        plan.slip_share[segment],
        plan.push_cdf[draw, segment],
        plan.multiplier_new[draw, segment],
        plan.multiplier_open[draw, segment],
        plan.concessions,
        shock,
    )
