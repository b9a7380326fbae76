"""One customer from where it stands to the end of the horizon, on its own: the oracle of ``lifetimes``."""

from typing import NamedTuple

import numpy as np
from numba import njit

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
from simulator.kernels.jit import CALLED, PART
from simulator.kernels.random import CUSTOMER, GROWTH, RENEWAL, block, exponential


class Customer(NamedTuple):
    """Where one customer stands. Times in months, money in cents."""

    entity: np.uint64
    segment: int
    law: int
    row: int
    term: float
    time: float
    renewal: float
    value_from: float
    arr: float
    signed: float
    former: float
    promise: int
    renewed: int


@njit(**CALLED)
def note(trace, n_traced, time, flow, amount):
    """Write one movement of a customer's ARR where a trace is wanted; return the number of rows."""
    if amount > 0.0 and n_traced < trace.shape[0]:
        trace[n_traced, 0], trace[n_traced, 1], trace[n_traced, 2] = time, flow, amount
        return n_traced + 1
    return n_traced


@njit(**PART)
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
