"""Seats of people and how those in them ramp: one way for every role, account executives included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import pdtr

from simulator.arrays import Floats
from simulator.engine.keys import unique_keys
from simulator.engine.plan.roles import RoleTerms, Terms, ramp_of
from simulator.scenario.ownership import AE
from simulator.scenario.people import Hire
from simulator.scenario.schema import Scenario

LONG_AGO = -1200
"""Month of hire of a person of whom only is known that there is one: ramped by now."""
LONGEST_WAIT = 61


@dataclass(frozen=True)
class Seat:
    """One seat: its place, the name that keys its draws, when it is filled, how late that may be."""

    place: int
    name: str
    start: int
    delay_months: float = 0.0


def seats_of(
    terms: Terms, place: int, employed: pd.DataFrame, hires: Sequence[Hire], first_month: int
) -> list[Seat]:
    """Return the seats of a role in a segment: those filled at as_of, the longest there first, then hires.

    Parameters
    ----------
    terms : Terms
        How many heads there are.
    place : int
        Of the role and segment on the kernel's axis.
    employed : DataFrame
        Who is there at as_of: ``rep_id``, ``start`` (month number).
    hires : sequence of Hire
    first_month : int
        First month simulated.
    """
    where = terms.segment if terms.role == AE else f"{terms.role}/{terms.segment}"
    person = "rep" if terms.role == AE else terms.role
    named = zip(employed["rep_id"], employed["start"], strict=True)
    seats = [Seat(place, f"{person}/{name}", int(start) - first_month) for name, start in named]
    seats = seats[: terms.heads]
    seats += [Seat(place, f"seat/{where}/{i}", LONG_AGO) for i in range(terms.heads - len(seats))]
    planned: dict[int, int] = {}
    for hire in hires:
        for _ in range(hire.count):
            number = planned.get(hire.month, 0)
            planned[hire.month] = number + 1
            name = f"hire/{where}/{hire.month}/{number}"
            seats.append(Seat(place, name, hire.month - first_month, hire.delay_months))
    return seats


def seat_arrays(seats: Sequence[Seat], leaves: Floats) -> dict[str, np.ndarray]:
    """Return the kernel's arrays of seats; ``leaves`` is the chance a month to leave, shape (draw, place)."""
    of_seat = np.array([seat.place for seat in seats], dtype=np.int64)
    return {
        "seat_segment": of_seat,
        "seat_key": unique_keys([seat.name for seat in seats]),
        "seat_start": np.array([seat.start for seat in seats], dtype=np.int64),
        "seat_delay_cdf": np.array([wait_cdf(seat.delay_months) for seat in seats]).reshape(-1, LONGEST_WAIT),
        "seat_leaves": leaves[:, of_seat],
    }


def wait_cdf(mean_months: float) -> Floats:
    """Return the cumulative chances of waiting 0, 1, 2 … whole months: Poisson about the mean."""
    cdf = pdtr(np.arange(LONGEST_WAIT), mean_months)
    return np.asarray(cdf / cdf[-1])


def lever(scenario: Scenario, name: str, segment: str) -> float:
    """Return what the levers multiply a quantity of the people of a segment by."""
    factors = [
        lever.factor
        for lever in scenario.levers
        if lever.name == name and (lever.segments is None or segment in lever.segments)
    ]
    return float(np.prod(factors)) if factors else 1.0


def stretched(curves: Floats, factor: float) -> Floats:
    """Return ramps, shape (draw, month), that take ``factor`` times as long; 0: productive at once."""
    if factor == 1.0:
        return curves
    if factor <= 0.0:
        return np.repeat(curves[:, -1:], curves.shape[1], axis=1)
    months = np.arange(curves.shape[1])
    longer = np.arange(int(np.ceil(curves.shape[1] * factor)) + 1)
    at = (longer + 0.5) / factor - 0.5
    return np.stack([np.interp(at, months, curve) for curve in curves])


def role_ramp(scenario: Scenario, terms: RoleTerms) -> Floats:
    """Return the productivity of a role by month of tenure with its lever, shape (1, month)."""
    return stretched(ramp_of(scenario, terms.role)[0][None], lever(scenario, "ramp", terms.segment))


def role_leaves(scenario: Scenario, terms: RoleTerms) -> float:
    """Return the chance a month that somebody leaves a role, with its lever."""
    return float(1.0 - (1.0 - terms.attrition) ** (lever(scenario, "attrition", terms.segment) / 12.0))


def ramp_array(curves: Sequence[Floats]) -> Floats:
    """Return ramps of different lengths as one array, shape (draw, place, month); the last value stays."""
    longest = max(curve.shape[1] for curve in curves)
    padded = [np.pad(curve, ((0, 0), (0, longest - curve.shape[1])), mode="edge") for curve in curves]
    return np.stack(padded, axis=1)
