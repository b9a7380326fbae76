"""What a scenario is tried at: factors of levers for the sensitivity analysis, values for a sweep."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from simulator.scenario.form import Factor, Form
from simulator.scenario.levers import LEVERS
from simulator.scenario.numbers import ReadingError

MOST_SETTINGS = 200
MOST_STEPS = 50
FIXED = (
    "name", "description", "extends", "as_of", "currency", "fiscal_year", "horizon_quarters", "history",
    "calibration", "simulation", "sweep", "sensitivity",
)  # fmt: skip
"""Parts that all settings have in common, so that they share their luck and can be compared."""

Value = int | float | str | bool
Setting = dict[str, Value]


class Range(Form):
    """Evenly spaced numbers, both ends included."""

    low: float = Field(alias="from")
    """First number."""
    high: float = Field(alias="to")
    """Last number."""
    steps: int = Field(5, ge=2, le=MOST_STEPS)
    """How many numbers, both ends included."""


def _values(value: object) -> object:
    if isinstance(value, dict):
        asked = Range.model_validate(value)
        step = (asked.high - asked.low) / (asked.steps - 1)
        return tuple(float(f"{asked.low + place * step:.10g}") for place in range(asked.steps))
    if not isinstance(value, (list, tuple)) or not value:
        raise ReadingError("is no list of values", "Write [-20%, +20%] or {from: 0.8, to: 1.2, steps: 5}.")
    wrong = [item for item in value if not isinstance(item, (int, float, str))]
    if wrong:
        raise ReadingError("holds more than plain values", "Sweep over numbers or words, a key each.")
    return tuple(dict.fromkeys(value))


def _check(sweep: dict[str, tuple[Value, ...]]) -> dict[str, tuple[Value, ...]]:
    for key in sweep:
        if key.split(".")[0] in FIXED:
            raise ReadingError(f"'{key}' cannot be swept", "All settings share it, to be comparable.")
    n = math.prod(map(len, sweep.values()))
    if n > MOST_SETTINGS:
        raise ReadingError(f"has {n:,} settings", f"At most {MOST_SETTINGS}: give fewer values.")
    return sweep


Values = Annotated[tuple[Value, ...], BeforeValidator(_values, Range | list[Value])]
Sweep = Annotated[
    dict[str, Values],
    AfterValidator(_check),
    Field(
        json_schema_extra={"examples": [{"levers.slippage": ["x0.8", 1.0], "levers.sals": ["-10%", "+10%"]}]}
    ),
]
"""The ``sweep`` section of a scenario file."""


def settings(sweep: Mapping[str, tuple[Any, ...]]) -> list[Setting]:
    """Return every combination of the values, the last key turning fastest."""
    return [dict(zip(sweep, values, strict=True)) for values in itertools.product(*sweep.values())]


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


def _check_intervals(intervals: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    for name, (low, high) in intervals.items():
        if name not in LEVERS:
            raise ReadingError(f"there is no lever '{name}'", f"Levers: {', '.join(LEVERS)}.")
        kind = LEVERS[name]
        if low > high:
            raise ReadingError(f"{name}: x{low:g} is above x{high:g}", "Write the lower factor first.")
        if low < kind.low or high > kind.high:
            raise ReadingError(
                f"{name}: x{low:g} to x{high:g} is out of range",
                f"It may be set from x{kind.low:g} to x{kind.high:g}.",
            )
    return intervals


Intervals = Annotated[dict[str, Interval], AfterValidator(_check_intervals)]
"""The ``sensitivity`` section of a scenario file: ``close_odds: [-10%, +10%]``."""
