import numpy as np
import pytest

from simulator.analysis.forecast.coverage import (
    HistoricalRates,
    measure_coverage,
    needed_multiple,
    rule_of_thumb,
)
from simulator.analysis.forecast.coverage_months import coverage_by_month
from simulator.analysis.forecast.forecast import forecast_bookings
from simulator.engine.run.simulate import simulate
from tests.made_paths import SAMPLE_TARGETS, make_paths, sample_paths
from tests.small_companies import company, deal, segment

DUE = np.array([[[8.0], [4.0], [2.0]]])


@pytest.mark.parametrize(("close_rate", "multiple"), [(1 / 3, 3.0), (0.25, 4.0), (1.0, 1.0)])
def test_rule_of_thumb(close_rate, multiple):
    assert rule_of_thumb(close_rate) == pytest.approx(multiple)


@pytest.mark.parametrize("unknown", [0.0, np.nan, -0.1])
def test_rule_of_thumb_of_an_unknown_rate_is_missing(unknown):
    assert np.isnan(rule_of_thumb(unknown))


def test_enterprise_counts_best_case_commit_and_closed_only():
    paths = make_paths(
        {"won_commit": 1.0}, n_paths=3, partial=True, booked=3.0, open_amount=DUE[0], due_amount=DUE
    )
    rates = HistoricalRates({"all": 1 / 3, "a": 0.25}, {"all": 0.25})
    coverage = measure_coverage(paths, {"FY27Q1": {"all": 4.5}}, rates=rates)
    plain = coverage.row("FY27Q1", "all", "enterprise")
    adjusted = coverage.row("FY27Q1", "all", "enterprise_slippage_adjusted")
    assert (plain["amount"], plain["coverage"]) == (9.0, 2.0)
    assert plain["rule_of_thumb"] == pytest.approx(3.0)
    assert adjusted["rule_of_thumb"] == pytest.approx(4.0)
    assert coverage.row("FY27Q1", "a", "enterprise")["rule_of_thumb"] == pytest.approx(4.0)


def test_smb_adds_pipeline_and_what_is_created_and_closed():
    paths = make_paths({"won_created": 6.0}, n_paths=3, open_amount=DUE[0], due_amount=DUE)
    coverage = measure_coverage(paths, {"FY27Q1": {"all": 10.0}}, {"a": "smb"})
    row = coverage.row("FY27Q1", "all", "smb")
    assert (row["amount"], row["coverage"]) == (20.0, 2.0)
    assert coverage.row("FY27Q1", "all", "enterprise") is None


def test_mixed_motions_show_the_total_on_both_bases():
    table = measure_coverage(sample_paths(100), SAMPLE_TARGETS, {"smb": "smb"}).table
    bases = table[table["period"] == "FY28Q1"].groupby("segment")["basis"].apply(list)
    assert bases["smb"] == ["smb"]
    assert bases["enterprise_us"] == ["enterprise", "enterprise_slippage_adjusted"]
    assert bases["all"] == ["enterprise", "enterprise_slippage_adjusted", "smb"]


def test_what_is_missing_for_an_80_percent_chance_reaches_the_multiple_needed():
    table = measure_coverage(sample_paths(200), SAMPLE_TARGETS).table
    rows = table[table["short_p80"] > 0]
    assert len(rows) > 3
    assert np.allclose((rows["amount"] + rows["short_p80"]) / rows["target"], rows["needed_p80"])
    low = {period: {"all": 1e4} for period in SAMPLE_TARGETS}
    enough = measure_coverage(sample_paths(200), low).table
    assert (enough.loc[enough["coverage"] >= enough["needed_p80"], "short_p80"] == 0).any()
    assert table.loc[table["target"].isna(), "short_p80"].isna().all()


def test_needed_multiple_in_closed_form():
    """0..100 booked by chance: the 20 % quantile is 20, so 80 % asks for 50/20 of what gives 60/50 now."""
    bookings = np.arange(101.0)
    assert needed_multiple(bookings, 60.0, 0.0, 50.0, 0.8) == pytest.approx(60 / 20)
    assert needed_multiple(bookings, 60.0, 0.0, 50.0, 0.5) == pytest.approx(60 / 50)
    assert needed_multiple(bookings, 60.0, 0.0, np.nan, 0.8) == pytest.approx(60 / 20)


def test_what_is_booked_does_not_grow_with_the_pipeline():
    """10 booked, 20 needed: the open part (low case 5) must double, so 10 + 2 × 8 over 20."""
    assert needed_multiple(np.full(9, 15.0), 18.0, 10.0, 20.0, 0.8) == pytest.approx(26 / 20)


def test_needed_is_above_today_exactly_when_the_chance_is_too_low():
    paths = sample_paths(2001)
    rows = measure_coverage(paths, SAMPLE_TARGETS, {"smb": "smb"}).table
    p_hit = forecast_bookings(paths, SAMPLE_TARGETS).bookings.query("kind == 'all'")
    p_hit = p_hit.set_index(["period", "segment"])["p_hit"]
    rows = rows[rows["target"].notna() & (rows["amount"] > 0)]
    assert len(rows) > 10
    for row in rows.itertuples():
        for needed, confidence in ((row.needed_p50, 0.5), (row.needed_p80, 0.8), (row.needed_p90, 0.9)):
            chance = p_hit[row.period, row.segment]
            if abs(chance - confidence) > 0.001:
                assert (row.coverage >= needed) == (chance >= confidence)


def test_the_unreachable_is_said_not_printed_as_infinite():
    won = np.where(np.arange(10) < 8, 0.0, 5.0)[:, None, None]
    paths = make_paths({"won_commit": won}, n_paths=10, open_amount=DUE[0], due_amount=DUE)
    row = measure_coverage(paths, {"FY27Q1": {"all": 4.0}}).row("FY27Q1", "all", "enterprise")
    assert np.isnan(row["needed_p80"])
    assert "no multiple" in row["note"]
    assert "P80" in row["note"]
    numbers = measure_coverage(paths).table.select_dtypes("number").to_numpy()
    assert not np.isinf(numbers).any()


def test_a_target_already_booked_needs_its_own_amount_once():
    paths = make_paths(n_paths=3, partial=True, booked=5.0, open_amount=DUE[0], due_amount=DUE)
    row = measure_coverage(paths, {"FY27Q1": {"all": 5.0}}).row("FY27Q1", "all", "enterprise")
    assert row["needed_p90"] == 1.0
    assert row["note"] == "target already booked"


def test_without_close_dates_coverage_is_missing_and_says_so():
    coverage = measure_coverage(make_paths(n_paths=3, open_amount=DUE[0]), {"FY27Q1": {"all": 5.0}})
    row = coverage.row("FY27Q1", "all", "enterprise")
    assert np.isnan(row["coverage"])
    assert "close date" in row["note"]
    assert any("close dates" in note for note in coverage.notes)


def test_smb_deals_without_close_dates_all_count_in_the_first_period():
    paths = make_paths({"won_created": 1.0}, n_paths=3, n_periods=2, open_amount=DUE[0])
    coverage = measure_coverage(paths, {"FY27Q1": {"all": 5.0}}, {"a": "smb"})
    assert coverage.row("FY27Q1", "all", "smb")["amount"] == 15.0
    assert coverage.row("FY27Q2", "all", "smb")["amount"] == 1.0


def test_columns_are_those_of_the_design():
    table = measure_coverage(sample_paths(20)).table
    assert list(table.columns[:8]) == [
        "period", "segment", "basis", "coverage", "needed_p50", "needed_p80", "needed_p90", "rule_of_thumb",
    ]  # fmt: skip
    assert table["coverage"].isna().all()


def test_coverage_by_month_is_of_what_the_target_leaves_open():
    """10 of 40 booked: 30 are left for months in which 1, 1 and 4 are expected, 5 of it for the first."""
    monthly = np.array([1.0, 1.0, 4.0])[:, None]
    paths = make_paths(
        n_paths=4, partial=True, booked=10.0, open_amount=DUE[0], due_amount=DUE, monthly_bookings=monthly,
        due_by_month=np.array([[8.0], [4.0], [2.0]]),
    )  # fmt: skip
    targets = {paths.periods[0]: {"a": 40.0}}
    quotas = {(paths.periods[0], "a"): 12.0}
    table = coverage_by_month(paths, targets, {"a": "smb"}, quotas)
    assert table["coverage_of_quota"].tolist() == [2.0, 1.0, 0.5]
    assert table["month"].tolist() == ["2026-02", "2026-03", "2026-04"]
    assert table["target"].tolist() == [5.0, 5.0, 20.0]
    assert table["coverage"].tolist() == [8 / 5, 4 / 5, 2 / 20]
    # Every path books the mean: five times as much of all is needed, whatever the chance.
    assert table["needed_p90"].tolist() == [8.0, 4.0, 0.5]
    assert coverage_by_month(paths, targets, {"a": "enterprise"}, {}).empty
    booked = coverage_by_month(paths, {paths.periods[0]: {"a": 9.0}}, {"a": "smb"}, {})
    assert booked["coverage"].isna().all() and set(booked["note"]) == {"target already booked"}


def test_months_are_not_covered_by_deals_without_a_close_date():
    table = coverage_by_month(make_paths(n_paths=3, open_amount=DUE[0]), {}, {"a": "smb"}, {})
    assert table["coverage"].isna().all()
    assert set(table["note"]) == {"open deals have no close dates to count by"}


def test_past_due_deals_are_in_no_coverage():
    """Two deals due in the quarter, one of them dated before the as-of date: 1 of 2 counts, in its month."""
    dated = [deal("due", close_date="2027-02-15"), deal("late", close_date="2026-11-15")]
    scenario = company(
        {"one": segment()}, dated, simulation={"paths": 8}, targets={"FY27Q1": {"one": 1_000_000}}
    )
    paths = simulate(scenario, None, None)
    amount, late = paths.due_amount.sum(), float(paths.past_due_amount.sum())
    assert amount == late == 1000.0
    assert paths.due_by_month[:, 0].tolist()[:3] == [0.0, 1000.0, 0.0]
    row = measure_coverage(paths, scenario.targets, {"one": "smb"}).row("FY27Q1", "one", "smb")
    assert row["amount"] == pytest.approx(1000.0 + paths.flow("won_created")[:, 0].mean())
    assert row["past_due"] == 1000.0
