"""Who the account executives of a history are and were, and what each was worth on any day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints
from simulator.calibration.ramp import RampCurve
from simulator.calibration.workload import Workload, workload
from simulator.fiscal import month_numbers, months_of_days
from simulator.history.states import DealStates
from simulator.history.tables import History

AE = "ae"
MONTHS_BEFORE_FIRST = 3
"""Who owns a deal that begins within this many months of the history's first was there before."""
MONTHS_SILENT = 6
"""Who has owned nothing new or open for so long has left."""


def roster(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the account executives of known segments.

    Returns
    -------
    DataFrame
        ``rep_id``, ``segment`` (code), ``start`` (month number), ``end`` (first month number without
        them; very large while employed), ``quota``.
    """
    aes = table[(table["role"].str.lower() == AE) & table["segment"].isin(names)]
    place = {name: i for i, name in enumerate(names)}
    end = month_numbers(aes["end_date"].to_numpy().astype("datetime64[D]"))
    return pd.DataFrame(
        {
            "rep_id": aes["rep_id"].astype(object).to_numpy(),
            "segment": aes["segment"].map(place).to_numpy(np.int64),
            "start": month_numbers(aes["start_date"].to_numpy().astype("datetime64[D]")),
            "end": np.where(aes["end_date"].isna(), np.iinfo(np.int64).max // 2, end + 1),
            "quota": aes["quota"].to_numpy(np.float64),
        }
    )


def known_reps(history: History, names: tuple[str, ...]) -> tuple[pd.DataFrame, bool]:
    """Return the account executives of a history (as `roster`), and whether they are inferred from owners."""
    reps = roster(history.reps, names)
    if not history.reps.empty:
        return reps, False
    return roster(owners(history), names), True


def owners(history: History) -> pd.DataFrame:
    """Return the owners of deals as a table of reps: there from their first deal to their last.

    Who owns a deal that is open, or one that began in the last months, is still there.
    """
    deals = history.opportunities
    deals = deals[deals["owner"].notna() & deals["segment"].notna()]
    if deals.empty:
        return history.reps
    begun = deals["qualified_date"].fillna(deals["created_date"])
    now, first = pd.Timestamp(history.as_of), begun.min()
    seen = pd.DataFrame(
        {
            "owner": deals["owner"].astype(object),
            "segment": deals["segment"].astype(object),
            "begun": begun,
            "last": deals["closed_date"].fillna(now).where(deals["outcome"].notna(), now),
        }
    )
    by = seen.groupby("owner", sort=True)
    start, last, latest = by["begun"].min(), by["last"].max(), by["begun"].max()
    there = (last >= now) | (latest > now - pd.DateOffset(months=MONTHS_SILENT))
    before = start <= first + pd.DateOffset(months=MONTHS_BEFORE_FIRST)
    return pd.DataFrame(
        {
            "rep_id": start.index.astype(object),
            "role": AE,
            "segment": by["segment"].agg(lambda names: names.mode().iloc[0]).to_numpy(),
            "start_date": start.where(~before, first - pd.DateOffset(years=10)).to_numpy(),
            "end_date": last.where(~there).to_numpy(),
            "quota": np.nan,
        }
    )


@dataclass(frozen=True)
class Presence:
    """Rep-months: who was there in which month, with what tenure."""

    rep: Ints
    segment: Ints
    month: Ints
    tenure: Ints
    first: int
    last: int

    def productivity(self, ramp: RampCurve) -> Floats:
        """Return which share of a ramped rep each is."""
        curve = ramp.by_month()
        return np.asarray(curve[np.minimum(self.tenure, len(curve) - 1)])


def presence(reps: pd.DataFrame, first: int, last: int) -> Presence:
    """Return the rep-months of a roster from one month to another."""
    start = np.maximum(reps["start"].to_numpy(), first)
    n = np.maximum(np.minimum(reps["end"].to_numpy(), last + 1) - start, 0)
    rep = np.repeat(np.arange(len(reps)), n)
    month = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n) + start[rep]
    tenure = month - reps["start"].to_numpy()[rep]
    return Presence(rep, reps["segment"].to_numpy()[rep], month, tenure, first, last)


def _codes(history: History, reps: pd.DataFrame, names: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Return segment and rep of every opportunity; -1: none of these."""
    place = pd.Series(np.arange(len(reps)), index=reps["rep_id"])
    owner = history.opportunities["owner"].astype(object).map(place[~place.index.duplicated()])
    segment = history.opportunities["segment"].astype(object).map({name: i for i, name in enumerate(names)})
    codes = (column.fillna(-1).to_numpy().astype(np.int64) for column in (segment, owner))
    return next(codes), next(codes)


def productivity_by_day(days: Floats, reps: pd.DataFrame, ramp: RampCurve) -> Floats:
    """Return which share of a ramped rep each rep is on each day, shape (rep, day); 0 where not there."""
    month, start = months_of_days(days)[None], reps["start"].to_numpy(np.int64)[:, None]
    there = (month >= start) & (month < reps["end"].to_numpy(np.int64)[:, None])
    curve = ramp.by_month()
    return np.asarray(curve[np.clip(month - start, 0, len(curve) - 1)] * there)


def workload_of(
    history: History, states: DealStates, names: tuple[str, ...], ramp: RampCurve, step_days: float
) -> tuple[Workload, Floats, Ints] | None:
    """Return the open deals by day, each rep's productivity, shape (rep, day), and each rep's segment."""
    reps, _ = known_reps(history, names)
    if reps.empty or not len(states.deal):
        return None
    work = workload(states, *_codes(history, reps, names), step_days)
    return work, productivity_by_day(work.days, reps, ramp), reps["segment"].to_numpy(np.int64)
