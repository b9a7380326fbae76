"""Shares of the variance by what is turned, with their intervals."""

from __future__ import annotations

from pathlib import Path

from simulator.analysis.main_effects import MainEffects
from simulator.report.sensitivity_words import say_measure, shares_title
from simulator.report.style import INK, MUTED, NAVY, draw_chart

MOST_ROWS = 14
LABEL_ROOM = 0.2


def draw_main_effects(effects: MainEffects, currency: str, footer: str, folder: Path) -> None:
    """Draw the share that each thing explains by itself; what is left is theirs together."""
    rows = effects.table.head(MOST_ROWS)
    with draw_chart(
        folder,
        "main_effects",
        title=shares_title(effects, currency),
        subtitle=f"Share of the variance of the {say_measure(effects.measure)} that each explains by itself, "
        f"bars with 80 % intervals; {effects.together:.0%} is left to things turning together "
        f"({effects.n_settings} settings spread evenly over the intervals)",
        footer=footer,
        size_inches=(10.0, 2.4 + 0.36 * (len(rows) + 1)),
    ) as axes:
        box = axes.get_position()
        axes.set_position((LABEL_ROOM, box.y0, box.x1 - LABEL_ROOM, box.height))
        places = range(len(rows))
        axes.barh(places, rows["share"], color=NAVY, height=0.62)
        axes.hlines(places, rows["share_low"], rows["share_high"], color=MUTED, linewidth=1.6)
        for place, share, high in zip(places, rows["share"], rows["share_high"], strict=True):
            axes.annotate(
                f"{share:.0%}", (max(share, high), place), xytext=(5, 0), textcoords="offset points",
                va="center", fontsize=9, color=INK,
            )  # fmt: skip
        axes.set_yticks(places, list(rows["name"]))
        axes.invert_yaxis()
        axes.set_xlim(0, min(1.0, 1.18 * max(float(rows["share_high"].max()), 0.05)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.grid(axis="x")
