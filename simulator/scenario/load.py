"""Read a scenario: files, what they extend, what the command line sets; all faults at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simulator.errors import Fault, InputError, gather
from simulator.fiscal import FiscalCalendar
from simulator.scenario.checks import check
from simulator.scenario.faults import faults_of
from simulator.scenario.form import read_name
from simulator.scenario.layers import Overrides, merged, override_trees, read_layers
from simulator.scenario.numbers import MONTH, ReadingError, read_money, read_month
from simulator.scenario.people_checks import reps_in_place
from simulator.scenario.schema import ALL, Scenario
from simulator.scenario.segments import never_ends
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
    target_faults = by_quarter(tree, notes)
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


YEAR = re.compile(r"FY(\d{2}|\d{4})")


def by_quarter(tree: Tree, notes: list[str]) -> list[Fault]:
    """Write targets of years (``FY27``) and months (``2026-11``) as those of quarters, in place.

    A year is spread evenly over those of its quarters that have no target of their own; the three months of a
    quarter are added. Returns what is at fault; what was done is added to ``notes``.
    """
    targets = tree.values.get("targets") if isinstance(tree.values, dict) else None
    if not isinstance(targets, dict):
        return []
    calendar = _calendar(tree.values.get("fiscal_year"))
    faults: list[Fault] = []
    months: dict[str, dict[str, dict[str, float]]] = {}
    for written in [key for key in targets if MONTH.fullmatch(str(key).strip())]:
        try:
            quarter = calendar.quarter_label(int(calendar.quarter(read_month(str(written)))))
        except ReadingError:
            continue
        amounts = _amounts(tree, written, faults)
        months.setdefault(quarter, {})[str(written)] = amounts
        _forget(tree, targets, written)
    for quarter, of_months in months.items():
        _add_months(tree, quarter, of_months, faults)
    for written in [key for key in targets if YEAR.fullmatch(str(key).strip().upper())]:
        label = f"FY{int(str(written).strip()[2:]) % 100:02d}"
        amounts = _amounts(tree, written, faults)
        where = tree.place(("targets", written))[0]
        _forget(tree, targets, written)
        for segment, amount in amounts.items():
            faults += _spread(tree, (label, segment, amount, where), notes)
    return faults


def _calendar(stated: Any) -> FiscalCalendar:
    stated = stated if isinstance(stated, dict) else {}
    start, label = stated.get("start_month", 1), stated.get("label", "end")
    return FiscalCalendar(start if start in range(1, 13) else 1, "start" if label == "start" else "end")


def _amounts(tree: Tree, written: object, faults: list[Fault]) -> dict[str, float]:
    value = tree.values["targets"][written]
    found = {}
    for segment, amount in (value if isinstance(value, dict) else {ALL: value}).items():
        try:
            found[str(segment)] = read_money(amount)
        except ReadingError as error:
            where = tree.place(("targets", str(written), str(segment)))[0]
            faults.append(Fault(where, f"targets.{written}: {error}", error.remedy))
    return found


def _forget(tree: Tree, targets: dict[Any, Any], written: Any) -> None:
    del targets[written]
    tree.places = {key: place for key, place in tree.places.items() if key[:2] != ("targets", written)}


def _set(tree: Tree, quarter: str, segment: str, amount: float, where: str) -> None:
    targets = tree.values["targets"]
    of_quarter = next((key for key in targets if str(key).strip().upper() == quarter), quarter)
    stated = targets.get(of_quarter, {})
    targets[of_quarter] = {**(stated if isinstance(stated, dict) else {ALL: stated}), segment: amount}
    tree.places.setdefault(("targets", of_quarter), where)
    tree.places["targets", of_quarter, segment] = where


def _add_months(
    tree: Tree, quarter: str, of_months: dict[str, dict[str, float]], faults: list[Fault]
) -> None:
    where = tree.place(("targets",))[0]
    for segment in {name: None for amounts in of_months.values() for name in amounts}:
        given = [month for month, amounts in of_months.items() if segment in amounts]
        if len(given) < 3:
            what = (
                f"targets: of the three months of {quarter} only {', '.join(given)} have a target ({segment})"
            )
            faults.append(Fault(where, what, f"Give all three, or {quarter} itself."))
            continue
        _set(tree, quarter, segment, sum(of_months[month][segment] for month in given), where)


def _spread(tree: Tree, written: tuple[str, str, float, str], notes: list[str]) -> list[Fault]:
    """Give a year's amount to its quarters without one: year, segment, amount and where it was written."""
    year, segment, amount, where = written
    targets = {
        str(key).strip().upper(): value if isinstance(value, dict) else {ALL: value}
        for key, value in tree.values["targets"].items()
    }
    labels = [f"{year}Q{i}" for i in range(1, 5)]
    stated = {label: targets[label][segment] for label in labels if segment in targets.get(label, {})}
    open_ones = [label for label in labels if label not in stated]
    try:
        left = amount - sum(read_money(value) for value in stated.values())
    except ReadingError:  # said of the quarter itself
        return []
    if left < 0 or (not open_ones and left >= 1.0):
        what = f"targets.{year}: is not the sum of its quarters ({segment})"
        return [Fault(where, what, "Leave the year out, or correct a quarter.")]
    if open_ones:
        notes.append(f"targets.{year} ({segment}) is spread evenly over {', '.join(open_ones)}")
    for label in open_ones:
        _set(tree, label, segment, left / len(open_ones), where)
    return []
