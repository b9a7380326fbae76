"""Native charts of the workbook, over the cells of its own sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from simulator.analysis.totals import ALL
from simulator.report.documents.deck_looks import axis_code, short_money
from simulator.report.documents.view import View
from simulator.report.documents.workbook_cells import Book
from simulator.report.forecast.findings import PART_WORDS
from simulator.report.style import BLUE, GREEN, GRID, NAVY, ORANGE, PART_COLOURS, SERIES, SKY

SIZE = {"width": 760, "height": 360}
COLUMNS: dict[str, tuple[dict[str, str], dict[str, str], str | None]] = {
    "parts": (PART_COLOURS, PART_WORDS, "stacked"),
    "pipeline": ({"opening": NAVY, "created": GREEN, "won": ORANGE, "closing": SKY}, {}, None),
    "coverage": ({"coverage": NAVY, "needed_p50": SKY, "needed_p80": BLUE, "needed_p90": ORANGE}, {}, None),
    "arr": ({"opening": SKY, "closing": NAVY}, {}, None),
}
"""Columns drawn by view: their colours, their names where not the heading, side by side or stacked."""


@dataclass(frozen=True)
class _Place:
    """A view on its sheet: where its headings stand, from 0."""

    book: Book
    view: View
    sheet: str
    top: int

    def column(self, key: str) -> int:
        """Return the place of a column."""
        return next(at for at, column in enumerate(self.view.columns) if column.key == key)

    def cells(self, key: str, rows: Sequence[int]) -> str:
        """Return the cells of one column in some rows, as a reference to several areas."""
        at = self.column(key)
        cells = (xl_rowcol_to_cell(self.top + 1 + row, at, row_abs=True, col_abs=True) for row in rows)
        areas = [f"'{self.sheet}'!{cell}" for cell in cells]
        return f"={areas[0]}" if len(areas) == 1 else f"=({','.join(areas)})"

    def insert(self, chart: Any, row: int, column: int) -> None:
        """Put a chart on the sheet."""
        worksheet = self.book.file.get_worksheet_by_name(self.sheet)
        worksheet.insert_chart(
            row, column, chart, {"description": f"Chart: {self.view.title}", "object_position": 3}
        )


def add_charts(book: Book, shown: Mapping[str, View], sheets: Mapping[str, str], top: int) -> None:
    """Put the charts on their sheets.

    Parameters
    ----------
    book : Book
        Its sheets are written.
    shown : mapping
        Views by name.
    sheets : mapping
        Sheet by view.
    top : int
        Row of the headings, from 0.
    """
    _add_fan(_Place(book, shown["headline"], "summary", top))
    for name, (colours, names, subtype) in COLUMNS.items():
        if name in shown:
            place = _Place(book, shown[name], sheets[name], top)
            _add_columns(place, colours, names, subtype)
    if "chances" in shown:
        _add_chances(_Place(book, shown["chances"], sheets["chances"], top))


def _add_fan(place: _Place) -> None:
    view, top = place.view, place.top
    chart = place.book.file.add_chart({"type": "line"})
    last = top + len(view.table)
    looks = {"p90": (SKY, "P90"), "p50": (NAVY, "P50"), "p10": (SKY, "P10"), "target": (ORANGE, "Target")}
    for key, (colour, name) in looks.items():
        if view.table[key].isna().all():
            continue
        at = place.column(key)
        chart.add_series(
            {
                "name": name,
                "categories": ["summary", top + 1, 0, last, 0],
                "values": ["summary", top + 1, at, last, at],
                "line": {"color": colour, "width": 2.25, "dash_type": "dash" if key == "target" else "solid"},
                "marker": {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"none": True}},
            }
        )
    _finish(chart, "New bookings by quarter: P10, P50, P90 and target", _money_code(place, ["p90"]))
    place.insert(chart, place.book.below_summary, 0)


def _total_rows(view: View) -> list[int]:
    """Return the rows of all segments together, one a quarter; the whole horizon is left out."""
    table = view.table.reset_index(drop=True)
    quarters = ~table["period"].str.contains("–", regex=False)
    total = table[(table["segment"] == ALL) & quarters]
    if "basis" in total and len(total):
        total = total[(total["basis"] == total["basis"].iloc[0]) & total["coverage"].notna()]
    return [int(row) for row in total.index]


def _add_columns(
    place: _Place, colours: Mapping[str, str], names: Mapping[str, str], subtype: str | None
) -> None:
    """Draw columns of all segments together, quarter by quarter."""
    view, rows = place.view, _total_rows(place.view)
    if not rows:
        return
    chart = place.book.file.add_chart({"type": "column", **({"subtype": subtype} if subtype else {})})
    labels = {column.key: column.label for column in view.columns}
    for key, colour in colours.items():
        chart.add_series(
            {
                "name": names.get(key, labels[key]),
                "categories": place.cells("period", rows),
                "values": place.cells(key, rows),
                "fill": {"color": colour},
                "categories_data": view.table["period"].iloc[rows].tolist(),
                "values_data": view.table[key].iloc[rows].tolist(),
            }
        )
    code = '0.0"×"' if view.name == "coverage" else _money_code(place, list(colours))
    _finish(chart, f"{view.title}, all segments", code)
    place.insert(chart, place.top, len(view.columns) + 1)


def _add_chances(place: _Place) -> None:
    view, top = place.view, place.top
    chart = place.book.file.add_chart({"type": "scatter", "subtype": "straight"})
    last = top + len(view.table)
    for at, column in enumerate(view.columns[1:], start=1):
        chart.add_series(
            {
                "name": column.label,
                "categories": [place.sheet, top + 1, at, last, at],
                "values": [place.sheet, top + 1, 0, last, 0],
                "line": {"color": SERIES[(at - 1) % len(SERIES)], "width": 2},
            }
        )
    _finish(chart, "Chance of reaching each number", "0%")
    chart.set_x_axis({"num_format": _money_code(place, [column.key for column in view.columns[1:]])})
    place.insert(chart, top, len(view.columns) + 1)


def _money_code(place: _Place, keys: list[str]) -> str:
    return axis_code(short_money(place.book.currency, place.view.table[keys].max()))


def _finish(chart: Any, title: str, code: str) -> None:
    chart.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
    chart.set_legend({"position": "bottom"})
    chart.set_y_axis(
        {"num_format": code, "min": 0, "major_gridlines": {"visible": True, "line": {"color": GRID}}}
    )
    chart.set_size(SIZE)
