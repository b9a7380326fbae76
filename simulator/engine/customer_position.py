"""What customers have signed in the first quarter already, when it had begun by as_of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.calibration.contracts import EXPANSION, REACTIVATION, Book, arr_at
from simulator.kernels.customer_flows import FIRST_SOLD

Floats = npt.NDArray[np.float64]

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
