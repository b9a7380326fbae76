"""Read a scenario: files, what they extend, what the command line sets; all faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simulator.errors import Fault, InputError, gather
from simulator.scenario.checks import check
from simulator.scenario.faults import faults_of
from simulator.scenario.form import read_name
from simulator.scenario.layers import Overrides, merged, override_trees, read_layers
from simulator.scenario.numbers import ReadingError
from simulator.scenario.people_checks import reps_in_place
from simulator.scenario.schema import Scenario
from simulator.scenario.segments import never_ends
from simulator.scenario.targets import in_quarters
from simulator.yaml_source import Tree


def load_scenario(path: Path | str, overrides: Overrides = ()) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : pathlib.Path or str
        The YAML file.
    overrides : sequence of str, or mapping of str to object
        ``key.sub=value`` as given to ``--set``, or keys with their values; laid on top of the files.

    Returns
    -------
    Scenario
        Every default filled, except what only the history knows (``settled``).

    Raises
    ------
    InputError
        With every fault found, in the files and between their parts.
    """
    path = Path(path)
    (trees, files), settings = gather(lambda: read_layers(path), lambda: override_trees(overrides))
    tree, notes = merged(trees, settings)
    return _scenario(tree, _file_name(path), files, notes)


def scenario_from_dict(values: Mapping[str, Any], label: str = "scenario") -> Scenario:
    """Return the scenario of plain values, as ``Scenario.to_dict`` gives them.

    Raises
    ------
    InputError
        With every fault found.
    """
    tree, _ = merged([Tree(dict(values), {(): label})], [])
    return _scenario(tree, label, (), [])


def _file_name(path: Path) -> str:
    try:
        return read_name(path.stem)
    except ReadingError:
        return "scenario"


def _scenario(tree: Tree, default_name: str, files: tuple[Path, ...], notes: list[str]) -> Scenario:
    tree = reps_in_place(tree)
    target_faults = in_quarters(tree, notes)
    scenario, faults = _read(tree)
    faults = [*target_faults, *faults]
    if faults or scenario is None:
        raise InputError(sorted(faults, key=_reading_order))
    if "name" not in scenario.model_fields_set:
        scenario = scenario.replace(name=default_name)
    return scenario.with_reading(notes=tuple(notes + _notes(scenario)), files=files, places=tree.places)


def _reading_order(fault: Fault) -> tuple[str, int]:
    file, _, line = fault.where.rpartition(":")
    return (file, int(line)) if line.isdecimal() else (fault.where, 0)


def _read(tree: Tree) -> tuple[Scenario | None, list[Fault]]:
    try:
        scenario = Scenario.model_validate(tree.values)
        return scenario, check(scenario, tree, frozenset())
    except ValidationError as error:
        faults = faults_of(error, Scenario, tree)
        faulty = frozenset(
            str(details["loc"][0]) for details in error.errors(include_url=False) if details["loc"]
        )
    sound = {key: value for key, value in tree.values.items() if key not in faulty}
    return None, faults + check(Scenario.model_validate(sound), tree, faulty)


def _notes(form: Scenario) -> list[str]:
    notes = []
    if form.sweep:
        notes.append("'sweep' is used by 'simulator sweep' only; other commands leave it out")
    for name, segment in form.segments.items():
        alone = form.history is None and form.calibration is None
        if alone and (endless := never_ends(segment)):
            notes.append(f"segments.{name}: no deal in {', '.join(endless)} can ever be won or lost")
        if segment.replaces_rates and segment.stays and segment.evidence_deals is None:
            notes.append(f"segments.{name}: the shares given are taken as certain (no evidence_deals)")
    return notes
