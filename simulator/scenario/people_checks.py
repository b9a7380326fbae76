"""Checks of the people in a scenario: hires in the past, ramps that never end, work that no one owns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from simulator.errors import Fault, suggestion
from simulator.fiscal import FiscalCalendar, month_number
from simulator.scenario.numbers import month_text
from simulator.scenario.ownership import ACTIVITIES, AE, NOBODY, Ownership, OwnerTable
from simulator.scenario.people import ALL_SEGMENTS, Reps, Role
from simulator.yaml_source import Key, Tree

PEOPLE_KEYS = frozenset({"all", "segments", "ramp"})
"""What is said of the people of a role, apart from what they are good at and paid for."""


def reps_in_place(tree: Tree) -> Tree:
    """Return a scenario's tree with what ``roles.ae`` says of people under ``reps``, where they are read.

    Account executives are a role like the others. What is stated in both places stays where it is, to be
    reported.
    """
    stated = _mapping(_mapping(tree.values.get("roles")).get(AE))
    if not PEOPLE_KEYS & stated.keys():
        return tree
    reps, places, rest = dict(_mapping(tree.values.get("reps"))), dict(tree.places), dict(stated)
    for key in PEOPLE_KEYS & stated.keys():
        reps[key], left = _laid_over(reps.get(key), rest.pop(key))
        if left is not None:
            rest[key] = left
    for written, place in tree.places.items():
        if written[:2] == ("roles", AE) and len(written) > 2 and written[2] in PEOPLE_KEYS:
            places.setdefault(("reps", *written[2:]), place)
    places.setdefault(("reps",), tree.places.get(("roles", AE), ""))
    return Tree({**tree.values, "reps": reps, "roles": {**tree.values["roles"], AE: rest}}, places)


def _mapping(value: object) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _laid_over(below: Any, above: Any) -> tuple[Any, Any]:
    """Return both together, and what of ``above`` is stated in both; None: nothing is."""
    if below is None:
        return above, None
    if not isinstance(below, dict) or not isinstance(above, dict):
        return below, above
    whole, twice = dict(below), {}
    for key, value in above.items():
        whole[key], left = _laid_over(below.get(key), value)
        if left is not None:
            twice[key] = left
    return whole, twice or None


def teams(reps: Reps, roles: Mapping[str, Role]) -> list[tuple[Key, Reps | Role]]:
    """Return the people of every role, and where they are stated."""
    return [(("reps",), reps), *((("roles", name), role) for name, role in roles.items())]


def hire_faults(reps: Reps, roles: Mapping[str, Role], places: dict[Key, str], as_of: dt.date) -> list[Fault]:
    """Return the hires that lie in the past: who was hired by then is among the heads already."""
    first = month_number(as_of + dt.timedelta(days=1))
    faults = []
    for key, month in _hires(teams(reps, roles)):
        if month < first:
            where = Tree(None, places).place((*key, "month"))[0]
            what = f"{'.'.join(map(str, key))}: hired in {month_text(month)}, before as_of ({as_of})"
            faults.append(Fault(where, what, f"Count them in 'heads', or hire from {month_text(first)} on."))
    return faults


def hire_notes(
    reps: Reps, roles: Mapping[str, Role], as_of: dt.date, calendar: FiscalCalendar, n_quarters: int
) -> list[str]:
    """Return what the reader should know of people whose work lies mostly behind the horizon."""
    first = month_number(as_of + dt.timedelta(days=1))
    n_months = calendar.first_month(int(calendar.quarter(first)) + n_quarters) - first
    notes = []
    for key, team in teams(reps if reps.stated else Reps(), roles):
        notes += [
            f"{'.'.join(map(str, place))}: hired in {month_text(month)}, after all that is simulated"
            for place, month in _hires([(key, team)])
            if month >= first + n_months
        ]
        length = team.ramp.length_months if team.ramp is not None else 0.0
        if length > n_months:
            notes.append(
                f"{'.'.join(map(str, key))}.ramp: a ramp of {length:g} months is longer than the {n_months} "
                "months simulated: no new hire is fully productive within them; lengthen 'horizon_quarters' "
                "to see their work"
            )
    return notes


def _hires(stated: list[tuple[Key, Reps | Role]]) -> list[tuple[Key, int]]:
    return [
        ((*key, *((ALL_SEGMENTS,) if name == ALL_SEGMENTS else ("segments", name)), "hires", i), hire.month)
        for key, team in stated
        for name, people in team.stated_people
        for i, hire in enumerate(people.hires or ())
    ]


def owner_faults(roles: Mapping[str, Role], ownership: Ownership) -> list[tuple[Key, str, str]]:
    """Return key, fault and remedy of owners that no role is, and of people stated for role ``ae``."""
    faults: list[tuple[Key, str, str]] = []
    if NOBODY in roles:
        faults.append((("roles", NOBODY), f"no role may be called '{NOBODY}'", "It stands for no one."))
    for key, table in _tables(ownership):
        for role in table.roles:
            if role != AE and role not in roles:
                remedy = f"Add 'roles: {{{role}: …}}'. " + suggestion(role, [AE, *roles], "Roles")
                faults.append((key, f"'{role}' does something, but is no role here", remedy))
    if AE in roles:
        again: list[Key] = [("all",)] if roles[AE].all is not None else []
        again += [("segments", name) for name in roles[AE].segments]
        again += [("ramp",)] if roles[AE].ramp is not None else []
        remedy = "It is under 'reps' as well; keep one of the two."
        faults += [(("roles", AE, *part), "account executives are stated twice", remedy) for part in again]
    faults += [
        (("roles", role, "customer_time"), "only account executives share their time", "Remove it.")
        for role, stated in roles.items()
        if role != AE and stated.customer_time is not None
    ]
    return faults


def _tables(ownership: Ownership) -> list[tuple[Key, OwnerTable]]:
    tables: list[tuple[Key, OwnerTable]] = [
        (("ownership", "segments", name), table) for name, table in ownership.segments.items()
    ]
    return [(("ownership",), ownership.all), *tables] if ownership.all is not None else tables


def role_notes(
    roles: Mapping[str, Role], ownership: Ownership, *, helper: str | None, simulated: bool
) -> list[str]:
    """Return what the reader should know of roles that change nothing, and of work that no one does.

    ``helper`` is the role that helps with deals before the sale.
    """
    if not roles and not ownership.stated:
        return []
    if not simulated:
        return [
            "roles change no forecast: that takes 'roles', 'ownership', customers, and effects.simulate true"
        ]
    working = {role for _, table in _tables(ownership) for role in table.roles}
    idle = [role for role in roles if role not in working and role not in (AE, helper)]
    notes = [f"roles.{role}: does nothing after the signature here, and only costs" for role in idle]
    for key, table in _tables(ownership):
        for activity in ACTIVITIES:
            done = sum(table.owners(activity).values())
            if done < 1 - 1e-9:
                share = "nobody does" if done == 0 else f"nobody does {1 - done:.0%} of"
                notes.append(f"{'.'.join(map(str, key))}: {share} {activity}")
    return notes
