"""What stood in the pipeline on the first day of past quarters, against what was then booked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.due_deals import (
    plans_known,
)
from simulator.analysis.diagnose.qualified import UNKNOWN, Window, states_at, won_deals
from simulator.arrays import Floats, Ints
from simulator.history.states import DealStates
from simulator.history.tables import CATEGORIES, History

COLUMNS = (
    "quarter", "segment", *CATEGORIES, *(f"n_{name}" for name in CATEGORIES), "n_without_amount",
    "basis", "basis_with_pipeline", "booked", "n_booked", "booked_from_basis", "booked_from_pipeline",
    "booked_from_other", "booked_created", "coverage", "coverage_with_pipeline", "conversion",
)  # fmt: skip

OTHER, CREATED = len(CATEGORIES), len(CATEGORIES) + 1
"""Places of a deal on the first day besides the categories of what is due: open otherwise, not there yet."""


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
    names = sorted(set(deals["segment"].fillna(UNKNOWN)))
    whose = history.opportunities["segment"].fillna(UNKNOWN).to_numpy(dtype=object)
    segment = np.asarray(pd.Index(names, dtype=object).get_indexer(whose), dtype=np.int64)
    won = won_deals(history).rename_axis("deal").fillna({"amount": 0.0}).reset_index()
    tables = [_quarter(states, segment, won, window, quarter) for quarter in window.quarters]
    if not tables:
        return pd.DataFrame(columns=list(COLUMNS))
    groups = ["all", *names] if len(names) > 1 else ["all"]
    table = pd.concat([t.iloc[: len(groups)].assign(segment=groups) for t in tables], ignore_index=True)
    return _with_ratios(table, plans_known(states))[list(COLUMNS)]


def _quarter(
    states: DealStates, segment: Ints, won: pd.DataFrame, window: Window, quarter: int
) -> pd.DataFrame:
    """Return the row of all and a row for each segment."""
    start, end = window.bounds(quarter)
    at = states_at(states, start)
    due = (states.close_month[at] >= 0) & (window.calendar.quarter(states.close_month[at]) == quarter)
    place = np.full(len(segment), CREATED)
    place[states.deal[at]] = np.where(due, states.category[at], OTHER)
    signed = won[(won["closed"] >= start) & (won["closed"] < end)]
    n, amount = int(segment.max()) + 1, states.amount[at]

    def total(deal: Ints, value: Floats) -> Floats:
        return _by_place(segment[deal], place[deal], value, n)

    opened = total(states.deal[at], np.nan_to_num(amount))
    counts = total(states.deal[at], np.ones(len(at)))
    unknown = total(states.deal[at], np.isnan(amount).astype(np.float64))
    booked = total(signed["deal"].to_numpy(), signed["amount"].to_numpy())
    n_booked = total(signed["deal"].to_numpy(), np.ones(len(signed)))
    return pd.DataFrame(
        {name: opened[:, k] for k, name in enumerate(CATEGORIES)}
        | {f"n_{name}": counts[:, k].astype(np.int64) for k, name in enumerate(CATEGORIES)}
        | {
            "n_without_amount": unknown[:, :OTHER].sum(axis=1).astype(np.int64),
            "booked": booked.sum(axis=1),
            "n_booked": n_booked.sum(axis=1).astype(np.int64),
            "booked_from_basis": booked[:, 1] + booked[:, 2],
            "booked_from_pipeline": booked[:, 0],
            "booked_from_other": booked[:, OTHER],
            "booked_created": booked[:, CREATED],
        }
    ).assign(quarter=window.calendar.quarter_label(quarter))


def _by_place(segment: Ints, place: Ints, value: Floats, n: int) -> Floats:
    """Sum values by segment and place; row 0 is the total of all."""
    total = np.zeros((n + 1, CREATED + 1))
    np.add.at(total, (segment + 1, place), np.where(segment >= 0, value, 0.0))
    total[0] = np.bincount(place, weights=value, minlength=CREATED + 1)
    return total


def _with_ratios(table: pd.DataFrame, known: bool) -> pd.DataFrame:
    """Add what depends on the due amounts; NaN where plans are not known or no quarter had any."""
    basis = table["best_case"] + table["commit"]
    whole = basis + table["pipeline"]
    basis = basis if known and (basis > 0).any() else basis * np.nan
    whole = whole if known and (whole > 0).any() else whole * np.nan
    booked = table["booked"].where(table["booked"] > 0)
    return table.assign(
        basis=basis,
        basis_with_pipeline=whole,
        coverage=basis / booked,
        coverage_with_pipeline=whole / booked,
        conversion=table["booked_from_basis"] / basis.where(basis > 0),
    )
