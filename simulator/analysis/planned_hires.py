"""The hires that a scenario plans, and the same scenario without them."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from simulator.scenario.reps import SegmentReps
from simulator.scenario.roles import SegmentRole
from simulator.scenario.schema import Scenario

Own = TypeVar("Own", SegmentReps, SegmentRole)


def without_hires(scenario: Scenario) -> Scenario | None:
    """Return the scenario without the hires it plans, of reps and of every role; None where it plans none."""
    reps = scenario.reps
    bare_reps = reps.model_copy(
        update={
            "all": _bare(reps.all),
            "segments": {name: _bare(own) for name, own in reps.segments.items()},
        }
    )
    bare_roles = {
        name: role.model_copy(
            update={
                "all": _bare(role.all),
                "segments": {segment: _bare(own) for segment, own in role.segments.items()},
            }
        )
        for name, role in scenario.roles.items()
    }
    if bare_reps == reps and bare_roles == dict(scenario.roles):
        return None
    return replace(scenario, reps=bare_reps, roles=bare_roles)


def _bare(own: Own | None) -> Own | None:
    """Return what is stated of a segment's people without the hires."""
    if own is None or not own.hires:
        return own
    return own.model_copy(update={"hires": None})
