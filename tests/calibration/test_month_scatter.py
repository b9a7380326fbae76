"""Months of a quarter: their factor is as certain as quarters, not deals, make it."""

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.calibration.calibration import DESTINATIONS
from simulator.calibration.factors import less_certain
from simulator.calibration.overdispersion import month_variance

WON = DESTINATIONS.index("won")


def months_of(n_quarters, wins, scatter, seed=0):
    """Rows of deal-months, one a deal: this many wins expected a month, months scattering by themselves."""
    rng = np.random.default_rng(seed)
    n = 3 * n_quarters
    factor = np.exp(scatter * rng.normal(size=n) - scatter**2 / 2)
    seen = rng.poisson(wins * factor)
    month = np.concatenate([np.repeat(np.arange(n), seen), np.arange(n)])
    event = np.where(np.arange(len(month)) < seen.sum(), WON, -1)
    expected = np.zeros((len(month), len(DESTINATIONS)))
    expected[event < 0, WON] = wins
    return SimpleNamespace(month=month, linearity=month % 3, event=event), expected


def test_scatter_of_months_is_found_and_none_is_small():
    scattered = month_variance(*months_of(12, 400.0, 0.3))[WON]
    steady = month_variance(*months_of(12, 400.0, 0.0))[WON]
    # Twelve such months a place: the variance of their mean is 0.09 / 12.
    assert scattered == pytest.approx(0.09 / 12, rel=0.6)
    assert (steady < scattered / 10).all()


def test_few_quarters_leave_more_than_many_deals_can_take_away():
    few = month_variance(*months_of(2, 4000.0, 0.1))[WON]
    many = month_variance(*months_of(20, 4000.0, 0.1))[WON]
    assert (few > 3 * many).all()
    # What was never seen has nothing to scatter.
    assert (month_variance(*months_of(2, 4000.0, 0.1))[WON + 1] == 0).all()


def test_less_certain_is_the_closed_form_of_one_coefficient():
    told, prior, scatter, found = 50.0, 4.0, 0.1, 0.7
    mode, variance = np.array([told * found / (told + prior)]), np.array([[1 / (told + prior)]])
    left = told / (1 + told * scatter)
    mean, wider = less_certain(mode, variance, np.array([[prior]]), np.array([scatter]))
    assert mean[0] == pytest.approx(left * found / (left + prior))
    assert wider[0, 0] == pytest.approx(1 / (left + prior))
    same, as_wide = less_certain(mode, variance, np.array([[prior]]), np.zeros(1))
    assert (same[0], as_wide[0, 0]) == (pytest.approx(mode[0]), pytest.approx(variance[0, 0]))
