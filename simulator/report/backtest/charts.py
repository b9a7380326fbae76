"""Charts of a backtest: past ranges with what was booked, and whether percentiles are what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.backtest.backtest import Backtest
from simulator.analysis.backtest.scores import SIMULATION
from simulator.analysis.intervals import share_interval
from simulator.analysis.totals import ALL
from simulator.report.backtest.words import main_row, record_sentence
from simulator.report.money import source_line
from simulator.report.style import (
    BLUE,
    ICE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    draw_panels,
    money_axis,
    share_axis,
)

LEVELS = np.arange(1, 10) / 10


def draw_backtest(result: Backtest, folder: Path, currency: str = "") -> None:
    """Draw ``reliability``: past forecasts beside what happened, and observed against promised shares.

    Parameters
    ----------
    result : Backtest
    folder : Path
        Existing folder.
    currency : str
        ISO code; empty: amounts are printed without one.
    """
    rows = _main_rows(result)
    week = int(main_row(result)["week"])
    start = "its start" if week == 0 else f"week {week}"
    unit = f" in {currency}" if currency else ""
    with draw_panels(
        folder,
        "reliability",
        title=record_sentence(result),
        subtitle=f"Bookings{unit}, each quarter forecast from {start} with only what was known then",
        footer=source_line(result.as_of, f"{len(rows)} quarters forecast again, strictly as of each day"),
        n_columns=2,
        top_inches=0.5,
        bottom_inches=1.0,
    ) as (left, right):
        _draw_ranges(left, rows, currency)
        _draw_reliability(right, rows)


def _main_rows(result: Backtest) -> pd.DataFrame:
    table, week = result.forecasts, main_row(result)["week"]
    ours = (table["method"] == SIMULATION) & (table["segment"] == ALL)
    rows: pd.DataFrame = table[ours & (table["ahead"] == 0) & (table["week"] == week)]
    return rows.sort_values("quarter")


def _draw_ranges(axes: Axes, rows: pd.DataFrame, currency: str) -> None:
    place = np.arange(len(rows))
    low, high, actual = (rows[name].to_numpy(np.float64) for name in ("p10", "p90", "actual"))
    axes.bar(place, high - low, bottom=low, width=0.55, color=ICE, edgecolor=BLUE, label="P10 to P90")
    axes.hlines(rows["p50"], place - 0.275, place + 0.275, color=NAVY, linewidth=2, label="P50")
    held = rows["inside"].to_numpy(np.float64) > 0.5
    for which, marker, label in ((held, "o", "booked, inside"), (~held, "X", "booked, outside")):
        if which.any():
            axes.scatter(
                place[which], actual[which], marker=marker, s=55, zorder=3, label=label,
                color=INK if marker == "o" else ORANGE,
            )  # fmt: skip
    axes.set_xticks(place, [str(name) for name in rows["period"]], rotation=45 if len(rows) > 5 else 0)
    axes.set_ylim(0, 1.15 * max(high.max(), actual.max(), 1e-9))
    money_axis(axes, currency)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=4, fontsize=8.5, handlelength=1, borderaxespad=0.2
    )


def _draw_reliability(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the share of quarters at or below each percentile, with the band that luck gives it."""
    pit = rows["pit"].to_numpy(np.float64)
    observed = np.array([(pit <= level).mean() for level in LEVELS])
    low, high = share_interval(observed * len(pit), np.full(LEVELS.size, float(len(pit))))
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 2)), label="as promised")
    axes.vlines(LEVELS, low, high, color=BLUE, linewidth=2, label="80% interval")
    axes.plot(LEVELS, observed, "o", color=NAVY, label="observed", clip_on=False, zorder=3)
    share_axis(axes, "y")
    share_axis(axes, "x")
    axes.grid(axis="both")
    axes.set_xlabel("percentile of the forecast")
    axes.set_ylabel("share of quarters at or below it")
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=8.5, handlelength=1.6, borderaxespad=0.2
    )
