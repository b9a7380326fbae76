"""Pictures of lying bars, of dots with intervals and of heat maps, by matplotlib."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from simulator.report.charts.inline_lying import heat_colour
from simulator.report.charts.spec import ChartSpec, Series
from simulator.report.style import (
    INK,
    MUTED,
    ORANGE,
    PAPER,
    draw_chart,
    legend_above,
    money_axis,
    text_colour,
)

LETTER = 0.0083
"""Share of the picture's width that a letter takes."""
LEAST_LABELLED = 0.06


def draw_lying(spec: ChartSpec, folder: Path) -> None:
    """Draw bars, dots or a heat map, as high as its rows need."""
    n_rows = len(spec.series) if spec.shape == "heat" else len(spec.categories)
    names = [one.name for one in spec.series] if spec.shape == "heat" else _row_names(spec)
    step = 0.3 if n_rows > 12 else 0.42
    with draw_chart(
        folder,
        spec.name,
        title=spec.title,
        subtitle=spec.subtitle,
        footer=spec.footer,
        size_inches=(10.0, 2.5 + step * max(n_rows, 3)),
    ) as axes:
        box = axes.get_position()
        left = min(
            0.42, 0.045 + LETTER * max((len(line) for name in names for line in name.split("\n")), default=1)
        )
        axes.set_position((left, box.y0, box.x1 - left, box.height))
        {"bars": _draw_bars, "dots": _draw_dots, "heat": _draw_heat}[spec.shape](axes, spec)
        axes.set_yticks(range(n_rows), names)
        axes.tick_params(axis="y", colors=INK)
        if not axes.yaxis_inverted():
            axes.invert_yaxis()


def _row_names(spec: ChartSpec) -> list[str]:
    below = spec.below or ("",) * len(spec.categories)
    rows = zip(spec.categories, below, strict=True)
    return ["\n".join(textwrap.wrap(" – ".join(p for p in row if p), 44)[:2]) for row in rows]


def _colours(spec: ChartSpec, one: Series) -> list[str]:
    return list(spec.colours) if spec.colours else [one.colour] * len(spec.categories)


def _value_axis(axes: Axes, spec: ChartSpec, room: float) -> None:
    """Set the ends of the axis of figures, with room for labels, and label it."""
    known = [*spec.finite(), 0.0]
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    axes.set_xlim(low - (room * span if low < 0 else 0.0), high + room * span)
    if spec.unit.scale is not None:
        money_axis(axes, spec.unit.scale.currency, "x")
    else:
        axes.xaxis.set_major_formatter(lambda value, _: spec.unit.write_tick(round(value, 6)))
        axes.grid(axis="x")


def _draw_bars(axes: Axes, spec: ChartSpec) -> None:
    """Draw bars from zero, stacked where there are totals, else side by side."""
    n, rows = len(spec.series), np.arange(len(spec.categories), dtype=np.float64)
    thick = 0.66 if spec.totals else 0.7 / n
    _value_axis(axes, spec, 0.14)
    span = axes.get_xlim()[1] - axes.get_xlim()[0]
    left = np.zeros(len(rows))
    for place, one in enumerate(spec.series):
        values = np.nan_to_num(one.values)
        y = rows if spec.totals else rows + (place - (n - 1) / 2) * thick
        axes.barh(
            y,
            values,
            left=left if spec.totals else 0.0,
            height=thick,
            color=_colours(spec, one),
            label=one.name,
        )
        if one.low:
            axes.hlines(y, one.low, one.high, color=INK, linewidth=1.2)
        for at, value in enumerate(one.values):
            if not math.isfinite(value):
                continue
            text = spec.unit.write(value)
            if not spec.totals:
                _label_end(axes, one, at, float(y[at]), text)
            elif values[at] > LEAST_LABELLED * span:
                axes.text(left[at] + value / 2, y[at], text, ha="center", va="center", fontsize=9.5,
                          color=text_colour(one.colour))  # fmt: skip
        left = left + values if spec.totals else left
    for at, total in enumerate(spec.totals):
        axes.text(left[at] + 0.01 * span, at, spec.unit.write(total), va="center", fontweight="bold")
    axes.axvline(0, color=INK, linewidth=0.8)
    if n > 1:
        legend_above(axes)


def _label_end(axes: Axes, one: Series, at: int, y: float, text: str) -> None:
    value = one.values[at]
    ends = [value, *([one.low[at], one.high[at]] if one.low and math.isfinite(one.low[at]) else [])]
    axes.annotate(
        text, (max(ends) if value >= 0 else min(ends), y), xytext=(5 if value >= 0 else -5, 0),
        textcoords="offset points", va="center", ha="left" if value >= 0 else "right", fontsize=9.5,
        fontweight="bold",
    )  # fmt: skip


def _draw_dots(axes: Axes, spec: ChartSpec) -> None:
    """Draw intervals with their dots, against the mark."""
    for place, one in enumerate(spec.series):
        rows = np.arange(len(spec.categories)) + 0.16 * place
        colours = _colours(spec, one)
        if one.low:
            axes.hlines(rows, one.low, one.high, colors=colours, linewidth=4, alpha=0.55)
        axes.scatter(one.values, rows, c=colours, s=45, zorder=3, label=one.name, edgecolors=PAPER)
        for at, value in enumerate(one.values if place == 0 else ()):
            if math.isfinite(value):
                end = one.high[at] if one.low and math.isfinite(one.high[at]) else value
                axes.annotate(spec.unit.write(value), (max(end, value), rows[at]), xytext=(7, 0), va="center",
                              textcoords="offset points", fontsize=9, fontweight="bold")  # fmt: skip
    _value_axis(axes, spec, 0.12)
    if math.isfinite(spec.mark):
        axes.axvline(
            spec.mark, color=ORANGE, linewidth=1.6, linestyle=(0, (4, 1.2)), zorder=0, label=spec.mark_word
        )
    if len(spec.series) > 1 or math.isfinite(spec.mark):
        legend_above(axes)
    axes.set_ylim(-0.7, len(spec.categories) - 0.3)


def _draw_heat(axes: Axes, spec: ChartSpec) -> None:
    known = spec.finite()
    low, high = min(known), max(known)
    axes.set_xlim(-0.5, len(spec.categories) - 0.5)
    axes.set_ylim(len(spec.series) - 0.5, -0.5)
    for row, one in enumerate(spec.series):
        for at, value in enumerate(one.values):
            if math.isfinite(value):
                colour = heat_colour(value, low, high)
                axes.bar(at, 0.96, bottom=row - 0.48, width=0.97, color=colour)
                text = spec.unit.write(value)
                text = text.rstrip("%") if len(spec.categories) > 12 else text
                axes.text(at, row, text, ha="center", va="center", fontsize=8.5, color=text_colour(colour))
    axes.set_xticks(range(len(spec.categories)), spec.categories)
    axes.tick_params(axis="x", colors=MUTED)
    for spine in axes.spines.values():
        spine.set_visible(False)
