"""From whole histories to calibrations: rich, coarse, tiny and empty ones."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from simulator.calibration.calibration import DESTINATIONS, FACTOR_LEVELS
from simulator.calibration.estimate import calibrate
from simulator.calibration.validation import faults_of
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.as_of import history_as_of
from simulator.history.tables import empty_table
from tests.calibration.known_deals import COMMIT, PIPELINE, WON, KnownRates, simulate_history
from tests.calibration.made_states import made_history, made_opportunities

CALENDAR = FiscalCalendar(2)


def sound(calibration):
    assert faults_of(calibration, "it") == []
    assert len(calibration.amounts) == len(calibration.segments) == calibration.hazards.shape.shape[0]
    return calibration


@pytest.fixture(scope="module")
def history():
    return simulate_history(KnownRates(), dt.date(2024, 2, 1), dt.date(2026, 1, 20), seed=1)


@pytest.fixture(scope="module")
def calibration(history):
    return sound(calibrate(history, CALENDAR))


def test_a_full_history_tells_everything(calibration, history):
    assert calibration.has_stages
    assert calibration.has_close_dates
    assert calibration.has_late_stages
    assert calibration.has_open_amounts
    assert calibration.segments == ("a", "b", "c")
    assert calibration.as_of == history.as_of
    assert calibration.first_day == dt.date(2024, 2, 1)
    assert set(calibration.factors) == set(FACTOR_LEVELS)
    assert set(calibration.effects) == {"source", "size"}


def test_chances_of_moving_a_close_date_are_recovered(calibration):
    truth = KnownRates()
    for (a, b), true in zip(calibration.redate, truth.redate, strict=True):
        n = a + b
        assert a / n == pytest.approx(true, abs=4 * np.sqrt(true * (1 - true) / n))
    a, b = calibration.early_push.sum(axis=0)
    assert a / (a + b) == pytest.approx(truth.early_push, abs=4 * np.sqrt(0.05 * 0.95 / (a + b)))
    pushes = calibration.push.events.sum(axis=0)
    assert pushes[:3] / pushes.sum() == pytest.approx(truth.push_share, abs=4 * 0.5 / np.sqrt(pushes.sum()))


def test_signed_amounts_are_recovered(calibration):
    law = calibration.multiplier_new[0]
    true = 0.9 * np.exp(0.2**2 / 2)
    assert law.values @ law.weights == pytest.approx(true, abs=4 * 0.2 / np.sqrt(law.count))


def test_the_same_history_gives_the_same_numbers(calibration, history):
    again = calibrate(history, CALENDAR)
    assert np.array_equal(again.hazards.shape, calibration.hazards.shape)
    assert np.array_equal(again.arrivals.shape, calibration.arrivals.shape)


def test_the_order_of_segments_can_be_asked_for(calibration, history):
    turned = sound(calibrate(history, CALENDAR, ("c", "a", "b")))
    assert turned.segments == ("c", "a", "b")
    assert turned.hazards.events[1] == pytest.approx(calibration.hazards.events[0])


def test_a_new_segment_takes_the_rates_of_the_company(history):
    found = sound(calibrate(history, CALENDAR, ("a", "b", "c", "new")))
    assert found.hazards.events[3].sum() == 0
    rates = found.hazards.shape[:, COMMIT, WON] / found.hazards.rate[:, COMMIT, WON]
    assert rates[:3].min() * 0.7 < rates[3] < rates[:3].max() * 1.4
    assert any(note.startswith("new:") for note in found.notes)


def test_segments_not_asked_for_are_left_out_and_said(history):
    found = sound(calibrate(history, CALENDAR, ("a",)))
    assert any("b, c" in note for note in found.notes)


def test_an_unknown_segment_is_the_users_fault(history):
    with pytest.raises(InputError, match="a, b, c"):
        calibrate(history, CALENDAR, ("emea",))


def test_deals_without_a_segment_are_a_segment_of_their_own(history):
    table = history.opportunities.copy()
    table.loc[table["segment"] == "c", "segment"] = None
    found = sound(calibrate(replace(history, opportunities=table), CALENDAR))
    assert found.segments == ("a", "b", "unknown")


def test_an_earlier_view_never_knows_more(history, calibration):
    earlier = sound(calibrate(history_as_of(history, dt.date(2025, 1, 31)), CALENDAR))
    assert (earlier.hazards.events <= calibration.hazards.events).all()
    assert earlier.hazards.events.sum() < 0.7 * calibration.hazards.events.sum()


def test_planned_dates_known_only_as_they_stand_now_are_not_learnt_from(history):
    changes = history.stage_changes.assign(close_date=np.datetime64("NaT", "ns"))
    found = sound(calibrate(replace(history, stage_changes=changes), CALENDAR))
    assert not found.has_close_dates
    assert (found.factors["due"].log_sd == 0).all()
    assert found.redate.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert any("as they stand now" in note for note in found.notes)


def test_a_history_without_stage_changes_gives_a_coarser_model(history):
    found = sound(
        calibrate(
            replace(history, stage_changes=empty_table("stage_changes"), stages=empty_table("stages")),
            CALENDAR,
        )
    )
    assert not found.has_stages
    assert not found.has_late_stages
    assert not found.has_close_dates
    assert found.hazards.shape[:, [1, 2]].sum() == 0
    assert (found.hazards.shape[:, PIPELINE, WON] > 10).all()
    assert found.hazards.shape[:, PIPELINE, :3].sum() == 0
    assert any("No stage changes" in note for note in found.notes)


def test_a_single_open_deal_gives_priors_and_says_so():
    deals = made_opportunities(1, created_date=[dt.datetime(2026, 1, 5)], amount=[100.0])
    found = sound(calibrate(made_history("2026-03-31", deals), CALENDAR))
    assert (found.hazards.shape[0, 0, 3:6] > 0).all()
    assert any("No deal was won" in note for note in found.notes)
    assert any("One segment" in note for note in found.notes)


def test_a_deal_of_the_last_day_alone_still_works():
    deals = made_opportunities(1, created_date=[dt.datetime(2026, 3, 31)])
    sound(calibrate(made_history("2026-03-31", deals), CALENDAR))


def test_without_wins_winning_stays_possible(history):
    table = history.opportunities.copy()
    won = table["outcome"] == "won"
    table.loc[won, "outcome"] = "lost_no_decision"
    changes = history.stage_changes.copy()
    changes.loc[changes["stage"] == "closed won", "stage"] = "closed lost_no_decision"
    found = sound(calibrate(replace(history, opportunities=table, stage_changes=changes), CALENDAR))
    assert found.hazards.events[..., WON].sum() == 0
    assert (found.hazards.shape[..., WON] > 0).all()
    assert (found.hazards.shape[..., WON] / found.hazards.rate[..., WON]).max() < 1e-3
    assert [law.source for law in found.multiplier_new] == ["prior"] * 3
    assert any("No deal was won" in note for note in found.notes)


def test_losses_without_reasons_are_said_not_to_be_told_apart(history):
    table = history.opportunities.copy()
    table.loc[table["outcome"] == "lost_competition", "outcome"] = "lost_no_decision"
    found = sound(calibrate(replace(history, opportunities=table), CALENDAR))
    k = DESTINATIONS.index("lost_competition")
    assert found.hazards.events[..., k].sum() == 0
    assert any("losses are not told apart" in note for note in found.notes)


def test_no_deal_at_all_is_the_users_fault():
    with pytest.raises(InputError, match="no qualified deal"):
        calibrate(made_history("2026-03-31", empty_table("opportunities")), CALENDAR)


def test_one_segment_leans_on_nothing_and_says_so(history):
    table = history.opportunities.assign(segment="all").astype({"segment": "str"})
    found = sound(calibrate(replace(history, opportunities=table), CALENDAR))
    assert found.segments == ("all",)
    assert any("One segment" in note for note in found.notes)


def test_thirty_deals_calibrate_without_a_warning():
    truth = replace(KnownRates(), sals_per_month=(2.0, 1.0, 0.5))
    small = simulate_history(truth, dt.date(2025, 2, 1), dt.date(2026, 1, 20), seed=5)
    assert len(small.opportunities) < 60
    sound(calibrate(small, CALENDAR))


def test_rates_of_deals_are_those_of_new_business(history):
    is_expansion = np.arange(len(history.opportunities)) % 10 == 0
    table = history.opportunities.assign(type=np.where(is_expansion, "expansion", "new")).astype(
        {"type": "str"}
    )
    found = calibrate(replace(history, opportunities=table), CALENDAR)
    alone = calibrate(replace(history, opportunities=table[~is_expansion].reset_index(drop=True)), CALENDAR)
    assert found.hazards.events.sum() == alone.hazards.events.sum()
    assert found.hazards.events.sum() < calibrate(history, CALENDAR).hazards.events.sum()
