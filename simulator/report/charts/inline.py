"""Charts drawn into the page: one picture for a screen, one for a phone, and the figures as a table."""

from __future__ import annotations

import math
from collections.abc import Callable

from simulator.report.charts.canvas import LINE, Canvas, text_width
from simulator.report.charts.inline_horizontal import draw_bars, draw_dots, draw_heat
from simulator.report.charts.inline_vertical import (
    draw_columns,
    draw_curves,
    draw_lines,
    draw_range,
    draw_stack,
)
from simulator.report.charts.plot import frame, name_categories
from simulator.report.charts.spec import ChartSpec, bars_of_bridge, labels_of_bridge
from simulator.report.style import STONE

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


def _draw_bridge(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw a waterfall: its ends stand on the axis, its steps float; lying down where columns are narrow."""
    words = [word for name in spec.categories for word in name.split()]
    texts = [f"+{spec.unit.write(amount)}" for amount in spec.series[0].values]
    if max(map(text_width, [*words, *texts])) + 6 > (canvas.width - 50) / len(spec.categories):
        return _draw_lying(canvas, spec)
    bottoms, heights, levels = bars_of_bridge(spec)
    low, high = min(spec.floor, float(bottoms.min())), float((bottoms + heights).max())
    plot = frame(canvas, spec, [], (low, high + 0.1 * (high - low)))
    wide, labels = 0.66 * plot.band, labels_of_bridge(spec)
    for at, text in enumerate(labels):
        y = plot.y(bottoms[at] + heights[at])
        hover = f"{spec.categories[at]}: {text}"
        canvas.bar(plot.x(at) - wide / 2, y, wide, plot.y(bottoms[at]) - y, spec.colours[at], hover)
        canvas.write(plot.x(at), y - 5, text, bold=True, anchor="middle")
        if at < len(labels) - 1:
            ends = [
                (plot.x(at) + wide / 2, plot.y(levels[at])),
                (plot.x(at + 1) - wide / 2, plot.y(levels[at])),
            ]
            canvas.line(ends, STONE)
    return name_categories(canvas, spec, plot)


def _draw_lying(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw a waterfall from the top down, each step's name and figure in a line above its bar."""
    bottoms, heights, _ = bars_of_bridge(spec)
    low, labels = min(spec.floor, float(bottoms.min())), labels_of_bridge(spec)
    per_unit = canvas.width / max(float((bottoms + heights).max()) - low, 1e-9)
    for at, text in enumerate(labels):
        top, name = at * 3 * LINE, spec.categories[at].replace("\n", " ")
        canvas.write(0.0, top + 14, name)
        canvas.write(canvas.width, top + 14, text, bold=True, anchor="end")
        x, wide = (bottoms[at] - low) * per_unit, max(heights[at] * per_unit, 1.0)
        canvas.bar(x, top + 20, wide, 16, spec.colours[at], f"{name}: {text}")
    return len(labels) * 3 * LINE


_DRAWERS: dict[str, Callable[[Canvas, ChartSpec], float]] = {
    "range": draw_range,
    "curves": draw_curves,
    "stack": draw_stack,
    "columns": draw_columns,
    "bridge": _draw_bridge,
    "lines": draw_lines,
    "bars": draw_bars,
    "dots": draw_dots,
    "heat": draw_heat,
}
