"""The reference plan has the size that it states, and its figures are written as they were taken."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import reference, reference_plan
from simulator.engine.plan.deals import Compiled
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import run
from simulator.history.load import load_history
from simulator.kernels.customers.flows import ARR_FLOWS
from simulator.kernels.flows import FLOWS


@pytest.fixture(scope="module")
def ready() -> Prepared:
    return reference_plan.prepare_reference()


@pytest.fixture(scope="module")
def compiled(ready: Prepared) -> Compiled:
    return reference_plan.compile_reference(ready)


def test_the_plan_is_of_the_size_that_it_states(ready: Prepared, compiled: Compiled) -> None:
    outcome = run(compiled, ready.scenario.with_simulation(paths=20, threads=2), None)
    assert len(compiled.segments) == 6
    assert compiled.horizon.months.size == 24
    assert compiled.plan.open_entity.size == np.unique(compiled.plan.open_entity).size == 3000
    assert compiled.n_customers.sum() == 4000
    assert compiled.plan.hazard.shape[0] == 200
    created = outcome.flows[..., FLOWS.index("n_created")].sum(axis=(1, 2)) / 24
    assert abs(created.mean() - 500.0) < 4 * created.std() / np.sqrt(20) + 5.0
    assert outcome.flows[..., FLOWS.index("n_taken_up")].sum() > 0
    assert outcome.arr_flows[..., ARR_FLOWS.index("n_new")].sum() > 0


def test_threads_share_the_plan_without_changing_a_bit(ready: Prepared, compiled: Compiled) -> None:
    one, two = (run(compiled, ready.scenario.with_simulation(paths=120, threads=n), None) for n in (1, 2))
    assert np.array_equal(one.flows, two.flows)
    assert np.array_equal(one.arr_flows, two.arr_flows)
    assert np.array_equal(one.wins, two.wins)


def test_a_history_many_times_over_is_a_history(tmp_path) -> None:
    reference.many_histories(tmp_path / "history", 2)
    twice = load_history(tmp_path / "history")
    once = pd.read_csv(reference.SAMPLE / "opportunities.csv")
    assert len(twice.opportunities) == 2 * len(once)
    assert twice.opportunities["opportunity_id"].is_unique


def test_the_report_tells_what_was_measured() -> None:
    row = {"paths": 2500, "threads": 2, "wall": 10.0, "cpu": 20.0, "compile_wall": 1.0, "compile_cpu": 1.5}
    row |= {"before_mb": 400.0, "peak_mb": 900.0}
    start = {"wall": 40.0, "cpu": 39.0, "peak_mb": 300.0, "next_wall": 1.0, "next_cpu": 1.2, "added_cpu": 0.4}
    text = reference.write_report([row], {"the first start": start}, 0.2)
    assert "| 2,500 | 2 | 10.0 | 20.0 | 8.00 ms | 900 MiB | 500 MiB |" in text
    assert "| the first start | 40.0 | 39.0 | 300 MiB |" in text
    assert "| of it more than importing numba and NumPy | | 0.4 | |" in text
