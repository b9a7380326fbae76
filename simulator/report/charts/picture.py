"""Charts drawn by matplotlib, as PNG and SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes

from simulator.report.charts.lying import draw_lying
from simulator.report.charts.spec import ChartSpec, Floats, Series, bars_of_bridge
from simulator.report.style import (
    ICE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    PAPER,
    STONE,
    draw_chart,
    draw_panels,
    legend_above,
    money_axis,
    share_axis,
    text_colour,
)

MAX_LABELLED = 8
"""Categories that have room for all their labels; with more, only what fits is labelled."""

MAX_PANELS = 8
HALF_BAR = 0.19
BAR = 0.6
LABEL_GAP = 0.055
"""Least distance between labels next to a bar, as a share of the axis."""

DASHES = (0, (4, 1.2))


def draw_picture(spec: ChartSpec, folder: Path) -> None:
    """Draw a chart as ``NAME.png`` and ``NAME.svg`` into an existing folder, its figures as ``NAME.json``."""
    spec.save(folder)
    if spec.shape == "curves":
        _draw_curves(spec, folder)
        return
    if spec.shape in {"bars", "dots", "heat"}:
        draw_lying(spec, folder)
        return
    with draw_chart(
        folder,
        spec.name,
        title=spec.title,
        subtitle=spec.subtitle,
        footer=spec.footer,
        bottom_inches=1.15 if spec.below else 0.95,
    ) as axes:
        _DRAWERS[spec.shape](axes, spec)


def set_categories(axes: Axes, names: Sequence[str], *, under_way: bool = False) -> None:
    """Label the x axis with the categories, the quarter under way marked."""
    labels, n = list(names), len(names)
    if under_way:
        labels[0] += "\n(under way)" if n <= MAX_LABELLED else "*"
    axes.set_xticks(range(n), labels)
    if n > MAX_LABELLED:
        axes.tick_params(axis="x", labelrotation=90, labelsize=8)
    pad = max(0.0, (3 - n) / 2)
    axes.set_xlim(-0.6 - pad, n - 0.35 + pad)


def write_below(axes: Axes, texts: Sequence[str], colour: str, *, under_way: bool = False) -> None:
    """Write a line or two below the name of each category, where there is room."""
    for at, text in enumerate(texts if len(texts) <= MAX_LABELLED else ()):
        axes.annotate(
            text, (at, 0), xycoords=("data", "axes fraction"), xytext=(0, -40 if under_way else -26),
            textcoords="offset points", ha="center", va="top", color=colour, fontsize=9.5, fontweight="bold",
        )  # fmt: skip


def _name_quarters(axes: Axes, spec: ChartSpec) -> None:
    set_categories(axes, spec.categories, under_way=spec.under_way)
    write_below(axes, spec.below, ORANGE, under_way=spec.under_way)


def _currency(spec: ChartSpec) -> str:
    return spec.unit.scale.currency if spec.unit.scale is not None else ""


def _draw_range(axes: Axes, spec: ChartSpec) -> None:
    """Draw P10 to P90 as bars, P50 and target as lines across them, what is booked inside."""
    drawn = {one.key: one for one in spec.series}
    p10, p50, p90 = (np.array(drawn[key].values) for key in ("p10", "p50", "p90"))
    x = np.arange(len(p50))
    top = 1.12 * max([*spec.finite(), 1.0])
    axes.fill_between(x, p10, p90, color=ICE, alpha=0.5, linewidth=0)
    if "actual" in drawn:
        actual = drawn["actual"]
        axes.bar(x, actual.values, width=HALF_BAR, color=actual.colour, label=actual.name, zorder=2.5)
    axes.bar(x, p90 - p10, bottom=p10, width=2 * HALF_BAR, color=drawn["p90"].colour, label="P10 to P90")
    axes.hlines(p50, x - HALF_BAR, x + HALF_BAR, color=drawn["p50"].colour, linewidth=2.8, label="P50")
    if "booked" in drawn:
        booked = drawn["booked"]
        axes.bar(x, booked.values, width=2 * HALF_BAR, color=booked.colour, label=booked.name)
    if "target" in drawn:
        target = drawn["target"]
        axes.hlines(
            target.values, x - 0.36, x + HALF_BAR, color=target.colour, linewidth=2.2, linestyle=DASHES,
            label=target.name,
        )  # fmt: skip
    axes.set_ylim(0, top)
    if len(x) <= MAX_LABELLED:
        _label_ranges(axes, spec, top)
    _name_quarters(axes, spec)
    money_axis(axes, _currency(spec))
    legend_above(axes)


def _label_ranges(axes: Axes, spec: ChartSpec, top: float) -> None:
    """Write P90, P50, P10 and what is booked next to each bar, apart from one another."""
    gap = LABEL_GAP * top
    booked = next((one.values for one in spec.series if one.key == "booked"), ())
    actual = next(
        (one.values for one in spec.series if one.key == "actual"), (math.nan,) * len(spec.categories)
    )
    for x, (low, middle, high, result) in enumerate(
        zip(*(spec[key].values for key in ("p10", "p50", "p90")), actual, strict=True)
    ):
        known = result if math.isfinite(result) else middle
        if not math.isfinite(known):
            continue
        labels = [(known, known, INK, "bold")]
        if not math.isfinite(result) and spec.unit.write(low) != spec.unit.write(high):
            labels.append((max(high, middle + gap), high, MUTED, "normal"))
            labels.append((min(low, middle - gap), low, MUTED, "normal"))
        for y, value, colour, weight in labels:
            axes.text(
                x + HALF_BAR + 0.04, y, spec.unit.write(value),
                va="center", color=colour, fontweight=weight, fontsize=9.5,
            )  # fmt: skip
        if booked and booked[x] > gap:
            axes.text(
                x,
                booked[x] / 2,
                spec.unit.write(booked[x]),
                ha="center",
                va="center",
                color=PAPER,
                fontsize=9,
            )


def _draw_stack(axes: Axes, spec: ChartSpec) -> None:
    """Draw columns of parts, each with its figure where it fits, and the whole over them."""
    n = len(spec.categories)
    levels = [value for one in spec.levels for value in one.values if math.isfinite(value)]
    top = 1.1 * (max([*spec.totals, *levels, 0.0]) or 1.0)
    places = np.arange(n)
    for one in spec.levels:
        ends = (places - 0.55 * BAR, places + 0.55 * BAR)
        axes.hlines(one.values, *ends, color=one.colour, linewidth=2.2, label=one.name, zorder=3)
    draw_parts(axes, spec, top)
    if n <= MAX_LABELLED:
        for x, total in enumerate(spec.totals):
            text = f"{spec.total_word}{spec.unit.write(total)}"
            axes.text(x, total + 0.012 * top, text, ha="center", fontweight="bold")
    axes.set_ylim(0, top)
    _name_quarters(axes, spec)
    _value_axis(axes, spec)


def _value_axis(axes: Axes, spec: ChartSpec, which: Literal["x", "y"] = "y") -> None:
    if spec.unit.scale is not None:
        money_axis(axes, spec.unit.scale.currency, which)
        return
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(lambda value, _: spec.unit.write_tick(round(value, 6)))
    axes.grid(axis=which)


def _draw_columns(axes: Axes, spec: ChartSpec) -> None:
    """Draw groups of columns, each with its figure."""
    wide = 0.8 / len(spec.series)
    for place, one in enumerate(spec.series):
        x = np.arange(len(one.values)) + (place - (len(spec.series) - 1) / 2) * wide
        axes.bar(x, one.values, width=0.96 * wide, color=one.colour, label=one.name)
        for at, value in zip(x, one.values, strict=True):
            if math.isfinite(value) and len(one.values) * len(spec.series) <= 24:
                axes.annotate(spec.unit.write(value), (at, max(value, 0.0)), xytext=(0, 3), ha="center",
                              textcoords="offset points", fontsize=8.5)  # fmt: skip
    _name_quarters(axes, spec)
    _value_axis(axes, spec)
    legend_above(axes)


def draw_parts(axes: Axes, spec: ChartSpec, top: float, width: float = BAR) -> None:
    """Draw the parts of a stack and their legend; what is not created yet is hatched."""
    bottom = np.zeros(len(spec.categories))
    for one in spec.series:
        heights = np.nan_to_num(one.values)
        axes.bar(
            range(len(heights)), heights, bottom=bottom, width=width, color=one.colour,
            label=one.name if heights.any() else None, hatch="///" if one.key == "created" else None,
            edgecolor=PAPER, linewidth=0.8,
        )  # fmt: skip
        for x, height in enumerate(heights):
            if height > 0.05 * top and len(heights) <= MAX_LABELLED:
                axes.text(
                    x, bottom[x] + height / 2, spec.unit.write(height), ha="center", va="center", fontsize=9,
                    color=text_colour(one.colour),
                    bbox={"facecolor": one.colour, "edgecolor": "none", "pad": 1.2},
                )  # fmt: skip
        bottom += heights
    if bottom.any():
        legend_above(axes)


def draw_bridge(axes: Axes, spec: ChartSpec) -> None:
    """Draw opening, steps and closing as a waterfall."""
    amounts, floor = spec.series[0].values, spec.floor
    bottoms, heights, levels = bars_of_bridge(spec)
    axes.bar(range(len(amounts)), heights, bottom=bottoms, color=spec.colours, width=BAR)
    top = max(float(np.max(bottoms + heights)), floor + 1.0)
    for x, amount in enumerate(amounts):
        sign = "+" if 0 < x < len(amounts) - 1 and amount > 0 else ""
        y = bottoms[x] + heights[x] + 0.012 * (top - floor)
        axes.text(x, y, sign + spec.unit.write(amount), ha="center", fontweight="bold")
        if x < len(amounts) - 1:
            axes.plot([x + BAR / 2, x + 1 - BAR / 2], [levels[x]] * 2, color=STONE, linewidth=1)
    axes.set_xticks(range(len(amounts)), [_in_two_lines(name) for name in spec.categories])
    axes.set_ylim(floor, top + 0.1 * (top - floor))
    money_axis(axes, _currency(spec))


def _in_two_lines(name: str) -> str:
    """Return the name of a step broken at the space nearest to its middle."""
    spaces = [at for at, letter in enumerate(name) if letter == " "]
    if len(name) <= 11 or not spaces:
        return name
    at = min(spaces, key=lambda place: abs(place - len(name) / 2))
    return f"{name[:at]}\n{name[at + 1 :]}"


def _draw_lines(axes: Axes, spec: ChartSpec) -> None:
    """Draw figures by quarter with their bands, and the mark across them."""
    for one in spec.series:
        _draw_line(axes, spec, one)
    _name_quarters(axes, spec)
    known = spec.finite()
    if math.isfinite(spec.mark):
        axes.axhline(spec.mark, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    margin = 0.08 * (max(known) - min(known)) or 0.05
    axes.set_ylim(min(known) - margin, max(known) + 2 * margin)
    _value_axis(axes, spec)
    legend_above(axes)


def _draw_line(axes: Axes, spec: ChartSpec, one: Series) -> None:
    x = np.arange(len(one.values))
    if one.low:
        axes.fill_between(x, one.low, one.high, color=one.colour, alpha=0.16, linewidth=0)
    axes.plot(x, one.values, color=one.colour, linewidth=2.2, marker="o", markersize=5, label=one.name)
    for at, value in enumerate(one.values):
        if math.isfinite(value) and (len(x) <= 12 or at == len(x) - 1):
            axes.annotate(
                spec.unit.write(value), (at, value), xytext=(0, 8), textcoords="offset points",
                ha="center", color=one.colour, fontweight="bold",
            )  # fmt: skip


_DRAWERS: dict[str, Callable[[Axes, ChartSpec], None]] = {
    "range": _draw_range,
    "stack": _draw_stack,
    "columns": _draw_columns,
    "bridge": draw_bridge,
    "lines": _draw_lines,
}


def _draw_curves(spec: ChartSpec, folder: Path) -> None:
    """Draw each curve in a panel of its own, its points named."""
    shown = spec.series[:MAX_PANELS]
    n_rows = 1 if len(shown) <= 3 else 2
    left_out = f" (first {MAX_PANELS} quarters)" if len(spec.series) > MAX_PANELS else ""
    with draw_panels(
        folder,
        spec.name,
        title=spec.title,
        subtitle=spec.subtitle + left_out,
        footer=spec.footer,
        n_rows=n_rows,
        n_columns=math.ceil(len(shown) / n_rows),
        share_y=True,
        top_inches=0.62,
        size_inches=(10.0, 5.6 if n_rows == 1 else 6.8),
    ) as panels:
        for axes, one in zip(panels, shown, strict=False):
            _draw_curve(axes, spec, one, n_ticks=4 if len(spec.series) > 1 else 8)
        for axes in panels[len(shown) :]:
            axes.remove()


def _draw_curve(axes: Axes, spec: ChartSpec, one: Series, n_ticks: int) -> None:
    target = next((mark for mark in one.marks if mark[0] == "target"), None)
    axes.fill_between(one.x, one.values, color=ICE, linewidth=0)
    axes.plot(one.x, one.values, color=one.colour, linewidth=2)
    share_axis(axes)
    axes.set_xlim(*_limits(np.array([*one.x, *([target[1]] if target else [])])))
    _value_axis(axes, spec, "x")
    axes.tick_params(axis="x", labelsize=9)
    axes.locator_params(axis="x", nbins=n_ticks)
    axes.set_title(one.name, pad=20 if target else 6)
    for key, x, y in one.marks:
        if key == "target":
            continue
        axes.plot(x, y, "o", color=NAVY, markersize=4.5)
        axes.annotate(
            spec.unit.write(x), (x, y), xytext=(5, 3), textcoords="offset points", fontsize=8.5, color=INK,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.6},
        )  # fmt: skip
    if target is not None:
        axes.axvline(target[1], color=ORANGE, linewidth=1.8, linestyle=DASHES)
        axes.plot(target[1], target[2], "D", color=ORANGE, markersize=6, clip_on=False)
        text = spec.below[spec.series.index(one)].replace("\n", " ")
        axes.text(0, 1.03, text, transform=axes.transAxes, color=ORANGE, fontsize=9.5, fontweight="bold")


def _limits(x: Floats) -> tuple[float, float]:
    """Return the ends of the x axis: all of the curve and the target, never without width."""
    low, high = float(x.min()), float(x.max())
    margin = 0.06 * (high - low) or max(0.05 * abs(high), 1.0)
    return max(0.0, low - margin), high + 2.5 * margin
