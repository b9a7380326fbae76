"""A month of the customers of a segment, side by side: growth, renewals, departures and returns.

As with deals in ``months``, each round takes one event of every customer that has one, sorted into lists by
its kind.

They are simulated in step because who is still there decides how far the people after the sale go round, and
how far they go round decides who stays; and because advocates refer new deals.
"""

import numpy as np
from numba import njit

from simulator.kernels.batch import draw_first, draw_for, wait_for
from simulator.kernels.customers.accounts import (
    DUE_NOW,
    GROWING,
    GROWS,
    HAPPENING,
    ODDS,
    REDRAWN,
    RETURNING,
    SELLS,
    SLOWER,
)
from simulator.kernels.customers.advocates import add_advocate, remove_advocate
from simulator.kernels.customers.customer import (
    EFFECT_CHURN,
    EFFECT_TIME_TO_VALUE,
    band_of,
    change_chance,
    grow,
    later,
    renew,
    stay,
    with_odds,
)
from simulator.kernels.customers.flows import (
    BOOKINGS_EXPANSION,
    BOOKINGS_RENEWAL,
    CHURN,
    CONTRACTION,
    DUE,
    FIRST_DRIVER,
    FIRST_SOLD,
    N_CHURNED,
    N_DUE,
    N_EXPANSIONS,
    N_REACTIVATED,
    REACTIVATION,
)
from simulator.kernels.jit import CALLED, NONE, PART, at
from simulator.kernels.random import CUSTOMER, GROWTH, RENEWAL, WORKED, block, exponential


@njit(**CALLED)
def start_customers(plan, luck, book, first, n_listed):
    """Draw what the customers listed last need from the start.

    Parameters
    ----------
    plan : CustomerPlan
    luck : Luck
    book : Book
        Its accounts are written, its advocates added to.
    first, n_listed : int
        The first customer that has not begun, and how many are listed.
    """
    draw, segment, n = luck.draw, book.segment, n_listed - first
    accounts, cover, advocates = book.accounts, book.cover, book.advocates
    begun, uniform = accounts.lists[HAPPENING], accounts.uniform
    for place in range(n):
        begun[place] = first + place
    churns, delays = plan.churn[draw], plan.time_to_value[draw, segment]
    growth_rates = plan.growth_rate[draw, segment]
    draw_first(accounts, luck, begun, n, CUSTOMER)
    for place in range(n):
        row, start = accounts.row[begun[place]], accounts.event_time[begun[place]]
        churn = churns[row.churn_row, at(uniform[0, place] * churns.shape[1])]
        to_value = delays[at(uniform[1, place] * delays.shape[0])]
        if plan.month_effect.shape[0] > 0:
            to_value *= plan.month_effect[segment, int(start), EFFECT_TIME_TO_VALUE]
        if cover.shape[0] > 0:
            to_value *= cover[segment, int(start), SLOWER]
        pace = 1.0
        if plan.promises.shape[0] > 0:
            promised = plan.promises[segment, row.promise]
            churn = with_odds(churn, promised[0])
            pace = promised[1]
            to_value *= promised[2]
        row.churn, row.pace, row.value_time = churn, pace, row.value_time + to_value
        row.u_churn, row.u_return = uniform[2, place], uniform[3, place]
        row.kept, row.unchanged = 1.0, 1.0
        row.n_returns, row.n_growths, row.n_changes = 0, 0, 0
    draw_for(accounts, luck, begun, n, RENEWAL)
    for place in range(n):
        row = accounts.row[begun[place]]
        row.u_change, row.u_kind = uniform[0, place], uniform[1, place]
        row.next_change, row.next_kind = uniform[2, place], uniform[3, place]
    wait_for(accounts, luck, begun, n, GROWTH)
    for place in range(n):
        slot = begun[place]
        row, start = accounts.row[slot], accounts.event_time[slot]
        row.u_pick, row.next_wait, row.next_pick = uniform[1, place], uniform[2, place], uniform[3, place]
        is_there = accounts.arr[slot] > 0.0
        rate = row.pace * growth_rates[band_of(plan, segment, accounts.arr[slot] if is_there else row.former)]
        row.growth_time = later(plan, segment, max(start, row.value_time), uniform[0, place], rate)
        row.advocate_since = row.value_time if is_there and row.renewed >= plan.advocate_after else np.inf
        if advocates.shape[0] > 0:
            add_advocate(advocates, segment, row.advocate_since, plan.start, 0)
        if not is_there:
            accounts.renewal_time[slot] = returns_at(plan, draw, segment, start, row.u_return)
        accounts.event_time[slot] = min(row.growth_time, accounts.renewal_time[slot])


@njit(**PART)
def returns_at(plan, draw, segment, time, u):
    """Return when a customer that is away comes back; infinite: never."""
    rate = plan.return_rate[draw, segment]
    return time + exponential(u) / rate if rate > 0.0 else np.inf


@njit(**CALLED)
def advance_customers(plan, luck, book, end, n_listed):
    """Simulate the customers listed through a month, up to a time.

    Parameters
    ----------
    plan : CustomerPlan
    luck : Luck
    book : Book
        Its accounts are written, its flows and advocates added to.
    end : float
        In months; what happens then happens later.
    n_listed : int
    """
    happening, event_time = book.accounts.lists[HAPPENING], book.accounts.event_time
    n = NONE
    for slot in range(n_listed):
        happening[at(n)] = slot
        n += int(event_time[slot] < end)
    while n > 0:
        n = next_events(plan, luck, book, end, n)


@njit(**CALLED)
def next_events(plan, luck, book, end, n):
    """Let what is next happen to each customer listed; return to how many more happens before the end."""
    accounts = book.accounts
    happening, event_time = accounts.lists[HAPPENING], accounts.event_time
    n_growing, n_due, n_returning = sort_events(accounts, n)
    grow_all(plan, luck, book, n_growing)
    fall_due(plan, luck, book, n_due)
    for place in range(n_returning):
        come_back(plan, luck, book, accounts.lists[RETURNING, place])
    n_left = NONE
    for place in range(n):
        slot = happening[place]
        event_time[slot] = min(accounts.row[slot].growth_time, accounts.renewal_time[slot])
        happening[at(n_left)] = slot
        n_left += int(event_time[slot] < end)
    return n_left


@njit(**PART)
def sort_events(accounts, n):
    """List by kind what happens next to customers; return how many grow, are due, and come back."""
    lists = accounts.lists
    n_growing, n_due, n_returning = NONE, NONE, NONE
    for place in range(n):
        slot = lists[HAPPENING, place]
        grows = int(accounts.row[slot].growth_time < accounts.renewal_time[slot])
        if accounts.arr[slot] == 0.0 and grows == 0:
            lists[RETURNING, n_returning] = slot
            n_returning += 1
            continue
        lists[GROWING, at(n_growing)], lists[DUE_NOW, at(n_due)] = slot, slot
        n_growing += grows
        n_due += 1 - grows
    return n_growing, n_due, n_returning


@njit(**PART)
def grow_all(plan, luck, book, n):
    """Let customers grow, where the growth happens or the deal is signed, and draw when they do next."""
    accounts, cover, segment, month = book.accounts, book.cover, book.segment, book.month
    lists, uniform, flows = accounts.lists, accounts.uniform, book.flows
    signed_arr, n_signed, n_redrawn = 0.0, 0, NONE
    is_missed = cover.shape[0] > 0 and min(cover[segment, month, GROWS], cover[segment, month, SELLS]) < 1.0
    if is_missed:
        for place in range(n):
            accounts.occurrence[place] = np.uint64(accounts.row[lists[GROWING, place]].n_growths)
        draw_for(accounts, luck, lists[GROWING], n, WORKED)
    for place in range(n):
        slot = lists[GROWING, place]
        row, arr = accounts.row[slot], accounts.arr[slot]
        driver, growth = grow(plan, luck.draw, segment, row.growth_time, row.value_time, arr, row.u_pick)
        if is_missed:
            share = cover[segment, month, SELLS if driver >= FIRST_SOLD else GROWS]
            growth = growth if uniform[0, place] < share else 0.0
        accounts.arr[slot] = arr + growth
        flows[FIRST_DRIVER + driver] += growth
        signed = growth if driver >= FIRST_SOLD else 0.0
        row.signed += signed
        signed_arr += signed
        n_signed += int(signed > 0.0)
        n_growths = row.n_growths + 1
        row.n_growths, row.wait, row.u_pick = n_growths, row.next_wait, row.next_pick
        lists[REDRAWN, at(n_redrawn)] = slot
        accounts.occurrence[at(n_redrawn)] = np.uint64(n_growths // 2)
        n_redrawn += (n_growths & 1) ^ 1
    flows[BOOKINGS_EXPANSION] += signed_arr
    flows[N_EXPANSIONS] += n_signed
    wait_for(accounts, luck, lists[REDRAWN], n_redrawn, GROWTH)
    for place in range(n_redrawn):
        row = accounts.row[lists[REDRAWN, place]]
        row.wait, row.u_pick = uniform[0, place], uniform[1, place]
        row.next_wait, row.next_pick = uniform[2, place], uniform[3, place]
    for place in range(n):
        slot = lists[GROWING, place]
        row, arr = accounts.row[slot], accounts.arr[slot]
        band = band_of(plan, segment, arr if arr > 0.0 else row.former)
        rate = row.pace * plan.growth_rate[luck.draw, segment, band]
        row.growth_time = later(plan, segment, row.growth_time, row.wait, rate)


@njit(**PART)
def fall_due(plan, luck, book, n):
    """Renew the customers whose term ends, or let them go."""
    accounts, cover, advocates, flows = book.accounts, book.cover, book.advocates, book.flows
    segment, month, lists = book.segment, book.month, accounts.lists
    odds = plan.month_effect[segment, month, EFFECT_CHURN] if plan.month_effect.shape[0] > 0 else 1.0
    if cover.shape[0] > 0:
        odds *= cover[segment, month, ODDS]
    due, renewed, grown = 0.0, 0.0, 0.0
    # With branches: few go, or change.
    for place in range(n):
        slot = lists[DUE_NOW, place]
        row, arr = accounts.row[slot], accounts.arr[slot]
        due += arr
        churn = row.churn if odds == 1.0 else with_odds(row.churn, odds)
        row.kept *= stay(plan, row.law, row.renewed, churn)
        row.unchanged *= 1.0 - change_chance(plan, luck.draw, segment, row.law, month)
        if row.u_churn >= row.kept:
            leave(plan, luck.draw, book, slot)
            continue
        if row.u_change >= row.unchanged:
            change(plan, luck, book, slot)
            arr = accounts.arr[slot]
        time = accounts.renewal_time[slot]
        renewed += np.rint(min(row.signed, arr) * row.year_share)
        grown += max(0.0, arr - row.signed)
        row.signed = arr
        accounts.renewal_time[slot] = time + row.term
        row.renewed += 1
        if row.advocate_since == np.inf:
            row.advocate_since = max(time, row.value_time)
            if advocates.shape[0] > 0:
                add_advocate(advocates, segment, row.advocate_since, plan.start, book.read)
    flows[DUE] += due
    flows[N_DUE] += n
    flows[BOOKINGS_RENEWAL] += renewed
    flows[BOOKINGS_EXPANSION] += grown


@njit(**PART)
def leave(plan, draw, book, slot):
    """Let a customer go; it may return."""
    accounts, advocates, segment = book.accounts, book.advocates, book.segment
    row, time, arr = accounts.row[slot], accounts.renewal_time[slot], accounts.arr[slot]
    book.flows[CHURN] += arr
    book.flows[N_CHURNED] += 1.0
    row.former, accounts.arr[slot] = arr, 0.0
    if advocates.shape[0] > 0:
        remove_advocate(advocates, segment, row.advocate_since, time, plan.start, book.read)
    row.advocate_since = np.inf
    accounts.renewal_time[slot] = returns_at(plan, draw, segment, time, row.u_return)


@njit(**PART)
def change(plan, luck, book, slot):
    """Contract a customer that renews, or raise its price; and draw at which renewal it changes next."""
    accounts = book.accounts
    row, time, arr = accounts.row[slot], accounts.renewal_time[slot], accounts.arr[slot]
    premium = plan.premium if row.advocate_since <= time else 1.0
    contraction, rise = renew(plan, luck.draw, book.segment, row.law, book.month, arr, row.u_kind, premium)
    # A contraction never takes the last cent: that would be churn.
    contraction = min(contraction, arr - 1.0)
    accounts.arr[slot] = arr + rise - contraction
    book.flows[CONTRACTION] += contraction
    book.flows[FIRST_DRIVER] += rise
    row.n_changes += 1
    row.unchanged, row.u_change, row.u_kind = 1.0, row.next_change, row.next_kind
    if row.n_changes % 2 == 0:
        row.u_change, row.u_kind, row.next_change, row.next_kind = block(
            luck.seed, luck.path, accounts.key[slot], np.uint64(row.n_changes // 2), RENEWAL
        )


@njit(**PART)
def come_back(plan, luck, book, slot):
    """Let a customer return with a share of the ARR that it left with, on a new term."""
    accounts, advocates, flows, segment = book.accounts, book.advocates, book.flows, book.segment
    row, time, n_slices = accounts.row[slot], accounts.renewal_time[slot], plan.return_size.shape[2]
    row.n_returns += 1
    u_size, _, u_churn, u_return = block(
        luck.seed, luck.path, accounts.key[slot], np.uint64(row.n_returns), CUSTOMER
    )
    size = plan.return_size[luck.draw, segment, int(u_size * n_slices)]
    arr = max(1.0, np.rint(row.former * size))
    accounts.arr[slot], row.signed, row.kept, row.renewed = arr, arr, 1.0, 0
    row.u_churn, row.u_return = u_churn, u_return
    flows[REACTIVATION] += arr
    flows[N_REACTIVATED] += 1.0
    flows[BOOKINGS_RENEWAL] += np.rint(arr * row.year_share)
    accounts.renewal_time[slot] = time + row.term
    if plan.advocate_after == 0:
        row.advocate_since = max(time, row.value_time)
        if advocates.shape[0] > 0:
            add_advocate(advocates, segment, row.advocate_since, plan.start, book.read)
