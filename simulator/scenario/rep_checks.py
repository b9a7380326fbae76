"""What a scenario says about reps, held against its horizon: hires in the past, ramps that never end."""

from __future__ import annotations

import datetime as dt

from simulator.errors import Fault
from simulator.fiscal import FiscalCalendar, month_number
from simulator.scenario.dates import month_text
from simulator.scenario.reps import ALL_SEGMENTS, Reps
from simulator.tree import Key, Tree


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
