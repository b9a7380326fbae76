"""One run of the sample company in the middle of a quarter: every figure that stands twice is the same."""

import contextlib
import html
import io
import json
import re
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from pptx import Presentation

from simulator.cli.main import main
from simulator.report.charts.inline import figure_table
from simulator.report.charts.sheet import FIGURES, KINDS
from simulator.report.documents.advice import advice
from simulator.report.documents.finished import read_finished
from simulator.report.documents.headline import key_figures
from simulator.report.documents.page import show_chart

SCENARIO = Path(__file__).parents[2] / "scenarios" / "base.yaml"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the folder and what the terminal said."""
    folder, out = tmp_path_factory.mktemp("every") / "base", io.StringIO()
    options = ["--paths", "60", "--set", "as_of=2026-10-10", "--set", "targets.FY27Q3=6M", "-o", str(folder)]
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ending:
        main(["run", str(SCENARIO), *options])
    assert not ending.value.code
    return folder, out.getvalue()


@pytest.fixture(scope="module")
def run(ran):
    return read_finished(ran[0])


@pytest.fixture(scope="module")
def page(ran):
    return html.unescape((ran[0] / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def deck(ran):
    return Presentation(str(ran[0] / "board.pptx"))


def total(run, name, **where):
    table = run.tables[name]
    for key, value in {"segment": "all", **where}.items():
        table = table[table[key] == value]
    return table.iloc[0]


def test_headline_figures_are_those_of_terminal_page_and_first_slide(ran, run, page, deck):
    slide = next(shape.table for shape in deck.slides[0].shapes if shape.has_table)
    rows = [[cell.text for cell in row.cells] for row in slide.rows][1:]
    figures = key_figures(run.tables, run.periods, run.currency, run.cash_today)
    assert len(figures) >= 7
    for figure, row in zip(figures, rows, strict=True):
        line = next(line for line in ran[1].splitlines() if line.strip().startswith(figure.name))
        assert figure.value in line
        assert figure.range[:20] in line
        assert row == [figure.name, figure.value, figure.range]
        assert f'<dd class="value">{figure.value}</dd><dd class="range">{figure.range}</dd>' in page


def test_the_terminal_fits_its_width_and_twelve_lines(ran):
    lines = [line for line in ran[1].splitlines() if line]
    assert len(lines) <= 12
    assert max(map(len, lines[:-1])) <= 80
    assert len(lines) == len(set(lines))


def test_what_is_booked_and_simulated_is_the_same_in_pacing_and_bookings(run):
    days, bookings = run.tables["pacing"], total(run, "bookings", kind="new")
    today = days[days["booked"].notna()].iloc[-1]
    assert (bookings["period"], today["date"]) == (days["period"].iloc[0], run.summary["as_of"])
    assert today["booked"] == pytest.approx(bookings["booked"], abs=0.01)
    for name in ("p10", "p50", "p90", "mean"):
        assert days[name].iloc[-1] == pytest.approx(bookings[name], abs=0.02)
    quarters = run.tables["past_quarters"]
    assert days["past_high"].iloc[-1] == quarters["booked"].max()
    assert days["past_low"].iloc[-1] == quarters["booked"].min()
    assert today["past_high"] == quarters["booked_by_now"].max()
    fan, n = run.specs["bookings_fan"], len(quarters)
    assert list(fan["actual"].values[:n]) == quarters["booked"].tolist()
    assert fan["booked"].values[n] == bookings["booked"]
    coverage = total(run, "coverage", period=bookings["period"])
    assert coverage["coverage"] == pytest.approx(coverage["amount"] / coverage["target"], abs=1e-6)
    assert run.specs["coverage"].totals[n] == pytest.approx(coverage["coverage"], abs=1e-4)
    retention, past = run.specs["nrr_grr"], run.tables["past_retention"]
    assert list(retention["nrr"].values[: len(past)]) == past["nrr"].tolist()
    reps = run.tables["attainment"]
    assert sum(run.specs["attainment"]["reps"].values) == len(reps)


def test_every_chart_of_the_page_holds_the_figures_of_its_spec(run, page):
    plain = re.sub(r"\s+", " ", page)
    assert len(run.specs) >= 18
    for spec in run.specs.values():
        _, rows = figure_table(spec)
        assert spec.title in page
        assert rows
        shown = re.sub(r"\s+", " ", html.unescape(str(show_chart(spec))))
        assert shown.strip() in plain, spec.name


def test_every_chart_of_the_slides_holds_the_figures_of_its_spec(run, deck):
    charts = {shape.name: shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart}
    assert len(charts) >= 7
    for name, chart in charts.items():
        spec = run.specs[name]
        drawn = {series.name: list(series.values) for series in chart.plots[0].series}
        if spec.shape == "bridge":
            assert drawn["Level"][0] == spec.series[0].values[0]
            continue
        for one in spec.native if not spec.levels else ():
            values = [np.nan if value is None else value for value in drawn[one.name]]
            assert np.array_equal(values, one.values, equal_nan=True), (name, one.key)


def test_every_chart_of_the_workbook_holds_the_figures_of_its_spec(ran, run):
    sheet = openpyxl.load_workbook(ran[0] / "forecast.xlsx", data_only=True)[FIGURES]
    rows = list(sheet.iter_rows(values_only=True))
    titles = {row[0]: at for at, row in enumerate(rows) if row[0]}
    drawn = [spec for spec in run.specs.values() if spec.title in titles and spec.shape in KINDS]
    assert len(drawn) >= 15
    for spec in drawn:
        if spec.shape in {"curves", "bridge"}:
            continue
        top = titles[spec.title] + 2
        for one in spec.native:
            column = rows[top].index(one.name)
            values = [rows[top + 1 + at][column] for at in range(len(spec.categories))]
            values = [np.nan if value is None else value for value in values]
            assert values == pytest.approx(list(one.values), nan_ok=True), (spec.name, one.key)


def test_sentences_are_the_same_everywhere(ran, run, page, deck):
    summary = json.loads((ran[0] / "summary.json").read_text())
    assert {"pace", "arr", "cash"} <= set(summary["answers"])
    sheet = openpyxl.load_workbook(ran[0] / "forecast.xlsx")["summary"]
    written = {str(cell.value) for cell in sheet["A"]}
    for sentence in run.summary["answers"].values():
        assert f"{sentence}." in written
        assert sentence in page
    said = "\n".join(shape.text_frame.text for shape in deck.slides[0].shapes if shape.has_text_frame)
    plan = advice(run).plan
    assert plan
    assert plan[0] in said
    assert all(sentence in page for sentence in plan)
    assert run.company == "Kestrel Analytics"
