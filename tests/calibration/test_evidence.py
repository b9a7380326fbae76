"""What simple methods forecast, on series simple enough to know the answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from simulator.calibration.damped_trend import DAMPING, damped_trend
from simulator.calibration.drift import Course, steady_course
from simulator.calibration.evidence import (
    _level_then,
    _like,
    _pooled,
    _trends,
    simple_methods,
)
from simulator.history.states import deal_states
from tests.worlds.daily import World, nobody
from tests.worlds.forecasts import CALENDAR, day, history_of
from tests.worlds.gallery import quarter_of_year

STEADY = World(
    win=lambda *_: 0.01,
    lose=lambda *_: 0.01,
    arrivals=lambda _: 1.5,
    amounts=lambda rng, n, _: np.full(n, 1000.0),
)


def test_a_flat_series_is_continued_and_growth_is_damped():
    np.testing.assert_allclose(damped_trend(np.full(12, 3.0), 4)[-1], 3.0)
    growing = damped_trend(0.1 * np.arange(60.0), 3)[-1]
    steps = np.diff(growing)
    assert 0.0 < steps[0] < 0.1
    assert steps[1] / steps[0] == pytest.approx(DAMPING)


def test_a_lasting_step_is_followed_and_a_short_series_gives_its_mean():
    stepped = damped_trend(np.repeat([0.0, 1.0], [12, 6]), 1)[:, 0]
    assert stepped[-1] == pytest.approx(1.0, abs=0.1)
    short = np.array([1.0, 2.0, 6.0])
    np.testing.assert_allclose(damped_trend(short, 1)[:, 0], [1.0, 1.5, 3.0])


def test_an_origin_knows_only_windows_that_ended_before_it():
    # Rows are origins, the latest first; a row's columns are the windows after it.
    seen = np.array([[np.nan, np.nan], [1.0, np.nan], [2.0, 10.0], [3.0, 20.0], [4.0, 30.0]])
    np.testing.assert_array_equal(_like(seen, 0, 0), [1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(_like(seen, 0, 2), [3.0, 4.0])
    np.testing.assert_array_equal(_like(seen, 1, 0), [10.0, 20.0, 30.0])
    np.testing.assert_array_equal(_like(seen, 1, 1), [20.0, 30.0])
    trends = _trends(seen, 1.0)
    assert trends[3, 0] == pytest.approx(4.0)
    assert trends[1, 1] == pytest.approx(np.sqrt(21.0 * 31.0) - 1.0)
    assert np.isnan(trends[4]).all() and np.isnan(trends[3, 1])


def test_ranges_come_from_past_errors():
    """A method that was always off by a tenth of the log has that spread; one never tried a wide one."""
    seen = np.tile(np.concatenate([[np.nan], np.full(40, 100.0)])[:, None], (3, 1, 1))
    points = seen.copy()
    points[:, 0] = 100.0
    error = 0.1 * (-1.0) ** np.arange(41)[:, None]
    points[:, 1:] = (110.0 * np.exp(error) - 10.0)[1:]
    centre, sd, n = _pooled(points, seen, 100.0)
    assert centre == pytest.approx([100.0])
    assert n == 12
    # Twelve errors: as wide as the t with twelve degrees of freedom.
    assert sd == pytest.approx([0.1 * 1.3562 / 1.2816], rel=1e-3)
    untried = _pooled(points[:, :1], seen[:, :1], 100.0)
    assert untried[1] > 0.7


def test_a_steady_company_is_expected_to_go_on():
    as_of = day("2023-12-31")
    deals = STEADY.run(np.random.default_rng(4), nobody(), day("2020-01-01"), as_of + 1)
    history = history_of(deals, as_of)
    assert history.as_of == dt.date(2023, 12, 31)
    segment = np.zeros(len(history.opportunities), dtype=np.int64)
    found = simple_methods(history, deal_states(history), segment, CALENDAR)
    assert found is not None
    # 1.5 deals a day, half of them won at 1000, over windows of a month or a quarter.
    expected = 1.5 * 0.5 * 1000.0 * found.months * 30.4
    # Last four windows of some 23 wins each a month: standard error of 10 % a window of months.
    assert found.centre / expected == pytest.approx(np.ones(len(expected)), abs=0.3)
    assert (found.log_sd > 0.05).all() and (found.log_sd < 0.5).all()


def centres(win, course: Course | None = None) -> np.ndarray:
    """Return what is expected of two quarters, over six years with one win a month and more."""
    world = World(win, lambda *_: 0.01, lambda _: 0.5, lambda rng, n, _: np.full(n, 1000.0))
    as_of = day("2024-12-31")
    deals = world.run(np.random.default_rng(7), nobody(), day("2019-01-01"), as_of + 1)
    history = history_of(deals, as_of)
    segment = np.zeros(len(history.opportunities), dtype=np.int64)
    found = simple_methods(history, deal_states(history), segment, CALENDAR, course=course)
    assert found is not None
    return found.centre[:2] if found.months[0] == 3 else found.centre[:6].reshape(2, 3).sum(axis=1)


def test_methods_know_of_a_season_that_past_years_agree_on():
    steady = centres(lambda *_: 0.01)
    busy_spring = centres(lambda number, _: 0.02 if quarter_of_year(number) == 1 else 0.007)
    # 0.02 over 0.007, less what the more wins of one quarter take from the next; 23 wins a quarter, 6 years.
    assert busy_spring[1] / busy_spring[0] > 1.5
    assert steady[1] / steady[0] == pytest.approx(1.0, abs=0.25)


def stepped(log_step: float, n_after: int) -> Course:
    """Return the course of a level that changed once, this many quarters ago."""
    path = np.where(np.arange(24) < 24 - n_after, -log_step, 0.0)
    return replace(steady_course(24), quarters=np.arange(24.0) - 23.5, path=path)


def test_each_day_has_the_level_of_the_window_that_is_nearest():
    days = 1000.0 - 91.3 * np.array([0.0, 0.9, 1.1, 1.9, 2.1, 30.0])
    level = _level_then(days, 1000.0, stepped(-0.7, 2))
    np.testing.assert_allclose(level, [0.0, 0.0, 0.0, 0.0, 0.7, 0.7])
    assert not _level_then(days, 1000.0, None).any()
    assert not _level_then(days, 1000.0, steady_course()).any()


def test_averages_of_the_past_are_shown_it_at_the_level_of_today():
    """Two of three methods average quarters of before: all of theirs is halved, the trend's is not."""

    def halved(number: int, _: object) -> float:
        return 0.01 if number < day("2024-07-01") else 0.005

    was, told = centres(halved), centres(halved, stepped(np.log(0.5), 2))
    ratio = told / was
    # Two of the last four quarters are of before, of all years that show the yield nearly all.
    assert (ratio < 0.5 ** (0.5 * 2.0 / 3.0)).all() and (ratio > 0.5 ** (2.0 / 3.0)).all()
    np.testing.assert_array_equal(centres(halved, steady_course(24)), was)
