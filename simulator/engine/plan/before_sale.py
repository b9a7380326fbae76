"""Odds of winning by who helps with deals before the sale, and by what reps are paid for.

A specialist or sales engineer keeps up with the deals of a stated number of account executives. Where there
are too few, the odds of winning are the stated factor to the power of the share of executives without help;
of a pay plan they are the stated factor for each step away from the plan that the rates were earned with.
Simulated at the stated value, with the heads that are expected; today's coverage is what the rates of the
history hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.calibration.calibration import DESTINATIONS
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.levels import every_month
from simulator.engine.plan.roles import RepTerms, RoleTerms, employed, role_terms
from simulator.engine.plan.seats import LONGEST_WAIT, role_leaves, role_ramp, seats_of, wait_cdf
from simulator.errors import InputError
from simulator.history.tables import History
from simulator.kernels.people.capacity import CapacityPlan
from simulator.scenario.before_sale import BeforeSale
from simulator.scenario.schema import Scenario

WON = DESTINATIONS.index("won")
STEP = 0.1
"""Of the variable share, and of the quota: what a stated factor is for."""


class Seats(NamedTuple):
    """The seats of a role in a segment, at mean rates.

    Parameters
    ----------
    starts : ndarray of int64, shape (seat,)
        Month of hire; before month 0 for those employed at as_of, who have stayed so far.
    delay : ndarray of float64, shape (seat, months)
        Cumulative chances that a seat is filled 0, 1, 2 … months later than planned.
    leaves : float
        Chance a month to leave.
    backfill : ndarray of float64, shape (months,)
        Cumulative chances of 0, 1, 2 … months from a departure to the next start.
    ramp : ndarray of float64, shape (month of tenure,)
    """

    starts: Ints
    delay: Floats
    leaves: float
    backfill: Floats
    ramp: Floats

    def ramped(self, n_months: int) -> Floats:
        """Return the ramped heads to be expected in each month, shape (month,)."""
        months, ramped, left = np.arange(n_months), np.zeros(n_months), np.zeros(n_months)
        begun, waits = np.zeros(n_months), np.pad(np.diff(self.backfill, prepend=0.0), (0, n_months))
        for start, late in zip(self.starts, np.diff(self.delay, axis=1, prepend=0.0), strict=True):
            if start < 0:
                stay = (1.0 - self.leaves) ** months
                ramped += stay * self._productive(months - start)
                left += self.leaves * stay
            else:
                begun[start:] += np.pad(late, (0, n_months))[: max(n_months - start, 0)]
        for month in range(n_months):
            begun[month] += left[:month] @ waits[:month][::-1]
            tenure = months[month:] - month
            stay = begun[month] * (1.0 - self.leaves) ** tenure
            ramped[month:] += stay * self._productive(tenure)
            left[month:] += self.leaves * stay
        return ramped

    def today(self) -> float:
        """Return the ramped heads at as_of."""
        return float(self._productive(-self.starts[self.starts < 0]).sum())

    def _productive(self, tenure: Ints) -> Floats:
        return self.ramp[np.minimum(tenure, len(self.ramp) - 1)]


def with_help(
    compiled: Compiled, scenario: Scenario, terms: Sequence[RepTerms], history: History | None
) -> Compiled:
    """Return a scenario compiled with its reps whose odds of winning follow help with deals and pay.

    Parameters
    ----------
    compiled : Compiled
        With its reps.
    scenario : Scenario
        Settled.
    terms : sequence of RepTerms
        Of the segments whose reps are simulated; the others stay as they are.
    history : History, optional
        Its people are those of as_of where the scenario states no heads.

    Raises
    ------
    InputError
        The quota that the rates were earned with is neither stated nor in the history.
    """
    stated, plan = scenario.effects.before_sale, compiled.plan
    if stated is None:
        return compiled
    n_months = compiled.horizon.months.size
    effect = every_month(plan.month_effect, len(compiled.segments), n_months)
    helpers = {item.segment: item for item in role_terms(scenario, history) if item.role == stated.role}
    for item in terms:
        place = compiled.segments.index(item.segment)
        effect[place, :, WON] *= _of_pay(compiled, scenario, stated, item)
        if stated.win_odds is not None and stated.reps_per_head is not None:
            reps = rep_seats(compiled.capacity, place)
            helping = _seats(scenario, helpers[item.segment], int(compiled.horizon.months[0]), history)
            missing, today = (
                1.0 - np.minimum(1.0, stated.reps_per_head * helped / np.maximum(there, 1e-9))
                for helped, there in (
                    (helping.ramped(n_months), reps.ramped(n_months)),
                    (helping.today(), reps.today()),
                )
            )
            effect[place, :, WON] *= stated.win_odds.value ** (missing - today)
    return replace(compiled, plan=plan._replace(month_effect=effect))


def rep_seats(capacity: CapacityPlan, place: int) -> Seats:
    """Return the seats of a segment's account executives."""
    mine = capacity.seat_segment == place
    return Seats(
        capacity.seat_start[mine],
        capacity.seat_delay_cdf[mine],
        float(capacity.seat_leaves[:, mine].mean()) if mine.any() else 0.0,
        capacity.backfill_cdf[place],
        capacity.ramp[:, place].mean(axis=0),
    )


def _seats(scenario: Scenario, terms: RoleTerms, first: int, history: History | None) -> Seats:
    """Return the seats of those who help with a segment's deals."""
    people = scenario.roles[terms.role]
    there = employed(history, terms.role, terms.segment)
    seats = seats_of(terms, 0, there, people.of(terms.segment).hires or (), first)
    return Seats(
        np.array([seat.start for seat in seats], dtype=np.int64),
        np.array([wait_cdf(seat.delay_months) for seat in seats]).reshape(len(seats), LONGEST_WAIT),
        role_leaves(scenario, terms),
        wait_cdf(terms.backfill_months),
        role_ramp(scenario, terms)[0],
    )


def _of_pay(compiled: Compiled, scenario: Scenario, stated: BeforeSale, terms: RepTerms) -> float:
    """Return the factor that a pay plan other than the one of the rates makes."""
    factor = 1.0
    if stated.variable_share is not None:
        steps = (terms.variable_share - stated.variable_share.observed) / STEP
        factor *= stated.variable_share.win_odds.value**steps
    if stated.quota is not None:
        observed = stated.quota.observed or _quota_in_history(compiled, terms.segment)
        if observed <= 0.0:
            raise InputError.of(
                scenario.where("effects"),
                f"effects.before_sale.quota: the history does not show the quota that the rates of "
                f"{terms.segment} were earned with",
                "Add 'observed: 800k', with your own number.",
            )
        factor *= stated.quota.win_odds.value ** ((terms.quota / observed - 1.0) / STEP)
    return factor


def _quota_in_history(compiled: Compiled, segment: str) -> float:
    staffing = compiled.calibration.staffing
    if staffing is None or segment not in staffing.segments:
        return 0.0
    return float(staffing.quota[staffing.segments.index(segment)])
