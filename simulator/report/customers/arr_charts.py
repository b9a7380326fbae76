"""Charts of ARR to come: the snowball, NRR and GRR, bookings by kind."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.customers.arr import MOVEMENTS, Arr
from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.totals import ALL
from simulator.report.customers.words import (
    MOVEMENT_WORDS,
    kinds_title,
    retention_title,
    snowball_figures,
    snowball_title,
)
from simulator.report.money import MoneyScale, money_scale, source_line
from simulator.report.style import (
    GREEN,
    ICE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    SAND,
    SKY,
    STONE,
    draw_chart,
    money_axis,
    share_axis,
    text_colour,
)

Floats = npt.NDArray[np.float64]

MOVEMENT_COLOURS = {
    "new": SKY,
    "expansion": GREEN,
    "contraction": SAND,
    "churn": ORANGE,
    "reactivation": ICE,
}
KIND_COLOURS = {"new": NAVY, "expansion": GREEN, "renewal": STONE}
KIND_WORDS = {"new": "new customers", "expansion": "expansion", "renewal": "renewal"}
CUT_BELOW = 0.6
"""The snowball's axis is cut where all movements lie above this share of the opening ARR."""


def footer_of_arr(arr: Arr, *parts: str) -> str:
    """Return the footer of a chart of customers."""
    return source_line(arr.as_of, *parts)


def draw_snowball(arr: Arr, folder: Path) -> None:
    """Draw how ARR gets from its opening to its closing; the figures shown add up."""
    scale, opening, parts, closing = snowball_figures(arr)
    amounts = [opening, *parts.values(), closing]
    ends = np.cumsum([0.0, *amounts[:-1], 0.0])
    lowest = float(min(ends[1:-1].min(), closing))
    floor = _floor(lowest, scale.unit) if lowest > CUT_BELOW * max(opening, 1.0) else 0.0
    cut = f"; the axis begins at {scale.format_short(floor)}" if floor > 0 else ""
    with draw_chart(
        folder,
        "arr_snowball",
        title=snowball_title(arr),
        subtitle=f"Annual recurring revenue (ARR), mean of all simulated futures{cut}",
        footer=footer_of_arr(arr, f"ARR in {arr.currency}: not bookings, not revenue"),
        bottom_inches=1.0,
    ) as axes:
        bottoms = [min(a, b) for a, b in pairwise(ends)]
        bottoms[0], bottoms[-1] = floor, floor
        heights = np.abs(amounts)
        heights[0], heights[-1] = opening - floor, closing - floor
        colours = [NAVY, *(MOVEMENT_COLOURS[name] for name in MOVEMENTS), NAVY]
        axes.bar(range(len(amounts)), heights, bottom=bottoms, color=colours, width=0.62)
        top = float(np.max(np.array(bottoms) + heights))
        room = max(top - floor, 1.0)
        for x, (amount, bottom, height) in enumerate(zip(amounts, bottoms, heights, strict=True)):
            sign = "+" if 0 < x < len(amounts) - 1 and amount > 0 else ""
            axes.text(
                x, bottom + height + 0.012 * room, sign + scale.format(amount), ha="center", fontweight="bold"
            )
            if x < len(amounts) - 1:
                axes.plot([x + 0.31, x + 0.69], [ends[x + 1]] * 2, color=STONE, linewidth=1)
        words = [MOVEMENT_WORDS[name].replace(" ", "\n") for name in MOVEMENTS]
        labels = [f"ARR on\n{arr.as_of:%d %b %Y}", *words, f"ARR at the end\nof {arr.periods[-1]}"]
        axes.set_xticks(range(len(labels)), labels)
        axes.set_ylim(floor, top + 0.1 * room)
        money_axis(axes, arr.currency)


def _floor(lowest: float, unit: float) -> float:
    """Return a round number somewhat below the lowest figure."""
    step = 10.0 ** math.floor(math.log10(lowest / unit)) / 2 * unit
    return math.floor(0.92 * lowest / step) * step


def draw_retention(arr: Arr, folder: Path) -> None:
    """Draw NRR and GRR by quarter with their ranges."""
    with draw_chart(
        folder,
        "nrr_grr",
        title=retention_title(arr),
        subtitle=(
            "Cohort method: ARR at the end of each quarter of the customers of 12 months before / their ARR "
            "then; GRR counts no customer for more than then. Lines: P50; bands: P10 to P90"
        ),
        footer=footer_of_arr(arr, "ARR of existing customers, new ones left out"),
    ) as axes:
        ends = [
            _draw_share(axes, arr, measure, colour) for measure, colour in (("nrr", NAVY), ("grr", ORANGE))
        ]
        _set_periods(axes, arr.periods)
        axes.set_xlim(-0.4, len(arr.periods) - 0.4)
        known = [value for pair in ends for value in pair if math.isfinite(value)]
        low, high = (min(known), max(known)) if known else (0.9, 1.1)
        axes.axhline(1.0, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        share_axis(axes)
        axes.set_ylim(min(low, 1.0) - 0.03, max(high, 1.0) + 0.03)


def _draw_share(axes: Axes, arr: Arr, measure: str, colour: str) -> tuple[float, float]:
    """Draw one measure and its label; return its lowest and highest figure."""
    rows = arr.table[(arr.table["measure"] == measure) & (arr.table["segment"] == ALL)]
    x = np.arange(len(rows))
    axes.fill_between(x, rows["p10"], rows["p90"], color=colour, alpha=0.16, linewidth=0)
    axes.plot(x, rows["p50"], color=colour, linewidth=2.2, marker="o", markersize=5)
    values = rows["p50"].to_numpy(np.float64)
    for at, value in enumerate(values):
        if math.isfinite(value) and (len(values) <= 12 or at == len(values) - 1):
            axes.annotate(
                f"{value:.1%}",
                (at, value),
                xytext=(0, 8),
                textcoords="offset points",
                ha="center",
                color=colour,
                fontweight="bold",
            )
    if np.isfinite(values).any():
        at = int(np.flatnonzero(np.isfinite(values))[-1])
        axes.annotate(
            measure.upper(),
            (at, values[at]),
            xytext=(28, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            color=colour,
            fontweight="bold",
        )
    return float(rows["p10"].min()), float(rows["p90"].max())


def _set_periods(axes: Axes, periods: tuple[str, ...]) -> None:
    step = max(1, math.ceil(len(periods) / 12))
    axes.set_xticks(range(0, len(periods), step), periods[::step])


def draw_kinds(forecast: Forecast, folder: Path) -> None:
    """Draw bookings by quarter: new, expansion and renewal, stacked."""
    table = forecast.bookings[forecast.bookings["segment"] == ALL]
    kinds = [kind for kind in KIND_WORDS if (table["kind"] == kind).any()]
    means = {
        kind: table[table["kind"] == kind].set_index("period")["mean"].reindex(list(forecast.periods))
        for kind in kinds
    }
    totals = sum(means.values(), pd.Series(0.0, index=list(forecast.periods)))
    scale = money_scale(totals, forecast.currency)
    with draw_chart(
        folder,
        "bookings_by_kind",
        title=kinds_title(forecast.bookings, forecast.currency),
        subtitle=(
            "Value signed in each quarter, mean of all simulated futures: new customers, growth of existing "
            "ones, contracts signed again (their annual value)"
        ),
        footer=source_line(
            forecast.as_of,
            f"Bookings in {forecast.currency}: not ARR, not revenue",
            "What was signed before as-of is in the first quarter" if forecast.partial else "",
        ),
    ) as axes:
        for x, period in enumerate(forecast.periods):
            whole = round(totals[period] / scale.step) * scale.step
            parts = scale.round_parts([means[kind][period] for kind in kinds], whole)
            _draw_stack(axes, x, dict(zip(kinds, parts, strict=True)), scale, float(totals.max()))
            axes.text(x, whole + 0.012 * totals.max(), scale.format(whole), ha="center", fontweight="bold")
        _set_periods(axes, forecast.periods)
        axes.set_ylim(0, 1.1 * max(float(totals.max()), 1.0))
        axes.set_xlim(-0.6, len(forecast.periods) + 0.3)
        _name_kinds(axes, kinds, {kind: float(means[kind].iloc[-1]) for kind in kinds}, len(forecast.periods))
        money_axis(axes, forecast.currency)


def _draw_stack(axes: Axes, x: int, parts: dict[str, float], scale: MoneyScale, highest: float) -> None:
    bottom = 0.0
    for kind, amount in parts.items():
        axes.bar(x, amount, bottom=bottom, color=KIND_COLOURS[kind], width=0.62)
        if amount > 0.05 * highest:
            axes.text(
                x,
                bottom + amount / 2,
                scale.format(amount),
                ha="center",
                va="center",
                color=text_colour(KIND_COLOURS[kind]),
            )
        bottom += amount


def _name_kinds(axes: Axes, kinds: list[str], heights: dict[str, float], n: int) -> None:
    """Name the parts beside the last bar, no two names on top of each other."""
    bottom, floor = 0.0, -math.inf
    for kind in kinds:
        middle = max(bottom + heights[kind] / 2, floor + 0.07 * axes.get_ylim()[1])
        axes.text(n - 0.6, middle, KIND_WORDS[kind], va="center", color=INK)
        bottom, floor = bottom + heights[kind], middle
