"""Calibration against the truth: histories simulated from known rates, calibrated, and compared."""

import datetime as dt
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from simulator.calibration.estimate import calibrate
from simulator.calibration.rates import gamma_estimate
from tests.calibration.known_deals import (
    BEST_CASE,
    COMMIT,
    LOST_NO_DECISION,
    PIPELINE,
    WON,
    KnownRates,
    simulate_history,
)

STUDY = Path(__file__).resolve().parents[2] / "benchmarks" / "recovery.py"


@pytest.fixture(scope="module")
def study():
    """Return the coverage study as a module."""
    spec = importlib.util.spec_from_file_location("recovery", STUDY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hazards_off(truth: KnownRates, wrong: float = 1.0) -> np.ndarray:
    """Return the distance of the main hazards from the truth (times wrong), in standard errors."""
    history = simulate_history(truth, dt.date(2022, 2, 1), dt.date(2026, 1, 31), seed=21)
    found = calibrate(history, truth.calendar)
    off = []
    for category, k in (
        (PIPELINE, BEST_CASE),
        (PIPELINE, LOST_NO_DECISION),
        (BEST_CASE, COMMIT),
        (COMMIT, WON),
    ):
        shift = 0.0
        for name, factor in found.factors.items():
            events = factor.events[category, :, k]
            shift += events @ truth.factors[name][category, :, k] / events.sum()
        shape, rate = found.hazards.shape[:, category, k], found.hazards.rate[:, category, k]
        true = truth.hazards()[:, category, k] * np.exp(shift) * wrong
        off.append(np.log(shape / rate / true) * np.sqrt(shape))
    return np.concatenate(off)


def test_hazards_are_recovered_within_four_standard_errors():
    assert np.abs(hazards_off(KnownRates())).max() < 4.0


def test_hazards_a_third_higher_would_be_noticed():
    """The negative control."""
    assert np.abs(hazards_off(KnownRates(), wrong=4 / 3)).max() > 4.0


def test_sals_are_recovered_within_four_standard_errors():
    truth = KnownRates()
    history = simulate_history(truth, dt.date(2022, 2, 1), dt.date(2026, 1, 31), seed=22)
    arrivals = calibrate(history, truth.calendar).arrivals
    true = np.array(truth.sals_per_month)[arrivals.segment] / 2
    off = (arrivals.shape / arrivals.rate / true - 1.0) * np.sqrt(arrivals.shape)
    assert np.abs(off).max() < 4.0


def test_a_shock_on_closing_is_found_and_none_is_not():
    calm, shaken = KnownRates(sals_per_month=(60.0, 60.0, 60.0)), None
    shaken = KnownRates(sals_per_month=(60.0, 60.0, 60.0), shock_close=0.3)
    span = (dt.date(2018, 2, 1), dt.date(2026, 1, 31))
    without = calibrate(simulate_history(calm, *span, seed=23), calm.calendar).shock_close
    found = calibrate(simulate_history(shaken, *span, seed=23), shaken.calendar).shock_close
    # Thirty-two quarters tell a standard deviation of 0.3 to about 0.04.
    assert found == pytest.approx(0.3, abs=0.16)
    assert without < 0.05


def test_the_study_finds_intervals_that_are_too_narrow(study, monkeypatch):
    """The negative control of the coverage study: intervals of a third of their width miss too often."""

    def narrow(shape, rate):
        mean, low, high = gamma_estimate(shape, rate)
        return mean, mean - (mean - low) / 3, mean + (high - mean) / 3

    monkeypatch.setattr(study, "gamma_estimate", narrow)
    table, _ = study.study(6, seed=5)
    hazards = table.loc[[name for name in table.index if name.startswith("hazard")]]
    assert np.average(hazards["mean"], weights=hazards["size"]) < 0.55


@pytest.mark.slow
def test_intervals_cover_the_truth_in_every_group(study):
    table, _ = study.study(200, seed=20260101)
    assert (table["size"] >= 300).all()
    assert table["mean"].between(*study.AIM).all(), table
