"""Draws of the rates: right means and spreads, exact zeros, and none that depends on another."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from simulator.engine.rate_draws import _Drawer, draw_rates
from simulator.synthetic.company import AS_OF, CALENDAR, FIRST_DAY, TRUTH

DRAWER = _Drawer(seed=5, n_draws=4000, uncertain=True)


def test_each_law_has_its_mean_and_spread():
    laws = {
        "gamma": (DRAWER.gamma("a", 12.0, 400.0), stats.gamma(12, scale=1 / 400)),
        "beta": (DRAWER.beta("b", 9.0, 3.0), stats.beta(9, 3)),
        "factor": (DRAWER.multiplier("c", np.log(1.3), 0.4), stats.lognorm(0.4, scale=1.3 * np.exp(-0.08))),
        "share": (DRAWER.shares("d", np.array([6.0, 2.0, 4.0]))[:, 0], stats.beta(6, 6)),
    }
    for name, (draws, law) in laws.items():
        assert stats.kstest(draws, law.cdf).pvalue > 1e-3, name
    assert laws["factor"][0].mean() == pytest.approx(1.3, abs=4 * laws["factor"][1].std() / 4000**0.5)


def test_zeros_stay_zero():
    assert not DRAWER.gamma("a", 0.0, 5.0).any()
    assert not DRAWER.beta("b", 0.0, 5.0).any()
    assert np.all(DRAWER.beta("b", 5.0, 0.0) == 1.0)
    assert not DRAWER.shares("d", np.array([6.0, 0.0, 4.0]))[:, 1].any()


def test_a_quantity_keeps_its_draws_whatever_else_is_drawn():
    truth = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    evidence = replace(truth.hazards, exposure_days=truth.hazards.rate * 500, rate=truth.hazards.rate * 500)
    uncertain = replace(truth, hazards=replace(evidence, shape=truth.hazards.shape * 500))
    base = draw_rates(uncertain, 5, 6, True)
    shape = uncertain.hazards.shape.copy()
    shape[0] *= 2
    other = draw_rates(replace(uncertain, hazards=replace(uncertain.hazards, shape=shape)), 5, 6, True)
    assert np.array_equal(base.hazards[:, 1:], other.hazards[:, 1:])
    assert not np.array_equal(base.hazards[:, 0], other.hazards[:, 0])
    assert np.array_equal(base.hazards[:3], draw_rates(uncertain, 5, 3, True).hazards)


def test_certain_rates_are_the_truth():
    truth = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    rates = draw_rates(truth, 5, 2, False)
    assert np.allclose(rates.hazards, truth.hazards.shape / truth.hazards.rate)
    assert np.allclose(rates.sals, truth.arrivals.shape)
    assert np.allclose(rates.season.mean(axis=1), 1.0)
