"""Waterfalls of the page: columns that float, or bars from the top down where columns would be narrow."""

from __future__ import annotations

from simulator.report.charts.canvas import LINE, Canvas, text_width
from simulator.report.charts.plot import frame, name_categories
from simulator.report.charts.spec import ChartSpec, bars_of_bridge
from simulator.report.style import STONE


def draw_bridge(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw a waterfall: its ends stand on the axis, its steps float; lying down where columns are narrow."""
    words = [word for name in spec.categories for word in name.split()]
    texts = [f"+{spec.unit.write(amount)}" for amount in spec.series[0].values]
    if max(map(text_width, [*words, *texts])) + 6 > (canvas.width - 50) / len(spec.categories):
        return _draw_lying(canvas, spec)
    bottoms, heights, levels = bars_of_bridge(spec)
    low, high = min(spec.floor, float(bottoms.min())), float((bottoms + heights).max())
    plot = frame(canvas, spec, [], (low, high + 0.1 * (high - low)))
    wide, amounts = 0.66 * plot.band, spec.series[0].values
    for at, amount in enumerate(amounts):
        sign = "+" if 0 < at < len(amounts) - 1 and amount > 0 else ""
        text, y = sign + spec.unit.write(amount), plot.y(bottoms[at] + heights[at])
        hover = f"{spec.categories[at]}: {text}"
        canvas.bar(plot.x(at) - wide / 2, y, wide, plot.y(bottoms[at]) - y, spec.colours[at], hover)
        canvas.write(plot.x(at), y - 5, text, bold=True, anchor="middle")
        if at < len(amounts) - 1:
            ends = [
                (plot.x(at) + wide / 2, plot.y(levels[at])),
                (plot.x(at + 1) - wide / 2, plot.y(levels[at])),
            ]
            canvas.line(ends, STONE)
    return name_categories(canvas, spec, plot)


def _draw_lying(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw a waterfall from the top down, each step's name and figure in a line above its bar."""
    bottoms, heights, _ = bars_of_bridge(spec)
    low, amounts = min(spec.floor, float(bottoms.min())), spec.series[0].values
    per_unit = canvas.width / max(float((bottoms + heights).max()) - low, 1e-9)
    for at, amount in enumerate(amounts):
        top, sign = at * 3 * LINE, "+" if 0 < at < len(amounts) - 1 and amount > 0 else ""
        text, name = sign + spec.unit.write(amount), spec.categories[at].replace("\n", " ")
        canvas.write(0.0, top + 14, name)
        canvas.write(canvas.width, top + 14, text, bold=True, anchor="end")
        x, wide = (bottoms[at] - low) * per_unit, max(heights[at] * per_unit, 1.0)
        canvas.bar(x, top + 20, wide, 16, spec.colours[at], f"{name}: {text}")
    return len(amounts) * 3 * LINE
