import numpy as np
import pytest
from scipy.stats import norm

from simulator.analysis.precision import mean_error, quantile_error, share_error


def test_independent_paths_have_the_textbook_error():
    values = np.random.default_rng(1).normal(size=4000)
    each = np.arange(4000)
    assert mean_error(values, each) == pytest.approx(values.std(ddof=1) / np.sqrt(4000), rel=1e-9)
    assert share_error(values < 0, each) == pytest.approx(0.5 / np.sqrt(4000), rel=0.01)


def test_one_cluster_is_taken_as_independent_paths():
    values = np.random.default_rng(2).normal(size=100)
    assert mean_error(values, np.zeros(100, int)) == mean_error(values, np.arange(100))


def test_paths_alike_within_a_draw_count_as_one():
    values = np.repeat(np.random.default_rng(3).normal(size=50), 20)
    clustered = mean_error(values, np.repeat(np.arange(50), 20))
    assert clustered == pytest.approx(values[::20].std(ddof=1) / np.sqrt(50), rel=1e-9)
    assert clustered > 4 * mean_error(values, np.arange(1000))


def test_error_of_the_median_agrees_with_its_density_formula():
    rng = np.random.default_rng(4)
    errors = [quantile_error(rng.normal(size=5000), 0.5, np.arange(5000)) for _ in range(20)]
    assert np.mean(errors) == pytest.approx(0.5 / norm.pdf(0) / np.sqrt(5000), rel=0.08)


def test_a_single_path_has_no_error_to_state():
    assert np.isnan(mean_error(np.array([1.0]), np.array([0])))
    assert np.isnan(quantile_error(np.array([1.0]), 0.5, np.array([0])))
