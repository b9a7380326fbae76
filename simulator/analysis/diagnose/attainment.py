"""How much of their quota reps have booked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.qualified import Window, won_deals
from simulator.calibration.roster import roster
from simulator.fiscal import months_of_days
from simulator.history.tables import History

QUARTERS = 4
LEAST_MONTHS = 6
"""Months with a quota, of twelve, below which an attainment says little."""
ATTAINMENT_COLUMNS = ("rep_id", "segment", "months", "quota", "booked", "attainment")


def attainment(history: History, window: Window) -> pd.DataFrame:
    """Return what each account executive booked of the quota of the last four whole quarters.

    Parameters
    ----------
    history : History
        New business alone.
    window : Window
        Whole quarters; the last four of them count.

    Returns
    -------
    DataFrame
        Columns ``ATTAINMENT_COLUMNS``, one row for each rep with a quota who was there for six months or
        more: months there, quota for these months (not reduced while ramping), booked and booked / quota.
    """
    quarters = window.quarters[-QUARTERS:]
    names = tuple(sorted(set(history.opportunities["segment"].dropna())))
    reps = roster(history.reps, names)
    reps = reps[reps["quota"] > 0].drop_duplicates("rep_id")
    if not quarters or reps.empty:
        return pd.DataFrame(columns=list(ATTAINMENT_COLUMNS))
    first = window.calendar.first_month(quarters[0])
    last = window.calendar.first_month(quarters[-1] + 1)
    months = reps["end"].clip(upper=last) - reps["start"].clip(lower=first)
    won = won_deals(history)
    month = months_of_days(won["closed"].to_numpy(np.float64))
    booked = won[(month >= first) & (month < last)].groupby("owner")["amount"].sum()
    table = pd.DataFrame(
        {
            "rep_id": reps["rep_id"],
            "segment": [names[place] for place in reps["segment"]],
            "months": months,
            "quota": reps["quota"] * months / 12,
            "booked": reps["rep_id"].map(booked).astype("float64").fillna(0.0),
        }
    )
    table = table[table["months"] >= LEAST_MONTHS]
    return table.assign(attainment=table["booked"] / table["quota"]).reset_index(drop=True)
