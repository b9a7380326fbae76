"""One customer's life from where it stands to the end of the horizon: the oracle of ``lifetimes``."""

import numpy as np
from numba import njit

from simulator.kernels.customers.customer import (
    EFFECT_CHURN,
    EFFECT_TIME_TO_VALUE,
    Customer,
    band_of,
    change_chance,
    grow,
    later,
    note,
    renew,
    stay,
    with_odds,
)
from simulator.kernels.customers.flows import (
    BOOKINGS_EXPANSION,
    BOOKINGS_RENEWAL,
    CHURN,
    COHORT,
    CONTRACTION,
    DUE,
    FIRST_DRIVER,
    FIRST_SOLD,
    N_ARR_FLOWS,
    N_CHURNED,
    N_COHORT_FLOWS,
    N_DUE,
    N_EXPANSIONS,
    N_REACTIVATED,
    NEW,
    REACTIVATION,
    REVENUE,
)
from simulator.kernels.deals.deal import Luck
from simulator.kernels.jit import ALONE, BODY, PART
from simulator.kernels.random import CUSTOMER, GROWTH, RENEWAL, block, exponential


@njit(**BODY)
def simulate_customer(plan, luck, customer, flows, trace):
    """Simulate one customer to the end of the horizon, where no one's work changes what happens to it.

    Parameters
    ----------
    plan : CustomerPlan
    luck : Luck
    customer : Customer
        Where it stands. ARR 0: it has churned and may return.
    flows : ndarray of float64, shape (month, segment, flow)
        Added to. Unit: cents, or customers.
    trace : ndarray of float64, shape (row, 3) or more columns
        Filled with time, flow and amount of the movements as long as there is room; no rows: not wanted.

    Returns
    -------
    n_traced : int
        Rows of the trace that were filled.
    """
    seed, path, draw, entity = luck.seed, luck.path, luck.draw, customer.entity
    segment, law, term, start = customer.segment, customer.law, customer.term, customer.time
    u_theta, u_value, u_churn, u_return = block(seed, path, entity, np.uint64(0), CUSTOMER)
    u_change, u_kind, u_change_next, u_kind_next = block(seed, path, entity, np.uint64(0), RENEWAL)
    u_wait, u_pick, u_wait_next, u_pick_next = block(seed, path, entity, np.uint64(0), GROWTH)
    churn = plan.churn[draw, customer.row, int(u_theta * plan.churn.shape[2])]
    to_value = plan.time_to_value[draw, segment, int(u_value * plan.time_to_value.shape[2])]
    has_lever_months = plan.month_effect.shape[0] > 0
    if has_lever_months:
        to_value *= plan.month_effect[segment, int(start), EFFECT_TIME_TO_VALUE]
    pace = 1.0
    if plan.promises.shape[0] > 0:
        promised = plan.promises[segment, customer.promise]
        churn = with_odds(churn, promised[0])
        pace = promised[1]
        to_value *= promised[2]
    value_time = customer.value_from + to_value
    turn, arr, signed, former = customer.renewal, customer.arr, customer.signed, customer.former
    growth_rates = plan.growth_rate[draw, segment]
    growth_rate = pace * growth_rates[band_of(plan, segment, arr if arr > 0.0 else former)]
    growth_time = later(plan, segment, max(start, value_time), exponential(u_wait), growth_rate)
    advocate_since = value_time if customer.renewed >= plan.advocate_after and arr > 0.0 else np.inf
    return_rate = plan.return_rate[draw, segment]
    if arr == 0.0:
        turn = start + exponential(u_return) / return_rate if return_rate > 0.0 else np.inf
    kept, unchanged, year_share = 1.0, 1.0, min(term, 12.0) / 12.0
    n_kept, n_returns, n_growths, n_changes, n_traced = customer.renewed, 0, 0, 0, 0
    churning, changing = churn, change_chance(plan, draw, segment, law, 0)
    while True:
        time = min(growth_time, turn)
        if time >= plan.month_end.shape[0]:
            break
        month = int(time)
        if growth_time < turn:
            driver, growth = grow(plan, draw, segment, time, value_time, arr, u_pick)
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
            growth_rate = pace * growth_rates[band_of(plan, segment, arr if arr > 0.0 else former)]
            growth_time = later(plan, segment, time, exponential(u_wait), growth_rate)
        elif arr == 0.0:
            n_slices = plan.return_size.shape[2]
            n_returns += 1
            u_size, _, u_churn, u_return = block(seed, path, entity, np.uint64(n_returns), CUSTOMER)
            arr = max(1.0, np.rint(former * plan.return_size[draw, segment, int(u_size * n_slices)]))
            signed = arr
            flows[month, segment, REACTIVATION] += arr
            n_traced = note(trace, n_traced, time, REACTIVATION, arr)
            flows[month, segment, N_REACTIVATED] += 1.0
            flows[month, segment, BOOKINGS_RENEWAL] += np.rint(arr * year_share)
            kept, n_kept = 1.0, 0
            turn = time + term
            if plan.advocate_after == 0:
                advocate_since = max(time, value_time)
        else:
            flows[month, segment, DUE] += arr
            flows[month, segment, N_DUE] += 1.0
            churning = churn
            if has_lever_months:
                churning = with_odds(churn, plan.month_effect[segment, month, EFFECT_CHURN])
                changing = change_chance(plan, draw, segment, law, month)
            kept *= stay(plan, law, n_kept, churning)
            unchanged *= 1.0 - changing
            if u_churn >= kept:
                flows[month, segment, CHURN] += arr
                n_traced = note(trace, n_traced, time, CHURN, arr)
                flows[month, segment, N_CHURNED] += 1.0
                former, arr = arr, 0.0
                advocate_since = np.inf
                turn = time + exponential(u_return) / return_rate if return_rate > 0.0 else np.inf
                continue
            if u_change >= unchanged:
                premium = plan.premium if advocate_since <= time else 1.0
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
            flows[month, segment, BOOKINGS_RENEWAL] += np.rint(min(signed, arr) * year_share)
            flows[month, segment, BOOKINGS_EXPANSION] += max(0.0, arr - signed)
            signed = arr
            turn += term
            n_kept += 1
            if advocate_since == np.inf:
                advocate_since = max(time, value_time)
    return n_traced


_BOOKINGS = BOOKINGS_EXPANSION
_CENTS_OF_YEAR = 24.0


@njit(**PART)
def net_movement(flows, month, segment):
    """Return what a month's movements add to a segment's ARR."""
    grown = 0.0
    for flow in range(NEW, CONTRACTION):
        grown += flows[month, segment, flow]
    return (
        grown
        + flows[month, segment, REACTIVATION]
        - flows[month, segment, CONTRACTION]
        - flows[month, segment, CHURN]
    )


@njit(**PART)
def close_books(plan, opening, monthly, cohort, flows, bookings):
    """Add up a path's months to quarters, with revenue and the cohorts at the end of each quarter.

    Parameters
    ----------
    plan : CustomerPlan
    opening : ndarray of float64, shape (segment,)
        ARR at as_of. Unit: cents.
    monthly : ndarray of float64, shape (month, segment, flow)
        Flows of the path; its revenue is filled in.
    cohort : ndarray of float64, shape (segment, 5, quarter)
        Cohort sums of the path.
    flows : ndarray of float64, shape (quarter, segment, flow)
        Filled.
    bookings : ndarray of float64, shape (month, segment, 2)
        Filled with expansion and renewal bookings.
    """
    for quarter in range(flows.shape[0]):
        for segment in range(flows.shape[1]):
            for flow in range(N_ARR_FLOWS):
                flows[quarter, segment, flow] = 0.0
    n_months = monthly.shape[0]
    for segment in range(monthly.shape[1]):
        arr = opening[segment]
        for month in range(n_months):
            closing = arr + net_movement(monthly, month, segment)
            share = 1.0 - plan.start if month == 0 else 1.0
            monthly[month, segment, REVENUE] = np.rint((arr + closing) * share / _CENTS_OF_YEAR)
            arr = closing
            quarter = (month + plan.first_month_of_quarter) // 3
            for flow in range(N_ARR_FLOWS):
                flows[quarter, segment, flow] += monthly[month, segment, flow]
            bookings[month, segment, 0] = monthly[month, segment, _BOOKINGS]
            bookings[month, segment, 1] = monthly[month, segment, _BOOKINGS + 1]
        for quarter in range(flows.shape[0]):
            for kind in range(N_COHORT_FLOWS):
                flows[quarter, segment, COHORT + kind] = cohort[segment, kind, quarter]


@njit(**ALONE)
def trace_customers(plan, seed, luck, entity, state, start, trace):
    """Live customers one by one and write what moves the ARR of each.

    Used for what a customer is worth and to write histories: rates are those of the forecasts.

    Parameters
    ----------
    plan : CustomerPlan
    seed : uint64
    luck : ndarray of int64, shape (customer, 2)
        Path and draw of the rates of each.
    entity : ndarray of uint64, shape (customer,)
    state : ndarray of int64, shape (customer, 5)
        Segment, law, row of churn, months of the term, renewals behind it.
    start : ndarray of float64, shape (customer, 6)
        Time from which it is followed, next renewal and start of the contract, in months; ARR, ARR under
        contract and ARR at churn, in cents.
    trace : ndarray of float64, shape (row, 4)
        Filled with time in months, flow, amount in cents, and customer.

    Returns
    -------
    n_rows : int
        Rows filled; as many as there is room for: there may be more.
    """
    n_months, n_segments = plan.month_end.shape[0], plan.term_cdf.shape[0]
    unused = np.zeros((n_months, n_segments, N_ARR_FLOWS))
    n_rows = 0
    for index in range(entity.shape[0]):
        segment, law, row, months = state[index, 0], state[index, 1], state[index, 2], state[index, 3]
        time, renewal, value_from, amount, signed, former = start[index]
        customer = Customer(
            entity[index],
            segment,
            law,
            row,
            float(months),
            time,
            renewal,
            value_from,
            amount,
            signed,
            former,
            0,
            state[index, 4],
        )
        own = Luck(np.uint64(seed), np.uint64(luck[index, 0]), luck[index, 1])
        n_more = simulate_customer(plan, own, customer, unused, trace[n_rows:])
        trace[n_rows : n_rows + n_more, 3] = index
        n_rows += n_more
    return n_rows
