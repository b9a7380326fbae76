"""The three sources of spread, each with its switch."""

import numpy as np

from tests.small_companies import deal, run, segment, stay

MANY = [deal(f"d{i}") for i in range(40)]
ONE = {"one": segment(pipeline=stay(40, won=0.5, lost_no_decision=0.5), evidence_deals=30)}


def spread(paths):
    return paths.bookings_new()[:, 0].sum(axis=1).std()


def test_without_any_source_every_path_is_the_same():
    paths = run(ONE, MANY, simulation={"luck": False, "rate_uncertainty": False, "shared_shock": False})
    assert spread(paths) < 1e-6


def test_luck_alone_has_the_spread_of_independent_deals():
    paths = run(ONE, MANY, simulation={"rate_uncertainty": False, "paths": 4000})
    chance = 0.5 * (1 - 0.5 ** (90 / 40))
    expected = 1000 * np.sqrt(40 * chance * (1 - chance))
    assert abs(spread(paths) / expected - 1) < 4 / np.sqrt(2 * 4000)
    assert abs(paths.bookings_new()[:, 0].mean() - 40_000 * chance) < 4 * expected / np.sqrt(4000)


def test_uncertain_rates_add_spread_that_certain_ones_do_not_have():
    certain = run(ONE, MANY, simulation={"luck": False, "rate_uncertainty": False, "paths": 4000})
    uncertain = run(ONE, MANY, simulation={"luck": False, "rate_draws": 80, "paths": 4000})
    # Rates of winning and losing are Gamma with 15 events each: the share won has a known spread.
    rng = np.random.default_rng(1)
    rate = rng.gamma(15, 1 / 15, (2, 200_000)) * np.log(2) / 80
    share = rate[0] / rate.sum(axis=0) * (1 - np.exp(-rate.sum(axis=0) * 90))
    assert spread(certain) < 1e-6
    assert abs(spread(uncertain) / (40_000 * share.std()) - 1) < 4 / np.sqrt(2 * 80)


def test_luck_off_keeps_the_mean():
    lucky = run(ONE, MANY, simulation={"paths": 4000, "rate_draws": 80})
    even = run(ONE, MANY, simulation={"paths": 4000, "rate_draws": 80, "luck": False})
    error = lucky.bookings_new()[:, 0].std() / np.sqrt(50)
    assert abs(lucky.bookings_new()[:, 0].mean() - even.bookings_new()[:, 0].mean()) < 4 * error
