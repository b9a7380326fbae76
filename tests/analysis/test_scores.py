import numpy as np
import pytest
import scoringrules

from simulator.analysis.backtest.scores import clustered_mean, clustered_share, crps, pinball, pit, skill

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("n", [1, 2, 7, 400])
def test_crps_is_that_of_scoringrules_and_of_its_definition(n):
    for _ in range(5):
        samples, actual = RNG.gamma(2.0, 50.0, n), RNG.gamma(2.0, 50.0)
        by_pairs = np.abs(samples - actual).mean() - np.abs(samples[:, None] - samples).mean() / 2
        theirs = scoringrules.crps_ensemble(actual, samples, estimator="nrg", backend="numpy")
        assert crps(samples, actual) == pytest.approx(by_pairs)
        assert crps(samples, actual) == pytest.approx(float(theirs))


def test_crps_of_many_normal_samples_nears_its_closed_form():
    samples = np.sqrt(9.0) * RNG.normal(size=40_000) + 5.0
    closed = float(scoringrules.crps_normal(7.0, 5.0, 3.0, backend="numpy"))
    assert crps(samples, 7.0) == pytest.approx(closed, abs=4 * 3.0 / np.sqrt(40_000))


def test_crps_of_one_number_is_its_error():
    assert crps(np.array([10.0]), 7.0) == 3.0


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_pinball_is_that_of_scoringrules(level):
    for quantile, actual in ((3.0, 5.0), (5.0, 3.0), (4.0, 4.0)):
        theirs = scoringrules.quantile_score(actual, quantile, level, backend="numpy")
        assert pinball(quantile, actual, level) == pytest.approx(float(theirs))


def test_pit_counts_what_lies_below_and_half_of_what_is_equal():
    assert pit(np.array([1.0, 2.0, 2.0, 5.0]), 2.0) == 0.5
    assert pit(np.array([1.0, 2.0]), 9.0) == 1.0


def test_copies_of_a_quarter_add_nothing_to_what_is_known_of_a_mean():
    values, quarters = RNG.normal(size=9), np.arange(9)
    once = clustered_mean(values, quarters)
    thrice = clustered_mean(np.repeat(values, 3), np.repeat(quarters, 3))
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))
    classical = np.std(values, ddof=1) / 3 * 1.3968153
    assert once.high - once.value == pytest.approx(classical, rel=1e-6)


def test_copies_of_a_quarter_add_nothing_to_what_is_known_of_a_share():
    hits, quarters = np.array([True] * 6 + [False] * 2), np.arange(8)
    once = clustered_share(hits, quarters)
    thrice = clustered_share(np.repeat(hits, 3), np.repeat(quarters, 3))
    assert thrice.high - thrice.low >= 0.99 * (once.high - once.low)
    assert once.low < 0.75 < once.high


def test_intervals_of_means_cover_the_truth_as_often_as_they_say():
    """80 % of 2000 are 1600 with a standard error of 18; quarters share half of the variance."""
    covered = naive = 0
    for _ in range(2000):
        shared = np.repeat(RNG.normal(size=8), 4)
        estimate = clustered_mean(shared + RNG.normal(size=32), np.repeat(np.arange(8), 4))
        covered += estimate.low <= 0 <= estimate.high
        alone = clustered_mean(shared + RNG.normal(size=32), np.arange(32))
        naive += alone.low <= 0 <= alone.high
    assert abs(covered - 1600) < 4 * 18
    assert naive < 1600 - 4 * 18


def test_skill_is_the_share_of_the_score_saved():
    theirs = np.array([4.0, 6.0, 5.0, 5.0])
    estimate = skill(0.5 * theirs, theirs, np.arange(4))
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.5, 0.5, 0.5))
    assert np.isnan(skill(theirs[:2], theirs[:2], np.arange(2)).low)


def test_nothing_scored_is_nothing_known():
    nothing = np.zeros(0)
    assert np.isnan(clustered_mean(nothing, nothing.astype(int)).value)
    assert np.isnan(clustered_share(nothing.astype(bool), nothing.astype(int)).value)
    assert np.isnan(skill(nothing, nothing, nothing.astype(int)).value)
