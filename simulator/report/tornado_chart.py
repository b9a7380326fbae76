"""The tornado: what each turn does to a figure, widest first."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from simulator.analysis.sensitivity import Sensitivity
from simulator.report.sensitivity_words import (
    format_factor,
    format_figure,
    is_clear,
    say_measure,
    sensitivity_title,
)
from simulator.report.style import INK, MUTED, NAVY, SAND, draw_chart, money_axis

MOST_ROWS = 16
LABEL_ROOM = 0.2


def draw_tornado(found: Sensitivity, currency: str, footer: str, folder: Path) -> None:
    """Draw the figure at the lower and the higher end of every turn, around where it stands."""
    rows = found.table.head(MOST_ROWS)
    base = format_figure(found.base, found.measure, currency)
    unshown = "; what moves it least is in sensitivity.csv" if len(found.table) > len(rows) else ""
    with draw_chart(
        folder,
        "tornado",
        title=sensitivity_title(found, currency),
        subtitle=f"{say_measure(found.measure)}, each turned alone over its interval (dark: upper end, "
        f"light: lower end), from {base} as things stand{unshown}; "
        "grey names: not told from the simulation's noise",
        footer=footer,
        size_inches=(10.0, 2.4 + 0.36 * (len(rows) + 1)),
    ) as axes:
        box = axes.get_position()
        axes.set_position((LABEL_ROOM, box.y0, box.x1 - LABEL_ROOM, box.height))
        for end, colour in (("low", SAND), ("high", NAVY)):
            axes.barh(range(len(rows)), rows[f"change_{end}"], left=found.base, color=colour, height=0.66)
        axes.axvline(found.base, color=INK, linewidth=0.9)
        _set_limits(axes, rows, found.base)
        for place, (_, row) in enumerate(rows.iterrows()):
            _label_ends(axes, row, place)
        axes.set_yticks(range(len(rows)), list(rows["name"]))
        for label, (_, row) in zip(axes.get_yticklabels(), rows.iterrows(), strict=True):
            label.set_color(INK if is_clear(row) else MUTED)
        axes.invert_yaxis()
        if found.measure.is_share:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
            axes.grid(axis="x")
        else:
            money_axis(axes, currency, "x")


def _set_limits(axes: Axes, rows: pd.DataFrame, base: float) -> None:
    values = [base, *rows["value_low"], *rows["value_high"]]
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or max(abs(base), 1.0) * 0.1
    axes.set_xlim(low - room, high + room)


def _label_ends(axes: Axes, row: pd.Series, place: int) -> None:
    """Write each end's factor beside its bar; on the same side the longer bar's stands outside."""
    left = "low" if row["value_low"] <= row["value_high"] else "high"
    right = "high" if left == "low" else "low"
    for end, side, offset in ((left, "right", -4), (right, "left", 4)):
        outermost = min if end == left else max
        anchor = outermost(row[f"value_{end}"], row[f"value_{end}"] - row[f"change_{end}"])
        axes.annotate(
            format_factor(row[end]), (anchor, place), xytext=(offset, 0), textcoords="offset points",
            va="center", ha=side, fontsize=8.5, color=MUTED,
        )  # fmt: skip
