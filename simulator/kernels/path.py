"""Whole paths: open deals lived to their end, new deals taken up by reps, wins turned into customers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from simulator.kernels.capacity import (
    FOREVER,
    gives_up_after,
    latest_first,
    next_free,
    push,
    slots_of,
    staff,
)
from simulator.kernels.coverage import (
    ARR_NOW,
    LONG_THERE,
    N_ACTIVITIES,
    N_GLANCE,
    NEXT_TURN,
    SINCE,
    STRIKE,
    PeoplePlan,
    cover_month,
    n_measures,
)
from simulator.kernels.customer_flows import N_ARR_FLOWS, N_COHORT_FLOWS
from simulator.kernels.customer_paths import close_books
from simulator.kernels.customers import (
    YEAR_QUARTERS,
    add_cohort,
    begin_existing,
    begin_won,
    existing_customer,
    won_customer,
)
from simulator.kernels.deals import (
    DESTINATION_WON,
    STILL_OPEN,
    DealPlan,
    Luck,
    birth_time,
    live,
    new_deal,
    open_deal,
    taken_up,
)
from simulator.kernels.demand import count_sals, draw_shocks, new_deal_entity
from simulator.kernels.flows import (
    BUSY_DAYS,
    CREATED,
    LOST_NO_DECISION,
    N_CREATED,
    N_FLOWS,
    N_LOST_NO_DECISION,
    N_ORIGINS,
    N_REFERRED,
    N_TAKEN_UP,
    N_WAITED,
    N_WAITED_OUT,
    RAMPED_REP_MONTHS,
    REP_MONTHS,
    SLOT_DAYS,
    WAITED_OUT,
    WAITING_DAYS,
    WON,
    WON_REFERRED,
)
from simulator.kernels.jit import BODY, PART, WHOLE
from simulator.kernels.lives import (
    ARR,
    BEGUN,
    GROWTH_TIME,
    N_LIFE,
    N_TARGETS,
    TIME,
    TURN,
    begin_life,
    go_on,
    write_life,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_SALS = 1 << 17
"""More SALs than a stream can create in a month: the key of a new deal has 17 bits for them."""

BOOK_OF_CUSTOMERS, OPEN_DEALS = -2, -1
"""What comes before the months of a segment."""
FIRST_COVER = -1
"""The turn after them, in which the first month's coverage is worked out."""


class Books(NamedTuple):
    """What a path adds up, and the space it works in. Money in cents."""

    flows: Floats
    """(month, segment, flow) of deals."""
    arr_flows: Floats
    """(month, segment, flow) of customers."""
    cohort: Floats
    """(segment, 5, quarter) of customers."""
    quarter_arr: Floats
    """(customer, 4 + quarter) space for one customer, or all of a segment where they are lived in step."""
    life: Floats
    """(customer, N_LIFE) the same: their lives."""
    glance: Floats
    """(customer, N_GLANCE) what is looked up of them."""
    life_entity: npt.NDArray[np.uint64]
    """(customer,) key of their draws."""
    cover: Floats
    """(segment or 0, month, 4) what coverage does to customers."""
    hours: Floats
    """(activity,) space: hours asked in a month."""
    reached: Floats
    """(activity,) space: share of them that is done, weighted by how well."""
    people: Floats
    """(quarter, segment, measure) of roles and activities."""
    role_heads: Floats
    """(cell, month) heads of roles."""
    role_ramped: Floats
    """(cell, month) the same weighted by ramp."""
    open_wins: Ints
    """(open deal, quarter) paths on which each open deal is won."""
    open_won: Floats
    """(open deal, quarter) space: what the path signs of each."""
    open_tally: Ints
    """(open deal, quarter, 3) sums over paths, whole so that their order does not matter: signed cents,
    signed units of currency times the grains of the quarter's bookings, days to the signature."""
    grain: float
    """Cents in which the quarter's bookings are counted for the second sum."""
    shock: Floats
    """(quarter, 2) factors on closing and on demand."""
    heads: Floats
    """(segment, month) reps employed."""
    ramped: Floats
    """(segment, month) the same weighted by ramp."""
    slots: Floats
    """(month,) space for one segment's slots."""
    ends: Floats
    """(slot, 2) heap of when the deals being worked end."""
    arrivals: Floats
    """(SAL, 2) one month's arrivals, latest first: time, stream * MOST_SALS + index."""
    sorting: Floats
    """(SAL, 3) space to sort them."""
    happy: Floats
    """(segment, month + 1) change of the number of happy customers; no rows: nobody asks."""
    untraced: Floats
    """(0, 7) no trace is wanted."""


@njit(**PART)
def spread_time(month_end, month, start, end, flows, segment, flow):
    """Add the days between two times, the first not before the given month, to the months they fall in."""
    while month < month_end.shape[0] and start >= month_end[month]:
        month += 1
    while month < month_end.shape[0] and start < end:
        stop = min(end, month_end[month])
        flows[month, segment, flow] += stop - start
        start = stop
        month += 1


@njit(**PART)
def gather(plan, luck, books, segment, month, n_happy, in_order):
    """List a month's SALs of a segment, the last to come first; return how many.

    Where reps are not simulated the order does not matter, and none is made.
    """
    n_arrivals = 0
    start = 0.0 if month == 0 else plan.month_end[month - 1]
    for stream in range(plan.stream_key.shape[0]):
        if plan.stream_segment[stream] != segment:
            continue
        for index in range(count_sals(plan, luck, books.shock, books.ramped, n_happy, stream, month)):
            if n_arrivals == books.arrivals.shape[0]:
                return n_arrivals
            what = float(stream * MOST_SALS + index)
            if in_order:
                entity = new_deal_entity(plan, stream, month, index)
                books.arrivals[n_arrivals, 0] = birth_time(luck, entity, start, plan.month_end[month])
            books.arrivals[n_arrivals, 1] = what
            n_arrivals += 1
    if in_order:
        latest_first(books.arrivals, books.sorting, n_arrivals, start, plan.month_end[month])
    return n_arrivals


@njit(**PART)
def give_up(plan, deal, deadline, flows):
    """Count a SAL that gave up waiting, in the month it did."""
    month = deal.month
    while month < plan.month_end.shape[0] and deadline >= plan.month_end[month]:
        month += 1
    if month < plan.month_end.shape[0]:
        flows[month, deal.segment, LOST_NO_DECISION] += deal.amount
        flows[month, deal.segment, N_LOST_NO_DECISION] += 1.0
        flows[month, deal.segment, WAITED_OUT] += deal.amount
        flows[month, deal.segment, N_WAITED_OUT] += 1.0


@njit(**PART)
def count_reps(plan, books, segment, has_slots):
    """Add the reps of a segment, and their slots, to the flows."""
    start = 0.0
    for month in range(plan.month_end.shape[0]):
        books.flows[month, segment, REP_MONTHS] += books.heads[segment, month]
        books.flows[month, segment, RAMPED_REP_MONTHS] += books.ramped[segment, month]
        if has_slots:
            books.flows[month, segment, SLOT_DAYS] += books.slots[month] * (plan.month_end[month] - start)
        start = plan.month_end[month]


@njit(**PART)
def glance_at(books, slot, since):
    """Note what is looked up of a listed customer; ``since`` is when it became one."""
    life = books.life[slot]
    books.glance[slot, STRIKE] = min(life[GROWTH_TIME], life[TURN]) if life[BEGUN] == 1.0 else life[TIME]
    books.glance[slot, NEXT_TURN], books.glance[slot, ARR_NOW] = life[TURN], life[ARR]
    books.glance[slot, SINCE] = since


@njit(**BODY)
def simulate_path(plan, capacity, customers, people, luck, books):
    """Simulate one path and add it to the books.

    Segment by segment: the open deals, then month by month the SALs in the order in which they come.
    A SAL waits for the earliest moment at which a slot is free and all before it have been served or
    have given up. Customers come first, the book of as_of with the first segment. Where the work of
    people is simulated, the customers of a segment are listed instead and lived month by month, after
    the month's SALs; each month's coverage comes from the list at its start. Everything runs through one
    place in the code because each copy of the deal's and the customer's life takes seconds to compile.

    Parameters
    ----------
    plan : DealPlan
    capacity : CapacityPlan
    customers : CustomerPlan
    people : PeoplePlan
    luck : Luck
    books : Books
        Its shock is given; everything else is added to or overwritten.
    """
    month_end, flows = plan.month_end, books.flows
    n_months = month_end.shape[0]
    for segment in range(books.happy.shape[0]):
        for month in range(books.happy.shape[1]):
            books.happy[segment, month] = 0.0
    staff(capacity, luck.seed, luck.path, luck.draw, books.heads, books.ramped)
    in_step = people.worst.shape[0] > 0
    if in_step:
        staff(people, luck.seed, luck.path, luck.draw, books.role_heads, books.role_ramped)
    for segment in range(flows.shape[1]):
        limited = capacity.limited[segment] == 1
        if limited:
            slots_of(capacity, luck.seed, luck.path, luck.draw, segment, books.ramped, books.slots)
        count_reps(plan, books, segment, limited and not in_step)
        patience = capacity.patience[luck.draw, segment]
        n_busy, n_listed = 0, 0
        clock, n_happy = 0.0, 0.0
        # Each month has two turns: its deals, then its customers where they are lived in step. Those of
        # as_of draw what they need once the first month's coverage is known, before its deals.
        for turn in range(2 * BOOK_OF_CUSTOMERS, 2 * n_months):
            month, living = turn // 2, turn % 2 == 1
            if in_step and (turn == FIRST_COVER or (month > 0 and not living)):
                this = max(month, 0)
                taken = cover_month(customers, people, luck.draw, books, segment, this, n_listed)
                if limited:
                    slots_of(
                        capacity, luck.seed, luck.path, luck.draw, segment, books.ramped, books.slots,
                        this, 1.0 - taken,
                    )  # fmt: skip
                    days = month_end[this] - (month_end[this - 1] if this > 0 else 0.0)
                    flows[this, segment, SLOT_DAYS] += books.slots[this] * days
            if living:
                n_left = n_listed if in_step and turn >= FIRST_COVER else 0
            elif month == BOOK_OF_CUSTOMERS:
                n_left = customers.entity.shape[0] if segment == 0 or in_step else 0
            elif month == OPEN_DEALS:
                n_left = plan.open_first[segment + 1] - plan.open_first[segment]
            else:
                if books.happy.shape[0] > 0:
                    n_happy += books.happy[segment, month]
                n_left = gather(plan, luck, books, segment, month, n_happy, limited)
            while n_left > 0:
                slot = n_listed
                if living:
                    n_left -= 1
                    slot = n_left
                    if month < 0 and books.glance[slot, SINCE] != LONG_THERE:
                        continue
                    if month >= 0 and books.glance[slot, STRIKE] >= month + 1.0 and month + 1 < n_months:
                        continue
                elif month == BOOK_OF_CUSTOMERS:
                    n_left -= 1
                    if in_step and customers.state[n_left, 0] != segment:
                        continue
                    customer = existing_customer(customers, n_left)
                    begin_existing(customers, n_left, books.quarter_arr[slot])
                    books.life_entity[slot] = customer.entity
                    write_life(books.life[slot], customer)
                    glance_at(books, slot, LONG_THERE)
                else:
                    referred = False
                    if month == OPEN_DEALS:
                        n_left -= 1
                        index = plan.open_first[segment] + n_left
                        deal = open_deal(plan, luck, index)
                    else:
                        index = -1
                        n_left -= 1
                        what = int(books.arrivals[n_left, 1])
                        stream = what // MOST_SALS
                        entity = new_deal_entity(plan, stream, month, what % MOST_SALS)
                        deal = new_deal(plan, luck, stream, entity, month)
                        flows[month, segment, CREATED] += deal.amount
                        flows[month, segment, N_CREATED] += 1.0
                        referred = stream == plan.referral_stream[segment]
                        if referred:
                            flows[month, segment, N_REFERRED] += 1.0
                        if limited:
                            clock, n_busy = next_free(
                                month_end, books.slots, books.ends, n_busy, month, max(clock, deal.time)
                            )
                            if clock > deal.time:
                                flows[month, segment, N_WAITED] += 1.0
                                deadline = deal.time + gives_up_after(luck.seed, luck.path, entity, patience)
                                until = min(clock, deadline)
                                spread_time(month_end, month, deal.time, until, flows, segment, WAITING_DAYS)
                                if deadline < clock:
                                    give_up(plan, deal, deadline, flows)
                                if until < clock or clock == FOREVER:
                                    continue
                            begun = month
                            while clock >= month_end[begun]:
                                begun += 1
                            flows[begun, segment, N_TAKEN_UP] += 1.0
                            deal = taken_up(deal, clock, begun)
                    outcome, time, end_month, signed, promise = live(
                        plan, luck, books.shock, deal, flows, books.untraced
                    )
                    if limited:
                        end = FOREVER if outcome == STILL_OPEN else time
                        spread_time(month_end, deal.month, deal.time, end, flows, segment, BUSY_DAYS)
                        n_busy = push(books.ends, n_busy, end, 0.0)
                    if outcome != DESTINATION_WON:
                        continue
                    if index >= 0:
                        quarter = (end_month + plan.first_month_of_quarter) // 3
                        books.open_wins[index, quarter] += 1
                        books.open_won[index, quarter] += signed
                        books.open_tally[index, quarter, 2] += int(time)
                    if referred:
                        flows[end_month, segment, WON_REFERRED] += signed
                    if customers.terms.shape[0] == 0:
                        continue
                    customer = won_customer(
                        customers, luck, segment, deal.entity, time, end_month, signed, promise
                    )
                    if customer.arr < 1.0:
                        continue
                    begin_won(customers, customer, books.arr_flows, books.quarter_arr[slot])
                    books.life_entity[slot] = customer.entity
                    write_life(books.life[slot], customer)
                    glance_at(books, slot, customer.time)
                if in_step and not living:
                    n_listed += 1
                    continue
                life = books.life[slot]
                if life[BEGUN] == 0.0:
                    begin_life(customers, luck, books.life_entity[slot], life, books.cover, books.happy)
                go_on(
                    customers, luck, books.life_entity[slot], life, books.cover,
                    month + 1 if in_step else n_months, books.arr_flows, books.quarter_arr[slot],
                    books.happy, books.untraced,
                )  # fmt: skip
                if in_step:
                    glance_at(books, slot, books.glance[slot, SINCE])
                if not in_step or month + 1 == n_months:
                    add_cohort(int(life[0]), books.quarter_arr[slot], books.cohort)


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
def tally_open_deals(books, flows, n_averaged):
    """Add what a path signs of each open deal to the sums, and clear the space.

    The product with all that the quarter books tells how much of the spread hangs on the deal.
    """
    for quarter in range(books.open_won.shape[1]):
        total = 0.0
        for segment in range(flows.shape[1]):
            for origin in range(N_ORIGINS):
                total += flows[quarter, segment, WON + origin]
        grains = int(np.rint(total / books.grain))
        for deal in range(books.open_won.shape[0]):
            won = books.open_won[deal, quarter]
            if won != 0.0:
                books.open_tally[deal, quarter, 0] += int(won)
                books.open_tally[deal, quarter, 1] += int(np.rint(won / (100.0 * n_averaged))) * grains
                books.open_won[deal, quarter] = 0.0


def open_books(
    plan: DealPlan, people: PeoplePlan, open_wins: Ints, n_segments: int, n_busiest: int, n_customers: int
) -> Books:
    """Return books for a plan (not compiled: kernels do not allocate).

    Parameters
    ----------
    plan : DealPlan
    people : PeoplePlan
    open_wins : ndarray of int64, shape (open deal, quarter)
        Will be added to; the books' ``open_tally`` begins at 0.
    n_segments : int
    n_busiest : int
        Most deals that a segment can have in work, or SALs in a month, at once.
    n_customers : int
        Customers at as_of.
    """
    n_months, n_quarters = plan.month_end.shape[0], open_wins.shape[1]
    n_room = plan.open_entity.shape[0] + n_busiest + 8
    n_cells = people.kind.size if people.worst.size else 0
    # Where customers are lived in step, all that a segment can ever have are listed.
    n_lives = n_customers + plan.open_entity.shape[0] + n_months * n_busiest if n_cells else 1
    return Books(
        np.zeros((n_months, n_segments, N_FLOWS)),
        np.zeros((n_months, n_segments, N_ARR_FLOWS)),
        np.zeros((n_segments, N_COHORT_FLOWS, n_quarters)),
        np.zeros((n_lives, YEAR_QUARTERS + n_quarters)),
        np.zeros((n_lives, N_LIFE)),
        np.zeros((n_lives, N_GLANCE)),
        np.zeros(n_lives, dtype=np.uint64),
        np.ones((n_segments if n_cells else 0, n_months, N_TARGETS)),
        np.zeros(N_ACTIVITIES),
        np.zeros(N_ACTIVITIES),
        np.zeros((n_quarters, n_segments, n_measures(people.kind.shape[0] if n_cells else 0))),
        np.zeros((n_cells, n_months)),
        np.zeros((n_cells, n_months)),
        open_wins,
        np.zeros(open_wins.shape),
        np.zeros((*open_wins.shape, 3), dtype=np.int64),
        grain_of(plan),
        np.ones((n_quarters, 2)),
        np.zeros((n_segments, n_months)),
        np.zeros((n_segments, n_months)),
        np.zeros(n_months),
        np.zeros((n_room, 2)),
        np.zeros((n_busiest + 8, 2)),
        np.zeros((n_busiest + 8, 3)),
        np.zeros((n_segments if (plan.referral_stream >= 0).any() else 0, n_months + 1)),
        np.zeros((0, 7)),
    )


def grain_of(plan: DealPlan) -> float:
    """Return the cents in which bookings are counted beside those of one deal: 12 bits of all open deals.

    Coarse enough for whole sums over a million paths to stay exact, fine enough for a spread of a few
    per cent of the pipeline to span hundreds of grains.
    """
    total = float(np.maximum(plan.open_amount, 0.0).sum())
    return float(2.0 ** max(np.floor(np.log2(max(total, 1.0))) - 12.0, 0.0))


@njit(**WHOLE)
def simulate_block(
    plan, capacity, customers, people, books, seed, first_path, n_averaged, draws, opening, out
):
    """Simulate consecutive paths.

    Parameters
    ----------
    plan : DealPlan
    capacity : CapacityPlan
    customers : CustomerPlan
    people : PeoplePlan
    books : Books
        As ``open_books`` returns them; the wins of the open deals are added to.
    seed : uint64
    first_path : int
        Number of the first path.
    n_averaged : int
        1, or how many futures, the same for every path, each path is the mean of: what luck does is
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
        scale(books.flows, 0.0)
        scale(books.arr_flows, 0.0)
        scale(books.cohort, 0.0)
        scale(books.people, 0.0)
        draw_shocks(plan, np.uint64(seed), np.uint64(first_path + row), books.shock)
        for future in range(n_averaged):
            path = first_path + row if n_averaged == 1 else future
            luck = Luck(np.uint64(seed), np.uint64(path), draws[row])
            simulate_path(plan, capacity, customers, people, luck, books)
        if n_averaged > 1:
            scale(books.flows, 1.0 / n_averaged)
            scale(books.arr_flows, 1.0 / n_averaged)
            scale(books.cohort, 1.0 / n_averaged)
            scale(books.people, 1.0 / n_averaged)
        for quarter in range(books.people.shape[0]):
            for segment in range(books.people.shape[1]):
                for measure in range(books.people.shape[2]):
                    measures[row, quarter, segment, measure] = books.people[quarter, segment, measure]
        add_up(plan, books.flows, flows[row], bookings[row])
        tally_open_deals(books, flows[row], n_averaged)
        if has_customers:
            close_books(
                customers, opening, books.arr_flows, books.cohort, arr_flows[row], bookings[row, :, :, 1:]
            )
