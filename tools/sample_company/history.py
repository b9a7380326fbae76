"""A whole simulated history: every table, warts included."""

from __future__ import annotations

import datetime as dt

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
    truth : Truth
    first_day, as_of : datetime.date
        First and last day on record; the first is the first of a month.
    calendar : FiscalCalendar
    seed : int
        Everything follows from it.
    seats : dict of str to int, optional
        Account executives by segment; None: no reps, calls or owners.
    book : CustomerBook, optional
        How customers live on; None: no customers.
    warts : Warts, optional
        None: a clean history.
    drift : tuple of Lever
        What changes the rates of deals, and when.
    """
    rng = np.random.default_rng(seed)
    stories = simulate_stories(
        truth.calibration(as_of, first_day, calendar), first_day, as_of, calendar, seed, drift=drift
    )
    deals, changes, stages = deal_tables(stories, rng, as_of)
    deals["type"] = "new"
    tables = {"stages": stages, "leads": count_leads(deals, rng)}
    if seats is not None:
        tables["reps"] = hire_reps(seats, first_day, as_of, rng)
        deals = assign_owners(deals, tables["reps"], rng)
        tables["calls"] = make_calls((deals, changes, stages), tables["reps"], calendar, rng)
        tables["calls"] = tables["calls"][tables["calls"]["as_of"] <= np.datetime64(as_of)]
    if book is not None:
        tables |= customer_tables(book, truth, deals, (first_day, as_of), rng)
        if seats is not None and "reps" in tables:
            csms = hire_reps(book.csm_seats, first_day, as_of, rng, "csm")
            tables["customers"]["csm"] = assign_csms(tables["customers"], csms, rng)
            tables["reps"] = pd.concat([tables["reps"], csms], ignore_index=True)
    if warts is not None:
        deals, changes = add_warts(deals, changes, warts, rng)
    tables |= {"opportunities": deals, "stage_changes": changes}
    if book is not None and seats is not None:
        own = np.random.default_rng([seed, OWN_STREAM])
        _add_account_deals(tables, book.cycle_days(), (first_day, as_of), own)
    table = {name: typed(name, tables.get(name, empty_table(name))) for name in TABLES}
    return History(
        as_of=as_of,
        opportunities=table["opportunities"],
        stage_changes=table["stage_changes"],
        stages=table["stages"],
        customers=table["customers"],
        arr_changes=table["arr_changes"],
        reps=table["reps"],
        leads=table["leads"],
        calls=table["calls"],
        assignments=table["assignments"],
    )


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
