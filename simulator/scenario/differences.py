"""How two scenarios differ, in words."""

from __future__ import annotations

from typing import Any

from simulator.scenario.numbers import money_text
from simulator.scenario.schema import Scenario

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
            walk(f"{key}.{name}" if key else str(name), inner)

    values = scenario.to_dict()
    walk("", {name: value for name, value in values.items() if name not in PARTS_WITH_OWN_WORDS})
    return {key: value for key, value in flat.items() if value is not None}


def _text(value: object) -> str:
    if value is None:
        return "not given"
    if isinstance(value, float):
        return money_text(value) if value >= 1000 else f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
