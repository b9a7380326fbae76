"""Customers: where they stand, and what happens at each event.

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

from simulator.arrays import Floats, Ints
from simulator.kernels.customers.flows import FIRST_SOLD
from simulator.kernels.jit import PART
from simulator.kernels.random import search

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
    wear: Floats
    """(law, renewal) exponent of a customer's chance to stay at its first, second … renewal; the last holds
    for all beyond."""
    contraction: Floats
    """(draw, law) chance of a contraction at a renewal that is kept."""
    price_rise: Floats
    """(draw, law) chance of a price rise at it; a renewal brings one or the other."""
    contraction_size: Floats
    """(draw, segment, slice) share of ARR."""
    price_size: Floats
    """(draw, segment, slice) share of ARR."""
    growth_rate: Floats
    """(draw, segment, band) growth events per month after first value: by itself, or expansion deals
    signed."""
    driver_cdf: Floats
    """(draw, segment, band, driver) which driver a growth event belongs to."""
    size_edges: Floats
    """(segment, band - 1) cents of ARR at which the next band begins."""
    size_factor: Floats
    """(segment, band, 2) factor on the size of growth, by itself and sold."""
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
    advocate_after: int
    """Renewals that a customer must have behind it, besides first value, to refer others and bear prices."""
    premium: float
    """Factor of the price rises of advocates."""
    entity: npt.NDArray[np.uint64]
    """(customer,) key of its draws."""
    state: Ints
    """(customer, 5) segment, law, row of churn, months of the term, renewals behind it."""
    time: Floats
    """(customer, 2) next renewal; start of the contract, or LONG_AGO where first value was reached."""
    money: Floats
    """(customer, 3) cents: ARR (0: churned), ARR under contract, ARR at churn."""
    base: Floats
    """(customer, 4) cents: ARR at the end of each of the four quarters before the first simulated one."""


@njit(**PART)
def start_in_month(plan, day, month):
    """Return when in its month a customer starts who is won on a day, in months."""
    time = month + 1.0 - (plan.month_end[month] - day) / plan.month_days[month]
    # Rounding must not carry the last instant of a month into the next.
    return min(max(time, float(month)), math.nextafter(month + 1.0, 0.0))


@njit(**PART)
def band_of(plan, segment, arr):
    """Return the band of ARR in which a customer is."""
    band = 0
    for edge in range(plan.size_edges.shape[1]):
        band += int(arr >= plan.size_edges[segment, edge])
    return band


@njit(**PART)
def later(plan, segment, time, need, rate):
    """Return when a clock that runs at ``rate`` per month (times the levers) has gone as far as needed."""
    if rate <= 0.0 or time >= plan.month_end.shape[0]:
        return np.inf
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
def stay(plan, law, n_renewals, churn):
    """Return the chance to stay of a customer with this many renewals behind it."""
    wear = plan.wear[law, min(n_renewals, plan.wear.shape[1] - 1)]
    return 1.0 - churn if wear == 1.0 else (1.0 - churn) ** wear


@njit(**PART)
def renew(plan, draw, segment, law, month, arr, u, price_factor):
    """Return (contraction, rise) in cents at a kept renewal that changes the ARR."""
    contraction, rise = plan.contraction[draw, law], plan.price_rise[draw, law]
    if plan.month_effect.shape[0] > 0:
        contraction *= plan.month_effect[segment, month, EFFECT_CONTRACTION]
        price_factor *= plan.month_effect[segment, month, EFFECT_PRICE]
    place = u * (contraction + rise)
    n_slices = plan.contraction_size.shape[2]
    if place < contraction:
        size = plan.contraction_size[draw, segment, min(int(place / contraction * n_slices), n_slices - 1)]
        return np.rint(arr * size), 0.0
    piece = min(int((place - contraction) / rise * n_slices), n_slices - 1)
    return 0.0, np.rint(arr * price_factor * plan.price_size[draw, segment, piece])


@njit(**PART)
def change_chance(plan, draw, segment, law, month):
    """Return the chance that a kept renewal changes the ARR."""
    contraction = plan.contraction[draw, law]
    if plan.month_effect.shape[0] > 0:
        contraction *= plan.month_effect[segment, month, EFFECT_CONTRACTION]
    return contraction + plan.price_rise[draw, law]


@njit(**PART)
def grow(plan, draw, segment, time, value_time, arr, u):
    """Return (driver, growth in cents) of a growth event; 0 where the deal could not be signed yet."""
    band = band_of(plan, segment, arr)
    cdf = plan.driver_cdf[draw, segment, band]
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
    factor = plan.size_factor[segment, band, int(driver >= FIRST_SOLD)]
    return driver, np.rint(arr * factor * plan.growth_size[draw, segment, driver, piece])
