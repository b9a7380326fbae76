"""What a scenario says about reps, held against its horizon: hires in the past, ramps that never end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from simulator.errors import Fault
from simulator.fiscal import FiscalCalendar, month_number
from simulator.scenario.dates import month_text
from simulator.scenario.faults import suggestion
from simulator.scenario.ownership import ACTIVITIES, AE, NOBODY, Ownership, OwnerTable
from simulator.scenario.people import ALL_SEGMENTS, Reps, Role
from simulator.scenario.service_coverage import Activities
from simulator.yaml_source import Key, Tree


def named_rep_segments(reps: Reps) -> list[tuple[Key, str]]:
    """Return the places where the reps name a segment, and the names."""
    return [(("reps", "segments", name), name) for name in reps.segments]


def hire_faults(reps: Reps, places: dict[Key, str], as_of: dt.date) -> list[Fault]:
    """Return the hires that lie in the past: who was hired by then is among the heads already."""
    first = month_number(as_of + dt.timedelta(days=1))
    faults = []
    for key, month in _hires(reps):
        if month < first:
            where = Tree(None, places).place((*key, "month"))[0]
            what = f"{'.'.join(map(str, key))}: hired in {month_text(month)}, before as_of ({as_of})"
            faults.append(Fault(where, what, f"Count them in 'heads', or hire from {month_text(first)} on."))
    return faults


def rep_notes(reps: Reps, as_of: dt.date, calendar: FiscalCalendar, n_quarters: int) -> list[str]:
    """Return what the reader should know of reps whose work lies mostly behind the horizon."""
    if not reps.stated:
        return []
    first = month_number(as_of + dt.timedelta(days=1))
    n_months = calendar.first_month(int(calendar.quarter(first)) + n_quarters) - first
    notes = [
        f"{'.'.join(map(str, key))}: hired in {month_text(month)}, after all that is simulated"
        for key, month in _hires(reps)
        if month >= first + n_months
    ]
    length = reps.ramp.length_months if reps.ramp is not None else 0.0
    if length > n_months:
        notes.append(
            f"reps.ramp: a ramp of {length:g} months is longer than the {n_months} months simulated: "
            "no new rep is fully productive within them; lengthen 'horizon_quarters' to see their work"
        )
    return notes


def _hires(reps: Reps) -> list[tuple[Key, int]]:
    stated: dict[Key, tuple[int, ...]] = {}
    if reps.all is not None:
        stated[("reps", ALL_SEGMENTS)] = tuple(hire.month for hire in reps.all.hires or ())
    for name, own in reps.segments.items():
        stated[("reps", "segments", name)] = tuple(hire.month for hire in own.hires or ())
    return [((*key, "hires", i), month) for key, months in stated.items() for i, month in enumerate(months)]


def named_role_segments(
    roles: Mapping[str, Role], activities: Activities, ownership: Ownership
) -> list[tuple[Key, str]]:
    """Return the places where roles, activities and ownership name a segment, and the names."""
    named: list[tuple[Key, str]] = [
        (("roles", role, "segments", name), name)
        for role, stated in roles.items()
        for name in stated.segments
    ]
    for activity in ACTIVITIES:
        work = getattr(activities, activity)
        named += [
            (("activities", activity, "segments", name), name) for name in (work.segments if work else ())
        ]
    return named + [(("ownership", "segments", name), name) for name in ownership.segments]


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
        stated = {"all": roles[AE].all, **roles[AE].segments}
        for name, people in stated.items():
            if people is not None and people.model_fields_set:
                key = ("roles", AE, "all") if name == "all" else ("roles", AE, "segments", name)
                remedy = "Write heads, pay and ramp of account executives under 'reps'."
                faults.append((key, "account executives are stated twice", remedy))
        if roles[AE].ramp is not None:
            faults.append(
                (("roles", AE, "ramp"), "account executives are stated twice", "Write 'reps.ramp'.")
            )
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


def role_hire_faults(roles: Mapping[str, Role], places: dict[Key, str], as_of: dt.date) -> list[Fault]:
    """Return the hires that lie in the past: who was hired by then is among the heads already."""
    first = month_number(as_of + dt.timedelta(days=1))
    faults = []
    for key, month in _role_checks_hires(roles):
        if month < first:
            where = Tree(None, places).place((*key, "month"))[0]
            what = f"{'.'.join(map(str, key))}: hired in {month_text(month)}, before as_of ({as_of})"
            faults.append(Fault(where, what, f"Count them in 'heads', or hire from {month_text(first)} on."))
    return faults


def role_notes(roles: Mapping[str, Role], ownership: Ownership, *, simulated: bool) -> list[str]:
    """Return what the reader should know of roles that change nothing, and of work that no one does."""
    if not roles and not ownership.stated:
        return []
    if not simulated:
        return [
            "roles change no forecast: that takes 'roles', 'ownership', customers, and effects.simulate true"
        ]
    working = {role for _, table in _tables(ownership) for role in table.roles}
    idle = [role for role in roles if role not in working and role != AE]
    notes = [f"roles.{role}: does nothing after the signature here, and only costs" for role in idle]
    for key, table in _tables(ownership):
        for activity in ACTIVITIES:
            done = sum(table.owners(activity).values())
            if done < 1 - 1e-9:
                share = "nobody does" if done == 0 else f"nobody does {1 - done:.0%} of"
                notes.append(f"{'.'.join(map(str, key))}: {share} {activity}")
    return notes


def _role_checks_hires(roles: Mapping[str, Role]) -> list[tuple[Key, int]]:
    stated: dict[Key, tuple[int, ...]] = {}
    for role, own in roles.items():
        if own.all is not None:
            stated[("roles", role, ALL_SEGMENTS)] = tuple(hire.month for hire in own.all.hires or ())
        for name, people in own.segments.items():
            stated[("roles", role, "segments", name)] = tuple(hire.month for hire in people.hires or ())
    return [((*key, "hires", i), month) for key, months in stated.items() for i, month in enumerate(months)]
