"""How far each lever may plausibly turn: the intervals that a sensitivity analysis tries."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from simulator.scenario.form import Factor
from simulator.scenario.levers import LEVERS
from simulator.scenario.numbers import ReadingError


def _pair(value: object) -> object:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ReadingError(
            "is not an interval of two factors", "Write 'sensitivity: {close_odds: [-10%, +10%]}'."
        )
    return tuple(value)


Interval = Annotated[
    tuple[Factor, Factor],
    BeforeValidator(_pair, list[Factor]),
    Field(json_schema_extra={"examples": [["-10%", "+10%"]]}),
]


def _check(intervals: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    for name, (low, high) in intervals.items():
        if name not in LEVERS:
            raise ReadingError(f"there is no lever '{name}'", f"Levers: {', '.join(LEVERS)}.")
        kind = LEVERS[name]
        if low > high:
            raise ReadingError(f"{name}: x{low:g} is above x{high:g}", "Write the lower factor first.")
        if low < kind.low or high > kind.high:
            raise ReadingError(
                f"{name}: x{low:g} to x{high:g} is out of range",
                f"It may be turned from x{kind.low:g} to x{kind.high:g}.",
            )
    return intervals


Intervals = Annotated[dict[str, Interval], AfterValidator(_check)]
"""The ``sensitivity`` section of a scenario file: ``close_odds: [-10%, +10%]``."""
