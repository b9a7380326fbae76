"""What the page advises: levers with their intervals, deals with what speaks against them."""

from dataclasses import replace

import pandas as pd
import pytest
from pptx import Presentation

from simulator.notes import CALIBRATED, HowMade
from simulator.report.answer import split_notes
from simulator.report.documents.advice import advice
from simulator.report.documents.deck import write_deck
from simulator.report.documents.finished import read_finished
from tests.report.finished_runs import arr_table, write_run

LEVERS = pd.DataFrame(
    [
        ("p50", "FY27Q4–FY28Q4", "slippage", 0.8, 2.1e6, 1e5),
        ("p50", "FY27Q4–FY28Q4", "sals", 1.2, 9e5, 2e5),
        ("p50", "FY27Q4–FY28Q4", "close_odds", 1.1, 3e5, 2e5),
    ],
    columns=["measure", "period", "name", "factor", "gain", "error"],
)


@pytest.fixture
def pulled(tmp_path):
    folder = write_run(tmp_path / "base", charts=False)
    LEVERS.to_csv(folder / "tables" / "levers.csv", index=False)
    return folder


def test_a_lever_is_named_with_its_interval_and_only_if_it_is_clear_of_noise(pulled):
    said = advice(read_finished(pulled)).levers
    assert said == (
        "Slippage of close dates −20%: $2.1M more new bookings over FY27Q4–FY28Q4 "
        "(± $130k, 80% simulation interval), cost not counted.",
        "New accepted leads (SALs) +20%: $900k more new bookings over FY27Q4–FY28Q4 "
        "(± $260k, 80% simulation interval), cost not counted.",
    )
    assert "levers" not in advice(read_finished(pulled)).to_run


def test_levers_that_change_nothing_are_said_to(pulled):
    LEVERS.assign(gain=1e5, error=1e5).to_csv(pulled / "tables" / "levers.csv", index=False)
    (said,) = advice(read_finished(pulled)).levers
    assert said.startswith("No measurable difference with slippage of close dates, new accepted leads")


def test_a_deal_says_what_speaks_against_it(pulled):
    file = pulled / "tables" / "deals.csv"
    deals = pd.read_csv(file)
    deals["close_month"], deals["pushes"] = ["2026-09", "2027-01", "2027-01"], [0, 3, 1]
    deals["amount"] *= 1000
    deals.to_csv(file, index=False)
    said = {text.split(" ")[0]: text for text in advice(read_finished(pulled)).deals}
    assert "its close date has passed" in said["D-1"] and "moved" not in said["D-1"]
    assert "moved 3 times" in said["=D-2"] and "passed" not in said["=D-2"]


def test_notes_on_how_a_figure_is_made_are_assumptions():
    made = HowMade("shared shock on closing", "4% (80 % interval 0% to 6%, from 12 quarters)", CALIBRATED)
    told = [made, "205 of 539 open deals are past due.", "Shared shock on closing: 4%."]
    notes, listed = split_notes(told)
    assert notes == told[1:], "a note is what it was made as, whatever its words"
    assert listed == [
        {
            "name": "shared shock on closing",
            "value": "4% (80 % interval 0% to 6%, from 12 quarters)",
            "source": "calibrated",
        }
    ]
    assert made == "shared shock on closing: 4% (80 % interval 0% to 6%, from 12 quarters)."


def test_each_slide_of_two_charts_has_the_title_of_its_own(tmp_path):
    run = read_finished(write_run(tmp_path / "base", arr=arr_table()))
    flow = replace(run.specs["pipeline_waterfall"], name="deal_flow", title="Pipeline due went up")
    pace = replace(run.specs["nrr_grr"], name="pacing", title="The quarter has not begun")
    run.specs.update({"deal_flow": flow, "pacing": pace})
    write_deck(run, tmp_path / "deck.pptx")
    titles = [
        slide.shapes.title.text_frame.text for slide in Presentation(str(tmp_path / "deck.pptx")).slides
    ]
    assert f"Where {run.periods[0]} stands, and what changed" in titles
    assert len(set(titles)) == len(titles)
