import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from simulator.analysis.diagnose.due_deals import (
    SLIPPED,
    due_deals,
    due_endings,
)
from simulator.analysis.diagnose.qualified import qualified_deals, rate_window
from simulator.analysis.diagnose.rates import (
    LEAK,
    NO_AMOUNTS,
    TOO_FEW,
    chance_explains,
    rate_by_segment,
    rates,
)
from simulator.analysis.diagnose.track_record import track_record
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar, day_number
from simulator.history.hygiene import check_hygiene
from simulator.history.importers.importer import import_files
from tests.analysis.deals_by_hand import Deal, by_hand

CALENDAR = FiscalCalendar(start_month=1)
AS_OF = "2026-07-15"


def deal(amount=100.0, ended="2026-05-20", outcome="won", close="2026-05", start="2026-04-10", **more):
    signed = more.pop("signed", None)
    segment = more.pop("segment", "mid")
    steps = [(start, "pipeline", close, amount)]
    return Deal(steps, ended, outcome, signed=signed, segment=segment, more=more)


def measured(deals, n_quarters=1, as_of=AS_OF, calendar=CALENDAR):
    history, states = by_hand(deals, as_of)
    table = qualified_deals(history, states)
    window = rate_window(calendar, history.as_of, float(table["qualified"].min()), n_quarters)
    due = due_deals(states, table, window)
    return rates(table, due, window), due, window, states, table


def pick(table, measure, by="all", group="all", basis="count"):
    rows = table[
        (table["measure"] == measure)
        & (table["by"] == by)
        & (table["group"] == group)
        & (table["basis"] == basis)
    ]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_three_rates_by_count_and_by_amount_are_their_definitions():
    deals = [
        deal(amount=300.0),
        deal(amount=100.0, outcome="lost_competition"),
        deal(amount=200.0, outcome="lost_no_decision"),
        deal(amount=400.0, ended=None, outcome=None),
        deal(amount=1000.0, ended=None, outcome=None, close="2026-09"),
    ]
    table, *_ = measured(deals)
    expected = {
        ("close_rate", "count"): (1, 3),
        ("close_rate", "amount"): (300, 600),
        ("win_rate", "count"): (1, 2),
        ("win_rate", "amount"): (300, 400),
        ("slippage_adjusted_close_rate", "count"): (1, 4),
        ("slippage_adjusted_close_rate", "amount"): (300, 1000),
        ("slippage", "count"): (1, 4),
        ("slippage", "amount"): (400, 1000),
    }
    for (measure, basis), (part, whole) in expected.items():
        row = pick(table, measure, basis=basis)
        assert (row["numerator"], row["denominator"]) == (part, whole)
        assert row["value"] == pytest.approx(part / whole)
        assert row["low"] < row["value"] < row["high"]


def test_a_close_rate_of_a_third_and_one_of_a_quarter_need_three_and_four_times():
    deals = [deal(), *[deal(outcome="lost_no_decision")] * 2, deal(ended=None, outcome=None)]
    table, *_ = measured(deals)
    close = pick(table, "close_rate")["value"]
    adjusted = pick(table, "slippage_adjusted_close_rate")["value"]
    assert (1 / close, 1 / adjusted) == pytest.approx((3, 4))


def test_amounts_of_won_deals_are_the_signed_ones_but_due_ones_those_of_the_day():
    table, *_ = measured([deal(amount=100.0, signed=80.0), deal(amount=100.0, outcome="lost_competition")])
    assert pick(table, "close_rate", basis="amount")["numerator"] == 80
    assert pick(table, "slippage_adjusted_close_rate", basis="amount")["numerator"] == 100


def test_who_is_due_in_a_quarter():
    deals = [
        # Due at the quarter's start, pushed out during it and won after it: slipped.
        Deal(
            [("2026-02-01", "pipeline", "2026-05", 1.0), ("2026-05-03", "pipeline", "2026-08", 1.0)],
            "2026-07-10",
            "won",
        ),
        # Planned later at the start, won early all the same: was not due.
        deal(start="2026-02-01", close="2026-08"),
        # Created into the quarter with a date in it, lost in it.
        deal(outcome="lost_no_decision"),
        # Planned earlier than the quarter and never touched: past due, not due.
        deal(start="2026-01-15", close="2026-02", ended=None, outcome=None),
        # Closed before the quarter began.
        deal(start="2026-02-01", close="2026-05", ended="2026-03-31"),
        # Closed on the first day after the quarter: slipped by a day.
        deal(ended="2026-07-01", close="2026-06"),
    ]
    _, due, window, *_ = measured(deals)
    assert window.quarters == (CALENDAR.parse_quarter("FY26Q2"),)
    endings = dict(zip(due["opportunity_id"], due["ending"], strict=True))
    assert endings == {"D0": SLIPPED, "D2": 2, "D5": SLIPPED}
    assert dict(zip(due["opportunity_id"], due["carried"], strict=True)) == {
        "D0": True,
        "D2": False,
        "D5": False,
    }


def test_past_due_is_the_day_before_as_of_in_audit_and_diagnosis_alike(tmp_path: Path):
    rows = ["id,stage,amount,created,due"]
    rows += [f"W{i},Closed Won,5,2026-0{1 + i % 3}-01,2026-05-{1 + i:02d}" for i in range(20)]
    rows += [f"L{i},Closed Lost,5,2026-0{1 + i % 3}-01,2026-05-{1 + i:02d}" for i in range(20)]
    rows += ["A,Proposal,7,2026-05-20,2026-05-19", "B,Proposal,7,2026-05-20,2026-05-20"]
    rows += ["C,Proposal,7,2026-01-01,2026-02-01"]
    (tmp_path / "o.csv").write_text("\n".join(rows), encoding="utf-8")
    map_path = tmp_path / "map.yaml"
    map_path.write_text(
        "tables: {opportunities: {columns: {opportunity_id: id, created_date: created, close_date: due}}}",
        encoding="utf-8",
    )
    history = import_files("salesforce", [tmp_path / "o.csv"], map_path).history
    assert history.as_of.isoformat() == "2026-05-20"
    found = check_hygiene(history).table.set_index("check")
    assert found.loc["past-due close dates", "n"] == track_record(history, CALENDAR).n_past_due == 2


def test_what_became_of_deals_due_on_the_first_day_by_their_category_then():
    def commit(outcome, ended, amount):
        steps = [("2026-02-01", "pipeline", "2026-05", 1.0), ("2026-03-01", "commit", "2026-05", amount)]
        return Deal(steps, ended, outcome)

    deals = [
        commit("won", "2026-05-05", 60.0),
        commit("lost_competition", "2026-05-05", 30.0),
        commit(None, None, 10.0),
        deal(start="2026-02-01", outcome="lost_no_decision"),
        deal(),
    ]
    table = due_endings(measured(deals)[1]).set_index(["category", "basis", "ending"])
    endings = ["won", "lost_competition", "lost_no_decision", "slipped"]
    share = table.pivot_table("share", ["category", "basis"], "ending")[endings]
    assert list(share.loc[("commit", "count")]) == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])
    assert list(share.loc[("commit", "amount")]) == pytest.approx([0.6, 0.3, 0, 0.1])
    assert list(share.loc[("pipeline", "count")]) == [0, 0, 1, 0]
    assert table["n"].groupby("category").unique().map(list).to_dict() == {"commit": [3], "pipeline": [1]}
    assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all()


def test_close_dates_of_open_deals_only_tell_nothing_about_slippage():
    open_ones = [deal(ended=None, outcome=None) for _ in range(5)]
    ended = [deal(close=None) for _ in range(20)]
    assert measured(open_ones + ended)[1].empty
    assert len(measured(open_ones + [deal() for _ in range(20)])[1]) == 25


def test_a_deal_counts_as_due_in_each_quarter_it_was_due_in():
    twice = Deal(
        [("2026-01-10", "pipeline", "2026-03", 5.0), ("2026-03-30", "pipeline", "2026-06", 7.0)],
        "2026-06-10",
        "won",
    )
    table, due, *_ = measured([twice], n_quarters=2)
    assert list(due["due_amount"]) == [5.0, 7.0]
    assert pick(table, "slippage_adjusted_close_rate", basis="amount")["value"] == pytest.approx(7 / 12)
    assert pick(table, "close_rate")["value"] == 1


def test_the_running_quarter_is_left_out_until_its_last_day():
    late = [deal(), deal(ended="2026-07-10", outcome="lost_no_decision")]
    assert pick(measured(late)[0], "close_rate")["n"] == 1
    on_last_day = [deal(ended="2026-06-30", outcome="lost_competition")]
    _, _, window, *_ = measured(on_last_day, as_of="2026-06-30")
    assert window.quarters == (CALENDAR.parse_quarter("FY26Q2"),)
    _, _, window, *_ = measured([deal(start="2026-01-02", ended="2026-02-01")], as_of="2026-06-29")
    assert window.quarters == (CALENDAR.parse_quarter("FY26Q1"),)


def test_a_fiscal_year_that_starts_in_february_moves_the_window():
    calendar = FiscalCalendar(start_month=2)
    _, _, window, *_ = measured([deal(start="2026-01-20", close="2026-04")], calendar=calendar)
    assert [calendar.quarter_label(q) for q in window.quarters] == ["FY27Q1"]
    assert window.start == day_number(dt.date(2026, 2, 1))
    assert window.end == day_number(dt.date(2026, 5, 1))


def test_a_history_shorter_than_a_quarter_is_measured_whole_and_never_slips():
    table, due, window, *_ = measured([deal(start="2026-06-20", ended="2026-07-02")])
    assert window.quarters == () and "whole history" in window.name
    assert pick(table, "close_rate")["value"] == 1
    assert due.empty


def test_small_groups_say_too_few_and_the_whole_never_does():
    deals = [deal(segment="big") for _ in range(12)] + [deal(segment="tiny", outcome="lost_competition")]
    table, *_ = measured(deals)
    tiny = pick(table, "close_rate", "segment", "tiny")
    assert tiny["note"] == TOO_FEW and np.isnan(tiny["value"])
    assert (tiny["numerator"], tiny["denominator"]) == (0, 1)
    assert rate_by_segment(table, "close_rate") == pytest.approx(
        {"all": 12 / 13, "big": 1.0, "tiny": np.nan}, nan_ok=True
    )


def test_missing_names_are_a_group_of_their_own_and_teams_come_from_the_rep():
    deals = [deal(source="partner") for _ in range(10)] + [deal(owner="R1") for _ in range(10)]
    history, states = by_hand(deals, AS_OF)
    history.reps.loc[0, ["rep_id", "role", "segment", "team"]] = ["R1", "ae", "mid", "north"]
    table = qualified_deals(history, states)
    assert list(table["team"].dropna()) == ["north"] * 10
    window = rate_window(CALENDAR, history.as_of, float(table["qualified"].min()), 1)
    result = rates(table, due_deals(states, table, window), window)
    assert pick(result, "close_rate", "source", "unknown")["n"] == 10
    assert pick(result, "close_rate", "team", "north")["value"] == 1


def test_amounts_known_for_won_deals_only_give_no_rate_by_amount():
    deals = [deal() for _ in range(20)] + [deal(amount=0.0, outcome="lost_competition") for _ in range(20)]
    row = pick(measured(deals)[0], "close_rate", basis="amount")
    assert np.isnan(row["value"]) and row["note"] == NO_AMOUNTS
    assert pick(measured(deals)[0], "close_rate")["value"] == 0.5


def test_a_column_filled_only_when_lost_gives_no_rate():
    lost = [deal(outcome="lost_competition", competitor="Acme") for _ in range(20)]
    table, *_ = measured([deal() for _ in range(20)] + lost)
    row = pick(table, "close_rate", "competitor", "Acme")
    assert np.isnan(row["value"]) and row["note"] == LEAK
    even = [deal(competitor="Acme") for _ in range(20)] + lost
    table, *_ = measured([*even, deal(competitor="Other")])
    assert pick(table, "close_rate", "competitor", "Acme")["value"] == 0.5


def test_chance_explains_what_scipy_says_it_does():
    rng = np.random.default_rng(2)
    verdicts = set()
    for _ in range(200):
        n = rng.integers(10, 200, rng.integers(2, 6)).astype(float)
        won = np.minimum(np.round(n * np.clip(0.3 + rng.normal(0, 0.08, len(n)), 0, 1)), n)
        groups = pd.DataFrame({"numerator": won, "denominator": n})
        expected = chi2_contingency(np.stack([won, n - won]), correction=False).pvalue > 0.01
        assert chance_explains(groups) == expected
        verdicts.add(expected)
    assert verdicts == {True, False}
    nobody = pd.DataFrame({"numerator": [0.0, 0.0], "denominator": [9.0, 9.0]})
    assert chance_explains(nobody) and chance_explains(nobody.iloc[:1])


def test_no_quarters_at_all_is_refused():
    with pytest.raises(InputError, match="0 is not a number of quarters"):
        measured([deal()], n_quarters=0)


def test_unqualified_or_ended_outside_the_window_counts_nowhere():
    table, *_ = measured([deal(), deal(start="2025-01-01", ended="2025-02-01", outcome="lost_competition")])
    assert pick(table, "close_rate")["n"] == 1


def test_asked_for_one_dimension_the_rates_in_it_are_the_same():
    deals = [
        deal(
            owner=f"R{i % 3}",
            segment="mid" if i % 2 else "ent",
            outcome="won" if i % 4 else "lost_competition",
        )
        for i in range(40)
    ]
    whole, due, window, _, table = measured(deals)
    one = rates(table, due, window, by=("segment",))
    assert set(whole["by"]) > {"all", "segment"} == set(one["by"])
    same = whole[whole["by"].isin(["all", "segment"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, same, check_exact=True)
