"""Charts of the operating plan: cash or contribution by quarter, and what is spent after the sale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from simulator.analysis.operating.operating import POST_SALE_SHARE, OperatingView
from simulator.report.money import format_money, format_share
from simulator.report.operating.words import band_words, operating_title, say_post_sale
from simulator.report.style import (
    BLUE,
    ICE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    SAND,
    SKY,
    STONE,
    draw_chart,
    draw_panels,
    money_axis,
)

COSTS = (
    ("cost of revenue", STONE),
    ("acquisition cost", BLUE),
    ("post-sale cost", SKY),
    ("other costs", SAND),
)


def draw_operating(view: OperatingView, currency: str, footer: str, folder: Path) -> None:
    """Draw revenue over its costs, and beside them cash (contribution where no opening cash is stated)."""
    has_cash = bool(np.isfinite(view.chance))
    with draw_panels(
        folder,
        "operating",
        title=operating_title(view, currency),
        subtitle=f"By fiscal quarter, in {currency}. Left: means; right: P10, P50 and P90 of the simulations"
        + ("; the first quarter from the as-of date on" if view.partial else ""),
        footer=footer,
        n_columns=2,
        top_inches=0.95,
    ) as panels:
        _draw_costs(panels[0], view, currency)
        name = "cash at the end" if has_cash else "contribution"
        _draw_fan(panels[1], view, name, currency)
        panels[0].set_title("Revenue and what it costs", fontsize=10, pad=36)
        panels[1].set_title(
            "Cash at the end of the quarter" if has_cash else "Contribution", fontsize=10, pad=36
        )


def _draw_costs(axes: Axes, view: OperatingView, currency: str) -> None:
    place = np.arange(len(view.periods))
    below: npt.NDArray[np.float64] = np.zeros(place.size)
    for name, colour in COSTS:
        values = view.line(name)["mean"].to_numpy(np.float64)
        if not values.any():
            continue
        axes.bar(place, values, bottom=below, color=colour, width=0.62, label=name)
        below = below + values
    revenue = view.line("revenue")["mean"].to_numpy(np.float64)
    axes.plot(place, revenue, color=NAVY, marker="o", linewidth=2, label="revenue")
    axes.set_ylim(0, 1.15 * max(float(below.max()), float(revenue.max()), 1.0))
    axes.set_xticks(place, view.periods)
    money_axis(axes, currency)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.985), ncols=3, fontsize=8, columnspacing=1.0)


def _draw_fan(axes: Axes, view: OperatingView, name: str, currency: str) -> None:
    rows = view.line(name)
    place = np.arange(len(rows))
    low, middle, high = (rows[p].to_numpy(np.float64) for p in ("p10", "p50", "p90"))
    axes.fill_between(place, low, high, color=ICE, linewidth=0, label="P10 to P90")
    axes.plot(place, middle, color=NAVY, marker="o", linewidth=2, label="P50")
    axes.axhline(0, color=ORANGE if low.min() < 0 else INK, linewidth=1.0)
    for x, value in zip(place, middle, strict=True):
        axes.annotate(
            format_money(value, currency), (x, value), xytext=(0, 7), textcoords="offset points", ha="center",
            fontsize=8.5, color=INK,
        )  # fmt: skip
    if name.startswith("cash"):
        for x, chance in zip(place, view.run_out["p_run_out"], strict=True):
            if chance > 0.0:
                axes.annotate(
                    f"run out: {format_share(float(chance))}", (x, low[x]), xytext=(0, -12),
                    textcoords="offset points", ha="center", fontsize=8, color=ORANGE,
                )  # fmt: skip
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(bottom, 0.0) - 0.08 * (top - bottom), top + 0.08 * (top - bottom))
    axes.set_xlim(-0.4, len(rows) - 0.6)
    axes.set_xticks(place, view.periods)
    money_axis(axes, currency)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.985), ncols=2, fontsize=8)


def draw_post_sale_share(view: OperatingView, footer: str, folder: Path) -> None:
    """Draw the post-sale share of sales expense over time beside the published bands."""
    share = view.line(POST_SALE_SHARE)["mean"].to_numpy(np.float64)
    place = np.arange(share.size)
    with draw_chart(
        folder,
        "post_sale_share",
        title=say_post_sale(view).split(";")[0],
        subtitle="Post-sale people and costs / all sales expense, mean; bands as published by the Alexander "
        "Group (2016), for context",
        footer=footer,
    ) as axes:
        axes.axhspan(0.0, 0.05, color=STONE, alpha=0.45, linewidth=0)
        axes.axhspan(0.15, 0.20, color=SKY, alpha=0.45, linewidth=0)
        axes.axhline(0.10, color=MUTED, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.plot(place, share, color=NAVY, marker="o", linewidth=2)
        for x, value in zip(place, share, strict=True):
            if np.isfinite(value):
                axes.annotate(
                    format_share(value), (x, value), xytext=(0, 8), textcoords="offset points", ha="center",
                    color=INK,
                )  # fmt: skip
        top = max(0.25, float(np.nanmax(share, initial=0.0)) * 1.2)
        for at, height in ((0, 0.025), (1, 0.116), (2, 0.175)):
            axes.text(
                share.size - 0.45, height, band_words(at).replace(": ", ":\n", 1), fontsize=8.5, color=MUTED,
                va="center",
            )  # fmt: skip
        axes.set_ylim(0, top)
        axes.set_xlim(-0.4, share.size + 1.1)
        axes.set_xticks(place, view.periods)
        axes.yaxis.set_major_formatter(lambda value, _: format_share(value))
        axes.grid(axis="y")
