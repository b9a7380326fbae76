"""What stood in the pipeline on the first day of past quarters, against what was then booked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.qualified import UNKNOWN, states_at
from simulator.analysis.window import Window
from simulator.history.states import DealStates
from simulator.history.tables import CATEGORIES, History

COLUMNS = (
    "quarter", "segment", *CATEGORIES, *(f"n_{name}" for name in CATEGORIES), "n_without_amount",
    "basis", "basis_with_pipeline", "booked", "n_booked", "booked_from_basis", "booked_from_pipeline",
    "booked_from_other", "booked_created", "coverage", "coverage_with_pipeline", "conversion",
)  # fmt: skip


def coverage_history(
    history: History, states: DealStates, deals: pd.DataFrame, window: Window
) -> pd.DataFrame:
    """Return the open amounts due in each whole quarter at its first moment, and its bookings.

    Strictly as of the quarter's first midnight: category, close date and amount of every deal as they
    stood then; nothing of the quarter is closed yet at that moment.

    Parameters
    ----------
    history : History
        Its won deals are the bookings, qualified or not.
    states : DealStates
        All deals' states.
    deals : DataFrame
        Of ``qualified_deals``.
    window : Window
        Which quarters.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, money in the history's currency. ``basis`` = best_case + commit with a close
        date in the quarter; ``basis_with_pipeline`` adds pipeline. ``booked`` is split into what came from
        the basis, from pipeline due in the quarter, from other deals open at its start, and
        from deals created (or first qualified) in it. ``coverage`` = basis / booked, ``conversion`` =
        booked_from_basis / basis.
    """
    won = _won(history)
    tables = [_quarter(states, deals, won, window, quarter) for quarter in window.quarters]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    return table[list(COLUMNS)]


def _won(history: History) -> pd.DataFrame:
    table = history.opportunities.reset_index(drop=True)
    won = table[(table["outcome"] == "won") & table["closed_date"].notna()]
    closed = won["closed_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    return pd.DataFrame({"segment": won["segment"], "amount": won["amount"].fillna(0.0), "closed": closed})


def _quarter(
    states: DealStates, deals: pd.DataFrame, won: pd.DataFrame, window: Window, quarter: int
) -> pd.DataFrame:
    start, end = window.bounds(quarter)
    at = states_at(states, start)
    due = window.calendar.quarter(states.close_month[at]) == quarter
    due &= states.close_month[at] >= 0
    standing = pd.Series(
        np.where(due, states.category[at], len(CATEGORIES)), index=pd.Index(states.deal[at], name="deal")
    )
    signed = won[(won["closed"] >= start) & (won["closed"] < end)]
    origin = standing.reindex(signed.index).fillna(len(CATEGORIES) + 1)
    opened = pd.DataFrame(
        {"segment": deals.loc[standing.index, "segment"], "place": standing, "amount": states.amount[at]}
    )
    opened = opened[opened["place"] < len(CATEGORIES)]
    booked = signed.assign(place=origin.astype("int64"))
    names = sorted(set(deals["segment"].fillna(UNKNOWN)))
    lines = [_line(opened, booked, name) for name in (["all", *names] if len(names) > 1 else ["all"])]
    return pd.DataFrame(lines).assign(quarter=window.calendar.quarter_label(quarter))


def _line(opened: pd.DataFrame, booked: pd.DataFrame, segment: str) -> dict[str, object]:
    if segment != "all":
        opened = opened[opened["segment"].fillna(UNKNOWN) == segment]
        booked = booked[booked["segment"].fillna(UNKNOWN) == segment]
    places = range(len(CATEGORIES))
    amount = {CATEGORIES[k]: float(opened.loc[opened["place"] == k, "amount"].sum()) for k in places}
    count = {f"n_{CATEGORIES[k]}": int((opened["place"] == k).sum()) for k in places}
    origin = booked.groupby("place")["amount"].sum().reindex(range(len(CATEGORIES) + 2), fill_value=0.0)
    basis = amount["best_case"] + amount["commit"]
    total, from_basis = float(booked["amount"].sum()), float(origin[1] + origin[2])
    return {
        "segment": segment, **amount, **count, "n_without_amount": int(opened["amount"].isna().sum()),
        "basis": basis, "basis_with_pipeline": basis + amount["pipeline"],
        "booked": total, "n_booked": len(booked), "booked_from_basis": from_basis,
        "booked_from_pipeline": float(origin[0]), "booked_from_other": float(origin[3]),
        "booked_created": float(origin[4]), "coverage": _ratio(basis, total),
        "coverage_with_pipeline": _ratio(basis + amount["pipeline"], total),
        "conversion": _ratio(from_basis, basis),
    }  # fmt: skip


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")
