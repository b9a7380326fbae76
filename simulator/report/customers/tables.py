"""The tables of customers as CSV files, and their figures for summary.json."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator.analysis.customers.arr import CustomerOutlook
from simulator.report.output.tables import MONEY_DECIMALS, SHARE_DECIMALS
from simulator.spreadsheet import escape_formula

SHARES = frozenset({"nrr", "grr", "logo_retention", "renewal_rate"})
"""Measures that are shares; the others are money or counts."""
SHARE_COLUMNS = frozenset(
    {
        "first_year_share",
        "still_customers",
        "value_per_arr",
        "customers",
        "observed",
        "law",
        "nrr",
        "grr",
        "arr_share",
        "logo_share",
    }
)
RATE_BOUNDS = frozenset({"low", "high"})

METHOD = (
    "Cohort method. NRR: ARR at the end of the period of the customers of 12 months before / their ARR then. "
    "GRR: the same, no customer counting for more than its ARR then."
)


def customer_tables(customers: CustomerOutlook) -> dict[str, pd.DataFrame]:
    """Return every table by file name, figures rounded as they are written."""
    arr = customers.arr
    tables = {
        "arr": _rounded(arr.table, "measure"),
        "arr_drivers": _rounded(arr.drivers),
        "customers": _rounded(arr.customers, "measure"),
    }
    if customers.lifetime is not None:
        tables["lifetime"] = _rounded(customers.lifetime.new)
        tables["lifetime_by_year"] = _rounded(customers.lifetime.curve)
        tables["lifetime_cohorts"] = _rounded(customers.lifetime.cohorts)
    if customers.retention is not None:
        tables["survival"] = _rounded(customers.retention.survival, shares=RATE_BOUNDS)
        tables["cohorts"] = _rounded(customers.retention.cohorts)
        tables["past_retention"] = _rounded(customers.retention.quarters)
    return tables


def write_customer_tables(customers: CustomerOutlook, folder: Path) -> None:
    """Write arr.csv, arr_drivers.csv, customers.csv, lifetime*.csv, survival.csv and cohorts.csv."""
    for name, table in customer_tables(customers).items():
        for column in table.columns:
            if not pd.api.types.is_numeric_dtype(table[column]):
                table[column] = table[column].map(escape_formula, na_action="ignore")
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")


def customer_summary(customers: CustomerOutlook) -> dict[str, Any]:
    """Return the same figures for summary.json; what is missing is null."""
    figures: dict[str, Any] = {
        name if name.startswith(("arr", "lifetime")) else f"customers_{name}": _records(table)
        for name, table in customer_tables(customers).items()
    }
    return {
        **figures,
        "arr_figures_are": "ARR: the annualised recurring book; not bookings, not revenue",
        "retention_method": METHOD,
    }


def _rounded(
    table: pd.DataFrame, measures: str | None = None, shares: frozenset[str] = frozenset()
) -> pd.DataFrame:
    """Return a copy with cents for money and six decimals for shares, and no negative zero."""
    rounded = table.copy()
    is_share = table[measures].isin(SHARES).to_numpy() if measures else np.zeros(len(table), dtype=bool)
    for column in rounded.select_dtypes("float").columns:
        values = rounded[column].to_numpy(np.float64)
        whole = column in SHARE_COLUMNS or column in shares
        exact = np.round(values, SHARE_DECIMALS)
        rounded[column] = (
            exact if whole else np.where(is_share, exact, np.round(values, MONEY_DECIMALS))
        ) + 0.0
    return rounded


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            str(key): None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in row.items()
        }
        for row in table.to_dict("records")
    ]
