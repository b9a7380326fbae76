"""The days in the past at which forecasts are made again, and what was knowable on each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.qualified import OPEN
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar, day_number, first_of_month, month_number
from simulator.history.as_of import MAY_SHOW_LATER, UNDATED, history_as_of
from simulator.history.matching import occurs
from simulator.history.tables import History, empty_table

MIN_ENDED = 30
"""Deals that must have ended by a day for rates to be estimated on it."""

RECORDED_LATE = ("competitor", "compelling_event")
"""Undated columns that are often filled in when a deal ends; a forecast of the past cannot use them."""


@dataclass(frozen=True)
class Origin:
    """A day at whose end a forecast is made.

    Parameters
    ----------
    as_of : datetime.date
        Last day known.
    quarter : int
        Quarter number of the day after, the first that is forecast.
    week : int
        Whole weeks of that quarter that had passed.
    """

    as_of: dt.date
    quarter: int
    week: int


def past_origins(
    history: History,
    deals: pd.DataFrame,
    calendar: FiscalCalendar,
    n_quarters: int = 8,
    weeks: Sequence[int] = (0,),
) -> tuple[list[Origin], list[str]]:
    """Return the days to forecast from, oldest first, and what was left out.

    Parameters
    ----------
    history : History
        All that is known by now.
    deals : DataFrame
        Its deals (``qualified_deals``).
    calendar : FiscalCalendar
        Fiscal quarters.
    n_quarters : int
        The last whole quarters to go back to.
    weeks : sequence of int
        Weeks into each quarter, 0 for its start, at most 12.

    Raises
    ------
    InputError
        No quarter is over with enough deals ended before it.
    """
    last = last_whole_quarter(history, calendar)
    ended = deals.loc[deals["outcome"] != OPEN, "ended"].to_numpy(dtype=np.float64)
    kept: list[Origin] = []
    thin: list[Origin] = []
    for quarter in range(last - n_quarters + 1, last + 1):
        start = first_of_month(calendar.first_month(quarter))
        for week in sorted(set(weeks)):
            as_of = start + dt.timedelta(days=7 * week - 1)
            known = int((ended < day_number(as_of) + 1).sum())
            (kept if known >= MIN_ENDED else thin).append(Origin(as_of, quarter, week))
    if not kept:
        raise InputError.of(
            "history",
            f"there is no forecast to make again: on no day asked for had {MIN_ENDED} deals ended, "
            f"with the quarter over by {history.as_of}",
            "Give a longer history, or origins within the quarter with --weeks 4,8.",
        )
    notes = []
    if thin:
        notes.append(
            f"{len(thin)} of {len(kept) + len(thin)} origins are left out: fewer than {MIN_ENDED} deals "
            f"had ended by {thin[-1].as_of}."
        )
    return kept, notes


def last_whole_quarter(history: History, calendar: FiscalCalendar) -> int:
    """Return the number of the last quarter that was over by the history's as-of date."""
    return int(calendar.quarter(month_number(history.as_of + dt.timedelta(days=1)))) - 1


def knowable(history: History, as_of: dt.date) -> History:
    """Return strictly what could be known of deals at the end of a day.

    Beyond ``history_as_of``: amounts and close dates of deals still open that are recorded only as they
    are now become unknown, and so do columns without dates that are often filled in at the end of a deal.
    Customers are left out: the forecasts are of deals.
    """
    known = history_as_of(history, as_of)
    deals = known.opportunities.copy()
    notes = [note for note in known.notes if MAY_SHOW_LATER not in note]
    for column in RECORDED_LATE:
        if deals[column].notna().any():
            deals[column] = pd.Series(index=deals.index, dtype=deals[column].dtype)
            notes.append(f"'{column}' has no dates and is left out: it may tell the end of a deal.")
    undated = [c for c in UNDATED if c not in RECORDED_LATE and deals[c].notna().any()]
    if undated:
        notes.append(f"No dates are known of {', '.join(undated)}: taken as last recorded.")
    # Only of deals that had not ended is the latest value news.
    still_open = deals["outcome"].isna() & deals["closed_date"].isna()
    for column, words in (("amount", "amounts"), ("close_date", "close dates")):
        dated = known.stage_changes.loc[known.stage_changes[column].notna(), "opportunity_id"]
        hidden = still_open & deals[column].notna() & ~occurs(deals["opportunity_id"], dated)
        deals.loc[hidden, column] = pd.NaT if column == "close_date" else np.nan
        if hidden.any():
            notes.append(f"The {words} of some open deals have no history and are taken as not known.")
    return replace(
        known,
        opportunities=deals,
        notes=tuple(dict.fromkeys(notes)),
        customers=empty_table("customers"),
        arr_changes=empty_table("arr_changes"),
    )
