"""Horizontal charts of the page: bars, dots with intervals, and heat maps, as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.report.charts.canvas import LETTER, LINE, Canvas, nice_ticks, text_width
from simulator.report.charts.plot import say_figure
from simulator.report.charts.spec import ChartSpec, Series
from simulator.report.style import GRID, INK, MUTED, ORANGE, text_colour

ROW_HEIGHT = 30.0
LABEL_ROOM = 75.0


@dataclass(frozen=True)
class _Rows:
    """Where rows stand from the top, and figures from the left."""

    tops: tuple[float, ...]
    end: float
    start: float
    low: float
    per_unit: float
    middle: float
    """Of a row, from its top: lower where its name stands above it."""

    def x(self, value: float) -> float:
        return self.start + (value - self.low) * self.per_unit


def _lay_rows(canvas: Canvas, spec: ChartSpec, low: float, high: float) -> _Rows:
    """Write the names of rows, left of them or, where there is no room, above."""
    top = canvas.legend([(one.name, one.colour) for one in spec.series if len(spec.series) > 1], 0.0) + 4
    below = spec.below or ("",) * len(spec.categories)
    names = [" – ".join(part for part in row if part) for row in zip(spec.categories, below, strict=True)]
    room = max(map(text_width, names), default=0.0) + 8
    above = room > 0.42 * canvas.width
    left = (0.0 if above else room) + (LABEL_ROOM if low < 0 else 0.0)
    tall = ROW_HEIGHT + (LINE if above else 0.0)
    tops = tuple(top + at * tall + (LINE if above else 0.0) for at in range(len(names)))
    for y, name in zip(tops, names, strict=True):
        fits = text_width(name) <= canvas.width
        text = name if fits else f"{name[: int(canvas.width / LETTER) - 1]}…"
        x, foot = (0.0, y - 2) if above else (room - 8, y + 17)
        canvas.write(x, foot, text, anchor="start" if above else "end")
    wide = canvas.width - left - LABEL_ROOM
    return _Rows(
        tops, top + len(names) * tall, left, low, wide / ((high - low) or 1.0), 24.0 if above else 17.0
    )


def draw_bars(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw horizontal bars from zero, stacked where there are totals, with intervals as thin lines."""
    known = [*spec.finite(), 0.0]
    rows = _lay_rows(canvas, spec, min(known), max(known))
    for at, y in enumerate(rows.tops):
        (_draw_stacked if spec.totals else _draw_side_by_side)(canvas, spec, rows, (at, y))
    canvas.line([(rows.x(0.0), rows.tops[0] if rows.tops else 0), (rows.x(0.0), rows.end)], INK)
    return rows.end + 8


def _draw_stacked(canvas: Canvas, spec: ChartSpec, rows: _Rows, place: tuple[int, float]) -> None:
    (at, y), x = place, rows.x(0.0)
    for one in spec.series:
        if math.isfinite(one.values[at]):
            wide, text = one.values[at] * rows.per_unit, spec.unit.write(one.values[at])
            canvas.bar(x, y + 4, wide, ROW_HEIGHT - 10, one.colour, say_figure(spec, one, at))
            if wide > text_width(text):
                canvas.write(x + wide / 2, y + 18, text, colour=text_colour(one.colour), anchor="middle")
            x += wide
    canvas.write(x + 5, y + 18, spec.unit.write(spec.totals[at]), bold=True)


def _draw_side_by_side(canvas: Canvas, spec: ChartSpec, rows: _Rows, place: tuple[int, float]) -> None:
    at, y = place
    thick = (ROW_HEIGHT - 8) / len(spec.series)
    for nth, one in enumerate(spec.series):
        value = one.values[at]
        if not math.isfinite(value):
            continue
        top, colour = y + 4 + nth * thick, spec.colours[at] if spec.colours else one.colour
        hover = say_figure(spec, one, at)
        canvas.bar(rows.x(0.0), top, value * rows.per_unit, thick - 1, colour, hover)
        ends = _ends(one, at)
        if len(ends) > 1:
            canvas.line([(rows.x(end), top + thick / 2) for end in ends], INK, hover, thick=1.4)
        side = max(*ends, value, 0.0) if value >= 0 else min(*ends, value, 0.0)
        shift, anchor = (5, "start") if value >= 0 else (-5, "end")
        if thick >= 8:
            canvas.write(
                rows.x(side) + shift, top + thick / 2 + 4, spec.unit.write(value), bold=True, anchor=anchor
            )


def _ends(one: Series, at: int) -> tuple[float, ...]:
    """Return the ends of an interval; the figure alone where it has none."""
    return (one.low[at], one.high[at]) if one.low and math.isfinite(one.low[at]) else (one.values[at],)


def draw_dots(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw horizontal intervals with a dot in each, against the mark across them."""
    known = [*spec.finite(), 0.0]
    rows = _lay_rows(canvas, spec, min(known), max(known))
    _draw_axis(canvas, spec, rows, (min(known), max(known)))
    if math.isfinite(spec.mark):
        words = f"{spec.mark_word} {spec.unit.write(spec.mark)}"
        across = [(rows.x(spec.mark), rows.tops[0] - 2), (rows.x(spec.mark), rows.end)]
        canvas.line(across, ORANGE, words, thick=1.6, dashed=True)
        half = text_width(words) / 2
        x = min(max(rows.x(spec.mark), half), canvas.width - half)
        canvas.write(x, rows.end + 14 + LINE, words, colour="#a84b05", anchor="middle")
    for nth, one in enumerate(spec.series):
        for at, y in enumerate(rows.tops):
            if not math.isfinite(one.values[at]):
                continue
            colour, middle = spec.colours[at] if spec.colours else one.colour, y + rows.middle + 5 * nth
            ends, hover = _ends(one, at), say_figure(spec, one, at)
            if len(ends) > 1:
                canvas.line([(rows.x(end), middle) for end in ends], colour, hover, thick=4)
            x = rows.x(one.values[at])
            canvas.dot(x, middle, 5, colour, hover)
            if nth == 0:
                canvas.write(x, middle - 7, spec.unit.write(one.values[at]), bold=True, anchor="middle")
    return rows.end + 22 + LINE


def _draw_axis(canvas: Canvas, spec: ChartSpec, rows: _Rows, ends: tuple[float, float]) -> None:
    """Draw the figures below horizontal rows, and a grid behind them."""
    ticks = nice_ticks(*ends, most=max(2, int((rows.x(ends[1]) - rows.x(ends[0])) / (1.5 * LABEL_ROOM))))
    for tick, text in zip(ticks, spec.unit.write_ticks(ticks), strict=True):
        canvas.line([(rows.x(tick), rows.tops[0] if rows.tops else 0.0), (rows.x(tick), rows.end)], GRID)
        x = max(rows.x(tick), text_width(text) / 2)
        canvas.write(x, rows.end + 14, text, colour=MUTED, anchor="middle")


def draw_heat(canvas: Canvas, spec: ChartSpec) -> float:
    """Draw a grid of figures or words, a row a series."""
    room = min(max(text_width(one.name) for one in spec.series) + 8, 0.4 * canvas.width)
    widest = max(text_width(_short(text)) for one in spec.series for text in spec.labels(one.key))
    above = (canvas.width - room) / len(spec.categories) < widest + 2
    room = 0.0 if above else room
    cell, tall = (canvas.width - room) / len(spec.categories), 46.0 if spec.words else 28.0
    tall, drop = (tall + LINE, LINE) if above else (tall, 0.0)
    for row, one in enumerate(spec.series):
        top = 16 + row * tall + drop
        name = one.name if above else one.name[: int(room / LETTER)]
        canvas.write(0.0, top + (18 if not above else -4), name)
        for at, text in enumerate(spec.labels(one.key)):
            if not math.isfinite(one.values[at]):
                continue
            colour, x = spec.cell_colour(one.values[at]), room + at * cell
            hover = f"{one.name}, {spec.categories[at]}: {text}".replace("\n", ", ")
            canvas.bar(x, top, cell - 1, tall - drop - 1, colour, hover)
            short = text if text_width(text) <= cell else _short(text)
            if text_width(short) <= cell:
                canvas.write(x + cell / 2, top + 18, short, colour=text_colour(colour), anchor="middle")
    every = max(1, math.ceil((max(map(text_width, spec.categories)) + 4) / cell))
    for at in range(0, len(spec.categories), every):
        canvas.write(room + (at + 0.5) * cell, 11, spec.categories[at], colour=MUTED, anchor="middle")
    return 20 + len(spec.series) * tall


def _short(text: str) -> str:
    """Return the words of a cell that is too narrow for all."""
    return text.rstrip("%").partition("\n")[0]
