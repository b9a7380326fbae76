"""Whole paths: open deals simulated to their end, new deals taken up by reps, wins turned into customers."""

import math

import numpy as np
from numba import njit

from simulator.kernels.batch import ACTIVE, TAKEN, copy_list, release
from simulator.kernels.batch import WON as WINS
from simulator.kernels.customers.accounts import close_quarter, list_book, list_won
from simulator.kernels.customers.lifetimes import advance_customers, start_customers
from simulator.kernels.deals.months import set_factors
from simulator.kernels.deals.new_deals import (
    arrive,
    assign_to_rep,
    enter_segment,
    lay_open_deals,
)
from simulator.kernels.deals.parameters import parameters_of
from simulator.kernels.deals.working import work_month
from simulator.kernels.flows import (
    BUSY_DAYS,
    RAMPED_REP_MONTHS,
    REP_MONTHS,
    SLOT_DAYS,
    WAITING_DAYS,
    WON_REFERRED,
)
from simulator.kernels.jit import BODY, NONE, PART
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
def share_attention(flows, attention, load, days):
    """Add to the flows of a month how much attention a segment's deals share; return their speed."""
    speed = speed_of(attention, load)
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


@njit(**BODY)
def simulate_path(plan, capacity, customers, people, luck, workspace):
    """Simulate one path and add it to the workspace; return whether there was room for it.

    Segment by segment, month by month: what people can do for the customers there are; the deals in work,
    and the SALs in the order in which they come, each taken up when a slot is free and all before it have
    been served or have given up; what the wins become; then the customers.

    Parameters
    ----------
    plan : DealPlan
    capacity : CapacityPlan
    customers : CustomerPlan
        Those of as_of in the order of the segments.
    people : PeoplePlan
    luck : Luck
    workspace : Workspace
        Its shock is given; everything else is added to or overwritten.
    """
    month_end, flows, batch, accounts = plan.month_end, workspace.flows, workspace.batch, workspace.accounts
    n_months = month_end.shape[0]
    for segment in range(workspace.advocates.shape[0]):
        for month in range(workspace.advocates.shape[1]):
            workspace.advocates[segment, month] = 0.0
    staff(capacity, luck.seed, luck.path, luck.draw, workspace.heads, workspace.ramped)
    is_covered = people.worst.shape[0] > 0
    if is_covered:
        staff(people, luck.seed, luck.path, luck.draw, workspace.role_heads, workspace.role_ramped)
    has_customers = customers.terms.shape[0] > 0
    first_customer = NONE
    for segment in range(flows.shape[1]):
        parameters = parameters_of(plan, luck.draw, segment, workspace.shock)
        limited = capacity.limited[segment] == 1
        if limited:
            slots_of(capacity, luck, segment, workspace.ramped[segment], workspace.slots, NONE, 1.0)
        count_reps(workspace, segment, capacity.sourcing_power[luck.draw, segment])
        patience = capacity.patience[luck.draw, segment]
        n_listed, n_advocates = NONE, 0.0
        if has_customers:
            n_listed = list_book(customers, accounts, segment, first_customer)
            first_customer += n_listed
        n_free = enter_segment(plan, luck.draw, batch, segment)
        shares = limited and capacity.shared[segment] == 1 and not math.isinf(workspace.slots[0])
        at_first = workspace.slots[0] if limited and not shares else np.inf
        n_free, n_active, n_queue = lay_open_deals(
            plan, capacity.open_order, luck, batch, segment, at_first, n_free
        )
        if n_listed < 0 or n_free < 0:
            return False
        assign_to_rep(parameters, luck, batch, NONE, n_active)
        copy_list(batch.lists, TAKEN, n_active, ACTIVE, NONE)
        n_signing = NONE
        for month in range(n_months):
            quarter = (month + plan.first_month_of_quarter) // 3
            if is_covered:
                length = 1.0 - customers.start if month == 0 else 1.0
                measures = workspace.people[quarter, segment]
                taken = cover_month(people, luck.draw, workspace, measures, segment, month, n_listed, length)
                if limited:
                    left = 1.0 - taken
                    slots_of(capacity, luck, segment, workspace.ramped[segment], workspace.slots, month, left)
            if has_customers and month == 0:
                # Once the first month's coverage is known, and before anybody refers deals.
                start_customers(customers, luck, workspace, segment, NONE, n_listed)
            n_begun = n_listed
            slots, speed = np.inf, 1.0
            days = month_end[month] - (month_end[month - 1] if month > 0 else 0.0)
            if limited and not shares and not math.isinf(workspace.slots[month]):
                slots = workspace.slots[month]
                flows[month, segment, SLOT_DAYS] += slots * days
            if workspace.advocates.shape[0] > 0:
                # Who leaves at the very moment that the month begins refers nobody in it.
                begins = math.nextafter(float(month), np.inf)
                advance_customers(customers, luck, workspace, segment, month, begins, month, n_listed)
                n_advocates += workspace.advocates[segment, month]
            n_free, n_new = arrive(plan, luck, workspace, batch, segment, month, n_advocates, n_free, n_queue)
            if n_free < 0:
                return False
            if shares:
                load = n_active + n_signing + 0.5 * n_new
                speed = share_attention(flows[month, segment], workspace.slots[month], load, days)
            set_factors(parameters, workspace.shock[quarter, 0], speed, batch, month)
            n_active, n_won, n_signing, n_queue, n_free = work_month(
                luck,
                workspace,
                parameters,
                month,
                slots,
                patience,
                n_active,
                n_signing,
                n_queue,
                n_new,
                n_free,
            )
            won = workspace.open_won, workspace.open_wins
            note_wins(batch.lists, batch.deal, won, flows[month, segment], quarter, n_won)
            if has_customers:
                n_listed = list_won(
                    customers,
                    luck,
                    accounts,
                    batch,
                    batch.lists[WINS],
                    n_won,
                    segment,
                    month,
                    n_listed,
                    workspace.arr_flows,
                )
                if n_listed < 0:
                    return False
                start_customers(customers, luck, workspace, segment, n_begun, n_listed)
            n_free = release(batch, n_free, WINS, n_won)
            if has_customers:
                after = month + 1
                advance_customers(customers, luck, workspace, segment, month, float(after), after, n_listed)
                if after == n_months or (after + plan.first_month_of_quarter) % 3 == 0:
                    close_quarter(accounts, n_listed, quarter, workspace.cohort[segment])
    return True
