"""Stories of deals and customers against those of the second implementation, row by row."""

from pathlib import Path

import numpy as np
import pytest
from numba import njit

from benchmarks import workloads
from simulator.engine.prepare import prepare
from simulator.engine.run.batches import by_segment
from simulator.engine.run.customers import existing_starts, live_apart
from simulator.engine.run.simulate import compile_deals, complete_plan
from simulator.kernels.batch import open_batch
from simulator.kernels.deals.new_deals import new_deal_entity
from simulator.kernels.deals.trace import TRACE_CLOSED, TRACE_REDATED, count_deals, trace_deals
from simulator.kernels.flows import N_FLOWS
from simulator.kernels.random import Luck
from simulator.scenario.load import load_scenario
from tests.reference import deal as reference
from tests.reference.customer import Customer, simulate_customer

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
# The second implementation tells an advance within a category from a move to another.
KINDS = np.array([0, 1, 1, 2, 3])


@njit
def stories_in_turn(plan, luck, shock, counts, flows, trace):
    n_rows = 0
    for stream in range(counts.shape[0]):
        for month in range(counts.shape[1]):
            for index in range(counts[stream, month]):
                entity = new_deal_entity(plan, stream, month, index)
                deal = reference.new_deal(plan, luck, stream, entity, month)
                story = trace[n_rows:]
                story[:, 0] = -1.0
                reference.live(plan, luck, shock, deal, flows, story)
                while trace[n_rows, 0] >= 0.0:
                    n_rows += 1
    return n_rows


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_stories_of_deals(share):
    plan = workloads.reference_plan(n_draws=1, n_open=0, sals_per_month=40.0)
    plan = plan._replace(slip_share=np.full_like(plan.slip_share, share))
    luck, shock = Luck(np.uint64(3), np.uint64(5), 0), np.ones((8, 3))
    counts = count_deals(plan, luck, shock)
    n_deals, room = int(counts.sum()), 40 * int(counts.sum())
    ours, theirs = np.zeros((room, 7)), np.zeros((room, 7))
    deal_of_row, born = np.zeros(room, dtype=np.int64), np.zeros((n_deals, 4))
    batch = open_batch(1, 0, plan.stream_key.size)
    n_rows = trace_deals(plan, luck, batch, shock, counts, ours, deal_of_row, born)
    flows = np.zeros((plan.month_end.size, workloads.N_SEGMENTS, N_FLOWS))
    assert n_rows == stories_in_turn(plan, luck, shock, counts, flows, theirs)
    ours, theirs = ours[:n_rows], theirs[:n_rows]
    assert np.array_equal(np.delete(ours, 1, axis=1), np.delete(theirs, 1, axis=1))
    assert np.array_equal(ours[:, 1], KINDS[theirs[:, 1].astype(int)])
    assert (ours[:, 1] == TRACE_CLOSED).sum() > n_deals / 2
    assert (ours[:, 1] == TRACE_REDATED).any()
    assert np.array_equal(np.unique(deal_of_row[:n_rows]), np.arange(n_deals))
    # Rows without room are counted and not written.
    few = np.zeros((10, 7))
    assert trace_deals(plan, luck, batch, shock, counts, few, deal_of_row, born) == n_rows
    assert np.array_equal(few, ours[:10])


@njit
def customers_in_turn(plan, seed, state, standing, flows, trace):
    n_rows = 0
    for i in range(plan.entity.shape[0]):
        s, at = state[i], standing[i]
        luck = Luck(np.uint64(seed), np.uint64(i % 3), i % plan.churn.shape[0])
        customer = Customer(
            plan.entity[i], s[0], s[1], s[2], float(s[3]), at[0], at[1], at[2], at[3], at[4], at[5], 0, s[4]
        )
        n_rows += simulate_customer(plan, luck, customer, flows, trace[n_rows:])
    return n_rows


def test_movements_of_customers():
    stated = {"simulation.paths": 4, "simulation.rate_draws": 5, "simulation.threads": 1}
    ready = prepare(load_scenario(SCENARIOS / "base.yaml", stated))
    compiled = compile_deals(ready.scenario, ready.calibration, ready.history)
    plan = by_segment(complete_plan(compiled, ready.scenario.replace(roles={}), ready.history).customers)
    of_customer = np.arange(plan.entity.size)
    starts = existing_starts(plan, np.stack([of_customer % 3, of_customer % plan.churn.shape[0]], axis=1))
    ours = live_apart(plan, 11, starts)
    trace = np.zeros((40 * plan.entity.size, 3))
    flows = np.zeros((plan.month_end.size, plan.term_cdf.shape[0], 64))
    n_rows = customers_in_turn(plan, 11, starts.state, starts.standing, flows, trace)
    assert n_rows > plan.entity.size
    assert np.array_equal(np.column_stack([ours.time, ours.flow, ours.cents]), trace[:n_rows])
