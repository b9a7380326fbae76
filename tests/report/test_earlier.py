"""A second run into a folder says what the run before forecast, and what came of it."""

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simulator
from simulator.history.load import save_history
from simulator.report.documents.advice import advice
from simulator.report.documents.finished import read_finished
from simulator.report.documents.page import render_page
from simulator.report.forecast.earlier import say_previous
from tests.calibration.known_deals import KnownRates, simulate_history

PLAN = """
name: plan
history: history
fiscal_year: {start_month: 1, label: end}
horizon_quarters: 2
targets: {FY25Q1: 5M}
simulation: {paths: 20, rate_draws: 2}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the finished runs of two days into one folder, of which the second is run twice."""
    folder = tmp_path_factory.mktemp("days")
    (folder / "plan.yaml").write_text(PLAN)
    truth = KnownRates(sals_per_month=(8.0, 6.0, 4.0))
    save_history(
        simulate_history(truth, dt.date(2024, 2, 1), dt.date(2025, 1, 20), seed=1), folder / "history"
    )
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simulator.report.documents.exports.export_jobs", lambda *_: [])
        patch.setattr("simulator.report.run.Run._chart_jobs", lambda _: [])
        for at, day in enumerate(("2024-12-20", "2025-01-20", "2025-01-20")):
            run = simulator.run(folder / "plan.yaml", [f"as_of={day}"])
            run.write(folder / "out", command="simulator run plan.yaml")
            found.append(read_finished(Path(shutil.copytree(folder / "out", folder / str(at)))))
    return found


def new_bookings(run):
    rows = run.tables["bookings"]
    return rows[(rows["segment"] == "all") & (rows["kind"] == "new")].set_index("period")


def test_the_first_run_knows_no_other(runs):
    assert "previous_forecast" not in runs[0].tables
    assert advice(runs[0]).changed == ()
    assert "There was no earlier run in this folder" in render_page(runs[0])


def test_the_forecast_before_stands_next_to_this_one(runs):
    before, now = new_bookings(runs[0]), new_bookings(runs[1])
    table = runs[1].tables["previous_forecast"].set_index("period")
    assert list(table["since"].unique()) == ["2024-12-20"]
    assert list(table.index) == ["FY24Q4", "FY25Q1"]
    for key in ("p10", "p50", "p90", "p_hit"):
        assert np.array_equal(table[f"{key}_then"], before[key], equal_nan=True)
        assert np.array_equal(table[key], now[key].reindex(table.index), equal_nan=True)
    said, page = advice(runs[1]).changed, render_page(runs[1])
    assert said[1].startswith("FY25Q1, forecast on 2024-12-20: P50 $") and "; now P50 $" in said[1]
    assert all(sentence in page for sentence in said[:2])
    assert "The last forecast next to this one" in page
    assert "simulator compare plan.yaml --since 2024-12-20 --paths 20" in page


def test_of_a_quarter_that_is_over_the_result_is_shown(runs):
    table = runs[1].tables["previous_forecast"].set_index("period")
    past = runs[1].tables["past_quarters"].set_index("period")["booked"]
    assert np.isnan(table.loc["FY24Q4", "p50"])
    assert table.loc["FY24Q4", "result"] == pytest.approx(past["FY24Q4"], abs=0.01)
    said = advice(runs[1]).changed[0]
    assert said.startswith("FY24Q4, forecast on 2024-12-20: P50 $") and "; it booked $" in said


def test_the_flow_of_deals_begins_with_the_last_run_and_foots(runs):
    assert [run.summary["flow_since"] for run in runs] == ["2024-11-22", "2024-12-20", "2024-12-20"]
    for run in runs:
        flow = run.tables["deal_flow"].set_index("step")["amount"]
        assert flow.drop("closing").sum() == pytest.approx(flow["closing"], abs=0.05)


def test_a_second_run_on_the_same_day_keeps_what_changed_since_the_day_before(runs):
    pd.testing.assert_frame_equal(runs[1].tables["previous_forecast"], runs[2].tables["previous_forecast"])
    assert advice(runs[2]).changed == advice(runs[1]).changed[:2]


ROW = {
    "since": "2026-09-30", "period": "FY27Q4", "p10_then": 3e6, "p50_then": 5e6, "p90_then": 7e6,
    "target_then": np.nan, "p_hit_then": np.nan, "p10": 3e6, "p50": 4.5e6, "p90": 6e6, "target": np.nan,
    "p_hit": np.nan, "result": np.nan, "p50_error": 3e4, "p50_error_then": 4e4,
}  # fmt: skip


SURE = "(± $64k, 80% simulation interval)"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, f"P50 $5M ($3M to $7M); now P50 $4.5M, $500k less {SURE}."),
        ({"p50": 5.2e6}, f"P50 $5M ($3M to $7M); now P50 $5.2M, $200k more {SURE}."),
        ({"p50": 4.95e6}, f"P50 $5M ($3M to $7M); now P50 $4.95M, no measurable change {SURE}."),
        ({"result": 6e6, "p50": np.nan}, "P50 $5M ($3M to $7M); it booked $6M."),
        (
            {"target_then": 6e6, "p_hit_then": 0.3, "target": 5e6, "p_hit": 0.45},
            "P50 $5M ($3M to $7M), 30% chance of $6M; "
            f"now P50 $4.5M, $500k less {SURE}, and 45% chance of $5M.",
        ),
    ],
)
def test_a_quarter_is_said_in_one_sentence(changed, said):
    (sentence,) = say_previous(pd.DataFrame([ROW | changed]), "USD")
    assert sentence == f"FY27Q4, forecast on 2026-09-30: {said}"
