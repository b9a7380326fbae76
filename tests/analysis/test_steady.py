"""Batches of paths added until the P50 is as sure as asked."""

import numpy as np
import pytest

from simulator.analysis.forecast.steady import batch_seed, simulate_until_steady, steadiness
from simulator.engine.keys import STRATA, rate_uniforms
from simulator.engine.run.joined import joined
from simulator.engine.run.simulate import simulate
from simulator.report.simulation import run
from simulator.report.work import Work
from simulator.scenario.schema import Simulation
from tests.made_paths import make_paths
from tests.small_companies import company, segment

N_DRAWS, N_PATHS = 200, 600
ONE = segment(sals_per_month=30)
TRUTH = 1e6
"""The median of ``small``, by symmetry."""


def small(seed: int, n_paths: int = N_PATHS, **more):
    """Simulate a company of one uncertain rate, stratified over its draws, and of luck around it."""
    draw = np.arange(n_paths) % N_DRAWS
    rate = rate_uniforms(seed, "rate", N_DRAWS)[:, 0]
    luck = np.random.default_rng(seed).normal(size=n_paths)
    amount = 1e6 * np.exp(0.5 * (rate[draw] - 0.5) + 0.15 * luck)
    return make_paths({"won_created": amount[:, None, None]}, n_paths=n_paths, rate_draw=draw, **more)


def settings(**more) -> Simulation:
    return Simulation(**{"paths": N_PATHS, "rate_draws": N_DRAWS, "seed": 1, **more})


def silent(text: str) -> None: ...


def test_the_stated_interval_holds_as_often_as_it_says():
    holds, n_batches = [], []
    for seed in range(1, 301):
        _, found = simulate_until_steady(small, settings(seed=seed, precision=0.004), silent)
        low, high = found.interval
        assert found.reached
        holds.append(low <= TRUTH <= high)
        n_batches.append(found.n_batches)
    # Nearly all need more than a batch, so that the rule by which they stop is tried too.
    assert np.mean(np.array(n_batches) > 1) > 0.9
    assert 0.75 <= np.mean(holds) <= 0.85


def test_errors_that_take_paths_of_one_draw_for_independent_hold_too_rarely():
    holds = []
    for seed in range(1, 101):
        rng, draw = np.random.default_rng(seed), np.arange(2000) % 20
        amount = 1e6 * np.exp(0.5 * (rng.random(20)[draw] - 0.5) + 0.15 * rng.normal(size=2000))
        flows = {"won_created": amount[:, None, None]}
        alone = make_paths(flows, n_paths=2000, rate_draw=np.arange(2000) * STRATA)
        low, high = steadiness([alone], settings()).interval
        holds.append(low <= TRUTH <= high)
    assert np.mean(holds) < 0.5


def test_batches_are_added_until_the_error_is_as_small_as_asked():
    said = []
    paths, found = simulate_until_steady(small, settings(precision=0.003), said.append)
    assert found.reached and found.share <= 0.003
    assert paths.n_paths == found.n_paths == found.n_batches * N_PATHS > N_PATHS
    assert said and all(f"P50 of {found.period}: ± 0." in text for text in said)
    assert np.array_equal(paths.flows[:N_PATHS], small(1).flows)
    assert found.n_replicates == found.n_batches * N_DRAWS // STRATA
    again, _ = simulate_until_steady(small, settings(precision=0.003), silent)
    assert np.array_equal(paths.flows, again.flows)


def test_the_most_paths_allowed_end_it():
    _, found = simulate_until_steady(small, settings(precision=0.0001, most_paths=2000), silent)
    assert found.n_paths == 1800 and not found.reached
    assert "was asked for" in found.note and "most_paths" in found.note


def test_nothing_booked_ends_it_at_once():
    def nothing(seed: int):
        return make_paths(n_paths=N_PATHS, rate_draw=np.arange(N_PATHS) % N_DRAWS)

    paths, found = simulate_until_steady(nothing, settings(precision=0.01), silent)
    assert paths.n_paths == N_PATHS and not found.reached and "no precision" in found.note


@pytest.mark.parametrize("partial", [True, False])
def test_the_quarter_is_the_first_whole_one(partial):
    found = steadiness([small(1, partial=partial, n_periods=2)], settings(precision=0.01))
    assert found.period == ("FY27Q2" if partial else "FY27Q1")


def test_few_replicates_are_not_trusted():
    few = small(1, 50)
    found = steadiness([few], Simulation(paths=50, rate_draws=50, precision=0.5))
    assert found.share < 0.5 and found.n_replicates == 5 and not found.reached
    assert found.batches_needed == 4


def test_joined_batches_are_those_of_one_scenario():
    batches = [simulate(company({"one": ONE}, simulation={"seed": seed}), None, None) for seed in (1, 2)]
    both = joined(batches, uncertain=True)
    for name in ("flows", "monthly_bookings"):
        assert np.array_equal(getattr(both, name), np.concatenate([getattr(b, name) for b in batches]))
    assert np.array_equal(
        both.rate_draw, np.concatenate([batches[0].rate_draw, batches[1].rate_draw + STRATA])
    )
    assert np.array_equal(both.open_wins, batches[0].open_wins + batches[1].open_wins)
    assert joined(batches, uncertain=False).rate_draw.max() == batches[0].rate_draw.max()
    assert batch_seed(1, 0) == 1 and batch_seed(1, 1) != batch_seed(2, 1)


def test_a_run_says_what_its_precision_took_and_threads_change_nothing():
    def asked(threads: int):
        stated = {"paths": 200, "precision": "1%", "threads": threads, "rate_uncertainty": False}
        return run(company({"one": ONE}, simulation=stated), work=Work())

    one, two = asked(1), asked(2)
    assert np.array_equal(one.paths.flows, two.paths.flows)
    summary = one.summary
    assert summary["n_paths"] == summary["precision"]["n_paths"] == one.paths.n_paths > 200
    assert summary["precision"]["reached"] and "as asked (± 1.00%)" in " ".join(summary["notes"])
