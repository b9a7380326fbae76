"""Deals by type: new business, expansion, renewal. They have their own rates and are never added together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.history.matching import occurs
from simulator.history.tables import TYPES, History, empty_table

NEW, EXPANSION, RENEWAL = TYPES


def deal_types(opportunities: pd.DataFrame) -> pd.Series:
    """Return the type of each deal; deals that name none are new business."""
    return opportunities["type"].fillna(NEW)


def deals_of_type(history: History, *types: str) -> History:
    """Return a history whose deals and stage changes are those of some types; all else stays.

    Parameters
    ----------
    history : History
    types : str
        Of ``TYPES``.
    """
    chosen = deal_types(history.opportunities).isin(types)
    if chosen.all():
        return history
    deals = history.opportunities[chosen]
    changes = history.stage_changes
    changes = changes[occurs(changes["opportunity_id"], deals["opportunity_id"])]
    return replace(
        history,
        opportunities=deals.reset_index(drop=True),
        stage_changes=changes.reset_index(drop=True),
    )


def types_apart(opportunities: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Yield each type other than new business that the deals have, and how many deals that is."""
    counts = deal_types(opportunities).value_counts()
    for kind in (EXPANSION, RENEWAL):
        if counts.get(kind, 0):
            yield kind, int(counts[kind])


def with_new_customers(history: History) -> History:
    """Return a history of customers alone with a deal for the start of each, won on its day.

    New customers are then known as won deals are: how many come, of what size, and how both change. What is
    signed is the ARR that a customer starts with. A history that has deals is returned as it is.
    """
    customers = history.customers.dropna(subset=["start_date"])
    if not history.opportunities.empty or customers.empty:
        return history
    moves = history.arr_changes
    first = moves[moves["movement"] == "new"].groupby("customer_id")["arr_delta"].sum()
    arr = customers["customer_id"].map(first).fillna(customers["arr"])
    start = _within_months(customers["start_date"], history.as_of)
    deals = pd.DataFrame(
        {
            "opportunity_id": "start of " + customers["customer_id"].astype(str),
            "segment": customers["segment"],
            "amount": arr.astype("float64"),
            "created_date": start,
            "qualified_date": start,
            "outcome": "won",
            # A date is its midday: the deal lives for some hours.
            "closed_date": start + pd.Timedelta(hours=18),
            "type": NEW,
        }
    )
    whole = empty_table("opportunities")
    deals = deals.reindex(columns=whole.columns).astype(whole.dtypes.to_dict()).reset_index(drop=True)
    return replace(history, opportunities=deals)


def _within_months(start: pd.Series, as_of: dt.date) -> pd.Series:
    """Return days spread evenly over their months where all stand at the first: they name the month alone."""
    if not (start.dt.day == 1).all():
        return start
    last = np.minimum((start + pd.offsets.MonthEnd(0)).to_numpy(), np.datetime64(as_of, "ns"))
    place = start.groupby(start).cumcount() / start.groupby(start).transform("size")
    days = (last - start.to_numpy()).astype("timedelta64[D]").astype(np.float64)
    return pd.Series(start + pd.to_timedelta(np.floor(place.to_numpy() * (days + 1.0)), unit="D"))
