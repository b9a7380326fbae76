"""A customer's life as a row of numbers, so that it can pause at a month's end and go on from there.

Where no one's work changes how customers live on, the row is lived in one go. Where it does, all customers
of a segment are lived month by month in step, because who is still there decides how far the people go
round, and how far they go round decides who stays.
"""

import math

import numpy as np
from numba import njit

from simulator.kernels.customer_flows import (
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
from simulator.kernels.customers import (
    EFFECT_CHURN,
    EFFECT_TIME_TO_VALUE,
    YEAR_QUARTERS,
    begin_happy,
    change_chance,
    end_happy,
    grow,
    later,
    note,
    renew,
    with_odds,
)
from simulator.kernels.draws import CUSTOMER, GROWTH, RENEWAL, WORKED, block
from simulator.kernels.jit import BODY, PART

(
    SEGMENT, LAW, CHURN_ROW, TERM, TIME, VALUE_FROM, TURN, ARR, SIGNED, FORMER, CHURN_CHANCE, VALUE_TIME,
    GROWTH_TIME, KEPT, UNCHANGED, QUARTER, N_LIVES, N_GROWTHS, N_CHANGES, U_CHURN, U_RETURN, U_CHANGE, U_KIND,
    U_CHANGE_NEXT, U_KIND_NEXT, U_PICK, U_WAIT_NEXT, U_PICK_NEXT, BEGUN, PROMISE, RENEWED, GROWTH_RATE,
    HAPPY_SINCE, N_LIFE,
) = range(34)  # fmt: skip
"""Columns of a life: first where the customer stands, from ``CHURN_CHANCE`` on what it has drawn."""

ODDS, SLOWER, GROWS, SELLS, N_TARGETS = range(5)
"""What coverage does: factor on the odds to churn, factor on the time to value, share of growth by itself
that happens, share of expansion deals that is signed."""


@njit(**PART)
def write_life(life, customer):
    """Write where a customer stands into a row of its own; nothing is drawn yet."""
    life[SEGMENT], life[LAW], life[CHURN_ROW] = customer.segment, customer.law, customer.row
    life[TERM], life[TIME], life[VALUE_FROM] = customer.term, customer.time, customer.value_from
    life[TURN], life[ARR] = customer.renewal, customer.arr
    life[SIGNED], life[FORMER], life[BEGUN] = customer.signed, customer.former, 0.0
    life[PROMISE], life[RENEWED] = customer.promise, customer.renewed


@njit(**BODY)
def begin_life(plan, luck, entity, life, cover, happy):
    """Draw what a customer's life needs from the start.

    Parameters
    ----------
    plan : CustomerPlan
    luck : Luck
    entity : uint64
    life : ndarray of float64, shape (N_LIFE,)
        As ``write_life`` leaves it; filled.
    cover : ndarray of float64, shape (segment or 0, month, 4)
        What coverage does; no rows where no one's work is simulated.
    happy : ndarray of float64, shape (segment, month + 1)
        Added to: change of the number of happy customers; no rows: nobody asks.
    """
    seed, path, draw = luck.seed, luck.path, luck.draw
    segment, start = int(life[SEGMENT]), life[TIME]
    # The first blocks stand side by side so that the processor can work on all of them at once.
    u_theta, u_value, u_churn, u_return = block(seed, path, entity, np.uint64(0), CUSTOMER)
    u_change, u_kind, u_change_next, u_kind_next = block(seed, path, entity, np.uint64(0), RENEWAL)
    u_wait, u_pick, u_wait_next, u_pick_next = block(seed, path, entity, np.uint64(0), GROWTH)
    churn = plan.churn[draw, int(life[CHURN_ROW]), int(u_theta * plan.churn.shape[2])]
    to_value = plan.time_to_value[draw, segment, int(u_value * plan.time_to_value.shape[2])]
    if plan.month_effect.shape[0] > 0:
        to_value *= plan.month_effect[segment, int(start), EFFECT_TIME_TO_VALUE]
    if cover.shape[0] > 0:
        to_value *= cover[segment, int(start), SLOWER]
    growth_rate = plan.growth_rate[draw, segment]
    if plan.promises.shape[0] > 0:
        promised = plan.promises[segment, int(life[PROMISE])]
        churn = with_odds(churn, promised[0])
        growth_rate *= promised[1]
        to_value *= promised[2]
    value_time = life[VALUE_FROM] + to_value
    life[CHURN_CHANCE], life[GROWTH_RATE], life[VALUE_TIME] = churn, growth_rate, value_time
    life[GROWTH_TIME] = later(plan, segment, max(start, value_time), u_wait, growth_rate)
    is_happy = life[RENEWED] >= plan.happy_after and life[ARR] > 0.0
    life[HAPPY_SINCE] = value_time if is_happy else np.inf
    if happy.shape[0] > 0:
        begin_happy(happy, segment, life[HAPPY_SINCE], plan.start, 0)
    # While the customer is away, the next turn is its return.
    if life[ARR] == 0.0:
        rate = plan.return_rate[draw, segment]
        life[TURN] = start - math.log(u_return) / rate if rate > 0.0 else np.inf
    life[QUARTER] = (int(start) + plan.first_month_of_quarter) // 3
    life[KEPT], life[UNCHANGED], life[BEGUN] = 1.0, 1.0, 1.0
    life[N_LIVES], life[N_GROWTHS], life[N_CHANGES] = 0.0, 0.0, 0.0
    life[U_CHURN], life[U_RETURN], life[U_CHANGE], life[U_KIND] = u_churn, u_return, u_change, u_kind
    life[U_CHANGE_NEXT], life[U_KIND_NEXT] = u_change_next, u_kind_next
    life[U_PICK], life[U_WAIT_NEXT], life[U_PICK_NEXT] = u_pick, u_wait_next, u_pick_next


@njit(**BODY)
def go_on(plan, luck, entity, life, cover, until, flows, quarter_arr, happy, trace):
    """Live a customer on until a time.

    Parameters
    ----------
    plan : CustomerPlan
    luck : Luck
    entity : uint64
    life : ndarray of float64, shape (N_LIFE,)
        As ``begin_life`` or an earlier call left it; moved on. ARR 0: it has churned and may return.
    cover : ndarray of float64, shape (segment or 0, month, 4)
        What coverage does, known for the months before ``until``.
    until : int
        Months lived by the end.
    flows : ndarray of float64, shape (month, segment, flow)
        Added to. Unit: cents, or customers.
    quarter_arr : ndarray of float64, shape (4 + quarter,)
        Filled with the ARR at the end of each quarter that is passed. Unit: cents.
    happy : ndarray of float64, shape (segment, month + 1)
        Added to: change of the number of happy customers; no rows: nobody asks.
    trace : ndarray of float64, shape (row, 3) or more columns
        Filled with time, flow and amount of the movements as long as there is room; no rows: not wanted.

    Returns
    -------
    n_traced : int
        Rows of the trace that were filled.
    """
    seed, path, draw = luck.seed, luck.path, luck.draw
    segment, law, term = int(life[SEGMENT]), int(life[LAW]), life[TERM]
    churn, value_time = life[CHURN_CHANCE], life[VALUE_TIME]
    turn, growth_time = life[TURN], life[GROWTH_TIME]
    arr, signed, former = life[ARR], life[SIGNED], life[FORMER]
    kept, unchanged = life[KEPT], life[UNCHANGED]
    quarter = int(life[QUARTER])
    n_lives, n_growths, n_changes = int(life[N_LIVES]), int(life[N_GROWTHS]), int(life[N_CHANGES])
    u_churn, u_return, u_change, u_kind = life[U_CHURN], life[U_RETURN], life[U_CHANGE], life[U_KIND]
    u_change_next, u_kind_next = life[U_CHANGE_NEXT], life[U_KIND_NEXT]
    u_pick, u_wait_next, u_pick_next = life[U_PICK], life[U_WAIT_NEXT], life[U_PICK_NEXT]
    has_lever_months, is_covered = plan.month_effect.shape[0] > 0, cover.shape[0] > 0
    follows, growth_rate, happy_since = happy.shape[0] > 0, life[GROWTH_RATE], life[HAPPY_SINCE]
    churning, changing = churn, change_chance(plan, draw, segment, law, 0)
    read = int(until) if is_covered else 0
    n_traced = 0
    while True:
        time = min(growth_time, turn)
        if time >= until:
            break
        month = int(time)
        here = (month + plan.first_month_of_quarter) // 3
        while quarter < here:
            quarter_arr[YEAR_QUARTERS + quarter] = arr
            quarter += 1
        if growth_time < turn:
            driver, growth = grow(plan, draw, segment, time, value_time, arr, u_pick)
            if is_covered:
                share = cover[segment, month, SELLS if driver >= FIRST_SOLD else GROWS]
                if share < 1.0:
                    u_worked, _, _, _ = block(seed, path, entity, np.uint64(n_growths), WORKED)
                    growth = growth if u_worked < share else 0.0
            arr += growth
            flows[month, segment, FIRST_DRIVER + driver] += growth
            n_traced = note(trace, n_traced, time, FIRST_DRIVER + driver, growth)
            if driver >= FIRST_SOLD and growth > 0.0:
                signed += growth
                flows[month, segment, BOOKINGS_EXPANSION] += growth
                flows[month, segment, N_EXPANSIONS] += 1.0
            n_growths += 1
            if n_growths % 2 == 1:
                u_wait, u_pick = u_wait_next, u_pick_next
            else:
                u_wait, u_pick, u_wait_next, u_pick_next = block(
                    seed, path, entity, np.uint64(n_growths // 2), GROWTH
                )
            growth_time = later(plan, segment, time, u_wait, growth_rate)
        elif arr == 0.0:
            n_slices = plan.return_size.shape[2]
            n_lives += 1
            u_size, _, u_churn, u_return = block(seed, path, entity, np.uint64(n_lives), CUSTOMER)
            arr = max(1.0, np.rint(former * plan.return_size[draw, segment, int(u_size * n_slices)]))
            signed = arr
            flows[month, segment, REACTIVATION] += arr
            n_traced = note(trace, n_traced, time, REACTIVATION, arr)
            flows[month, segment, N_REACTIVATED] += 1.0
            flows[month, segment, BOOKINGS_RENEWAL] += np.rint(arr * min(term, 12.0) / 12.0)
            kept = 1.0
            turn = time + term
            if plan.happy_after == 0:
                happy_since = max(time, value_time)
                if follows:
                    begin_happy(happy, segment, happy_since, plan.start, read)
        else:
            flows[month, segment, DUE] += arr
            flows[month, segment, N_DUE] += 1.0
            churning = churn
            if has_lever_months:
                churning = with_odds(churn, plan.month_effect[segment, month, EFFECT_CHURN])
                changing = change_chance(plan, draw, segment, law, month)
            if is_covered:
                churning = with_odds(churning, cover[segment, month, ODDS])
            kept *= 1.0 - churning
            unchanged *= 1.0 - changing
            if u_churn >= kept:
                flows[month, segment, CHURN] += arr
                n_traced = note(trace, n_traced, time, CHURN, arr)
                flows[month, segment, N_CHURNED] += 1.0
                former, arr = arr, 0.0
                if follows:
                    end_happy(happy, segment, happy_since, time, plan.start, read)
                happy_since = np.inf
                rate = plan.return_rate[draw, segment]
                turn = time - math.log(u_return) / rate if rate > 0.0 else np.inf
                continue
            if u_change >= unchanged:
                premium = plan.premium if happy_since <= time else 1.0
                contraction, rise = renew(plan, draw, segment, law, month, arr, u_kind, premium)
                # A contraction never takes the last cent: that would be churn.
                contraction = min(contraction, arr - 1.0)
                arr += rise - contraction
                flows[month, segment, CONTRACTION] += contraction
                flows[month, segment, FIRST_DRIVER] += rise
                n_traced = note(trace, n_traced, time, CONTRACTION, contraction)
                n_traced = note(trace, n_traced, time, FIRST_DRIVER, rise)
                n_changes += 1
                if n_changes % 2 == 1:
                    u_change, u_kind = u_change_next, u_kind_next
                else:
                    u_change, u_kind, u_change_next, u_kind_next = block(
                        seed, path, entity, np.uint64(n_changes // 2), RENEWAL
                    )
                unchanged = 1.0
            flows[month, segment, BOOKINGS_RENEWAL] += np.rint(min(signed, arr) * min(term, 12.0) / 12.0)
            flows[month, segment, BOOKINGS_EXPANSION] += max(0.0, arr - signed)
            signed = arr
            turn += term
            if happy_since == np.inf:
                happy_since = max(time, value_time)
                if follows:
                    begin_happy(happy, segment, happy_since, plan.start, read)
    if until >= plan.month_end.shape[0]:
        while YEAR_QUARTERS + quarter < quarter_arr.shape[0]:
            quarter_arr[YEAR_QUARTERS + quarter] = arr
            quarter += 1
    life[TURN], life[GROWTH_TIME] = turn, growth_time
    life[ARR], life[SIGNED], life[FORMER] = arr, signed, former
    life[KEPT], life[UNCHANGED], life[QUARTER], life[HAPPY_SINCE] = kept, unchanged, quarter, happy_since
    life[N_LIVES], life[N_GROWTHS], life[N_CHANGES] = n_lives, n_growths, n_changes
    life[U_CHURN], life[U_RETURN], life[U_CHANGE], life[U_KIND] = u_churn, u_return, u_change, u_kind
    life[U_CHANGE_NEXT], life[U_KIND_NEXT] = u_change_next, u_kind_next
    life[U_PICK], life[U_WAIT_NEXT], life[U_PICK_NEXT] = u_pick, u_wait_next, u_pick_next
    return n_traced
