"""A scenario next to what the history or the calibration knows, and what it will simulate in sentences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from simulator.errors import Fault, InputError, suggestion
from simulator.fiscal import month_number
from simulator.scenario.checks import named_segments
from simulator.scenario.faults import key_text
from simulator.scenario.numbers import count_text, money_text
from simulator.scenario.people_checks import (
    hire_faults,
    hire_notes,
    role_notes,
)
from simulator.scenario.schema import ALL, Scenario, Simulation
from simulator.scenario.segments import Segment, missing_parts
from simulator.scenario.targets import with_total
from simulator.yaml_source import Key, Tree


def settled(
    scenario: Scenario,
    segments: Sequence[str] = (),
    last_day: dt.date | None = None,
    sources: Sequence[str] | None = None,
) -> Scenario:
    """Return the scenario with what only the history knows filled in.

    Fills ``as_of``, one entry of ``segments`` for each segment (in the order known) and the target of
    ``all`` where every segment has one; notes targets outside the horizon. A segment that the history
    lacks is new where the scenario gives all its rates, and a fault otherwise.

    Parameters
    ----------
    scenario : Scenario
        As loaded.
    segments : sequence of str
        Segments of the history or calibration; empty where the scenario brings its own.
    last_day : datetime.date, optional
        Last day of the history.
    sources : sequence of str, optional
        Where the history's deals come from; None: not known, levers by source are not checked.

    Raises
    ------
    InputError
        A segment is named that does not exist, or no as-of date is known.
    """
    new = [name for name, own in scenario.segments.items() if _is_new(own, name, segments)]
    known = (*segments, *new) if segments else tuple(scenario.segments)
    as_of, faults = scenario.as_of or last_day, _unknown_segments(scenario, known)
    faults += _unknown_sources(scenario, sources)
    if as_of is None:
        faults.append(Fault(scenario.where("as_of"), "'as_of' is missing", "Say when the forecast begins."))
        raise InputError(faults)
    if faults := faults + hire_faults(scenario.reps, scenario.roles, scenario.places, as_of):
        raise InputError(faults)
    notes = _notes(scenario, as_of, last_day, new if segments else [])
    full = _filled(scenario, as_of, known)
    return full.with_reading(notes=tuple(notes + _outside_horizon(full)))


def _is_new(own: Segment, name: str, segments: Sequence[str]) -> bool:
    """Return whether a scenario gives a segment that the history lacks all its rates."""
    return name not in segments and own.replaces_rates and not missing_parts(own)


def _notes(scenario: Scenario, as_of: dt.date, last_day: dt.date | None, new: list[str]) -> list[str]:
    """Return the notes of a scenario, and what is to be said once the day and the segments are known."""
    people = (scenario.reps, scenario.roles)
    notes = hire_notes(*people, as_of, scenario.fiscal_calendar(), scenario.horizon_quarters)
    if scenario.customers.simulate:
        helper, simulated = scenario.effects.helper, scenario.simulates_roles
        notes += role_notes(scenario.roles, scenario.ownership, helper=helper, simulated=simulated)
    notes += [f"segments.{name} is not in the history: simulated from the rates given" for name in new]
    if last_day is not None and as_of > last_day:
        notes.append(f"as_of is {as_of}, but the history ends on {last_day}: nothing is known in between")
    return [*scenario.notes, *notes]


def _filled(scenario: Scenario, as_of: dt.date, known: tuple[str, ...]) -> Scenario:
    """Return the scenario with a day, an entry for each known segment, and targets of all together."""
    return scenario.replace(
        as_of=as_of,
        segments={name: scenario.segments.get(name, Segment()) for name in known},
        targets={period: with_total(by, known) for period, by in scenario.targets.items()},
        type_targets={
            kind: {period: with_total(by, known) for period, by in targets.items()}
            for kind, targets in scenario.type_targets.items()
        },
    )


def horizon(scenario: Scenario) -> range:
    """Return the quarter numbers that a scenario simulates; the first holds the day after ``as_of``.

    Raises
    ------
    ValueError
        The scenario has no as-of date yet.
    """
    if scenario.as_of is None:
        raise ValueError("the as-of date is not known yet")
    first = int(scenario.fiscal_calendar().quarter(month_number(scenario.as_of + dt.timedelta(days=1))))
    return range(first, first + scenario.horizon_quarters)


def _outside_horizon(scenario: Scenario) -> list[str]:
    calendar = scenario.fiscal_calendar()
    labels = [calendar.quarter_label(quarter) for quarter in horizon(scenario)]
    named = dict.fromkeys((*scenario.targets, *(p for t in scenario.type_targets.values() for p in t)))
    outside = [period for period in named if period not in labels]
    if not outside:
        return []
    return [
        f"targets for {', '.join(outside)} are outside of what is simulated ({labels[0]} to {labels[-1]})"
    ]


def _unknown_segments(scenario: Scenario, known: tuple[str, ...]) -> list[Fault]:
    faults = []
    own: list[tuple[Key, str]] = [(("segments", name), name) for name in scenario.segments]
    for key, name in own + named_segments(scenario):
        if name not in known:
            where, written = Tree(None, scenario.places).place(key)
            what = f"{key_text(written or key)}: unknown segment '{name}'"
            remedy = suggestion(name, known, "Segments")
            if key[0] == "segments":
                remedy += " A new one needs all its rates: sals_per_month, amount and its categories."
            faults.append(Fault(where, what, remedy))
    return faults


def _unknown_sources(scenario: Scenario, sources: Sequence[str] | None) -> list[Fault]:
    if sources is None:
        return []
    return [
        Fault(
            scenario.where("levers", lever.name, "source"),
            f"levers.{lever.name}: no deal comes from source '{lever.source}'",
            suggestion(lever.source, sources, "Sources"),
        )
        for lever in scenario.levers
        if lever.source is not None and lever.source not in sources
    ]


SOURCES_OF_SPREAD = {
    "luck": "luck (which deals close)",
    "rate_uncertainty": "uncertain rates",
    "shared_shock": "good and bad quarters for everyone",
}


def sentences(scenario: Scenario) -> list[str]:
    """Return what a settled scenario will simulate, a sentence each."""
    lines = [
        _span(scenario),
        _origin(scenario),
        _segments(scenario),
        _targets(scenario),
        _levers(scenario),
        _simulation(scenario.simulation),
    ]
    return [line for line in lines if line]


def _span(scenario: Scenario) -> str:
    calendar = scenario.fiscal_calendar()
    quarters = horizon(scenario)
    first, last = calendar.quarter_label(quarters[0]), calendar.quarter_label(quarters[-1])
    span = first if first == last else f"{first} to {last}"
    return f"What is booked in {span}, as of {scenario.as_of}, in {scenario.currency}."


def _origin(scenario: Scenario) -> str:
    if scenario.calibration is not None:
        return f"Rates from {scenario.calibration}."
    if scenario.history is not None:
        return f"Rates calibrated from the history in {scenario.history}."
    listed = count_text(len(scenario.open_deals), "open deal")
    return f"Rates as written in the scenario; {listed} listed there."


def _segments(scenario: Scenario) -> str:
    replaced = [name for name, segment in scenario.segments.items() if segment.replaces_rates]
    text = f"{count_text(len(scenario.segments), 'segment')}: {', '.join(scenario.segments)}."
    if replaced and (scenario.history or scenario.calibration):
        text += f" Rates given by hand for: {', '.join(replaced)}."
    return text


def _targets(scenario: Scenario) -> str:
    if not scenario.targets:
        return "No targets, so no chance of hitting them."
    totals = [
        f"{period} {money_text(by_segment[ALL])}" if ALL in by_segment else f"{period} by segment"
        for period, by_segment in scenario.targets.items()
    ]
    return f"Targets: {', '.join(totals)}."


def _levers(scenario: Scenario) -> str:
    return f"Changed: {'; '.join(str(lever) for lever in scenario.levers)}." if scenario.levers else ""


def _simulation(simulation: Simulation) -> str:
    spread = [words for key, words in SOURCES_OF_SPREAD.items() if getattr(simulation, key)]
    return (
        f"{simulation.paths:,} paths, seed {simulation.seed}; spread from "
        f"{', '.join(spread) or 'nothing: every path is the expected one'}."
    )
