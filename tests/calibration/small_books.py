"""Histories of a few customers, written by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from simulator.history.tables import History, empty_table

AS_OF = dt.date(2026, 10, 31)


def arr_change(
    customer: str, date: str, movement: str, delta: float, driver: str | None = None
) -> dict[str, Any]:
    """Return one row of arr_changes."""
    return {
        "customer_id": customer,
        "date": pd.Timestamp(date),
        "movement": movement,
        "arr_delta": float(delta),
        "driver": driver,
    }


def book_history(
    customers: list[tuple[str, str, float, float | None]], changes: list[dict[str, Any]], segment: str = "all"
) -> History:
    """Return a history of customers (id, start, months of the term, ARR) and what moved their ARR."""
    rows = [
        {
            "customer_id": name,
            "segment": segment,
            "start_date": pd.Timestamp(start),
            "term_months": float(term),
            "arr": float("nan") if arr is None else arr,
        }
        for name, start, term, arr in customers
    ]
    table = pd.concat([empty_table("customers"), pd.DataFrame(rows)], ignore_index=True)
    moved = pd.concat([empty_table("arr_changes"), pd.DataFrame(changes)], ignore_index=True)
    return History(
        AS_OF,
        empty_table("opportunities"),
        customers=table.astype({"customer_id": "str", "segment": "str", "start_date": "datetime64[ns]"}),
        arr_changes=moved.astype(
            {"customer_id": "str", "movement": "str", "driver": "str", "date": "datetime64[ns]"}
        ),
    )
