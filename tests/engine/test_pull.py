"""What simple methods expect, and how paths are drawn towards it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from simulator.calibration.pull import Evidence, Pull
from simulator.engine import pull as pull_module
from simulator.engine.prepare import Prepared, prepare
from simulator.engine.pull import _pull, evidence_note
from simulator.engine.run.simulate import compile_deals, simulate_compiled
from simulator.fiscal import FiscalCalendar
from simulator.scenario.load import load_scenario

BASE = Path(__file__).parents[2] / "scenarios" / "base.yaml"
TWICE = Pull(np.log([2.0]), np.array([0.1]), np.array([0.1]))


@pytest.fixture(scope="module")
def sample() -> Prepared:
    return prepare(load_scenario(BASE, ["simulation.paths=200", "simulation.rate_draws=20"]))


def signed(sample: Prepared, share: float, pull: Pull = TWICE) -> np.ndarray:
    """Return what is signed in the first quarter on each path."""
    assert sample.calibration is not None
    scenario = sample.scenario.replace(
        forecast=sample.scenario.forecast.model_copy(update={"evidence": share})
    )
    calibration = replace(sample.calibration, pull=pull)
    plan = compile_deals(scenario, calibration, sample.history)
    paths = simulate_compiled(plan, scenario, sample.history)
    return np.asarray(paths.monthly_bookings)[:, :3].sum(axis=(1, 2))


def test_every_path_is_drawn_towards_the_methods_by_their_weight(sample):
    none, half, all_of_it = (signed(sample, evidence) for evidence in (0.0, 0.5, 1.0))
    booked = none > 0.0
    # Rounded to cents for each deal.
    np.testing.assert_allclose(all_of_it[booked] / none[booked], 2.0, rtol=1e-6)
    np.testing.assert_allclose(half[booked] / none[booked], np.sqrt(2.0), rtol=1e-6)


def test_the_surer_side_weighs_more():
    pull = Pull(np.zeros(3), np.array([0.1, 0.3, 0.0]), np.array([0.3, 0.1, 0.0]))
    np.testing.assert_allclose(pull.weight(0.5), [0.25, 0.75, 0.5])
    np.testing.assert_allclose(pull.weight(0.0), 0.0)
    np.testing.assert_allclose(pull.weight(1.0), 1.0)


def test_quantiles_of_both_are_averaged():
    pull = Pull(np.zeros(3), np.array([0.1, 0.3, 0.0]), np.array([0.3, 0.1, 0.0]))
    weight = np.array([0.25, 0.75, 0.5])
    low_and_high = np.hypot(pull.rates_sd, pull.added_sd(weight))
    # A quarter of the way from 0.1 to 0.3; surer methods take nothing away.
    np.testing.assert_allclose(low_and_high, [0.15, 0.3, 0.0])


def test_methods_that_miss_by_more_than_the_simulations_widen_them(sample):
    wide = Pull(np.zeros(1), np.array([0.3]), np.array([0.5]))
    spread = np.log(signed(sample, 0.5, wide) / signed(sample, 0.0, wide))
    # Weight 0.3 / 0.8: a spread of 0.375, of which 0.225 is added. 200 paths: four standard errors.
    expected = np.sqrt(0.375**2 - 0.3**2)
    assert spread.std() == pytest.approx(expected, abs=4 * expected / np.sqrt(400))
    assert spread.mean() == pytest.approx(0.0, abs=4 * expected / np.sqrt(200))


def test_the_forecast_says_what_it_leans_on(sample):
    note = evidence_note(sample.scenario, replace(sample.calibration, pull=TWICE))
    assert note is not None and "40% of the way" in note and "100% more bookings" in note
    alone = sample.scenario.replace(forecast=sample.scenario.forecast.model_copy(update={"evidence": 0.0}))
    assert evidence_note(alone, sample.calibration) is None
    assert evidence_note(sample.scenario, sample.calibration) in sample.notes


@pytest.mark.parametrize(
    ("share_with_wins", "months", "times"), [(1.0, 3, 1), (0.5, 3, 5), (0.5, 1, 4), (0.02, 3, 10)]
)
def test_a_pilot_has_as_many_paths_as_its_mean_takes(monkeypatch, share_with_wins, months, times):
    def simulated(_calibration, _evidence, _history, n_paths):
        signs = np.arange(n_paths) < share_with_wins * n_paths
        asked.append(n_paths)
        signed = np.where(signs, 10.0 / share_with_wins, 0.0)[:, None] * [1.0, 0.0]
        return SimpleNamespace(bookings_by_origin=lambda: signed[:, :, None, None])

    asked: list[int] = []
    monkeypatch.setattr(pull_module, "_simulated", simulated)
    windows = np.full(2, months)
    evidence = Evidence(windows, np.full(2, 10.0), np.full(2, 0.5), 10.0, 12)
    pull_module._pilot(None, evidence, None)
    # Half of 200 sign 20; a tenth of a usual quarter is 1 or, by months, 3. 10 / 11 / sqrt(200) is 6.4 %, and
    # (6.4 / 3)^2 under 5; 10 / 13 / sqrt(200) is 5.4 %, and (5.4 / 3)^2 under 4.
    assert asked == ([200] if times == 1 else [200, 200 * times])


@pytest.mark.parametrize("share_with_wins", [1.0, 0.3])
def test_few_wins_are_no_lower_level(share_with_wins):
    signing = np.arange(200) < share_with_wins * 200
    monthly = (
        np.where(signing, 10.0 / share_with_wins, 0.0)[:, None, None] * np.array([1.0, 0.0, 0.0])[:, None]
    )
    calendar = FiscalCalendar(1)
    months = calendar.first_month(8000) + np.arange(3)
    pilot = SimpleNamespace(
        monthly_bookings=monthly, months=months, quarters=np.array([8000]), calendar=calendar
    )
    same = Evidence(np.array([3]), np.array([10.0]), np.array([0.5]), 10.0, 12)
    # Both expect 10, whether every path signs that or three in ten sign 33: the median would say 11 times.
    np.testing.assert_allclose(_pull(same, pilot).log_factor, 0.0, atol=1e-12)
    twice = replace(same, centre=np.array([21.0]))
    np.testing.assert_allclose(_pull(twice, pilot).log_factor, np.log(2.0))
