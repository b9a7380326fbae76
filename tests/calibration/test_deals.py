"""Hazards: exact where there is one rate, recovered where there are factors and effects."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from simulator.calibration.calibration import SIZE_LEVELS
from simulator.calibration.deals import (
    SIZE_OFF_LINE_SD,
    SIZE_SLOPE_SD,
    _effect_precision,
    fit_deal_rates,
    reachable,
)
from simulator.calibration.exposure import aggregate, deal_months
from simulator.fiscal import FiscalCalendar
from simulator.history.states import deal_states
from tests.calibration.known_deals import (
    ADVANCE,
    BEST_CASE,
    COMMIT,
    LOST_COMPETITION,
    LOST_NO_DECISION,
    PIPELINE,
    WON,
    KnownRates,
    simulate_history,
    without_factors,
)
from tests.calibration.made_states import made_states

NO_EFFECT = np.zeros((1, 0), dtype=np.int64)


def fitted(
    states, segment, n_segments, calendar, profile=None, levels=NO_EFFECT, names=None, has_stages=True
):
    months = deal_months(states, segment, calendar)
    profile = np.zeros(len(segment), dtype=np.int64) if profile is None else profile
    exposure = aggregate(months, profile, n_segments, len(levels))
    possible = reachable(exposure, has_stages)
    rates = fit_deal_rates(exposure, levels, names or {}, possible)
    return rates, exposure, possible, months


def one_state_each(n=40, days=10.0, every=2):
    """Deals in their second month, all with the same covariates; every second one is won."""
    rows = [
        {"deal": i, "start": 20_000.0, "end": 20_000.0 + days, "exit": WON if i % every == 0 else -1}
        for i in range(n)
    ]
    return made_states("2030-01-31", *rows)


def test_one_rate_has_its_closed_form():
    rates, *_ = fitted(one_state_each(), np.zeros(40, dtype=np.int64), 1, FiscalCalendar(1))
    shape, rate = rates.hazards.shape[0, 0, WON], rates.hazards.rate[0, 0, WON]
    assert rates.hazards.events[0, 0, WON] == 20.0
    assert rates.hazards.exposure_days[0, 0, WON] == 400.0
    assert shape == 20.5
    # The prior of half an event is centred on the rate of the whole.
    assert rate == pytest.approx(400.0 + 0.5 / (20.5 / 400.0))
    assert all(
        (factor.log_mean == 0).all() and (factor.log_sd == 0).all() for factor in rates.factors.values()
    )


def test_what_cannot_happen_has_a_rate_of_exactly_zero():
    rates, _, possible, _ = fitted(one_state_each(), np.zeros(40, dtype=np.int64), 1, FiscalCalendar(1))
    assert possible[PIPELINE].nonzero()[0].tolist() == [WON, LOST_COMPETITION, LOST_NO_DECISION]
    assert not possible[[BEST_CASE, COMMIT]].any()
    assert (rates.hazards.shape[0][~possible] == 0).all()
    assert (rates.hazards.shape[0][possible] > 0).all()
    assert (rates.hazards.events[0][~possible] == 0).all()


def test_only_a_category_with_a_late_stage_can_advance():
    states = made_states(
        "2030-01-31",
        {"deal": 0, "start": 20_000.0, "end": 20_010.0, "exit": 1},
        {"deal": 0, "start": 20_010.0, "end": 20_020.0, "category": 1, "exit": ADVANCE},
        {"deal": 0, "start": 20_020.0, "end": 20_030.0, "category": 1, "late": 1, "entered": 20_010.0},
    )
    rates, _, possible, _ = fitted(states, np.zeros(1, dtype=np.int64), 1, FiscalCalendar(1))
    assert possible[:, ADVANCE].tolist() == [False, True, False]
    assert not np.diag(possible[:, :3]).any()
    assert rates.hazards.exposure_days[0, BEST_CASE, ADVANCE] == 10.0
    assert rates.hazards.exposure_days[0, BEST_CASE, WON] == 20.0


def simulated(truth, seed, first=dt.date(2022, 2, 1), as_of=dt.date(2026, 1, 31)):
    history = simulate_history(truth, first, as_of, seed)
    code = {name: i for i, name in enumerate(truth.segments)}
    return history, deal_states(history), history.opportunities["segment"].map(code).to_numpy()


def standard_errors_off(rates, truth) -> dict[str, np.ndarray]:
    """How far the log factors of winning in commit are from the truth, in standard errors."""
    off = {}
    for name, factor in rates.factors.items():
        true = truth.factors[name][COMMIT, :, WON]
        share = factor.events[COMMIT, :, WON] / factor.events[COMMIT, :, WON].sum()
        seen = factor.events[COMMIT, :, WON] >= 5
        off[name] = (
            (factor.log_mean[COMMIT, :, WON] - (true - share @ true)) / factor.log_sd[COMMIT, :, WON]
        )[seen]
    return off


@pytest.fixture(scope="module")
def recovered():
    truth = KnownRates()
    _, states, segment = simulated(truth, seed=11)
    return truth, *fitted(states, segment, 3, truth.calendar)


def test_factors_are_recovered_within_four_standard_errors(recovered):
    truth, rates, *_ = recovered
    off = standard_errors_off(rates, truth)
    assert max(np.abs(values).max() for values in off.values()) < 4.0


def test_the_wrong_factors_would_be_noticed(recovered):
    """The negative control: a truth without factors is many standard errors away."""
    truth, rates, *_ = recovered
    off = standard_errors_off(rates, without_factors(truth))
    assert max(np.abs(values).max() for values in off.values()) > 6.0


def test_factors_are_centred_on_the_expected_events(recovered):
    _, rates, _, _, months = recovered
    profile = np.zeros(months.deal.max() + 1, dtype=np.int64)
    for k in (WON, LOST_NO_DECISION):
        expected = rates.expected_events(months, profile, NO_EFFECT, k)
        for name, codes in (("due", months.due), ("age", months.age), ("linearity", months.linearity)):
            in_commit = months.category == COMMIT
            weight = np.bincount(codes[in_commit], expected[in_commit], rates.factors[name].log_mean.shape[1])
            mean = weight @ rates.factors[name].log_mean[COMMIT, :, k] / weight.sum()
            assert mean == pytest.approx(0.0, abs=0.02)


def test_expected_events_add_up_to_those_seen(recovered):
    _, rates, _, possible, months = recovered
    profile = np.zeros(months.deal.max() + 1, dtype=np.int64)
    for k in np.flatnonzero(possible.any(axis=0)):
        expected = rates.expected_events(months, profile, NO_EFFECT, int(k)).sum()
        assert expected == pytest.approx((months.event == k).sum(), rel=0.02, abs=3.0)


def test_the_total_hazard_of_a_typical_deal_is_recovered(recovered):
    truth, rates, *_ = recovered
    base = rates.hazards.shape / np.maximum(rates.hazards.rate, 1e-300)
    for category, k in (
        (PIPELINE, BEST_CASE),
        (BEST_CASE, COMMIT),
        (COMMIT, WON),
        (PIPELINE, LOST_NO_DECISION),
    ):
        shift = 0.0
        for name, factor in rates.factors.items():
            events = factor.events[category, :, k]
            shift += events @ truth.factors[name][category, :, k] / events.sum()
        true = truth.hazards()[:, category, k] * np.exp(shift)
        off = np.log(base[:, category, k] / true) * np.sqrt(rates.hazards.shape[:, category, k])
        assert np.abs(off).max() < 4.0


def test_an_effect_of_the_source_is_recovered_and_shared_by_all_categories():
    effect = np.zeros((2, 7))
    effect[1, LOST_NO_DECISION], effect[1, WON] = 0.6, -0.5
    truth = replace(without_factors(KnownRates()), source_effect=effect)
    history, states, segment = simulated(truth, seed=12)
    profile = (history.opportunities["source"] == truth.sources[1]).to_numpy().astype(np.int64)
    levels = np.array([[0], [1]])
    rates, *_ = fitted(states, segment, 3, truth.calendar, profile, levels, {"source": truth.sources})
    found = rates.effects["source"]
    for k in (LOST_NO_DECISION, WON, BEST_CASE):
        difference = found.log_mean[1, k] - found.log_mean[0, k]
        error = found.log_sd[0, k] + found.log_sd[1, k]
        assert abs(difference - effect[1, k]) < 4.0 * error
    assert found.log_mean[1, WON] - found.log_mean[0, WON] < -0.2
    assert found.log_mean[:, WON] @ found.events[:, WON] == pytest.approx(
        0.0, abs=0.02 * found.events[:, WON].sum()
    )


def test_a_deal_to_which_an_effect_does_not_apply_has_a_factor_of_one():
    states = one_state_each(60)
    profile = np.arange(60) % 3
    levels = np.array([[0], [1], [-1]])
    rates, *_ = fitted(
        states,
        np.zeros(60, dtype=np.int64),
        1,
        FiscalCalendar(1),
        profile,
        levels,
        {"size": ("small", "large")},
    )
    months = deal_months(states, np.zeros(60, dtype=np.int64), FiscalCalendar(1))
    expected = rates.expected_events(months, profile, levels, WON)
    base = rates.hazards.shape[0, 0, WON] / rates.hazards.rate[0, 0, WON]
    assert expected[profile == 2] == pytest.approx(base * 10.0)


def test_thirty_deals_are_enough_for_finite_rates():
    truth = replace(KnownRates(), sals_per_month=(2.0, 1.0, 0.5))
    _, states, segment = simulated(truth, seed=3, first=dt.date(2025, 2, 1))
    assert 20 < segment.size < 60
    rates, *_ = fitted(states, segment, 3, truth.calendar)
    for factor in rates.factors.values():
        assert np.isfinite(factor.log_mean).all()
        assert np.abs(factor.log_mean).max() < 3.0
    assert np.isfinite(rates.hazards.shape).all()


def test_a_factor_of_one_segment_alone_is_left_to_its_level():
    """With constant hazards every factor is 1 within its error and the levels tell the segments apart."""
    truth = without_factors(KnownRates(level=(1.0, 0.5, 2.0)))
    _, states, segment = simulated(truth, seed=4)
    rates, *_ = fitted(states, segment, 3, truth.calendar)
    won = rates.hazards.shape[:, COMMIT, WON] / rates.hazards.rate[:, COMMIT, WON]
    error = 1 / np.sqrt(rates.hazards.shape[:, COMMIT, WON])
    assert (np.abs(np.log(won / truth.hazards()[:, COMMIT, WON])) < 4 * error + 0.05).all()


def test_effects_of_size_lie_about_a_line_of_standard_scores():
    covariance = np.linalg.inv(_effect_precision(SIZE_LEVELS))
    off_line = covariance - SIZE_OFF_LINE_SD**2 * np.eye(len(SIZE_LEVELS))
    score = np.sqrt(np.diag(off_line)) / SIZE_SLOPE_SD
    # Means of the standard normal in its lowest fifth and its top 4 %.
    assert score[[0, -1]] == pytest.approx([1.3998, 2.1543], abs=1e-3)
    assert off_line[0, -1] == pytest.approx(-(SIZE_SLOPE_SD**2) * score[0] * score[-1])
    np.testing.assert_allclose(_effect_precision(("a", "b")), np.eye(2) / 0.25)
