"""The customers of a segment side by side: who there is, who joins, and what each pays at a quarter's end.

``lifetimes`` simulates them, a month at a time together.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from simulator.arrays import Floats
from simulator.kernels.batch import WON, draw_first
from simulator.kernels.customers.customer import LONG_AGO, N_TERM_CLASSES, YEAR_QUARTERS, start_in_month
from simulator.kernels.customers.flows import N_NEW, NEW
from simulator.kernels.jit import CALLED, PART
from simulator.kernels.random import TERM, search
from simulator.kernels.simd import WIDTH, aligned

CUSTOMER_ROW = np.dtype(
    [
        ("kept", "f8"), ("unchanged", "f8"), ("churn", "f8"), ("u_churn", "f8"), ("year_share", "f8"),
        ("u_change", "f8"), ("signed", "f8"), ("term", "f8"), ("growth_time", "f8"), ("wait", "f8"),
        ("pace", "f8"), ("u_pick", "f8"), ("value_time", "f8"), ("next_wait", "f8"),
        ("next_pick", "f8"), ("n_growths", "i4"), ("law", "u4"), ("advocate_since", "f8"), ("u_return", "f8"),
        ("former", "f8"), ("u_kind", "f8"), ("next_change", "f8"), ("next_kind", "f8"), ("n_changes", "i2"),
        ("n_returns", "i2"), ("churn_row", "u4"), ("promise", "u4"), ("renewed", "i4"),
    ],
    align=True,
)  # fmt: skip
"""A customer. ``kept``, ``unchanged``: product of its chances so far to stay, and to renew as it was;
``churn``: its chance to go at a renewal. ``year_share``: how much of a year a term signs, at most all.
``signed``: its ARR under contract, ``former``: at churn. ``pace``: factor on its growth. ``next_*``: what it
has drawn for the growth, or the change, after the next. What is read at every renewal comes first: it fills
one line of the processor's cache, as growth does the next."""

ODDS, SLOWER, GROWS, SELLS, N_TARGETS = range(5)
"""What coverage does: factor on the odds to churn, factor on the time to value, share of growth by itself
that happens, share of expansion deals that is signed."""

HAPPENING, GROWING, DUE_NOW, RETURNING, REDRAWN, N_LISTS = range(6)
"""Lists of a round: all to whom something happens, then by what it is."""


class Accounts(NamedTuple):
    """Room for customers, and what the sweeps over all of them read."""

    key: npt.NDArray[np.uint64]
    """(account,) key of the customer's draws."""
    event_time: Floats
    """(account,) when something happens next. Unit: months."""
    renewal_time: Floats
    """(account,) its next renewal; while it is away, its return."""
    arr: Floats
    """(account,) cents; 0 while it is away."""
    since: Floats
    """(account,) when it became a customer."""
    quarter_arr: Floats
    """(4 + quarter, account) cents at the end of each quarter, the four before the first one included."""
    row: npt.NDArray[np.void]
    """(account,) of ``CUSTOMER_ROW``."""
    lists: npt.NDArray[np.uint32]
    """(N_LISTS, account) the work of a round."""
    occurrence: npt.NDArray[np.uint64]
    """(account,) space: which of its draws each customer of a list takes."""
    space: npt.NDArray[np.uint64]
    """(account,) space: keys of a list of customers."""
    uniform: Floats
    """(4, account) space: the draws of a list of customers."""


class Book(NamedTuple):
    """The customers of a segment in a month, and what happens to them is added to."""

    accounts: Accounts
    cover: Floats
    """(segment or 0, month, 4) what coverage does."""
    advocates: Floats
    """(segment or 0, month + 1) change of the number of advocates; no rows: nobody asks."""
    flows: Floats
    """(flow,) of the month and segment."""
    segment: int
    month: int
    read: int
    """Months whose advocates have been counted."""


def open_accounts(n_accounts: int, n_quarters: int) -> Accounts:
    """Return room for at least this many customers."""
    n_accounts = -(-n_accounts // WIDTH) * WIDTH
    return Accounts(
        key=np.zeros(n_accounts, dtype=np.uint64),
        event_time=np.zeros(n_accounts),
        renewal_time=np.zeros(n_accounts),
        arr=np.zeros(n_accounts),
        since=np.zeros(n_accounts),
        quarter_arr=np.zeros((YEAR_QUARTERS + n_quarters, n_accounts)),
        row=aligned((n_accounts,), CUSTOMER_ROW),
        lists=np.zeros((N_LISTS, n_accounts), dtype=np.uint32),
        occurrence=np.zeros(n_accounts, dtype=np.uint64),
        space=np.zeros(n_accounts, dtype=np.uint64),
        uniform=np.zeros((4, n_accounts)),
    )


@njit(**CALLED)
def list_book(plan, accounts, segment, first):
    """List the customers that a segment has at as_of, from the first on that is not listed yet.

    They stand in the order of the segments. Returns how many they are, -1 where there is no room for all.
    """
    slot = 0
    while first + slot < plan.entity.shape[0] and plan.state[first + slot, 0] == segment:
        if slot == accounts.key.shape[0]:
            return -1
        index = first + slot
        state, time, money, row = plan.state[index], plan.time[index], plan.money[index], accounts.row[slot]
        accounts.key[slot] = plan.entity[index]
        accounts.event_time[slot], accounts.renewal_time[slot] = plan.start, time[0]
        accounts.since[slot] = LONG_AGO
        accounts.arr[slot], row.signed, row.former = money[0], money[1], money[2]
        row.law, row.churn_row, row.term, row.renewed = state[1], state[2], float(state[3]), state[4]
        row.year_share = min(row.term, 12.0) / 12.0
        row.value_time, row.promise = time[1], 0
        for quarter in range(YEAR_QUARTERS):
            accounts.quarter_arr[quarter, slot] = plan.base[index, quarter]
        slot += 1
    return slot


@njit(**CALLED)
def list_won(plan, luck, book, batch, n_wins, n_listed):
    """List the customers that a month's wins become; return how many are listed, -1 without room for all.

    What is worth less than a cent a year becomes no customer.
    """
    accounts, segment, month, wins = book.accounts, book.segment, book.month, batch.lists[WON]
    if n_listed + n_wins > accounts.key.shape[0]:
        return -1
    n_terms = plan.terms.shape[0]
    if n_terms > 1:
        draw_first(batch, luck, wins, n_wins, TERM)
    quarter = (month + plan.first_month_of_quarter) // 3
    n_before, new_arr = n_listed, 0.0
    for number in range(n_wins):
        entry = wins[number]
        deal, row, slot = batch.deal[entry], accounts.row[n_listed], n_listed
        arr = np.rint(deal.signed * plan.arr_per_amount[luck.draw, segment])
        option = search(plan.term_cdf[segment], batch.uniform[0, number]) if n_terms > 1 else 0
        term, time = float(plan.terms[option]), start_in_month(plan, deal.time, month)
        accounts.key[slot] = batch.key[entry]
        accounts.event_time[slot], accounts.renewal_time[slot], accounts.since[slot] = time, time + term, time
        accounts.arr[slot], row.signed, row.former = arr, arr, arr
        law = segment * N_TERM_CLASSES + plan.term_classes[option]
        row.law, row.churn_row, row.term, row.renewed = law, law, term, 0
        row.year_share = min(term, 12.0) / 12.0
        row.value_time, row.promise = time, 2 * deal.concession + deal.gated
        for place in range(quarter, YEAR_QUARTERS + quarter):
            accounts.quarter_arr[place, slot] = 0.0
        new_arr += arr
        n_listed += int(arr >= 1.0)
    book.flows[NEW] += new_arr
    book.flows[N_NEW] += n_listed - n_before
    return n_listed


@njit(**PART)
def close_quarter(accounts, n_listed, quarter, cohort):
    """Note what each customer pays at a quarter's end, and add it up next to 12 months before.

    Parameters
    ----------
    accounts : Accounts
    n_listed : int
        Customers listed.
    quarter : int
    cohort : ndarray of float64, shape (5, quarter)
        Filled, in the order of the ``cohort`` flows.
    """
    base_arr, kept_arr, least, n_base, n_kept = 0.0, 0.0, 0.0, 0, 0
    before, after = accounts.quarter_arr[quarter], accounts.quarter_arr[YEAR_QUARTERS + quarter]
    for slot in range(n_listed):
        base, now = before[slot], accounts.arr[slot]
        after[slot] = now
        was = base > 0.0
        base_arr += base
        kept_arr += now if was else 0.0
        least += min(base, now)
        n_base += int(was)
        n_kept += int(was and now > 0.0)
    cohort[0, quarter] += base_arr
    cohort[1, quarter] += kept_arr
    cohort[2, quarter] += least
    cohort[3, quarter] += n_base
    cohort[4, quarter] += n_kept
