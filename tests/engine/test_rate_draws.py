"""Draws of the rates: right means and spreads, exact zeros, and none that depends on another."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from simulator.calibration.calibration import DESTINATIONS, FACTOR_LEVELS, Drift
from simulator.calibration.posteriors import (
    Beta,
    Gamma,
    JointLogNormal,
    JointNormal,
    Logistic,
    LogMedian,
    LogNormal,
    Normal,
    Shares,
)
from simulator.engine.draws.deals import draw_rates
from simulator.engine.keys import STRATA, rate_draws, rate_uniforms
from simulator.history.tables import CATEGORIES
from tools.sample_company.company import AS_OF, CALENDAR, FIRST_DAY, TRUTH

WON = DESTINATIONS.index("won")
PLACE = sum(len(levels) for name, levels in FACTOR_LEVELS.items() if name in ("age", "due"))
"""Where the levels of the month of the quarter stand among those of all factors."""

N_DRAWS = 400
DRAWS = rate_draws(5, 4000, uncertain=True)
ONE = {"level": ("only",)}


def drawn(posterior):
    """Return the draws of the first cell."""
    return posterior.draw("name", DRAWS)[:, 0]


def test_each_posterior_draws_its_own_distribution():
    one = np.ones(1)
    cases = {
        "gamma": (Gamma(ONE, 12.0 * one, 400.0 * one), stats.gamma(12, scale=1 / 400)),
        "beta": (Beta(ONE, np.array([[9.0, 3.0]])), stats.beta(9, 3)),
        "normal": (Normal(ONE, 2.0 * one, 0.5 * one), stats.norm(2.0, 0.5)),
        "factor": (
            LogNormal(ONE, np.log(1.3) * one, 0.4 * one),
            stats.lognorm(0.4, scale=1.3 * np.exp(-0.08)),
        ),
        "median": (LogMedian(ONE, np.log(1.3) * one, 0.4 * one), stats.lognorm(0.4, scale=1.3)),
    }
    for name, (posterior, expected) in cases.items():
        assert stats.kstest(drawn(posterior), expected.cdf).pvalue > 1e-3, name
    shares = Shares({}, np.array([6.0, 2.0, 4.0])).draw("share", DRAWS)
    assert stats.kstest(shares[:, 0], stats.beta(6, 6).cdf).pvalue > 1e-3
    factor = drawn(cases["factor"][0])
    assert factor.mean() == pytest.approx(1.3, abs=4 * factor.std() / 4000**0.5)
    # The negative control: without the correction of the mean, it is 8 % too high.
    median = drawn(cases["median"][0])
    assert median.mean() > 1.3 + 8 * median.std() / 4000**0.5


def test_an_interval_holds_the_draws_as_often_as_it_says():
    one = np.ones(1)
    for posterior in (
        Gamma(ONE, 12.0 * one, 400.0 * one),
        Beta(ONE, np.array([[9.0, 3.0]])),
        Normal(ONE, 2.0 * one, 0.5 * one),
        LogMedian(ONE, 0.3 * one, 0.4 * one),
        Logistic(ONE, -2.0 * one, 0.7 * one),
    ):
        low, high = posterior.interval((0,))
        inside = (drawn(posterior) >= low) & (drawn(posterior) <= high)
        assert inside.mean() == pytest.approx(0.8, abs=4 * (0.16 / 4000) ** 0.5), posterior


def test_zeros_stay_zero():
    assert not drawn(Gamma(ONE, np.zeros(1), np.full(1, 5.0))).any()
    assert not drawn(Beta(ONE, np.array([[0.0, 5.0]]))).any()
    assert np.all(drawn(Beta(ONE, np.array([[5.0, 0.0]]))) == 1.0)
    assert not Shares({}, np.array([6.0, 0.0, 4.0])).draw("d", DRAWS)[:, 1].any()


def test_what_is_certain_is_the_same_in_every_draw():
    assert (drawn(Gamma(ONE, np.full(1, np.inf), np.full(1, 0.3))) == 0.3).all()
    assert (drawn(Gamma(ONE, np.full(1, 6.0), np.full(1, 2.0), np.ones(1, dtype=bool))) == 3.0).all()
    assert (drawn(Beta(ONE, np.array([[3e9, 1e9]]))) == 0.75).all()


def test_a_table_with_other_lengths_than_its_axes_is_refused():
    Gamma(ONE, np.ones(1), np.ones(1)).check()
    with pytest.raises(ValueError, match=r"\(2,\), not \(1,\)"):
        Gamma(ONE, np.ones(2), np.ones(2)).check()


def test_the_lower_root_of_a_covariance_keeps_it():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    for symmetric in (True, False):
        points = JointNormal(np.array([1.0, 2.0]), covariance, symmetric).draw("joint", DRAWS)
        assert np.allclose(np.cov(points.T), covariance, atol=4 * 0.09 * np.sqrt(2 / 4000))


def test_multipliers_drawn_together_keep_their_means():
    covariance = np.array([[0.16, 0.05], [0.05, 0.16]])
    middle = np.log([1.3, 0.7])
    joint = JointLogNormal(("a", "b"), middle, np.full(2, 0.4), covariance).draw("joint", DRAWS)
    error = joint.std(axis=0) / 4000**0.5
    assert (np.abs(joint.mean(axis=0) - [1.3, 0.7]) < 4 * error).all()
    # The negative control: means that are 8 % off would be seen.
    assert (0.08 * np.array([1.3, 0.7]) > 8 * error).all()


def test_a_quantity_keeps_its_draws_whatever_else_is_drawn():
    truth = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    evidence = replace(truth.hazards, exposure_days=truth.hazards.rate * 500, rate=truth.hazards.rate * 500)
    uncertain = replace(truth, hazards=replace(evidence, shape=truth.hazards.shape * 500))
    base = draw_rates(uncertain, 5, 2 * STRATA, True)
    shape = uncertain.hazards.shape.copy()
    shape[0] *= 2
    other = draw_rates(
        replace(uncertain, hazards=replace(uncertain.hazards, shape=shape)), 5, 2 * STRATA, True
    )
    assert np.array_equal(base.hazards[:, 1:], other.hazards[:, 1:])
    assert not np.array_equal(base.hazards[:, 0], other.hazards[:, 0])
    assert np.array_equal(base.hazards[:STRATA], draw_rates(uncertain, 5, STRATA, True).hazards)


def test_certain_rates_are_the_truth():
    truth = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    rates = draw_rates(truth, 5, 2, False)
    assert np.allclose(rates.hazards, truth.hazards.shape / truth.hazards.rate)
    assert np.allclose(rates.sals, truth.arrivals.shape)
    assert np.allclose(rates.season.mean(axis=1), 1.0)


def drawn_together(covariance):
    """Draw the month-of-quarter factor of winning in commit, given the joint covariance of its logs."""
    truth = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    n_levels = sum(map(len, FACTOR_LEVELS.values()))
    joint = np.zeros((len(CATEGORIES), len(DESTINATIONS), n_levels, n_levels))
    joint[2, WON, PLACE : PLACE + 3, PLACE : PLACE + 3] = covariance
    factor = truth.factors["linearity"]
    sd = factor.log_sd.copy()
    sd[2, :, WON] = np.sqrt(np.diag(covariance))
    factors = truth.factors | {"linearity": replace(factor, log_sd=sd)}
    drawn = draw_rates(replace(truth, factors=factors, factor_covariance=joint), 5, N_DRAWS, True)
    return drawn.factors["linearity"][:, 2, :, WON], np.exp(factor.log_mean[2, :, WON])


def test_what_is_estimated_together_is_drawn_together():
    share = np.array([0.3, 0.3, 0.4])
    centring = np.eye(3) - share
    covariance = 0.04 * centring @ centring.T
    draws, middle = drawn_together(covariance)
    logs = np.log(draws)
    assert np.allclose(np.cov(logs.T), covariance, atol=4 * 0.04 * np.sqrt(2 / N_DRAWS))
    # Levels about a mean of zero move against each other: the mean of all hardly moves.
    assert (logs @ share).std() < 1e-6
    assert draws.mean(axis=0) == pytest.approx(middle, rel=4 * 0.2 / np.sqrt(N_DRAWS))
    # The negative control: each by itself, their mean would move.
    apart, _ = drawn_together(np.diag(np.diag(covariance)))
    assert (np.log(apart) @ share).std() > 0.05


def test_drift_moves_the_hazards_and_sals_of_a_history_and_not_those_that_a_scenario_states():
    truth = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    level, sd = np.zeros(len(DESTINATIONS)), np.zeros(len(DESTINATIONS))
    level[WON], sd[WON] = np.log(0.8), 0.1
    drift = Drift(level, sd, 0.05, np.diag([0.01, 0.0004]))
    exposure = truth.hazards.exposure_days.copy()
    exposure[0] = 1.0
    law = replace(truth.hazards, exposure_days=exposure, shape=truth.hazards.shape * 1e9)
    law = replace(law, rate=law.rate * 1e9)
    still = draw_rates(replace(truth, hazards=law), 5, N_DRAWS, True)
    moved = draw_rates(replace(truth, hazards=law, drift=drift), 5, N_DRAWS, True)
    ratio = moved.hazards[:, :, 2, WON] / still.hazards[:, :, 2, WON]
    assert ratio[:, 0].mean() == pytest.approx(0.8, rel=4 * 0.1 / np.sqrt(N_DRAWS))
    assert np.log(ratio[:, 0]).std() == pytest.approx(0.1, rel=4 / np.sqrt(2 * N_DRAWS))
    assert (ratio[:, 1:] == 1.0).all()
    assert still.sals_drift is None
    assert moved.sals_drift.mean(axis=0) == pytest.approx([0.0, 0.05], abs=4 * 0.1 / np.sqrt(N_DRAWS))
    assert moved.sals_drift.std(axis=0) == pytest.approx([0.1, 0.02], rel=4 / np.sqrt(2 * N_DRAWS))
    certain = draw_rates(replace(truth, hazards=law, drift=drift), 5, 2, False)
    assert certain.hazards[:, 0, 2, WON] == pytest.approx(0.8 * truth.hazards.shape[0, 2, WON], rel=1e-6)
    assert np.array_equal(certain.sals_drift, [[0.0, 0.05]] * 2)


def test_every_ten_draws_are_a_latin_hypercube_and_runs_of_ten_are_independent():
    u = rate_uniforms(3, "a rate", 400, 3)
    parts = np.sort((u * STRATA).astype(int).reshape(40, STRATA, 3), axis=1)
    assert (parts == np.arange(STRATA)[:, None]).all()
    # Two quantities, and two runs of ten of one quantity, have orders of their own.
    order = u.reshape(40, STRATA, 3).argsort(axis=1)
    assert stats.pearsonr(u[:, 0], u[:, 1]).pvalue > 1e-3
    assert stats.pearsonr(u[:, 0], rate_uniforms(3, "another", 400)[:, 0]).pvalue > 1e-3
    assert len({tuple(one) for one in order[..., 0]}) > 30
    means = u.reshape(40, STRATA, 3).mean(axis=1)
    assert stats.kstest(u[:, 0], "uniform").pvalue > 1e-3
    # The mean of ten scatters as ten parts of a tenth do: sd 1 / (10 √12 √10), a tenth of plain draws'.
    assert means.std() == pytest.approx(1 / (STRATA * np.sqrt(12 * STRATA)), rel=0.2)


def test_a_table_is_the_beginning_of_a_longer_one_and_its_last_draws_are_stratified_too():
    longer = rate_uniforms(3, "a rate", 205, 2)
    np.testing.assert_array_equal(rate_uniforms(3, "a rate", 200, 2), longer[:200])
    np.testing.assert_array_equal(
        np.sort((longer[200:] * 5).astype(int), axis=0), np.arange(5)[:, None] + [0, 0]
    )
