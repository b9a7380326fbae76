"""Vertical charts of the page: ranges, stacks, columns, lines and curves, as SVG."""

from __future__ import annotations

import math

import numpy as np

from simulator.report.charts.canvas import LINE, Canvas, text_width
from simulator.report.charts.plot import (
    TARGET_INK,
    Plot,
    clear_of,
    frame,
    heights_needed,
    name_categories,
    say_figure,
    write_at_top,
)
from simulator.report.charts.spec import ChartSpec, Series
from simulator.report.style import ICE, MUTED, ORANGE, PAPER, STONE, text_colour

LEAST_TALL = 12.0
"""Pixels that a figure needs inside a bar."""
MOST_LABELS = 6
"""Points of a line that all have their figure next to them; of a longer line the last one has."""
BOLD = 1.12
"""Of the width of letters that are not bold."""
PANEL_HEIGHT, PANEL_GAP, PANEL_WIDTH = 120.0, 66.0, 165.0


def draw_range(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw P10 to P90 as bars, P50 across them; past results and what is booked as filled bars."""
    keys = {one.key: one for one in spec.series}
    legend = [("P10 to P90", keys["p90"].colour), ("P50", keys["p50"].colour)]
    legend += [(keys[key].name, keys[key].colour) for key in ("actual", "booked", "target") if key in keys]
    bold = [value for key in ("p50", "actual") if key in keys for value in keys[key].values]
    label = BOLD * max(text_width(spec.unit.write(value)) for value in bold)
    is_narrow = canvas.width < (label + 15) * len(spec.categories)  # the figures stand at the top then
    plot = frame(canvas, spec, legend, (0.0, (1.3 if is_narrow else 1.12) * max([*spec.finite(), 1e-9])))
    wide = min(max(plot.band - label - 10, 8.0), 0.42 * plot.band)
    is_labelled, steps = plot.band - wide >= label + 2, heights_needed(plot, label + 4)
    for at in range(plot.n):
        x = plot.x(at) - (0.5 * (wide + label) if is_labelled else wide / 2)
        _draw_one_range(canvas, spec, plot, (at, x, wide))
        if is_labelled:
            _label_range(canvas, spec, plot, (at, x + wide + 4))
        elif steps:
            _label_middle(canvas, spec, plot, at, steps)
    return name_categories(canvas, spec, plot)


def _draw_one_range(canvas: Canvas, spec: ChartSpec, plot: Plot, place: tuple[int, float, float]) -> None:
    at, x, wide = place
    keys = {one.key: one for one in spec.series}
    low, middle, high = (keys[key].values[at] for key in ("p10", "p50", "p90"))
    is_range = math.isfinite(low)
    if is_range:
        words = ", ".join(
            f"{key.upper()} {spec.unit.write(keys[key].values[at])}" for key in ("p10", "p50", "p90")
        )
        tall = plot.y(low) - plot.y(high)
        canvas.bar(x, plot.y(high), wide, tall, keys["p90"].colour, f"{spec.categories[at]}: {words}")
        canvas.bar(x, plot.y(middle) - 1.5, wide, 3, keys["p50"].colour)
    for key in {"actual", "booked"} & set(keys):
        if keys[key].values[at] > 0:
            inset, y = 0.25 * wide if is_range else 0.0, plot.y(keys[key].values[at])
            hover = say_figure(spec, keys[key], at)
            canvas.bar(x + inset, y, wide - 2 * inset, plot.foot - y, keys[key].colour, hover)
            text = spec.unit.write(keys[key].values[at])
            if key == "booked" and plot.foot - y > LEAST_TALL and text_width(text) < wide + 8:
                canvas.write(x + wide / 2, (y + plot.foot) / 2 + 4, text, colour=PAPER, anchor="middle")
    if "target" in keys and math.isfinite(keys["target"].values[at]):
        y = plot.y(keys["target"].values[at])
        hover = say_figure(spec, keys["target"], at)
        canvas.line([(x - 4, y), (x + wide + 4, y)], ORANGE, hover, thick=2.5, dashed=True)


def _label_range(canvas: Canvas, spec: ChartSpec, plot: Plot, place: tuple[int, float]) -> None:
    """Write the figures next to a bar, apart from one another; of a past quarter its result alone."""
    (at, x), keys = place, {one.key: one for one in spec.series}
    low, middle, high = (keys[key].values[at] for key in ("p10", "p50", "p90"))
    actual = keys["actual"].values[at] if "actual" in keys else math.nan
    known = actual if math.isfinite(actual) else middle
    if not math.isfinite(known):
        return
    y = plot.y(known) + 4
    canvas.write(x, y, spec.unit.write(known), bold=True)
    if math.isnan(actual) and spec.unit.write(low) != spec.unit.write(high):
        canvas.write(x, min(plot.y(high) + 4, y - LINE), spec.unit.write(high), colour=MUTED)
        canvas.write(x, max(plot.y(low) + 4, y + LINE), spec.unit.write(low), colour=MUTED)


def _label_middle(canvas: Canvas, spec: ChartSpec, plot: Plot, at: int, steps: int) -> None:
    """Write the result, else the P50, over a bar that has no room next to it."""
    keys = {one.key: one.values[at] for one in spec.series}
    actual = keys.get("actual", math.nan)
    known = actual if math.isfinite(actual) else keys["p50"]
    tops = [value for key, value in keys.items() if key != "target" and math.isfinite(value)]
    if tops and steps > 1:
        write_at_top(canvas, plot, at, spec.unit.write(known), spec.n_past)
    elif tops:
        canvas.write(plot.x(at), plot.y(max(tops)) - 5, spec.unit.write(known), bold=True, anchor="middle")


def draw_stack(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw columns of parts, the whole over them, and lines across them for what is needed."""
    legend = [(one.name, one.colour) for one in (*spec.series, *spec.levels)]
    levels = [value for one in spec.levels for value in one.values if math.isfinite(value)]
    tallest = max([*spec.totals, *levels, 1e-9])
    plot = frame(canvas, spec, legend, (0.0, 1.12 * tallest))
    wide, foot = 0.6 * plot.band, np.zeros(plot.n)
    for one in spec.series:
        for at, value in enumerate(np.nan_to_num(one.values)):
            y, text = plot.y(foot[at] + value), spec.unit.write(value)
            tall = plot.y(foot[at]) - y
            if value > 0:
                canvas.bar(plot.x(at) - wide / 2, y, wide, tall, one.colour, say_figure(spec, one, at))
            if tall > LEAST_TALL and text_width(text) < wide:
                ink = text_colour(one.colour)
                canvas.write(plot.x(at), y + tall / 2 + 4, text, colour=ink, anchor="middle")
            foot[at] += value
    for one in spec.levels:
        for at, value in enumerate(one.values):
            if math.isfinite(value):
                ends = [(plot.x(at) + side * (wide / 2 + 4), plot.y(value)) for side in (-1, 1)]
                canvas.line(ends, one.colour, say_figure(spec, one, at), thick=2.5)
    steps = heights_needed(plot, text_width(spec.unit.write(tallest)) + 4)
    for at, total in enumerate(spec.totals if steps else ()):
        lines = [plot.y(one.values[at]) for one in spec.levels if math.isfinite(one.values[at])]
        if steps > 1:
            write_at_top(canvas, plot, at, spec.unit.write(total), spec.n_past)
        else:
            y = clear_of(plot.y(total) - 5, lines)
            canvas.write(plot.x(at), y, spec.unit.write(total), bold=True, anchor="middle")
    return name_categories(canvas, spec, plot)


def draw_columns(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw groups of columns."""
    known = spec.finite() or [0.0]
    legend = [(one.name, one.colour) for one in spec.series]
    plot = frame(canvas, spec, legend, (min([0.0, *known]), 1.12 * max([*known, 1e-9])))
    wide = 0.8 * plot.band / len(spec.series)
    fits = wide > max(text_width(spec.unit.write(value)) for value in known)
    for nth, one in enumerate(spec.series):
        for at, value in enumerate(one.values):
            if not math.isfinite(value):
                continue
            x, tall = plot.x(at) - 0.4 * plot.band + nth * wide, plot.y(value) - plot.y(0.0)
            canvas.bar(x, plot.y(0.0), wide - 1, tall, one.colour, say_figure(spec, one, at))
            if fits:
                y = plot.y(max(value, 0.0)) - 4
                canvas.write(x + wide / 2, y, spec.unit.write(value), anchor="middle")
    return name_categories(canvas, spec, plot)


def draw_lines(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw lines over categories, their ranges as bands, with a mark across where there is one."""
    known = spec.finite() or [0.0, 1.0]
    margin = 0.08 * (max(known) - min(known)) or 0.05
    legend = [(one.name, one.colour) for one in spec.series]
    low = 0.0 if spec.begins_at_zero else min(known) - margin
    plot = frame(canvas, spec, legend, (low, max(known) + 2 * margin))
    if math.isfinite(spec.mark):
        ends = [(plot.left, plot.y(spec.mark)), (plot.right, plot.y(spec.mark))]
        canvas.line(ends, MUTED, f"{spec.mark_word} {spec.unit.write(spec.mark)}", thick=1.2, dashed=True)
    for one in spec.series:
        _draw_line(canvas, spec, plot, one)
    return name_categories(canvas, spec, plot)


def _draw_line(canvas: Canvas, spec: ChartSpec, plot: Plot, one: Series) -> None:
    places = [at for at, value in enumerate(one.values) if math.isfinite(value)]
    crowded = len(places) > MOST_LABELS
    if one.low:
        edge = [(plot.x(at), plot.y(one.high[at])) for at in places if math.isfinite(one.low[at])]
        edge += [(plot.x(at), plot.y(one.low[at])) for at in reversed(places) if math.isfinite(one.low[at])]
        canvas.area(edge, one.colour, opacity=0.16)
    canvas.line([(plot.x(at), plot.y(one.values[at])) for at in places], one.colour, thick=2.2)
    for at in places:
        x, y, text = plot.x(at), plot.y(one.values[at]), spec.unit.write(one.values[at])
        canvas.dot(x, y, 2.5 if crowded else 4, one.colour, say_figure(spec, one, at))
        fits = plot.band > text_width(text) and not crowded
        others = spec.series[spec.series.index(one) + 1 :]
        if any(other.values[at] == one.values[at] for other in others):
            continue
        if len(spec.series) <= 3 and (fits or at == places[-1]):
            above = (y - plot.y(other.values[at]) for other in spec.series if other is not one)
            down = 17 if any(0 <= gap < 2 * LINE for gap in above) else -9
            canvas.write(
                x + (0 if fits else 8), y + down, text, bold=True, anchor="middle" if fits else "end"
            )


def draw_curves(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw each curve in a panel, its target marked."""
    across = max(1, min(len(spec.series), int(canvas.width // PANEL_WIDTH)))
    wide = canvas.width / across
    for place, one in enumerate(spec.series):
        corner = (place % across) * wide + 4, (place // across) * (PANEL_HEIGHT + PANEL_GAP) + 34
        below = spec.below[place].replace("\n", " ") if spec.below else ""
        _draw_panel(canvas, spec, one, (*corner, wide - 14), below)
    return math.ceil(len(spec.series) / across) * (PANEL_HEIGHT + PANEL_GAP)


def _draw_panel(
    canvas: Canvas, spec: ChartSpec, one: Series, box: tuple[float, float, float], below: str
) -> None:
    left, top, wide = box
    ends = [*one.x, *(x for _, x, _ in one.marks)]
    low, high = min(ends), max(*ends, min(ends) + 1e-9)
    plot = Plot(left, left + wide, top, top + PANEL_HEIGHT, 0.0, 1.0, 1)

    def x_of(amount: float) -> float:
        return left + (amount - low) / (high - low) * wide

    points = [(x_of(x), plot.y(y)) for x, y in zip(one.x, one.values, strict=True)]
    canvas.area([(points[0][0], plot.foot), *points, (points[-1][0], plot.foot)], ICE)
    canvas.line(points, one.colour, thick=2)
    canvas.line([(plot.left, plot.foot), (plot.right, plot.foot)], STONE)
    canvas.write(left, top - 20, one.name, bold=True)
    canvas.write(left, top - 6, below, colour=TARGET_INK)
    for key, x, y in one.marks:
        colour, word = (ORANGE, " (target)") if key == "target" else (one.colour, "")
        hover = f"{one.name}: {y:.0%} chance of at least {spec.unit.write(x)}{word}"
        canvas.dot(x_of(x), plot.y(y), 4, colour, hover)
        if key == "target":
            canvas.line([(x_of(x), plot.top), (x_of(x), plot.foot)], ORANGE, dashed=True)
    canvas.write(plot.left, plot.foot + 14, spec.unit.write_tick(low), colour=MUTED)
    canvas.write(plot.right, plot.foot + 14, spec.unit.write_tick(high), colour=MUTED, anchor="end")
