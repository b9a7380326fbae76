"""Deals and customers lived side by side against the same ones lived one after the other, to the bit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from benchmarks import workloads
from simulator.engine.plan.neutral import nobody, unlimited
from simulator.engine.prepare import Prepared, prepare
from simulator.engine.run.batches import Job
from simulator.engine.run.simulate import compile_deals, compile_plan, complete_plan, run
from simulator.kernels.customers.flows import ARR_FLOWS, COHORT, N_ARR_FLOWS, REVENUE
from simulator.kernels.deals.new_deals import count_sals, draw_shocks, new_deal_entity
from simulator.kernels.flows import CREATED, FLOWS, N_CREATED, N_FLOWS
from simulator.kernels.random import BIRTH, Luck, block
from simulator.scenario.load import load_scenario
from tests.reference.customer import Customer, simulate_customer
from tests.reference.deal import Deal, live, new_deal

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
OF_DEALS = [
    place
    for place, name in enumerate(FLOWS)
    if not name.endswith(("_days", "_months")) and name not in ("n_taken_up", "n_waited")
]
OF_CUSTOMERS = [place for place in range(N_ARR_FLOWS) if place < COHORT and place != REVENUE]


@njit
def live_deals_in_turn(plan, seed, path, draw, shock, flows):
    """Live all deals of a path, one after the other."""
    draw_shocks(plan, np.uint64(seed), np.uint64(path), shock)
    luck = Luck(np.uint64(seed), np.uint64(path), draw)
    trace, sourcing = np.zeros((0, 7)), np.zeros((plan.entry_cdf.shape[1], plan.month_end.shape[0]))
    for index in range(plan.open_entity.shape[0]):
        s, entity, amount = plan.open_state[index], plan.open_entity[index], plan.open_amount[index]
        if amount < 0.0:
            u, _, _, _ = block(luck.seed, luck.path, entity, np.uint64(0), BIRTH)
            amount = plan.amount[draw, s[0], int(u * plan.amount.shape[2])]
        deal = Deal(entity, 0.0, 0, s[0], s[1], s[2], s[3], s[4], s[5], amount, s[6], s[1])
        live(plan, luck, shock, deal, flows, trace)
    for stream in range(plan.stream_key.shape[0]):
        for month in range(plan.month_end.shape[0]):
            for index in range(count_sals(plan, luck, shock, sourcing, 0.0, stream, month)):
                deal = new_deal(plan, luck, stream, new_deal_entity(plan, stream, month, index), month)
                flows[month, deal.segment, CREATED] += deal.amount
                flows[month, deal.segment, N_CREATED] += 1.0
                live(plan, luck, shock, deal, flows, trace)


@njit
def live_customers_in_turn(plan, seed, path, draw, flows):
    """Live all customers that there are at as_of, one after the other."""
    luck, trace = Luck(np.uint64(seed), np.uint64(path), draw), np.zeros((0, 3))
    for i in range(plan.entity.shape[0]):
        s, time, money = plan.state[i], plan.time[i], plan.money[i]
        customer = Customer(
            plan.entity[i], s[0], s[1], s[2], float(s[3]), plan.start, time[0], time[1],
            money[0], money[1], money[2], 0, s[4],
        )  # fmt: skip
        simulate_customer(plan, luck, customer, flows, trace)


def by_quarter(monthly, first_month_of_quarter):
    quarter = (np.arange(len(monthly)) + first_month_of_quarter) // 3
    return np.stack([monthly[quarter == q].sum(axis=0) for q in range(quarter[-1] + 1)])


def deals_in_turn(plan, seed, path):
    n_months, n_segments = plan.month_end.size, plan.entry_cdf.shape[1]
    flows = np.zeros((n_months, n_segments, N_FLOWS))
    shock = np.ones(((n_months + plan.first_month_of_quarter + 2) // 3, 3))
    live_deals_in_turn(plan, seed, path, path % plan.hazard.shape[0], shock, flows)
    return by_quarter(flows, plan.first_month_of_quarter)[..., OF_DEALS]


@pytest.mark.parametrize("field", [None, "hazard", "push_cdf", "redate"])
def test_deals_of_the_reference_workload(field):
    plan = workloads.reference_plan(n_draws=3, n_open=300, sals_per_month=60.0)
    side_by_side = workloads.simulate_paths(plan, 4, 6).flows[..., OF_DEALS]
    changed = plan if field is None else plan._replace(**{field: getattr(plan, field) * 0.99})
    in_turn = np.stack([deals_in_turn(changed, workloads.SEED, path) for path in range(4, 10)])
    assert side_by_side[..., 0].sum() > 0
    # The comparison notices when one of the two lives by other rates.
    assert np.array_equal(side_by_side, in_turn) == (field is None)


def test_deals_that_end_instead_of_slipping():
    plan = workloads.reference_plan(n_draws=3, n_open=300, sals_per_month=60.0)
    less = plan._replace(slip_share=np.full_like(plan.slip_share, 0.5))
    side_by_side = workloads.simulate_paths(less, 4, 6).flows[..., OF_DEALS]
    in_turn = np.stack([deals_in_turn(less, workloads.SEED, path) for path in range(4, 10)])
    assert np.array_equal(side_by_side, in_turn)
    assert not np.array_equal(side_by_side, workloads.simulate_paths(plan, 4, 6).flows[..., OF_DEALS])


def test_deals_that_are_won_at_another_pace_late_in_a_month():
    plan = workloads.reference_plan(n_draws=3, n_open=300, sals_per_month=60.0)
    start = np.concatenate([[0.0], plan.month_end[:-1]])
    pace = np.random.default_rng(3).uniform(0.3, 2.5, (3, 3, 4))
    plan = plan._replace(clock=pace, clock_steps=start[:, None] + np.array([10.0, 20.0, 27.0]))
    side_by_side = workloads.simulate_paths(plan, 4, 6).flows[..., OF_DEALS]
    for paced in (plan, plan._replace(clock=pace[:, :0])):
        in_turn = np.stack([deals_in_turn(paced, workloads.SEED, path) for path in range(4, 10)])
        assert np.array_equal(side_by_side, in_turn) == (paced is plan)


def prepared(name: str, paths: int) -> Prepared:
    stated = {"simulation.paths": paths, "simulation.rate_draws": 5, "simulation.threads": 1}
    return prepare(load_scenario(SCENARIOS / f"{name}.yaml", stated))


@pytest.mark.parametrize("name", ["base", "strict_desk"])
def test_deals_of_the_sample_company_with_terms_and_success_plans(name):
    ready = prepared(name, 4)
    compiled = compile_deals(ready.scenario, ready.calibration, ready.history)
    out = run(compiled, ready.scenario, None)
    seed = ready.scenario.simulation.seed
    in_turn = np.stack([deals_in_turn(compiled.plan, seed, path) for path in range(4)])
    money = np.array([not FLOWS[place].startswith("n_") for place in OF_DEALS])
    assert np.array_equal(out.flows[..., OF_DEALS], in_turn / np.where(money, 100.0, 1.0))
    gated, conceded = FLOWS.index("n_gated"), FLOWS.index("n_conceded")
    assert out.flows[..., conceded].sum() > 0
    assert (out.flows[..., gated].sum() > 0) == (name == "strict_desk")


@pytest.mark.parametrize("lever", [False, True])
def test_customers_of_the_sample_company(lever):
    ready = prepared("base", 4)
    compiled = compile_deals(ready.scenario, ready.calibration, ready.history)
    with_customers = complete_plan(compiled, ready.scenario.replace(roles={}), ready.history)
    n_segments, n_draws = len(compiled.segments), compiled.plan.hazard.shape[0]
    customers = with_customers.customers
    if lever:
        factors = np.exp(
            0.3 * np.random.default_rng(5).standard_normal((n_segments, customers.month_end.size, 5))
        )
        customers = customers._replace(month_effect=factors)
    nothing_won = compiled.plan._replace(hazard=np.zeros_like(compiled.plan.hazard))
    alone = replace(
        with_customers,
        plan=nothing_won,
        customers=customers,
        capacity=unlimited(nothing_won),
        people=nobody(n_segments, n_draws),
    )
    out = run(alone, ready.scenario, None)
    money = np.array([not ARR_FLOWS[place].startswith("n_") for place in OF_CUSTOMERS])
    for path in range(4):
        flows = np.zeros((customers.month_end.size, n_segments, N_ARR_FLOWS))
        live_customers_in_turn(customers, ready.scenario.simulation.seed, path, path % n_draws, flows)
        in_turn = by_quarter(flows, customers.first_month_of_quarter)[..., OF_CUSTOMERS]
        assert np.array_equal(out.arr_flows[path][..., OF_CUSTOMERS], in_turn / np.where(money, 100.0, 1.0))
    assert out.arr_flows[..., ARR_FLOWS.index("n_churned")].sum() > 0


def test_a_path_that_needs_more_room_gets_it():
    ready = prepared("base", 4)
    compiled = compile_plan(ready.scenario, ready.calibration, ready.history)
    ample, scant = (Job.of(compiled, 1, 1) for _ in range(2))
    scant.room[:] = [1, 1]
    expected, got = ample.simulate(np.arange(4)), scant.simulate(np.arange(4))
    assert min(scant.room) > 100
    for ours, theirs in zip((*expected.by_path, *expected.sums), (*got.by_path, *got.sums), strict=True):
        assert np.array_equal(ours, theirs)
