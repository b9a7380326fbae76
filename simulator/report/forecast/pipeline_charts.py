"""Charts of the pipeline behind the bookings: the waterfall and where the spread comes from."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.forecast.forecast import Forecast, horizon_label
from simulator.analysis.forecast.spread import SOURCES
from simulator.analysis.forecast.waterfall import waterfall_of
from simulator.analysis.totals import round_to_total
from simulator.report.charts.picture import BAR, MAX_LABELLED, draw_bridge
from simulator.report.charts.spec import ChartSpec, Floats
from simulator.report.forecast.charts import footer_of, frame_of
from simulator.report.forecast.findings import (
    SOURCE_WORDS,
    headline_period,
    spread_column,
    spread_title,
    waterfall_title,
)
from simulator.report.forecast.specs import waterfall_spec
from simulator.report.money import MoneyScale, format_share, money_scale
from simulator.report.style import (
    INK,
    MUTED,
    NAVY,
    ORANGE,
    SKY,
    STONE,
    draw_chart,
    legend_above,
    money_axis,
    text_colour,
)

SPREAD_COLOURS = {"luck": SKY, "rates": NAVY, "shock": ORANGE}


def draw_waterfall(forecast: Forecast, waterfall: pd.DataFrame, folder: Path) -> None:
    """Draw how the open pipeline changes over the horizon, and apart from the sum what slips."""
    frame = frame_of(forecast, f"Amount of open deals in {forecast.currency}, not bookings")
    spec = waterfall_spec(waterfall, frame, waterfall_title(forecast, waterfall))
    slipped = float(waterfall_of(waterfall, horizon_label(forecast.periods))["slipped"])
    with draw_chart(
        folder, spec.name, title=spec.title, subtitle=spec.subtitle, footer=spec.footer, bottom_inches=0.95
    ) as axes:
        draw_bridge(axes, spec)
        if slipped > 0:
            _draw_slipped(axes, slipped, spec)


def _draw_slipped(axes: Axes, slipped: float, spec: ChartSpec) -> None:
    """Draw the slipped amount apart: it stays open, so it is no step of the sum."""
    x = len(spec.categories) + 0.5
    axes.axvline(x - 0.75, color=STONE, linewidth=1)
    axes.bar(x, slipped, width=BAR, facecolor="none", edgecolor=MUTED, hatch="///", linewidth=1)
    y = slipped + 0.012 * axes.get_ylim()[1]
    axes.text(x, y, spec.unit.write(slipped), ha="center", fontweight="bold", color=MUTED)
    words = [label.get_text() for label in axes.get_xticklabels()]
    axes.set_xticks([*axes.get_xticks(), x], [*words, "Slipped to a later\nquarter (stays open)"])
    axes.set_xlim(-0.6, x + 0.75)


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
            legend_above(axes)


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
