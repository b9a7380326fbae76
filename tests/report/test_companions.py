"""Hiring, headcount and past forecasts stand in every report of the run they belong to, and in no other."""

import json

import openpyxl
import pandas as pd
import pytest
from pptx import Presentation

from simulator.report.documents import deck
from simulator.report.documents.advice import advice
from simulator.report.documents.exports import write_exports
from simulator.report.documents.finished import read_finished
from simulator.report.documents.page import render_page
from simulator.report.documents.view import show
from simulator.report.documents.views import views
from simulator.report.documents.workbook import TABLE_ROW
from simulator.report.output.manifest import write_manifest
from tests.report.finished_runs import arr_table, summary_of, write_companions, write_run


def titles(folder):
    deck = Presentation(str(folder / "board.pptx"))
    return [slide.shapes.title.text_frame.text for slide in deck.slides]


def test_page_workbook_and_slides_show_them(accompanied_folder):
    page = (accompanied_folder / "report.html").read_text(encoding="utf-8")
    for words in ("Where the next reps go", "What one more head is worth", "How past forecasts did"):
        assert words in page
    book = openpyxl.load_workbook(accompanied_folder / "forecast.xlsx", data_only=True)
    assert {"hiring", "headcount", "record"} <= set(book.sheetnames)
    told = titles(accompanied_folder)
    assert "Two more reps go to smb" in told
    assert 5 <= len(told) <= 10


def test_slides_hold_the_figures_of_the_workbook(accompanied_folder):
    book = openpyxl.load_workbook(accompanied_folder / "forecast.xlsx", data_only=True)
    deck = Presentation(str(accompanied_folder / "board.pptx"))
    run = read_finished(accompanied_folder)
    slides = {slide.shapes.title.text_frame.text: slide for slide in deck.slides}
    hiring = next(s.table for s in slides["Two more reps go to smb"].shapes if s.has_table)
    sheet = book["hiring"]
    labels = {sheet.cell(TABLE_ROW + 1, at).value or "": at for at in range(1, sheet.max_column + 1)}
    kinds = {column.label: column.kind for column in views(run)["hiring"].columns}
    for row in range(1, len(hiring.rows)):
        for at in range(len(hiring.columns)):
            label = hiring.cell(0, at).text_frame.text
            value = sheet.cell(TABLE_ROW + 1 + row, labels[label]).value
            shown = "" if value is None else show(value, kinds[label], run.currency)
            assert hiring.cell(row, at).text_frame.text == shown


@pytest.mark.parametrize("changed", [{"scenario": "another"}, {"as_of": "2020-01-31"}, {"currency": "CHF"}])
def test_results_of_another_scenario_day_or_currency_are_left_out(tmp_path, changed):
    folder = write_run(tmp_path / "base", charts=False)
    write_companions(folder, **changed)
    companions = read_finished(folder).companions
    assert set(companions) <= {"backtest"} if "scenario" in changed else not companions


@pytest.mark.parametrize(
    ("changed", "belongs"),
    [({}, True), ({"n_paths": 300}, False), ({"as_of": ["2026-10-01", "2026-10-31"]}, False),
     ({"scenarios": ["base", "other"]}, False)],
)  # fmt: skip
def test_a_bridge_between_two_days_is_shown_where_it_ends_with_the_run(tmp_path, changed, belongs):
    folder = write_run(tmp_path / "base", charts=False)
    run = summary_of(folder)
    said = {
        "scenarios": ["base", "base"], "as_of": ["2026-10-01", run["as_of"]], "currency": run["currency"],
        "n_paths": run["n_paths"], "answers": {"change": "From 2026-10-01 on the P50 fell"},
    }  # fmt: skip
    bridge = tmp_path / "base-since-2026-10-01"
    (bridge / "tables").mkdir(parents=True)
    rows = pd.DataFrame(
        [("FY27Q4", "new deals", "deals qualified since", 9e4, 1e4, 6e6)],
        columns=["period", "label", "words", "change", "error", "p50"],
    )
    rows.to_csv(bridge / "tables" / "bridge.csv", index=False)
    (bridge / "summary.json").write_text(json.dumps(said | changed))
    write_manifest(bridge, folder=bridge, command="simulator compare base.yaml --since 2026-10-01", seed=7)
    run = read_finished(folder)
    assert ("bridge" in run.companions) == belongs
    assert ("From 2026-10-01 on the P50 fell." in advice(run).changed) == belongs
    assert ("changed" in advice(run).to_run) != belongs
    write_exports(folder, ("xlsx",))
    sheets = openpyxl.load_workbook(folder / "forecast.xlsx").sheetnames
    assert ("what moved it" in sheets) == belongs
    for words in ("From 2026-10-01 on the P50 fell.", "deals qualified since", "$90k", "$12.8k"):
        assert (words in render_page(run)) == belongs


def test_damaged_companions_are_left_out(tmp_path):
    folder = write_run(tmp_path / "base", charts=False, arr=arr_table())
    write_companions(folder)
    (tmp_path / "base-hire" / "summary.json").write_text("{")
    (tmp_path / "base-headcount" / "tables" / "headcount.csv").write_text("role\ncsm\n")
    (tmp_path / "backtest-history" / "manifest.json").unlink()
    assert read_finished(folder).companions == {}
    write_exports(folder)
    assert not json.loads((folder / "summary.json").read_text()).get("companions")


@pytest.mark.parametrize(("most", "shared"), [(5, True), (99, False)])
def test_two_charts_share_a_slide_of_a_long_deck(accompanied_folder, tmp_path, monkeypatch, most, shared):
    run = read_finished(accompanied_folder)
    monkeypatch.setattr(deck, "MOST_SLIDES", most)
    monkeypatch.setattr(deck, "PAIRED_WHEN_LONG", ("coverage", "segment_chances"))
    deck.write_deck(run, tmp_path / "long.pptx")
    slides = {s.shapes.title.text_frame.text: s for s in Presentation(str(tmp_path / "long.pptx")).slides}
    slide = slides[run.specs["coverage"].title]
    segments = run.specs["segment_chances"]
    assert any(shape.has_table for shape in slide.shapes) == shared
    assert any(segments.title in s.text_frame.text for s in slide.shapes if s.has_text_frame) == shared
    assert (segments.title in slides) == (not shared)
