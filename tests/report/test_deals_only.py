"""A company that knows of its deals only when they began, ended and what the won ones brought."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import simulator
from simulator.report.documents.advice import advice
from simulator.report.documents.finished import read_finished

AS_OF = dt.date(2026, 1, 1)
FIRST = pd.Timestamp(2024, 7, 1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of 900 deals of 1,000 each; every third is won after 60 days, every third lost after 40."""
    folder = tmp_path_factory.mktemp("deals_only")
    created = FIRST + pd.to_timedelta(np.arange(900) * 548 // 900, unit="D")
    outcome = np.resize(np.array(["won", "lost_no_decision", ""]), 900)
    closed = created + pd.to_timedelta(np.resize(np.array([60, 40, 0]), 900), unit="D")
    ended = (outcome != "") & (closed <= pd.Timestamp(AS_OF))
    deals = pd.DataFrame(
        {
            "opportunity_id": [f"D{i}" for i in range(900)],
            "segment": "all deals",
            "amount": np.where(ended & (outcome == "won"), "1000", ""),
            "created_date": created.date,
            "outcome": np.where(ended, outcome, ""),
            "closed_date": np.where(ended, closed.date.astype(str), ""),
        }
    )
    (folder / "history").mkdir()
    deals.to_csv(folder / "history" / "opportunities.csv", index=False)
    scenario = folder / "plain.yaml"
    scenario.write_text(
        "name: plain\ncurrency: EUR\nfiscal_year: {start_month: 1, label: end}\nhorizon_quarters: 2\n"
        "forecast: {evidence: 0}\nhistory: history\nas_of: 2026-01-01\n"
        "segments:\n  all deals: {motion: smb}\n",
        encoding="utf-8",
    )
    run = simulator.run(scenario, ["simulation.paths=60"])
    run.write(folder / "results")
    won = deals[deals["outcome"] == "won"].assign(closed=lambda t: pd.to_datetime(t["closed_date"]))
    return read_finished(folder / "results"), won


def test_past_quarters_are_what_was_won_in_them(finished):
    results, won = finished
    past = results.tables["past_quarters"].set_index("period")["booked"]
    by_quarter = won.groupby(won["closed"].dt.to_period("Q")).size() * 1000.0
    seen = {f"FY{q.year % 100}Q{q.quarter}": value for q, value in by_quarter.items()}
    assert set(past.index) <= set(seen)
    assert len(past) >= 5
    for period, value in past.items():
        assert value == seen[period]


def test_no_flow_is_claimed_where_nothing_says_when_a_deal_is_due(finished):
    results, _ = finished
    assert "deal_flow" not in results.tables


def test_deals_without_amounts_weigh_what_such_deals_bring(finished):
    results, _ = finished
    rows = results.tables["deals"]
    assert rows["amount"].isna().all()
    assert rows["expected_this"].sum() == pytest.approx(1000 * rows["p_this"].sum(), rel=0.01)
    sentence = advice(results).deals[0]
    heaviest = rows.loc[rows["expected_this"].idxmax()]
    assert sentence.startswith(f"{heaviest['opportunity_id']} (all deals, pipeline): no amount at ")
    small = replace(results, tables=results.tables | {"deals": rows.assign(expected_this=1.0)})
    assert advice(small).deals == (
        f"No single deal decides it: the heaviest of {len(rows):,} open deals is under 1% of what the "
        "quarter books in the mean.",
    )
