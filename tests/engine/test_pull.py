"""What simple methods expect, and what paths that follow them do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.calibration.calibration import Pull
from simulator.engine.prepare import Prepared, prepare
from simulator.engine.pull import evidence_note
from simulator.engine.run.simulate import compile_deals, simulate_compiled
from simulator.scenario.load import load_scenario

BASE = Path(__file__).parents[2] / "scenarios" / "base.yaml"
TWICE = Pull(np.log([2.0]), np.array([0.0]))


@pytest.fixture(scope="module")
def sample() -> Prepared:
    return prepare(load_scenario(BASE, ["simulation.paths=200", "simulation.rate_draws=20"]))


def signed(sample: Prepared, share: float) -> np.ndarray:
    """Return what is signed in the first quarter on each path when the methods expect twice as much."""
    assert sample.calibration is not None
    scenario = sample.scenario.replace(
        forecast=sample.scenario.forecast.model_copy(update={"evidence": share})
    )
    calibration = replace(sample.calibration, pull=TWICE)
    plan = compile_deals(scenario, calibration, sample.history)
    paths = simulate_compiled(plan, scenario, sample.history)
    return np.asarray(paths.monthly_bookings)[:, :3].sum(axis=(1, 2))


def test_paths_that_follow_the_methods_sign_what_they_expect(sample):
    none, all_of_them = signed(sample, 0.0), signed(sample, 1.0)
    booked = none > 0.0
    # Rounded to cents for each deal.
    np.testing.assert_allclose(all_of_them[booked] / none[booked], 2.0, rtol=1e-6)


def test_a_share_of_the_paths_follows_and_the_others_stay_as_they_are(sample):
    none, some = signed(sample, 0.0), signed(sample, 0.3)
    ratio = some[none > 0.0] / none[none > 0.0]
    follows = np.isclose(ratio, 2.0, rtol=1e-6)
    assert np.all(follows | np.isclose(ratio, 1.0, rtol=1e-6))
    # 200 paths: four standard errors of a share of 0.3.
    assert follows.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 200))


def test_the_forecast_says_what_it_leans_on(sample):
    note = evidence_note(sample.scenario, replace(sample.calibration, pull=TWICE))
    assert note is not None and "30%" in note and "2.00 times" in note
    alone = sample.scenario.replace(forecast=sample.scenario.forecast.model_copy(update={"evidence": 0.0}))
    assert evidence_note(alone, sample.calibration) is None
    assert evidence_note(sample.scenario, sample.calibration) in sample.notes
