"""Tables as CSV files that open the same everywhere: fixed columns, fixed decimals, harmless text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.analysis.customers.arr import arr_movements
from simulator.engine.paths import Paths
from simulator.spreadsheet import escape_formula

MONEY_DECIMALS = 2
SHARE_DECIMALS = 6
SHARES = {
    "p_hit",
    "past_share",
    "attainment",
    "weight",
    "won_per_called",
    "p_this",
    "p_next",
    "p_horizon",
    "p_before",
    "p_now",
    "share_p50_this",
    "share_p50_next",
    "share_spread_this",
    "share_spread_next",
    "p_win",
    "share",
    "probability",
    "variance_share",
    "p_hit_error",
    "p_more",
    "p_less",
    "base_p_hit",
    "share_of_losses",
    "close_rate_cleaned",
    "value",
    "low",
    "high",
    "p_best",
    "anyway",
    "p_run_out",
    "utilisation",
    "waited_out",
    "close_rate",
    "bias",
    "bias_low",
    "bias_high",
    "inside",
    "inside_low",
    "inside_high",
    "pit",
    "skill_crps",
    "skill_crps_low",
    "skill_crps_high",
    "skill_error",
    "skill_error_low",
    "skill_error_high",
}
MULTIPLES = {
    "coverage",
    "coverage_of_quota",
    "coverage_with_pipeline",
    "conversion",
    "needed_p50",
    "needed_p80",
    "needed_p90",
    "rule_of_thumb",
    "over_assignment",
    "attainment_needed",
}


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV (UTF-8, empty cells where a figure is missing).

    Amounts have cents, shares six decimals. Text that a spreadsheet would run as a formula gets a
    leading apostrophe; numbers, negative ones too, are written as numbers.
    """
    rounded = round_figures(table)
    for column in rounded.columns:
        if not pd.api.types.is_numeric_dtype(rounded[column]):
            rounded[column] = rounded[column].map(escape_formula, na_action="ignore")
    rounded.columns = [str(escape_formula(str(column))) for column in rounded.columns]
    rounded.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def round_figures(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy with the decimals that every file shows, and no negative zero."""
    rounded = table.copy()
    for column in rounded.select_dtypes("float").columns:
        decimals = SHARE_DECIMALS if column in SHARES | MULTIPLES else MONEY_DECIMALS
        rounded[column] = rounded[column].round(decimals) + 0.0
    return rounded


def open_deals_table(paths: Paths) -> pd.DataFrame:
    """Return the share of simulations in which each open deal is won in each period."""
    n_simulated = paths.n_paths * paths.n_averaged
    n_periods = len(paths.periods)
    return pd.DataFrame(
        {
            "opportunity_id": np.repeat(np.asarray(paths.open_deals, dtype=object), n_periods),
            "period": np.tile(paths.periods, len(paths.open_deals)),
            "p_win": paths.open_wins.ravel() / n_simulated,
        }
    )


def write_paths(paths: Paths, file: Path) -> None:
    """Write paths.parquet: one row for each path, period and segment, in this order.

    Columns: path (int32), period, segment (text), then float64 in the scenario's currency: bookings_new,
    bookings_expansion, bookings_renewal, slipped_amount, arr_opening, arr_new, arr_expansion,
    arr_contraction, arr_churn, arr_reactivation, arr_closing; those of customers only where customers are
    simulated. What is booked already is inside the first period. Segments only: their sum on a path is
    the joint total.
    """
    shape = paths.flows.shape[:3]
    arr = arr_movements(paths) if paths.arr_flows is not None else {}
    path, period, segment = (index.ravel() for index in np.indices(shape, dtype=np.int32, sparse=False))
    table = pa.table(
        {
            "path": pa.array(path, type=pa.int32()),
            "period": _names(period, paths.periods),
            "segment": _names(segment, paths.segments),
            **{f"bookings_{kind}": pa.array(a.ravel()) for kind, a in paths.bookings_by_kind().items()},
            "slipped_amount": pa.array(paths.flow("slipped").ravel()),
            **{f"arr_{name}": pa.array(amounts.ravel()) for name, amounts in arr.items()},
        }
    )
    pq.write_table(table, file, compression="zstd")


def write_monthly_paths(paths: Paths, file: Path) -> None:
    """Write paths_monthly.parquet: the bookings of every path, month, type and segment, in this order.

    Columns: path (int32), month (text, 2026-07), type (new, and where customers or such deals are simulated
    expansion and renewal), segment (text), bookings (float64, currency of the scenario). Only what is
    simulated: what was booked before the as-of day is in no month.
    """
    parts = paths.monthly_by_kind()
    values = np.stack(list(parts.values()), axis=2)
    path, month, kind, segment = (index.ravel() for index in np.indices(values.shape, dtype=np.int32))
    months = tuple(f"{number // 12}-{number % 12 + 1:02d}" for number in paths.months.tolist())
    table = pa.table(
        {
            "path": pa.array(path, type=pa.int32()),
            "month": _names(month, months),
            "type": _names(kind, tuple(parts)),
            "segment": _names(segment, paths.segments),
            "bookings": pa.array(values.ravel()),
        }
    )
    pq.write_table(table, file, compression="zstd")


def _names(index: np.ndarray[tuple[int, ...], np.dtype[np.int32]], names: tuple[str, ...]) -> pa.Array:
    """Return names by their place, as plain text for the reader."""
    return pa.DictionaryArray.from_arrays(pa.array(index), pa.array(names)).cast(pa.string())
