"""Qualified pipeline created per quarter, and the size and cycle of deals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.qualified import UNKNOWN
from simulator.analysis.rates import MIN_DEALS, TOO_FEW, WON
from simulator.analysis.window import Window

CREATED_COLUMNS = ("quarter", "segment", "n", "amount", "n_without_amount", "partial")
CYCLE_COLUMNS = (
    "segment", "n_won", "mean_days", "median_days", "p80_days", "mean_won", "median_won",
    "n_lost", "mean_lost", "median_lost", "note",
)  # fmt: skip

MAX_UNKNOWN = 0.2
"""Largest share of deals without amount for which a sum of amounts still says something."""


def created(deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return deals qualified in each quarter of the window and in the running one, overall and by segment.

    Returns
    -------
    DataFrame
        Columns ``CREATED_COLUMNS``: n deals and their amount at SAL (first known amount), those
        without one, and whether the quarter is still running. Amounts are NaN where more than a fifth of
        the deals have none: what is known then comes from the deals that did well.
    """
    quarters = window.latest_quarters()
    begin = np.array([window.bounds(q)[0] for q in quarters])
    place = np.searchsorted(begin, deals["qualified"].to_numpy(), side="right") - 1
    rows = deals.assign(place=place, name=deals["segment"].fillna(UNKNOWN))[place >= 0]
    names = sorted(set(rows["name"]))
    parts = {"all": rows} | ({name: rows[rows["name"] == name] for name in names} if len(names) > 1 else {})
    tables = [_by_quarter(part, window, quarters).assign(segment=name) for name, part in parts.items()]
    table = pd.concat(tables, ignore_index=True)[list(CREATED_COLUMNS)]
    unknown, n = (table.loc[table["segment"] == "all", k].sum() for k in ("n_without_amount", "n"))
    return table.assign(amount=np.nan) if unknown > MAX_UNKNOWN * n else table


def _by_quarter(rows: pd.DataFrame, window: Window, quarters: tuple[int, ...]) -> pd.DataFrame:
    size = len(quarters)
    place, amount = rows["place"].to_numpy(dtype=np.int64), rows["first_amount"]
    return pd.DataFrame(
        {
            "quarter": [window.calendar.quarter_label(q) for q in quarters],
            "n": np.bincount(place, minlength=size),
            "amount": np.bincount(place, weights=amount.fillna(0.0), minlength=size),
            "n_without_amount": np.bincount(place, weights=amount.isna(), minlength=size).astype(np.int64),
            "partial": [window.bounds(q)[1] > window.now for q in quarters],
        }
    )


def cycles(deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return days from SAL to signature of the deals won in the window, and amounts won and lost.

    Returns
    -------
    DataFrame
        Columns ``CYCLE_COLUMNS``, one row per segment and ``all``. Days leave out deals still open: they
        describe wins, the conversion table says how long deals take. Amounts: of deals that have one.
    """
    ended = deals[(deals["ended"] >= window.start) & (deals["ended"] < window.end)]
    names = sorted(set(ended["segment"].fillna(UNKNOWN)))
    parts = {"all": ended}
    if len(names) > 1:
        parts |= {name: ended[ended["segment"].fillna(UNKNOWN) == name] for name in names}
    return pd.DataFrame([_cycle(name, rows) for name, rows in parts.items()], columns=list(CYCLE_COLUMNS))


def _cycle(segment: str, rows: pd.DataFrame) -> tuple[object, ...]:
    won = rows["outcome"] == WON
    days = (rows["ended"] - rows["qualified"])[won]
    money = rows["amount"].where(rows["amount"] > 0)
    figures = [days.mean(), days.median(), days.quantile(0.8), money[won].mean(), money[won].median()]
    lost = [money[~won].mean(), money[~won].median()]
    few = segment != "all" and int(won.sum()) < MIN_DEALS
    figures = [np.nan] * len(figures) if few else figures
    return (segment, int(won.sum()), *figures, int((~won).sum()), *lost, TOO_FEW if few else "")
