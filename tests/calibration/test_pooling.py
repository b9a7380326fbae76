"""Pooling: closed forms at the edges, the laws of the middle."""

import numpy as np
import pytest
from scipy import integrate, special

from simulator.calibration.pooling import SPREAD_SCALE, pool_counts, pool_rates


def test_one_group_has_the_closed_form_of_a_gamma_prior_worth_half_an_event():
    found = pool_rates(np.array([12.0]), np.array([400.0]), prior_mean=0.05)
    assert found.shape[0] == 12.5
    assert found.rate[0] == 400.0 + 0.5 / 0.05
    assert not found.pooled


def test_much_evidence_speaks_for_itself():
    events, days = np.array([90_000.0, 10_000.0]), np.array([1e6, 1e6])
    found = pool_rates(events, days, prior_mean=0.05)
    assert found.shape / found.rate == pytest.approx(events / days, rel=1e-3)
    assert found.shape == pytest.approx(events, rel=0.01)


def test_an_empty_group_takes_the_rate_of_the_whole_and_says_little():
    events, days = np.array([40.0, 60.0, 50.0, 0.0]), np.array([1000.0, 1000.0, 1000.0, 0.0])
    found = pool_rates(events, days, prior_mean=0.05)
    mean = found.shape / found.rate
    assert mean[3] == pytest.approx(0.05, rel=0.1)
    assert found.shape[3] < found.shape[:3].min() / 2


def test_a_thin_group_lies_between_its_own_rate_and_that_of_the_whole():
    events, days = np.array([100.0, 110.0, 90.0, 6.0]), np.array([1000.0, 1000.0, 1000.0, 20.0])
    mean = (
        pool_rates(events, days, prior_mean=0.1).shape[3] / pool_rates(events, days, prior_mean=0.1).rate[3]
    )
    assert 0.1 < mean < 0.3


def test_groups_without_any_event_keep_a_small_positive_rate():
    found = pool_rates(np.zeros(3), np.array([1000.0, 2000.0, 500.0]), prior_mean=0.5 / 3500)
    mean = found.shape / found.rate
    assert (mean > 0).all()
    assert (mean < 1e-3).all()
    assert np.isfinite(found.shape).all()


def test_the_posterior_matches_numerical_integration():
    events, days = np.array([3.0, 9.0]), np.array([100.0, 120.0])
    weak = 0.5 / 0.05

    def weight(log_mean, log_spread):
        mean, spread = np.exp(log_mean), np.exp(log_spread)
        a, b = spread**-2, spread**-2 / mean
        likelihood = (
            special.gammaln(a + events) - special.gammaln(a) + a * np.log(b) - (a + events) * np.log(b + days)
        )
        prior = 0.5 * log_mean - weak * mean + log_spread - 0.5 * (spread / SPREAD_SCALE) ** 2
        return np.exp(likelihood.sum() + prior)

    def mean_rate(log_mean, log_spread):
        a = np.exp(-2 * log_spread)
        return (a + events[0]) / (a / np.exp(log_mean) + days[0])

    box = (np.log(0.03), np.log(1.7), -6.0, 0.5)
    total = integrate.dblquad(weight, *box)[0]
    expected = integrate.dblquad(lambda m, s: weight(m, s) * mean_rate(m, s), *box)[0] / total
    found = pool_rates(events, days, prior_mean=0.05)
    assert found.shape[0] / found.rate[0] == pytest.approx(expected, rel=0.02)


def coverage(seed: int, spread: float | None = None) -> float:
    """Share of 80 % intervals that hold the truth; groups differ by spread, or by a draw of its prior."""
    rng = np.random.default_rng(seed)
    hits = []
    for _ in range(100):
        differ = max(abs(rng.normal(0.0, SPREAD_SCALE)), 0.02) if spread is None else spread
        days = rng.uniform(200, 3000, 4)
        rates = 0.01 * rng.gamma(differ**-2, differ**2, 4)
        events = rng.poisson(rates * days).astype(float)
        found = pool_rates(events, days, prior_mean=float((events.sum() + 0.5) / days.sum()))
        low, high = (special.gammaincinv(found.shape, q) / found.rate for q in (0.1, 0.9))
        hits += list((low <= rates) & (rates <= high))
    return float(np.mean(hits))


def test_intervals_cover_the_truth_as_often_as_they_say():
    # Standard error of the share below 0.025 (400 intervals, in fours).
    assert coverage(seed=7) == pytest.approx(0.8, abs=0.08)


def test_groups_that_are_nearly_alike_are_covered_rather_too_often():
    assert 0.76 < coverage(seed=8, spread=0.1) < 0.94


def test_complete_pooling_would_not_cover():
    """The negative control: one rate for groups that differ by 40 % covers far too seldom."""
    rng = np.random.default_rng(7)
    hits = []
    for _ in range(100):
        days = rng.uniform(200, 3000, 4)
        rates = 0.01 * rng.gamma(0.4**-2, 0.4**2, 4)
        total = rng.poisson(rates * days).sum() + 0.5
        low, high = (special.gammaincinv(total, q) / days.sum() for q in (0.1, 0.9))
        hits += list((low <= rates) & (rates <= high))
    assert np.mean(hits) < 0.6


def test_counts_are_drawn_to_the_shares_of_the_whole():
    counts = np.array([[8.0, 2.0], [0.0, 0.0]])
    found = pool_counts(counts, prior_weight=5.0)
    assert found.tolist() == [[12.0, 3.0], [4.0, 1.0]]
