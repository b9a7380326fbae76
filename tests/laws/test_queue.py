"""The queue of SALs for reps against the closed forms of Erlang, and against a second implementation."""

import math
from dataclasses import replace

import numpy as np
import pytest
import simpy

from simulator.engine.plan.capacity import with_reps
from simulator.engine.plan.deals import Compiled
from simulator.engine.run.simulate import compile_deals, run
from simulator.kernels.flows import FLOWS
from tests.small_companies import company, segment, stay

WARM_QUARTERS = 4


def queue(arrivals_per_day: float, service_per_day: float, reps: int, patience_per_day: float, **more):
    """Return a company of one segment that is M/M/c+M: one category, exponential times, fixed heads."""
    own = {
        "heads": reps,
        "open_deals_per_rep": 1,
        "attrition": 0,
        "quota": 1,
        "self_sourced_sals_per_month": 0,
        "patience_days": math.log(2) / patience_per_day,
    }
    one = segment(
        sals_per_month=arrivals_per_day * 365.25 / 12,
        pipeline=stay(math.log(2) / service_per_day, won=1.0),
    )
    return company({"one": one}, reps={"ramp": [1.0], "segments": {"one": own}}, **more)


def simulate(scenario) -> tuple[dict[str, np.ndarray], Compiled]:
    """Return flows by name, summed after the warm-up, shape (path,), and what they were simulated from."""
    compiled = with_reps(compile_deals(scenario, None, None), scenario, None)
    # SALs come at an even rate a day: calendar months differ in length.
    per_day = compiled.plan.stream_sals.mean() / (365.25 / 12)
    days = np.diff(compiled.plan.month_end, prepend=0.0)
    even = np.tile(per_day * days, (*compiled.plan.stream_sals.shape[:2], 1))
    outcome = run(replace(compiled, plan=compiled.plan._replace(stream_sals=even)), scenario, None)
    flows = outcome.flows[:, WARM_QUARTERS:, 0, :].sum(axis=1)
    return {name: flows[:, place] for place, name in enumerate(FLOWS)}, compiled


def ratio(part: np.ndarray, whole: np.ndarray) -> tuple[float, float]:
    """Return the ratio of two totals over paths and its standard error (linearised)."""
    value = part.sum() / whole.sum()
    error = np.sqrt(((part - value * whole) ** 2).sum()) / whole.sum()
    return float(value), float(error)


# Erlang-A with λ = 100, μ = 1, n = 100 by patience θ: P(abandon), P(wait).
ERLANG_A = {1.0: (0.03986, 0.51330), 0.5: (0.03303, 0.59670), 2.0: (0.04668, 0.43000)}
SCALE = 1 / 30
"""One unit of time is 30 days: rates per day."""


@pytest.mark.parametrize("theta", ERLANG_A)
def test_erlang_a(theta):
    flows, _ = simulate(
        queue(100 * SCALE, SCALE, 100, theta * SCALE, horizon_quarters=12, simulation={"paths": 200})
    )
    abandoned, error = ratio(flows["n_waited_out"], flows["n_created"])
    expected = ERLANG_A[theta][0]
    assert abs(abandoned - expected) < 4 * error
    assert error < 0.1 * expected, "too few paths to tell"
    waited, error = ratio(flows["n_waited"], flows["n_created"])
    assert abs(waited - ERLANG_A[theta][1]) < 4 * error
    # λ P(abandon) = θ E[number waiting] (Little): the days of waiting say the same once more.
    waiting, error = ratio(flows["waiting_days"], flows["n_created"])
    assert abs(waiting - expected / (theta * SCALE)) < 4 * error


def test_erlang_a_is_told_from_another_patience():
    flows, _ = simulate(
        queue(100 * SCALE, SCALE, 100, 2.0 * SCALE, horizon_quarters=12, simulation={"paths": 200})
    )
    abandoned, error = ratio(flows["n_waited_out"], flows["n_created"])
    assert abs(abandoned - ERLANG_A[0.5][0]) > 4 * error


def test_erlang_c_without_giving_up():
    """λ = 10, μ = 3, n = 4: P(wait) .65772, hence a mean wait of P(wait) / (n μ - λ)."""
    flows, _ = simulate(
        queue(10 * SCALE, 3 * SCALE, 4, 1e-9 * SCALE, horizon_quarters=16, simulation={"paths": 400})
    )
    expected = 0.65772 / ((4 * 3 - 10) * SCALE)
    waiting, error = ratio(flows["waiting_days"], flows["n_taken_up"])
    assert abs(waiting - expected) < 4 * error
    assert error < 0.05 * expected
    waited, error = ratio(flows["n_waited"], flows["n_created"])
    assert abs(waited - 0.65772) < 4 * error
    busy, error = ratio(flows["busy_days"], flows["slot_days"])
    assert abs(busy - 10 / 12) < 4 * error


def test_no_reps_book_nothing_new():
    flows, _ = simulate(queue(3.0, SCALE, 0, SCALE, horizon_quarters=8))
    assert flows["n_created"].sum() > 0
    assert flows["won_created"].sum() == 0
    assert flows["n_taken_up"].sum() == 0


def test_reps_without_limit_change_nothing_bit_for_bit():
    own = {"heads": 400, "open_deals_per_rep": 50, "quota": 1, "self_sourced_sals_per_month": 0}
    free = company({"one": segment(sals_per_month=40)}, horizon_quarters=4)
    limited = company(
        {"one": segment(sals_per_month=40)}, horizon_quarters=4, reps={"segments": {"one": own}}
    )
    counted = [FLOWS.index(name) for name in FLOWS[: FLOWS.index("waited_out")]]
    outcomes = [
        run(with_reps(compile_deals(s, None, None), s, None), s, None).flows[..., counted]
        for s in (free, limited)
    ]
    assert outcomes[0].any()
    np.testing.assert_array_equal(*outcomes)


def test_a_second_implementation_agrees_in_distribution():
    """SimPy lives the same queue: means and spread of what is taken up and lost."""
    scenario = queue(0.5, 1 / 40, 12, 1 / 30, horizon_quarters=8, simulation={"paths": 400})
    ours, _ = simulate(scenario)
    days = 365.0 * 2
    theirs = np.array([_simpy_queue(seed, 0.5, 1 / 40, 12, 1 / 30, days) for seed in range(60)])
    for name, column in zip(("n_created", "n_taken_up", "n_waited_out"), theirs.T, strict=True):
        own = ours[name]
        error = math.hypot(own.std() / math.sqrt(len(own)), column.std() / math.sqrt(len(column)))
        assert abs(own.mean() - column.mean()) < 4 * error, name
        # The variance of a variance of nearly normal counts is 2 / (n - 1).
        log_ratio = math.log(own.var() / column.var())
        assert abs(log_ratio) < 4 * math.sqrt(2 / (len(own) - 1) + 2 / (len(column) - 1)), name


def _simpy_queue(seed, arrivals, service, n_slots, patience, days) -> tuple[int, int, int]:
    """Return SALs created, taken up and given up from one year on, of a queue that began empty."""
    rng = np.random.default_rng(seed)
    world = simpy.Environment()
    slots = simpy.Resource(world, n_slots)
    counts = [0, 0, 0]

    def count(kind):
        counts[kind] += world.now >= days / 2

    def sal():
        count(0)
        with slots.request() as turn:
            got = yield turn | world.timeout(rng.exponential(1 / patience))
            if turn not in got:
                count(2)
                return
            count(1)
            yield world.timeout(rng.exponential(1 / service))

    def demand():
        while True:
            yield world.timeout(rng.exponential(1 / arrivals))
            world.process(sal())

    world.process(demand())
    world.run(days)
    return tuple(counts)
