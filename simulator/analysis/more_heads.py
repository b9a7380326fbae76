"""Paths with n heads more of a role, on the same random numbers: how they are planned, and when they pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.engine.keys import STRATA
from simulator.engine.prepare import Prepared
from simulator.scenario.ownership import AE
from simulator.scenario.people import Hire
from simulator.scenario.schema import Scenario

SEPARATE_ERRORS = 2.0
"""Standard errors beyond which one answer is worse than another, and not tied with it."""
LOW, HIGH = 0.1, 0.9
LEAST_QUARTERS = 8
"""Quarters that hire, headcount and diagnose look ahead at least: a rep's ramp and a sales cycle lie between
the hire and the first bookings, and renewals come once a year."""

SEED_STEP = 1_000_003


def drawn_anew(prepared: Prepared, number: int) -> Prepared:
    """Return the same scenario with other random numbers, rates included."""
    scenario = prepared.scenario
    seed = scenario.simulation.seed + number * SEED_STEP
    return replace(prepared, scenario=scenario.with_simulation(seed=seed))


def draws_apart(draw: Ints) -> int:
    """Return what the numbers of rates drawn anew are raised by: draws come in independent replicates."""
    return -(-(int(draw.max()) + 1) // STRATA) * STRATA


def with_heads(
    scenario: Scenario, role: str, counts: Mapping[str, int], start: int, delay_months: float = 0.0
) -> Scenario:
    """Return a scenario with more heads of a role.

    Parameters
    ----------
    scenario : Scenario
    role : str
    counts : mapping of str to int
        Heads to add by segment.
    start : int
        Month number in which they start.
    delay_months : float
        Months that they start later than planned, on average.
    """
    team = scenario.reps if role == AE else scenario.roles[role]
    for segment, count in counts.items():
        if count > 0:
            hire = Hire.model_construct(month=start, count=int(count), delay_months=delay_months)
            team = team.with_hires(segment, (hire,))
    if role == AE:
        return scenario.replace(reps=team)
    return scenario.replace(roles={**scenario.roles, role: team})


def last_loss(cumulative: Floats) -> int | None:
    """Return the place of the last sum below zero, after which all is paid back; -1: none is, None: the end.

    Parameters
    ----------
    cumulative : ndarray of float64, shape (month or period,)
        Money gained up to each; any unit.
    """
    below = np.flatnonzero(cumulative < 0.0)
    if not below.size:
        return -1
    return None if below[-1] == len(cumulative) - 1 else int(below[-1])
