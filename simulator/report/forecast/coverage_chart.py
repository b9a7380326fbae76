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
from simulator.report.charts.picture import MAX_LABELLED, draw_parts, set_categories, write_below
from simulator.report.charts.spec import MULTIPLE, ChartSpec, Series, Unit, figures, money_unit
from simulator.report.forecast.charts import footer_of
from simulator.report.forecast.findings import PART_WORDS, coverage_title, headline_coverage
from simulator.report.money import format_multiple
from simulator.report.style import INK, ORANGE, PART_COLOURS, draw_chart, money_axis

ROOM_FOR_WORDS = 5
"""Quarters next to which a multiple needed can be named; with more, the style of its line names it."""

BAR = 0.42
ROOM_FOR_NEEDS = 0.25

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
    in_multiples = bool((rows["target"] > 0).any())
    spec = _counted_spec(forecast, coverage, counted, rows)
    with draw_chart(
        folder, spec.name, title=spec.title, subtitle=spec.subtitle, footer=spec.footer, bottom_inches=1.15
    ) as axes:
        top = _top(rows, spec, in_multiples)
        draw_parts(axes, spec, top, BAR)
        if in_multiples:
            _draw_needs(axes, rows, top)
            axes.yaxis.set_major_formatter("{x:.1f}×" if top > 0.5 else "{x:.2f}×")
            axes.grid(axis="y")
        else:
            money_axis(axes, forecast.currency)
        set_categories(axes, spec.categories, under_way=spec.under_way)
        axes.set_xlim(axes.get_xlim()[0], axes.get_xlim()[1] + ROOM_FOR_NEEDS)
        write_below(axes, spec.below, INK, under_way=spec.under_way)
        axes.set_ylim(0, top)
        if not any(spec.totals):
            axes.set_yticks([])


def _counted_spec(
    forecast: Forecast, coverage: Coverage, counted: pd.DataFrame, rows: pd.DataFrame
) -> ChartSpec:
    """Return what is due in each quarter by category, as multiples of targets where there are any."""
    in_multiples = bool((rows["target"] > 0).any())
    stack = _stack(counted, rows, in_multiples)
    totals = figures(stack.sum(axis=1))
    unit = MULTIPLE if in_multiples else money_unit(totals, forecast.currency)
    needed = "; lines: needed for a 50% (dotted), 80% (solid) and 90% (dashed) chance" if in_multiples else ""
    measure = "as a multiple of its target" if in_multiples else f"in {forecast.currency}"
    basis = _basis_words(str(rows["basis"].iloc[0]))
    return ChartSpec(
        name="coverage",
        shape="stack",
        title=coverage_title(forecast, coverage),
        subtitle=f"{basis} due in each quarter, {measure}{needed}{_rule(rows)}",
        footer=footer_of(forecast),
        unit=unit,
        categories=forecast.periods,
        series=tuple(
            Series(part, PART_WORDS[part].capitalize(), PART_COLOURS[part], figures(stack[part]))
            for part in stack.columns
        ),
        totals=totals,
        below=tuple(
            _say_coverage(total, row, unit) for total, (_, row) in zip(totals, rows.iterrows(), strict=True)
        ),
        under_way=forecast.partial,
    )


def _say_coverage(total: float, row: pd.Series, unit: Unit) -> str:
    """Return what a quarter has, as its table says, or why nothing can be said."""
    if total > 0:
        known = unit == MULTIPLE and math.isfinite(row["coverage"])
        text = unit.write(row["coverage"] if known else total)
        return f"{text} now" if unit == MULTIPLE else text
    if math.isnan(row["amount"]):
        return "no close dates"
    return "no target" if unit == MULTIPLE and not row["target"] > 0 else "none due"


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


def _top(rows: pd.DataFrame, spec: ChartSpec, in_multiples: bool) -> float:
    """Return the end of the axis: a 90% need far beyond all else does not dwarf it."""
    tallest = max(spec.totals, default=0.0)
    if in_multiples:
        needs = rows[list(CONFIDENCES)].to_numpy(dtype=np.float64)
        tallest = max(tallest, float(np.nanmax(needs[:, :2], initial=0.0)))
        within = needs[needs <= 2 * tallest]
        tallest = max(tallest, float(within.max(initial=0.0)))
    return 1.12 * max(tallest, 0.1 if in_multiples else 1.0)


def _draw_needs(axes: Axes, rows: pd.DataFrame, top: float) -> None:
    """Draw the multiples needed next to each bar, their labels apart from one another."""
    for x, (_, row) in enumerate(rows.iterrows()):
        last = -math.inf
        for column in CONFIDENCES:
            value = row[column]
            if not math.isfinite(value):
                continue
            if value <= top:
                axes.hlines(
                    value,
                    x - BAR / 2,
                    x + BAR / 2 + 0.06,
                    color=ORANGE,
                    linewidth=2,
                    linestyle=NEED_STYLES[column],
                )
            last = max(min(value, 0.97 * top), last + 0.05 * top)
            if len(rows) <= MAX_LABELLED:
                text = _need_words(column, value, top, brief=len(rows) > ROOM_FOR_WORDS)
                axes.text(
                    x + BAR / 2 + 0.08, last, text, va="center", fontsize=9, color=ORANGE, fontweight="bold"
                )


def _need_words(column: str, value: float, top: float, *, brief: bool) -> str:
    name = "" if brief else f"{CONFIDENCES[column]:.0%}: "
    return f"{name}{format_multiple(value)}{' ↑' if value > top else ''}"
