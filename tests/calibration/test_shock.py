"""The shared shock: found where it is, small where it is not."""

import numpy as np
import pytest

from simulator.calibration.overdispersion import PRIOR_SCALE, quarterly_shock


def quarters(spread: float, n: int, expected: float, seed: int):
    rng = np.random.default_rng(seed)
    mean = np.full(n, expected)
    return rng.poisson(mean * np.exp(spread * rng.normal(size=n) - spread**2 / 2)).astype(float), mean


def test_a_strong_shock_is_found():
    observed, expected = quarters(0.3, 40, 200.0, seed=1)
    shock = quarterly_shock(observed, expected)
    # Forty quarters tell a standard deviation to 0.3 / sqrt(80) = 0.034.
    assert shock.mean == pytest.approx(0.3, abs=4 * 0.034)
    assert shock.low > 0.15


def test_no_shock_is_small_where_quarters_are_full():
    observed, expected = quarters(0.0, 40, 400.0, seed=2)
    shock = quarterly_shock(observed, expected)
    assert shock.mean < 0.03
    assert shock.low == pytest.approx(0.0, abs=0.011)


def test_scatter_that_is_explained_otherwise_is_no_shock():
    rng = np.random.default_rng(3)
    observed = rng.negative_binomial(50, 50 / (50 + 200), 40).astype(float)
    expected = np.full(40, 200.0)
    assert quarterly_shock(observed, expected).mean > 0.1
    assert quarterly_shock(observed, expected, dispersion=5.0).mean < 0.08


def test_without_quarters_the_answer_is_the_prior():
    # The mean of a half-normal is its scale times sqrt(2 / pi).
    for shock in (quarterly_shock(np.zeros(0), np.zeros(0)), quarterly_shock(np.zeros(9), np.full(9, 0.01))):
        assert shock.n_quarters == 0
        assert shock.mean == pytest.approx(PRIOR_SCALE * np.sqrt(2 / np.pi), rel=0.05)


def test_two_quarters_hardly_change_it():
    shock = quarterly_shock(np.array([6.0, 7.0]), np.array([6.0, 6.0]))
    assert shock.mean == pytest.approx(PRIOR_SCALE * np.sqrt(2 / np.pi), rel=0.15)


def test_quarters_without_anything_expected_do_not_count():
    assert quarterly_shock(np.zeros(20), np.full(20, 0.01)).n_quarters == 0


@pytest.mark.parametrize("spread", [0.1, 0.2])
def test_intervals_cover_the_truth_about_as_often_as_they_say(spread):
    hits = []
    for seed in range(60):
        shock = quarterly_shock(*quarters(spread, 12, 80.0, seed))
        hits.append(shock.low <= spread <= shock.high)
    # Standard error 0.05.
    assert np.mean(hits) > 0.65
