"""What the levers of a scenario do to customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.calibration.contracts import EXPANSION, REACTIVATION, Book, arr_at
from simulator.kernels.customers.customer import (
    EFFECT_CHURN,
    EFFECT_CONTRACTION,
    EFFECT_EXPANSION,
    EFFECT_PRICE,
    EFFECT_TIME_TO_VALUE,
)
from simulator.kernels.customers.flows import FIRST_SOLD
from simulator.scenario.levers import Lever

CUSTOMER_LEVERS = {
    "churn": EFFECT_CHURN,
    "contraction": EFFECT_CONTRACTION,
    "price_rise": EFFECT_PRICE,
    "expansion": EFFECT_EXPANSION,
    "time_to_value": EFFECT_TIME_TO_VALUE,
}
"""Levers of customers and the column that they multiply."""


@dataclass(frozen=True)
class CustomerLevers:
    """Factors of all levers together.

    Parameters
    ----------
    whole : Floats, shape (segment, 5)
        Of levers that hold throughout.
    month_effect : Floats, shape (segment or 0, month, 5)
        Of levers that hold for some months; no rows where there are none.
    """

    whole: Floats
    month_effect: Floats


def customer_levers(levers: tuple[Lever, ...], segments: tuple[str, ...], months: Ints) -> CustomerLevers:
    """Return the factors that levers amount to for customers.

    Parameters
    ----------
    levers : tuple of Lever
    segments : tuple of str
    months : ndarray of int64, shape (month,)
        Month numbers that are simulated.
    """
    whole = np.ones((len(segments), len(CUSTOMER_LEVERS)))
    month_effect = np.ones((len(segments), months.size, len(CUSTOMER_LEVERS)))
    windowed = False
    for lever in levers:
        if lever.name not in CUSTOMER_LEVERS:
            continue
        column = CUSTOMER_LEVERS[lever.name]
        chosen = np.array([lever.segments is None or name in lever.segments for name in segments])
        first = lever.from_month if lever.from_month is not None else months[0]
        last = lever.until_month if lever.until_month is not None else months[-1]
        held = (months >= first) & (months <= last)
        if held.all():
            whole[chosen, column] *= lever.factor
        else:
            of_column = month_effect[:, :, column]
            of_column[np.ix_(chosen, held)] *= lever.factor
            windowed = True
    return CustomerLevers(whole, month_effect if windowed else month_effect[:0])


ONE_DAY = 1.0 / 28.0
"""A day, in months, at most: movements of a renewal's own day are part of it."""
YEAR_MONTHS = 12.0


def booked_by_customers(book: Book, begin: float, n_segments: int) -> Floats:
    """Return expansion and renewal bookings from a time up to as_of, shape (segment, 2).

    By the definitions of the flows ``bookings_expansion`` and ``bookings_renewal``: expansion deals
    when signed, growth of its own and price rises when a renewal puts them in writing, and what was
    under contract when it is signed again.

    Parameters
    ----------
    book : Book
    begin : float
        Beginning of the quarter. Unit: months, as in ``Contracts``.
    n_segments : int
    """
    c, m = book.contracts, book.movements
    weight = np.minimum(c.term, YEAR_MONTHS) / YEAR_MONTHS
    expansion, renewal = np.zeros(len(book.ids)), np.zeros(len(book.ids))
    within = (m.time >= begin) & (m.delta > 0.0)
    sold = (m.kind == EXPANSION) & (m.driver >= FIRST_SOLD)
    expansion += np.bincount(m.customer[within & sold], m.delta[within & sold], expansion.size)
    back = within & (m.kind == REACTIVATION)
    renewal += np.bincount(m.customer[back], m.delta[back], renewal.size) * weight
    first = c.life_start + np.maximum(1.0, np.ceil((begin - c.life_start) / c.term - 1e-9)) * c.term
    date = first
    while (date < c.as_of).any():
        due = (date < c.as_of) & (date >= begin)
        before, after = date - c.term, arr_at(c, m, date + ONE_DAY)
        since = sold & (m.time >= before[m.customer] + ONE_DAY) & (m.time < date[m.customer])
        signed = arr_at(c, m, before + ONE_DAY) + np.bincount(m.customer[since], m.delta[since], due.size)
        kept = due & (after > 0.0) & (arr_at(c, m, date) > 0.0)
        renewal += np.where(kept, np.minimum(signed, after) * weight, 0.0)
        expansion += np.where(kept, np.maximum(after - signed, 0.0), 0.0)
        date = date + c.term
    by_segment = [np.bincount(c.segment, amount, n_segments) for amount in (expansion, renewal)]
    return np.asarray(np.rint(np.stack(by_segment, axis=1) * 100.0) / 100.0)
