"""Charts of bookings to come: the fan against target and the chance of each number."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.totals import ALL
from simulator.report.forecast.findings import exceedance_title, fan_title, say_chance
from simulator.report.money import format_money, format_share, source_line
from simulator.report.style import (
    BLUE,
    ICE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    PAPER,
    SKY,
    draw_chart,
    draw_panels,
    money_axis,
    share_axis,
)

MAX_LABELLED = 8
"""Periods that have room for all their labels; with more, only what fits is labelled."""

MAX_PANELS = 8
HALF_BAR = 0.19
LABEL_GAP = 0.055
"""Least distance between labels beside a bar, as a share of the axis."""


def footer_of(forecast: Forecast, figures: str = "") -> str:
    """Return the footer that every chart of a forecast carries: what the figures are, and from where."""
    paths = f"{forecast.n_paths:,} simulated futures of scenario “{forecast.scenario}”"
    return source_line(
        forecast.as_of, figures or f"Bookings in {forecast.currency}, not ARR or revenue", paths
    )


def set_periods(axes: Axes, forecast: Forecast) -> None:
    """Label the x axis with the periods, the one under way marked."""
    labels = list(forecast.periods)
    n = len(labels)
    if forecast.partial:
        labels[0] += "\n(under way)" if n <= MAX_LABELLED else "*"
    axes.set_xticks(range(n), labels)
    if n > MAX_LABELLED:
        axes.tick_params(axis="x", labelrotation=90, labelsize=8)
    pad = max(0.0, (3 - n) / 2)
    axes.set_xlim(-0.6 - pad, n - (0.2 if n <= MAX_LABELLED else 0.4) + pad)


def write_below(axes: Axes, forecast: Forecast, period: int, text: str, colour: str) -> None:
    """Write a figure below the name of a period."""
    below = -40 if forecast.partial else -26
    axes.annotate(
        text, (period, 0), xycoords=("data", "axes fraction"), xytext=(0, below),
        textcoords="offset points", ha="center", va="top", color=colour, fontsize=9.5, fontweight="bold",
    )  # fmt: skip


def draw_fan(forecast: Forecast, folder: Path) -> None:
    """Draw P10, P50 and P90 of bookings by quarter, what is booked, and the targets."""
    rows = pd.DataFrame([forecast.total(period) for period in forecast.periods]).reset_index(drop=True)
    top = float(np.nanmax([rows["p90"].max(), rows["target"].max(), 1.0]))
    with draw_chart(
        folder,
        "bookings_fan",
        title=fan_title(forecast),
        subtitle="Bookings by fiscal quarter. Bar: P10 to P90, the middle 80% of futures; bold: P50"
        + ("; dark: booked" if rows["booked"].any() else "")
        + ("; dashes: target" if rows["target"].notna().any() else ""),
        footer=footer_of(forecast),
        bottom_inches=1.3,
    ) as axes:
        axes.set_ylim(0, 1.1 * top)
        _draw_ranges(axes, rows)
        if len(rows) <= MAX_LABELLED:
            _label_ranges(axes, rows, forecast.currency, 1.1 * top)
        set_periods(axes, forecast)
        _write_targets(axes, rows, forecast)
        money_axis(axes, forecast.currency)


def _draw_ranges(axes: Axes, rows: pd.DataFrame) -> None:
    x = np.arange(len(rows))
    axes.fill_between(x, rows["p10"], rows["p90"], color=ICE, alpha=0.5, linewidth=0)
    axes.bar(x, rows["p90"] - rows["p10"], bottom=rows["p10"], width=2 * HALF_BAR, color=SKY)
    axes.bar(x, rows["booked"], width=2 * HALF_BAR, color=NAVY)
    axes.hlines(rows["p50"], x - HALF_BAR, x + HALF_BAR, color=NAVY, linewidth=2.8)
    axes.hlines(rows["target"], x - 0.36, x + HALF_BAR, color=ORANGE, linewidth=2.2, linestyle=(0, (4, 1.2)))


def _label_ranges(axes: Axes, rows: pd.DataFrame, currency: str, height: float) -> None:
    """Write P90, P50, P10 and what is booked beside each bar, apart from one another."""
    gap = LABEL_GAP * height
    for x, (_, row) in enumerate(rows.iterrows()):
        labels = [(row["p50"], row["p50"], INK, "bold")]
        if format_money(row["p90"], currency) != format_money(row["p10"], currency):
            labels.append((max(row["p90"], row["p50"] + gap), row["p90"], MUTED, "normal"))
            labels.append((min(row["p10"], row["p50"] - gap), row["p10"], MUTED, "normal"))
        for y, value, colour, weight in labels:
            axes.text(
                x + HALF_BAR + 0.04, y, format_money(value, currency),
                va="center", color=colour, fontweight=weight, fontsize=9.5,
            )  # fmt: skip
        if row["booked"] > gap:
            axes.text(
                x, row["booked"] / 2, format_money(row["booked"], currency),
                ha="center", va="center", color=PAPER, fontsize=9,
            )  # fmt: skip


def _write_targets(axes: Axes, rows: pd.DataFrame, forecast: Forecast) -> None:
    """Write each target and the chance of hitting it below its quarter."""
    if len(rows) > MAX_LABELLED:
        return
    for x, (_, row) in enumerate(rows.iterrows()):
        if math.isfinite(row["target"]):
            target = format_money(row["target"], forecast.currency)
            write_below(axes, forecast, x, f"target {target}\n{say_chance(row['p_hit'])}", ORANGE)


def draw_exceedance(forecast: Forecast, folder: Path) -> None:
    """Draw, for each quarter, the chance of reaching each number, with the target marked."""
    periods = forecast.periods[:MAX_PANELS]
    n_rows = 1 if len(periods) <= 3 else 2
    n_columns = math.ceil(len(periods) / n_rows)
    left_out = f" (first {MAX_PANELS} quarters)" if len(forecast.periods) > MAX_PANELS else ""
    with draw_panels(
        folder,
        "probability_of_hitting",
        title=exceedance_title(forecast),
        subtitle=f"Share of simulated futures in which bookings reach at least the amount below{left_out}",
        footer=footer_of(forecast),
        n_rows=n_rows,
        n_columns=n_columns,
        share_y=True,
        top_inches=0.62,
        size_inches=(10.0, 5.6 if n_rows == 1 else 6.8),
    ) as panels:
        for axes, period in zip(panels, periods, strict=False):
            _draw_curve(axes, forecast, period)
        for axes in panels[len(periods) :]:
            axes.remove()


def _draw_curve(axes: Axes, forecast: Forecast, period: str) -> None:
    table = forecast.exceedance
    curve = table[(table["period"] == period) & (table["segment"] == ALL)]
    amounts, chances = curve["amount"].to_numpy(), curve["probability"].to_numpy()
    row = forecast.total(period)
    axes.fill_between(amounts, chances, color=ICE, linewidth=0)
    axes.plot(amounts, chances, color=BLUE, linewidth=2)
    share_axis(axes)
    axes.set_xlim(*_limits(amounts, row["target"]))
    money_axis(axes, forecast.currency, "x")
    axes.tick_params(axis="x", labelsize=9)
    axes.locator_params(axis="x", nbins=4 if len(forecast.periods) > 1 else 8)
    axes.set_title(period, pad=20 if math.isfinite(row["target"]) else 6)
    for quantile, chance in (("p90", 0.1), ("p50", 0.5), ("p10", 0.9)):
        axes.plot(row[quantile], chance, "o", color=NAVY, markersize=4.5)
        axes.annotate(
            format_money(row[quantile], forecast.currency), (row[quantile], chance), xytext=(5, 3),
            textcoords="offset points", fontsize=8.5, color=INK,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.6},
        )  # fmt: skip
    if math.isfinite(row["target"]):
        _mark_target(axes, row, forecast.currency)


def _mark_target(axes: Axes, row: pd.Series, currency: str) -> None:
    axes.axvline(row["target"], color=ORANGE, linewidth=1.8, linestyle=(0, (4, 1.2)))
    axes.plot(row["target"], row["p_hit"], "D", color=ORANGE, markersize=6, clip_on=False)
    axes.text(
        0, 1.03, f"target {format_money(row['target'], currency)} {say_chance(row['p_hit'])}",
        transform=axes.transAxes, color=ORANGE, fontsize=9.5, fontweight="bold",
    )  # fmt: skip


def _limits(amounts: np.ndarray[tuple[int, ...], np.dtype[np.float64]], target: float) -> tuple[float, float]:
    """Return the ends of the x axis: all of the curve and the target, never without width."""
    ends = [float(amounts.min()), float(amounts.max())] + ([target] if math.isfinite(target) else [])
    low, high = min(ends), max(ends)
    margin = 0.06 * (high - low) or max(0.05 * abs(high), 1.0)
    return max(0.0, low - margin), high + 2.5 * margin


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
        axes.bar(
            x,
            rows["street_quota"],
            width=2 * HALF_QUOTA_BAR,
            color=PAPER,
            edgecolor=MUTED,
            linewidth=1.2,
        )
        axes.bar(x, rows["ramped_quota"], width=2 * HALF_QUOTA_BAR, color=BLUE)
        axes.vlines(x, rows["ramped_quota_p10"], rows["ramped_quota_p90"], color=INK, linewidth=1.6)
        axes.hlines(
            rows["target"],
            x - 1.4 * HALF_QUOTA_BAR,
            x + 1.4 * HALF_QUOTA_BAR,
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
