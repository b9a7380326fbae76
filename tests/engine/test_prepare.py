import datetime as dt
from hashlib import sha256

import pandas as pd
import pytest

from simulator.calibration.estimate import calibrate
from simulator.calibration.file import save_calibration
from simulator.engine.prepare import prepare
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.load import load_history
from simulator.report.assumptions import list_assumptions
from simulator.scenario.load import load_scenario

INLINE = """
as_of: 2026-10-31
segments:
  smb: {sals_per_month: 4, amount: 10k, pipeline: {to: {won: 25%, lost_no_decision: 75%}, median_days: 30}}
levers: {sals: +20%}
"""


def write_history(folder):
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(range(0, 360, 3), unit="D")
    table = pd.DataFrame(
        {
            "opportunity_id": [f"D{i}" for i in range(len(days))],
            "segment": ["east", "west"] * (len(days) // 2),
            "amount": 1000.0,
            "created_date": days,
            "qualified_date": days,
            "outcome": ["won", "lost_competition", "lost_no_decision"] * (len(days) // 3),
            "closed_date": days + pd.Timedelta(days=40),
        }
    )
    folder.mkdir()
    table.to_csv(folder / "opportunities.csv", index=False)


@pytest.fixture
def workspace(tmp_path):
    write_history(tmp_path / "history")
    (tmp_path / "base.yaml").write_text(
        "history: history\nas_of: 2025-12-31\ntargets: {FY26Q1: {east: 1k, west: 2k}}\n"
    )
    return tmp_path


def test_a_history_is_read_as_of_the_day_and_calibrated(workspace):
    prepared = prepare(load_scenario(workspace / "base.yaml"))
    assert prepared.history.as_of == dt.date(2025, 12, 31)
    assert prepared.calibration.segments == ("east", "west")
    assert prepared.history.opportunities["outcome"].isna().any()
    assert prepared.scenario.targets["FY26Q1"]["all"] == 3000.0
    read = {content.path: content.sha256 for content in prepared.files}
    assert workspace / "history" / "opportunities.csv" in read
    assert read[workspace / "base.yaml"] == sha256((workspace / "base.yaml").read_bytes()).hexdigest()


def test_without_a_day_the_history_s_last_day_is_taken(workspace):
    (workspace / "base.yaml").write_text("history: history\n")
    prepared = prepare(load_scenario(workspace / "base.yaml"))
    assert prepared.scenario.as_of == prepared.history.as_of


def test_rates_from_after_the_day_are_noted(workspace):
    save_calibration(
        calibrate(load_history(workspace / "history"), FiscalCalendar()), workspace / "rates.json"
    )
    (workspace / "base.yaml").write_text("history: history\ncalibration: rates.json\nas_of: 2025-09-30\n")
    prepared = prepare(load_scenario(workspace / "base.yaml"))
    assert any("still to come" in note for note in prepared.notes)
    assert workspace / "rates.json" in [content.path for content in prepared.files]


def test_stated_rates_need_no_history_and_have_no_shock(tmp_path):
    (tmp_path / "inline.yaml").write_text(INLINE)
    prepared = prepare(load_scenario(tmp_path / "inline.yaml"))
    assert prepared.history is None
    assert prepared.calibration is None
    assert not prepared.has_shock


def test_a_segment_that_nobody_knows_is_a_fault(workspace):
    (workspace / "base.yaml").write_text("history: history\nsegments: {esat: {motion: smb}}\n")
    with pytest.raises(InputError, match="esat"):
        prepare(load_scenario(workspace / "base.yaml"))


def test_every_assumption_has_a_source(workspace, tmp_path):
    calibrated = list_assumptions(prepare(load_scenario(workspace / "base.yaml")))
    assert {row["source"] for row in calibrated} == {"calibrated", "scenario", "model"}
    (tmp_path / "inline.yaml").write_text(INLINE)
    stated = list_assumptions(prepare(load_scenario(tmp_path / "inline.yaml")))
    assert "calibrated" not in {row["source"] for row in stated}
    assert [row["name"] for row in stated if row["name"].startswith("levers")] == ["levers.sals"]


def test_a_day_long_after_the_history_is_a_fault_and_soon_after_a_note(workspace):
    scenario = load_scenario(workspace / "base.yaml", ["as_of=2027-06-30"])
    with pytest.raises(InputError, match="history ends on"):
        prepare(scenario)
    soon = load_history(workspace / "history").as_of + dt.timedelta(days=20)
    prepared = prepare(load_scenario(workspace / "base.yaml", [f"as_of={soon}"]))
    assert any("The history ends on" in note for note in prepared.notes)


def test_a_day_before_the_history_begins_is_a_fault_that_says_so(workspace):
    with pytest.raises(InputError, match="the history begins on 2025-01-01"):
        prepare(load_scenario(workspace / "base.yaml", ["as_of=2024-06-30"]))


def test_the_currency_of_the_history_is_taken_or_must_agree(workspace):
    about = workspace / "history" / "history.json"
    about.write_text('{"as_of": "2026-02-10", "notes": [], "currency": "EUR"}')
    prepared = prepare(load_scenario(workspace / "base.yaml"))
    assert prepared.scenario.currency == "EUR"
    assert any("Amounts are in EUR" in note for note in prepared.notes)
    with pytest.raises(InputError, match="currency is USD, but the amounts of the history are in EUR"):
        prepare(load_scenario(workspace / "base.yaml", ["currency=USD"]))
    assert prepare(load_scenario(workspace / "base.yaml", ["currency=EUR"])).scenario.currency == "EUR"


def test_what_rests_on_the_same_history_takes_it_over(workspace):
    base = prepare(load_scenario(workspace / "base.yaml"))
    overlay = "extends: base.yaml\nlevers: {sals: +20%}\n"
    (workspace / "more.yaml").write_text(overlay)
    more = prepare(load_scenario(workspace / "more.yaml"), like=base)
    assert more.history is base.history
    assert more.calibration is base.calibration
    alone = prepare(load_scenario(workspace / "more.yaml"))
    assert (more.scenario, more.files) == (alone.scenario, alone.files)


def test_what_is_taken_over_is_what_was_read_then(workspace):
    base = prepare(load_scenario(workspace / "base.yaml"))
    deals = workspace / "history" / "opportunities.csv"
    before = {content.path: content for content in base.files}[deals]
    deals.write_text(deals.read_text() + "\n")
    again = prepare(load_scenario(workspace / "base.yaml"), like=base)
    assert before in again.files
    assert before not in prepare(load_scenario(workspace / "base.yaml")).files


def test_another_day_is_read_and_calibrated_anew(workspace):
    base = prepare(load_scenario(workspace / "base.yaml"))
    (workspace / "earlier.yaml").write_text("extends: base.yaml\nas_of: 2025-10-31\n")
    earlier = prepare(load_scenario(workspace / "earlier.yaml"), like=base)
    assert earlier.history.as_of == dt.date(2025, 10, 31)
    assert earlier.calibration.as_of == dt.date(2025, 10, 31)
