"""Amounts: tails against scipy, thin segments, ratios of signed to open."""

import numpy as np
import pytest
from scipy import stats

from simulator.calibration.amounts import deal_amounts, fit_tail
from simulator.calibration.exposure import deal_months
from simulator.calibration.rates import law_moments
from simulator.fiscal import FiscalCalendar
from tests.calibration.made_states import day, made_opportunities, made_states


@pytest.mark.parametrize("shape", [-0.1, 0.2, 0.5])
def test_the_tail_is_the_maximum_likelihood_of_scipy(shape):
    excess = stats.genpareto.rvs(shape, scale=3000.0, size=400, random_state=2)
    ours = fit_tail(excess)
    theirs = stats.genpareto.fit(excess, floc=0)
    assert ours == pytest.approx((theirs[0], theirs[2]), rel=5e-3)


def test_the_scale_alone_is_fitted_where_the_shape_is_given():
    excess = stats.genpareto.rvs(0.2, scale=3000.0, size=400, random_state=2)
    shape, scale = fit_tail(excess, 0.3)
    assert shape == 0.3
    assert scale == pytest.approx(stats.genpareto.fit(excess, f0=0.3, floc=0)[2], rel=1e-3)


def test_the_shape_is_kept_where_the_mean_exists():
    excess = stats.genpareto.rvs(1.5, scale=1.0, size=400, random_state=2)
    assert fit_tail(excess)[0] <= 0.65


def found(amounts, segments, outcomes=None, names=("a", "b"), signed=None):
    """Estimate from deals of one state each, a month long."""
    n = len(amounts)
    outcomes = outcomes or [None] * n
    code = {"won": 3, "lost_no_decision": 5, None: -1}
    rows = [
        {
            "deal": i,
            "start": day("2026-01-10") + i % 20,
            "end": day("2026-03-05"),
            "amount": a,
            "exit": code[o],
        }
        for i, (a, o) in enumerate(zip(amounts, outcomes, strict=True))
    ]
    states = made_states("2026-03-04", *rows)
    segment = np.array([names.index(s) for s in segments])
    months = deal_months(states, segment, FiscalCalendar(1))
    table = made_opportunities(n, outcome=outcomes, amount=signed if signed is not None else amounts)
    return deal_amounts(states, months, table, segment=segment, arrived=np.ones(n, dtype=bool), names=names)


def test_a_rich_segment_keeps_its_sample_and_has_a_tail():
    values = np.exp(np.random.default_rng(1).normal(10, 1, 500))
    law = found(list(values), ["a"] * 500, names=("a",)).new[0]
    assert law.count == 500
    assert law.source == "calibrated"
    assert law.tail_start == pytest.approx(np.quantile(values, 0.9))
    assert law.tail_scale > 0
    assert law.weights.sum() == pytest.approx(1.0)
    assert law_moments(law)[0] == pytest.approx(values.mean(), rel=0.05)


def test_a_large_sample_is_thinned_without_changing_its_mean():
    values = np.exp(np.random.default_rng(1).normal(10, 1, 9000))
    law = found(list(values), ["a"] * 9000, names=("a",)).new[0]
    assert len(law.values) <= 1100
    assert law.weights @ law.values == pytest.approx(values.mean(), rel=1e-9)


def test_a_price_list_has_no_tail():
    law = found([100.0, 200.0, 300.0] * 100, ["a"] * 300, names=("a",)).new[0]
    assert law.tail_scale == 0.0


def test_a_thin_segment_takes_the_company_shape_about_its_own_median():
    rng = np.random.default_rng(4)
    values = [*np.exp(rng.normal(10, 1, 300)), *np.exp(rng.normal(13, 1, 12))]
    laws = found(values, ["a"] * 300 + ["b"] * 12)
    thin = laws.new[1]
    assert thin.count == 12
    assert thin.source == "pooled"
    assert len(thin.values) > 100
    median = thin.values[np.searchsorted(np.cumsum(thin.weights), 0.5)]
    assert np.log(median) == pytest.approx(13.0, abs=0.8)


def test_an_empty_segment_takes_the_company():
    laws = found(list(np.linspace(100, 900, 60)), ["a"] * 60)
    assert laws.new[1].count == 0
    assert law_moments(laws.new[1])[0] == pytest.approx(500.0, rel=0.05)
    assert any(note.startswith("b:") for note in laws.notes)


def test_no_amount_at_all_says_so():
    laws = found([np.nan] * 4, ["a", "a", "b", "b"])
    assert [law.source for law in laws.new] == ["prior", "prior"]
    assert any("No deal has an amount" in note for note in laws.notes)


def test_amounts_known_for_won_deals_only_are_used_as_such():
    outcomes = ["won"] * 60 + ["lost_no_decision"] * 60
    laws = found([500.0] * 60 + [np.nan] * 60, ["a"] * 120, outcomes, names=("a",))
    assert not laws.has_open_amounts
    assert laws.size is None
    assert laws.multiplier_open[0].values.tolist() == [1.0]
    assert law_moments(laws.new[0])[0] == pytest.approx(500.0)


def test_signed_amounts_are_set_against_those_at_the_sal_and_at_month_ends():
    outcomes = ["won"] * 60 + ["lost_no_decision"] * 60
    signed = [450.0] * 60 + [500.0] * 60
    laws = found([500.0] * 120, ["a"] * 120, outcomes, names=("a",), signed=signed)
    for law in (laws.multiplier_new[0], laws.multiplier_open[0]):
        assert set(law.values) == {0.9}
        assert law.count == 60
        assert law.source == "calibrated"


def test_too_few_wins_take_the_ratios_of_the_company():
    outcomes = ["won"] * 60
    signed = [450.0] * 50 + [1000.0] * 10
    laws = found([500.0] * 60, ["a"] * 50 + ["b"] * 10, outcomes, signed=signed)
    assert laws.multiplier_new[0].source == "calibrated"
    assert laws.multiplier_new[1].source == "pooled"
    assert laws.multiplier_new[1].count == 60


def test_placeholder_amounts_make_no_ratios():
    laws = found([1.0] * 60, ["a"] * 60, ["won"] * 60, names=("a",), signed=[50_000.0] * 60)
    assert laws.multiplier_new[0].source == "prior"


def test_size_bands_hold_their_share_and_are_narrow_at_the_top():
    values = list(np.linspace(100, 1000, 200))
    laws = found(values, ["a"] * 200, names=("a",))
    assert np.bincount(laws.size).tolist() == pytest.approx([40, 40, 40, 40, 20, 12, 8], abs=1)
    assert laws.size[0] == 0
    assert laws.size[-1] == 6
