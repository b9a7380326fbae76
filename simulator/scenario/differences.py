"""From one scenario to another, one difference after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulator.scenario.levers import Lever
from simulator.scenario.numbers import money_text
from simulator.scenario.schema import Scenario

MOST_WORDS = 3


@dataclass(frozen=True)
class Change:
    """One step on the way from a scenario to another.

    Parameters
    ----------
    label : str
        A few words, for the axis of a chart.
    words : str
        What changes, in words.
    scenario : Scenario
        With this and all earlier changes made.
    """

    label: str
    words: str
    scenario: Scenario


def list_changes(a: Scenario, b: Scenario) -> list[Change]:
    """Return the steps that turn scenario ``a`` into ``b``; the last one is ``b``.

    Rates come first (history and calibration, then segment by segment), then open deals, customers, reps,
    roles, and one step for each lever. Targets, settings of the simulation and horizon are taken from ``a``
    throughout: they are the ground that both stand on.

    Parameters
    ----------
    a, b : Scenario
        As loaded.
    """
    changes: list[Change] = []
    for label, after in _steps(a, b):
        before = changes[-1].scenario if changes else a
        words = differences(before, after)
        if words:
            changes.append(Change(label, _shorten(words), after))
    return changes


def _steps(a: Scenario, b: Scenario) -> Iterator[tuple[str, Scenario]]:
    now = a.with_reading(places=b.places)
    for label, fields in (
        ("history and rates", ("history", "calibration", "as_of", "fiscal_year", "currency")),
        *((f"segment {name}", name) for name in dict.fromkeys((*a.segments, *b.segments))),
        ("open deals", ("open_deals",)),
        ("customers", ("customers",)),
        ("reps", ("reps",)),
        ("roles after the sale", ("roles", "activities", "ownership", "effects")),
        ("deal terms", ("terms",)),
        ("referrals", ("referrals",)),
    ):
        now = _with_segment(now, b, fields) if isinstance(fields, str) else _with(now, b, fields)
        yield label, now
    for label, levers in _lever_steps(a.levers, b.levers):
        now = now.replace(levers=levers)
        yield label, now


def _with(scenario: Scenario, other: Scenario, fields: Sequence[str]) -> Scenario:
    taken: dict[str, Any] = {field: getattr(other, field) for field in fields}
    return scenario.replace(**taken)


def _with_segment(scenario: Scenario, other: Scenario, name: str) -> Scenario:
    segments = {key: value for key, value in scenario.segments.items() if key != name}
    if name in other.segments:
        segments[name] = other.segments[name]
    order = dict.fromkeys((*other.segments, *segments))
    return scenario.replace(segments={key: segments[key] for key in order if key in segments})


def _lever_steps(
    before: tuple[Lever, ...], after: tuple[Lever, ...]
) -> Iterator[tuple[str, tuple[Lever, ...]]]:
    """Yield a label and all levers after each step; a lever moved further is one step."""
    now = list(before)
    for lever in before:
        if lever in after:
            continue
        place = now.index(lever)
        moved = next((new for new in after if new not in now and _of(new) == _of(lever)), None)
        now[place : place + 1] = [moved] if moved is not None else []
        yield (str(moved) if moved is not None else f"without {lever}"), tuple(now)
    for lever in after:
        if lever not in now:
            now.append(lever)
            if len(now) == len(after) and set(now) == set(after):
                now = list(after)  # the order in which factors multiply, to the last bit
            yield str(lever), tuple(now)
    if tuple(now) != after:
        yield "levers", after


def _of(lever: Lever) -> Lever:
    """Return the lever without how far it is moved."""
    return replace(lever, factor=1.0)


def _shorten(words: list[str]) -> str:
    more = len(words) - MOST_WORDS
    return "; ".join(words[:MOST_WORDS]) + (f"; and {more} more" if more > 0 else "")


PARTS_WITH_OWN_WORDS = ("name", "description", "levers")


def differences(a: Scenario, b: Scenario) -> list[str]:
    """Return what changes from scenario ``a`` to scenario ``b``, a sentence each."""
    return _lever_differences(a, b) + _value_differences(_flat(a), _flat(b))


def _lever_differences(a: Scenario, b: Scenario) -> list[str]:
    added = [f"lever {lever}" for lever in b.levers if lever not in a.levers]
    return added + [f"without lever {lever}" for lever in a.levers if lever not in b.levers]


def _value_differences(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    return [
        f"{key}: {_text(a.get(key))} -> {_text(b.get(key))}"
        for key in dict.fromkeys((*a, *b))
        if a.get(key) != b.get(key)
    ]


def _flat(scenario: Scenario) -> dict[str, Any]:
    flat: dict[str, Any] = {}

    def walk(key: str, value: Any) -> None:
        items = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, list)
            else None
        )
        if items is None:
            flat[key] = value
            return
        for name, inner in items:
            at = f"{key}.{name}" if key else str(name)
            walk(at, _say_hires(inner) if name == "hires" and inner else inner)

    values = scenario.to_dict()
    walk("", {name: value for name, value in values.items() if name not in PARTS_WITH_OWN_WORDS})
    return {key: value for key, value in flat.items() if value is not None}


def _say_hires(hires: list[dict[str, Any]]) -> str:
    late = [f" (or {hire['delay_months']:g} months later)" if hire["delay_months"] else "" for hire in hires]
    return ", ".join(
        f"{hire['count']} from {hire['month']}{words}" for hire, words in zip(hires, late, strict=True)
    )


def _text(value: object) -> str:
    if value is None:
        return "not given"
    if isinstance(value, float):
        return money_text(value) if value >= 1000 else f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
