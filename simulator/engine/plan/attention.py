"""Who gets the attention of a segment's reps, and how many deals it is enough for."""

from __future__ import annotations

from typing import NamedTuple

from simulator.calibration.capacity import LIMIT, UNKNOWN
from simulator.calibration.staffing import StaffingCalibration
from simulator.scenario.schema import Scenario


def first_come(scenario: Scenario, staffing: StaffingCalibration | None) -> bool:
    """Return whether reps serve who comes first and let the others wait, or share their attention.

    As stated, else as the history's deals have moved. Where neither says, deals wait if it is stated how long
    they have patience for it, and are shared otherwise.
    """
    if scenario.reps.queue is not None:
        return scenario.reps.queue
    capacity = staffing.capacity if staffing is not None else None
    if capacity is not None and LIMIT in capacity.verdict:
        return capacity.first_come
    waits = (people.patience_days or people.waiting_sals for _, people in scenario.reps.stated_people)
    return any(waits)


class Attention(NamedTuple):
    """Deals that a ramped rep can give full attention, by segment where there is a limit, and who gets it."""

    per_rep: dict[str, float]
    first_come: bool


def attention_of(scenario: Scenario, staffing: StaffingCalibration | None) -> Attention:
    """Return how attention is limited in the segments whose reps are simulated, levers aside."""
    per_rep = {}
    capacity = staffing.capacity if staffing is not None else None
    for name in scenario.segments:
        if not scenario.reps.limits(name):
            continue
        number = scenario.reps.of(name).open_deals_per_rep
        if number is None and capacity is not None and staffing is not None and name in staffing.segments:
            # Where the history does not hold the waiting, there is none to be taken out of it.
            number = float(capacity.per_rep[staffing.segments.index(name), 0])
        if number:
            per_rep[name] = number
    return Attention(per_rep, first_come(scenario, staffing))


def unseen_waiting(scenario: Scenario, staffing: StaffingCalibration | None) -> dict[str, float]:
    """Return the segments in which SALs may wait unseen, and the deals that a rep there always has in work.

    Reps are equally full at all times there, as they are where deals are entered once one is free to take
    them up; whether more wait, such a history cannot show.
    """
    capacity = staffing.capacity if staffing is not None else None
    if capacity is None or staffing is None:
        return {}
    found = {}
    for place, name in enumerate(staffing.segments):
        hidden = capacity.verdict[place] == UNKNOWN and scenario.reps.of(name).waiting_sals is None
        if hidden and scenario.reps.limits(name):
            found[name] = float(capacity.usual_load[place])
    return found
