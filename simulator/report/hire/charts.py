"""Charts of where the next reps go: the allocation with its gain, and what each further rep adds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.hire.allocation import Hiring
from simulator.report.hire.words import hiring_title, month_words
from simulator.report.money import MoneyScale, format_money, money_scale
from simulator.report.style import (
    BLUE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    PAPER,
    draw_chart,
    draw_panels,
    money_axis,
)

MAX_COLUMNS = 4
LABEL_ROOM = 0.2
"""Share of the width for the names of segments."""


def draw_allocation(hiring: Hiring, currency: str, footer: str, folder: Path) -> None:
    """Draw what the reps of the answer add by segment, and what the first rep would where none goes."""
    gain = hiring.futures.gain_contribution().mean(axis=1)
    place = np.arange(len(hiring.segments))
    counts = hiring.allocation
    own, first = gain[counts, place], gain[1]
    with draw_chart(
        folder,
        "hiring_allocation",
        title=hiring_title(hiring),
        subtitle=f"Contribution gained over the quarters simulated, in {currency}, mean. Filled: the reps "
        "proposed, which add up to the total; outlined: what a first rep would add where none is proposed",
        footer=footer,
        size_inches=(10.0, 2.4 + 0.52 * (len(place) + 1)),
    ) as axes:
        box = axes.get_position()
        axes.set_position((LABEL_ROOM, box.y0, box.x1 - LABEL_ROOM, box.height))
        rows = [*hiring.segments, "total"]
        total = float(own.sum())
        scale = money_scale([*own, *first, total], currency)
        labels = scale.round_parts([float(x) for x in own], total)
        axes.barh(place[counts > 0], own[counts > 0], color=BLUE, height=0.6)
        axes.barh(
            place[counts == 0], first[counts == 0], color=PAPER, edgecolor=MUTED, linewidth=1.2, height=0.6,
            linestyle=(0, (3, 2)),
        )  # fmt: skip
        axes.barh(len(place), total, color=NAVY, height=0.6)
        shown = np.append(np.where(counts > 0, own, first), total)
        low, high = min(0.0, float(shown.min())), max(0.0, float(shown.max()), 1.0)
        axes.set_xlim(low - 0.42 * (high - low), high + 0.34 * (high - low))
        for row, count in enumerate(counts.tolist()):
            text = f"{count} rep{'s' if count > 1 else ''}: {scale.format(labels[row])}"
            if not count:
                text = f"none (a first: {scale.format(float(first[row]))})"
            _label_bar(axes, shown[row], row, text, count > 0)
        answer = f"{hiring.n_hired} in all: {scale.format(total)}" if hiring.n_hired else "no one: 0"
        _label_bar(axes, total, len(place), answer, True)
        axes.set_yticks(range(len(rows)), rows)
        axes.invert_yaxis()
        axes.axvline(0, color=INK, linewidth=0.8)
        money_axis(axes, currency, "x")


def _label_bar(axes: Axes, value: float, row: int, text: str, bold: bool) -> None:
    axes.annotate(
        text, (value, row), xytext=(5 if value >= 0 else -5, 0), textcoords="offset points", va="center",
        ha="left" if value >= 0 else "right", color=INK if bold else MUTED, fontsize=9.5,
        fontweight="bold" if bold else "normal",
    )  # fmt: skip


def draw_marginal(hiring: Hiring, currency: str, footer: str, folder: Path) -> None:
    """Draw what each further rep of a segment adds in contribution, one panel a segment, one scale."""
    segments = hiring.segments
    n_columns = min(MAX_COLUMNS if len(segments) > 6 else 3, len(segments))
    n_rows = -(-len(segments) // n_columns)
    scale = money_scale(hiring.marginal["marginal_contribution"], currency)
    with draw_panels(
        folder,
        "hiring_marginal",
        title=marginal_title(hiring, scale),
        subtitle="Contribution that the 1st, 2nd … added rep brings over the quarters simulated, mean, in "
        f"{currency}; filled: proposed",
        footer=footer,
        n_rows=n_rows,
        n_columns=n_columns,
        share_y=True,
        top_inches=0.45,
        size_inches=(10.0, 2.0 + 2.1 * n_rows),
    ) as panels:
        for axes, segment, count in zip(panels, segments, hiring.allocation.tolist(), strict=False):
            rows = hiring.marginal[hiring.marginal["segment"] == segment]
            _draw_steps(axes, rows, count, currency)
            axes.set_title(segment, fontsize=10)
        low, high = panels[0].get_ylim()
        for axes in panels[: len(segments)]:
            axes.set_ylim(min(low, -0.12 * (high - low)) * 1.3, high * 1.15)
            money_axis(axes, currency)
        for axes in panels[len(segments) :]:
            axes.remove()


def _draw_steps(axes: Axes, rows: pd.DataFrame, proposed: int, currency: str) -> None:
    values, reps = rows["marginal_contribution"].to_numpy(), rows["reps"].to_numpy()
    chosen = reps <= proposed
    axes.bar(reps[chosen], values[chosen], color=BLUE, width=0.7)
    axes.bar(reps[~chosen], values[~chosen], color=PAPER, edgecolor=MUTED, width=0.7, linewidth=1.0)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xticks(reps)
    for x, value in zip(reps, values, strict=True):
        axes.annotate(
            format_money(value, currency), (x, value), ha="center",
            xytext=(0, 3 if value >= 0 else -3), textcoords="offset points", fontsize=7,
            va="bottom" if value >= 0 else "top", color=INK if value >= 0 else ORANGE,
        )  # fmt: skip


def marginal_title(hiring: Hiring, scale: MoneyScale) -> str:
    """Return where the next rep is worth most, and what it brings."""
    firsts = hiring.marginal[hiring.marginal["reps"] == 1]
    best = firsts.sort_values("marginal_contribution").iloc[-1]
    start = month_words(hiring.question.start)
    if best["marginal_contribution"] <= 0:
        return f"No segment earns back a rep who starts in {start}"
    losing = firsts[firsts["marginal_contribution"] <= 0]["segment"].tolist()
    text = f"A first rep adds most in {best['segment']}: {scale.format(best['marginal_contribution'])}"
    if not losing:
        return text
    return f"{text}; in {len(losing)} of {len(firsts)} segments one costs more than it brings"
