"""Conversion, dwell, pushes, past coverage and pipeline created."""

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from simulator.analysis.diagnose.conversion import conversion, cumulative_incidence
from simulator.analysis.diagnose.due_deals import (
    coverage_history,
    due_deals,
)
from simulator.analysis.diagnose.movement import (
    dwell,
    push_lengths,
    pushes,
    spells,
)
from simulator.analysis.diagnose.qualified import qualified_deals, rate_window
from simulator.analysis.diagnose.track_record import created, cycles
from simulator.fiscal import FiscalCalendar
from tests.analysis.deals_by_hand import Deal, by_hand

CALENDAR = FiscalCalendar(start_month=1)
AS_OF = "2026-07-15"


def prepared(deals, n_quarters=2, as_of=AS_OF):
    history, states = by_hand(deals, as_of)
    table = qualified_deals(history, states)
    window = rate_window(CALENDAR, history.as_of, float(table["qualified"].min()), n_quarters)
    return history, states, table, window


def censored_sample(n=400, seed=3):
    rng = np.random.default_rng(seed)
    return np.ceil(rng.exponential(60, n)), rng.integers(-1, 3, n)


def test_aalen_johansen_and_its_error_agree_with_statsmodels():
    days, end = censored_sample()
    ours, theirs = cumulative_incidence(days, end, 3), CumIncidenceRight(days, end + 1)
    for horizon in (10, 45, 90, 200):
        place = np.searchsorted(theirs.times, horizon, side="right") - 1
        share, variance = ours.at(horizon)
        assert share == pytest.approx([c[place] for c in theirs.cinc])
        assert np.sqrt(variance) == pytest.approx([c[place] for c in theirs.cinc_se])
        assert share.sum() + ours.staying_at(horizon)[0] == pytest.approx(1)


def test_median_and_interval_agree_with_statsmodels():
    days, end = censored_sample()
    ours, theirs = cumulative_incidence(days, end, 3), SurvfuncRight(days, (end >= 0).astype(int))
    assert ours.quantile(0.5) == theirs.quantile(0.5)
    assert ours.quantile_interval(0.5) == theirs.quantile_ci(0.5, alpha=0.2, method="cloglog")


def test_left_truncation_agrees_with_statsmodels():
    days, end = censored_sample()
    rng = np.random.default_rng(5)
    entry = np.where(rng.random(len(days)) < 0.5, np.floor(days * rng.random(len(days)) * 0.8), 0.0)
    theirs = SurvfuncRight(days, (end >= 0).astype(int), entry=entry)
    ours = cumulative_incidence(days, np.where(end >= 0, 0, -1), 1, entry_days=entry)
    assert ours.staying == pytest.approx(theirs.surv_prob)


def test_constant_hazards_give_the_closed_form_and_forgetting_open_deals_does_not():
    rng = np.random.default_rng(11)
    n, won, lost = 20_000, 0.004, 0.012
    days = rng.exponential(1 / (won + lost), n)
    seen = rng.uniform(0, 200, n)
    end = np.where(days <= seen, (rng.random(n) > won / (won + lost)).astype(int), -1)
    estimate = cumulative_incidence(np.minimum(days, seen), end, 2)
    truth = 0.25 * (1 - np.exp(-(won + lost) * 90))
    share, variance = estimate.at(90)
    assert abs(share[0] - truth) < 4 * np.sqrt(variance[0])
    naive = ((end == 0) & (days <= 90)).mean()
    assert abs(naive - truth) > 4 * np.sqrt(variance[0])


def test_everybody_lost_leaves_nobody_and_nobody_watched_leaves_everybody():
    gone = cumulative_incidence([5.0, 7.0], [0, 1], 2)
    assert gone.at(7)[0] == pytest.approx([0.5, 0.5]) and gone.staying_at(7) == (0.0, 0.0)
    assert gone.at(4)[0] == pytest.approx([0, 0])
    nobody = cumulative_incidence([9.0], [-1], 2)
    assert nobody.staying_at(100)[0] == 1 and np.isnan(nobody.quantile(0.5))


def test_weights_count_money_and_equal_weights_count_deals():
    days, end = censored_sample(100)
    plain = cumulative_incidence(days, end, 3)
    equal = cumulative_incidence(days, end, 3, weight=np.full(100, 7.0))
    assert equal.share == pytest.approx(plain.share) and equal.variance == pytest.approx(plain.variance)
    unequal = cumulative_incidence([1.0, 2.0], [0, 1], 2, weight=[3.0, 1.0])
    assert unequal.at(5)[0] == pytest.approx([0.75, 0.25])


def one_stage(start, ended=None, outcome=None, amount=100.0, close="2026-06", **more):
    return Deal([(start, "pipeline", close, amount)], ended, outcome, **more)


def test_conversion_counts_open_deals_for_as_long_as_they_were_seen():
    deals = [
        one_stage("2026-01-05", "2026-01-25", "won"),
        one_stage("2026-01-05", "2026-02-24", "lost_no_decision"),
        one_stage("2026-07-05"),
        one_stage("2026-01-05"),
    ]
    _, _, table, window = prepared(deals)
    result = conversion(table, window)
    result = result[(result["by"] == "all") & (result["basis"] == "count")]
    rows = result.set_index(["outcome", "within_days"])
    # The young deal drops out after ten days: three are left at day 20, two at day 50. 1/3, then 2/3 x 1/2.
    assert rows.loc[("won", 30), "share"] == pytest.approx(1 / 3)
    assert rows.loc[("lost_no_decision", 60), "share"] == pytest.approx(1 / 3)
    assert rows.loc[("open", 60), "share"] == pytest.approx(1 / 3)
    assert rows.loc[("won", 30), "n_followed"] == 3 and rows.loc[("won", 30), "n"] == 4
    assert np.isnan(rows.loc[("won", 365), "share"])
    assert ((rows["low"] <= rows["share"]) & (rows["share"] <= rows["high"]))[rows["share"].notna()].all()


def path(*steps, ended=None, outcome=None, **more):
    return Deal([(d, c, "2026-06", 100.0) for d, c in steps], ended, outcome, **more)


def test_spells_join_states_of_one_stay_and_dwell_counts_those_still_there():
    deals = [
        path(("2026-01-01", "pipeline"), ("2026-01-05", "pipeline"), ("2026-01-11", "commit"),
             ended="2026-01-31", outcome="won"),
        path(("2026-01-01", "pipeline"), ("2026-01-21", "best_case"), ("2026-02-10", "pipeline"),
             ended="2026-03-01", outcome="lost_competition"),
        path(("2026-06-15", "pipeline")),
    ]  # fmt: skip
    _, states, table, window = prepared(deals)
    stays = spells(states, table)
    assert list(zip(stays["deal"], stays["category"], stays["days"], stays["exit"], strict=True)) == [
        (0, 0, 10.0, 2),
        (0, 2, 20.0, 3),
        (1, 0, 20.0, 1),
        (1, 1, 20.0, 0),
        (1, 0, 19.0, 4),
        (2, 0, 30.5, -1),
    ]
    result = dwell(states, table, window)
    row = result[(result["by"] == "all") & (result["category"] == "pipeline")].iloc[0]
    assert (row["n"], row["n_open"], row["n_advanced"], row["n_went_back"]) == (4, 1, 2, 0)
    assert (row["n_won"], row["n_lost_competition"]) == (0, 1)
    # Of four, one has left after 10 days, two after 19, three after 20.
    assert row["median_days"] == 19 and np.isnan(row["p80_days"])
    back = result[(result["by"] == "all") & (result["category"] == "best_case")].iloc[0]
    assert back["n_went_back"] == 1


def test_dwell_of_won_and_lost_deals_stand_apart_and_few_give_no_figure():
    slow = [
        path(("2026-01-01", "pipeline"), ended="2026-02-20", outcome="lost_no_decision") for _ in range(12)
    ]
    fast = [path(("2026-01-01", "pipeline"), ended="2026-01-11", outcome="won") for _ in range(3)]
    _, states, table, window = prepared(slow + fast)
    result = dwell(states, table, window)
    rows = result[result["by"] == "outcome"].set_index("group")
    assert rows.loc["lost", "median_days"] == 50
    assert np.isnan(rows.loc["won", "median_days"]) and rows.loc["won", "note"] == "too few"


def test_pushes_their_lengths_and_what_slipped():
    pushed = [("2026-01-10", "pipeline", "2026-02", 10.0), ("2026-02-20", "pipeline", "2026-05", 10.0)]
    deals = [
        Deal(pushed, "2026-05-05", "won"),
        Deal([*pushed, ("2026-05-20", "commit", "2026-06", 10.0)], "2026-06-05", "lost_competition"),
        Deal([("2026-01-10", "pipeline", "2026-03", 30.0)], "2026-03-05", "won"),
    ]
    _, states, table, window = prepared(deals)
    assert sorted(push_lengths(states, window)) == [1, 3, 3]
    result = pushes(states, table, due_deals(states, table, window), window).set_index(
        ["measure", "group", "basis"]
    )["value"]
    assert [result["deals_by_pushes", g, "count"] for g in "012"] == pytest.approx([1 / 3] * 3)
    assert result["push_length", "3", "count"] == pytest.approx(2 / 3)
    assert result["push_length_months", "mean", "count"] == pytest.approx(7 / 3)
    assert result["slipped", "FY26Q1", "count"] == pytest.approx(2 / 3)
    assert result["slipped", "FY26Q1", "amount"] == pytest.approx(20 / 50)
    assert result["slipped", "FY26Q2", "count"] == 0


def test_past_coverage_is_as_of_the_first_day_and_bookings_foot():
    deals = [
        # Commit at the start, 80 then; signed at 70.
        Deal([("2026-01-05", "pipeline", "2026-05", 60.0), ("2026-03-01", "commit", "2026-05", 80.0)],
             "2026-05-05", "won", signed=70.0),
        # Best case at the start; became commit and grew later, lost.
        Deal([("2026-01-05", "best_case", "2026-06", 40.0), ("2026-04-20", "commit", "2026-06", 99.0)],
             "2026-06-05", "lost_competition"),
        # Pipeline due in the quarter at the start, won.
        Deal([("2026-01-05", "pipeline", "2026-06", 20.0)], "2026-06-20", "won"),
        # Planned for later at the start, won early.
        Deal([("2026-01-05", "commit", "2026-09", 10.0)], "2026-06-20", "won"),
        # Created and won inside the quarter.
        Deal([("2026-04-15", "pipeline", "2026-05", 5.0)], "2026-05-20", "won"),
        # Due, but its amount is not known yet.
        Deal([("2026-01-05", "commit", "2026-04", np.nan)]),
    ]  # fmt: skip
    history, states, table, window = prepared(deals, n_quarters=1)
    result = coverage_history(history, states, table, window)
    assert list(result["segment"]) == ["all"]
    row = result.iloc[0]
    assert row["quarter"] == "FY26Q2"
    assert (row["commit"], row["best_case"], row["pipeline"]) == (80, 40, 20)
    assert (row["n_commit"], row["n_without_amount"]) == (2, 1)
    assert row["booked"] == 70 + 20 + 10 + 5
    parts = [row[f"booked_{name}"] for name in ("from_basis", "from_pipeline", "from_other", "created")]
    assert parts == [70, 20, 10, 5]
    assert row["coverage"] == pytest.approx(120 / 105)
    assert row["coverage_with_pipeline"] == pytest.approx(140 / 105)
    assert row["conversion"] == pytest.approx(70 / 120)


def test_past_coverage_by_segment_adds_up_to_the_whole():
    deals = [
        Deal([("2026-01-05", "commit", "2026-05", 10.0 * k)], "2026-05-05", "won", segment=s)
        for k in range(1, 5)
        for s in ("east", "west")
    ]
    history, states, table, window = prepared(deals, n_quarters=1)
    result = coverage_history(history, states, table, window).set_index("segment")
    for name in ("basis", "booked", "booked_from_basis", "n_commit"):
        assert result.loc["all", name] == result.loc[["east", "west"], name].sum() > 0


def test_pipeline_created_is_counted_when_accepted_and_marks_the_running_quarter():
    deals = [
        one_stage("2026-01-05", amount=10.0),
        one_stage("2026-03-31", amount=np.nan),
        one_stage("2026-04-01", amount=30.0, segment="big"),
        one_stage("2026-07-02", amount=5.0),
        one_stage("2026-07-02", amount=6.0),
    ]
    _, _, table, window = prepared(deals)
    result = created(table, window).set_index(["segment", "quarter"])
    assert list(result.loc["all", "n"]) == [2, 1, 2]
    assert list(result.loc["all", "amount"]) == [10, 30, 11]
    assert list(result.loc["all", "n_without_amount"]) == [1, 0, 0]
    assert list(result.loc["all", "partial"]) == [False, False, True]
    assert list(result.loc["big", "n"]) == [0, 1, 0]


def test_pipeline_created_gives_no_amounts_where_many_are_unknown():
    deals = [one_stage("2026-01-05", "2026-05-05", "won", amount=10.0) for _ in range(7)]
    deals += [one_stage("2026-04-05", amount=np.nan) for _ in range(3)]
    _, _, table, window = prepared(deals)
    result = created(table, window)
    assert result["amount"].isna().all() and result["n"].sum() == 10


def test_cycle_and_size_of_won_deals():
    deals = [one_stage("2026-01-01", "2026-01-11", "won", amount=10.0)] * 2
    deals += [one_stage("2026-01-01", "2026-02-20", "won", amount=100.0)]
    deals += [one_stage("2026-01-01", "2026-02-20", "lost_no_decision", amount=400.0)]
    _, _, table, window = prepared(deals)
    row = cycles(table, window).iloc[0]
    assert (row["n_won"], row["median_days"], row["mean_won"], row["median_won"]) == (3, 10, 40, 10)
    assert row["mean_days"] == pytest.approx(70 / 3) and row["mean_lost"] == 400
