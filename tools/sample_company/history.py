"""A whole simulated history: every table, warts included."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from simulator.fiscal import FiscalCalendar
from simulator.history.tables import TABLES, History, empty_table
from simulator.scenario.levers import Lever
from tools.sample_company.account_deals import Accounts, account_deals, assignments_of
from tools.sample_company.calls import make_calls
from tools.sample_company.contracts import CustomerBook, assign_csms, customer_tables
from tools.sample_company.deals import deal_tables, simulate_stories
from tools.sample_company.people import assign_owners, count_leads, hire_reps
from tools.sample_company.truth import Truth
from tools.sample_company.warts import Warts, add_warts

OWN_STREAM = 1
"""Of renewals, expansions and assignments: the deals of new business are the same without them."""


def simulate_history(
    truth: Truth,
    first_day: dt.date,
    as_of: dt.date,
    calendar: FiscalCalendar,
    seed: int,
    *,
    seats: dict[str, int] | None = None,
    book: CustomerBook | None = None,
    warts: Warts | None = None,
    drift: tuple[Lever, ...] = (),
) -> History:
    """Simulate what a company with known rates has on record.

    Parameters
    ----------
    first_day, as_of : datetime.date
        First and last day on record; the first is the first of a month.
    seed : int
        Everything follows from it.
    seats : dict of str to int, optional
        Account executives by segment; None: no reps, calls or owners.
    book : CustomerBook, optional
        What customers do; None: no customers.
    warts : Warts, optional
        None: a clean history.
    drift : tuple of Lever
        What changes the rates of deals, and when.
    """
    rng, span = np.random.default_rng(seed), (first_day, as_of)
    tables = _deals(truth, span, calendar, rng, seed=seed, drift=drift)
    if seats is not None:
        _add_reps(tables, seats, span, calendar, rng)
    if book is not None:
        _add_customers(tables, book, truth, span, rng)
    if warts is not None:
        tables |= add_warts(tables, warts, rng)
    if book is not None and seats is not None:
        _add_account_deals(tables, book.cycle_days(), span, np.random.default_rng([seed, OWN_STREAM]))
    return History(as_of, **_whole(tables))


def _whole(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    return {name: typed(name, tables.get(name, empty_table(name))) for name in TABLES}


def _deals(
    truth: Truth,
    span: tuple[dt.date, dt.date],
    calendar: FiscalCalendar,
    rng: np.random.Generator,
    *,
    seed: int,
    drift: tuple[Lever, ...],
) -> dict[str, pd.DataFrame]:
    """Return the tables of the deals, all new business, and the leads behind them."""
    first_day, as_of = span
    rates = truth.calibration(as_of, first_day, calendar)
    stories = simulate_stories(rates, first_day, as_of, calendar, seed, drift=drift)
    opportunities, changes, stages = deal_tables(stories, rng, as_of)
    opportunities["type"] = "new"
    tables = {"opportunities": opportunities, "stage_changes": changes, "stages": stages}
    return tables | {"leads": count_leads(opportunities, rng)}


def _add_reps(
    tables: dict[str, pd.DataFrame],
    seats: dict[str, int],
    span: tuple[dt.date, dt.date],
    calendar: FiscalCalendar,
    rng: np.random.Generator,
) -> None:
    """Add account executives, their deals and their calls."""
    reps = tables["reps"] = hire_reps(seats, *span, rng)
    tables["opportunities"] = assign_owners(tables["opportunities"], reps, rng)
    records = (tables["opportunities"], tables["stage_changes"], tables["stages"])
    calls = make_calls(records, reps, calendar, rng)
    tables["calls"] = calls[calls["as_of"] <= np.datetime64(span[1])]


def _add_customers(
    tables: dict[str, pd.DataFrame],
    book: CustomerBook,
    truth: Truth,
    span: tuple[dt.date, dt.date],
    rng: np.random.Generator,
) -> None:
    """Add customers and their revenue, with a customer success manager where there are people at all."""
    tables |= customer_tables(book, truth, tables["opportunities"], span, rng)
    if "reps" in tables:
        csms = hire_reps(book.csm_seats, *span, rng, "csm")
        tables["customers"]["csm"] = assign_csms(tables["customers"], csms, rng)
        tables["reps"] = pd.concat([tables["reps"], csms], ignore_index=True)


def _add_account_deals(
    tables: dict[str, pd.DataFrame],
    cycle_days: dict[str, float],
    span: tuple[dt.date, dt.date],
    rng: np.random.Generator,
) -> None:
    """Add renewals and expansions to the deals, and who looked after each customer."""
    accounts = Accounts(tables["customers"], tables["arr_changes"], tables["reps"], cycle_days, span)
    tables["assignments"] = assignments_of(accounts, rng)
    customers = tables["customers"]
    gone = customers["customer_id"].isin(accounts.left())
    tables["customers"] = customers.assign(csm=customers["csm"].mask(gone))
    for name, more in zip(("opportunities", "stage_changes"), account_deals(accounts, rng), strict=True):
        tables[name] = pd.concat([tables[name], more], ignore_index=True)


def typed(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with all the columns of its kind, in order and of their types."""
    types = empty_table(name).dtypes
    return pd.DataFrame(
        {
            column: table[column].astype(dtype)
            if column in table
            else pd.Series(index=table.index, dtype=dtype)
            for column, dtype in types.items()
        }
    ).reset_index(drop=True)
