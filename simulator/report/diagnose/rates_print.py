"""Tables of a track record for the terminal, 80 characters wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from simulator.analysis.diagnose.rates import (
    TOO_FEW,
    chance_explains,
)
from simulator.analysis.diagnose.track_record import TrackRecord
from simulator.history.tables import CATEGORIES
from simulator.report.money import MISSING, format_money, format_multiple, format_share

RATE_NAMES = {
    "close_rate": "close rate",
    "win_rate": "win rate",
    "slippage_adjusted_close_rate": "slip-adjusted",
    "slippage": "slipped",
}
MAX_GROUPS = 8
NAME_WIDTH = 18
NONE = "–"
SILENT = {NONE, TOO_FEW, ""}
QUARTER_HEADINGS = ("quarter", "created", "deals", "commit", "best case", "booked", "coverage", "closed")
CAPTION = "coverage: best case + commit / booked; closed: share of best case + commit booked in time"

Row = dict[str, Any]


def printed_tables(record: TrackRecord, currency: str = "") -> Iterator[Table]:
    """Yield the tables that fit a terminal: rates, days in each category, and past quarters.

    Rates by segment come always; by rep, team, competitor … only where chance does not explain the gaps.
    """
    for by in dict.fromkeys(record.rates["by"]):
        if by == "segment" or (by != "all" and not chance_explains(_close_rates(record, by))):
            yield _rates(record, by)
    if len(record.dwell):
        yield _dwell(record.dwell)
    yield _quarters(record, currency)


def _close_rates(record: TrackRecord, by: str) -> pd.DataFrame:
    rows = record.rates[(record.rates["measure"] == "close_rate") & (record.rates["basis"] == "count")]
    return rows[(rows["by"] == by) & rows["value"].notna()]


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> Table:
    """Return a table without the columns that have nothing to say."""
    told = [k for k in range(len(headings)) if not k or any(row[k] not in SILENT for row in rows)]
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for k in told:
        table.add_column(headings[k], justify="right" if k else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(row[k] for k in told), style="dim" if row[0].startswith(" ") else None)
    table.caption, table.caption_justify = caption or None, "left"
    return table


def _rates(record: TrackRecord, by: str) -> Table:
    rows = record.rates[record.rates["by"].isin(["all", by])]
    sizes = rows[(rows["measure"] == "close_rate") & (rows["basis"] == "count")]
    groups = list(dict.fromkeys(["all", *sizes.sort_values("n", ascending=False)["group"]]))
    name = "rep" if by == "owner" else by
    cells = _cells(rows, "measure", "group", "basis")
    lines = []
    for group in groups[: MAX_GROUPS + 1]:
        ended = f"{cells.get(('close_rate', group, 'count'), {}).get('n', 0):,}"
        lines.append(
            [group[:NAME_WIDTH], ended, *(_rate(cells.get((m, group, "count"))) for m in RATE_NAMES)]
        )
        money = [_rate(cells.get((m, group, "amount"))) for m in RATE_NAMES]
        if by == "segment" and set(money) - SILENT:
            lines.append(["  by amount", "", *money])
    more = len(groups) - MAX_GROUPS - 1
    title = f"Rates by {name}, {record.window.name}, % (80% interval)"
    caption = f"{more} more in tables/rates.csv" if more > 0 else ""
    return _table(title, (name, "ended", *RATE_NAMES.values()), lines, caption)


def _cells(table: pd.DataFrame, *keys: str) -> dict[tuple[Any, ...], Row]:
    return {tuple(row[key] for key in keys): row for row in table.to_dict("records")}  # type: ignore[misc]


def _rate(row: Row | None) -> str:
    if row is None:
        return NONE
    if not np.isfinite(row["value"]):
        return TOO_FEW if row["note"] == TOO_FEW else NONE
    return f"{100 * row['value']:.0f} ({100 * row['low']:.0f}–{100 * row['high']:.0f})"


def _dwell(dwell: pd.DataFrame) -> Table:
    cells = _cells(dwell, "by", "group", "category")
    lines = []
    for by, group in list(dict.fromkeys(key[:2] for key in cells))[: MAX_GROUPS + 3]:
        name = f"{group} deals" if by == "outcome" else str(group)
        days = [_days(cells.get((by, group, category))) for category in CATEGORIES]
        lines.append([name[:NAME_WIDTH], *days])
    headings = ["", *(category.replace("_", " ") for category in CATEGORIES)]
    return _table("Days in each category: median (p80)", headings, lines)


def _days(row: Row | None) -> str:
    if row is None or row["note"]:
        return NONE if row is None else str(row["note"])
    median, later = (
        f"{row[key]:.0f}" if np.isfinite(row[key]) else "not yet" for key in ("median_days", "p80_days")
    )
    return f"{median} ({later})"


def _quarters(record: TrackRecord, currency: str) -> Table:
    """What each quarter created, what was due in it on its first day, and what it booked."""
    past = _cells(record.coverage[record.coverage["segment"] == "all"], "quarter")
    lines = []
    for row in record.created[record.created["segment"] == "all"].to_dict("records"):
        cells = past.get((row["quarter"],))
        figures = [""] * 5 if cells is None else _quarter_cells(cells, currency)
        name = f"{row['quarter']}{' …' if row['partial'] else ''}"
        lines.append([name, _known(format_money(row["amount"], currency)), f"{row['n']:,}", *figures])
    return _table(
        "Past quarters: pipeline created; due on the first day; booked", QUARTER_HEADINGS, lines, CAPTION
    )


def _quarter_cells(row: Row, currency: str) -> list[str]:
    due = [row[key] if np.isfinite(row["basis"]) else np.nan for key in ("commit", "best_case")]
    money = [_known(format_money(amount, currency)) for amount in (*due, row["booked"])]
    return [*money, _known(format_multiple(row["coverage"])), _known(format_share(row["conversion"]))]


def _known(text: str) -> str:
    return NONE if text == MISSING else text.strip()
