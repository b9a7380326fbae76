"""Where deals die or wait, by hand; what each remedy is worth, exact where all is certain."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from simulator.analysis import yardstick
from simulator.analysis.bottlenecks import counterfactuals, relax
from simulator.analysis.diagnose.qualified import rate_window
from simulator.analysis.diagnose.stuck_deals import OLD_AND_QUIET, PAST_DUE, find_stuck_deals
from simulator.analysis.forecast.coverage import measure_coverage
from simulator.analysis.forecast.pipeline import chance_at, coverage_curve
from simulator.analysis.yardstick import CAPACITY, CLOSING, PIPELINE
from simulator.engine.prepare import prepare
from simulator.fiscal import FiscalCalendar, day_number
from simulator.history.tables import History, empty_table
from simulator.report.diagnose.words import stuck_findings, what_holds_back
from tests.made_paths import SAMPLE_TARGETS, sample_paths
from tests.small_companies import company, deal, segment, stay

CALENDAR = FiscalCalendar(1, "end")
STAGES = {"Talk": "pipeline", "Offer": "best_case", "Agree": "commit", "Contract": "commit"}


def history(deals: list[dict[str, object]], as_of: str = "2026-09-30") -> History:
    """Deals as {id, steps: [(day, stage, close date)], outcome, closed, owner}, 100 each unless said."""
    rows, changes = [], []
    for made in deals:
        steps = made["steps"]
        amount = made.get("amount", 100.0)
        row = {"opportunity_id": made["id"], "segment": "smb", "amount": amount, "created_date": steps[0][0]}
        rows.append(
            row
            | {
                "outcome": made.get("outcome"),
                "closed_date": made.get("closed"),
                "owner": made.get("owner", "Ann"),
            }
        )
        names = ("changed_at", "stage", "close_date")
        changes += [
            dict(zip(names, s, strict=True)) | {"opportunity_id": made["id"], "amount": amount} for s in steps
        ]
    stages = [{"stage": stage, "category": category} for stage, category in STAGES.items()]
    tables = {}
    for name, content in {"opportunities": rows, "stage_changes": changes, "stages": stages}.items():
        empty = empty_table(name)
        tables[name] = pd.DataFrame(content, columns=list(empty.columns)).astype(dict(empty.dtypes))
    return History(dt.date.fromisoformat(as_of), **tables)


def stuck(deals: list[dict[str, object]]):
    made = history(deals)
    first = day_number(dt.date(2025, 1, 1))
    return find_stuck_deals(made, rate_window(CALENDAR, made.as_of, first, 8))


def ended(name: str, stage: str, outcome: str, amount: float = 100.0) -> dict[str, object]:
    steps = [("2026-01-05", "Talk", "2026-03-20"), ("2026-02-01", stage, "2026-03-20")]
    return {"id": name, "steps": steps, "outcome": outcome, "closed": "2026-03-10", "amount": amount}


def test_deals_die_where_they_stood_and_of_what():
    deals = [ended(f"w{i}", "Contract", "won") for i in range(3)]
    deals += [ended(f"n{i}", "Offer", "lost_no_decision") for i in range(12)]
    deals += [ended(f"c{i}", "Agree", "lost_competition", 1000.0) for i in range(5)]
    result = stuck(deals)
    table = result.ends.set_index(["category", "outcome"])
    assert table.loc[("best_case", "lost_no_decision"), ["n", "share", "share_of_losses"]].tolist() == [
        12,
        0.6,
        12 / 17,
    ]
    assert table.loc[("commit", "lost_competition"), "amount"] == 5000.0
    assert table["n"].sum() == 20
    words = " ".join(stuck_findings(result, "USD"))
    assert "71% died in best case" in words and "discovery and the business case" in words
    assert "5 deals (81% of the money lost) were lost out of commit" in words


def test_commits_not_in_contracts_yet_are_listed_with_the_weeks_left():
    plan = "2026-11-20"
    deals = [
        {"id": "early", "steps": [("2026-09-01", "Agree", plan)], "amount": 700.0},
        {"id": "late", "steps": [("2026-09-01", "Contract", plan)]},
        {"id": "next", "steps": [("2026-09-01", "Agree", "2027-01-20")]},
        {"id": "best", "steps": [("2026-09-01", "Offer", plan)]},
        ended("a", "Agree", "won"),
    ]
    result = stuck(deals)
    assert result.has_late_stages
    assert result.commits["opportunity_id"].tolist() == ["early"]
    assert result.commits["weeks_left"].tolist() == [92 / 7]


def test_dead_deals_lower_the_close_rate_when_they_are_closed_out():
    deals = [ended(f"w{i}", "Agree", "won") for i in range(5)]
    deals += [ended(f"l{i}", "Agree", "lost_competition") for i in range(5)]
    deals += [
        {"id": "past", "steps": [("2026-04-01", "Offer", "2026-06-20")]},
        {
            "id": "moved",
            "steps": [("2026-04-01", "Offer", "2026-06-20"), ("2026-09-20", "Agree", "2026-06-20")],
        },
        {"id": "old", "steps": [("2025-06-01", "Talk", "2026-12-20")]},
        {"id": "fresh", "steps": [("2026-09-01", "Talk", "2026-12-20")]},
    ]
    result = stuck(deals)
    assert dict(zip(result.dead["opportunity_id"], result.dead["reason"], strict=True)) == {
        "past": PAST_DUE,
        "old": OLD_AND_QUIET,
    }
    total = result.close_rates.set_index("segment").loc["all"]
    assert total["close_rate"] == 0.5 and total["close_rate_cleaned"] == 5 / 12


def test_slippage_is_told_by_pushes_and_category_as_they_stood_when_due():
    slips = [
        {
            "id": f"s{i}",
            "steps": [("2026-01-05", "Offer", "2026-02-20"), ("2026-02-21", "Offer", "2026-05-20")],
            "outcome": "won",
            "closed": "2026-05-10",
        }
        for i in range(10)
    ]
    table = stuck(slips + [ended(f"w{i}", "Agree", "won") for i in range(30)]).slippage
    pushes = table[table["by"] == "pushes"].set_index("group")
    # Qualified in the quarter that they slipped out of, never moved till then; due again once moved.
    assert pushes.loc["0", ["n", "n_slipped"]].tolist() == [40, 10]
    assert pushes.loc["1", ["n", "n_slipped"]].tolist() == [10, 0]
    owner = table[table["by"] == "owner"].iloc[0]
    assert (owner["group"], owner["n"], owner["value"]) == ("Ann", 50, 0.2)


CLOSES = {"pipeline": stay(20, won=0.2, lost_no_decision=0.8)}


def test_better_closing_is_worth_what_it_wins_and_more_of_no_pipeline_nothing():
    scenario = company(
        {"one": segment(**CLOSES)},
        [deal(f"d{i}") for i in range(200)],
        horizon_quarters=4,
        targets={"FY27Q1": 50_000},
        simulation={"paths": 200, "rate_uncertainty": False},
    )
    relaxed = relax(prepare(scenario), 200)
    table, base = counterfactuals(relaxed, scenario.targets), relaxed.base
    whole = table[table["period"] == table["period"].iloc[-1]].set_index("kind")
    assert whole.index.tolist() == [PIPELINE, CLOSING]
    assert whole.loc[PIPELINE, "mean_change"] == 0.0
    whole = whole.loc[CLOSING]
    # No history: a tenth better odds, 0.22 against 0.8.
    expected = 200 * 1000 * (0.22 / 1.02 - 0.2)
    error = (whole["mean_change_high"] - whole["mean_change_low"]) / (2 * 1.96)
    assert abs(whole["mean_change"] - expected) < 4 * error + 100
    assert abs(whole["mean_change"] - 2 * expected) > 4 * error
    assert base.n_paths == 200 and base.arr_flows is None
    assert table["p_hit"].iloc[0] >= table["base_p_hit"].iloc[0]


def test_capacity_is_what_binds_where_nobody_is_free():
    scenario = company(
        {"one": segment(sals_per_month=30, pipeline=stay(30, won=0.9, lost_no_decision=0.1))},
        reps={"all": {"heads": 1, "open_deals_per_rep": 5, "patience_days": 20}, "segments": {"one": {}}},
        horizon_quarters=4,
        simulation={"paths": 100},
    )
    table = counterfactuals(relax(prepare(scenario), 100), {})
    gain = table[table["period"] == table["period"].iloc[-1]].set_index("kind")["mean_change"]
    assert set(gain.index) == {PIPELINE, CLOSING, CAPACITY}
    # Half a deal more in work at all times, 43 days each on average, nine of ten won for 1,000.
    assert gain[CAPACITY] == pytest.approx(0.5 * 365 / (30 / np.log(2)) * 0.9 * 1000, rel=0.15)
    assert gain[PIPELINE] < 0.3 * gain[CAPACITY]
    assert what_holds_back(table, "USD")[0].startswith("It is capacity")


def test_better_quarters_are_the_upper_quartile_of_the_past():
    assert yardstick._better(PIPELINE, np.array([10.0, 10, 20, 20])).factor == pytest.approx(20 / 15)
    closing = yardstick._better(CLOSING, np.array([0.2, 0.2, 0.4, 0.4]))
    assert closing.factor == pytest.approx((0.4 / 0.6) / (0.3 / 0.7))
    slips = yardstick._better("slippage", np.array([0.2, 0.2, 0.4, 0.4]))
    assert slips.factor == pytest.approx(0.2 / 0.3)
    loads = yardstick._better(CAPACITY, np.array([8.0, 8, 16, 16]))
    assert loads.factor == pytest.approx(12 / 8)
    assert yardstick._better(PIPELINE, np.full(4, 7.0)).factor == 1.0


def test_the_curve_passes_through_today_and_the_coverage_needed():
    paths = sample_paths(1000)
    curve = coverage_curve(paths, SAMPLE_TARGETS)
    table = measure_coverage(paths, SAMPLE_TARGETS).table
    for period in ("FY28Q1", "FY28Q2"):
        part = curve[(curve["period"] == period) & (curve["basis"] == "enterprise")]
        assert (np.diff(part["p_hit"]) >= 0).all()
        row = table[
            (table["period"] == period) & (table["segment"] == "all") & (table["basis"] == "enterprise")
        ]
        total = paths.bookings_new()[:, paths.periods.index(period)].sum(axis=1)
        target = SAMPLE_TARGETS[period]["all"]
        now = part[part["now"]].iloc[0]
        assert now["coverage"] == pytest.approx(row["coverage"].iloc[0])
        assert now["p_hit"] == (total >= target).mean()
        amount = float(row["amount"].iloc[0])
        needed = float(row["needed_p80"].iloc[0])
        chance = chance_at(total, needed, amount=amount, booked=0.0, target=target)
        assert chance == pytest.approx(0.8, abs=2 / paths.n_paths)
