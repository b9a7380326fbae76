"""Charts drawn as native charts of Excel, over the cells of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from simulator.report.charts.spec import ChartSpec, Series
from simulator.report.style import GRID

SIZE = {"width": 760, "height": 360}
KINDS = {
    "range": {"type": "line"},
    "lines": {"type": "line"},
    "curves": {"type": "scatter", "subtype": "straight"},
    "stack": {"type": "column", "subtype": "stacked"},
    "columns": {"type": "column"},
}


@dataclass(frozen=True)
class TableCells:
    """Where the figures of a chart are.

    Parameters
    ----------
    file : Workbook
    sheet : str
        Name of the sheet.
    keys : tuple of str
        Key of each column, from the left.
    first_row : int
        Row of the first figures, counted from 0.
    rows : tuple of int
        Rows of the table that the chart draws, counted from 0.
    """

    file: xlsxwriter.Workbook
    sheet: str
    keys: tuple[str, ...]
    first_row: int
    rows: tuple[int, ...]

    def of(self, key: str) -> str:
        """Return the cells of one column, as a reference to one area or several."""
        at = self.keys.index(key)
        areas = [f"'{self.sheet}'!{self._area(first, last, at)}" for first, last in _runs(self.rows)]
        return f"={areas[0]}" if len(areas) == 1 else f"=({','.join(areas)})"

    def _area(self, first: int, last: int, at: int) -> str:
        ends = [
            xl_rowcol_to_cell(self.first_row + row, at, row_abs=True, col_abs=True) for row in (first, last)
        ]
        return ends[0] if first == last else ":".join(ends)


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return rows as stretches of neighbours, each by its first and last."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def insert_chart(spec: ChartSpec, cells: TableCells, row: int, column: int) -> None:
    """Put a chart on the sheet that holds its figures, its corner at a cell."""
    if not cells.rows:
        return
    chart: Any = cells.file.add_chart(KINDS[spec.shape])
    for one in spec.native:
        if one.key in cells.keys:
            chart.add_series(_series(spec, one, cells))
    share = {"num_format": "0%"}
    money = {"num_format": spec.unit.axis_code}
    if spec.shape == "curves":
        chart.set_x_axis(money)
    lowest = {} if spec.shape == "lines" else {"min": 0}
    grid = {"major_gridlines": {"visible": True, "line": {"color": GRID}}}
    chart.set_y_axis({**(share if spec.shape == "curves" else money), **lowest, **grid})
    chart.set_title({"name": spec.title, "name_font": {"size": 12}, "overlay": False})
    chart.set_legend({"position": "bottom"})
    chart.set_size(SIZE)
    sheet = cells.file.get_worksheet_by_name(cells.sheet)
    sheet.insert_chart(row, column, chart, {"description": f"Chart: {spec.title}", "object_position": 3})


def _series(spec: ChartSpec, one: Series, cells: TableCells) -> dict[str, Any]:
    """Return a series over its cells, with the figures that the file keeps for those who cannot read them."""
    found: dict[str, Any] = {"name": one.name, "values_data": list(one.values)}
    if spec.shape == "curves":
        return found | {
            "categories": cells.of(one.key),
            "values": cells.of("probability"),
            "categories_data": list(one.x),
            "line": {"color": one.colour, "width": 2},
        }
    found |= {
        "categories": cells.of("period"),
        "values": cells.of(one.key),
        "categories_data": list(spec.categories),
    }
    if spec.shape in {"stack", "columns"}:
        return found | {"fill": {"color": one.colour}}
    line = {"color": one.colour, "width": 2.25, "dash_type": "dash" if one.key == "target" else "solid"}
    fill = {"color": one.colour}
    return found | {"line": line, "marker": {"type": "circle", "size": 5, "fill": fill, "border": fill}}
