"""Charts drawn as native charts of PowerPoint, with their figures behind them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.dml import MSO_LINE
from pptx.oxml.xmlchemy import OxmlElement
from pptx.util import Pt

from simulator.arrays import Floats, Mask
from simulator.report.charts.spec import MULTIPLE, ChartSpec, Series, bars_of_bridge, labels_of_bridge
from simulator.report.documents.deck_slides import Deck, Slide, colour_of
from simulator.report.style import GRID, INK, MUTED, NAVY, SKY, STONE, text_colour

POINTS = 12
LETTER_WIDTH = 0.58
"""Of a letter, as a share of its height."""
MOST_LABELLED = 8
"""Categories of lines that have their figures next to them."""
SHORT_MULTIPLE = '0.0"×"'
"""Of many columns, whose labels would run into each other."""
LEAST_LABELLED = 0.06
"""Parts of a stack below this share of the tallest column have no room for their figure."""
PLUS = "+\N{WORD JOINER}"
"""A sign that stays with its figure where a line ends."""


def add_chart_slide(deck: Deck, spec: ChartSpec) -> None:
    """Add a slide with a chart: the finding as its title, what is shown below it."""
    slide = deck.add_slide(spec.title, spec.subtitle, spec.footer)
    _DRAWERS[spec.shape](slide, spec)


def add_two_charts(deck: Deck, title: str, subtitle: str, pair: tuple[ChartSpec, ChartSpec]) -> None:
    """Add a slide with two charts next to each other, each below its own finding and what it shows."""
    slide = deck.add_slide(title, subtitle, _join_footers(*(spec.footer for spec in pair)))
    halves, below = slide.halves(), 0.0
    for half, spec in zip(halves, pair, strict=True):
        said = [spec.title] if spec.title != title else []
        is_cut = spec.shape == "lines" and not spec.begins_at_zero and min(spec.finite(), default=0.0) > 0
        said += [spec.subtitle + ("; the axis does not begin at 0" if is_cut else "")]
        below = max(below, half.add_text(said, top=0.0, points=POINTS))
    for half, spec in zip(halves, pair, strict=True):
        _DRAWERS[spec.shape](half.below(below), spec)


def _join_footers(left: str, right: str) -> str:
    """Return the sources of two charts in a line: what they share once, then what is each one's own."""
    if left == right:
        return left
    ours, theirs = left.split(" · "), right.split(" · ")
    shared = [part for part in ours if part in theirs]
    own = [", ".join(part for part in parts if part not in shared) for parts in (ours, theirs)]
    said = [f"{side}: {words}" for side, words in zip(("left", "right"), own, strict=True) if words]
    return " · ".join([*shared, *said])


def _chart(slide: Slide, spec: ChartSpec, kind: Any, columns: dict[str, Any]) -> Any:
    """Add a chart over categories: one series a column."""
    data: Any = CategoryChartData(number_format=spec.unit.code)  # type: ignore[no-untyped-call]
    data.categories = spec.categories
    for name, values in columns.items():
        data.add_series(name, [float(value) if np.isfinite(value) else None for value in values])
    chart = slide.add_chart(kind, data, spec.name, spec.title)
    _finish(chart, spec.unit.axis_code)
    if kind in {XL_CHART_TYPE.BAR_STACKED, XL_CHART_TYPE.BAR_CLUSTERED}:
        chart.category_axis.reverse_order = True
        _level_names(chart.category_axis, 1)
        chart.value_axis._element.xpath("c:crosses")[0].set("val", "max")  # it stays at the foot
    else:
        _level_names(chart.category_axis, _names_per_place(slide, spec.categories))
    return chart


def _names_per_place(slide: Slide, names: Sequence[str]) -> int:
    """Return how many places the longest word of the names takes below a chart: 1 where each name fits."""
    longest = max((len(word) for name in names for word in name.split()), default=0)
    letters = slide.body.width / (LETTER_WIDTH * Pt(POINTS)) / max(len(names), 1)
    return math.ceil(longest / letters) or 1


def _level_names(axis: Any, step: int) -> None:
    """Keep the names below a chart level, and leave out those that have no room."""
    axis.tick_labels.font.size = Pt(POINTS)
    axis._element.txPr.bodyPr.set("rot", "0")
    if step > 1:
        skip = OxmlElement("c:tickLblSkip")
        skip.set("val", str(step))
        axis._element.xpath("c:noMultiLvlLbl")[0].addprevious(skip)


def _draw_lines(slide: Slide, spec: ChartSpec) -> None:
    """Draw lines with their figures: those of a target dashed, those of low cases below."""
    shown = (*spec.native, *_ends(spec))
    kind = XL_CHART_TYPE.LINE_MARKERS
    chart = _chart(slide, spec, kind, {one.name: one.values for one in shown})
    if spec.shape == "lines":
        chart._chartSpace.chart.xpath("c:dispBlanksAs")[0].set("val", "span")
        known = spec.finite()
        share = spec.unit.is_share and min(known) > 0
        if not spec.begins_at_zero:
            chart.value_axis.minimum_scale = np.floor(10 * min(known) - 0.5) / 10 if share else None
    for at, (series, one) in enumerate(zip(chart.plots[0].series, shown, strict=True)):
        _colour_line(series, one.colour, dashed=one.key == "target")
        crowded = spec.shape == "lines" and len(spec.categories) > MOST_LABELLED
        if crowded:
            _label_last(series, spec, one)
        elif spec.unit.is_share or spec.shape == "range" or at == 0:
            place = XL_LABEL_POSITION.BELOW if one.key in {"p10", "p50"} else XL_LABEL_POSITION.ABOVE
            _label(series, spec.unit.code, place, INK if one.key in {"p10", "p50", "p90"} else one.colour)


def _ends(spec: ChartSpec) -> tuple[Series, ...]:
    """Return the ends of the band around a single line as lines of their own."""
    if len(spec.series) > 1 or not spec.series[0].low:
        return ()
    (one,) = spec.series
    return Series("p90", "P90", SKY, one.high), Series("p10", "P10", SKY, one.low)


def _label_last(series: Any, spec: ChartSpec, one: Series) -> None:
    """Write the last figure of a long line."""
    last = max((at for at, value in enumerate(one.values) if np.isfinite(value)), default=0)
    frame = series.points[last].data_label.text_frame
    frame.text = spec.unit.write(one.values[last])
    font = frame.paragraphs[0].runs[0].font
    font.size, font.bold, font.color.rgb = Pt(POINTS), True, colour_of(one.colour)
    higher = any(other.values[last] > one.values[last] for other in spec.series)
    series.points[last].data_label.position = XL_LABEL_POSITION.BELOW if higher else XL_LABEL_POSITION.ABOVE


def _draw_curves(slide: Slide, spec: ChartSpec) -> None:
    data: Any = XyChartData(number_format="0%")  # type: ignore[no-untyped-call]
    for one in spec.series:
        series = data.add_series(one.name)
        for x, y in zip(one.x, one.values, strict=True):
            series.add_data_point(x, y)
    chart = slide.add_chart(XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, data, spec.name, spec.title)
    _finish(chart, "0%")
    chart.value_axis.maximum_scale = 1.0
    axis = chart.category_axis
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = spec.unit.axis_code, False
    axis.has_major_gridlines = False
    for series, one in zip(chart.plots[0].series, spec.series, strict=True):
        _colour_line(series, one.colour)


def _draw_stack(slide: Slide, spec: ChartSpec) -> None:
    """Draw stacked columns; where lines stand across them, the wholes next to what the lines say."""
    if spec.levels:
        crowded = len(spec.categories) > MOST_LABELLED
        levels = tuple(one for one in spec.levels if not crowded or one.key == "needed_p80") or spec.levels
        _draw_columns(slide, replace(spec, shape="columns", series=(*_wholes(spec), *levels)))
        return
    columns = {one.name: one.values for one in spec.series}
    chart = _chart(slide, spec, XL_CHART_TYPE.COLUMN_STACKED, columns)
    _colour_columns(chart, [one.colour for one in spec.series], overlap=100)
    code = f'[<{LEAST_LABELLED * max(spec.totals, default=0.0):.0f}]"";{spec.unit.code}'
    for series, one in zip(chart.plots[0].series, spec.series, strict=True):
        _label(series, code, None, text_colour(one.colour))


def _wholes(spec: ChartSpec) -> tuple[Series, ...]:
    """Return the wholes of columns: those of past quarters, which have another measure, by themselves."""
    n, gap = spec.n_past, math.nan
    if not n:
        return (Series("total", spec.total_word.strip() or "Now", NAVY, spec.totals),)
    ahead = len(spec.totals) - n
    past = "At the start of past quarters, against what was then booked"
    return (
        Series("past", past, STONE, (*spec.totals[:n], *(gap,) * ahead)),
        Series("total", "Now, against the target", NAVY, (*(gap,) * n, *spec.totals[n:])),
    )


def _draw_columns(slide: Slide, spec: ChartSpec) -> None:
    rows = np.nan_to_num([one.values for one in spec.series])
    shown: Mask = np.asarray(np.round(rows, 2).any(axis=0))
    below = spec.below or ("",) * len(shown)
    said = np.array([bool(words) for words in below])
    kept = np.flatnonzero(shown | said if shown.any() else ~shown)
    categories = tuple(spec.categories[at] + ("" if shown[at] else f"\n{below[at]}") for at in kept)
    columns = {one.name: tuple(one.values[at] for at in kept) for one in spec.series}
    chart = _chart(slide, replace(spec, categories=categories), XL_CHART_TYPE.COLUMN_CLUSTERED, columns)
    _colour_columns(chart, [one.colour for one in spec.series], overlap=-10)
    crowded = len(categories) > MOST_LABELLED and spec.unit == MULTIPLE
    for series in chart.plots[0].series:
        _label(series, SHORT_MULTIPLE if crowded else spec.unit.code, XL_LABEL_POSITION.OUTSIDE_END, INK)


def _draw_bridge(slide: Slide, spec: ChartSpec) -> None:
    """Draw a waterfall as columns on unseen ones: its two ends stand, the steps between them float.

    Figures stand by the names, where thin columns cannot hide them. Where the names have no room below,
    the columns are bars, with the names on their left.
    """
    bottoms, _, _ = bars_of_bridge(spec)
    amounts = np.array(spec.series[0].values)
    ends = np.isin(np.arange(len(amounts)), (0, len(amounts) - 1))
    lies = _names_per_place(slide, spec.categories) > 1
    between = " " if lies else "\n"
    names = tuple(
        f"{name}{between}{label}"
        for name, label in zip(spec.categories, labels_of_bridge(spec, PLUS), strict=True)
    )
    columns: dict[str, Floats] = {
        "Below": np.where(ends, 0.0, bottoms),
        "Level": np.where(ends, amounts, 0.0),
        "Comes in": np.where(ends, 0.0, amounts.clip(min=0.0)),
        "Goes out": np.where(ends, 0.0, (-amounts).clip(min=0.0)),
    }
    kind = XL_CHART_TYPE.BAR_STACKED if lies else XL_CHART_TYPE.COLUMN_STACKED
    chart = _chart(slide, replace(spec, categories=names), kind, columns)
    chart.has_legend = False
    chart.value_axis.minimum_scale = spec.floor
    if lies:  # Names with their figures take the room of the axis, which says no more.
        chart.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.NONE
    _colour_columns(chart, [None] * 4, overlap=100)
    chart.plots[0].gap_width = 20
    for series in list(chart.plots[0].series)[1:]:
        shown = np.flatnonzero(columns[series.name])
        _colour_points(series, {int(at): spec.colours[at] for at in shown})


def _draw_bars(slide: Slide, spec: ChartSpec) -> None:
    """Draw horizontal bars, stacked where there are totals; of dots the figures alone."""
    kind = XL_CHART_TYPE.BAR_STACKED if spec.totals else XL_CHART_TYPE.BAR_CLUSTERED
    chart = _chart(slide, spec, kind, {one.name: one.values for one in spec.series})
    _colour_columns(chart, [one.colour for one in spec.series], overlap=100 if spec.totals else -5)
    chart.has_legend = len(spec.series) > 1
    chart.value_axis.minimum_scale = None if min(spec.finite()) < 0 else 0.0
    for series, one in zip(chart.plots[0].series, spec.series, strict=True):
        place = None if spec.totals else XL_LABEL_POSITION.OUTSIDE_END
        _label(series, spec.unit.code, place, text_colour(one.colour) if spec.totals else INK)
        if len(spec.series) == 1:
            _colour_points(series, dict(enumerate(spec.colours)))


def _draw_heat(slide: Slide, spec: ChartSpec) -> None:
    """Draw a grid of figures as a coloured table."""
    rows = [[one.name, *spec.labels(one.key)] for one in spec.series]
    slide.add_table(["", *spec.categories], rows, top=0.0, height=0.95)
    table = next(shape.table for shape in slide.shape.shapes if shape.has_table)
    for row, one in enumerate(spec.series, start=1):
        for at, value in enumerate(one.values, start=1):
            if np.isfinite(value):
                colour = spec.cell_colour(value)
                cell = table.cell(row, at)
                cell.fill.fore_color.rgb = colour_of(colour)
                cell.text_frame.paragraphs[0].runs[0].font.color.rgb = colour_of(text_colour(colour))


_DRAWERS: dict[str, Callable[[Slide, ChartSpec], None]] = {
    "range": _draw_lines,
    "lines": _draw_lines,
    "curves": _draw_curves,
    "stack": _draw_stack,
    "columns": _draw_columns,
    "bridge": _draw_bridge,
    "bars": _draw_bars,
    "dots": _draw_bars,
    "heat": _draw_heat,
}


def _finish(chart: Any, code: str) -> None:
    """Give a chart its legend, fonts and a light grid."""
    chart.font.size, chart.font.color.rgb = Pt(POINTS), colour_of(INK)
    chart.has_title = False
    chart.has_legend = True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    axis = chart.value_axis
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = code, False
    axis.tick_labels.font.color.rgb = colour_of(MUTED)
    axis.minimum_scale = 0.0
    axis.has_major_gridlines = True
    axis.major_gridlines.format.line.color.rgb = colour_of(GRID)
    axis.format.line.fill.background()
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.category_axis.format.line.color.rgb = colour_of(GRID)


def _colour_columns(chart: Any, colours: list[str | None], overlap: int) -> None:
    """Colour the series of a column chart; None leaves one unseen."""
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 60, overlap
    for series, colour in zip(plot.series, colours, strict=True):
        if colour is None:
            series.format.fill.background()
            continue
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = colour_of(colour)


def _colour_points(series: Any, colours: Mapping[int, str]) -> None:
    """Colour single columns or bars of a series, by place."""
    for at, colour in colours.items():
        fill = series.points[at].format.fill
        fill.solid()
        fill.fore_color.rgb = colour_of(colour)


def _colour_line(series: Any, colour: str, *, dashed: bool = False) -> None:
    series.smooth = False
    series.format.line.color.rgb, series.format.line.width = colour_of(colour), Pt(2.5)
    if dashed:
        series.format.line.dash_style = MSO_LINE.DASH
    series.marker.format.fill.solid()
    series.marker.format.fill.fore_color.rgb = colour_of(colour)
    series.marker.format.line.color.rgb = colour_of(colour)


def _label(series: Any, code: str, place: Any, colour: str) -> None:
    """Write the figures of a series at its marks."""
    labels = series.data_labels
    labels.show_value = True
    labels.number_format, labels.number_format_is_linked = code, False
    labels.font.size, labels.font.color.rgb = Pt(POINTS), colour_of(colour)
    if place is not None:
        labels.position = place
