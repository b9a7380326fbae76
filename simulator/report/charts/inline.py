"""Charts drawn into the page: one picture for a screen, one for a phone, and the figures as a table."""

from __future__ import annotations

import math
from collections.abc import Callable

from simulator.report.charts.canvas import Canvas
from simulator.report.charts.inline_bridge import draw_bridge
from simulator.report.charts.inline_horizontal import draw_bars, draw_dots, draw_heat
from simulator.report.charts.inline_vertical import (
    draw_columns,
    draw_curves,
    draw_lines,
    draw_range,
    draw_stack,
)
from simulator.report.charts.spec import ChartSpec

WIDE, NARROW = 860.0, 340.0


def draw_inline(spec: ChartSpec) -> str:
    """Return a chart as two SVG pictures; the style sheet shows the one that fits the screen."""
    title, said = f"Chart: {spec.title}. {spec.subtitle}. Figures: the table below.", f" · {spec.footer}"
    pictures = []
    for css, width in (("wide", WIDE), ("narrow", NARROW)):
        canvas, height = draw(spec, width)
        pictures.append(canvas.svg(height, css, title, said))
    return "".join(pictures)


def draw(spec: ChartSpec, width: float) -> tuple[Canvas, float]:
    """Return a chart drawn on a canvas of some width, and its height, in pixels."""
    canvas = Canvas(width)
    return canvas, _DRAWERS[spec.shape](canvas, spec)


def figure_table(spec: ChartSpec) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows of the figures of a chart as they are drawn."""
    if spec.shape == "curves":
        rows = [[one.name, *(spec.unit.write(x) for _, x, _ in one.marks)] for one in spec.series]
        return ["Quarter", "10% chance", "50% chance", "90% chance", "Target"][
            : max(map(len, rows), default=1)
        ], rows
    names, drawn = [], []
    for one in (*spec.series, *spec.levels):
        names.append(one.name)
        drawn.append(spec.labels(one.key) if one in spec.series else [spec.unit.write(x) for x in one.values])
        if one.low:
            names.append(f"{one.name}: range")
            drawn.append([_say_range(spec, low, high) for low, high in zip(one.low, one.high, strict=True)])
    if spec.totals:
        names.append(spec.total_word.strip() or "Total")
        drawn.append([spec.unit.write(value) for value in spec.totals])
    rows = [[name, *cells] for name, *cells in zip(spec.categories, *drawn, strict=True)]
    return ["", *names], [[row[0].replace("\n", " "), *(cell or "–" for cell in row[1:])] for row in rows]


def _say_range(spec: ChartSpec, low: float, high: float) -> str:
    return f"{spec.unit.write(low)} to {spec.unit.write(high)}" if math.isfinite(low) else ""


_DRAWERS: dict[str, Callable[[Canvas, ChartSpec], float]] = {
    "range": draw_range,
    "curves": draw_curves,
    "stack": draw_stack,
    "columns": draw_columns,
    "bridge": draw_bridge,
    "lines": draw_lines,
    "bars": draw_bars,
    "dots": draw_dots,
    "heat": draw_heat,
}
