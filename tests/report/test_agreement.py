"""Every figure that stands in two artefacts is the same in both."""

import re
from html.parser import HTMLParser

import openpyxl
import pandas as pd
import pytest
from pptx import Presentation

from simulator.report.documents.finished import read_finished
from simulator.report.documents.view import show
from simulator.report.documents.views import views
from simulator.report.documents.workbook import SHEETS, TABLE_ROW


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
    n_figures = 0
    for name, view in views(run).items():
        if name == "chances":
            continue
        sheet = book["summary" if name == "headline" else SHEETS[name]]
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


def slide_of(deck, title):
    return next(s for s in deck.slides if s.shapes.title.text_frame.text == title)


def test_slides_hold_the_figures_of_the_workbook(folder, run, book):
    deck = Presentation(str(folder / "board.pptx"))
    table = next(shape.table for shape in deck.slides[0].shapes if shape.has_table)
    sheet = book["summary"]
    labels = {sheet.cell(TABLE_ROW + 1, at).value: at for at in range(1, 9)}
    kinds = {column.label: column.kind for column in views(run)["headline"].columns}
    for row in range(1, len(table.rows)):
        for at in range(len(table.columns)):
            label = table.cell(0, at).text_frame.text
            value = sheet.cell(TABLE_ROW + 1 + row, labels[label]).value
            assert table.cell(row, at).text_frame.text == show(value, kinds[label], run.currency)
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    fan = {series.name: list(series.values) for series in charts[0].plots[0].series}
    for name in ("P10", "P50", "P90", "Target"):
        column = [sheet.cell(TABLE_ROW + 2 + at, labels[name]).value for at in range(len(run.periods))]
        assert fan[name] == column
    parts = [row for row in book["P50"].iter_rows(min_row=TABLE_ROW + 2, values_only=True) if row[1] == "all"]
    if run.companions:
        return
    stacked = {series.name: list(series.values) for series in charts[2].plots[0].series}
    assert stacked["Yet to be created"] == [row[6] for row in parts]
    assert stacked["Open in commit"] == [row[3] for row in parts]


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
    assert re.search(r"P50 \$[\d.]+M", run.summary["answers"]["bookings"])
