"""A compiled plan laid out as the kernels expect it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from simulator.engine.compile import Compiled
from simulator.kernels.customers import CustomerPlan
from simulator.kernels.deals import DealPlan
from simulator.kernels.vector import in_lines


def in_kernel_order(compiled: Compiled) -> Compiled:
    """Return a plan as the kernels expect it: arrays row by row, customers in the order of their segments.

    For arrays in any other order the kernels would be compiled anew.
    """

    def ordered(plan: Any) -> Any:
        arrays = [np.ascontiguousarray(v) if isinstance(v, np.ndarray) else v for v in plan]
        return type(plan)(*arrays)

    return replace(
        compiled,
        plan=with_aligned_hazards(ordered(compiled.plan)),
        capacity=ordered(compiled.capacity),
        customers=ordered(by_segment(compiled.customers)),
        people=ordered(compiled.people),
    )


def with_aligned_hazards(plan: DealPlan) -> DealPlan:
    """Return a plan whose rows of eight hazards or effects each lie in one line of memory."""
    return plan._replace(hazard=in_lines(plan.hazard), effect=in_lines(plan.effect))


def by_segment(plan: CustomerPlan) -> CustomerPlan:
    """Return a plan whose customers of as_of stand in the order of their segments."""
    order = np.argsort(plan.state[:, 0], kind="stable")
    by_customer = ("entity", "state", "time", "money", "base")
    return plan._replace(**{name: getattr(plan, name)[order] for name in by_customer})
