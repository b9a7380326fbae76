"""Amounts as slices: means kept exactly, tails in closed form, uncertainty of the right size."""

import math

import numpy as np
import pytest
from scipy import stats

from simulator.calibration.calibration import Amounts
from simulator.calibration.posteriors import gamma_quantile
from simulator.engine.draws.slices import amount_slices, slice_means
from simulator.engine.keys import rate_draws
from simulator.engine.plan.stated_rates import lognormal_amounts
from simulator.scenario.segments import AmountRates

NO_TAIL = (math.inf, 0.0, 0.0)


def test_slices_of_a_sample_keep_its_mean_and_its_order():
    rng = np.random.default_rng(1)
    values = np.sort(rng.lognormal(8, 1.2, 337))
    weights = rng.random(337)
    weights /= weights.sum()
    means = slice_means(values, weights, NO_TAIL, 64)
    assert means.mean() == pytest.approx((values * weights).sum())
    assert np.all(np.diff(means) >= 0)


def test_as_many_slices_as_values_are_the_values():
    values = np.array([1.0, 5.0, 9.0, 20.0])
    assert np.allclose(slice_means(values, np.full(4, 0.25), NO_TAIL, 4), values)


@pytest.mark.parametrize("shape", [0.0, 0.3, 0.6])
def test_a_pareto_tail_has_its_own_mean(shape):
    values = np.array([1.0, 2.0, 3.0, 50.0])
    means = slice_means(values, np.full(4, 0.25), (3.0, shape, 2.0), 1024)
    tail = 3.0 + stats.genpareto(shape, scale=2.0).mean()
    assert means.mean() == pytest.approx((1 + 2 + 3 + tail) / 4)
    upper = means[-256:].mean()
    assert upper == pytest.approx(tail)
    assert means[-1] > stats.genpareto(shape, loc=3.0, scale=2.0).ppf(1 - 4 / 1024)


def test_a_lognormal_has_the_stated_median_and_mean():
    amounts = lognormal_amounts(AmountRates(median=12_000, mean=18_000), 0)
    slices = amount_slices(amounts, "a", rate_draws(1, 1, False))[0]
    assert slices.mean() == pytest.approx(18_000, rel=1e-9)
    assert np.median(slices) == pytest.approx(12_000, rel=0.01)


def test_the_bootstrap_has_the_standard_error_of_the_mean():
    values = np.random.default_rng(2).lognormal(0, 1, 200)
    amounts = Amounts(values, np.ones(200), math.inf, 0.0, 0.0, 200, "calibrated")
    means = amount_slices(amounts, "a", rate_draws(1, 2000, True)).mean(axis=1)
    expected = values.std() / math.sqrt(201)
    assert abs(means.std() / expected - 1) < 4 / math.sqrt(2 * 2000)
    assert abs(means.mean() - values.mean()) < 4 * expected / math.sqrt(2000)
    assert np.array_equal(means[:10], amount_slices(amounts, "a", rate_draws(1, 10, True)).mean(axis=1))


@pytest.mark.parametrize("shape", [0.05, 0.4, 3.0, 40.0])
def test_many_gamma_quantiles_agree_with_single_ones(shape):
    u = np.random.default_rng(3).random((200, 100))
    exact = stats.gamma(shape).ppf(u)
    sound = exact > 1e-200
    assert np.allclose(gamma_quantile(u, np.full(100, shape))[sound], exact[sound], rtol=1e-5)


@pytest.mark.parametrize("scale", [0.0, 2.0])
def test_many_weightings_at_once_are_each_their_own(scale):
    rng = np.random.default_rng(3)
    values = np.sort(rng.lognormal(1, 1, 90))
    weights = rng.gamma(0.3, size=(7, 90))
    weights /= weights.sum(axis=1, keepdims=True)
    tail = (float(values[80]), 0.3, scale)
    together = slice_means(values, weights, tail, 128)
    for row, own in zip(together, weights, strict=True):
        assert np.array_equal(row, slice_means(values, own, tail, 128))
        body = values <= tail[0] if scale else np.ones(90, dtype=bool)
        reached, area = (np.append(0, np.cumsum(w)) for w in (own[body], (own * values)[body]))
        whole = np.searchsorted(np.arange(129) / 128, reached[-1], side="right") - 1
        plain = np.diff(np.interp(np.arange(whole + 1) / 128, reached, area)) * 128
        assert np.allclose(row[:whole], plain, rtol=1e-9, atol=1e-9)
