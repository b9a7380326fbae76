"""What a planner changes of a scenario, held as the file that would say it: only what differs."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from simulator.app.words import effects_of
from simulator.engine.prepare import Prepared
from simulator.scenario.levers import Lever
from simulator.scenario.load import load_scenario
from simulator.scenario.numbers import month_text
from simulator.scenario.ownership import AE, LARGEST_ODDS, LEAST_SHARE
from simulator.scenario.people import Hire
from simulator.scenario.schema import Scenario

Key = tuple[str, ...]
HEADING = "# Saved by `simulator app`: only what differs from {base}.\n"


@dataclass
class Edits:
    """Changes laid over a scenario file.

    Parameters
    ----------
    base_file : Path
        The scenario that is changed.
    name : str
        What the changed scenario is called.
    description : str
        Of the changed scenario.
    tree : dict
        What differs, as a file that extends the base says it.
    saved : bool
        Whether there is a file of that name that holds earlier changes.
    """

    base_file: Path
    name: str
    description: str = ""
    tree: dict[str, Any] = field(default_factory=dict)
    saved: bool = False

    def __post_init__(self) -> None:
        self.base = load_scenario(self.base_file)
        self._below = self.base.to_dict()
        self._read: tuple[str, Scenario] = ("", self.base)

    def scenario(self) -> Scenario:
        """Return the changed scenario, read and checked as its file would be.

        Raises
        ------
        InputError
            With every fault of the changes.
        """
        said = {"name": self.name, "description": self.description, **self.tree}
        if self._read[0] != repr(said):
            self._read = (repr(said), load_scenario(self.base_file, said))
        return self._read[1]

    def set(self, key: Key, value: object) -> None:
        """Change a value; what the base says already is not said again, and None takes out what it says."""
        below = _at(self._below, key)
        if value == below or (not value and not below and value != 0):
            _drop(self.tree, key)
            return
        inner = self.tree
        for part in key[:-1]:
            inner = inner.setdefault(part, {})
        inner[key[-1]] = value

    def get(self, key: Key) -> Any:
        """Return a value as the changed scenario has it, as JSON; None where nobody states it."""
        found = _at(self.tree, key, missing=...)
        return _at(self._below, key) if found is ... else found

    def set_lever(self, lever: Lever) -> None:
        """Set a lever for its segments, source and months; at 1 it is taken out."""
        levers = list(self.scenario().levers)
        places = [at for at, other in enumerate(levers) if _scope(other) == _scope(lever)]
        at = places[0] if places else len(levers)
        levers[at : at + 1] = [lever] if lever.factor != 1.0 else []
        written = self.base.replace(levers=tuple(levers)).to_dict()["levers"]
        self.set(("levers", lever.name), written.get(lever.name))

    def factor(self, scenario: Scenario, lever: Lever) -> float:
        """Return the factor that a scenario gives a lever for the segments, source and months of another."""
        return next((other.factor for other in scenario.levers if _scope(other) == _scope(lever)), 1.0)

    def hire(self, role: str, segment: str, month: int, count: int) -> None:
        """Plan how many people of a role start in a segment in a month."""
        planned = list(planned_hires(self.scenario(), role, segment))
        same = [hire for hire in planned if hire.month == month]
        kept = [hire for hire in planned if hire.month != month]
        if count:
            kept.append(
                (same[0] if same else Hire(month=month_text(month))).model_copy(update={"count": count})
            )
        written = [_as_written(hire) for hire in sorted(kept, key=lambda hire: hire.month)]
        self.set((*people_key(role, segment), "hires"), written)

    def set_effect(self, base: Prepared, name: str, value: float) -> None:
        """Set what an activity that is not done does; its interval is as wide as it was, in proportion.

        The other effects of the activity are said with it: once one is, those not said would be none.
        """
        activity, _, target = name.partition(".")
        usual, now = (
            {effect.target: effect for effect in effects_of(base, scenario) if effect.activity == activity}
            for scenario in (self.base, self.scenario())
        )
        first, values = usual[target], {key: effect.value for key, effect in now.items()} | {target: value}
        if values == {key: effect.value for key, effect in usual.items()}:
            self.set(("effects", activity), _at(self._below, ("effects", activity)))
            return
        power = math.log(value) / math.log(first.value) if first.value != 1.0 else 0.0
        ends = [end**power if power else value for end in (first.low, first.high)]
        least, most = (LEAST_SHARE, 1.0) if value < 1.0 else (1.0, LARGEST_ODDS)
        low, high = (round(min(max(end, least), most), 4) for end in ends)
        now[target] = replace(first, value=value, low=low, high=high)
        said = {key: {"value": one.value, "low": one.low, "high": one.high} for key, one in now.items()}
        self.set(("effects", activity), said)

    def text(self, extends: str) -> str:
        """Return the file that says what differs from the scenario that it extends."""
        text = io.StringIO()
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style = False
        yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
        about = {"extends": extends, "name": self.name}
        if self.description:
            about["description"] = self.description
        yaml.dump({**about, **self.tree}, text)
        return HEADING.format(base=extends) + text.getvalue()


def people_key(role: str, segment: str) -> tuple[str, ...]:
    """Return where a scenario states the people of a role in a segment."""
    return ("reps", "segments", segment) if role == AE else ("roles", role, "segments", segment)


def planned_hires(scenario: Scenario, role: str, segment: str) -> tuple[Hire, ...]:
    """Return who is to be hired for a role in a segment."""
    team = scenario.reps if role == AE else scenario.roles.get(role)
    return (team.of(segment).hires or ()) if team is not None else ()


def hires_in(scenario: Scenario, role: str, segment: str, month: int) -> int:
    """Return how many people of a role start in a segment in a month."""
    return sum(hire.count for hire in planned_hires(scenario, role, segment) if hire.month == month)


def _as_written(hire: Hire) -> dict[str, Any]:
    delay = {"delay_months": hire.delay_months} if hire.delay_months else {}
    return {"month": month_text(hire.month), "count": hire.count, **delay}


def _scope(lever: Lever) -> tuple[object, ...]:
    return lever.name, lever.segments, lever.source, lever.from_month, lever.until_month


def _at(values: Any, key: Key, missing: object = None) -> Any:
    for part in key:
        if not isinstance(values, dict) or part not in values:
            return missing
        values = values[part]
    return values


def _drop(tree: dict[str, Any], key: Key) -> None:
    """Take a value out of nested mappings, and every mapping that it leaves empty."""
    chain = list(_chain(tree, key))
    if len(chain) < len(key):
        return
    chain[-1].pop(key[-1], None)
    for parent, part, inner in zip(chain[-2::-1], key[-2::-1], chain[:0:-1], strict=True):
        if not inner:
            del parent[part]


def _chain(tree: dict[str, Any], key: Key) -> Iterator[dict[str, Any]]:
    inner: Any = tree
    for part in key:
        if not isinstance(inner, dict):
            return
        yield inner
        inner = inner.get(part)
