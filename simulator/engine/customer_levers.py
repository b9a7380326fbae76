"""What the levers of a scenario do to customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.kernels.customers import (
    EFFECT_CHURN,
    EFFECT_CONTRACTION,
    EFFECT_EXPANSION,
    EFFECT_PRICE,
    EFFECT_TIME_TO_VALUE,
)
from simulator.scenario.levers import Lever

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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
