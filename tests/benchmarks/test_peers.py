"""The deal kernel against three other implementations of its law."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peer_c, peer_numpy, peer_simpy, run, workloads
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.flows import FLOWS

needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no C compiler")


@pytest.fixture(scope="module")
def plan() -> DealPlan:
    """A small company with deals of every kind: some amounts are not known, some months have levers."""
    plan = workloads.reference_plan(n_draws=3, n_open=200, sals_per_month=40.0)
    rng = np.random.default_rng(3)
    unknown = np.where(rng.random(200) < 0.2, -1.0, plan.open_amount)
    levers = np.exp(0.3 * rng.standard_normal((workloads.N_SEGMENTS, workloads.N_MONTHS, 8)))
    return plan._replace(open_amount=unknown, month_effect=levers)


@pytest.fixture(scope="module")
def certain_plan() -> DealPlan:
    """The same company as every peer can simulate it: all amounts known, no levers, one rate draw."""
    return workloads.reference_plan(n_draws=1, n_open=200, sals_per_month=40.0)


@needs_compiler
def test_the_same_law_in_c_gives_the_same_sums_bit_for_bit(plan: DealPlan, tmp_path: Path) -> None:
    peer = peer_c.CompiledPeer(plan, tmp_path)
    theirs, n_months = peer.simulate_paths(5, 20)
    peer.close()
    ours = workloads.simulate_paths(plan, 5, 20)
    assert run.is_same(ours, theirs)
    assert ours.flows[..., FLOWS.index("n_won")].sum() > 100
    assert n_months > 20 * 200


@needs_compiler
@pytest.mark.parametrize("field", ["hazard", "multiplier_new", "redate", "stream_sals"])
def test_the_comparison_with_c_notices_a_difference(plan: DealPlan, tmp_path: Path, field: str) -> None:
    peer = peer_c.CompiledPeer(plan._replace(**{field: getattr(plan, field) * 0.999}), tmp_path)
    theirs, _ = peer.simulate_paths(0, 40)
    peer.close()
    assert not run.is_same(workloads.simulate_paths(plan, 0, 40), theirs)


def test_vectorised_numpy_agrees_in_law(certain_plan: DealPlan) -> None:
    ours = workloads.simulate_paths(certain_plan, 0, 2000)
    theirs = peer_numpy.simulate_paths(certain_plan, 0, 600, np.random.default_rng(11))
    assert abs(run.find_differences(ours, theirs)).max() < 4.0


def test_simpy_agrees_in_law(certain_plan: DealPlan) -> None:
    ours = workloads.simulate_paths(certain_plan, 0, 2000)
    theirs = peer_simpy.simulate_paths(certain_plan, 0, 30, random.Random(11))
    assert abs(run.find_differences(ours, theirs)).max() < 4.0


@pytest.mark.parametrize(("field", "factor"), [("hazard", 1.1), ("redate", 0.9), ("stream_sals", 1.1)])
def test_the_comparison_of_laws_notices_a_tenth(certain_plan: DealPlan, field: str, factor: float) -> None:
    other = certain_plan._replace(**{field: getattr(certain_plan, field) * factor})
    ours = workloads.simulate_paths(certain_plan, 0, 2000)
    theirs = peer_numpy.simulate_paths(other, 0, 600, np.random.default_rng(11))
    assert abs(run.find_differences(ours, theirs)).max() > 4.0
