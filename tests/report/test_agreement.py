"""Every figure that stands in two artefacts is the same in both."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import openpyxl
import pandas as pd
import pytest
from pptx import Presentation

from simulator.report.documents.finished import read_finished
from simulator.report.documents.view import show
from simulator.report.documents.views import QUESTIONS, views
from simulator.report.documents.workbook import TABLE_ROW


class Tables(HTMLParser):
    """Cells of every table of a page: text and raw figure, by caption."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.cell, self.in_caption, self.caption = {}, None, False, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "caption":
            self.in_caption, self.caption = True, ""
        elif tag == "tr" and self.caption:
            self.tables.setdefault(self.caption, []).append([])
        elif tag in {"td", "th"}:
            self.cell = [dict(attrs).get("data-value"), ""]

    def handle_endtag(self, tag):
        if tag == "caption":
            self.in_caption = False
            self.caption = self.caption.partition(" (")[0]
        elif tag in {"td", "th"} and self.cell is not None:
            self.tables[self.caption][-1].append(tuple(self.cell))
            self.cell = None

    def handle_data(self, data):
        if self.in_caption:
            self.caption += data
        elif self.cell is not None:
            self.cell[1] += data


@pytest.fixture(scope="module", params=["finished_folder", "hostile_folder", "accompanied_folder"])
def folder(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def run(folder):
    return read_finished(folder)


@pytest.fixture(scope="module")
def page(folder):
    return Tables((folder / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def book(folder):
    return openpyxl.load_workbook(folder / "forecast.xlsx", data_only=True)


def same(left, right):
    if right is None or right == "":
        return left is None or left == "" or pd.isna(left)
    return (
        left == pytest.approx(right, rel=1e-9) if isinstance(right, int | float) else str(left) == str(right)
    )


def test_page_and_workbook_hold_the_same_cells(run, page, book):
    sheets, n_figures = {asked.view: asked.sheet for asked in QUESTIONS}, 0
    for name, view in views(run).items():
        if view.title not in page.tables:
            continue
        sheet = book[sheets[name]]
        rows = page.tables[view.title][1:]
        assert len(rows) == len(view.table)
        for at, row in enumerate(rows):
            for place, (column, (raw, text)) in enumerate(zip(view.columns, row, strict=True)):
                cell = sheet.cell(TABLE_ROW + 2 + at, place + 1).value
                if column.kind == "text":
                    assert (cell or "") == text
                else:
                    assert same(cell, float(raw) if raw else None)
                    assert text == show(float("nan") if cell is None else cell, column.kind, run.currency)
                    n_figures += 1
    assert n_figures > 300


def test_summary_and_tables_hold_the_same_figures(run):
    for name, table in (("bookings", "bookings"), ("coverage", "coverage"), ("waterfall", "waterfall")):
        for record, (_, row) in zip(run.summary[name], run.tables[table].iterrows(), strict=True):
            for key, value in record.items():
                assert same(None if pd.isna(row[key]) else row[key], value) or key == "segment"


def columns_of(sheet, *keys):
    """Return columns of a sheet by heading, the figures below them."""
    labels = {cell.value: at for at, cell in enumerate(sheet[TABLE_ROW + 1])}
    rows = list(sheet.iter_rows(min_row=TABLE_ROW + 2, values_only=True))
    return [[row[labels[key]] for row in rows] for key in keys]


def test_what_charts_draw_is_what_tables_sheets_and_slides_hold(folder, run, book):
    """Read the values drawn, not the picture: JSON next to each picture, page, slides and workbook."""
    if not run.specs:
        return
    totals = [column[: len(run.periods)] for column in columns_of(book["summary"], "P10", "P50", "P90")]
    fan = run.specs["bookings_fan"]
    assert [list(fan[key].values) for key in ("p10", "p50", "p90")] == totals
    slides = Presentation(str(folder / "board.pptx")).slides
    charts = [shape.chart for slide in slides for shape in slide.shapes if shape.has_chart]
    drawn = {series.name: list(series.values) for series in charts[0].plots[0].series}
    assert [drawn[name] for name in ("P10", "P50", "P90")] == totals
    segment, commit, new = columns_of(book["P50"], "Segment", "Open in commit", "Yet to be created")
    parts = run.specs["p50_composition"]
    of_all = [at for at, name in enumerate(segment) if name == "all"]
    assert list(parts["commit"].values) == [commit[at] for at in of_all]
    assert list(parts["created"].values) == [new[at] for at in of_all]
    page = Tables((folder / "report.html").read_text(encoding="utf-8")).tables
    of_parts = next(rows for caption, rows in page.items() if caption.startswith(parts.title))
    assert [row[-1][1] for row in of_parts[1:]] == [parts.unit.write(total) for total in parts.totals]


def test_a_figure_changed_in_one_place_is_noticed(run):
    if run.specs:
        fan = run.specs["bookings_fan"]
        other = replace(fan, series=(replace(fan["p50"], values=(1.0,) * len(run.periods)),))
        assert other.labels("p50") != fan.labels("p50")


def test_sentences_are_the_same_everywhere(folder, run):
    text = (folder / "report.html").read_text(encoding="utf-8")
    sheet = openpyxl.load_workbook(folder / "forecast.xlsx")["summary"]
    written = {str(cell.value) for cell in sheet["A"]}
    deck = Presentation(str(folder / "board.pptx"))
    titles = {slide.shapes.title.text_frame.text for slide in deck.slides}
    for sentence in run.summary["answers"].values():
        assert f"{sentence}." in written
        assert sentence in text
    assert run.summary["answers"]["bookings"] in titles
    assert re.search(r"P50\u00a0\$[\d.]+M", run.summary["answers"]["bookings"])
