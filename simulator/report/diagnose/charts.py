"""Charts of a diagnosis: where deals end, what each remedy is worth, the coverage needed as a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.stuck_deals import StuckDeals
from simulator.analysis.forecast.coverage import ENTERPRISE
from simulator.history.tables import CATEGORIES, OUTCOMES
from simulator.report.charts.spec import MULTIPLE, WHOLE_SHARE, ChartSpec, Series, banded, figures, money_unit
from simulator.report.diagnose.words import (
    KIND_WORDS,
    first_targets,
    say_curve,
    stuck_findings,
    what_holds_back,
)
from simulator.report.money import format_multiple, format_share
from simulator.report.style import BLUE, NAVY, ORANGE, SAND, SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

GAIN = ("mean_change_low", "mean_change", "mean_change_high")
ENDS = {
    "won": ("Won", NAVY),
    "lost_competition": ("Lost to a competitor", ORANGE),
    "lost_no_decision": ("Lost, no decision", SAND),
}


def ends_spec(stuck: StuckDeals, footer: str, currency: str) -> ChartSpec | None:
    """Return the ends of deals by the category that they were in, as shares of all that ended."""
    table = stuck.ends.pivot_table(index="category", columns="outcome", values="n", sort=False)
    table = table.reindex(index=list(CATEGORIES), columns=list(OUTCOMES)).fillna(0.0)
    total = float(table.to_numpy().sum())
    if total <= 0:
        return None
    return ChartSpec(
        name="where_deals_end",
        shape="bars",
        title=next(iter(stuck_findings(stuck, currency)), "Where deals end").rstrip("."),
        subtitle="Deals that ended, by the forecast category they were in, as a share of all that ended",
        footer=footer,
        unit=WHOLE_SHARE,
        categories=tuple(name.replace("_", " ") for name in CATEGORIES),
        series=tuple(Series(end, *ENDS[end], figures(table[end] / total)) for end in OUTCOMES),
        totals=figures(table.sum(axis=1) / total),
    )


def remedies_spec(table: pd.DataFrame, footer: str, currency: str) -> ChartSpec | None:
    """Return what each remedy is worth over the horizon, on the same simulations."""
    if table.empty:
        return None
    rows = table[table["period"] == table["period"].iloc[-1]]
    rows = rows.sort_values("mean_change", ascending=False, kind="stable")
    first = first_targets(table).reindex(rows["kind"])
    chances = zip(first["period"], first["base_p_hit"], first["p_hit"], strict=True)
    return ChartSpec(
        name="what_holds_back",
        shape="bars",
        title=what_holds_back(table, currency)[0].split(":")[0],
        subtitle=f"Bookings gained over {rows['period'].iloc[0]} when one thing is relaxed: means "
        "on the same random numbers, with the 95% interval of the simulation's own error",
        footer=footer,
        unit=money_unit(rows["mean_change_high"].abs(), currency),
        categories=tuple(KIND_WORDS[str(kind)] for kind in rows["kind"]),
        series=(
            banded("gain", "Bookings gained", BLUE, rows, GAIN),
        ),
        below=tuple(
            f"chance of {period} {format_share(before)} → {format_share(after)}" if np.isfinite(after) else ""
            for period, before, after in chances
        ),
    )  # fmt: skip


def curve_spec(curve: pd.DataFrame, footer: str) -> ChartSpec | None:
    """Return the chance of each quarter's target at every coverage, today's coverage marked."""
    if curve.empty:
        return None
    basis = ENTERPRISE if ENTERPRISE in set(curve["basis"]) else curve["basis"].iloc[0]
    rows = curve[curve["basis"] == basis]
    periods: Sequence[str] = list(dict.fromkeys(rows["period"]))[:2]
    parts = {period: rows[rows["period"] == period] for period in periods}
    now = {period: part[part["now"]].iloc[0] for period, part in parts.items()}
    return ChartSpec(
        name="coverage_curve",
        shape="curves",
        title=say_curve(rows, periods[0]),
        subtitle="Chance of the quarter's target at each coverage (best case + commit + closed, "
        "as a multiple of the target), keeping today's mix of deals; the dot is today",
        footer=footer,
        unit=MULTIPLE,
        categories=(),
        series=tuple(
            Series(
                period, period, colour, figures(parts[period]["p_hit"]), x=figures(parts[period]["coverage"]),
                marks=(("now", float(now[period]["coverage"]), float(now[period]["p_hit"])),),
            )
            for period, colour in zip(periods, SERIES, strict=False)
        ),
        below=tuple(
            f"{format_multiple(float(now[p]['coverage']))} today: {format_share(float(now[p]['p_hit']))}"
            for p in periods
        ),
    )  # fmt: skip
