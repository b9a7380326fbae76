"""Shares of the variance against closed forms, and the levers of a scenario that matter by construction."""

import numpy as np
import pytest
from scipy.stats import qmc

from simulator.analysis.compare.measures import Measure
from simulator.analysis.sensitivity.inputs import LEVER, Input, lever_input
from simulator.analysis.sensitivity.main_effects import factor_at, measure_main_effects, variance_shares
from simulator.engine.prepare import prepare
from simulator.scenario.load import scenario_from_dict

RATES = {
    "sals_per_month": 30,
    "amount": {"fixed": "20k"},
    "pipeline": {"to": {"commit": "50%", "lost_no_decision": "50%"}, "median_days": 20},
    "best_case": {"to": {"won": "50%", "lost_no_decision": "50%"}, "median_days": 20},
    "commit": {"to": {"won": "60%", "lost_competition": "40%"}, "median_days": 20},
}


def even(n, columns, seed=1):
    return qmc.LatinHypercube(columns, rng=np.random.default_rng(seed)).random(n)


def test_a_weighted_sum_has_the_shares_of_its_squared_weights():
    places = even(200, 3)
    figures = 3 * places[:, 0] + 4 * places[:, 1] + 7
    assert variance_shares(places, figures) == pytest.approx([9 / 25, 16 / 25, 0], abs=0.02)


def test_a_bend_counts_for_what_it_is():
    places = even(400, 2)
    figures = (2 * places[:, 0] - 1) ** 2 + (2 * places[:, 1] - 1)
    parts = np.array([4 / 45, 1 / 3])
    assert variance_shares(places, figures) == pytest.approx(parts / parts.sum(), abs=0.02)


def test_a_product_is_shared_by_nobody_alone():
    places = even(400, 2)
    figures = (2 * places[:, 0] - 1) * (2 * places[:, 1] - 1)
    assert variance_shares(places, figures).sum() < 0.05


def test_ishigami_first_order_indices():
    places = even(4000, 3)
    x = np.pi * (2 * places - 1)
    figures = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    first, second, third = variance_shares(places, figures)
    assert 0.1 < first < 0.32  # 0.314 in full; a curve of second degree sees the line in it
    assert second < 0.45
    assert third < 0.02


def test_noise_has_no_share_and_no_movement_none():
    places = even(120, 4)
    noise = np.random.default_rng(3).normal(size=120)
    assert variance_shares(places, noise).sum() < 0.25
    assert (variance_shares(places, np.full(120, 5.0)) == 0).all()


def test_factors_fill_the_interval_by_their_logarithm():
    one = Input("x", LEVER, 0.5, 2.0, "", lambda item, factor: item)
    assert [factor_at(one, place) for place in (0.0, 0.5, 1.0)] == pytest.approx([0.5, 1.0, 2.0])
    assert factor_at(Input("x", LEVER, 0.0, 2.0, "", lambda item, factor: item), 0.25) == 0.5


@pytest.fixture(scope="module")
def prepared():
    values = {
        "as_of": "2026-10-31",
        "horizon_quarters": 2,
        "segments": {"smb": RATES},
        "simulation": {"paths": 50, "rate_draws": 5},
    }
    return prepare(scenario_from_dict(values))


def test_the_lever_of_amounts_carries_mean_bookings(prepared):
    inputs = (
        lever_input("amount", prepared),
        Input("no_effect", LEVER, 0.5, 2.0, "", lambda item, factor: item),
    )
    period = prepared.scenario.fiscal_calendar().quarter_label(2026 * 4 + 3)
    found = measure_main_effects(prepared, inputs, Measure("mean", period), n_settings=30)
    assert list(found.table["name"]) == ["amount", "no_effect"]
    assert found.table["share"].to_numpy() == pytest.approx([1.0, 0.0], abs=0.02)
    assert (found.table["share_low"] <= found.table["share"] + 1e-9).all()
    assert found.n_settings == 30
    assert found.together < 0.02
