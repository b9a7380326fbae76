"""What deals tell about customers: the cycle and win rate of expansion deals, ARR against signed amounts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.calibration.contracts import Book
from simulator.fiscal import DAYS_PER_MONTH
from simulator.history.tables import History

Floats = npt.NDArray[np.float64]

PRIOR_WIN_RATE = 1.0 / 3.0
FEWEST_LINKED = 10
FEWEST_CYCLES = 10


def expansion_cycle(opportunities: pd.DataFrame) -> Floats:
    """Return log median, spread of the log, and number of the cycles of won expansion deals, in months.

    Zeros where there are too few.
    """
    won = opportunities[(opportunities["type"] == "expansion") & (opportunities["outcome"] == "won")]
    begun = won["qualified_date"].fillna(won["created_date"])
    days = (won["closed_date"] - begun).dt.days.to_numpy(np.float64)
    logs = np.log(np.maximum(days[np.isfinite(days)], 1.0) / DAYS_PER_MONTH)
    if logs.size < FEWEST_CYCLES:
        return np.zeros(3)
    return np.array([np.median(logs), max(float(logs.std()), 0.05), float(logs.size)])


def expansion_win_rate(opportunities: pd.DataFrame) -> Floats:
    """Return Beta(a, b) that an expansion deal is won, and how many ended."""
    ended = opportunities[(opportunities["type"] == "expansion") & opportunities["outcome"].notna()]
    won = float((ended["outcome"] == "won").sum())
    return np.array([won + PRIOR_WIN_RATE, len(ended) - won + 1.0 - PRIOR_WIN_RATE, float(len(ended))])


def arr_per_amount(history: History, book: Book, n: int) -> Floats:
    """Return log ratio of first ARR to the amount of the deal, its sd and count, by segment."""
    linked = pd.DataFrame(
        {"id": book.ids, "arr": book.contracts.first_arr, "segment": book.contracts.segment}
    ).merge(
        history.customers[["customer_id", "opportunity_id"]].dropna().astype("str"),
        left_on="id",
        right_on="customer_id",
    )
    deals = history.opportunities[["opportunity_id", "amount"]]
    linked = linked.merge(deals.drop_duplicates("opportunity_id"), on="opportunity_id")
    linked = linked[(linked["arr"] > 0) & (linked["amount"] > 0)]
    out = np.zeros((n, 3))
    whole = _log_ratio(linked)
    for code in range(n):
        own = linked[linked["segment"] == code]
        out[code] = (*(_log_ratio(own) if len(own) >= FEWEST_LINKED else whole)[:2], float(len(own)))
    return out


def _log_ratio(linked: pd.DataFrame) -> tuple[float, float]:
    if len(linked) < FEWEST_LINKED:
        return 0.0, 0.0
    arr, amount = linked["arr"].to_numpy(np.float64), linked["amount"].to_numpy(np.float64)
    ratio = float(arr.sum() / amount.sum())
    # Variance of a ratio of sums, linearised.
    residual = arr - ratio * amount
    return float(np.log(ratio)), float(np.sqrt((residual**2).sum()) / arr.sum())
