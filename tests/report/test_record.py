"""The record of past forecasts in a run: the sentence where there is one, else how to come by it."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from simulator.fiscal import FiscalCalendar
from simulator.report.backtest.record import add_record, record_path
from simulator.report.output.manifest import write_json

RECORD = {"record": "Your P10–P90 held 7 of 9 quarters", "as_of": "2026-01-31"}
QUARTERS = {"fiscal_start": 2, "fiscal_label": "end"}


@pytest.fixture
def history(tmp_path) -> Path:
    (tmp_path / "history").mkdir()
    return tmp_path / "history"


def summary_of(history, *, deals=("d1",)):
    """Return a run's summary after its record was looked for."""
    scenario = SimpleNamespace(
        history=history,
        currency="USD",
        fiscal_calendar=lambda: FiscalCalendar(2, "end"),
        forecast=SimpleNamespace(evidence=0.5),
        simulation=SimpleNamespace(shared_shock=True),
    )
    known = SimpleNamespace(
        as_of=pd.Timestamp("2026-02-28").date(), opportunities=pd.DataFrame({"opportunity_id": deals})
    )
    summary = {"answers": {"bookings": "we will book"}, "notes": ["one"]}
    add_record(summary, SimpleNamespace(scenario=scenario, history=known, calibration=None))
    return summary


def test_a_run_says_the_record_last_among_its_answers(history):
    write_json(RECORD | QUARTERS, record_path(history))
    summary = summary_of(history)
    said = "Your P10–P90 held 7 of 9 quarters (backtest of the history up to 2026-01-31)"
    assert summary["record"] == said
    assert list(summary["answers"].items()) == [("bookings", "we will book"), ("record", said)]
    assert summary["notes"] == ["one"]


def test_a_run_without_a_record_says_how_to_make_one(history):
    summary = summary_of(history)
    assert summary["record"] is None
    assert list(summary["answers"]) == ["bookings"]
    command = f"simulator backtest {history} --fiscal-start 2 --fiscal-label end --currency USD"
    assert command in summary["notes"][-1]


def test_a_history_without_deals_has_no_record_to_make(history):
    summary = summary_of(history, deals=())
    assert (summary["record"], summary["notes"]) == (None, ["one"])
