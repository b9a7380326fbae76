"""The pace of winning inside a month."""

import numpy as np
import pytest
from numba import njit

from benchmarks import workloads
from simulator.kernels.deals.clock import find_moment, winning_days
from simulator.kernels.flows import FLOWS

STEPS, PACE, END = np.array([10.0, 20.0, 27.0]), np.array([0.5, 0.8, 1.5, 2.5]), 30.0
days_left = njit(lambda time: winning_days(STEPS, PACE, time, END))
moment = njit(lambda time, wait, rest, won: find_moment(STEPS, PACE, time, wait, rest, won))


@pytest.mark.parametrize(
    ("time", "days"), [(0.0, 5.0 + 8.0 + 10.5 + 7.5), (15.0, 4.0 + 10.5 + 7.5), (29.0, 2.5), (30.0, 0.0)]
)
def test_days_are_weighted_with_the_pace_of_their_part(time, days):
    assert days_left(time) == pytest.approx(days, rel=1e-12)


@pytest.mark.parametrize("time", [0.0, 4.0, 12.5, 28.0])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99])
def test_a_wait_is_spent_where_its_hazard_has_passed(time, share):
    rest, won = 0.02, 0.05
    wait = share * (rest * (END - time) + won * days_left(time))
    at, pace = moment(time, wait, rest, won)
    passed = rest * (at - time) + won * (days_left(time) - days_left(at))
    assert passed == pytest.approx(wait, rel=1e-9)
    assert pace == PACE[np.searchsorted(STEPS, at, side="right")]


def test_an_even_pace_changes_no_result():
    plan = workloads.reference_plan(n_draws=2, n_open=300, sals_per_month=60.0)
    n_months = plan.month_end.size
    steps = np.concatenate([[0.0], plan.month_end[:-1]])[:, None] + STEPS
    even = plan._replace(clock=np.ones((2, 3, 4)), clock_steps=steps)
    late = even._replace(clock=np.tile(PACE * 30.4 / 30.5, (2, 3, 1)))
    assert n_months == len(steps)
    won = FLOWS.index("n_won")
    as_before = workloads.simulate_paths(plan, 0, 40).flows[..., won]
    assert np.array_equal(workloads.simulate_paths(even, 0, 40).flows[..., won], as_before)
    moved = workloads.simulate_paths(late, 0, 40).flows[..., won]
    assert not np.array_equal(moved, as_before)
    # What is won over whole months hardly changes: deals qualified in a month are there for its end.
    assert moved.sum() == pytest.approx(as_before.sum(), rel=0.06)
