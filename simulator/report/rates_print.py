"""Tables of a track record for the terminal, 80 characters wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from simulator.analysis.rates import TOO_FEW, chance_explains
from simulator.analysis.track_record import TrackRecord
from simulator.history.tables import CATEGORIES
from simulator.report.money import MISSING, format_money, format_multiple, format_share

RATE_NAMES = {
    "close_rate": "close rate",
    "win_rate": "win rate",
    "slippage_adjusted_close_rate": "slip-adjusted",
    "slippage": "slipped",
}
MAX_GROUPS = 8
NONE = "–"

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


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", no_wrap=bool(place))
    return table


def _rates(record: TrackRecord, by: str) -> Table:
    rows = record.rates[record.rates["by"].isin(["all", by])]
    sizes = rows[(rows["measure"] == "close_rate") & (rows["basis"] == "count")]
    groups = list(dict.fromkeys(["all", *sizes.sort_values("n", ascending=False)["group"]]))
    name = "rep" if by == "owner" else by
    table = _table(
        f"Rates by {name}, {record.window.name}, % (80% interval)", name, "ended", *RATE_NAMES.values()
    )
    cells = _cells(rows, "measure", "group", "basis")
    for group in groups[: MAX_GROUPS + 1]:
        ended = f"{cells.get(('close_rate', group, 'count'), {}).get('n', 0):,}"
        table.add_row(group, ended, *(_rate(cells.get((m, group, "count"))) for m in RATE_NAMES))
        if by == "segment" and ("close_rate", group, "amount") in cells:
            money = (_rate(cells.get((m, group, "amount"))) for m in RATE_NAMES)
            table.add_row("  by amount", "", *money, style="dim")
    if len(groups) > MAX_GROUPS + 1:
        table.caption = f"{len(groups) - MAX_GROUPS - 1} more in tables/rates.csv"
    return table


def _cells(table: pd.DataFrame, *keys: str) -> dict[tuple[Any, ...], Row]:
    return {tuple(row[key] for key in keys): row for row in table.to_dict("records")}  # type: ignore[misc]


def _rate(row: Row | None) -> str:
    if row is None:
        return NONE
    if not np.isfinite(row["value"]):
        return TOO_FEW if row["note"] == TOO_FEW else NONE
    return f"{100 * row['value']:.0f} ({100 * row['low']:.0f}–{100 * row['high']:.0f})"


def _dwell(dwell: pd.DataFrame) -> Table:
    title = "Days in each category: median (80th percentile)"
    table = _table(title, "", *(category.replace("_", " ") for category in CATEGORIES))
    cells = _cells(dwell, "by", "group", "category")
    for by, group in list(dict.fromkeys(key[:2] for key in cells))[: MAX_GROUPS + 3]:
        name = f"{group} deals" if by == "outcome" else str(group)
        table.add_row(name, *(_days(cells.get((by, group, category))) for category in CATEGORIES))
    return table


def _days(row: Row | None) -> str:
    if row is None or row["note"]:
        return NONE if row is None else str(row["note"])
    median, later = (
        f"{row[key]:.0f}" if np.isfinite(row[key]) else "not yet" for key in ("median_days", "p80_days")
    )
    return f"{median} ({later})"


def _quarters(record: TrackRecord, currency: str) -> Table:
    """What each quarter created, what was due in it on its first day, and what it booked."""
    headings = ("quarter", "created", "deals", "commit", "best case", "booked", "coverage", "closed")
    table = _table("Past quarters: pipeline created; due on the first day; booked", *headings)
    table.columns[0].no_wrap = True
    table.caption = (
        "coverage: best case + commit / booked; closed: share of best case + commit booked in time"
    )
    table.caption_justify = "left"
    past = _cells(record.coverage[record.coverage["segment"] == "all"], "quarter")
    for row in record.created[record.created["segment"] == "all"].to_dict("records"):
        cells = past.get((row["quarter"],))
        figures = [NONE] * 5 if cells is None else _quarter_cells(cells, currency)
        name = f"{row['quarter']}{' …' if row['partial'] else ''}"
        table.add_row(name, format_money(row["amount"], currency).strip(), f"{row['n']:,}", *figures)
    return table


def _quarter_cells(row: Row, currency: str) -> list[str]:
    money = [format_money(row[key], currency).strip() for key in ("commit", "best_case", "booked")]
    ratios = [format_multiple(row["coverage"]), format_share(row["conversion"])]
    return [*money, *(NONE if cell == MISSING else cell for cell in ratios)]
