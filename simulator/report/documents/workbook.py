"""forecast.xlsx: the same tables as a workbook, with live totals and native charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from simulator.analysis.totals import ALL
from simulator.report.answer import as_sentence
from simulator.report.charts.sheet import ChartSheet
from simulator.report.documents.definitions import DEFINITIONS
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import Column, View
from simulator.report.documents.views import QUESTIONS, views
from simulator.report.documents.workbook_cells import (
    CELL_CHARACTERS,
    Book,
    formulas,
    print_setup,
    row_height,
    sheet_top,
    write_cell,
)

TABLE_ROW = 4
"""Row of the headings on every sheet, counted from 0."""
EXPLAINED = ("figures_are", "percentiles_are")
PRINTED_ROWS = 150
"""Rows of a longer table that are printed; all are in the sheet."""
SHORT = 24
"""Rows of a table that has its charts below, and is printed with them on one page."""
WIDTHS = {"text": 18, "money": 16, "share": 13, "multiple": 13, "count": 11}
WIDE = {
    "name": 38,
    "words": 60,
    "value": 70,
    "check": 40,
    "effect": 60,
    "fix": 60,
    "note": 40,
    "basis": 34,
    "of": 20,
    "line": 38,
    "source": 32,
}


def write_workbook(run: Finished, path: Path) -> None:
    """Write the workbook of a finished run.

    Sums are live formulas whose kept value is what they amount to; percentiles are values, for they do
    not add. Text is written as text, whatever it begins with.

    Parameters
    ----------
    run : Finished
        What `read_finished` read.
    path : Path
        The file to write.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as file:
        as_of = dt.date.fromisoformat(run.summary["as_of"])
        file.set_properties(
            {
                "title": f"Forecast of scenario {run.summary['scenario']}"[:200],
                "comments": run.source_line()[:200],
                "created": dt.datetime(as_of.year, as_of.month, as_of.day),
            }
        )
        book = Book.of(file, run.currency, run.company, run.summary["as_of"])
        shown = views(run)
        _write_summary(book, run, shown["headline"])
        for asked in QUESTIONS[1:]:
            if asked.view in shown:
                _write_view(book, run, shown[asked.view], asked.sheet)
        _write_definitions(book, run)
        _write_manifest(book, run)
        _add_charts(book, run, shown)


def _write_view(book: Book, run: Finished, view: View, name: str) -> None:
    sheet = book.file.add_worksheet(name)
    sheet_top(book, sheet, view.title, view.note, run.source_line())
    _write_table(book, sheet, view, TABLE_ROW)
    sheet.freeze_panes(TABLE_ROW + 1, _n_frozen(view.columns))
    sheet.repeat_rows(TABLE_ROW)
    if len(view.table) > SHORT:
        sheet.print_area(0, 0, TABLE_ROW + min(len(view.table), PRINTED_ROWS), len(view.columns) - 1)
    else:
        sheet.fit_to_pages(1, 1)
    sheet.autofilter(TABLE_ROW, 0, TABLE_ROW + len(view.table), len(view.columns) - 1)


def _n_frozen(columns: Iterable[Column]) -> int:
    """Return how many label columns stay in sight: those before the first figure, three at most."""
    n = 0
    for column in columns:
        if column.kind != "text" or column.key in WIDE:
            break
        n += 1
    return min(n, 3)


def _write_table(book: Book, sheet: Worksheet, view: View, top: int) -> None:
    live = formulas(view, top + 1)
    widths = {column.key: WIDE.get(column.key, WIDTHS[column.kind]) for column in view.columns}
    for at, column in enumerate(view.columns):
        sheet.set_column(at, at, widths[column.key])
        sheet.write_string(top, at, column.label, book.heading_of(column))
    sheet.set_row(top, row_height((len(column.label), widths[column.key] - 2) for column in view.columns))
    for row, values in enumerate(view.table.to_dict("records")):
        styles = book.totals if values.get("segment") == ALL and view.name != "headline" else book.cells
        texts = [(len(str(values[c.key])), widths[c.key]) for c in view.columns if c.kind == "text"]
        sheet.set_row(top + 1 + row, row_height(texts))
        for at, column in enumerate(view.columns):
            key, kind = column.key, column.kind
            look = (kind, styles[kind])
            write_cell(sheet, (top + 1 + row, at), values[key], look, live.get((row, key)))


def _write_summary(book: Book, run: Finished, headline: View) -> None:
    sheet = book.file.add_worksheet("summary")
    answers = [f"{sentence}." for sentence in run.summary["answers"].values()]
    sheet_top(book, sheet, answers[0], headline.note, run.source_line())
    _write_table(book, sheet, headline, TABLE_ROW)
    sheet.freeze_panes(TABLE_ROW + 1, 1)
    sheet.repeat_rows(TABLE_ROW)
    sheet.set_portrait()
    sheet.fit_to_pages(1, 1)
    row, last = TABLE_ROW + 2 + len(headline.table), len(headline.columns) - 1
    wide = sum(WIDTHS[column.kind] for column in headline.columns)
    notes = (f"Note: {note}" for note in run.summary["notes"])
    explained = (as_sentence(run.summary[key]) for key in EXPLAINED)
    for line in (*answers[1:], "", *explained, *notes):
        sheet.merge_range(row, 0, row, last, line[:CELL_CHARACTERS], book.cells["text"])
        sheet.set_row(row, row_height([(len(line), wide)]))
        row += 1
    book.below_summary = row + 1


def _write_definitions(book: Book, run: Finished) -> None:
    table = pd.DataFrame([(d.word, d.meaning, d.formula) for d in DEFINITIONS])
    table.columns = ["word", "effect", "fix"]
    columns = (Column("word", "Word"), Column("effect", "Meaning"), Column("fix", "Formula, in words"))
    _write_view(book, run, View("definitions", "Definitions", "", columns, table), "definitions")


def _write_manifest(book: Book, run: Finished) -> None:
    manifest = run.manifest
    rows = [
        ("Command", manifest["command"]),
        ("Written", manifest["written_at"]),
        ("Seed", str(manifest["seed"])),
        *((f"Version of {name}", version) for name, version in manifest["versions"].items()),
        *((f"File read: {file['path']}", f"SHA-256 {file['sha256']}") for file in manifest["inputs"]),
    ]
    table = pd.DataFrame(rows, columns=["name", "value"], dtype="str")
    columns = (Column("name", "What"), Column("value", "Value"))
    note = "The same command, seed and files give the same figures."
    _write_view(book, run, View("manifest", "Where this comes from", note, columns, table), "manifest")


ROWS_OF_A_CHART = 20


def _add_charts(book: Book, run: Finished, shown: dict[str, View]) -> None:
    """Put the charts below short tables, next to longer ones, which are printed without them."""
    figures = ChartSheet(book.file)
    print_setup(book, figures.sheet)
    for asked in QUESTIONS:
        if asked.view not in shown:
            continue
        sheet = book.file.get_worksheet_by_name(asked.sheet)
        table = shown[asked.view].table
        below = TABLE_ROW + 2 + len(table) if len(table) <= SHORT else None
        place = (below, 0) if below is not None else (TABLE_ROW, len(shown[asked.view].columns) + 1)
        place = (book.below_summary, 0) if asked.view == "headline" else place
        for chart in asked.charts:
            if chart in run.specs:
                figures.insert(run.specs[chart], sheet, *place)
                place = (place[0] + ROWS_OF_A_CHART, place[1])
