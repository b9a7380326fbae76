"""One deal from where it is to its end, followed on its own: the oracle of the deals side by side.

Amounts are whole cents held in float64, so that sums are exact and their order does not matter.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.kernels.deals.clock import find_moment, winning_days
from simulator.kernels.deals.close_dates import NEVER, move_chances, next_move
from simulator.kernels.deals.closing import count_win, signed_amount, slip
from simulator.kernels.deals.concessions import NOTHING, conceded
from simulator.kernels.deals.parameters import parameters_of
from simulator.kernels.deals.plan import DESTINATION_WON, N_CATEGORIES, ORIGIN_CREATED, STILL_OPEN
from simulator.kernels.deals.slippage import Standing, ending, ends_instead, leaves_quarter
from simulator.kernels.flows import (
    LOST_COMPETITION,
    LOST_NO_DECISION,
    N_LOST_COMPETITION,
    N_LOST_NO_DECISION,
)
from simulator.kernels.jit import CALLED, PART
from simulator.kernels.random import (
    BIRTH,
    CLOSE_DATE,
    EVENT,
    SIGNATURE,
    TERMS,
    block,
    exponential,
    search,
)

TRACE_BORN, TRACE_MOVED, TRACE_ADVANCED, TRACE_REDATED, TRACE_CLOSED = range(5)


class Deal(NamedTuple):
    """Where one deal stands."""

    entity: np.uint64
    time: float
    month: int
    segment: int
    category: int
    late: int
    entered: int
    close_month: int
    pushes: int
    amount: float
    effect_row: int
    origin: int


@njit(**CALLED)
def close(plan, luck, shock, deal, outcome, month, flows, concession, gated):
    """Add the end of a deal to the flows; return the signed amount (0 where it is lost)."""
    if outcome != DESTINATION_WON:
        lost_no_decision = outcome == DESTINATION_WON + 2
        flows[month, deal.segment, LOST_NO_DECISION if lost_no_decision else LOST_COMPETITION] += deal.amount
        flows[month, deal.segment, N_LOST_NO_DECISION if lost_no_decision else N_LOST_COMPETITION] += 1.0
        return 0.0
    u, _, _, _ = block(luck.seed, luck.path, deal.entity, np.uint64(0), SIGNATURE)
    table = plan.multiplier_new if deal.origin == ORIGIN_CREATED else plan.multiplier_open
    multipliers = table[luck.draw, deal.segment]
    money = deal.amount * shock[(month + plan.first_month_of_quarter) // 3, 2]
    signed = signed_amount(multipliers, plan.concessions, deal.segment, money, concession, u)
    count_win(
        plan.concessions, flows[month, deal.segment], deal.origin, deal.amount, signed, concession, gated
    )
    return signed


@njit(**CALLED)
def record(trace, n_traced, time, kind, category, late, close_month, amount, outcome):
    """Write one row of a deal's story where a trace is wanted; return the number of rows."""
    if n_traced < trace.shape[0]:
        trace[n_traced, 0] = time
        trace[n_traced, 1] = kind
        trace[n_traced, 2] = category
        trace[n_traced, 3] = late
        trace[n_traced, 4] = close_month
        trace[n_traced, 5] = amount
        trace[n_traced, 6] = outcome
    return n_traced + 1


@njit(**CALLED)
def agreed(concessions, luck, segment, entity):
    """Return (concession, 0 for none; 1 where a success plan comes first) of a deal."""
    u_ask, u_grant, u_gate, _ = block(luck.seed, luck.path, entity, np.uint64(0), TERMS)
    return conceded(concessions, segment, u_ask, u_grant, u_gate)


@njit(**CALLED)
def wait_for_plan(plan, segment, amount, close_month, time, month, flows):
    """Return (time, month) of a signature that waits until a success plan is agreed."""
    time += plan.concessions.gate_days
    while month < plan.month_end.shape[0] and time >= plan.month_end[month]:
        if (month + plan.first_month_of_quarter) % 3 == 2 and month - 3 < close_month <= month:
            slip(flows, segment, amount, month)
        month += 1
    return time, month


@njit(**PART)
def live(plan, luck, shock, deal, flows, trace):
    """Follow one deal to its end or to the end of the horizon.

    Parameters
    ----------
    plan : DealPlan
    luck : Luck
    shock : ndarray of float64, shape (quarter, 3)
        Factors of the path's quarters on closing, on demand and on what is signed.
    deal : Deal
        Where it stands.
    flows : ndarray of float64, shape (month, segment, flow)
        Added to. Unit: cents, or deals.
    trace : ndarray of float64, shape (row, 7)
        Filled with the deal's story as long as there is room; no rows: not wanted.

    Returns
    -------
    outcome : int
        Destination code of its end, or STILL_OPEN.
    time : float
        When it ended.
    month : int
        The month in which it ended.
    signed : float
        Signed amount in cents, 0 unless won.
    promise : int
        What goes with the customer: 2 × concession + 1 where a success plan was agreed.
    """
    seed, path, draw, entity, segment = luck.seed, luck.path, luck.draw, deal.entity, deal.segment
    # The first two blocks stand side by side so that the processor can work on both at once.
    u, u_where, u_next, u_where_next = block(seed, path, entity, np.uint64(0), EVENT)
    u_move, u_length, u_early, _ = block(seed, path, entity, np.uint64(0), CLOSE_DATE)
    n_months = plan.month_end.shape[0]
    oldest = plan.age_bin.shape[0] - 1
    n_ages = plan.age_bin[oldest] + 1
    pace = plan.clock[draw]
    has_clock = pace.shape[0] > 0
    has_lever_months = plan.month_effect.shape[0] > 0
    effect = plan.effect[draw, deal.effect_row]
    parameters = parameters_of(plan, draw, segment, shock)
    time, category, late, entered = deal.time, deal.category, deal.late, deal.entered
    close_month, pushes = deal.close_month, deal.pushes
    n_events, n_dates, n_traced = 0, 0, 0
    outcome = STILL_OPEN
    concession, gated = 0, 0
    has_concessions = plan.concessions.asked_cdf.shape[0] > 0
    if has_concessions:
        concession, gated = agreed(plan.concessions, luck, segment, entity)
    if trace.shape[0] > 0:
        n_traced = record(trace, 0, time, TRACE_BORN, category, late, close_month, deal.amount, 0)
    month = deal.month
    linearity = (month + plan.first_month_of_quarter) % 3
    quarter = (month + plan.first_month_of_quarter) // 3
    chances, push_cdf = move_chances(plan, draw, segment), plan.push_cdf[draw, segment]
    move, length = next_move(chances, month, close_month, u_move, u_early), search(push_cdf, u_length)
    wait = exponential(u)
    while month < n_months:
        age = plan.age_bin[min(month - entered, oldest)]
        due = 0 if close_month > month else (1 if close_month == month else 2)
        cell = (segment * N_CATEGORIES + category) * 2 + late
        cell = ((cell * n_ages + age) * 3 + due) * 9 + linearity * 3 + min(pushes, 2)
        hazard = plan.hazard[draw, cell]
        w0, w1, w2, w3, w4, w5, w6 = 1.0, 1.0, 1.0, shock[quarter, 0], 1.0, 1.0, 1.0
        if has_lever_months:
            lever = plan.month_effect[segment, month]
            w0, w1, w2, w3 = w0 * lever[0], w1 * lever[1], w2 * lever[2], w3 * lever[3]
            w4, w5, w6 = w4 * lever[4], w5 * lever[5], w6 * lever[6]
        if has_concessions:
            now = plan.concessions.factor[segment, concession, linearity]
            w0, w1, w2, w3 = w0 * now[0], w1 * now[1], w2 * now[2], w3 * now[3]
            w4, w5, w6 = w4 * now[4], w5 * now[5], w6 * now[6]
        h0, h1, h2 = hazard[0] * effect[0] * w0, hazard[1] * effect[1] * w1, hazard[2] * effect[2] * w2
        h3, h4, h5 = hazard[3] * effect[3] * w3, hazard[4] * effect[4] * w4, hazard[5] * effect[5] * w5
        h6 = hazard[6] * effect[6] * w6
        # In this order eight numbers are added up at once.
        total = ((h0 + h4) + (h2 + h6)) + ((h1 + h5) + h3)
        room = (plan.month_end[month] - time) * total
        if has_clock:
            days = winning_days(plan.clock_steps[month], pace[linearity], time, plan.month_end[month])
            room = (plan.month_end[month] - time) * (total - h3) + h3 * days
        if wait >= room:
            wait -= room
            time = plan.month_end[month]
            if (
                parameters.slip_share < 1.0
                and leaves_quarter(close_month, month == move, length, month, plan.first_month_of_quarter)
                and ends_instead(luck, entity, month, parameters.slip_share)
            ):
                standing = Standing(2 * category + late, entered, close_month, pushes, deal.effect_row)
                now = (w0, w1, w2, w3, w4, w5, w6)
                outcome = ending(parameters, luck, entity, standing, now, month)
            if outcome != STILL_OPEN:
                pass
            elif month == move:
                left = max(close_month, month)
                close_month = left + 1 + length
                if (close_month + plan.first_month_of_quarter) // 3 > (
                    left + plan.first_month_of_quarter
                ) // 3:
                    slip(flows, segment, deal.amount, left)
                pushes += 1
                n_dates += 1
                if trace.shape[0] > 0:
                    n_traced = record(
                        trace, n_traced, time, TRACE_REDATED, category, late, close_month, deal.amount, 0
                    )
                u_move, u_length, u_early, _ = block(seed, path, entity, np.uint64(n_dates), CLOSE_DATE)
                move = next_move(chances, month + 1, close_month, u_move, u_early)
                length = search(push_cdf, u_length)
            elif linearity == 2 and month - 3 < close_month <= month:
                slip(flows, segment, deal.amount, month)
            if outcome == STILL_OPEN:
                month += 1
                linearity += 1
                if linearity == 3:
                    linearity = 0
                    quarter += 1
                continue
        elif has_clock:
            time, at_pace = find_moment(plan.clock_steps[month], pace[linearity], time, wait, total - h3, h3)
            total, h3 = total - h3 + h3 * at_pace, h3 * at_pace
        else:
            time += wait / total
        target = u_where * total
        if outcome != STILL_OPEN:
            pass
        elif target < h0 + h1 + h2:
            if target < h0:
                category, below, rate = 0, 0.0, h0
            elif target < h0 + h1:
                category, below, rate = 1, h0, h1
            else:
                category, below, rate = 2, h0 + h1, h2
            entered = month
            late = 1 if target < below + rate * plan.late_entry[draw, category] else 0
            if trace.shape[0] > 0:
                n_traced = record(
                    trace, n_traced, time, TRACE_MOVED, category, late, close_month, deal.amount, 0
                )
        elif target < h0 + h1 + h2 + h6:
            late = 1
            if trace.shape[0] > 0:
                n_traced = record(
                    trace, n_traced, time, TRACE_ADVANCED, category, late, close_month, deal.amount, 0
                )
        else:
            target -= h0 + h1 + h2 + h6
            outcome = DESTINATION_WON
            if target >= h3:
                outcome = DESTINATION_WON + 1 if target < h3 + h4 else DESTINATION_WON + 2
        if outcome != STILL_OPEN:
            if plan.concessions.in_force[concession, linearity] == 0:
                concession = NOTHING
            if gated == 1 and outcome == DESTINATION_WON:
                time, month = wait_for_plan(plan, segment, deal.amount, close_month, time, month, flows)
                if month >= n_months:
                    return STILL_OPEN, time, n_months, 0.0, 0
            signed = close(plan, luck, shock, deal, outcome, month, flows, concession, gated)
            if trace.shape[0] > 0:
                record(trace, n_traced, time, TRACE_CLOSED, category, late, close_month, signed, outcome)
            return outcome, time, month, signed, 2 * concession + gated
        n_events += 1
        if n_events % 2 == 1:
            u, u_where = u_next, u_where_next
        else:
            u, u_where, u_next, u_where_next = block(seed, path, entity, np.uint64(n_events // 2), EVENT)
        wait = exponential(u)
    return STILL_OPEN, time, n_months, 0.0, 0


@njit(**CALLED)
def new_deal(plan, luck, stream, entity, month):
    """Return a deal at its SAL, at a uniform moment of its month: its size, date and kind are drawn."""
    segment = plan.stream_segment[stream]
    u_amount, u_offset, u_place, u_time = block(luck.seed, luck.path, entity, np.uint64(0), BIRTH)
    start = 0.0 if month == 0 else plan.month_end[month - 1]
    time = start + u_time * (plan.month_end[month] - start)
    amount = plan.amount[luck.draw, segment, int(u_amount * plan.amount.shape[2])]
    amount = np.rint(amount * plan.amount_level[luck.draw, month])
    offset = search(plan.offset_cdf[luck.draw, segment], u_offset)
    no_date = offset == plan.offset_cdf.shape[2] - 1
    entry_cdf = plan.entry_cdf[luck.draw, segment]
    place = search(entry_cdf, u_place)
    # What is left of the uniform inside the place that it chose is uniform again.
    below = entry_cdf[place - 1] if place > 0 else 0.0
    u_profile = (u_place - below) / (entry_cdf[place] - below)
    profile = search(plan.stream_profile_cdf[stream], u_profile)
    row = plan.stream_effect_row[stream, profile, int(u_amount * plan.stream_effect_row.shape[2])]
    close_month = NEVER if no_date else month + offset
    return Deal(
        entity,
        time,
        month,
        segment,
        place // 2,
        place % 2,
        month,
        close_month,
        0,
        amount,
        row,
        ORIGIN_CREATED,
    )
