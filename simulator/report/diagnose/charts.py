"""Charts of a diagnosis: where deals die, what each remedy is worth, the coverage needed as a curve."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.stuck_deals import StuckDeals
from simulator.analysis.forecast.coverage import ENTERPRISE
from simulator.history.tables import CATEGORIES, OUTCOMES
from simulator.report.diagnose.words import KIND_WORDS, say_curve, stuck_findings, what_holds_back
from simulator.report.money import format_money, format_multiple, format_share, source_line
from simulator.report.style import (
    BLUE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    SAND,
    SERIES,
    draw_chart,
    money_axis,
    share_axis,
    text_colour,
)

END_COLOURS = {"won": NAVY, "lost_competition": ORANGE, "lost_no_decision": SAND}
END_WORDS = {
    "won": "won",
    "lost_competition": "lost to a competitor",
    "lost_no_decision": "lost, no decision",
}
LABEL_ROOM = 0.2
LEAST_WIDTH = 0.06


def draw_deaths(stuck: StuckDeals, folder: Path, footer: str, currency: str) -> None:
    """Draw where_deals_end.png: ends of deals by the category that they were in."""
    table = stuck.ends.pivot_table(index="category", columns="outcome", values="n", sort=False)
    table = table.reindex(index=list(CATEGORIES), columns=list(OUTCOMES)).fillna(0.0)
    total = float(table.to_numpy().sum())
    if total <= 0:
        return
    with draw_chart(
        folder,
        "where_deals_end",
        title=next(iter(stuck_findings(stuck, currency)), "Where deals end").rstrip("."),
        subtitle="Deals that ended, by the forecast category they were in, as a share of all that ended",
        footer=footer,
        size_inches=(10.0, 4.2),
    ) as axes:
        left = np.zeros(len(CATEGORIES))
        for outcome in OUTCOMES:
            share = table[outcome].to_numpy(np.float64) / total
            colour = END_COLOURS[outcome]
            axes.barh(
                range(len(CATEGORIES)), share, left=left, color=colour, height=0.6, label=END_WORDS[outcome]
            )
            for row, width in enumerate(share):
                if width >= LEAST_WIDTH:
                    axes.text(
                        left[row] + width / 2, row, format_share(float(width)), ha="center", va="center",
                        color=text_colour(colour), fontweight="bold",
                    )  # fmt: skip
            left += share
        axes.set_yticks(range(len(CATEGORIES)), [name.replace("_", " ") for name in CATEGORIES])
        axes.invert_yaxis()
        share_axis(axes, "x")
        axes.set_xlim(0.0, 1.05 * float(left.max()))
        axes.legend(loc="lower right", ncols=3, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)


def draw_remedies(table: pd.DataFrame, folder: Path, footer: str, currency: str) -> None:
    """Draw what_holds_back.png: what each remedy is worth over the horizon, on the same simulations."""
    if table.empty:
        return
    rows = table[table["period"] == table["period"].iloc[-1]]
    rows = rows.sort_values("mean_change", kind="stable").reset_index(drop=True)
    answer = what_holds_back(table, currency)[0].split(":")[0]
    with draw_chart(
        folder,
        "what_holds_back",
        title=answer,
        subtitle=f"Bookings gained over {rows['period'].iloc[0]} when one thing is relaxed, means over the "
        f"same simulations, with the 95% interval of the simulation's own error, in {currency}",
        footer=footer,
        size_inches=(10.0, 2.6 + 0.6 * len(rows)),
    ) as axes:
        box = axes.get_position()
        axes.set_position((LABEL_ROOM, box.y0, 0.965 - LABEL_ROOM, box.height))
        place = np.arange(len(rows))
        gain = rows["mean_change"].to_numpy(np.float64)
        axes.barh(place, gain, color=np.where(gain >= gain.max(), NAVY, BLUE).tolist(), height=0.55)
        axes.hlines(place, rows["mean_change_low"], rows["mean_change_high"], color=INK, linewidth=1.5)
        for row, (value, high) in enumerate(zip(gain, rows["mean_change_high"], strict=True)):
            text = f"+{format_money(value, currency)}" if value > 0 else format_money(value, currency)
            if np.isfinite(rows["p_hit"][row]):
                text += (
                    f"  (chance {format_share(rows['base_p_hit'][row])} → {format_share(rows['p_hit'][row])})"
                )
            axes.annotate(
                text, (max(float(high), 0.0), row), xytext=(6, 0), textcoords="offset points", va="center",
                fontweight="bold",
            )  # fmt: skip
        axes.set_yticks(place, [KIND_WORDS[str(kind)] for kind in rows["kind"]])
        axes.set_xlim(
            min(0.0, 1.1 * float(gain.min())), 1.6 * max(float(rows["mean_change_high"].max()), 1.0)
        )
        money_axis(axes, currency, "x")


def draw_curve(curve: pd.DataFrame, folder: Path, as_of: dt.date, scenario: str) -> None:
    """Draw coverage_curve.png: the chance of each quarter's target at every coverage."""
    if curve.empty:
        return
    basis = ENTERPRISE if ENTERPRISE in set(curve["basis"]) else curve["basis"].iloc[0]
    rows = curve[curve["basis"] == basis]
    periods = list(dict.fromkeys(rows["period"]))[:2]
    with draw_chart(
        folder,
        "coverage_curve",
        title=say_curve(rows, periods[0]),
        subtitle="Chance of the quarter's target at each coverage (best case + commit + closed, as a "
        "multiple of the target), keeping today's mix of deals; the dot is today",
        footer=source_line(as_of, f"simulations of scenario {scenario}"),
    ) as axes:
        for colour, period in zip(SERIES, periods, strict=False):
            part = rows[rows["period"] == period]
            axes.plot(part["coverage"], part["p_hit"], color=colour, linewidth=2.4, label=period)
            now = part[part["now"]].iloc[0]
            axes.plot(now["coverage"], now["p_hit"], "o", color=colour, markersize=9)
            label = (
                f"{period}: {format_multiple(float(now['coverage']))}, {format_share(float(now['p_hit']))}"
            )
            axes.annotate(
                label, (now["coverage"], now["p_hit"]), xytext=(10, -14), textcoords="offset points",
                fontweight="bold", color=colour,
            )  # fmt: skip
        for chance in (0.5, 0.8, 0.9):
            axes.axhline(chance, color=MUTED, linewidth=0.8, linestyle=":")
        share_axis(axes)
        axes.set_ylim(0.0, 1.02)
        axes.set_xlim(left=0.0)
        axes.set_xlabel("coverage (multiple of the target)")
        axes.set_ylabel("chance of the target")
        if len(periods) > 1:
            axes.legend(loc="lower right")
