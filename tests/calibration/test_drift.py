"""Levels that move and shocks of a quarter: found where they are, small where they are not."""

import numpy as np
import pytest

from simulator.calibration.drift import SHOCK_SCALE, by_quarter, fit_course, grown, steady_course


def counts(n, expected, *, shock=0.0, wander=0.0, step=0.0, growth=0.0, seed=0):
    """Counts by quarter of a level that moves, when they were, and the log of the level now.

    It wanders from quarter to quarter, grows, and stepped four quarters ago.
    """
    rng = np.random.default_rng(seed)
    when = np.arange(n) - n + 0.5
    level = np.cumsum(rng.normal(0.0, wander, n)) + growth * when + step * (when > -4.0)
    factor = np.exp(level + shock * rng.normal(size=n) - shock**2 / 2)
    seen = rng.poisson(expected * factor).astype(float)
    flat = np.full(n, seen.mean())
    return (seen, flat, when), level[-1] + 0.5 * growth + np.log(expected / seen.mean())


def test_a_strong_shock_is_found_and_is_no_step():
    course = fit_course(*counts(40, 200.0, shock=0.3, seed=1)[0])
    # Forty quarters tell a standard deviation to 0.3 / sqrt(80) = 0.034.
    assert course.shock == pytest.approx(0.3, abs=4 * 0.034)
    assert course.shock_low > 0.15
    assert course.step_score < 0


def test_no_shock_and_no_step_are_found_where_quarters_are_full_and_steady():
    course = fit_course(*counts(40, 400.0, seed=2)[0])
    assert course.shock < 0.04
    assert course.step_score < 0
    assert course.path == pytest.approx(np.zeros(40), abs=0.02)


@pytest.mark.parametrize("step", [0.5, -0.7])
def test_a_level_that_stepped_is_followed_to_where_it_is(step):
    data, now = counts(20, 300.0, step=step, seed=3)
    course = fit_course(*data)
    assert course.step_score > 2
    # Four quarters of 300 tell a level to 3 %.
    assert abs(course.level - now) < 4 / np.sqrt(4 * 300)
    assert course.path[0] == pytest.approx(-step, abs=4 / np.sqrt(4 * 300))
    assert course.shock < 0.1


def test_growth_is_found_and_none_is_made_up():
    data, now = counts(16, 150.0, growth=-0.04, seed=4)
    course = fit_course(*data, grows=True)
    assert course.growth == pytest.approx(-0.04, abs=4 * np.sqrt(course.covariance[1, 1]))
    assert course.growth < -0.015
    assert abs(course.level - now) < 0.1
    assert fit_course(*data).growth == 0.0
    # The path tells what the level was at each quarter beside today's.
    assert course.path[0] == pytest.approx(0.04 * 15.5, abs=0.15)


@pytest.mark.parametrize(
    "setting", [{}, {"shock": 0.1}, {"wander": 0.05}, {"growth": 0.04, "wander": 0.03}, {"step": -0.5}]
)
def test_intervals_of_the_level_hold_the_truth_as_often_as_they_say(setting):
    held = []
    for seed in range(150):
        data, now = counts(12, 100.0, seed=seed, **setting)
        course = fit_course(*data, grows=True)
        # The scatter of the counts themselves is in the rates' intervals.
        sd = np.sqrt(course.covariance[0, 0] + 1 / data[1].sum())
        held.append(abs(course.level - now) < 1.2816 * sd)
    # Standard error 0.033; priors that allow for more than there is make them a little wide.
    assert 0.70 < np.mean(held) < 0.97


def test_an_interval_that_forgets_that_levels_move_would_be_noticed():
    """The negative control: the counts' own scatter alone holds a level that wanders far too seldom."""
    held = []
    for seed in range(150):
        data, now = counts(12, 100.0, wander=0.12, seed=seed)
        held.append(abs(now) < 1.2816 / np.sqrt(data[1].sum()))
    assert np.mean(held) < 0.4


def test_scatter_that_is_explained_otherwise_is_no_shock():
    rng = np.random.default_rng(3)
    seen = rng.negative_binomial(50, 50 / (50 + 200), 40).astype(float)
    data = seen, np.full(40, 200.0), np.arange(40) - 39.5
    assert fit_course(*data).shock > 0.1
    assert fit_course(*data, dispersion=5.0).shock < 0.08


@pytest.mark.parametrize("expected", [np.zeros(0), np.full(9, 0.01), np.full(2, 50.0)])
def test_with_too_few_quarters_the_answer_is_the_prior(expected):
    n = len(expected)
    course = fit_course(expected, expected, np.arange(n) - n + 0.5)
    assert course.shock == pytest.approx(SHOCK_SCALE, rel=0.05)
    assert (course.level, course.growth) == (0.0, 0.0)
    assert course.shock == steady_course().shock


def test_parameters_that_took_scatter_give_it_back():
    data, _ = counts(8, 200.0, shock=0.15, seed=6)
    assert fit_course(*data, n_fitted=3.0).shock > 1.1 * fit_course(*data).shock


def test_growth_ahead_dies_out():
    assert grown(0.0) == 0.0
    assert grown(0.01) == pytest.approx(0.01, rel=0.01)
    assert grown(100.0) == pytest.approx(-1 / np.log(0.8))


def test_values_are_added_by_quarter():
    assert by_quarter(np.array([1.0, 2.0, 4.0]), np.array([7, 9, 7])).tolist() == [5.0, 0.0, 2.0]
