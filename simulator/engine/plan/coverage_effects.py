"""What the history shows of the effect of coverage: renewals in months of fuller and of thinner coverage.

Who has a CSM today says little: those who left have none. How churn moved while heads per account moved says
more, or, where assignments are dated, who was looked after when.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from simulator.arrays import Floats
from simulator.calibration.contracts import Book, customer_book, month_time
from simulator.calibration.coverage_effects import churn_per_coverage
from simulator.engine.plan.service_coverage import BOOK_OF_CSM, Effect
from simulator.fiscal import month_numbers
from simulator.history.tables import History
from simulator.recent import recent
from simulator.scenario.schema import Scenario

Stated = tuple[tuple[float | None, float | None], ...]
"""Accounts and ARR that a CSM can look after in each segment, as a scenario states them."""
CSM = "csm"


def calibrated_effects(
    scenario: Scenario, history: History | None
) -> Mapping[tuple[str, str], Effect] | None:
    """Return the effects that a history with CSMs over time shows, next to what is assumed of them.

    Parameters
    ----------
    scenario : Scenario
        Settled; its segments are used.
    history : History, optional
    """
    if history is None or history.customers.empty or history.arr_changes.empty or history.reps.empty:
        return None
    csms = history.reps["role"].str.lower() == CSM
    if not csms.any() or CSM not in scenario.roles:
        return None
    stated = [scenario.roles[CSM].of(name).book for name in scenario.segments]
    books = tuple((None, None) if own is None else (own.accounts, own.arr) for own in stated)
    return _shown_by(history, tuple(scenario.segments), books)


@recent(4)
def _shown_by(
    history: History, segments: tuple[str, ...], books: Stated
) -> Mapping[tuple[str, str], Effect] | None:
    book = customer_book(history, segments)
    able = _accounts_per_head(books, book)
    months, by_segment = coverage_over_time(segments, able, history, book)
    coverage = coverage_by_assignment(able, history, book, months)
    found = churn_per_coverage(book, months, by_segment if coverage is None else coverage, by_segment)
    if found is None or not found.is_calibrated:
        return None
    low, middle, high = (float(np.exp(max(found.mean + z * found.sd, 0.0))) for z in (-1.2816, 0.0, 1.2816))
    return {("adoption", "churn"): Effect("adoption", "churn", middle, low, high, "calibrated")}


def coverage_over_time(
    segments: tuple[str, ...], able: Floats, history: History, book: Book
) -> tuple[Floats, Floats]:
    """Return month numbers and the CSMs' coverage in each, shape (month,) and (segment, month).

    Heads × accounts that each can look after / those there were when the month began, at most 1.
    """
    contracts = book.contracts
    months = np.arange(
        int(np.floor(contracts.seen_from.min())), int(np.ceil(contracts.as_of)), dtype=np.float64
    )
    csms = history.reps[history.reps["role"].str.lower() == CSM]
    start, end = _spans(csms["start_date"], csms["end_date"])
    coverage = np.zeros((len(able), months.size))
    for segment, name in enumerate(segments):
        own, mine = (csms["segment"] == name).to_numpy(), contracts.segment == segment
        heads = ((start[own, None] <= months) & (end[own, None] > months)).sum(axis=0)
        begun = contracts.seen_from[mine][:, None] < months + 1.0
        accounts = (begun & (contracts.churned[mine][:, None] >= months)).sum(axis=0).astype(np.float64)
        enough = np.minimum(1.0, heads * able[segment] / np.maximum(accounts, 1.0))
        coverage[segment] = np.where(accounts > 0, enough, 1.0)
    return months, coverage


def _spans(start: pd.Series, end: pd.Series) -> tuple[Floats, Floats]:
    """Return first months, and the months from which it is over: never where no end is known."""
    first = month_numbers(start.to_numpy().astype("datetime64[D]"))
    last = month_numbers(end.to_numpy().astype("datetime64[D]"))
    return first.astype(np.float64), np.where(end.isna(), np.inf, last)


def _accounts_per_head(books: Stated, book: Book) -> Floats:
    """Return the accounts that a CSM can look after, as stated or published, shape (segment,)."""
    able = []
    for segment, (accounts, stated) in enumerate(books):
        arr = book.contracts.arr[book.contracts.segment == segment]
        mean = float(arr[arr > 0].mean()) if (arr > 0).any() else 1.0
        able.append(float(accounts) if accounts is not None else (stated or BOOK_OF_CSM) / mean)
    return np.array(able)


def coverage_by_assignment(able: Floats, history: History, book: Book, months: Floats) -> Floats | None:
    """Return the coverage of each customer, shape (customer, month); None where no assignment is dated.

    The book of its CSM over the accounts that the CSM had, at most 1; none in months without one. An
    assignment that ends because the customer leaves holds up to then.
    """
    spells = history.assignments[history.assignments["role"].str.lower() == CSM]
    if spells.empty:
        return None
    place = pd.Series(np.arange(len(book.ids)), index=pd.Index(book.ids))
    spells = spells[spells["customer_id"].isin(place.index)]
    customer = spells["customer_id"].map(place).to_numpy(np.int64)
    _, person = np.unique(spells["person"].astype(str), return_inverse=True)
    start, end = _spans(spells["from"], spells["to"])
    left = book.contracts.churned[customer]
    end = np.where(month_time(spells["to"]) >= left, left + 1.0, end)
    coverage = np.zeros((len(book.ids), months.size))
    for column, month in enumerate(months):
        now = (start <= month) & (end > month)
        accounts = np.bincount(person[now], minlength=person.max() + 1)[person[now]]
        enough = np.minimum(1.0, able[book.contracts.segment[customer[now]]] / accounts)
        coverage[customer[now], column] = enough
    return coverage
