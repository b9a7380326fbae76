"""One customer from where it stands to the end of the horizon: from event to event.

Time is in months: month m runs from m to m + 1, and ``as_of`` lies at ``start``, at or after 0.
Amounts are whole cents held in float64, so that sums are exact and their order does not matter.

One uniform decides how many renewals a customer is kept for: it churns at the first where the product
of its chances to stay has fallen to the uniform or below. The same holds for the renewals without a
contraction or price rise. Expansion deals are simulated at their signature: opportunities that open at
a constant rate from first value on, and take a random cycle, are signed at that rate times the chance
that the cycle has had time to pass (the displacement theorem of Poisson processes), so a signature
stands only if its opportunity opened after first value.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
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
    N_NEW,
    N_REACTIVATED,
    NEW,
    REACTIVATION,
)
from simulator.kernels.draws import CUSTOMER, GROWTH, RENEWAL, TERM, block, search
from simulator.kernels.jit import BODY, PART

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

N_TERM_CLASSES = 3
LONG_AGO = -1e6
YEAR_QUARTERS = 4
EFFECT_CHURN, EFFECT_CONTRACTION, EFFECT_PRICE, EFFECT_EXPANSION, EFFECT_TIME_TO_VALUE = range(5)


class CustomerPlan(NamedTuple):
    """All that the customer kernels need, as arrays. ``draw`` is the axis of rate draws.

    ``law`` runs over (segment, class of term); tables by ``slice`` hold the mean of each
    equal-probability slice of a distribution.
    """

    start: float
    """Time of as_of in months, 0 or more and below 1: the part of month 0 that has passed."""
    month_end: Floats
    """(month,) day, since the midnight that ends as_of, at which each month ends."""
    month_days: Floats
    """(month,) days in the whole calendar month."""
    first_month_of_quarter: int
    """Place of month 0 inside its fiscal quarter, 0 to 2."""
    churn: Floats
    """(draw, row, slice) chance to churn at a renewal; the first rows are the laws of new customers, the
    others are conditioned on the renewals that customers of as_of have behind them."""
    contraction: Floats
    """(draw, law) chance of a contraction at a renewal that is kept."""
    price_rise: Floats
    """(draw, law) chance of a price rise at it; a renewal brings one or the other."""
    contraction_size: Floats
    """(draw, segment, slice) share of ARR."""
    price_size: Floats
    """(draw, segment, slice) share of ARR."""
    growth_rate: Floats
    """(draw, segment) growth events per month after first value: by itself, or expansion deals signed."""
    driver_cdf: Floats
    """(draw, segment, driver) which driver a growth event belongs to."""
    growth_size: Floats
    """(draw, segment, driver, slice) share of ARR."""
    cycle: Floats
    """(draw, segment, slice) months from the opening to the signature of an expansion deal."""
    time_to_value: Floats
    """(draw, segment, slice) months from the start to first value."""
    return_rate: Floats
    """(draw, segment) reactivations per month after churn."""
    return_size: Floats
    """(draw, segment, slice) share of the ARR at churn."""
    arr_per_amount: Floats
    """(draw, segment) ARR of a new customer / signed amount of the deal that won it."""
    term_cdf: Floats
    """(segment, option) which term new customers sign."""
    terms: Ints
    """(option,) months of each term."""
    term_classes: Ints
    """(option,) class of each term."""
    month_effect: Floats
    """(segment, month, 5) factors of levers in force for some months: churn odds, contraction, price
    rise, expansion, time to value; no rows where there are none."""
    promises: Floats
    """(segment, promise, 3) factors of what was agreed at the signature: churn odds, growth rate, time to
    value; no rows where there are no terms."""
    happy_after: int
    """Renewals that a customer must have behind it, besides first value, to refer others and bear prices."""
    premium: float
    """Factor of the price rises of happy customers."""
    entity: npt.NDArray[np.uint64]
    """(customer,) key of its draws."""
    state: Ints
    """(customer, 5) segment, law, row of churn, months of the term, whether a renewal lies behind it."""
    time: Floats
    """(customer, 2) next renewal; start of the contract, or LONG_AGO where first value was reached."""
    money: Floats
    """(customer, 3) cents: ARR (0: churned), ARR under contract, ARR at churn."""
    base: Floats
    """(customer, 4) cents: ARR at the end of each of the four quarters before the first simulated one."""


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


@njit(**PART)
def existing_customer(plan, index):
    """Return a customer of as_of."""
    state, time, money = plan.state[index], plan.time[index], plan.money[index]
    return Customer(
        plan.entity[index],
        state[0],
        state[1],
        state[2],
        float(state[3]),
        plan.start,
        time[0],
        time[1],
        money[0],
        money[1],
        money[2],
        0,
        state[4],
    )


@njit(**PART)
def won_customer(plan, luck, segment, entity, day, month, amount, promise):
    """Return the customer that a deal won in a month becomes.

    Parameters
    ----------
    plan : CustomerPlan
    luck : Luck
    segment : int
    entity : uint64
        Key of the deal; its customer draws for purposes of its own.
    day : float
        When it was won, in days since the midnight that ends as_of.
    month : int
        The month of that day.
    amount : float
        Signed amount in cents.
    promise : int
        What was agreed at the signature.
    """
    option = 0
    if plan.terms.shape[0] > 1:
        u, _, _, _ = block(luck.seed, luck.path, entity, np.uint64(0), TERM)
        option = search(plan.term_cdf[segment], u)
    term = float(plan.terms[option])
    law = segment * N_TERM_CLASSES + plan.term_classes[option]
    time = month + 1.0 - (plan.month_end[month] - day) / plan.month_days[month]
    # Rounding must not carry the last instant of a month into the next.
    time = min(max(time, float(month)), math.nextafter(month + 1.0, 0.0))
    arr = np.rint(amount * plan.arr_per_amount[luck.draw, segment])
    return Customer(entity, segment, law, law, term, time, time + term, time, arr, arr, arr, promise, 0)


@njit(**PART)
def later(plan, segment, time, u, rate):
    """Return when a clock that runs at ``rate`` per month (times the levers) strikes next."""
    if rate <= 0.0 or time >= plan.month_end.shape[0]:
        return np.inf
    need = -math.log(u)
    if plan.month_effect.shape[0] == 0:
        return time + need / rate
    n_months = plan.month_end.shape[0]
    month = max(0, int(time))
    while month < n_months:
        speed = rate * plan.month_effect[segment, month, EFFECT_EXPANSION]
        room = (month + 1.0 - time) * speed
        if need < room:
            return time + need / speed
        need -= room
        month += 1
        time = float(month)
    return np.inf


@njit(**PART)
def with_odds(chance, factor):
    """Return a chance after its odds were multiplied; certain stays certain, never never."""
    return chance if chance >= 1.0 else factor * chance / (1.0 + (factor - 1.0) * chance)


@njit(**PART)
def renew(plan, draw, customer, month, arr, u, price_factor):
    """Return (contraction, rise) in cents at a kept renewal that changes the ARR."""
    contraction, rise = plan.contraction[draw, customer.law], plan.price_rise[draw, customer.law]
    if plan.month_effect.shape[0] > 0:
        contraction *= plan.month_effect[customer.segment, month, EFFECT_CONTRACTION]
        price_factor *= plan.month_effect[customer.segment, month, EFFECT_PRICE]
    place = u * (contraction + rise)
    n_slices = plan.contraction_size.shape[2]
    if place < contraction:
        size = plan.contraction_size[
            draw, customer.segment, min(int(place / contraction * n_slices), n_slices - 1)
        ]
        return np.rint(arr * size), 0.0
    piece = min(int((place - contraction) / rise * n_slices), n_slices - 1)
    return 0.0, np.rint(arr * price_factor * plan.price_size[draw, customer.segment, piece])


@njit(**PART)
def change_chance(plan, draw, customer, month):
    """Return the chance that a kept renewal changes the ARR."""
    contraction = plan.contraction[draw, customer.law]
    if plan.month_effect.shape[0] > 0:
        contraction *= plan.month_effect[customer.segment, month, EFFECT_CONTRACTION]
    return contraction + plan.price_rise[draw, customer.law]


@njit(**PART)
def grow(plan, draw, customer, time, value_time, arr, u):
    """Return (driver, growth in cents) of a growth event; 0 where the deal could not be signed yet."""
    segment = customer.segment
    cdf = plan.driver_cdf[draw, segment]
    driver = search(cdf, u)
    # What is left of the uniform inside the driver that it chose is uniform again, and so on.
    below = cdf[driver - 1] if driver > 0 else 0.0
    n_slices = plan.growth_size.shape[3]
    place = (u - below) / (cdf[driver] - below) * n_slices
    piece = min(int(place), n_slices - 1)
    if driver >= FIRST_SOLD:
        n_cycles = plan.cycle.shape[2]
        rest = min(int((place - piece) * n_cycles), n_cycles - 1)
        if time - plan.cycle[draw, segment, rest] < value_time:
            return driver, 0.0
    return driver, np.rint(arr * plan.growth_size[draw, segment, driver, piece])


@njit(**PART)
def note(trace, n_traced, time, flow, amount):
    """Write one movement of a customer's ARR where a trace is wanted; return the number of rows."""
    if amount > 0.0 and n_traced < trace.shape[0]:
        trace[n_traced, 0], trace[n_traced, 1], trace[n_traced, 2] = time, flow, amount
        return n_traced + 1
    return n_traced


@njit(**PART)
def count_happy(happy, segment, since, until, start):
    """Count a customer among the happy ones of the months that begin while it is one.

    Parameters
    ----------
    happy : ndarray of float64, shape (segment, month + 1)
        Changes of their number, added to.
    segment : int
    since, until : float
        Times between which it is; month 0 counts those who are at ``start``.
    start : float
    """
    last = happy.shape[1] - 1
    first = 0 if since <= start else min(math.ceil(since), last)
    happy[segment, first] += 1.0
    happy[segment, max(first, min(math.ceil(until), last))] -= 1.0


@njit(**BODY)
def keep(plan, luck, customer, flows, quarter_arr, happy, trace):
    """Live one customer to the end of the horizon.

    Parameters
    ----------
    plan : CustomerPlan
    luck : Luck
    customer : Customer
        Where it stands. ARR 0: it has churned and may return.
    flows : ndarray of float64, shape (month, segment, flow)
        Added to. Unit: cents, or customers.
    quarter_arr : ndarray of float64, shape (4 + quarter,)
        Filled from 4 + the quarter of ``customer.time`` on with the ARR at the end of each quarter.
        Unit: cents.
    happy : ndarray of float64, shape (segment, month + 1)
        Added to: change of the number of happy customers; no rows: nobody asks.
    trace : ndarray of float64, shape (row, 3) or more columns
        Filled with time, flow and amount of the movements as long as there is room; no rows: not wanted.

    Returns
    -------
    n_traced : int
        Rows of the trace that were filled.
    """
    seed, path, draw, entity, segment = luck.seed, luck.path, luck.draw, customer.entity, customer.segment
    # The first blocks stand side by side so that the processor can work on all of them at once.
    u_theta, u_value, u_churn, u_return = block(seed, path, entity, np.uint64(0), CUSTOMER)
    u_change, u_kind, u_change_next, u_kind_next = block(seed, path, entity, np.uint64(0), RENEWAL)
    u_wait, u_pick, u_wait_next, u_pick_next = block(seed, path, entity, np.uint64(0), GROWTH)
    n_months = plan.month_end.shape[0]
    has_lever_months = plan.month_effect.shape[0] > 0
    churn = plan.churn[draw, customer.row, int(u_theta * plan.churn.shape[2])]
    to_value = plan.time_to_value[draw, segment, int(u_value * plan.time_to_value.shape[2])]
    if has_lever_months:
        to_value *= plan.month_effect[segment, int(customer.time), EFFECT_TIME_TO_VALUE]
    growth_rate = plan.growth_rate[draw, segment]
    if plan.promises.shape[0] > 0:
        promised = plan.promises[segment, customer.promise]
        churn = with_odds(churn, promised[0])
        growth_rate *= promised[1]
        to_value *= promised[2]
    value_time = customer.value_from + to_value
    follows = happy.shape[0] > 0
    renewed = customer.renewed >= plan.happy_after
    happy_since = value_time if renewed and customer.arr > 0.0 else np.inf
    growth_time = later(plan, segment, max(customer.time, value_time), u_wait, growth_rate)
    arr, signed, former = customer.arr, customer.signed, customer.former
    churning, changing = churn, change_chance(plan, draw, customer, 0)
    kept, unchanged = 1.0, 1.0
    # While the customer is away, the next turn is its return.
    turn = customer.renewal
    if arr == 0.0:
        rate = plan.return_rate[draw, segment]
        turn = customer.time - math.log(u_return) / rate if rate > 0.0 else np.inf
    quarter = (int(customer.time) + plan.first_month_of_quarter) // 3
    n_lives, n_growths, n_changes, n_traced = 0, 0, 0, 0
    while True:
        time = min(growth_time, turn)
        if time >= n_months:
            break
        month = int(time)
        here = (month + plan.first_month_of_quarter) // 3
        while quarter < here:
            quarter_arr[YEAR_QUARTERS + quarter] = arr
            quarter += 1
        if growth_time < turn:
            driver, growth = grow(plan, draw, customer, time, value_time, arr, u_pick)
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
            flows[month, segment, BOOKINGS_RENEWAL] += np.rint(arr * min(customer.term, 12.0) / 12.0)
            kept = 1.0
            turn = time + customer.term
            if plan.happy_after == 0:
                happy_since = max(time, value_time)
        else:
            flows[month, segment, DUE] += arr
            flows[month, segment, N_DUE] += 1.0
            if has_lever_months:
                churning = with_odds(churn, plan.month_effect[segment, month, EFFECT_CHURN])
                changing = change_chance(plan, draw, customer, month)
            kept *= 1.0 - churning
            unchanged *= 1.0 - changing
            if u_churn >= kept:
                flows[month, segment, CHURN] += arr
                n_traced = note(trace, n_traced, time, CHURN, arr)
                flows[month, segment, N_CHURNED] += 1.0
                former, arr = arr, 0.0
                if follows and happy_since < time:
                    count_happy(happy, segment, happy_since, time, plan.start)
                happy_since = np.inf
                rate = plan.return_rate[draw, segment]
                turn = time - math.log(u_return) / rate if rate > 0.0 else np.inf
                continue
            if u_change >= unchanged:
                premium = plan.premium if happy_since <= time else 1.0
                contraction, rise = renew(plan, draw, customer, month, arr, u_kind, premium)
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
            flows[month, segment, BOOKINGS_RENEWAL] += np.rint(
                min(signed, arr) * min(customer.term, 12.0) / 12.0
            )
            flows[month, segment, BOOKINGS_EXPANSION] += max(0.0, arr - signed)
            signed = arr
            turn += customer.term
            happy_since = min(happy_since, max(time, value_time))
    if follows and happy_since < n_months:
        count_happy(happy, segment, happy_since, np.float64(n_months), plan.start)
    while YEAR_QUARTERS + quarter < quarter_arr.shape[0]:
        quarter_arr[YEAR_QUARTERS + quarter] = arr
        quarter += 1
    return n_traced


@njit(**PART)
def add_cohort(segment, quarter_arr, cohort):
    """Add one customer's ARR now and 12 months before to the cohort sums.

    Parameters
    ----------
    segment : int
    quarter_arr : ndarray of float64, shape (4 + quarter,)
        ARR at the end of each quarter, the four before the first simulated one included.
    cohort : ndarray of float64, shape (segment, 5, quarter)
        Added to, in the order of the ``cohort`` flows.
    """
    for quarter in range(cohort.shape[2]):
        base, now = quarter_arr[quarter], quarter_arr[YEAR_QUARTERS + quarter]
        was = 1.0 if base > 0.0 else 0.0
        cohort[segment, 0, quarter] += base
        cohort[segment, 1, quarter] += was * now
        cohort[segment, 2, quarter] += min(base, now)
        cohort[segment, 3, quarter] += was
        cohort[segment, 4, quarter] += was if now > 0.0 else 0.0


@njit(**PART)
def begin_existing(plan, index, quarter_arr):
    """Write what a customer of as_of had at the end of the four quarters before."""
    for quarter in range(YEAR_QUARTERS):
        quarter_arr[quarter] = plan.base[index, quarter]


@njit(**PART)
def begin_won(plan, customer, flows, quarter_arr):
    """Count a new customer; before its first quarter it had nothing."""
    month = int(customer.time)
    flows[month, customer.segment, NEW] += customer.arr
    flows[month, customer.segment, N_NEW] += 1.0
    for quarter in range(YEAR_QUARTERS + (month + plan.first_month_of_quarter) // 3):
        quarter_arr[quarter] = 0.0
