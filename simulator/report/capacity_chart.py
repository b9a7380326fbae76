"""The chart of quota capacity against plan."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.forecast import Forecast
from simulator.analysis.totals import ALL
from simulator.report.forecast_charts import MAX_LABELLED, footer_of, set_periods
from simulator.report.money import format_money, format_share
from simulator.report.style import BLUE, INK, MUTED, ORANGE, PAPER, draw_chart, money_axis

HALF_BAR = 0.24


def capacity_rows(capacity: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of all segments together (or of the only one)."""
    whole = capacity[capacity["segment"] == ALL]
    return (capacity if whole.empty else whole).reset_index(drop=True)


def capacity_title(capacity: pd.DataFrame, currency: str) -> str:
    """Return the finding: whether the ramped reps carry the plan, and how far it is over-assigned."""
    rows = capacity_rows(capacity)
    planned = rows[rows["target"] > 0]
    row = (rows if planned.empty else planned).iloc[0]
    ramped = format_money(row["ramped_quota"], currency)
    text = f"{row['period']}: ramped reps carry {ramped} of quota"
    if planned.empty:
        return text
    needed, target = float(row["attainment_needed"]), format_money(row["target"], currency)
    return f"{text} for a {target} target: they must attain {format_share(needed)} of it"


def draw_capacity(forecast: Forecast, capacity: pd.DataFrame, folder: Path) -> None:
    """Draw ramped and street quota against the target of each quarter."""
    rows = capacity_rows(capacity)
    x = np.arange(len(rows))
    top = 1.18 * float(np.nanmax([rows["street_quota"].max(), rows["target"].max(), 1.0]))
    with draw_chart(
        folder,
        "capacity",
        title=capacity_title(capacity, forecast.currency),
        subtitle="Quota by quarter. Filled: of ramped reps, P10 to P90; outline: street quota, of all reps"
        + ("; dashes: target" if rows["target"].notna().any() else ""),
        footer=footer_of(forecast, f"Quota and bookings targets in {forecast.currency}"),
        bottom_inches=1.1,
    ) as axes:
        axes.bar(x, rows["street_quota"], width=2 * HALF_BAR, color=PAPER, edgecolor=MUTED, linewidth=1.2)
        axes.bar(x, rows["ramped_quota"], width=2 * HALF_BAR, color=BLUE)
        axes.vlines(x, rows["ramped_quota_p10"], rows["ramped_quota_p90"], color=INK, linewidth=1.6)
        axes.hlines(
            rows["target"],
            x - 1.4 * HALF_BAR,
            x + 1.4 * HALF_BAR,
            color=ORANGE,
            linewidth=2.2,
            linestyle=(0, (4, 1.2)),
        )
        axes.set_ylim(0, top)
        if len(rows) <= MAX_LABELLED:
            for place, (_, row) in enumerate(rows.iterrows()):
                _label(axes, place, row, forecast.currency)
        set_periods(axes, forecast)
        money_axis(axes, forecast.currency)


def _label(axes: Axes, place: int, row: pd.Series, currency: str) -> None:
    ramped, street = (format_money(row[name], currency) for name in ("ramped_quota", "street_quota"))
    axes.text(
        place, row["ramped_quota"] / 2, f"{ramped}\nramped", ha="center", va="center", fontsize=9.5,
        color=PAPER, fontweight="bold",
    )  # fmt: skip
    highest = max(row["street_quota"], row["ramped_quota_p90"], row["target"] if row["target"] > 0 else 0.0)
    axes.annotate(
        f"{street} street", (place, highest), xytext=(0, 4), textcoords="offset points", ha="center",
        va="bottom", fontsize=9, color=MUTED,
    )  # fmt: skip
    if math.isfinite(row["target"]):
        words = f"target {format_money(row['target'], currency)}\nstreet is {format_share_of(row)} of it"
        axes.annotate(
            words, (place, 0), xycoords=("data", "axes fraction"), xytext=(0, -26), fontsize=9,
            textcoords="offset points", ha="center", va="top", color=ORANGE, fontweight="bold",
        )  # fmt: skip


def format_share_of(row: pd.Series) -> str:
    """Return street quota as a share of the target, which may exceed the whole: ``125%``."""
    return f"{row['over_assignment']:.0%}"
