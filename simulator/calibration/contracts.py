"""Customers and their ARR movements as arrays: what renewals and expansion are estimated from.

Time is in months: month number plus the part of the month that has passed at the midnight that begins
the day, the unit in which the engine simulates customers too.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints, Mask
from simulator.fiscal import EPOCH_MONTH
from simulator.history.tables import MOVEMENTS, History
from simulator.kernels.customers.flows import DRIVERS, FIRST_SOLD
from simulator.recent import recent

DEFAULT_TERM = 12
NOTHING_LEFT = 0.005
"""Share of the ARR below which what is left after a movement is no contract: the customer has churned."""
UNKNOWN_DRIVER = FIRST_SOLD
NEW, EXPANSION, CONTRACTION, CHURN, REACTIVATION, RENEWAL = range(len(MOVEMENTS))
SAME_DAY_ORDER = np.array([0, 3, 4, 5, 1, 2])
"""Movements of one day in the order in which they make sense: new, reactivation, renewal, expansion …"""


@dataclass(frozen=True)
class Contracts:
    """One row per customer; all arrays of shape (customer,).

    Parameters
    ----------
    segment : code of the segment
    start : first day of the first contract. Unit: months.
    term : months of the contract
    opening : ARR at the start where no movement ``new`` says it. Unit: currency.
    seen_from : start, or the first day of the record for those who were customers before it
    churned : first churn; infinite while there is none
    arr : ARR at ``as_of``
    former : ARR at the last churn, 0 where there was none
    signed : ARR under contract: at the last renewal date, plus expansion deals since
    first_arr : ARR at the start
    life_start : start, or the last return after churn
    grown : 1 where the customer has expanded before, and so has reached first value
    """

    as_of: float
    segment: Ints
    start: Floats
    term: Ints
    opening: Floats
    seen_from: Floats
    churned: Floats
    arr: Floats
    former: Floats
    signed: Floats
    first_arr: Floats
    life_start: Floats
    grown: Ints


@dataclass(frozen=True)
class Movements:
    """One row per ARR movement, in order of customer and time; all arrays of shape (movement,).

    Parameters
    ----------
    customer : row in Contracts
    time : months
    kind : code in MOVEMENTS
    driver : code in DRIVERS; of expansions
    delta : signed change of ARR
    before : ARR before it
    life : how often the customer had churned before
    ends : whether the movement is the end of a life
    life_start : when the life began in which it happens
    """

    customer: Ints
    time: Floats
    kind: Ints
    driver: Ints
    delta: Floats
    before: Floats
    life: Ints
    ends: Mask
    life_start: Floats


@dataclass(frozen=True)
class Book:
    """The customers of a history, what moved their ARR, and what had to be assumed."""

    ids: tuple[str, ...]
    contracts: Contracts
    movements: Movements
    notes: tuple[str, ...]


def month_time(dates: pd.Series) -> Floats:
    """Return dates in months: month number plus the part of the month that has passed; NaN where missing."""
    days = dates.to_numpy().astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.float64)
    passed = (days - months.astype("datetime64[D]")).astype(np.float64)
    time = months.astype(np.int64) + EPOCH_MONTH + passed / length
    return np.where(np.isnat(days), np.nan, time)


def midnight_after(day: dt.date) -> float:
    """Return the time, in months, of the midnight that ends a day."""
    return float(month_time(pd.Series([pd.Timestamp(day) + pd.Timedelta(days=1)]))[0])


@recent(2)
def customer_book(history: History, segments: tuple[str, ...]) -> Book:
    """Return the customers of a history as arrays.

    Parameters
    ----------
    history : History
    segments : tuple of str
        Names in axis order; customers of other segments are left out, and counted in the notes.
    """
    table = history.customers
    position = {name: code for code, name in enumerate(segments)}
    code = table["segment"].map(position)
    start = month_time(table["start_date"])
    as_of = midnight_after(history.as_of)
    used = (code.notna() & ~np.isnan(start) & (start < as_of)).to_numpy()
    notes = []
    if (~used).any():
        notes.append(f"{int((~used).sum())} customers without a start date or a known segment are left out.")
    table, start = table[used], start[used]
    ids = tuple(table["customer_id"].astype(str))
    segment: Ints = code[used].to_numpy().astype(np.int64)
    term, term_notes = _terms(table["term_months"].to_numpy(np.float64), segment)
    rows = _movement_rows(history.arr_changes, ids)
    opening, no_arr = _opening(table["arr"].to_numpy(np.float64), rows)
    if no_arr:
        notes.append(f"{no_arr} customers without any ARR count as customers, not as money.")
    movements = _with_balance(rows, opening, start)
    contracts = _contracts(as_of, (segment, start, term), opening, movements)
    return Book(ids, contracts, movements, (*notes, *term_notes, *_driver_notes(rows)))


def _terms(term: Floats, segment: Ints) -> tuple[Ints, list[str]]:
    known = np.isfinite(term) & (term >= 1)
    filled = np.where(known, np.rint(np.where(known, term, 1)), 0).astype(np.int64)
    if known.all():
        return filled, []
    for code in np.unique(segment[~known]):
        seen = filled[known & (segment == code)]
        usual = int(np.bincount(seen).argmax()) if seen.size else DEFAULT_TERM
        filled[~known & (segment == code)] = usual
    what = "the usual one of their segment" if known.any() else f"{DEFAULT_TERM} months"
    return filled, [f"{int((~known).sum())} customers without a contract term are given {what}."]


def _movement_rows(changes: pd.DataFrame, ids: tuple[str, ...]) -> pd.DataFrame:
    """Return the movements of known customers, coded and in order."""
    place = pd.Series(np.arange(len(ids)), index=pd.Index(ids, dtype="str"))
    known = changes["customer_id"].isin(place.index)
    changes = changes[known]
    rows = pd.DataFrame(
        {
            "customer": place.reindex(changes["customer_id"]).to_numpy(np.int64),
            "time": month_time(changes["date"]),
            "kind": changes["movement"].map({m: i for i, m in enumerate(MOVEMENTS)}).to_numpy(np.int64),
            "driver": changes["driver"].map({d: i for i, d in enumerate(DRIVERS)}).to_numpy(np.float64),
            "delta": changes["arr_delta"].to_numpy(np.float64),
        }
    )
    rows["order"] = SAME_DAY_ORDER[rows["kind"].to_numpy()]
    rows = rows[np.isfinite(rows["time"].to_numpy()) & np.isfinite(rows["delta"].to_numpy())]
    ordered: pd.DataFrame = rows.sort_values(["customer", "time", "order"], kind="stable", ignore_index=True)
    return ordered


def _opening(arr: Floats, rows: pd.DataFrame) -> tuple[Floats, int]:
    """Return the ARR that customers start with besides their movements, and how many have none."""
    opening = np.where(np.isfinite(arr), arr, 0.0)
    opening[rows.loc[rows["kind"] == NEW, "customer"].to_numpy()] = 0.0
    moved = np.zeros(arr.size, dtype=bool)
    moved[rows["customer"].to_numpy()] = True
    return opening, int((~moved & (opening <= 0.0)).sum())


def _with_balance(rows: pd.DataFrame, opening: Floats, start: Floats) -> Movements:
    customer = rows["customer"].to_numpy(np.int64)
    delta = rows["delta"].to_numpy(np.float64)
    after = opening[customer] + rows.groupby("customer")["delta"].cumsum().to_numpy(np.float64)
    before = after - delta
    kind = rows["kind"].to_numpy(np.int64)
    gone = (before > 0.0) & (after <= NOTHING_LEFT * before) & (delta < 0.0)
    ends = gone | ((kind == CHURN) & (delta == 0.0))
    # A churn that leaves ARR behind is the end of one contract among several: the customer contracts.
    kind = np.where(ends, CHURN, np.where(kind == CHURN, CONTRACTION, kind))
    life = pd.Series(ends.astype(np.int64)).groupby(customer).cumsum().to_numpy(np.int64) - ends
    driver = rows["driver"].to_numpy(np.float64)
    driver = np.where(np.isnan(driver), UNKNOWN_DRIVER, driver).astype(np.int64)
    time = rows["time"].to_numpy(np.float64)
    begins = np.where((kind == REACTIVATION) & (life > 0), time, -np.inf)
    latest = pd.Series(begins).groupby(customer).cummax().to_numpy(np.float64)
    return Movements(
        customer=customer,
        time=time,
        kind=kind,
        driver=driver,
        delta=delta,
        before=before,
        life=life,
        ends=np.asarray(ends),
        life_start=np.maximum(start[customer], latest),
    )


def _contracts(
    as_of: float, table: tuple[Ints, Floats, Ints], opening: Floats, moves: Movements
) -> Contracts:
    segment, start, term = table
    n = segment.size
    is_new = moves.kind == NEW
    recorded = np.zeros(n, dtype=bool)
    recorded[moves.customer[is_new]] = True
    first_row = moves.time.min() if moves.time.size else as_of
    seen_from = np.where(recorded | (start >= first_row), start, first_row)
    churned = np.full(n, np.inf)
    np.minimum.at(churned, moves.customer[moves.ends], moves.time[moves.ends])
    arr = opening + np.bincount(moves.customer, moves.delta, n)
    former = np.zeros(n)
    former[moves.customer[moves.ends]] = moves.before[moves.ends]
    last_end = _last(moves, moves.ends, n)
    last_begin = _last(moves, (moves.kind == REACTIVATION) | is_new, n)
    arr = np.where(np.isfinite(last_end) & (last_begin < last_end), 0.0, np.maximum(arr, 0.0))
    first_arr = opening.copy()
    np.add.at(first_arr, moves.customer[is_new], moves.delta[is_new])
    grown = np.zeros(n, dtype=np.int64)
    grown[moves.customer[moves.kind == EXPANSION]] = 1
    life_start = np.maximum(start, np.where(last_begin > churned, last_begin, start))
    return Contracts(
        as_of=as_of,
        segment=segment,
        start=start,
        term=term,
        opening=opening,
        seen_from=seen_from,
        churned=churned,
        arr=arr,
        former=former,
        signed=_signed(as_of, life_start, term, arr, moves),
        first_arr=first_arr,
        life_start=life_start,
        grown=grown,
    )


def _last(moves: Movements, which: Mask, n: int) -> Floats:
    """Return the time of the last of some movements of each customer; minus infinity where there is none."""
    found = np.full(n, -np.inf)
    np.maximum.at(found, moves.customer[which], moves.time[which])
    return found


def _signed(as_of: float, start: Floats, term: Ints, arr: Floats, moves: Movements) -> Floats:
    """Return the ARR under contract: without what has grown by itself since the last renewal date."""
    last = start + np.maximum(0.0, np.floor((as_of - start) / term)) * term
    by_itself = (moves.kind == EXPANSION) & (moves.driver < FIRST_SOLD) & (moves.time > last[moves.customer])
    grown = np.bincount(moves.customer[by_itself], moves.delta[by_itself], start.size)
    return np.asarray(np.clip(arr - grown, 0.0, None))


def arr_at(contracts: Contracts, moves: Movements, time: Floats | float) -> Floats:
    """Return the ARR of every customer just before a time, or a time for each, shape (customer,)."""
    when = np.broadcast_to(time, contracts.start.shape)
    arr = np.where(contracts.start < when, contracts.opening, 0.0)
    rows = np.flatnonzero(moves.time < when[moves.customer])
    # Rows are in order of customer and time: the last one written is the latest.
    arr[moves.customer[rows]] = np.where(moves.ends[rows], 0.0, moves.before[rows] + moves.delta[rows])
    return np.maximum(arr, 0.0)


def _driver_notes(rows: pd.DataFrame) -> list[str]:
    missing = int(((rows["kind"] == EXPANSION) & rows["driver"].isna()).sum())
    if not missing:
        return []
    driver = DRIVERS[UNKNOWN_DRIVER]
    return [f"{missing} expansions without a driver count as {driver}: growth that was sold."]
