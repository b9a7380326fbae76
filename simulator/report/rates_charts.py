"""Charts of a track record: rates by segment, what becomes of deals, past coverage, pipeline created."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.track_record import TrackRecord
from simulator.report.money import format_multiple, format_share
from simulator.report.rates_words import CLOSE_RATE_RULE, WIN_RATE_RULE, rate
from simulator.report.style import (
    BLUE,
    ICE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    PARTS,
    SAND,
    SERIES,
    SKY,
    STONE,
    draw_chart,
    draw_panels,
    money_axis,
    share_axis,
    source_line,
)

RATE_PANELS = (
    ("close_rate", "Close rate", CLOSE_RATE_RULE),
    ("win_rate", "Win rate", WIN_RATE_RULE),
    ("slippage_adjusted_close_rate", "Close rate, slipped deals counted", None),
)
OUTCOME_BANDS = (
    ("won", "won", NAVY),
    ("lost_competition", "lost to a competitor", ORANGE),
    ("lost_no_decision", "lost, no decision", SAND),
)
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
    drawn = {
        "rates_by_segment": _draw_rates(record, folder),
        "conversion": _draw_conversion(record, folder),
        "past_coverage": _draw_coverage(record, folder, currency),
        "pipeline_created": _draw_created(record, folder, currency),
    }
    return tuple(name for name, done in drawn.items() if done)


def _footer(record: TrackRecord) -> str:
    return source_line(record.window.as_of, f"{record.window.name}", f"{record.n_deals:,} qualified deals")


def _draw_rates(record: TrackRecord, folder: Path) -> bool:
    table = record.rates[record.rates["by"].isin(["all", "segment"])]
    if rate(record, "close_rate") is None:
        return False
    order = table[(table["measure"] == "close_rate") & (table["basis"] == "count")]
    groups = list(dict.fromkeys(["all", *order.sort_values("n", ascending=False)["group"]]))[:MAX_GROUPS]
    with draw_panels(
        folder,
        "rates_by_segment",
        title=_rates_title(record),
        subtitle="Share of deals (filled) and of their money (hollow) with 80% interval; dashed: rule of thumb",
        footer=_footer(record),
        n_columns=3,
        share_y=True,
    ) as panels:
        for axes, (measure, name, rule) in zip(panels, RATE_PANELS, strict=True):
            _rate_panel(axes, table[table["measure"] == measure], groups, rule)
            axes.set_title(name)
    return True


def _rates_title(record: TrackRecord) -> str:
    close, adjusted = rate(record, "close_rate"), rate(record, "slippage_adjusted_close_rate")
    title = f"We win {format_share(close['value'])} of the qualified deals that end" if close is not None else ""
    if adjusted is not None:
        title += f", and {format_share(adjusted['value'])} of those due in a quarter once slipped deals count"
    return title


def _rate_panel(axes: Axes, table: pd.DataFrame, groups: list[str], rule: float | None) -> None:
    for basis, shift, colour, fill in (("count", 0.14, NAVY, NAVY), ("amount", -0.14, ORANGE, "white")):
        rows = table[table["basis"] == basis].drop_duplicates("group").set_index("group").reindex(groups)
        height = np.arange(len(groups))[::-1] + shift
        axes.hlines(height, rows["low"], rows["high"], color=colour, linewidth=2)
        axes.plot(rows["value"], height, "o", color=colour, markerfacecolor=fill, markersize=6.5)
        if basis == "count":
            for y, (_, row) in zip(height, rows.iterrows(), strict=True):
                _label_rate(axes, row, y)
    if rule is not None:
        axes.axvline(rule, color=MUTED, linestyle=(0, (4, 3)), linewidth=1)
    share_axis(axes, "x")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.set_yticks(np.arange(len(groups))[::-1], [_name(g) for g in groups])
    axes.set_ylim(-0.6, len(groups) - 0.4)


def _label_rate(axes: Axes, row: pd.Series[float], height: float) -> None:
    known = bool(np.isfinite(row["value"]))
    text = format_share(row["value"]) if known else "too few"
    axes.text(row["high"] + 0.02 if known else 0.02, height, text, va="center", fontsize=9.5, color=INK)


def _name(group: str) -> str:
    return "All" if group == "all" else group.replace("_", " ")


def _draw_conversion(record: TrackRecord, folder: Path) -> bool:
    estimate = record.incidence
    if not len(estimate.days):
        return False
    table = record.conversion
    rows = table[(table["by"] == "all") & (table["basis"] == "count") & table["share"].notna()]
    if rows.empty:
        return False
    horizon = int(rows["within_days"].max())
    share = rows[rows["within_days"] == horizon].set_index("outcome")["share"]
    days = np.concatenate([[0.0], estimate.days[estimate.days <= horizon], [horizon]])
    steps = np.vstack([np.zeros(3), estimate.share[estimate.days <= horizon]])
    steps = np.vstack([steps, steps[-1]])
    bands = [*((label, colour, steps[:, k]) for k, (_, label, colour) in enumerate(OUTCOME_BANDS))]
    bands.append(("still open", ICE, 1 - steps.sum(axis=1)))
    with draw_chart(
        folder,
        "conversion",
        title=_conversion_title(share, horizon),
        subtitle="Share of accepted deals by what became of them, open deals counted for as long as they were seen",
        footer=_footer(record),
    ) as axes:
        axes.stackplot(
            days, *(band[2] for band in bands), colors=[b[1] for b in bands], step="post", linewidth=0
        )
        _label_bands(axes, bands, horizon)
        share_axis(axes)
        axes.set_xlim(0, horizon * 1.27)
        axes.set_xticks([d for d in (0, 30, 60, 90, 180, 270, 365) if d <= horizon])
        axes.spines["bottom"].set_visible(False)
        axes.set_xlabel("days since the deal was accepted (SAL)", loc="left")
    return True


def _conversion_title(share: pd.Series[float], horizon: int) -> str:
    span = "a year" if horizon == 365 else f"{horizon} days"
    won, lost = share["won"], share["lost_competition"] + share["lost_no_decision"]
    main = "mostly without a decision" if share["lost_no_decision"] > share["lost_competition"] else "mostly to competitors"
    if lost == 0:
        main = "none to anybody"
    return (
        f"Of 100 accepted deals, {100 * won:.0f} are won within {span}, {100 * lost:.0f} lost, {main}, "
        f"and {100 * share['open']:.0f} still open"
    )


def _label_bands(axes: Axes, bands: list[tuple[str, str, np.ndarray]], horizon: int) -> None:
    base, placed = 0.0, -1.0
    for label, _, values in bands:
        height = float(values[-1])
        middle = max(base + height / 2, placed + 0.055)
        axes.text(horizon * 1.015, middle, f"{label} {format_share(height)}", va="center", color=INK)
        base, placed = base + height, middle


def _draw_coverage(record: TrackRecord, folder: Path, currency: str) -> bool:
    rows = record.coverage
    rows = rows[rows["segment"] == "all"] if len(rows) else rows
    if rows.empty or not (rows["basis_with_pipeline"] > 0).any():
        return False
    ratio = (rows["basis"] / rows["booked"].where(rows["booked"] > 0)).median()
    conversion = rows["booked_from_basis"].sum() / rows["basis"].sum() if rows["basis"].sum() else np.nan
    title = (
        f"On the first day of a quarter, best case + commit stood at {format_multiple(ratio)} of what was booked"
        if np.isfinite(ratio)
        else "Pipeline due on the first day of each quarter"
    )
    if np.isfinite(conversion):
        title += f"; {format_share(conversion)} of it closed in time"
    with draw_chart(
        folder,
        "past_coverage",
        title=title,
        subtitle="Left: open amount due in the quarter on its first day. Right: booked in the quarter, by where it was that day",
        footer=_footer(record),
    ) as axes:
        _coverage_bars(axes, rows, currency)
    return True


def _coverage_bars(axes: Axes, rows: pd.DataFrame, currency: str) -> None:
    place, width = np.arange(len(rows)), 0.36
    opened = (("commit", PARTS["commit"]), ("best_case", PARTS["best_case"]), ("pipeline", PARTS["pipeline"]))
    booked = (
        ("booked_from_basis", "from best case + commit", NAVY),
        ("booked_from_pipeline", "from pipeline due", MUTED),
        ("booked_from_other", "from later dates", STONE),
        ("booked_created", "created in the quarter", SAND),
    )
    base = np.zeros(len(rows))
    for name, colour in opened:
        axes.bar(place - 0.2, rows[name], width, bottom=base, color=colour, label=name.replace("_", " ") + " due")
        base += rows[name].to_numpy()
    base = np.zeros(len(rows))
    for name, label, colour in booked:
        axes.bar(place + 0.2, rows[name], width, bottom=base, color=colour, label=label)
        base += rows[name].to_numpy()
    money_axis(axes, currency)
    axes.set_xticks(place, list(rows["quarter"]))
    top = max(float(rows["basis_with_pipeline"].max()), float(rows["booked"].max()))
    axes.set_ylim(0, top * 1.25)
    for x, (_, row) in zip(place, rows.iterrows(), strict=True):
        axes.text(x - 0.2, row["basis_with_pipeline"] + 0.015 * top, format_multiple(row["coverage"]), ha="center", fontsize=9)
    axes.legend(ncols=4, loc="upper left", fontsize=9, handlelength=1.0, columnspacing=1.4)


def _draw_created(record: TrackRecord, folder: Path, currency: str) -> bool:
    table = record.created
    total = table[table["segment"] == "all"]
    measure = "amount" if total["amount"].sum() > 0 else "n"
    if not total[measure].sum():
        return False
    parts = table[table["segment"] != "all"] if (table["segment"] != "all").any() else total
    names = list(parts.groupby("segment")[measure].sum().sort_values(ascending=False).index)
    with draw_chart(
        folder,
        "pipeline_created",
        title=_created_title(total, measure),
        subtitle="Qualified pipeline created per quarter, "
        + ("amount when accepted, and number of deals" if measure == "amount" else "number of deals")
        + (" (hatched: quarter still running)" if total["partial"].any() else ""),
        footer=_footer(record),
    ) as axes:
        _created_bars(axes, parts, names, total, measure)
        money_axis(axes, currency if measure == "amount" else "")
    return True


def _created_title(total: pd.DataFrame, measure: str) -> str:
    whole = total[~total["partial"]][measure]
    if len(whole) < 2 or not whole.iloc[:-1].mean():
        return "Qualified pipeline created"
    half = min(4, len(whole) // 2)
    change = whole.iloc[-half:].mean() / whole.iloc[-2 * half : -half].mean() - 1
    quarters = f"last {half} quarters" if half > 1 else "last quarter"
    if abs(change) < 0.02:
        return f"Pipeline creation stood still: the {quarters} made as much as the {half} before"
    word = "more" if change > 0 else "less"
    return f"The {quarters} created {abs(change):.0%} {word} qualified pipeline than the {half} before"


def _created_bars(
    axes: Axes, parts: pd.DataFrame, names: list[str], total: pd.DataFrame, measure: str
) -> None:
    place, base = np.arange(len(total)), np.zeros(len(total))
    colours = (*SERIES, BLUE, SKY, ICE, STONE)
    for k, name in enumerate(names):
        values = parts[parts["segment"] == name][measure].to_numpy(dtype=np.float64)
        colour = colours[k % len(colours)]
        bars = axes.bar(place, values, 0.72, bottom=base, color=colour, label=_name(name), edgecolor="white")
        for bar, partial in zip(bars, total["partial"], strict=True):
            bar.set_hatch("///" if partial else "")
        base += values
    for x, (_, row) in zip(place, total.iterrows(), strict=True):
        axes.text(x, base[x] + 0.015 * base.max(), f"{row['n']:,}", ha="center", fontsize=9, color=INK)
    axes.set_xticks(place, list(total["quarter"]))
    axes.set_ylim(0, base.max() * 1.2)
    if len(names) > 1:
        axes.legend(ncols=min(len(names), 5), loc="upper left", fontsize=9, handlelength=1.0)
