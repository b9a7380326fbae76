"""Cells of a workbook: formats in the currency, text kept as text, figures as figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from simulator.analysis.totals import ALL
from simulator.report.documents.deck_slides import shorten_line
from simulator.report.documents.view import Column, Kind, View
from simulator.report.forecast.findings import PART_WORDS
from simulator.report.money import whole_money
from simulator.report.style import ICE, MUTED, NAVY

A4 = 9
CELL_CHARACTERS = 32_000
"""Excel refuses cells much longer."""
LINE_POINTS = 15.0
HIGHEST_ROW_POINTS = 400.0


@dataclass
class Book:
    """A workbook under way, with its formats.

    Parameters
    ----------
    file : Workbook
        The file.
    currency : str
        ISO code.
    cells, totals : dict of Format
        Format of a cell by what it is, and of one in a row of totals.
    header : str
        At the head of every printed page, in the codes of Excel.
    """

    file: xlsxwriter.Workbook
    currency: str
    cells: dict[str, Format]
    totals: dict[str, Format]
    heading: Format
    figure_heading: Format
    title: Format
    muted: Format
    header: str
    below_summary: int = field(default=0)

    @classmethod
    def of(cls, file: xlsxwriter.Workbook, currency: str, company: str, as_of: str) -> Book:
        """Make the formats of a new workbook; company and day stand at the head of every printed page."""
        heading = {"bold": True, "bg_color": ICE, "text_wrap": True, "valign": "top", "bottom": 1}
        codes = {"money": whole_money(currency), "share": "0.0%", "multiple": '0.00"×"', "count": "#,##0.0"}
        looks: dict[str, dict[str, object]] = {
            kind: {"num_format": code, "valign": "top"} for kind, code in codes.items()
        }
        looks["text"] = {"num_format": "@", "valign": "top", "text_wrap": True}
        return cls(
            file,
            currency,
            {kind: file.add_format(look) for kind, look in looks.items()},
            {kind: file.add_format({**look, "bold": True}) for kind, look in looks.items()},
            file.add_format(heading),
            file.add_format({**heading, "align": "right"}),
            file.add_format({"bold": True, "font_size": 14, "font_color": NAVY}),
            file.add_format({"font_color": MUTED}),
            f"&L{shorten_line(company, 100).replace('&', '&&')}&RAs of {as_of}",
        )

    def heading_of(self, column: Column) -> Format:
        """Return the format of a heading: over figures on the right."""
        return self.heading if column.kind == "text" else self.figure_heading


def sheet_top(book: Book, sheet: Worksheet, title: str, note: str, source: str) -> None:
    """Write what a sheet shows, what must be known to read it, and where it comes from."""
    print_setup(book, sheet)
    sheet.write_string(0, 0, title[:CELL_CHARACTERS], book.title)
    sheet.write_string(1, 0, note, book.muted)
    sheet.write_string(2, 0, source[:CELL_CHARACTERS], book.muted)


def print_setup(book: Book, sheet: Worksheet) -> None:
    """Print a sheet across one page's width, with the company, the day and the page's number on each."""
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_header(book.header)
    sheet.set_footer("&L&A&RPage &P of &N")


def write_cell(
    sheet: Worksheet, place: tuple[int, int], value: Any, look: tuple[Kind, Format], formula: str | None
) -> None:
    """Write a cell by what it is; nothing where a figure is missing."""
    (row, at), (kind, style) = place, look
    if kind == "text":
        sheet.write_string(row, at, str(value)[:CELL_CHARACTERS], style)
    elif not math.isfinite(value):
        sheet.write_blank(row, at, None, style)
    elif formula is not None:
        sheet.write_formula(row, at, formula, style, value)
    else:
        sheet.write_number(row, at, value, style)


def row_height(lengths_and_widths: Iterable[tuple[int, float]]) -> float | None:
    """Return the points that wrapped text takes, given its characters and its column's; None for one line."""
    lines = max((math.ceil(1.1 * length / width) for length, width in lengths_and_widths), default=1)
    return min(LINE_POINTS * lines, HIGHEST_ROW_POINTS) if lines > 1 else None


Formulas = dict[tuple[int, str], str]
"""Formula by row of the view's table (counted from 0) and column key."""

ADDITIVE = {
    "bookings": ("mean", "booked"),
    "pipeline": ("opening", "created", "won", "lost_competition", "lost_no_decision", "slipped"),
    "arr": ("opening", "new", "expansion", "contraction", "churn", "reactivation"),
    "capacity": ("heads", "ramped_heads", "bookings"),
}
"""Columns whose total over segments is the sum of the segments, by view."""
GROUPS = {"bookings": ["period", "kind"], "pipeline": ["period"], "arr": ["period"], "capacity": ["period"]}
FOOTING = {
    "pipeline": ("closing", "{opening}+{created}-{won}-{lost_competition}-{lost_no_decision}"),
    "arr": ("closing", "{opening}+{new}+{expansion}-{contraction}-{churn}+{reactivation}"),
    "deals": ("weight", "{amount}*{first}"),
    "parts": ("p50", "+".join(f"{{{part}}}" for part in PART_WORDS)),
}
"""Columns that follow from others of their row, by view."""


def formulas(view: View, first_row: int) -> Formulas:
    """Return the live cells of a view whose first row of figures stands in ``first_row`` (from 0)."""
    places = {column.key: at for at, column in enumerate(view.columns)}

    def cell(row: int, key: str) -> str:
        return str(xl_rowcol_to_cell(first_row + row, places[key]))

    live = _sums(view, cell)
    if view.name in FOOTING and FOOTING[view.name][0] in places:
        key, law = FOOTING[view.name]
        for row in range(len(view.table)):
            live[row, key] = "=" + law.format(**{name: cell(row, name) for name in places})
    if view.name == "coverage":
        live |= _ratios(view, cell)
    return live


def _sums(view: View, cell: Callable[[int, str], str]) -> Formulas:
    live: Formulas = {}
    if view.name not in GROUPS:
        return live
    table = view.table.reset_index(drop=True)
    for _, rows in table.groupby(GROUPS[view.name], sort=False):
        parts = rows.index[rows["segment"] != ALL]
        whole = rows.index[rows["segment"] == ALL]
        if len(parts) == 0 or len(whole) != 1:
            continue
        for key in ADDITIVE[view.name]:
            first, last = cell(int(parts[0]), key), cell(int(parts[-1]), key)
            live[int(whole[0]), key] = f"=SUM({first}:{last})"
    return live


def _ratios(view: View, cell: Callable[[int, str], str]) -> Formulas:
    """Return coverage as what is due over the target, where both are known."""
    table = view.table.reset_index(drop=True)
    known = table.index[(table["target"] > 0) & table["coverage"].notna()]
    return {
        (int(row), "coverage"): f"={cell(int(row), 'amount')}/{cell(int(row), 'target')}" for row in known
    }
