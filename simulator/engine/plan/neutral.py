"""Plans that do nothing: every SAL is taken up at once, no customer is followed, no one looks after them."""

from __future__ import annotations

import numpy as np

from simulator.kernels.customers.accounts import N_TARGETS
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.deals.concessions import ConcessionPlan
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.people.capacity import CapacityPlan
from simulator.kernels.people.coverage import N_ACTIVITIES, PeoplePlan


def unlimited(plan: DealPlan) -> CapacityPlan:
    """Return a plan without reps: every SAL is taken up at once."""
    n_segments, n_draws = plan.open_first.size - 1, plan.hazard.shape[0]
    return CapacityPlan(
        limited=np.zeros(n_segments, dtype=np.int64),
        shared=np.zeros(n_segments, dtype=np.int64),
        open_order=as_they_stand(plan),
        seat_segment=np.zeros(0, dtype=np.int64),
        seat_key=np.zeros(0, dtype=np.uint64),
        seat_start=np.zeros(0, dtype=np.int64),
        seat_delay_cdf=np.ones((0, 1)),
        seat_leaves=np.zeros((n_draws, 0)),
        backfill_cdf=np.ones((n_segments, 1)),
        ramp=np.ones((n_draws, n_segments, 1)),
        slots_per_rep=np.zeros((n_draws, n_segments)),
        patience=np.zeros((n_draws, n_segments)),
        sourcing_power=np.ones((n_draws, n_segments)),
    )


def as_they_stand(plan: DealPlan) -> np.ndarray:
    """Return the order of service of the open deals in which each segment's stand."""
    n = np.diff(plan.open_first)
    return np.arange(n.sum()) - np.repeat(plan.open_first[:-1], n)


def no_concessions() -> ConcessionPlan:
    """Return a plan without terms: nothing is conceded, no success plan is asked for."""
    return ConcessionPlan(
        asked_cdf=np.zeros((0, 0)),
        granted=np.zeros(0),
        factor=np.ones((0, 1, 3, 8)),
        in_force=np.zeros((1, 3), dtype=np.int64),
        price=np.ones((0, 1)),
        discount=np.zeros(1),
        delivery=np.zeros(1),
        gated=np.zeros(0),
        gate_days=0.0,
    )


def no_customers(plan: DealPlan) -> CustomerPlan:
    """Return a plan without customers: those of as_of are not followed, wins do not become any."""
    n_draws, n_months = plan.hazard.shape[0], plan.month_end.size
    n_segments = plan.open_first.size - 1
    by_segment = np.zeros((n_draws, n_segments))
    slices = np.zeros((n_draws, n_segments, 1))
    return CustomerPlan(
        start=0.0,
        month_end=plan.month_end,
        month_days=np.ones(n_months),
        first_month_of_quarter=plan.first_month_of_quarter,
        churn=np.zeros((n_draws, 1, 1)),
        wear=np.ones((1, 1)),
        contraction=by_segment,
        price_rise=by_segment,
        contraction_size=slices,
        price_size=slices,
        growth_rate=slices,
        driver_cdf=np.ones((n_draws, n_segments, 1, 1)),
        size_edges=np.zeros((n_segments, 0)),
        size_factor=np.ones((n_segments, 1, 2)),
        growth_size=np.zeros((n_draws, n_segments, 1, 1)),
        cycle=slices,
        time_to_value=slices,
        return_rate=by_segment,
        return_size=slices,
        arr_per_amount=by_segment,
        term_cdf=np.ones((n_segments, 1)),
        terms=np.zeros(0, dtype=np.int64),
        term_classes=np.zeros(0, dtype=np.int64),
        month_effect=np.ones((0, n_months, 5)),
        promises=np.ones((0, 1, 3)),
        advocate_after=0,
        premium=1.0,
        entity=np.zeros(0, dtype=np.uint64),
        state=np.zeros((0, 5), dtype=np.int64),
        time=np.zeros((0, 2)),
        money=np.zeros((0, 3)),
        base=np.zeros((0, 4)),
    )


def nobody(n_segments: int, n_draws: int) -> PeoplePlan:
    """Return a plan without people after the sale: customers live on as calibrated."""
    return PeoplePlan(
        seat_segment=np.zeros(0, dtype=np.int64),
        seat_key=np.zeros(0, dtype=np.uint64),
        seat_start=np.zeros(0, dtype=np.int64),
        seat_delay_cdf=np.ones((0, 1)),
        seat_leaves=np.zeros((n_draws, 0)),
        backfill_cdf=np.ones((0, 1)),
        ramp=np.ones((n_draws, 0, 1)),
        kind=np.zeros((0, n_segments), dtype=np.int64),
        capacity=np.zeros((0, n_segments)),
        load=np.zeros((0, n_segments)),
        customer_time=np.zeros(n_segments),
        share=np.zeros((n_segments, N_ACTIVITIES, 0)),
        quality=np.zeros((n_segments, N_ACTIVITIES, 0)),
        work=np.zeros((n_segments, N_ACTIVITIES, 4)),
        deal_rate=np.zeros((n_draws, n_segments)),
        worst=np.ones((0, n_segments, N_ACTIVITIES, N_TARGETS)),
    )
