"""Penalised Poisson regression against statsmodels and closed forms."""

import numpy as np
import pytest
import statsmodels.api as sm

from simulator.calibration.poisson import centre, fit_poisson


def made(n=200, seed=3):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.normal(size=n), rng.integers(0, 2, n)])
    exposure = rng.uniform(1.0, 50.0, n)
    events = rng.poisson(exposure * np.exp(design @ [-2.0, 0.4, -0.3])).astype(float)
    return design, events, exposure


def test_without_a_prior_it_is_the_maximum_likelihood_of_statsmodels():
    design, events, exposure = made()
    ours = fit_poisson(design, events, exposure, 1e-9 * np.eye(3))
    theirs = sm.GLM(events, design, family=sm.families.Poisson(), exposure=exposure).fit()
    assert ours.converged
    assert ours.coefficients == pytest.approx(theirs.params, abs=1e-6)
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(theirs.bse, rel=1e-4)


def test_rows_without_exposure_do_not_matter():
    design, events, exposure = made()
    more = np.vstack([design, [[1.0, 9.0, 1.0]]])
    ours = fit_poisson(more, np.append(events, 0.0), np.append(exposure, 0.0), np.eye(3))
    assert ours.coefficients == pytest.approx(
        fit_poisson(design, events, exposure, np.eye(3)).coefficients, abs=1e-9
    )


def test_the_prior_alone_is_returned_where_nothing_is_known():
    ours = fit_poisson(np.ones((1, 1)), np.zeros(1), np.zeros(1), np.array([[4.0]]))
    assert ours.coefficients[0] == 0.0
    assert ours.covariance[0, 0] == pytest.approx(0.25)


def test_no_event_at_all_still_has_a_mode():
    ours = fit_poisson(np.ones((1, 1)), np.zeros(1), np.array([1e6]), np.array([[1.0]]))
    mode = ours.coefficients[0]
    assert ours.converged
    assert 1e6 * np.exp(mode) == pytest.approx(-mode, rel=1e-3)


def test_centring_makes_the_weighted_mean_zero_and_its_variance_too():
    mean, covariance = np.array([0.3, -0.1, 0.6]), np.diag([0.01, 0.04, 0.09])
    weights = np.array([5.0, 3.0, 2.0])
    centred, sds, shift = centre(mean, covariance, weights)
    assert weights @ centred == pytest.approx(0.0, abs=1e-12)
    assert shift == pytest.approx(0.24)
    share = weights / 10
    expected = [(np.eye(3)[i] - share) @ covariance @ (np.eye(3)[i] - share) for i in range(3)]
    assert sds**2 == pytest.approx(expected)
