"""Customers and their ARR movements for a simulated history, by the law that forecasts are made with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.arrays import Floats, Ints
from simulator.calibration.contracts import midnight_after, month_time
from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.renewals import term_class
from simulator.engine.keys import unique_keys
from simulator.engine.plan.customers import DrawSettings, compile_customers
from simulator.engine.plan.deals import CENTS
from simulator.engine.plan.horizon import Horizon
from simulator.engine.run.customers import Moves, live_apart, new_starts
from simulator.fiscal import FiscalCalendar, month_start_day
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.customers.flows import (
    ARR_FLOWS,
    CHURN,
    CONTRACTION,
    DRIVERS,
    FIRST_DRIVER,
    REACTIVATION,
)


@dataclass(frozen=True)
class Lives:
    """The two tables of customers, in the columns of ``history.tables``."""

    customers: pd.DataFrame
    arr_changes: pd.DataFrame


def live_customers(
    signed: pd.DataFrame,
    truth: CustomerCalibration,
    as_of: dt.date,
    seed: int,
    first_day: dt.date | None = None,
) -> Lives:
    """Return the customers who have signed, and all that moved their ARR up to ``as_of``.

    Parameters
    ----------
    signed : pandas.DataFrame
        ``customer_id``, ``segment``, ``start_date``, ``term_months``, ``arr`` and, if known,
        ``opportunity_id``; one row per customer.
    truth : CustomerCalibration
        The rates; taken as certain.
    as_of : datetime.date
        Last day of the history.
    seed : int
    first_day : datetime.date, optional
        Where the record begins: who had left by then is not in it, and the others stand in it with the
        ARR that they had on that day, without a movement ``new``.
    """
    position = {name: place for place, name in enumerate(truth.segments)}
    segment: Ints = signed["segment"].map(position).to_numpy().astype(np.int64)
    term = signed["term_months"].to_numpy(np.int64)
    start = month_time(signed["start_date"])
    first = int(np.floor(start.min()))
    months = np.arange(first, int(np.ceil(midnight_after(as_of))))
    plan = _plan(truth, months, seed)
    arr = np.rint(signed["arr"].to_numpy(np.float64) * CENTS)
    entity = unique_keys([f"customer/{name}" for name in signed["customer_id"]])
    luck = np.zeros((len(signed), 2), dtype=np.int64)
    starts = new_starts((entity, luck), (segment, term, term_class(term)), start - first, arr)
    moves = live_apart(plan, seed, starts)
    changes = pd.concat([_first_rows(start, arr), _movements(moves, first)], ignore_index=True)
    return _tables(signed, changes, as_of, first_day)


def _plan(truth: CustomerCalibration, months: Ints, seed: int) -> CustomerPlan:
    """Return a plan over whole calendar months with certain rates."""
    end = month_start_day(months + 1) - month_start_day(int(months[0]))
    ahead = Horizon(
        dt.date(1970, 1, 1), months, end, np.zeros(1, dtype=np.int64), np.ones(months.size), False
    )
    settings = DrawSettings(seed, 1, uncertain=False)
    return compile_customers(truth, None, ahead, FiscalCalendar(), settings).plan


def _first_rows(start: Floats, arr: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {"row": np.arange(start.size), "time": start, "movement": "new", "cents": arr, "driver": None}
    )


def _movements(moves: Moves, first: int) -> pd.DataFrame:
    kinds = [_kind(int(code)) for code in moves.flow]
    return pd.DataFrame(
        {
            "row": moves.customer,
            "time": moves.time + first,
            "movement": [movement for movement, _, _ in kinds],
            "cents": moves.cents * np.array([sign for _, sign, _ in kinds]),
            "driver": [driver for _, _, driver in kinds],
        }
    )


def _kind(flow: int) -> tuple[str, float, str | None]:
    """Return movement, sign of its amount and driver of a flow."""
    if flow in (CONTRACTION, CHURN):
        return ARR_FLOWS[flow], -1.0, None
    if flow == REACTIVATION:
        return ARR_FLOWS[flow], 1.0, None
    return "expansion", 1.0, DRIVERS[flow - FIRST_DRIVER]


def _tables(signed: pd.DataFrame, changes: pd.DataFrame, as_of: dt.date, first_day: dt.date | None) -> Lives:
    changes["date"] = _dates(changes["time"].to_numpy(np.float64))
    changes = changes[changes["date"] <= pd.Timestamp(as_of)]
    customers = signed[signed["start_date"] <= pd.Timestamp(as_of)].copy()
    if first_day is not None:
        opening = pd.Timestamp(first_day)
        before = changes[changes["date"] < opening].groupby("row")["cents"].sum()
        was = (customers["start_date"] < opening).to_numpy()
        held = before.reindex(np.flatnonzero(signed.index.isin(customers.index))).fillna(0.0).to_numpy()
        customers["arr"] = np.where(was, held / CENTS, customers["arr"].to_numpy(np.float64))
        here = ~was | (held > 0.0)
        customers = customers[here]
        changes = changes[changes["date"] >= opening]
    ids = signed["customer_id"].to_numpy()
    changes = changes[np.isin(ids[changes["row"].to_numpy()], customers["customer_id"].to_numpy())]
    changes = changes.sort_values(["date", "row", "time"], kind="stable")
    table = pd.DataFrame(
        {
            "customer_id": pd.Series(ids[changes["row"].to_numpy()], dtype="str"),
            "date": changes["date"].to_numpy().astype("datetime64[ns]"),
            "movement": pd.Series(changes["movement"].to_numpy(), dtype="str"),
            "arr_delta": changes["cents"].to_numpy(np.float64) / CENTS,
            "driver": pd.Series(changes["driver"].to_numpy(), dtype="str"),
        }
    )
    return Lives(customers.reset_index(drop=True), table)


def _dates(time: Floats) -> npt.NDArray[np.datetime64]:
    """Return the day of each time in months."""
    month = np.floor(time + 1e-9).astype(np.int64)
    begin, end = month_start_day(month), month_start_day(month + 1)
    day = np.floor(begin + (time - month) * (end - begin) + 1e-6)
    return day.astype(np.int64).astype("datetime64[D]").astype("datetime64[ns]")
