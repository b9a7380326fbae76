"""Charts of a forecast as pictures; capacity, which is drawn only there."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.totals import ALL
from simulator.report.charts.picture import DASHES, MAX_LABELLED, set_categories, write_below
from simulator.report.charts.spec import ChartSpec
from simulator.report.forecast.findings import composition_title, exceedance_title, fan_title
from simulator.report.forecast.specs import Frame, curves_spec, fan_spec, parts_spec
from simulator.report.money import format_money, format_share, source_line
from simulator.report.style import BLUE, INK, MUTED, ORANGE, PAPER, draw_chart, money_axis


def footer_of(forecast: Forecast, figures: str = "") -> str:
    """Return the footer that every chart of a forecast carries: what the figures are, and from where."""
    paths = f"{forecast.n_paths:,} simulations of scenario “{forecast.scenario}”"
    return source_line(
        forecast.as_of, figures or f"Bookings in {forecast.currency}, not ARR or revenue", paths
    )


def frame_of(forecast: Forecast, figures: str = "") -> Frame:
    """Return what the charts of a forecast have in common."""
    return Frame(forecast.currency, forecast.periods, footer_of(forecast, figures), forecast.partial)


def forecast_specs(forecast: Forecast) -> list[ChartSpec]:
    """Return the charts of bookings to come: chances, fan and what the P50 is made of."""
    frame = frame_of(forecast)
    return [
        curves_spec(forecast.exceedance, forecast.bookings, frame, exceedance_title(forecast)),
        fan_spec(forecast.bookings, frame, fan_title(forecast)),
        parts_spec(forecast.composition, frame, composition_title(forecast)),
    ]


HALF_QUOTA_BAR = 0.24


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
        _draw_quotas(axes, rows)
        axes.set_ylim(0, top)
        if len(rows) <= MAX_LABELLED:
            for place, (_, row) in enumerate(rows.iterrows()):
                _label(axes, place, row, forecast.currency)
        set_categories(axes, forecast.periods, under_way=forecast.partial)
        targets = [_say_target(row, forecast.currency) for _, row in rows.iterrows()]
        write_below(axes, targets, ORANGE, under_way=forecast.partial)
        money_axis(axes, forecast.currency)


def _draw_quotas(axes: Axes, rows: pd.DataFrame) -> None:
    x, width = np.arange(len(rows)), 2 * HALF_QUOTA_BAR
    axes.bar(x, rows["street_quota"], width=width, color=PAPER, edgecolor=MUTED, linewidth=1.2)
    axes.bar(x, rows["ramped_quota"], width=width, color=BLUE)
    axes.vlines(x, rows["ramped_quota_p10"], rows["ramped_quota_p90"], color=INK, linewidth=1.6)
    axes.hlines(
        rows["target"], x - 0.7 * width, x + 0.7 * width, color=ORANGE, linewidth=2.2, linestyle=DASHES
    )


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


def _say_target(row: pd.Series, currency: str) -> str:
    if not math.isfinite(row["target"]):
        return ""
    return f"target {format_money(row['target'], currency)}\nstreet is {row['over_assignment']:.0%} of it"
