"""What the people cost: head-months of every role at target pay, and hiring; account executives alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.calibration import Calibration
from simulator.engine.plan.roles import RoleTerms, rep_terms, role_names, role_terms
from simulator.history.tables import History
from simulator.kernels.people.coverage import HEADS, N_OF_ROLE
from simulator.scenario.schema import Scenario

NEW_SALE = "expansion_new_sale"


@dataclass(frozen=True)
class RoleCosts:
    """Cost rates by role and segment; account executives are the first role.

    Parameters
    ----------
    roles, segments : tuple of str
    per_month : ndarray of float64, shape (role, segment)
        Of a head; variable pay at target included where no quota is stated. Unit: currency.
    commission : ndarray of float64, shape (role, segment)
        Variable pay per unit of expansion bookings, times the share of new sales to customers that the role
        owns; 0 where no quota is stated.
    hiring : ndarray of float64, shape (role, segment)
        Of a hire. Unit: currency.
    terms : tuple of RoleTerms
    """

    roles: tuple[str, ...]
    segments: tuple[str, ...]
    per_month: Floats
    commission: Floats
    hiring: Floats
    terms: tuple[RoleTerms, ...]

    def by_role(self, people: Floats, bookings_expansion: Floats) -> Floats:
        """Return cost by path, period, segment and role, shape (path, period, segment, role).

        Parameters
        ----------
        people : ndarray of float64, shape (path, period, segment, measure)
            As in ``Paths``.
        bookings_expansion : ndarray of float64, shape (path, period, segment)
        """
        n = len(self.roles)
        heads = people[..., : n * N_OF_ROLE].reshape(*people.shape[:-1], n, N_OF_ROLE)[..., HEADS]
        return np.asarray(heads * self.per_month.T + bookings_expansion[..., None] * self.commission.T)

    def by_period(self, people: Floats, bookings_expansion: Floats) -> Floats:
        """Return the cost of all roles, shape (path, period, segment)."""
        return np.asarray(self.by_role(people, bookings_expansion).sum(axis=-1))


def role_costs(scenario: Scenario, calibration: Calibration | None, history: History | None) -> RoleCosts:
    """Return the cost rates of a scenario's roles, at target pay.

    Parameters
    ----------
    scenario : Scenario
        Settled.
    calibration : Calibration, optional
    history : History, optional
    """
    names, segments = role_names(scenario), tuple(scenario.segments)
    shape = len(names), len(segments)
    per_month, hiring, commission = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    if scenario.reps.stated:
        for item in rep_terms(scenario, calibration.staffing if calibration is not None else None):
            place = segments.index(item.segment)
            per_month[0, place], hiring[0, place] = item.ote / 12.0, item.hiring_cost
    terms = role_terms(scenario, history)
    for role in terms:
        cell = names.index(role.role), segments.index(role.segment)
        per_month[cell], hiring[cell] = role.cost_per_month, role.hiring_cost
        if not math.isnan(role.quota):
            table = scenario.ownership.of(role.segment)
            owned = table.owners(NEW_SALE).get(role.role, 0.0) if table is not None else 0.0
            per_month[cell] -= role.ote * role.variable_share / 12.0
            commission[cell] = role.ote * role.variable_share / role.quota * owned
    return RoleCosts(names, segments, per_month, commission, hiring, terms)
