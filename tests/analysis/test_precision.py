import numpy as np
import pytest
from scipy.stats import norm

from simulator.analysis.precision import (
    expected_interval,
    jackknife_error,
    mean_error,
    quantile_error,
    share_error,
)
from simulator.engine.keys import STRATA


def test_independent_paths_have_the_textbook_error():
    values = np.random.default_rng(1).normal(size=4000)
    each = np.arange(4000) * STRATA
    assert mean_error(values, each) == pytest.approx(values.std(ddof=1) / np.sqrt(4000), rel=1e-9)
    assert share_error(values < 0, each) == pytest.approx(0.5 / np.sqrt(4000), rel=0.01)


def test_one_draw_is_taken_as_independent_paths():
    values = np.random.default_rng(2).normal(size=100)
    assert mean_error(values, np.zeros(100, int)) == mean_error(values, np.arange(100) * STRATA)


def test_one_replicate_is_taken_as_independent_draws():
    values = np.random.default_rng(2).normal(size=100)
    draw = np.arange(100) % STRATA
    assert mean_error(values, draw) == mean_error(values, draw * STRATA)


def test_paths_alike_within_a_replicate_count_as_one():
    values = np.repeat(np.random.default_rng(3).normal(size=50), 2 * STRATA)
    draw = np.tile(np.arange(50 * STRATA).reshape(50, STRATA), 2).ravel()
    clustered = mean_error(values, draw)
    assert clustered == pytest.approx(values[:: 2 * STRATA].std(ddof=1) / np.sqrt(50), rel=1e-9)
    assert clustered > 4 * mean_error(values, np.arange(1000) * STRATA)


def test_the_jackknife_of_a_mean_is_its_cluster_error_and_works_for_quantiles():
    rng = np.random.default_rng(6)
    values, draw = rng.normal(size=2000), np.arange(2000) % 400
    by_leaving_out = jackknife_error(lambda kept: float(values[kept].mean()), draw)
    assert by_leaving_out == pytest.approx(mean_error(values, draw), rel=1e-9)
    samples = rng.normal(size=(60, 2000))
    errors = [jackknife_error(lambda kept, x=x: float(np.quantile(x[kept], 0.9)), draw) for x in samples]
    seen = np.quantile(samples, 0.9, axis=1).std(ddof=1)
    assert np.mean(errors) == pytest.approx(seen, rel=0.3)
    assert np.isnan(jackknife_error(lambda kept: 0.0, np.array([0])))


def test_error_of_the_median_agrees_with_its_density_formula():
    rng = np.random.default_rng(4)
    errors = [quantile_error(rng.normal(size=5000), 0.5, np.arange(5000) * STRATA) for _ in range(20)]
    assert np.mean(errors) == pytest.approx(0.5 / norm.pdf(0) / np.sqrt(5000), rel=0.08)


def test_a_single_path_has_no_error_to_state():
    assert np.isnan(mean_error(np.array([1.0]), np.array([0])))
    assert np.isnan(quantile_error(np.array([1.0]), 0.5, np.array([0])))


def test_an_interval_of_what_is_expected_leaves_luck_out():
    """Rates with sd 1, luck with sd 1.5: four in five hold the truth; of quantiles of outcomes all but do."""
    rng, draw = np.random.default_rng(8), np.repeat(np.arange(100) * STRATA, 4)
    held, held_by_outcomes, n = 0, 0, 800
    for estimate in rng.normal(size=n):
        values = estimate + np.repeat(rng.normal(size=100), 4) + 1.5 * rng.normal(size=400)
        low, high = expected_interval(values, draw)
        outcomes = np.quantile(values, [0.1, 0.9])
        held += low <= 0.0 <= high
        held_by_outcomes += outcomes[0] <= 0.0 <= outcomes[1]
    assert held / n == pytest.approx(0.8, abs=3 * np.sqrt(0.8 * 0.2 / n))
    assert held_by_outcomes / n > 0.95
    certain = expected_interval(3.0 * rng.normal(size=400), np.zeros(400, int))
    assert certain[1] - certain[0] == pytest.approx(2 * norm.ppf(0.9) * 3.0 / 20.0, rel=0.15)
