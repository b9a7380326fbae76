"""How native charts of the deck look, and how a waterfall is made of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.dml import MSO_LINE
from pptx.util import Pt

from simulator.report.documents.deck_slides import Slide, colour_of
from simulator.report.money import SYMBOLS, MoneyScale, money_scale
from simulator.report.style import GREEN, GRID, INK, MUTED, NAVY, SAND

POINTS = 12


def plain_figures(values: pd.Series | npt.NDArray[np.float64]) -> list[float | None]:
    """Return figures for a chart, nothing where one is missing."""
    return [float(value) if np.isfinite(value) else None for value in values]


def categories_data(names: Sequence[str], columns: Mapping[str, Any], code: str) -> Any:
    """Return the figures of a chart over categories: one series a column."""
    data: Any = CategoryChartData(number_format=code)  # type: ignore[no-untyped-call]
    data.categories = names
    for name, values in columns.items():
        data.add_series(name, plain_figures(values))
    return data


def add_bridge(
    slide: Slide,
    scale: MoneyScale,
    ends: Mapping[str, float],
    steps: Mapping[str, float],
) -> None:
    """Draw a waterfall of figures that foot as shown: its two ends stand, the steps between them float."""
    (first, opening), (last, closing) = ends.items()
    moves = np.array(list(steps.values()))
    heights = opening + np.concatenate([[0.0], np.cumsum(moves)])
    base = np.concatenate([[0.0], np.minimum(heights[:-1], heights[1:]), [0.0]])
    none = np.zeros(len(moves) + 2)
    stands, comes, goes = none.copy(), none.copy(), none.copy()
    stands[[0, -1]] = opening, closing
    comes[1:-1], goes[1:-1] = np.clip(moves, 0, None), np.clip(-moves, 0, None)
    code = money_code(scale)
    columns = {"Below": base, "Level": stands, "Comes in": comes, "Goes out": goes}
    chart = slide.add_chart(
        XL_CHART_TYPE.COLUMN_STACKED, categories_data([first, *steps, last], columns, code)
    )
    finish_chart(chart, axis_code(code))
    chart.has_legend = False
    colour_columns(chart, [None, NAVY, GREEN, SAND], overlap=100)
    for series, colour in zip(list(chart.plots[0].series)[1:], ("#ffffff", INK, INK), strict=True):
        label_values(series, f'{code};;""', None, colour=colour)


def finish_chart(chart: Any, code: str) -> None:
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


def colour_columns(chart: Any, colours: Sequence[str | None], overlap: int) -> None:
    """Colour the series of a column chart; None leaves one unseen."""
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 60, overlap
    for series, colour in zip(plot.series, colours, strict=True):
        if colour is None:
            series.format.fill.background()
            continue
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = colour_of(colour)


def draw_line(series: Any, colour: str, *, dashed: bool = False) -> None:
    """Colour a line and its markers."""
    series.smooth = False
    series.format.line.color.rgb, series.format.line.width = colour_of(colour), Pt(2.5)
    if dashed:
        series.format.line.dash_style = MSO_LINE.DASH
    series.marker.format.fill.solid()
    series.marker.format.fill.fore_color.rgb = colour_of(colour)
    series.marker.format.line.color.rgb = colour_of(colour)


def label_values(series: Any, code: str, place: Any, *, colour: str = INK) -> None:
    """Write the figures of a series beside its marks."""
    labels = series.data_labels
    labels.show_value = True
    labels.number_format, labels.number_format_is_linked = code, False
    labels.font.size, labels.font.color.rgb = Pt(POINTS), colour_of(colour)
    if place is not None:
        labels.position = place


THOUSANDS = {1.0: "", 1e3: ",", 1e6: ",,", 1e9: ",,,", 1e12: ",,,,"}


def _sign(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} ").replace("]", "").replace('"', "")


def whole_money(currency: str) -> str:
    """Return the format of whole amounts: ``$1,234``, negative ones in red."""
    sign = _sign(currency)
    return f"[${sign}]#,##0;[Red]-[${sign}]#,##0"


def short_money(currency: str, amounts: Iterable[float]) -> str:
    """Return the format of amounts in the unit in which the largest has about three digits."""
    return money_code(money_scale([float(amount) for amount in amounts], currency))


def money_code(scale: MoneyScale) -> str:
    """Return the format of amounts on a scale: ``$1.23M``."""
    decimals = f".{'0' * scale.decimals}" if scale.decimals else ""
    letter = f'"{scale.letter}"' if scale.letter else ""
    return f'"{_sign(scale.currency)}"#,##0{decimals}{THOUSANDS[scale.unit]}{letter}'


def axis_code(code: str) -> str:
    """Return a format for the labels of an axis: one decimal less, and one at most."""
    return re.sub(r"\.(0+)", lambda digits: ".0" if len(digits[1]) > 1 else "", code, count=1)
