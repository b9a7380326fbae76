"""Renewal and expansion deals of a simulated history, and who looked after each customer at what time.

They follow from what the customers did, and draw from a stream of their own: the deals of new business are
the same with and without them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Row = dict[str, Any]


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    return iter(table.itertuples())


class Ended(NamedTuple):
    """How a deal ends: on which day, at what amount, with what outcome."""

    day: pd.Timestamp
    amount: float
    outcome: str


Customer = Any
"""A row of a table, its columns as attributes."""

RENEWED_AS_DEALS = ("enterprise_amer", "enterprise_emea")
"""Segments whose renewals are opportunities in the CRM; elsewhere contracts are renewed without one."""

SOLD_DRIVERS = ("new_solution", "features")
"""Expansions that were sold as a deal; the others come by themselves or in the product."""

WIN_SHARE = 0.6
CYCLE_LOG_SD = 0.4
RENEWAL_LEAD_DAYS = (75, 105)
SIGNED_BEFORE_DAYS = 20
HAND_OVER_DAYS = 45
FIRST_NUMBER = 10_001
PATHS_TO_CLOSE = {
    "renewal": (("Evaluating", 0.0), ("Negotiating", 0.7)),
    "expansion": (("Understanding", 0.0), ("Evaluating", 0.4), ("Negotiating", 0.75)),
}
"""Stages of each type, and the share of its time after which a deal enters them."""


@dataclass(frozen=True)
class Accounts:
    """Customers with all that happened to them and the people there were.

    Parameters
    ----------
    customers, arr_changes, reps : pandas.DataFrame
        Normalised tables; customers lived at least a day inside the span.
    cycle_days : dict of str to float
        Median length of an expansion deal, by segment.
    span : tuple of datetime.date
        First and last day on record.
    """

    customers: pd.DataFrame
    arr_changes: pd.DataFrame
    reps: pd.DataFrame
    cycle_days: dict[str, float]
    span: tuple[dt.date, dt.date]

    @property
    def first(self) -> pd.Timestamp:
        """First day on record."""
        return pd.Timestamp(self.span[0])

    @property
    def last(self) -> pd.Timestamp:
        """Last day on record."""
        return pd.Timestamp(self.span[1])

    def left(self) -> dict[str, pd.Timestamp]:
        """Return the day on which each customer left who did."""
        gone = self.arr_changes[self.arr_changes["movement"] == "churn"]
        return dict(zip(gone["customer_id"], gone["date"], strict=True))

    def arr_on(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return by customer the days of its movements and its ARR after each."""
        whole = self.arr_changes.sort_values("date", kind="stable")
        started = dict(zip(self.customers["customer_id"], self.customers["arr"], strict=True))
        found = {}
        for name, own in whole.groupby("customer_id"):
            moved = np.where(own["movement"] == "new", 0.0, own["arr_delta"])
            found[str(name)] = own["date"].to_numpy(), started[name] + np.cumsum(moved)
        return found

    def person_on(self, role: str, segment: str, day: pd.Timestamp, rng: np.random.Generator) -> str | None:
        """Return someone of a role who was there on a day."""
        reps = self.reps
        there = (reps["role"] == role) & (reps["segment"] == segment) & (reps["start_date"] <= day)
        there &= ~(reps["end_date"] <= day)
        names = reps["rep_id"].to_numpy()[there.to_numpy()]
        return str(rng.choice(names)) if len(names) else None


def assignments_of(accounts: Accounts, rng: np.random.Generator) -> pd.DataFrame:
    """Return who looked after each customer: a new CSM some weeks after the one before left.

    Who stands in the customer's record today took over on the day of their start.
    """
    rows, left = [], accounts.left()
    staffed = accounts.customers[accounts.customers["csm"].notna()]
    started = accounts.reps.set_index("rep_id")["start_date"]
    for customer in _rows(staffed):
        begin, end = max(customer.start_date, accounts.first), left.get(customer.customer_id)
        if end is None:
            taken = max(begin, started[customer.csm])
            rows.append((customer.customer_id, "csm", customer.csm, taken, pd.NaT))
        rows += _earlier(accounts, customer, begin, taken if end is None else end, rng)
    table = pd.DataFrame(rows, columns=["customer_id", "role", "person", "from", "to"])
    return table.sort_values(["customer_id", "from"], kind="stable", ignore_index=True)


def _earlier(
    accounts: Accounts, customer: Customer, day: pd.Timestamp, end: pd.Timestamp, rng: np.random.Generator
) -> Iterator[tuple[Any, ...]]:
    """Yield who looked after a customer from a day up to another, with gaps between one and the next."""
    leaves = accounts.reps.set_index("rep_id")["end_date"]
    while day < end:
        person = accounts.person_on("csm", customer.segment, day, rng)
        if person is None:
            day += pd.Timedelta(days=int(rng.integers(20, HAND_OVER_DAYS)))
            continue
        until = end if pd.isna(leaves[person]) else min(end, leaves[person])
        yield customer.customer_id, "csm", person, day, until
        day = until + pd.Timedelta(days=int(rng.integers(0, HAND_OVER_DAYS)))


def account_deals(accounts: Accounts, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return renewal and expansion deals as the tables opportunities and stage_changes.

    Parameters
    ----------
    accounts : Accounts
    rng : numpy.random.Generator
    """
    made = [*_renewals(accounts, rng), *_expansions(accounts, rng)]
    made = [d for d in made if accounts.first <= d["qualified_date"] <= accounts.last]
    made.sort(key=lambda deal: deal["qualified_date"])
    teams = accounts.reps.set_index("rep_id")["team"]
    deals, changes = [], []
    for number, deal in enumerate(made, start=FIRST_NUMBER):
        name, team = f"OPP-{number:05d}", teams.get(deal["owner"])
        steps = _steps(name, deal, accounts.last, rng)
        if deal["closed_date"] > accounts.last:
            deal |= {"outcome": None, "closed_date": pd.NaT}
        deals.append(deal | {"opportunity_id": name, "team": team, "close_date": steps[-1]["close_date"]})
        changes += steps
    return pd.DataFrame(deals), pd.DataFrame(changes)


def _renewals(accounts: Accounts, rng: np.random.Generator) -> Iterator[Row]:
    left, arr_on = accounts.left(), accounts.arr_on()
    chosen = accounts.customers[accounts.customers["segment"].isin(RENEWED_AS_DEALS)]
    for customer in _rows(chosen):
        gone = left.get(customer.customer_id, pd.Timestamp.max)
        for year in range(1, 9):
            day = customer.start_date + pd.DateOffset(months=12 * year)
            if gone < day - pd.Timedelta(days=RENEWAL_LEAD_DAYS[0]) or day > accounts.last + pd.DateOffset(
                months=4
            ):
                break
            days, arr = arr_on.get(customer.customer_id, (np.zeros(0, "datetime64[ns]"), np.zeros(0)))
            place = int(np.searchsorted(days, day.to_datetime64() - np.timedelta64(30, "D")))
            lost = gone <= day + pd.Timedelta(days=15)
            begun = day - pd.Timedelta(days=int(rng.integers(*RENEWAL_LEAD_DAYS)))
            owner = accounts.person_on("csm", customer.segment, begun, rng)
            signed = day - pd.Timedelta(days=int(rng.integers(1, SIGNED_BEFORE_DAYS)))
            at = float(arr[place - 1]) if place else float(customer.arr)
            deal = _deal(customer, "renewal", begun, Ended(signed, at, "lost_no_decision" if lost else "won"))
            yield deal | {"owner": owner or customer.owner, "compelling_event": "contract_end"}


def _expansions(accounts: Accounts, rng: np.random.Generator) -> Iterator[Row]:
    """Yield the deals behind what was sold, those that came to nothing and those that are open."""
    customers = accounts.customers.set_index("customer_id", drop=False)
    moves = accounts.arr_changes
    sold = moves[moves["driver"].isin(SOLD_DRIVERS) & moves["customer_id"].isin(customers.index)]
    segments = customers.loc[sold["customer_id"], "segment"].to_numpy()
    n_days = (accounts.last - accounts.first).days
    for segment in np.unique(segments):
        own = sold[segments == segment]
        for move in _rows(own):
            end = Ended(move.date, move.arr_delta, "won")
            yield _expansion(accounts, customers.loc[move.customer_id], end, rng)
        here = customers[customers["segment"] == segment]
        n_lost = round(len(own) * (1.0 / WIN_SHARE - 1.0))
        n_later = rng.poisson(len(own) / WIN_SHARE * 365 / n_days)
        for n in range(n_lost + n_later):
            first, span = (accounts.first, n_days) if n < n_lost else (accounts.last, 365)
            day = first + pd.Timedelta(days=int(rng.integers(1, span)))
            whose = here[here["start_date"] < day - pd.Timedelta(days=200)]
            outcome = str(rng.choice(["lost_no_decision", "lost_competition"]))
            if len(whose):
                customer = whose.iloc[rng.integers(len(whose))]
                yield _expansion(accounts, customer, Ended(day, rng.choice(own["arr_delta"]), outcome), rng)


def _expansion(accounts: Accounts, customer: Customer, end: Ended, rng: np.random.Generator) -> Row:
    days = accounts.cycle_days[customer.segment] * np.exp(CYCLE_LOG_SD * rng.standard_normal())
    begun = end.day - pd.Timedelta(days=max(int(days), 2))
    owner = accounts.person_on("ae", customer.segment, begun, rng)
    return _deal(customer, "expansion", begun, end) | {"owner": owner}


def _deal(customer: Customer, kind: str, begun: pd.Timestamp, end: Ended) -> Row:
    return {
        "segment": customer.segment,
        "type": kind,
        "amount": round(end.amount, 2),
        "created_date": begun,
        "qualified_date": begun,
        "outcome": end.outcome,
        "closed_date": end.day,
        "competitor": "Osprey" if end.outcome == "lost_competition" else "none",
        "source": "customer",
        "compelling_event": "none",
    }


def _steps(name: str, deal: Row, as_of: pd.Timestamp, rng: np.random.Generator) -> list[Row]:
    """Return the states of a deal up to as_of; its date is a guess until it is negotiated."""
    begun, closed = deal["qualified_date"], deal["closed_date"]
    guess = max(closed + pd.Timedelta(days=int(rng.normal(0.0, 15.0))), begun + pd.Timedelta(days=14))
    rows = []
    for stage, share in PATHS_TO_CLOSE[deal["type"]]:
        at = begun + share * (closed - begun) + pd.Timedelta(minutes=int(rng.integers(540, 1020)))
        rows.append((at.floor("min"), stage, closed if stage == "Negotiating" else guess))
    ended = "Closed Won" if deal["outcome"] == "won" else "Closed Lost"
    rows.append((closed + pd.Timedelta(hours=18), ended, closed))
    until = as_of + pd.Timedelta(days=1)
    return [
        {
            "opportunity_id": name,
            "changed_at": at,
            "stage": stage,
            "amount": deal["amount"],
            "close_date": due,
        }
        for at, stage, due in rows
        if at < until
    ]
