"""Whole paths: open deals simulated to their end, new deals taken up by reps, wins turned into customers."""

import math

import numpy as np
from numba import njit

from simulator.kernels.batch import ACTIVE, TAKEN, copy_list, release
from simulator.kernels.batch import WON as WINS
from simulator.kernels.customers.accounts import Book, close_quarter, list_book, list_won
from simulator.kernels.customers.lifetimes import advance_customers, start_customers
from simulator.kernels.deals.months import set_factors
from simulator.kernels.deals.new_deals import (
    arrive,
    assign_to_rep,
    enter_segment,
    lay_open_deals,
)
from simulator.kernels.deals.parameters import parameters_of
from simulator.kernels.deals.queue import Month
from simulator.kernels.deals.working import Counts, work_month
from simulator.kernels.flows import (
    BUSY_DAYS,
    RAMPED_REP_MONTHS,
    REP_MONTHS,
    SLOT_DAYS,
    WAITING_DAYS,
    WON_REFERRED,
)
from simulator.kernels.jit import CALLED, NONE, PART
from simulator.kernels.people.capacity import slots_of, speed_of, staff
from simulator.kernels.people.coverage import cover_month


@njit(**PART)
def count_reps(workspace, segment, power):
    """Add the reps of a segment to the flows, and note what they count for at sourcing SALs."""
    flows, ramped = workspace.flows, workspace.ramped[segment]
    for month in range(flows.shape[0]):
        flows[month, segment, REP_MONTHS] += workspace.heads[segment, month]
        flows[month, segment, RAMPED_REP_MONTHS] += ramped[month]
        workspace.sourcing[segment, month] = ramped[month] ** power if ramped[month] > 0.0 else 0.0


@njit(**PART)
def share_attention(workspace, month, load):
    """Add to the flows of a month how much attention a segment's deals share; return their speed."""
    flows, attention = workspace.flows[month.number, month.segment], workspace.slots[month.number]
    days, speed = month.end - month.start, speed_of(attention, load)
    flows[SLOT_DAYS] += attention * days
    flows[BUSY_DAYS] += speed * load * days
    flows[WAITING_DAYS] += (1.0 - speed) * load * days
    return speed


@njit(**PART)
def note_wins(lists, deals, open_deals, flows, quarter, n_won):
    """Note which open deals and which referred ones are won in a month."""
    referred, (open_won, open_wins) = 0.0, open_deals
    for number in range(n_won):
        deal = deals[lists[WINS, number]]
        referred += deal.signed if deal.referred == 1 else 0.0
        if deal.index >= 0:
            won = open_won[deal.index]
            won[0], won[1], won[2] = deal.signed, quarter, deal.time
            open_wins[deal.index, quarter] += 1
    flows[WON_REFERRED] += referred


@njit(**PART)
def simulate_path(plans, luck, workspace):
    """Simulate one path and add it to the workspace; return whether there was room for it.

    Segment by segment, month by month: what people can do for the customers there are; the deals in work,
    and the SALs in the order in which they come, each taken up when a slot is free and all before it have
    been served or have given up; what the wins become; then the customers.

    Parameters
    ----------
    plans : Plans
        Customers of as_of in the order of the segments.
    luck : Luck
    workspace : Workspace
        Its shock is given; everything else is added to or overwritten.
    """
    for segment in range(workspace.advocates.shape[0]):
        for month in range(workspace.advocates.shape[1]):
            workspace.advocates[segment, month] = 0.0
    staff(plans.capacity, luck, workspace.heads, workspace.ramped)
    if plans.people.worst.shape[0] > 0:
        staff(plans.people, luck, workspace.role_heads, workspace.role_ramped)
    n_before = NONE
    for segment in range(workspace.flows.shape[1]):
        n_book = simulate_segment(plans, luck, workspace, segment, n_before)
        if n_book < 0:
            return False
        n_before += n_book
    return True


@njit(**PART)
def simulate_segment(plans, luck, workspace, segment, n_before):
    """Simulate a segment; return how many customers of as_of it has, -1 without room for all.

    ``n_before``: customers of the segments before it.
    """
    plan, capacity, batch, n_book = plans.deals, plans.capacity, workspace.batch, NONE
    parameters = parameters_of(plan, luck.draw, segment, workspace.shock)
    count_reps(workspace, segment, capacity.sourcing_power[luck.draw, segment])
    shares = find_slots(capacity, luck, workspace, segment)
    if plans.customers.terms.shape[0] > 0:
        n_book = list_book(plans.customers, workspace.accounts, segment, n_before)
    n_free = enter_segment(plan, luck.draw, batch, segment)
    at_first = np.inf if shares else workspace.slots[0]
    n_free, n_active, n_queue = lay_open_deals(
        plan, capacity.open_order, luck, batch, segment, at_first, n_free
    )
    if n_book < 0 or n_free < 0:
        return -1
    assign_to_rep(parameters, luck, batch, NONE, n_active)
    copy_list(batch.lists, TAKEN, n_active, ACTIVE, NONE)
    counts, n_listed, n_advocates = Counts(n_active, NONE, n_queue, n_free), n_book, 0.0
    for month in range(plan.month_end.shape[0]):
        n_advocates += begin_month(plans, luck, workspace, segment, month, n_listed)
        n_free, n_new = arrive(
            plan, luck, workspace, segment, month, n_advocates, counts.n_queue, counts.n_free
        )
        if n_free < 0:
            return -1
        counts = Counts(counts.n_active, counts.n_signing, counts.n_queue, n_free)
        load = counts.n_active + counts.n_signing + 0.5 * n_new
        now = month_of(plan, workspace, segment, month, shares, capacity.patience[luck.draw, segment])
        speed = share_attention(workspace, now, load) if shares else 1.0
        quarter = (month + plan.first_month_of_quarter) // 3
        set_factors(parameters, workspace.shock[quarter, 0], speed, batch, month)
        counts, n_won = work_month(luck, workspace, parameters, now, counts, n_new)
        won = workspace.open_won, workspace.open_wins
        note_wins(batch.lists, batch.deal, won, workspace.flows[month, segment], quarter, n_won)
        n_listed = end_month(plans.customers, luck, workspace, segment, month, n_listed, n_won)
        if n_listed < 0:
            return -1
        n_free = release(batch, counts.n_free, WINS, n_won)
        counts = Counts(counts.n_active, counts.n_signing, counts.n_queue, n_free)
    return n_book


@njit(**PART)
def find_slots(capacity, luck, workspace, segment):
    """Fill a segment's slots, infinite without a limit; return whether its deals share attention instead."""
    slots = workspace.slots
    if capacity.limited[segment] == 0:
        for month in range(slots.shape[0]):
            slots[month] = np.inf
        return False
    slots_of(capacity, luck, segment, workspace.ramped[segment], slots, NONE, 1.0)
    return capacity.shared[segment] == 1 and not math.isinf(slots[0])


@njit(**CALLED)
def begin_month(plans, luck, workspace, segment, month, n_listed):
    """Let people serve a segment's customers in a month; return how many advocates it has gained."""
    customers, people = plans.customers, plans.people
    if people.worst.shape[0] > 0:
        length = 1.0 - customers.start if month == 0 else 1.0
        measures = workspace.people[(month + plans.deals.first_month_of_quarter) // 3, segment]
        taken = cover_month(people, luck.draw, workspace, measures, segment, month, n_listed, length)
        if plans.capacity.limited[segment] == 1:
            left = 1.0 - taken
            slots_of(plans.capacity, luck, segment, workspace.ramped[segment], workspace.slots, month, left)
    book = book_of(workspace, segment, month, month)
    if customers.terms.shape[0] > 0 and month == 0:
        # Once the first month's coverage is known, and before anybody refers deals.
        start_customers(customers, luck, book, NONE, n_listed)
    if workspace.advocates.shape[0] == 0:
        return 0.0
    # Who leaves at the very moment that the month begins refers nobody in it.
    advance_customers(customers, luck, book, math.nextafter(float(month), np.inf), n_listed)
    return workspace.advocates[segment, month]


@njit(**CALLED)
def end_month(plan, luck, workspace, segment, month, n_listed, n_won):
    """List the customers won in a month and simulate all to its end; return their number, -1 without room."""
    if plan.terms.shape[0] == 0:
        return n_listed
    book, n_before = book_of(workspace, segment, month, month + 1), n_listed
    n_listed = list_won(plan, luck, book, workspace.batch, n_won, n_before)
    if n_listed < 0:
        return n_listed
    start_customers(plan, luck, book, n_before, n_listed)
    advance_customers(plan, luck, book, float(month + 1), n_listed)
    in_quarter = month + plan.first_month_of_quarter
    if month + 1 == plan.month_end.shape[0] or in_quarter % 3 == 2:
        close_quarter(workspace.accounts, n_listed, in_quarter // 3, workspace.cohort[segment])
    return n_listed


@njit(**PART)
def book_of(workspace, segment, month, read):
    """Return the customers of a segment in a month."""
    flows = workspace.arr_flows[month, segment]
    return Book(workspace.accounts, workspace.cover, workspace.advocates, flows, segment, month, read)


@njit(**PART)
def month_of(plan, workspace, segment, month, shares, patience):
    """Return what those who wait need of a month; note its slots where they are limited."""
    start, end = (plan.month_end[month - 1] if month > 0 else 0.0), plan.month_end[month]
    slots = np.inf if shares else workspace.slots[month]
    if not math.isinf(slots):
        workspace.flows[month, segment, SLOT_DAYS] += slots * (end - start)
    return Month(month, start, end, plan.month_end, segment, slots, patience)
