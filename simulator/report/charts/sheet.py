"""Charts drawn as native charts of Excel, over a sheet that holds the figures that are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from simulator.report.charts.spec import ChartSpec, bars_of_bridge
from simulator.report.style import GRID, INK

SIZE = {"width": 760, "height": 360}
FIGURES = "chart figures"
"""The sheet with the figures of all charts."""
KINDS = {
    "range": {"type": "line"},
    "lines": {"type": "line"},
    "curves": {"type": "scatter", "subtype": "straight"},
    "stack": {"type": "column", "subtype": "stacked"},
    "bridge": {"type": "column", "subtype": "stacked"},
    "columns": {"type": "column"},
    "bars": {"type": "bar"},
    "dots": {"type": "bar"},
}
"""Kinds of chart by shape; a heat map is the coloured table itself."""

Look = dict[str, Any]


@dataclass
class ChartSheet:
    """The sheet of chart figures under way: each chart's block below the one before."""

    file: xlsxwriter.Workbook
    row: int = 0

    def __post_init__(self) -> None:
        self.sheet = self.file.add_worksheet(FIGURES)
        self.bold = self.file.add_format({"bold": True})

    def insert(self, spec: ChartSpec, sheet: Any, row: int, column: int) -> None:
        """Write a chart's figures, and put the chart on a sheet with its corner at a cell."""
        if spec.shape not in KINDS:
            return
        kind = KINDS[spec.shape]
        if spec.shape == "bars" and spec.totals:
            kind = {**kind, "subtype": "stacked"}
        chart: Any = self.file.add_chart(kind)
        for one in self._curves(spec) if spec.shape == "curves" else self._block(spec):
            chart.add_series(one)
        self._finish(chart, spec)
        sheet.insert_chart(row, column, chart, {"description": f"Chart: {spec.title}", "object_position": 3})

    def _finish(self, chart: Any, spec: ChartSpec) -> None:
        horizontal = spec.shape in {"bars", "dots"}
        figures: Look = {"num_format": spec.unit.axis_code}
        chart.set_title({"name": _as_text(spec.title)[:250], "name_font": {"size": 12}, "overlay": False})
        grid = {"major_gridlines": {"visible": True, "line": {"color": GRID}}}
        if spec.shape == "curves":
            chart.set_x_axis(figures)
            figures = {"num_format": "0%", "min": 0, "max": 1}
        elif spec.shape not in {"lines", "bars", "dots"} or (spec.shape == "lines" and spec.begins_at_zero):
            figures["min"] = spec.floor
        (chart.set_x_axis if horizontal else chart.set_y_axis)({**figures, **grid})
        if horizontal:
            chart.set_y_axis({"reverse": True, "label_position": "low"})
        hidden = {"delete_series": [0]} if spec.shape == "bridge" else {}
        chart.set_legend({"position": "bottom", **hidden} if spec.shape != "bridge" else {"none": True})
        size = (
            {**SIZE, "height": max(SIZE["height"], 120 + 24 * len(spec.categories))} if horizontal else SIZE
        )
        chart.set_size(size)
        chart.show_blanks_as("span")

    def _head(self, spec: ChartSpec) -> int:
        """Write what a block is of; return the row of its headings."""
        self.sheet.write_string(self.row, 0, spec.title, self.bold)
        self.sheet.write_string(self.row + 1, 0, spec.footer)
        return self.row + 2

    def _block(self, spec: ChartSpec) -> list[Look]:
        """Write one column a series; return the series over them."""
        top, n = self._head(spec), len(spec.categories)
        style = self.file.add_format({"num_format": spec.unit.code})
        for at, name in enumerate(spec.categories):
            self.sheet.write_string(top + 1 + at, 0, name)
        found = []
        for place, (name, values, look) in enumerate(_columns(spec), start=1):
            self.sheet.write_string(top, place, name, self.bold)
            for at, value in enumerate(values):
                if np.isfinite(value):
                    self.sheet.write_number(top + 1 + at, place, float(value), style)
            known = [float(value) if np.isfinite(value) else None for value in values]
            found.append({
                "name": _as_text(name), "categories": _area(top + 1, 0, n),
                "values": _area(top + 1, place, n),
                "categories_data": list(spec.categories), "values_data": known, **look,
            })  # fmt: skip
        self.row = top + n + 3
        return found

    def _curves(self, spec: ChartSpec) -> list[Look]:
        """Write two columns a curve, amount and chance."""
        top, found = self._head(spec), []
        money, share = (self.file.add_format({"num_format": code}) for code in (spec.unit.code, "0%"))
        for place, one in enumerate(spec.series):
            self.sheet.write_string(top, 2 * place, one.name, self.bold)
            for at, (x, y) in enumerate(zip(one.x, one.values, strict=True)):
                self.sheet.write_number(top + 1 + at, 2 * place, x, money)
                self.sheet.write_number(top + 1 + at, 2 * place + 1, y, share)
            found.append({
                "name": _as_text(one.name), "categories": _area(top + 1, 2 * place, len(one.x)),
                "values": _area(top + 1, 2 * place + 1, len(one.x)),
                "line": {"color": one.colour, "width": 2},
                "categories_data": list(one.x), "values_data": list(one.values),
            })  # fmt: skip
        self.row = top + max((len(one.x) for one in spec.series), default=0) + 3
        return found


def _as_text(name: str) -> str:
    """Return a name that the library does not take for a reference to cells."""
    return name.lstrip("=").replace("!", "! ")


def _area(row: int, column: int, n: int) -> str:
    ends = (xl_rowcol_to_cell(at, column, row_abs=True, col_abs=True) for at in (row, row + n - 1))
    return f"='{FIGURES}'!{':'.join(ends)}"


def _columns(spec: ChartSpec) -> list[tuple[str, tuple[float, ...], Look]]:
    """Return the series that Excel draws: name, figures and look."""
    if spec.shape == "bridge":
        return _bridge_columns(spec)
    found = []
    for one in (*spec.native, *spec.levels):
        fill = {"color": one.colour}
        look: Look
        if spec.shape in {"range", "lines"}:
            dash = "dash" if one.key == "target" else "solid"
            line = {"color": one.colour, "width": 2.25, "dash_type": dash}
            look = {"line": line, "marker": {"type": "circle", "size": 5, "fill": fill, "border": fill}}
        else:
            look = {"fill": fill}
        if spec.colours and len(spec.series) == 1:
            look["points"] = [{"fill": {"color": colour}} for colour in spec.colours]
        if one.low and spec.shape in {"bars", "dots"}:
            pairs = zip(one.values, one.low, one.high, strict=True)
            minus, plus = zip(*((v - low, high - v) for v, low, high in pairs), strict=True)
            ends = {"plus_values": [*np.nan_to_num(plus)], "minus_values": [*np.nan_to_num(minus)]}
            look["x_error_bars"] = {"type": "custom", **ends, "line": {"color": INK}}
        found.append((one.name, one.values, look))
    return found if spec.shape != "stack" else found[: len(spec.native)]


def _bridge_columns(spec: ChartSpec) -> list[tuple[str, tuple[float, ...], Look]]:
    """Return unseen columns under the seen ones of a waterfall."""
    bottoms, heights, _ = bars_of_bridge(spec)
    floating = np.where((bottoms > spec.floor), bottoms, 0.0)
    seen = np.where(bottoms > spec.floor, heights, spec.floor + heights)
    labels = [{"value": spec.unit.write(amount)} for amount in spec.series[0].values]
    points = [{"fill": {"color": colour}} for colour in spec.colours]
    shown: Look = {"points": points, "data_labels": {"value": True, "custom": labels}, "gap": 50}
    return [
        ("Below", tuple(map(float, floating)), {"fill": {"none": True}, "gap": 50}),
        (spec.series[0].name, tuple(map(float, seen)), shown),
    ]
