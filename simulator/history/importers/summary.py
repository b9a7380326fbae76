"""The figures that tell whether an import was understood as it was meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from simulator.history.importers.import_log import ImportLog, Understanding
from simulator.history.tables import History


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
