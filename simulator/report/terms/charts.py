"""Charts of deal terms: bookings now against value later, and when the one is paid for by the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from simulator.analysis.terms.policies import NONE
from simulator.analysis.terms.terms import DealTerms
from simulator.report.money import format_money
from simulator.report.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    PAPER,
    SKY,
    draw_chart,
    draw_panels,
    money_axis,
)
from simulator.report.terms.words import (
    is_clear,
    policy_words,
    terms_title,
)

LABEL_GROUND = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
LINES = (NAVY, ORANGE, SKY, MUTED, GREEN)
LABEL_ROOM = 0.25
"""Share of the width for the names of the policies."""


def draw_policies(found: DealTerms, currency: str, footer: str, folder: Path) -> None:
    """Draw what each policy changes in bookings now and in value later, side by side."""
    rows = found.table[found.table["policy"] != NONE]
    names = [policy_words(name) for name in rows["policy"]]
    with draw_panels(
        folder,
        "terms_policies",
        title=terms_title(found),
        subtitle=f"Change against no concessions, in {currency}: mean (bar) and P10 to P90 (line) of the "
        "difference, path by path",
        footer=footer,
        n_columns=2,
        top_inches=0.5,
        size_inches=(10.0, 2.2 + 0.62 * max(len(rows), 2)),
    ) as panels:
        left, right = panels
        window = f"{found.window[0]} to {found.window[-1]}"
        _bars(left, rows, "bookings_change", currency, BLUE)
        _bars(right, rows, "value_change", currency, NAVY)
        left.set_title(f"Bookings of {window}", fontsize=10)
        right.set_title(f"Customers' value until {found.periods[-1]}", fontsize=10)
        box = left.get_position()
        middle = (LABEL_ROOM + 0.965) / 2
        left.set_position((LABEL_ROOM, box.y0, middle - LABEL_ROOM - 0.02, box.height))
        right.set_position((middle + 0.02, box.y0, 0.965 - middle - 0.02, box.height))
        left.set_yticks(range(len(rows)), names)
        right.set_yticks(range(len(rows)), [""] * len(rows))


def _bars(axes: Axes, rows: pd.DataFrame, name: str, currency: str, colour: str) -> None:
    values = rows[name].to_numpy(np.float64)
    place = np.arange(len(values))
    low, high = rows[f"{name}_p10"].to_numpy(np.float64), rows[f"{name}_p90"].to_numpy(np.float64)
    axes.barh(place, values, height=0.5, color=[colour if v >= 0 else ORANGE for v in values])
    axes.hlines(place, low, high, color=INK, linewidth=1.0)
    axes.axvline(0, color=INK, linewidth=0.8)
    reach = max(float(np.abs([low, high, values]).max()), 1.0)
    axes.set_xlim(-1.15 * reach, 1.15 * reach)
    for y, value in zip(place, values, strict=True):
        axes.annotate(
            format_money(float(value), currency), (0, y), xytext=(4 if value < 0 else -4, 0),
            textcoords="offset points", va="bottom", ha="left" if value < 0 else "right", fontsize=9,
            color=INK,
        )  # fmt: skip
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(5))
    money_axis(axes, currency, "x")


def draw_crossing(found: DealTerms, currency: str, footer: str, folder: Path) -> None:
    """Draw the cumulated value of each policy against no concessions, quarter by quarter."""
    names = [name for name in found.table["policy"] if name != NONE]
    place = np.arange(len(found.periods))
    with draw_chart(
        folder,
        "terms_crossing",
        title=crossing_title(found),
        subtitle="Cumulated margin on the customers signed less delivery, against no concessions, in "
        f"{currency}: mean, and for the outermost lines P10 to P90 of the simulations",
        footer=footer,
        bottom_inches=1.0,
    ) as axes:
        finals = found.table.set_index("policy")["value_change"]
        outer = {finals[names].idxmin(), finals[names].idxmax()}
        for name, colour in zip(names, _colours(len(names)), strict=True):
            rows = found.curve[found.curve["policy"] == name]
            values = rows["value_change"].to_numpy(np.float64)
            axes.plot(place, values, color=colour, linewidth=2)
            if name in outer:
                band = (rows["value_change_p10"], rows["value_change_p90"])
                axes.fill_between(place, *band, color=colour, alpha=0.12, linewidth=0)
        axes.hlines(0, 0, place[-1], color=INK, linewidth=0.8)
        edge = len(found.window) - 0.5
        axes.axvline(edge, color=MUTED, linewidth=0.8, linestyle=(0, (3, 2)))
        axes.annotate(
            "new demand ends; customers are followed on", (edge, axes.get_ylim()[1]), xytext=(4, -2),
            textcoords="offset points", va="top", fontsize=8.5, color=MUTED,
        )  # fmt: skip
        axes.set_xlim(0, len(place) * 1.36)
        step = max(1, len(place) // 8)
        axes.set_xticks(place[::step], [found.periods[i] for i in place[::step]])
        money_axis(axes, currency)
        _label_ends(axes, found, names, currency)


def _colours(n: int) -> list[str]:
    return [LINES[i % len(LINES)] for i in range(n)]


def _label_ends(axes: Axes, found: DealTerms, names: list[str], currency: str) -> None:
    """Write each policy's name at the end of its line, apart from its neighbours."""
    last = len(found.periods) - 1
    ends = [float(found.curve[found.curve["policy"] == name]["value_change"].iloc[-1]) for name in names]
    low, high = axes.get_ylim()
    gap = 0.06 * (high - low)
    at = -np.inf
    for index in np.argsort(ends):
        at = max(ends[index], at + gap)
        text = f"{policy_words(names[index])}: {format_money(ends[index], currency)}"
        axes.annotate(
            text, (last, ends[index]), xytext=(last + 0.4, at), textcoords="data", va="center", fontsize=8.5,
            color=INK, bbox=LABEL_GROUND,
            arrowprops=_leader(_colours(len(names))[index]),
        )  # fmt: skip


def _leader(colour: str) -> dict[str, object]:
    return {"arrowstyle": "-", "color": colour, "linewidth": 1.2, "relpos": (0.0, 0.5), "shrinkB": 0}


def crossing_title(found: DealTerms) -> str:
    """Return when which policy has paid, as a sentence."""
    rows = found.table[found.table["policy"] != NONE]
    rows = rows[[is_clear(row) for _, row in rows.iterrows()]]
    if rows.empty:
        return "So many simulations cannot tell the value of the policies from that of no concessions"
    lost = rows[(rows["crosses"] != "") & (rows["value_change"] < 0)]
    if len(lost):
        row = lost.iloc[int(lost["value_change"].to_numpy().argmin())]
        return f"From {row['crosses']} on, {policy_words(row['policy'])} costs more than it has brought"
    won = rows[(rows["crosses"] != "") & (rows["value_change"] > 0)]
    if len(won):
        row = won.iloc[int(won["value_change"].to_numpy().argmax())]
        text = policy_words(row["policy"])
        return f"{text[:1].upper()}{text[1:]} has paid for itself by {row['crosses']}"
    best = rows.iloc[int(rows["value_change"].to_numpy().argmax())]
    return f"Value never crosses: {policy_words(best['policy'])} is ahead by most until {found.periods[-1]}"
