"""Whole paths: open deals lived to their end, new deals taken up by reps, wins turned into customers."""

import math

import numpy as np
from numba import njit

from simulator.kernels.batch import ACTIVE, TAKEN, copy_list, release
from simulator.kernels.batch import WON as WINS
from simulator.kernels.customers.accounts import close_quarter, list_book, list_won
from simulator.kernels.customers.lifetimes import advance_customers, start_customers
from simulator.kernels.customers.scalar import close_books
from simulator.kernels.deals.deal import Luck
from simulator.kernels.deals.months import set_factors
from simulator.kernels.deals.new_deals import (
    arrive,
    assign_to_rep,
    draw_shocks,
    enter_segment,
    lay_open_deals,
)
from simulator.kernels.deals.parameters import parameters_of
from simulator.kernels.deals.working import work_month
from simulator.kernels.flows import (
    BUSY_DAYS,
    N_FLOWS,
    N_ORIGINS,
    RAMPED_REP_MONTHS,
    REP_MONTHS,
    SLOT_DAYS,
    WAITING_DAYS,
    WON,
    WON_REFERRED,
)
from simulator.kernels.jit import BODY, NONE, PART, WHOLE
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
            slots_of(
                capacity.slots_per_rep[luck.draw, segment],
                luck,
                segment,
                workspace.ramped[segment],
                workspace.slots,
                NONE,
                1.0,
            )
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
                taken = cover_month(
                    people,
                    luck.draw,
                    workspace.accounts,
                    workspace.heads,
                    workspace.ramped,
                    workspace.role_heads,
                    workspace.role_ramped,
                    workspace.hours,
                    workspace.reached,
                    workspace.people[quarter, segment],
                    workspace.cover[segment, month],
                    segment,
                    month,
                    n_listed,
                    1.0 - customers.start if month == 0 else 1.0,
                )
                if limited:
                    slots_of(
                        capacity.slots_per_rep[luck.draw, segment],
                        luck,
                        segment,
                        workspace.ramped[segment],
                        workspace.slots,
                        month,
                        1.0 - taken,
                    )
            if has_customers and month == 0:
                # Once the first month's coverage is known, and before anybody refers deals.
                start_customers(
                    customers, luck, accounts, workspace.cover, workspace.advocates, segment, NONE, n_listed
                )
            n_begun = n_listed
            slots, speed = np.inf, 1.0
            days = month_end[month] - (month_end[month - 1] if month > 0 else 0.0)
            if limited and not shares and not math.isinf(workspace.slots[month]):
                slots = workspace.slots[month]
                flows[month, segment, SLOT_DAYS] += slots * days
            if workspace.advocates.shape[0] > 0:
                # Who leaves at the very moment that the month begins refers nobody in it.
                advance_customers(
                    customers,
                    luck,
                    accounts,
                    workspace.cover,
                    workspace.advocates,
                    workspace.arr_flows,
                    segment,
                    month,
                    math.nextafter(float(month), np.inf),
                    month,
                    n_listed,
                )
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
                start_customers(
                    customers,
                    luck,
                    accounts,
                    workspace.cover,
                    workspace.advocates,
                    segment,
                    n_begun,
                    n_listed,
                )
            n_free = release(batch, n_free, WINS, n_won)
            if has_customers:
                advance_customers(
                    customers,
                    luck,
                    accounts,
                    workspace.cover,
                    workspace.advocates,
                    workspace.arr_flows,
                    segment,
                    month,
                    month + 1.0,
                    month + 1,
                    n_listed,
                )
                if month + 1 == n_months or (month + 1 + plan.first_month_of_quarter) % 3 == 0:
                    close_quarter(accounts, n_listed, quarter, workspace.cohort[segment])
    return True


@njit(**PART)
def scale(values, factor):
    """Multiply an array of three axes in place.

    A plain loop: array expressions bring in seconds of compilation for messages about shapes.
    """
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            for k in range(values.shape[2]):
                values[i, j, k] *= factor


@njit(**PART)
def add_up(plan, monthly, flows, bookings):
    """Add the months of a path up to its quarters, and its bookings over where they came from."""
    # Not by scaling: what an array was made with may be no number, which zero times is none either.
    for quarter in range(flows.shape[0]):
        for segment in range(flows.shape[1]):
            for flow in range(N_FLOWS):
                flows[quarter, segment, flow] = 0.0
    for month in range(monthly.shape[0]):
        quarter = (month + plan.first_month_of_quarter) // 3
        for segment in range(monthly.shape[1]):
            for flow in range(N_FLOWS):
                flows[quarter, segment, flow] += monthly[month, segment, flow]
            bookings[month, segment, 0] = 0.0
            for origin in range(N_ORIGINS):
                bookings[month, segment, 0] += monthly[month, segment, WON + origin]


@njit(**PART)
def add_open_wins(open_won, open_sum, open_tally):
    """Add what a future signs of each open deal to the sums of its path, and clear it."""
    for deal in range(open_won.shape[0]):
        won = open_won[deal]
        if won[0] != 0.0:
            quarter = int(won[1])
            open_sum[deal, quarter] += won[0]
            open_tally[deal, quarter, 2] += int(won[2])
            won[0] = 0.0


@njit(**PART)
def tally_open_deals(open_sum, open_tally, grain, flows, n_averaged):
    """Add what a path signs of each open deal to the sums, and clear the space.

    The product with all that the quarter workspace tells how much of the spread depends on the deal.
    """
    for quarter in range(open_sum.shape[1]):
        total = 0.0
        for segment in range(flows.shape[1]):
            for origin in range(N_ORIGINS):
                total += flows[quarter, segment, WON + origin]
        grains = int(np.rint(total / grain))
        for deal in range(open_sum.shape[0]):
            won = open_sum[deal, quarter]
            if won != 0.0:
                open_tally[deal, quarter, 0] += int(won)
                open_tally[deal, quarter, 1] += int(np.rint(won / (100.0 * n_averaged))) * grains
                open_sum[deal, quarter] = 0.0


@njit(**WHOLE)
def simulate_block(
    plan, capacity, customers, people, workspace, seed, paths, n_averaged, draws, opening, out
):
    """Simulate several paths; return whether there was room for all deals and customers.

    Where there was not, the workspace and what is filled are of no use.

    Parameters
    ----------
    plan : DealPlan
    capacity : CapacityPlan
    customers : CustomerPlan
    people : PeoplePlan
    workspace : Workspace
        As ``open_workspace`` returns them; the wins of the open deals are added to.
    seed : uint64
    paths : ndarray of int64, shape (path,)
        Their numbers.
    n_averaged : int
        1, or how many simulations, the same for every path, each path is the mean of: what luck does is
        then the same everywhere, and paths differ by their rates and shocks only.
    draws : ndarray of int64, shape (path,)
        Draw of the rates that each path uses.
    opening : ndarray of float64, shape (segment,)
        ARR at as_of. Unit: cents.
    out : tuple of ndarray of float64
        Filled: flows (path, quarter, segment, flow), ARR flows (path, quarter or 0, segment, flow),
        bookings (path, month, segment, 3): new, expansion, renewal, and measures of roles and activities
        (path, quarter, segment, measure). Unit: cents, deals, customers, or head-months and hours.
    """
    flows, arr_flows, bookings, measures = out
    has_customers = arr_flows.shape[1] > 0
    for row in range(draws.shape[0]):
        scale(workspace.flows, 0.0)
        scale(workspace.arr_flows, 0.0)
        scale(workspace.cohort, 0.0)
        scale(workspace.people, 0.0)
        draw_shocks(plan, np.uint64(seed), np.uint64(paths[row]), workspace.shock)
        for future in range(n_averaged):
            path = paths[row] if n_averaged == 1 else future
            luck = Luck(np.uint64(seed), np.uint64(path), draws[row])
            if not simulate_path(plan, capacity, customers, people, luck, workspace):
                return False
            add_open_wins(workspace.open_won, workspace.open_sum, workspace.open_tally)
        if n_averaged > 1:
            scale(workspace.flows, 1.0 / n_averaged)
            scale(workspace.arr_flows, 1.0 / n_averaged)
            scale(workspace.cohort, 1.0 / n_averaged)
            scale(workspace.people, 1.0 / n_averaged)
        for quarter in range(workspace.people.shape[0]):
            for segment in range(workspace.people.shape[1]):
                for measure in range(workspace.people.shape[2]):
                    measures[row, quarter, segment, measure] = workspace.people[quarter, segment, measure]
        add_up(plan, workspace.flows, flows[row], bookings[row])
        tally_open_deals(workspace.open_sum, workspace.open_tally, workspace.grain, flows[row], n_averaged)
        if has_customers:
            close_books(
                customers,
                opening,
                workspace.arr_flows,
                workspace.cohort,
                arr_flows[row],
                bookings[row, :, :, 1:],
            )
    return True
