"""Charts of the pipeline behind the bookings: waterfall, coverage, what the P50 is made of, the spread."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.forecast.composition import (
    PARTS,
)
from simulator.analysis.forecast.forecast import Forecast, horizon_label
from simulator.analysis.forecast.spread import SOURCES
from simulator.analysis.forecast.waterfall import (
    waterfall_of,
)
from simulator.analysis.totals import ALL, round_to_total
from simulator.report.forecast.charts import MAX_LABELLED, footer_of, set_periods
from simulator.report.forecast.findings import (
    PART_WORDS,
    SOURCE_WORDS,
    composition_title,
    headline_period,
    spread_column,
    spread_title,
    waterfall_figures,
    waterfall_title,
)
from simulator.report.money import MoneyScale, format_share, money_scale
from simulator.report.style import (
    GREEN,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    PART_COLOURS,
    SAND,
    SKY,
    STONE,
    draw_chart,
    money_axis,
    text_colour,
)

Floats = npt.NDArray[np.float64]

SPREAD_COLOURS = {"luck": SKY, "rates": NAVY, "shock": ORANGE}
STEP_WORDS = {
    "created": "created",
    "won": "won",
    "lost_competition": "lost to a\ncompetitor",
    "lost_no_decision": "lost to no\ndecision",
}
STEP_COLOURS = {"created": SKY, "won": GREEN, "lost_competition": ORANGE, "lost_no_decision": SAND}


def draw_waterfall(forecast: Forecast, waterfall: pd.DataFrame, folder: Path) -> None:
    """Draw how the open pipeline changes over the horizon; the figures shown add up."""
    figures = waterfall_figures(forecast, waterfall)
    slipped = float(waterfall_of(waterfall, horizon_label(forecast.periods))["slipped"])
    created, *left = figures.steps.values()
    with draw_chart(
        folder,
        "pipeline_waterfall",
        title=waterfall_title(forecast, waterfall),
        subtitle="Amount of open deals, mean of all simulated futures; won at the amount before signing",
        footer=footer_of(forecast, f"Amount of open deals in {forecast.currency}, not bookings"),
        bottom_inches=1.0,
    ) as axes:
        amounts = [figures.opening, created, *(-amount for amount in left), figures.closing]
        _draw_steps(axes, forecast, amounts, figures.scale)
        if slipped > 0:
            _draw_slipped(axes, slipped, figures.scale)
        money_axis(axes, forecast.currency)


def _draw_steps(axes: Axes, forecast: Forecast, amounts: list[float], scale: MoneyScale) -> None:
    """Draw opening, steps and closing as bars that hang on one another."""
    labels = [
        f"open on\n{forecast.as_of:%d %b %Y}",
        *STEP_WORDS.values(),
        f"still open after\n{forecast.periods[-1]}",
    ]
    colours = [NAVY, *STEP_COLOURS.values(), NAVY]
    ends = np.cumsum([0.0, *amounts[:-1], 0.0])
    bottoms = [min(a, b) for a, b in pairwise(ends)]
    bottoms[-1] = 0.0
    heights = np.abs(amounts)
    axes.bar(range(len(amounts)), heights, bottom=bottoms, color=colours, width=0.62)
    top = max(float(np.max(np.array(bottoms) + heights)), 1.0)
    for x, (amount, bottom, height) in enumerate(zip(amounts, bottoms, heights, strict=True)):
        sign = "+" if 0 < x < 2 else ""
        axes.text(
            x, bottom + height + 0.012 * top, sign + scale.format(amount), ha="center", fontweight="bold"
        )
        if x < len(amounts) - 1:
            axes.plot([x + 0.31, x + 0.69], [ends[x + 1]] * 2, color=STONE, linewidth=1)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_ylim(0, 1.1 * top)


def _draw_slipped(axes: Axes, slipped: float, scale: MoneyScale) -> None:
    """Draw the slipped amount apart: it stays open, so it is no step of the sum."""
    x = len(STEP_WORDS) + 2.5
    axes.axvline(x - 0.75, color=STONE, linewidth=1)
    axes.bar(x, slipped, width=0.62, facecolor="none", edgecolor=MUTED, hatch="///", linewidth=1)
    axes.text(
        x,
        slipped + 0.012 * axes.get_ylim()[1],
        scale.format(slipped),
        ha="center",
        fontweight="bold",
        color=MUTED,
    )
    ticks = [*axes.get_xticks(), x]
    words = [label.get_text() for label in axes.get_xticklabels()]
    axes.set_xticks(ticks, [*words, "beside: slipped to a\nlater quarter, each time"])
    axes.set_xlim(-0.6, x + 0.6)


def draw_composition(forecast: Forecast, folder: Path) -> None:
    """Draw what the P50 of each quarter is made of; the parts shown add up to it."""
    table = forecast.composition[forecast.composition["segment"] == ALL]
    amounts = table.pivot_table(index="part", columns="period", values="amount", sort=False)
    amounts = amounts.loc[list(PARTS), list(forecast.periods)]
    with draw_chart(
        folder,
        "p50_composition",
        title=composition_title(forecast),
        subtitle="P50 of bookings by fiscal quarter, by where the deals stand today",
        footer=footer_of(forecast),
        bottom_inches=0.95,
    ) as axes:
        _stack_parts(axes, amounts, money_scale(amounts.sum(), forecast.currency))
        set_periods(axes, forecast)
        money_axis(axes, forecast.currency)
        if amounts.to_numpy().any():
            axes.legend(
                loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(PARTS), fontsize=9.5,
                handlelength=1.0, columnspacing=1.3, borderaxespad=0.2,
            )  # fmt: skip


def _stack_parts(axes: Axes, amounts: pd.DataFrame, scale: MoneyScale) -> None:
    totals = amounts.sum()
    top = 1.1 * max(float(totals.max()), 1.0)
    shown = {p: scale.round_parts(list(amounts[p]), float(totals[p])) for p in amounts.columns}
    bottom = np.zeros(len(totals))
    for i, part in enumerate(PARTS):
        heights = amounts.loc[part].to_numpy(dtype=np.float64)
        colour = PART_COLOURS[part]
        hatch = "///" if part == "created" else None
        label = PART_WORDS[part] if heights.any() else None
        axes.bar(
            range(len(totals)), heights, bottom=bottom, width=0.55, color=colour, label=label,
            hatch=hatch, edgecolor="#ffffff", linewidth=0.8,
        )  # fmt: skip
        for x, period in enumerate(amounts.columns):
            if heights[x] > 0.05 * top and len(totals) <= MAX_LABELLED:
                axes.text(
                    x, bottom[x] + heights[x] / 2, scale.format(shown[period][i]), ha="center",
                    va="center", fontsize=9, color=text_colour(colour),
                    bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.2},
                )  # fmt: skip
        bottom += heights
    if len(totals) <= MAX_LABELLED:
        for x, total in enumerate(totals):
            axes.text(x, total + 0.012 * top, f"P50 {scale.format(total)}", ha="center", fontweight="bold")
    axes.set_ylim(0, top)


def draw_spread(forecast: Forecast, spread: pd.DataFrame, folder: Path) -> None:
    """Draw what the distance from P10 to P90 comes from, by quarter."""
    periods = forecast.periods[: 2 * MAX_LABELLED]
    with draw_chart(
        folder,
        "spread",
        title=spread_title(spread, headline_period(forecast)),
        subtitle="Distance from P10 to P90 of bookings, shared out by the variance that each source brings",
        footer=footer_of(forecast),
    ) as axes:
        widths = {p: spread_column(spread, p, "width") for p in periods}
        shares = {p: spread_column(spread, p, "variance_share") for p in periods}
        _stack_sources(
            axes, widths, shares, money_scale([w["total"] for w in widths.values()], forecast.currency)
        )
        axes.set_yticks(range(len(periods)), periods)
        axes.tick_params(axis="y", colors=INK)
        rows = max(len(periods), 3)
        axes.set_ylim((len(periods) + rows) / 2 - 0.4, (len(periods) - rows) / 2 - 0.6)
        money_axis(axes, forecast.currency, "x")
        if any(w["total"] > 0 for w in widths.values()):
            axes.legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=9.5, handlelength=1.0,
            columnspacing=1.3, borderaxespad=0.2,
        )  # fmt: skip


def _stack_sources(
    axes: Axes, widths: dict[str, dict[str, float]], shares: dict[str, dict[str, float]], scale: MoneyScale
) -> None:
    used = [s for s in SOURCES if any(w[s] > 0 for w in widths.values())]
    longest = max([w["total"] for w in widths.values()] + [1.0])
    for y, period in enumerate(widths):
        left = 0.0
        whole = _whole_percents(shares[period])
        for source, share in zip(SOURCES, whole, strict=True):
            width, colour = widths[period][source], SPREAD_COLOURS[source]
            axes.barh(
                y,
                width,
                left=left,
                height=0.6,
                color=colour,
                label=SOURCE_WORDS[source] if y == 0 and source in used else None,
            )
            if math.isfinite(share) and width > 0.035 * longest:
                axes.text(
                    left + width / 2, y, format_share(share), ha="center", va="center", fontsize=9.5,
                    color=text_colour(colour),
                )  # fmt: skip
            left += width
        axes.text(
            left + 0.01 * longest, y, scale.format(widths[period]["total"]), va="center", fontweight="bold"
        )
    axes.set_xlim(0, 1.12 * longest)


def _whole_percents(shares: dict[str, float]) -> Floats:
    """Return shares rounded to whole percents that add up to 100%; as they are where there is no spread."""
    values = np.array([shares[source] for source in SOURCES])
    return round_to_total(values, 1.0) if np.isfinite(values).all() else values
