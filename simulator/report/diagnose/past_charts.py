"""Charts of past quarters: coverage on the first day against bookings, and pipeline created."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import BarContainer

from simulator.report.money import format_money, format_multiple, format_share
from simulator.report.style import (
    BLUE,
    ICE,
    INK,
    MUTED,
    NAVY,
    PAPER,
    PART_COLOURS,
    SAND,
    SERIES,
    SKY,
    STONE,
    draw_chart,
    money_axis,
)

DUE = tuple(
    (name, name.replace("_", " "), PART_COLOURS[name]) for name in ("commit", "best_case", "pipeline")
)
BOOKED = (
    ("booked_from_basis", "from best case + commit due", NAVY),
    ("booked_from_pipeline", "from pipeline due", MUTED),
    ("booked_from_other", "from other open deals", STONE),
    ("booked_created", "created in the quarter", SAND),
)
SEGMENT_COLOURS = (*SERIES, BLUE, SKY, ICE, STONE)
BOX: dict[str, Any] = {"frameon": True, "facecolor": PAPER, "edgecolor": PAPER, "framealpha": 1.0}


def draw_coverage(coverage: pd.DataFrame, folder: Path, footer: str, currency: str) -> bool:
    """Draw what was due on the first day of each quarter beside what it booked; False: nothing to draw.

    Parameters
    ----------
    coverage : DataFrame
        Of ``coverage_history``.
    folder : Path
        Existing folder.
    footer : str
        As-of date and source.
    currency : str
        ISO code, or empty.
    """
    rows = coverage[coverage["segment"] == "all"]
    if rows.empty or not (rows["basis_with_pipeline"] > 0).any():
        return False
    with draw_chart(
        folder,
        "past_coverage",
        title=_coverage_title(rows),
        subtitle="Left bar: amount due in the quarter on its first day; figure: best case + commit as a "
        "multiple of bookings.\nRight bar: what the quarter booked, by where it stood on that day.",
        footer=footer,
    ) as axes:
        _coverage_bars(axes, rows)
        money_axis(axes, currency)
    return True


def _coverage_title(rows: pd.DataFrame) -> str:
    ratio, basis = rows["coverage"].median(), rows["basis"].sum()
    if not np.isfinite(ratio) or not basis:
        return "Pipeline due on the first day of each quarter, and what was booked"
    share = format_share(rows["booked_from_basis"].sum() / basis)
    return (
        f"Quarters begin with best case + commit at {format_multiple(ratio)} their bookings, "
        f"of which {share} closes in time"
    )


def _coverage_bars(axes: Axes, rows: pd.DataFrame) -> None:
    places = np.arange(len(rows), dtype=np.float64)
    left = _stack(axes, rows, DUE, places - 0.2)
    right = _stack(axes, rows, BOOKED, places + 0.2)
    top = max(float(rows["basis_with_pipeline"].max()), float(rows["booked"].max()))
    for place, (_, row) in zip(places, rows.iterrows(), strict=True):
        text = format_multiple(row["coverage"])
        height = row["basis"] + 0.012 * top
        axes.text(place - 0.2, height, text, ha="center", va="bottom", fontsize=9, color=INK)
    axes.set_xticks(places, list(rows["quarter"]))
    axes.set_ylim(0, top * 1.32)
    _legend(axes, left, "due on the first day", 0.0)
    _legend(axes, right, "booked in the quarter", 0.4)


def _stack(
    axes: Axes,
    rows: pd.DataFrame,
    parts: Sequence[tuple[str, str, str]],
    places: npt.NDArray[np.float64],
) -> list[BarContainer]:
    base, bars = np.zeros(len(rows)), []
    for name, label, colour in parts:
        bars.append(axes.bar(places, rows[name], 0.36, bottom=base, color=colour, label=label))
        base = base + rows[name].to_numpy()
    return bars


def _legend(axes: Axes, bars: list[BarContainer], title: str, left: float) -> None:
    legend = axes.legend(
        handles=bars,
        title=title,
        ncols=2,
        loc="upper left",
        bbox_to_anchor=(left, 1.02),
        fontsize=9,
        title_fontsize=9,
        alignment="left",
        handlelength=1.0,
        **BOX,
    )
    axes.add_artist(legend)


def draw_created(created: pd.DataFrame, folder: Path, footer: str, currency: str) -> bool:
    """Draw the qualified pipeline created per quarter by segment; False: nothing to draw.

    Parameters
    ----------
    created : DataFrame
        Of ``created``.
    folder : Path
        Existing folder.
    footer : str
        As-of date and source.
    currency : str
        ISO code, or empty.
    """
    total = created[created["segment"] == "all"]
    measure = "amount" if total["amount"].sum() > 0 else "n"
    if not total[measure].sum():
        return False
    unit = "amount when accepted (SAL)" if measure == "amount" else "deals (most amounts are not known)"
    subtitle = f"Qualified pipeline created per quarter, {unit}"
    if total["partial"].any():
        subtitle += "; hatched: the quarter is still running"
    with draw_chart(
        folder, "pipeline_created", title=_created_title(total, measure), subtitle=subtitle, footer=footer
    ) as axes:
        base = _created_bars(axes, created, total, measure)
        _label_totals(axes, total, base, currency if measure == "amount" else None)
        money_axis(axes, currency if measure == "amount" else "")
    return True


def _created_title(total: pd.DataFrame, measure: str) -> str:
    whole = total[~total["partial"]][measure]
    half = min(4, len(whole) // 2)
    before = whole.iloc[-2 * half : -half].mean() if half else 0.0
    if not before > 0:
        return "Qualified pipeline created per quarter"
    change = whole.iloc[-half:].mean() / before - 1
    quarters = f"last {half} quarters" if half > 1 else "last quarter"
    earlier = f"the {half} before" if half > 1 else "the one before"
    if abs(change) < 0.02:
        return f"The {quarters} created as much qualified pipeline as {earlier}"
    word = "more" if change > 0 else "less"
    return f"The {quarters} created {abs(change):.0%} {word} qualified pipeline than {earlier}"


def _created_bars(
    axes: Axes, created: pd.DataFrame, total: pd.DataFrame, measure: str
) -> npt.NDArray[np.float64]:
    parts = created[created["segment"] != "all"]
    parts = parts if len(parts) else total
    names = parts.groupby("segment")[measure].sum().sort_values(ascending=False).index
    places, base = np.arange(len(total), dtype=np.float64), np.zeros(len(total))
    for k, name in enumerate(names):
        values = parts[parts["segment"] == name][measure].to_numpy(dtype=np.float64)
        colour = SEGMENT_COLOURS[k % len(SEGMENT_COLOURS)]
        label = str(name).replace("_", " ")
        bars = axes.bar(places, values, 0.72, bottom=base, color=colour, label=label, edgecolor=PAPER)
        for bar, partial in zip(bars, total["partial"], strict=True):
            bar.set_hatch("///" if partial else "")
        base = base + values
    axes.set_xticks(places, list(total["quarter"]))
    axes.set_ylim(0, base.max() * 1.32)
    if len(names) > 1:
        axes.legend(ncols=min(len(names), 6), loc="upper left", fontsize=9, handlelength=1.0, **BOX)
    return base


def _label_totals(
    axes: Axes, total: pd.DataFrame, base: npt.NDArray[np.float64], currency: str | None
) -> None:
    for place, (_, row) in enumerate(total.iterrows()):
        text = f"{row['n']:,} deals"
        if currency is not None:
            text = f"{format_money(row['amount'], currency).strip()}\n{text}"
        height = base[place] + 0.012 * base.max()
        axes.text(place, height, text, ha="center", va="bottom", fontsize=9, color=INK)
