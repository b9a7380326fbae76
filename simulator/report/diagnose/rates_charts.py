"""Charts of a track record: rates by segment, and what becomes of accepted deals."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from simulator.analysis.diagnose.conversion import told_horizon
from simulator.analysis.diagnose.track_record import TrackRecord
from simulator.report.diagnose.past_charts import draw_coverage, draw_created
from simulator.report.diagnose.rates_words import CLOSE_RATE_RULE, WIN_RATE_RULE, rate
from simulator.report.documents.finished import clean_text
from simulator.report.money import format_share, source_line
from simulator.report.style import (
    ICE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    PAPER,
    SAND,
    draw_chart,
    draw_panels,
    share_axis,
)

RATE_PANELS = (
    ("close_rate", "Close rate", CLOSE_RATE_RULE),
    ("win_rate", "Win rate", WIN_RATE_RULE),
    ("slippage_adjusted_close_rate", "Slippage-adjusted close rate", None),
)
BASES = (("count", 0.14, NAVY, NAVY), ("amount", -0.14, ORANGE, PAPER))
OUTCOME_BANDS = (("won", NAVY), ("lost to a competitor", ORANGE), ("lost, no decision", SAND))
LONGEST_NAME = 36
MAX_GROUPS = 10


def draw_track_record(record: TrackRecord, folder: Path, currency: str = "") -> tuple[str, ...]:
    """Draw every chart that the record has figures for, as PNG and SVG; return their names.

    Parameters
    ----------
    record : TrackRecord
        What was measured.
    folder : Path
        Existing folder.
    currency : str
        ISO code; empty: amounts are printed without one.
    """
    footer = source_line(record.window.as_of, record.window.name, f"{record.n_deals:,} qualified deals")
    drawn = {
        "rates_by_segment": _draw_rates(record, folder, footer),
        "conversion": _draw_conversion(record, folder, footer),
        "past_coverage": draw_coverage(record.coverage, folder, footer, currency),
        "pipeline_created": draw_created(record.created, folder, footer, currency),
    }
    return tuple(name for name, done in drawn.items() if done)


def _draw_rates(record: TrackRecord, folder: Path, footer: str) -> bool:
    table = record.rates[record.rates["by"].isin(["all", "segment"])]
    if rate(record, "close_rate") is None:
        return False
    size = table[(table["measure"] == "close_rate") & (table["basis"] == "count")]
    groups = list(dict.fromkeys(["all", *size.sort_values("n", ascending=False)["group"]]))[:MAX_GROUPS]
    with draw_panels(
        folder,
        "rates_by_segment",
        title=_rates_title(record),
        subtitle="Share of deals (filled, with figures) and of their money (hollow), 80% intervals; "
        "dashed: rule of thumb",
        footer=footer,
        n_columns=3,
        share_y=True,
    ) as panels:
        reach = min(1.0, max(WIN_RATE_RULE, float(table["high"].max())) + 0.15)
        for axes, (measure, name, rule) in zip(panels, RATE_PANELS, strict=True):
            _rate_panel(axes, table[table["measure"] == measure], groups, rule)
            axes.set(title=name, xlim=(0, reach))
        widest = max(len(group_name(group)) for group in groups)
        set_margins(panels[0], left=0.035 + 0.0088 * max(widest, 5), wspace=0.08)
    return True


def _rates_title(record: TrackRecord) -> str:
    close, adjusted = rate(record, "close_rate"), rate(record, "slippage_adjusted_close_rate")
    title = f"We win {format_share(close['value'])} of the deals that end" if close is not None else ""
    if adjusted is not None:
        title += f", {format_share(adjusted['value'])} of those due in a quarter"
    return title


def _rate_panel(axes: Axes, table: pd.DataFrame, groups: list[str], rule: float | None) -> None:
    places = np.arange(len(groups), dtype=np.float64)[::-1]
    share_axis(axes, "x")
    if rule is not None:
        axes.axvline(rule, color=MUTED, linestyle=(0, (4, 3)), linewidth=1, zorder=1)
    for basis, shift, colour, fill in BASES:
        rows = table[table["basis"] == basis].drop_duplicates("group").set_index("group").reindex(groups)
        axes.hlines(places + shift, rows["low"], rows["high"], color=colour, linewidth=2)
        axes.plot(rows["value"], places + shift, "o", color=colour, markerfacecolor=fill, markersize=6.5)
        if basis == "count":
            for place, (_, row) in zip(places, rows.iterrows(), strict=True):
                _label_rate(axes, row, float(place + shift))
    axes.set_xticks([0, 0.25, 0.5, 0.75])
    axes.set_yticks(places, [group_name(g) for g in groups])
    axes.set_ylim(-0.6, len(groups) - 0.4)


def _label_rate(axes: Axes, row: pd.Series[float], height: float) -> None:
    known = bool(np.isfinite(row["value"]))
    axes.text(
        row["high"] + 0.02 if known else 0.02,
        height,
        format_share(row["value"]) if known else "too few",
        va="center",
        fontsize=9.5,
        color=INK,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8},
    )


def group_name(group: str) -> str:
    """Return a group's name as a chart shows it, on one line that leaves room for the figures."""
    name = "All" if group == "all" else clean_text(group).replace("_", " ")
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def set_margins(axes: Axes, **shares: float) -> None:
    """Move the edges of the panels that hold ``axes``: left, right, wspace … as shares of the figure."""
    grid = axes.get_gridspec()
    if not isinstance(grid, GridSpec):
        return
    grid.update(**shares)
    for panel in axes.figure.axes:
        place = panel.get_subplotspec()
        if place is not None:
            panel.set_position(place.get_position(cast(Figure, axes.figure)))


def _draw_conversion(record: TrackRecord, folder: Path, footer: str) -> bool:
    estimate, horizon = record.incidence, told_horizon(record.conversion)
    if not horizon or not len(estimate.days):
        return False
    seen = estimate.days <= horizon
    shares = np.vstack([np.zeros(3), estimate.share[seen], estimate.at(horizon)[0]])
    days = np.concatenate([[0.0], estimate.days[seen], [horizon]])
    with draw_chart(
        folder,
        "conversion",
        title=_conversion_title(shares[-1], horizon),
        subtitle="Share of accepted deals by what became of them; open deals count while they were seen",
        footer=footer,
    ) as axes:
        _conversion_bands(axes, days, shares)
        share_axis(axes)
        axes.set_xlim(0, horizon)
        set_margins(axes, right=0.765)
        axes.set_xticks([d for d in (0, 30, 60, 90, 180, 270, 365) if d <= horizon])
        axes.set_xlabel("days since the deal was accepted (SAL)", loc="left")
    return True


def _conversion_title(shares: npt.NDArray[np.float64], horizon: int) -> str:
    span = "a year" if horizon == 365 else f"{horizon} days"
    won, to_competition, no_decision = shares
    lost = to_competition + no_decision
    title = f"Of 100 accepted deals, {100 * won:.0f} are won within {span}, {100 * lost:.0f} lost"
    main = "to no decision" if no_decision > to_competition else "to a competitor"
    return f"{title}, mostly {main}" if lost >= 0.01 else title


def _conversion_bands(axes: Axes, days: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> None:
    bands = [(label, colour, shares[:, k]) for k, (label, colour) in enumerate(OUTCOME_BANDS)]
    bands.append(("still open", ICE, np.maximum(1 - shares.sum(axis=1), 0.0)))
    axes.stackplot(days, *(b[2] for b in bands), colors=[b[1] for b in bands], step="post", linewidth=0)
    base, placed = 0.0, -1.0
    for label, _, values in bands:
        height = float(values[-1])
        placed = max(base + height / 2, placed + 0.055)
        axes.text(days[-1] * 1.015, placed, f"{label}  {format_share(height)}", va="center", color=INK)
        base += height
