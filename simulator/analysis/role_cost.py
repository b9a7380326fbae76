"""What the people cost: head-months of every role at target pay, and hiring; account executives alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.calibration.calibration import Calibration
from simulator.engine.rep_terms import rep_terms
from simulator.engine.role_terms import RoleTerms, role_names, role_terms
from simulator.history.tables import History
from simulator.kernels.coverage import HEADS, N_OF_ROLE
from simulator.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RoleCosts:
    """Cost rates by role and segment; account executives are the first role.

    Parameters
    ----------
    roles, segments : tuple of str
    per_month : ndarray of float64, shape (role, segment)
        Of a head, variable pay at target included. Unit: currency.
    hiring : ndarray of float64, shape (role, segment)
        Of a hire. Unit: currency.
    terms : tuple of RoleTerms
    """

    roles: tuple[str, ...]
    segments: tuple[str, ...]
    per_month: Floats
    hiring: Floats
    terms: tuple[RoleTerms, ...]

    def by_role(self, people: Floats) -> Floats:
        """Return cost by path, period, segment and role, shape (path, period, segment, role).

        Parameters
        ----------
        people : ndarray of float64, shape (path, period, segment, measure)
            As in ``Paths``.
        """
        n = len(self.roles)
        heads = people[..., : n * N_OF_ROLE].reshape(*people.shape[:-1], n, N_OF_ROLE)[..., HEADS]
        return np.asarray(heads * self.per_month.T)

    def by_period(self, people: Floats) -> Floats:
        """Return the cost of all roles, shape (path, period, segment)."""
        return np.asarray(self.by_role(people).sum(axis=-1))


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
    per_month, hiring = np.zeros((len(names), len(segments))), np.zeros((len(names), len(segments)))
    if scenario.reps.stated:
        for item in rep_terms(scenario, calibration.staffing if calibration is not None else None):
            place = segments.index(item.segment)
            per_month[0, place], hiring[0, place] = item.ote / 12.0, item.hiring_cost
    terms = role_terms(scenario, history)
    for role in terms:
        cell = names.index(role.role), segments.index(role.segment)
        per_month[cell], hiring[cell] = role.cost_per_month, role.hiring_cost
    return RoleCosts(names, segments, per_month, hiring, terms)
