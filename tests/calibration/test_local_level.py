"""Levels of a series: what is steady stays, a lasting step moves the level now, one odd quarter does not."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.calibration.drift import fit_course

EXPECTED = np.full(12, 100.0)
QUARTERS = np.arange(12) - 11.5


def level(observed: np.ndarray) -> float:
    return float(np.exp(fit_course(observed, EXPECTED, QUARTERS).level))


def test_a_steady_series_has_its_own_level():
    seen = np.random.default_rng(3).poisson(EXPECTED)
    # Twelve quarters of a hundred: standard error 0.03.
    assert level(seen) == pytest.approx(1.0, abs=4 * 0.03)


def test_a_lasting_step_is_followed_within_three_quarters():
    stepped = np.where(QUARTERS > -3.0, 0.5, 1.0) * EXPECTED
    assert level(stepped) == pytest.approx(0.5, abs=0.08)


def test_a_single_odd_quarter_in_the_middle_is_not():
    odd = EXPECTED.copy()
    odd[6] = 50.0
    assert level(odd) == pytest.approx(1.0, abs=0.05)


def test_few_events_say_less_than_many():
    few = fit_course(EXPECTED / 50, EXPECTED / 50, QUARTERS)
    many = fit_course(EXPECTED, EXPECTED, QUARTERS)
    assert few.shock_high > many.shock_high
