"""Where the figures of a vertical chart stand: axis, grid, categories, and labels kept apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.report.charts.canvas import LETTER, LINE, Canvas, nice_ticks, text_width, wrap_to
from simulator.report.charts.spec import ChartSpec, Series
from simulator.report.style import GRID, INK, MUTED

PLOT_HEIGHT = 230.0
TARGET_INK = "#a84b05"
"""Orange that reads on white in small letters."""


def say_figure(spec: ChartSpec, one: Series, at: int) -> str:
    """Return what a mark stands for: its category, its series, its figure and its interval."""
    text = f"{spec.categories[at]}: {one.name} {spec.unit.write(one.values[at])}"
    if not one.low or not math.isfinite(one.low[at]):
        return text
    return f"{text} ({spec.unit.write(one.low[at])} to {spec.unit.write(one.high[at])})"


@dataclass(frozen=True)
class Plot:
    """Where figures stand: categories from the left, figures from the foot up."""

    left: float
    right: float
    top: float
    foot: float
    low: float
    high: float
    n: int

    @property
    def band(self) -> float:
        """Return the width of a category."""
        return (self.right - self.left) / max(self.n, 1)

    def x(self, at: float) -> float:
        """Return where the middle of a category stands."""
        return self.left + self.band * (at + 0.5)

    def y(self, value: float) -> float:
        """Return where a figure stands."""
        return self.foot - (value - self.low) / (self.high - self.low) * (self.foot - self.top)


def frame(
    canvas: Canvas, spec: ChartSpec, legend: Sequence[tuple[str, str]], ends: tuple[float, float]
) -> Plot:
    """Draw axis, grid and legend; return where figures stand."""
    low, high = ends[0], max(ends[1], ends[0] + 1e-9)
    top = canvas.legend(legend, 0.0) + 16
    ticks = nice_ticks(low, high)
    texts = spec.unit.write_ticks(ticks)
    left = max(map(text_width, texts), default=0.0) + 10
    plot = Plot(left, canvas.width - 4, top, top + PLOT_HEIGHT, low, high, len(spec.categories))
    for tick, text in zip(ticks, texts, strict=True):
        canvas.line([(plot.left, plot.y(tick)), (plot.right, plot.y(tick))], GRID)
        canvas.write(plot.left - 6, plot.y(tick) + 4, text, colour=MUTED, anchor="end")
    if low > 0:
        canvas.write(0.0, plot.top - 8, "Axis not from 0", colour=MUTED)
    if spec.n_past:
        x = plot.left + plot.band * spec.n_past
        canvas.line([(x, plot.top - 10), (x, plot.foot)], MUTED, dashed=True)
        canvas.write(x - 5, plot.top - 3, "past", colour=MUTED, anchor="end")
        canvas.write(x + 5, plot.top - 3, "now", colour=MUTED)
    if low < 0 < high:
        canvas.line([(plot.left, plot.y(0.0)), (plot.right, plot.y(0.0))], INK)
    return plot


def name_categories(canvas: Canvas, spec: ChartSpec, plot: Plot) -> float:
    """Write the categories and what is said below them; return the height of the picture."""
    y, deepest = plot.foot + 17, 0
    widest = max((len(word) for name in spec.categories for word in name.split()), default=1)
    word = widest * LETTER
    beyond = max(word / 2 - (canvas.width - plot.x(plot.n - 1)), 0.0)  # the last name is moved left by this
    every = max(1, math.ceil((word + 4 + beyond) / plot.band))
    if every in {2, 3} and all(text_width(name) < every * plot.band for name in spec.categories):
        for at, name in enumerate(spec.categories):
            x = min(plot.x(at), canvas.width - text_width(name) / 2)
            canvas.write(x, y + LINE * (at % every), name, anchor="middle")
        return y + every * LINE
    for at in range(0, len(spec.categories), every):
        lines = wrap_to(spec.categories[at], plot.band * every)
        lines += ["(under way)"] if at == 0 and spec.under_way and plot.band > 70 else []
        canvas.write(plot.x(at), y, "\n".join(lines), anchor="middle")
        below = wrap_to(spec.below[at], plot.band) if spec.below and every == 1 and plot.band > 50 else []
        canvas.write(plot.x(at), y + LINE * len(lines), "\n".join(below), colour=TARGET_INK, anchor="middle")
        deepest = max(deepest, len(lines) + len(below))
    return y + LINE * deepest


def heights_needed(plot: Plot, width: float) -> int:
    """Return on how many heights texts of a width stand next to each other; 0 where two are too few."""
    return next((steps for steps in (1, 2) if steps * plot.band >= width), 0)


def clear_of(foot: float, lines: Sequence[float]) -> float:
    """Return where a text stands so that no line strikes it through: at its foot, else above the lines."""
    for y in sorted(lines, reverse=True):
        if foot - LINE < y < foot + 3:
            foot = y - 5
    return foot


def write_at_top(canvas: Canvas, plot: Plot, at: int, text: str, n_past: int) -> None:
    """Write the figure of a coming quarter at the top, in three lines by turns, where columns are narrow."""
    if at < n_past:
        return
    half = text_width(text) / 2
    x = min(plot.x(at), canvas.width - half)
    canvas.write(x, plot.top + 6 + 13 * (at % 3), text, bold=True, anchor="middle")
