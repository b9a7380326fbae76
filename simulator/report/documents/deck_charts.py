"""Native charts of the deck: they open in PowerPoint with their figures behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pptx.chart.data import XyChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION

from simulator.analysis.customers.arr import MOVEMENTS, SIGNS
from simulator.analysis.totals import ALL
from simulator.report.customers.words import MOVEMENT_WORDS, fine_scale
from simulator.report.documents.deck_looks import (
    add_bridge,
    axis_code,
    categories_data,
    colour_columns,
    draw_line,
    finish_chart,
    label_values,
    short_money,
)
from simulator.report.documents.deck_slides import Deck
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import View
from simulator.report.forecast.findings import PART_WORDS, foot_waterfall
from simulator.report.style import BLUE, INK, NAVY, ORANGE, PART_COLOURS, SERIES, SKY

STEPS = {
    "created": "Created",
    "won": "Won",
    "lost_competition": "Lost to competition",
    "lost_no_decision": "Lost, no decision",
}
LEAVING = ("won", "lost_competition", "lost_no_decision")
COVERED = {
    "coverage": ("Coverage now", NAVY),
    "needed_p50": ("Needed for a 50 % chance", SKY),
    "needed_p80": ("Needed for an 80 % chance", BLUE),
    "needed_p90": ("Needed for a 90 % chance", ORANGE),
}


def draw_fan(deck: Deck, run: Finished, view: View) -> None:
    """Draw P10, P50 and P90 of bookings by quarter against the target."""
    slide = deck.add_slide(
        run.title("bookings_fan", view.title),
        "New bookings by fiscal quarter, all segments; P10 to P90 holds the middle 80 % of futures",
    )
    looks = {"p90": ("P90", SKY), "p50": ("P50", NAVY), "p10": ("P10", SKY), "target": ("Target", ORANGE)}
    shown = {key: look for key, look in looks.items() if view.table[key].notna().any()}
    code = short_money(run.currency, view.table["p90"])
    columns = {name: view.table[key] for key, (name, _) in shown.items()}
    data = categories_data(view.table["period"].tolist(), columns, code)
    chart = slide.add_chart(XL_CHART_TYPE.LINE_MARKERS, data)
    finish_chart(chart, axis_code(code))
    for series, (key, (_, colour)) in zip(chart.plots[0].series, shown.items(), strict=True):
        draw_line(series, colour, dashed=key == "target")
        place = XL_LABEL_POSITION.BELOW if key in {"p10", "p50"} else XL_LABEL_POSITION.ABOVE
        label_values(
            series,
            short_money(run.currency, view.table["p90"]),
            place,
            colour=INK if key != "target" else ORANGE,
        )


def draw_chances(deck: Deck, run: Finished, view: View) -> None:
    """Draw the chance of reaching each number, by quarter."""
    slide = deck.add_slide(
        run.title("probability_of_hitting", view.title),
        f"Share of futures that reach at least the amount below; new bookings in {run.currency}",
    )
    amounts = view.table[list(run.periods)]
    data: Any = XyChartData(number_format="0%")  # type: ignore[no-untyped-call]
    for period in run.periods:
        series = data.add_series(period)
        for amount, chance in zip(amounts[period], view.table["probability"], strict=True):
            series.add_data_point(float(amount), float(chance))
    chart = slide.add_chart(XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, data)
    finish_chart(chart, "0%")
    chart.value_axis.maximum_scale = 1.0
    axis = chart.category_axis
    axis.tick_labels.number_format = axis_code(short_money(run.currency, amounts.max()))
    axis.tick_labels.number_format_is_linked = False
    axis.has_major_gridlines = False
    for at, series in enumerate(chart.plots[0].series):
        draw_line(series, SERIES[at % len(SERIES)])


def draw_parts(deck: Deck, run: Finished, view: View) -> None:
    """Draw what the P50 of each quarter is made of."""
    slide = deck.add_slide(
        run.title("p50_composition", view.title),
        "The P50 of new bookings by where the deals are today, all segments",
    )
    table = _totals(run, view)
    parts = [part for part in PART_WORDS if (table[part] != 0).any()] or ["created"]
    code = short_money(run.currency, table["p50"])
    columns = {PART_WORDS[part].capitalize(): table[part] for part in parts}
    chart = slide.add_chart(
        XL_CHART_TYPE.COLUMN_STACKED, categories_data(table["period"].tolist(), columns, code)
    )
    finish_chart(chart, axis_code(code))
    colour_columns(chart, [PART_COLOURS[part] for part in parts], overlap=100)
    for series, part in zip(chart.plots[0].series, parts, strict=True):
        label_values(series, f'[<{0.06 * float(table["p50"].max()):.0f}]"";{code}', None, colour=_ink(part))


def _ink(part: str) -> str:
    return "#ffffff" if part in {"booked", "commit"} else INK


def draw_coverage(deck: Deck, run: Finished, view: View) -> None:
    """Draw coverage of each quarter beside the coverage that its target needs; nothing without targets."""
    table = view.table[(view.table["segment"] == ALL) & view.table["period"].isin(run.periods)]
    table = table[table["basis"] == table["basis"].iloc[0]] if len(table) else table
    if table["coverage"].isna().all():
        return
    slide = deck.add_slide(
        run.title("coverage", view.title),
        f"Deals due ({table['basis'].iloc[0]}) as a multiple of the target, and the multiple needed",
    )
    shown = [key for key in COVERED if table[key].notna().any()] or ["coverage"]
    columns = {COVERED[key][0]: table[key] for key in shown}
    code = '0.0"×"'
    chart = slide.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, categories_data(table["period"].tolist(), columns, code)
    )
    finish_chart(chart, code)
    colour_columns(chart, [COVERED[key][1] for key in shown], overlap=-10)
    for series in chart.plots[0].series:
        label_values(series, code, XL_LABEL_POSITION.OUTSIDE_END)


def draw_waterfall(deck: Deck, run: Finished, view: View) -> None:
    """Draw how open pipeline gets from today to the end of the horizon."""
    table = view.table[view.table["segment"] == ALL]
    row = table.iloc[-1]
    figures = foot_waterfall(row, run.currency)
    slide = deck.add_slide(
        run.title("pipeline_waterfall", view.title),
        f"Open pipeline over {row['period']}, mean of all futures",
    )
    steps = {STEPS[step]: -x if step in LEAVING else x for step, x in figures.steps.items()}
    add_bridge(
        slide, figures.scale, {"Open today": figures.opening, "Open at the end": figures.closing}, steps
    )


def draw_arr(deck: Deck, run: Finished, view: View) -> None:
    """Draw how ARR gets from its opening to its closing."""
    table = _totals(run, view)
    slide = deck.add_slide(
        run.title("arr_snowball", view.title),
        f"Annual recurring revenue (ARR), mean of all futures, through {run.periods[-1]}; not bookings",
    )
    parts = [SIGNS[name] * float(table[name].sum()) for name in MOVEMENTS]
    opening, closing = float(table["opening"].iloc[0]), float(table["closing"].iloc[-1])
    scale = fine_scale(max(opening, closing), max(abs(part) for part in parts), run.currency)
    start, end = (round(x / scale.step) * scale.step for x in (opening, closing))
    names = [MOVEMENT_WORDS[name].capitalize() for name in MOVEMENTS]
    steps = dict(zip(names, scale.round_parts(parts, end - start), strict=True))
    add_bridge(slide, scale, {"ARR today": start, "ARR at the end": end}, steps)


def draw_retention(deck: Deck, run: Finished, view: View) -> None:
    """Draw NRR and GRR by quarter; nothing where no customer was one 12 months before."""
    table = _totals(run, view)
    low = float(table[["nrr", "grr"]].min().min())
    if not np.isfinite(low):
        return
    slide = deck.add_slide(
        run.title("nrr_grr", "Net and gross revenue retention"),
        "Cohort method: ARR of the customers of 12 months before / their ARR then; GRR without growth; P50",
    )
    code = "0.0%"
    columns = {"NRR": table["nrr"], "GRR": table["grr"]}
    chart = slide.add_chart(
        XL_CHART_TYPE.LINE_MARKERS, categories_data(table["period"].tolist(), columns, code)
    )
    finish_chart(chart, "0%")
    chart.value_axis.minimum_scale = max(0.0, np.floor(10 * low - 1) / 10)
    for series, colour in zip(chart.plots[0].series, (NAVY, ORANGE), strict=True):
        draw_line(series, colour)
        label_values(series, code, XL_LABEL_POSITION.ABOVE, colour=colour)


def _totals(run: Finished, view: View) -> pd.DataFrame:
    table = view.table
    return table[(table["segment"] == ALL) & table["period"].isin(run.periods)]
