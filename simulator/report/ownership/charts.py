"""Charts of who owns customers: the options side by side, and which wins where."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.report.charts.spec import COUNT, ChartSpec, Series, figures, money_unit
from simulator.report.money import format_money
from simulator.report.style import (
    BLUE,
    NAVY,
    ORANGE,
    SAND,
    SKY,
    STONE,
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
        "spans two standard errors either side. As stated: today's owners and people",
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


def map_spec(cells: pd.DataFrame, title: str, currency: str, footer: str) -> ChartSpec:
    """Return which option wins at each sales cycle and share of growth that must be sold; ties named."""
    cycles, shares = (
        sorted(cells["cycle_months"].unique()),
        sorted(cells["sold_share"].unique(), reverse=True),
    )
    options, words, places = list(COLOURS), [], []
    for share in shares:
        here = [cells[(cells["cycle_months"] == cycle) & (cells["sold_share"] == share)] for cycle in cycles]
        words.append(tuple(_say_cell(cell, currency) for cell in here))
        places.append([float(options.index(cell[cell["best"]].iloc[0]["option"])) for cell in here])
    return ChartSpec(
        name="ownership_map",
        shape="heat",
        title=title,
        subtitle="Best option by the length of the sales cycle of a new customer and the share "
        "of growth that "
        "must be sold; those that tie with it (two standard errors), else its lead over the next",
        footer=footer,
        unit=COUNT,
        categories=tuple(f"{cycle:g} months" for cycle in cycles),
        series=tuple(
            Series(f"{share:.0%}", f"{share:.0%} sold", NAVY, tuple(row))
            for share, row in zip(shares, places, strict=True)
        ),
        colours=tuple(COLOURS.values()),
        words=tuple(words),
    )


def _say_cell(here: pd.DataFrame, currency: str) -> str:
    best = OPTION_WORDS[here[here["best"]].iloc[0]["option"]]
    tied = [OPTION_WORDS[option] for option in here[here["tied"] & ~here["best"]]["option"]]
    if tied:
        return f"{best}\nties: {', '.join(tied)}"
    return f"{best}\nby {format_money(float(here[~here['best']]['behind'].min()), currency)}"
