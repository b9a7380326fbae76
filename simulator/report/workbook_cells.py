"""Cells of a workbook: formats in the currency, text kept as text, figures as figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from simulator.report.number_codes import whole_money
from simulator.report.style import ICE, MUTED, NAVY
from simulator.report.view import Column, Kind

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
    """

    file: xlsxwriter.Workbook
    currency: str
    cells: dict[str, Format]
    totals: dict[str, Format]
    heading: Format
    figure_heading: Format
    title: Format
    muted: Format
    below_summary: int = field(default=0)

    @classmethod
    def of(cls, file: xlsxwriter.Workbook, currency: str) -> Book:
        """Make the formats of a new workbook."""
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
        )

    def heading_of(self, column: Column) -> Format:
        """Return the format of a heading: over figures on the right."""
        return self.heading if column.kind == "text" else self.figure_heading


def sheet_top(book: Book, sheet: Worksheet, title: str, note: str, source: str) -> None:
    """Write what a sheet shows, what must be known to read it, and where it comes from."""
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, title[:CELL_CHARACTERS], book.title)
    sheet.write_string(1, 0, note, book.muted)
    sheet.write_string(2, 0, source[:CELL_CHARACTERS], book.muted)


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
