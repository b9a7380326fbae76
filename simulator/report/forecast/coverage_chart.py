"""The chart of coverage: what is due in each quarter against what is needed to hit its target."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.forecast.coverage import (
    BASIS_CATEGORIES,
    CONFIDENCES,
    SMB,
    Coverage,
    counted_amount,
)
from simulator.analysis.forecast.forecast import Forecast
from simulator.engine.paths import Paths
from simulator.history.tables import CATEGORIES
from simulator.report.forecast.charts import MAX_LABELLED, footer_of, set_periods, write_below
from simulator.report.forecast.findings import PART_WORDS, coverage_title, headline_coverage
from simulator.report.money import format_money, format_multiple
from simulator.report.style import INK, MUTED, ORANGE, PART_COLOURS, draw_chart, money_axis

HALF_BAR = 0.2
ROOM_FOR_WORDS = 5
"""Quarters beside which a multiple needed can be named; with more, the style of its line tells."""

NEED_STYLES = {"needed_p50": (0, (1, 1)), "needed_p80": "solid", "needed_p90": (0, (4, 1.2))}


def counted_parts(forecast: Forecast, coverage: Coverage, paths: Paths) -> pd.DataFrame:
    """Return what counts towards each quarter, one column for each part, dark (certain) to light."""
    basis = str(_rows(forecast, coverage)["basis"].iloc[0])
    due = counted_amount(paths, basis).sum(axis=2)
    columns = {"booked": np.zeros(len(paths.periods))}
    columns["booked"][0] = paths.booked.sum()
    for category in reversed(BASIS_CATEGORIES["smb" if basis == SMB else "enterprise"]):
        columns[category] = due[:, CATEGORIES.index(category)]
    if basis == SMB:
        columns["created"] = paths.flow("won_created").mean(axis=0).sum(axis=1)
    return pd.DataFrame(columns)


def draw_coverage(forecast: Forecast, coverage: Coverage, counted: pd.DataFrame, folder: Path) -> None:
    """Draw, for each quarter, the deals due in it as a multiple of target, and the multiples needed.

    Where no quarter has a target, amounts are drawn instead. ``counted`` is what `counted_parts` returned.
    """
    rows = _rows(forecast, coverage)
    basis = str(rows["basis"].iloc[0])
    in_multiples = bool((rows["target"] > 0).any())
    stack = _stack(counted, rows, in_multiples)
    needed = (
        "; lines: what hits it in 50% (dotted), 80% (solid) and 90% (dashed) of futures"
        if in_multiples
        else ""
    )
    unit = "as a multiple of its target" if in_multiples else f"in {forecast.currency}"
    with draw_chart(
        folder,
        "coverage",
        title=coverage_title(forecast, coverage),
        subtitle=f"{_basis_words(basis)} due in each quarter, {unit}{needed}{_rule(rows)}",
        footer=footer_of(forecast),
        bottom_inches=1.15,
    ) as axes:
        top = _top(rows, stack, in_multiples)
        _draw_stack(axes, stack)
        if len(rows) <= MAX_LABELLED:
            _write_coverage(axes, forecast, stack, rows, None if in_multiples else forecast.currency)
        if in_multiples:
            _draw_needs(axes, rows, top)
            axes.yaxis.set_major_formatter("{x:.1f}×" if top > 0.5 else "{x:.2f}×")
            axes.grid(axis="y")
        else:
            money_axis(axes, forecast.currency)
        set_periods(axes, forecast)
        axes.set_ylim(0, top)
        if stack.to_numpy().any():
            axes.legend(
                loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5, fontsize=9.5, handlelength=1.0,
                columnspacing=1.3, borderaxespad=0.2,
            )  # fmt: skip
        else:
            axes.set_yticks([])


def _rows(forecast: Forecast, coverage: Coverage) -> pd.DataFrame:
    rows = [headline_coverage(coverage, period) for period in forecast.periods]
    return pd.DataFrame([row for row in rows if row is not None]).reset_index(drop=True)


def _basis_words(basis: str) -> str:
    if basis == SMB:
        return "Pipeline, best case, commit, closed and expected from new deals,"
    return "Best case, commit and closed"


def _rule(rows: pd.DataFrame) -> str:
    rule = float(rows["rule_of_thumb"].iloc[0])
    return f". Rule of thumb 1 / close rate: {format_multiple(rule)}" if math.isfinite(rule) else ""


def _stack(counted: pd.DataFrame, rows: pd.DataFrame, in_multiples: bool) -> pd.DataFrame:
    """Return what counts where it is known, as multiples of the target where there are targets."""
    stack = counted.where(rows["amount"].notna(), 0.0)
    return stack.div(rows["target"].where(rows["target"] > 0), axis=0).fillna(0.0) if in_multiples else stack


def _top(rows: pd.DataFrame, stack: pd.DataFrame, in_multiples: bool) -> float:
    """Return the end of the axis: a 90% need far beyond all else is not let to dwarf it."""
    tallest = float(stack.sum(axis=1).max())
    if in_multiples:
        needs = rows[list(CONFIDENCES)].to_numpy(dtype=np.float64)
        tallest = max(tallest, float(np.nanmax(needs[:, :2], initial=0.0)))
        within = needs[needs <= 2 * tallest]
        tallest = max(tallest, float(within.max(initial=0.0)))
    return 1.12 * max(tallest, 0.1 if in_multiples else 1.0)


def _draw_stack(axes: Axes, stack: pd.DataFrame) -> None:
    bottom = np.zeros(len(stack))
    for part in stack.columns:
        axes.bar(
            range(len(stack)), stack[part], bottom=bottom, width=2 * HALF_BAR, color=PART_COLOURS[part],
            label=PART_WORDS[part] if stack[part].any() else None, edgecolor="#ffffff", linewidth=0.8,
        )  # fmt: skip
        bottom += stack[part].to_numpy()


def _write_coverage(
    axes: Axes, forecast: Forecast, stack: pd.DataFrame, rows: pd.DataFrame, currency: str | None
) -> None:
    """Write what each quarter has below its name, or why nothing can be said."""
    for x, (total, (_, row)) in enumerate(zip(stack.sum(axis=1), rows.iterrows(), strict=True)):
        if total > 0:
            text = f"{format_multiple(total)} now" if currency is None else format_money(total, currency)
        elif math.isnan(row["amount"]):
            text = "no close dates"
        else:
            text = "no target" if currency is None and not row["target"] > 0 else "none due"
        write_below(axes, forecast, x, text, INK if total > 0 else MUTED)


def _draw_needs(axes: Axes, rows: pd.DataFrame, top: float) -> None:
    """Draw the multiples needed beside each bar, their labels apart from one another."""
    for x, (_, row) in enumerate(rows.iterrows()):
        last = -math.inf
        for column in CONFIDENCES:
            value = row[column]
            if not math.isfinite(value):
                continue
            if value <= top:
                axes.hlines(
                    value, x - HALF_BAR, x + 0.26, color=ORANGE, linewidth=2, linestyle=NEED_STYLES[column]
                )
            last = max(min(value, 0.97 * top), last + 0.05 * top)
            if len(rows) <= MAX_LABELLED:
                text = _need_words(column, value, top, brief=len(rows) > ROOM_FOR_WORDS)
                axes.text(x + 0.28, last, text, va="center", fontsize=9, color=ORANGE, fontweight="bold")


def _need_words(column: str, value: float, top: float, *, brief: bool) -> str:
    name = "" if brief else f"{CONFIDENCES[column]:.0%}: "
    return f"{name}{format_multiple(value)}{' ↑' if value > top else ''}"
