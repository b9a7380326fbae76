"""Charts of who owns customers: the options side by side, and which wins where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from simulator.report.charts.spec import ChartSpec, Series, figures, money_unit
from simulator.report.money import format_money
from simulator.report.style import (
    BLUE,
    INK,
    NAVY,
    ORANGE,
    SAND,
    SKY,
    STONE,
    draw_chart,
    text_colour,
)

OPTION_WORDS = {
    "as stated": "As stated",
    "all_sales": "All sales",
    "split": "Split",
    "all_csm": "All CSM",
    "mirrored": "Mirrored",
}
COLOURS = {"all_sales": NAVY, "split": SKY, "all_csm": SAND, "mirrored": ORANGE}
LABEL_ROOM = 0.14


def options_spec(rows: pd.DataFrame, currency: str, title: str, footer: str) -> ChartSpec:
    """Return how far each option is behind the best, with two standard errors."""
    behind = rows["behind"].to_numpy(np.float64)
    reach = 2 * np.nan_to_num(rows["behind_error"].to_numpy(np.float64))
    return ChartSpec(
        name="ownership",
        shape="bars",
        title=title,
        subtitle="Worth less than the best option, mean on the same random numbers; the line "
        "spans two standard "
        "errors either side. As stated: today's owners and people",
        footer=footer,
        unit=money_unit(behind + reach, currency),
        categories=tuple(OPTION_WORDS[option] for option in rows["option"]),
        series=(
            Series(
                "behind", "Behind the best", BLUE, figures(behind),
                low=figures(behind - reach), high=figures(behind + reach),
            ),
        ),
        colours=tuple(BLUE if tied else STONE for tied in rows["tied"].astype(bool)),
        below=tuple(
            "best" if value <= 0 else "a tie" if tied else ""
            for value, tied in zip(behind, rows["tied"], strict=True)
        ),
    )  # fmt: skip


def draw_map(cells: pd.DataFrame, title: str, currency: str, footer: str, folder: Path) -> None:
    """Draw which option wins at each sales cycle and share of growth that must be sold; ties named."""
    cycles, shares = sorted(cells["cycle_months"].unique()), sorted(cells["sold_share"].unique())
    with draw_chart(
        folder,
        "ownership_map",
        title=title,
        subtitle="Best option by the length of the sales cycle and the share of growth that must be sold; "
        "below it those that tie with it (two standard errors), else its lead over the next",
        footer=footer,
        bottom_inches=1.05,
        size_inches=(10.0, 6.2),
    ) as axes:
        for x, cycle in enumerate(cycles):
            for y, share in enumerate(shares):
                here = cells[(cells["cycle_months"] == cycle) & (cells["sold_share"] == share)]
                best = here[here["best"]].iloc[0]["option"]
                tied = here[here["tied"] & ~here["best"]]["option"].tolist()
                colour = COLOURS[best]
                edge = INK if tied else colour
                axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=colour, edgecolor=edge))
                note = "ties: " + ", ".join(OPTION_WORDS[o] for o in tied)
                if not tied:
                    lead = float(here[~here["best"]]["behind"].min())
                    note = f"by {format_money(lead, currency)}"
                ink = text_colour(colour)
                axes.text(
                    x, y + 0.1, OPTION_WORDS[best], ha="center", va="center", color=ink, fontweight="bold"
                )
                axes.text(x, y - 0.2, note, ha="center", va="center", color=ink, fontsize=8)
        axes.set_xlim(-0.55, len(cycles) - 0.45)
        axes.set_ylim(-0.55, len(shares) - 0.45)
        axes.set_xticks(range(len(cycles)), [f"{cycle:g} months" for cycle in cycles])
        axes.set_yticks(range(len(shares)), [f"{share:.0%} sold" for share in shares])
        axes.set_xlabel("Sales cycle of a new customer")
