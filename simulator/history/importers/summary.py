"""The figures that show whether an import was understood as it was meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.fiscal import FiscalCalendar, month_numbers
from simulator.history.importers.import_log import ImportLog, Understanding
from simulator.history.tables import LOSSES, History

NO_DATE = np.iinfo(np.int64).max


def quarters(history: History, calendar: FiscalCalendar) -> list[dict[str, Any]]:
    """Return, by fiscal quarter, the deals won and lost in it and the open ones due in it, with amounts.

    To compare with the CRM: each row has quarter, won, won_amount, lost, lost_amount, open, open_amount;
    open deals without a close date have the quarter "no date".
    """
    deals = history.opportunities
    outcome = deals["outcome"].fillna("open").replace(dict.fromkeys(LOSSES, "lost"))
    day = deals["closed_date"].where(outcome != "open", deals["close_date"])
    months = month_numbers(day.fillna(pd.Timestamp("1970-01-01")).to_numpy())
    quarter = pd.Series(calendar.quarter(months), index=deals.index).where(day.notna(), NO_DATE)
    table = pd.DataFrame({"quarter": quarter, "outcome": outcome, "amount": deals["amount"]})
    counted = table.groupby(["quarter", "outcome"])["amount"].agg(["size", "sum"])
    rows = []
    for number in sorted(table["quarter"].unique()):
        row: dict[str, Any] = {
            "quarter": "no date" if number == NO_DATE else calendar.quarter_label(int(number))
        }
        for end in ("won", "lost", "open"):
            n, amount = counted.loc[(number, end)] if (number, end) in counted.index else (0, 0.0)
            row |= {end: int(n), f"{end}_amount": round(float(amount), 2)}
        rows.append(row)
    return rows


def understanding(kind: str, history: History, log: ImportLog) -> Understanding:
    """Return all that was understood, with totals to compare with the CRM."""
    files = [replace(read, unused=tuple(sorted(_unused(read.file, log)))) for read in log.files.values()]
    tables = {name: len(table) for name, table in history.tables().items() if len(table)}
    return Understanding(
        kind=kind,
        files=tuple(files),
        meanings=tuple(dict.fromkeys(log.meanings)),
        dropped=tuple(log.dropped),
        stages=tuple(log.stages),
        tables=tables,
        figures=_figures(history, log),
        notes=history.notes,
    )


def _unused(file: str, log: ImportLog) -> set[str]:
    return log.headings.get(file, set()) - {column for name, column in log.used if name == file}


def _figures(history: History, log: ImportLog) -> dict[str, Any]:
    deals = history.opportunities
    figures: dict[str, Any] = {"as_of": history.as_of.isoformat(), "currency": log.currency}
    if len(deals):
        outcome = deals["outcome"].fillna("open")
        figures |= {
            "first_created": _iso(deals["created_date"].min()),
            "last_created": _iso(deals["created_date"].max()),
            "first_closed": _iso(deals["closed_date"].min()),
            "last_closed": _iso(deals["closed_date"].max()),
            "deals": _counts(outcome),
            "amounts": {
                str(k): round(float(v), 2) for k, v in deals["amount"].groupby(outcome).sum().items()
            },
            "without_amount": _counts(outcome[deals["amount"].isna()]),
            "segments": _counts(deals["segment"]),
        }
    if len(history.arr_changes):
        movements = history.arr_changes.groupby("movement")["arr_delta"]
        figures["arr_movements"] = {str(k): round(float(v), 2) for k, v in movements.sum().items()}
        figures["arr"] = round(float(history.arr_changes["arr_delta"].sum()), 2)
    return figures


def _counts(values: pd.Series[Any]) -> dict[str, int]:
    return {str(name): int(n) for name, n in values.value_counts().items()}


def _iso(day: Any) -> str:
    return "" if pd.isna(day) else f"{day:%Y-%m-%d}"
