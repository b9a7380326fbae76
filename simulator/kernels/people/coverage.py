"""How far the people after the sale go round, month by month, and what that does to their customers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from simulator.arrays import Floats, Ints
from simulator.kernels.customers.accounts import N_TARGETS
from simulator.kernels.jit import CALLED, PART

AE = 0
"""The first role: account executives, whose heads are those of the capacity plan."""
N_ACTIVITIES = 4
BY_HOURS, BY_ACCOUNTS, BY_ARR = range(3)
HEADS, RAMPED, ASKED, DONE, N_OF_ROLE = range(5)
N_OF_ACTIVITY = 3


class PeoplePlan(NamedTuple):
    """Who looks after customers; cells run over (role, segment). No rows in ``worst``: nobody does."""

    seat_segment: Ints
    """(seat,) cell of the seat."""
    seat_key: npt.NDArray[np.uint64]
    """(seat,) key of its draws."""
    seat_start: Ints
    """(seat,) month of hire; negative for those employed at as_of."""
    seat_delay_cdf: Floats
    """(seat, months) how much later than planned the seat is filled."""
    seat_leaves: Floats
    """(draw, seat) chance a month that whoever holds the seat leaves."""
    backfill_cdf: Floats
    """(cell, months) months from a departure to the next start."""
    ramp: Floats
    """(draw, cell, month of tenure) productivity as a share of a ramped head."""
    kind: Ints
    """(role, segment) what the role's capacity counts: hours, accounts or ARR."""
    capacity: Floats
    """(role, segment) of a ramped head: hours a month, accounts, or cents of ARR."""
    load: Floats
    """(role, segment) what the role does of what its book was stated for; not used with hours."""
    customer_time: Floats
    """(segment,) most of their time that account executives give to customers."""
    share: Floats
    """(segment, activity, role) share of the work that the role does; what is missing nobody does."""
    quality: Floats
    """(segment, activity, role) what an hour of the role is worth next to one of the best."""
    work: Floats
    """(segment, activity, 4) hours: a month for each account, once for each new one, for each contract that
    is due, for each expansion deal there is to be signed."""
    deal_rate: Floats
    """(draw, segment) expansion deals to be signed per account and month."""
    worst: Floats
    """(draw, segment, activity, target) factor where the activity is not done."""


def n_measures(n_roles: int) -> int:
    """Return how many measures of roles and activities there are for each quarter and segment."""
    return n_roles * N_OF_ROLE + N_ACTIVITIES * N_OF_ACTIVITY if n_roles else 0


@njit(**PART)
def count_book(accounts, n_listed, month):
    """Return accounts, ARR in cents, contracts due and new accounts of the last month, at a month's start."""
    n_accounts, arr, n_due, n_new = 0, 0.0, 0, 0
    for slot in range(n_listed):
        is_there = accounts.arr[slot] > 0.0
        n_accounts += int(is_there)
        arr += accounts.arr[slot]
        n_due += int(is_there and accounts.renewal_time[slot] < month + 1.0)
        n_new += int(is_there and accounts.since[slot] > month - 1.0)
    return float(n_accounts), arr, float(n_due), float(n_new)


@njit(**PART)
def coverage_of_role(people, role, segment, ramped, book, asked, length):
    """Return the share of the work asked of a role that it can do.

    Parameters
    ----------
    people : PeoplePlan
    role, segment : int
    ramped : float64
        Ramped heads.
    book : tuple of float64
        Accounts and ARR in cents.
    asked : float64
        Hours asked of the role in the month.
    length : float64
        Share of the month that is simulated.
    """
    if asked <= 0.0:
        return 1.0
    kind, able = people.kind[role, segment], ramped * people.capacity[role, segment]
    if kind == BY_HOURS:
        able *= length
        if role == AE:
            able *= people.customer_time[segment]
        need = asked
    elif kind == BY_ACCOUNTS:
        need = book[0] * people.load[role, segment]
    else:
        need = book[1] * people.load[role, segment]
    return 1.0 if able >= need else able / need


@njit(**CALLED)
def cover_month(people, draw, workspace, out, segment, month, n_listed, length):
    """Work out a segment's coverage in a month from its book at the month's start.

    Parameters
    ----------
    people : PeoplePlan
    draw : int
    workspace : Workspace
        Its accounts and heads are read, its coverage of the month is filled.
    out : ndarray of float64, shape (measure,)
        Of the quarter and segment; added to.
    segment, month, n_listed : int
    length : float
        Share of the month that is simulated.

    Returns
    -------
    taken : float64
        Share of the account executives' time that customers take.
    """
    hours, reached, cover = workspace.hours, workspace.reached, workspace.cover[segment, month]
    n_accounts, arr, n_due, n_new = count_book(workspace.accounts, n_listed, month)
    n_deals = n_accounts * people.deal_rate[draw, segment] * length
    n_roles, n_segments = people.kind.shape
    for target in range(N_TARGETS):
        cover[target] = 1.0
    for activity in range(N_ACTIVITIES):
        hours[activity] = (
            people.work[segment, activity, 0] * n_accounts * length
            + people.work[segment, activity, 1] * n_new
            + people.work[segment, activity, 2] * n_due
            + people.work[segment, activity, 3] * n_deals
        )
        reached[activity] = 0.0
        first = n_roles * N_OF_ROLE + activity * N_OF_ACTIVITY
        out[first] += hours[activity]
    taken = 0.0
    for role in range(n_roles):
        cell = role * n_segments + segment
        heads = workspace.heads[segment, month] if role == AE else workspace.role_heads[cell, month]
        ramped = workspace.ramped[segment, month] if role == AE else workspace.role_ramped[cell, month]
        asked = 0.0
        for activity in range(N_ACTIVITIES):
            asked += people.share[segment, activity, role] * hours[activity]
        kappa = coverage_of_role(people, role, segment, ramped, (n_accounts, arr), asked, length)
        if role == AE and asked > 0.0 and ramped > 0.0:
            taken = min(1.0, kappa * asked / (ramped * people.capacity[role, segment] * length))
        first = role * N_OF_ROLE
        out[first + HEADS] += heads
        out[first + RAMPED] += ramped
        out[first + ASKED] += asked
        out[first + DONE] += kappa * asked
        for activity in range(N_ACTIVITIES):
            part = people.share[segment, activity, role] * kappa
            reached[activity] += part * people.quality[segment, activity, role]
            out[n_roles * N_OF_ROLE + activity * N_OF_ACTIVITY + 1] += part * hours[activity]
    for activity in range(N_ACTIVITIES):
        missing = max(0.0, 1.0 - reached[activity])
        first = n_roles * N_OF_ROLE + activity * N_OF_ACTIVITY
        out[first + 2] += reached[activity] * hours[activity]
        for target in range(N_TARGETS):
            cover[target] *= people.worst[draw, segment, activity, target] ** missing
    return taken
