"""Reading a map from a YAML file, with every fault at its line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from simulator.errors import Fault, InputError, suggestion
from simulator.history.importers.mapping import Mapping, missing_columns
from simulator.history.importers.roles import REQUIRED, ROLES
from simulator.history.importers.specs import TableSpec
from simulator.yaml_source import Key, Tree, known_keys, read_tree

if TYPE_CHECKING:
    from simulator.history.importers.importer import Imported

REMEDIES = {
    "missing": "Add it.",
    "string_pattern_mismatch": "A currency is three capital letters, such as USD; or none, for no money.",
}


def read_map(path: Path) -> Tree:
    """Read a map file as plain values; what they mean is checked by ``check_map``.

    Raises
    ------
    InputError
        The file is not there or not YAML.
    """
    tree = read_tree(path)
    if not isinstance(tree.values, dict):
        raise InputError.of(str(path), "is not a map", "It must be lines of 'key: value', such as 'tables:'.")
    return tree


def check_map(values: dict[str, Any], tree: Tree | None, label: str) -> Mapping:
    """Return the map that the values describe.

    Parameters
    ----------
    values : dict
        What the file says, completed by what an importer recognised.
    tree : Tree or None
        The file itself, for the lines.
    label : str
        What to call the map where nothing of the file is at fault.

    Raises
    ------
    InputError
        All faults of the map.
    """
    try:
        mapping = Mapping.model_validate(values)
    except ValidationError as error:
        raise InputError([_fault(dict(e), tree, label) for e in error.errors()]) from None
    faults = [
        fault
        for role, spec in mapping.tables.given().items()
        for fault in _column_faults(role, spec, tree, label)
    ]
    if faults:
        raise InputError(faults)
    return mapping


def _column_faults(role: str, spec: TableSpec, tree: Tree | None, label: str) -> list[Fault]:
    place: Key = ("tables", role, "columns")
    faults = []
    for column in spec.columns:
        if column not in ROLES[role]:
            what = f"{role} has no column '{column}'"
            where = _place((*place, column), tree, label)[0]
            faults.append(Fault(where, what, suggestion(column, ROLES[role], "Allowed")))
    for column in missing_columns(role, spec):
        what = f"{role} needs the column '{column}', and the map does not say where it comes from"
        remedy = f"Add '{column}: <your heading>'. {role} needs: {', '.join(REQUIRED[role])}."
        faults.append(Fault(_place(place, tree, label)[0], what, remedy))
    return faults


def _fault(error: dict[str, Any], tree: Tree | None, label: str) -> Fault:
    where, place = _place(error["loc"], tree, label)
    kind = error["type"]
    if kind == "missing":
        place = (*place, error["loc"][-1])
    key = ".".join(map(str, place)) or "the map"
    if kind == "extra_forbidden":
        return Fault(
            where,
            f"{key}: there is no key '{place[-1]}'",
            suggestion(str(place[-1]), known_keys(Mapping, error["loc"][:-1]), "Allowed"),
        )
    if kind == "literal_error":
        what = f"{key}: '{error['input']}' is not one of the words allowed"
        expected = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return Fault(where, what, suggestion(str(error["input"]), expected, "Allowed"))
    message = str(error["msg"]).removeprefix("Value error, ")
    what = "is missing" if kind == "missing" else f"{message[:1].lower()}{message[1:]}"
    remedy = REMEDIES.get(kind, "")
    if place and place[-1] in ("format", "date_format", "file_name"):
        numbers = "excel, excel_1904, seconds, milliseconds for numbers; first_day, last_day for months"
        remedy = f'Write it as "%d/%m/%Y" or "%Y-%m-%d %H:%M"; or {numbers}.'
    return Fault(where, f"{key}: {what}", remedy)


def _place(place: Key, tree: Tree | None, label: str) -> tuple[str, Key]:
    """Return where a key was written, and the key without what pydantic adds of its own machinery."""
    if tree is None:
        return label, place
    where, written = tree.place(place)
    return where or label, written


def write_map_file(imported: Imported, kind: str, path: Path) -> None:
    """Write the map of what an import understood, for review and for the next import of such files.

    Raises
    ------
    InputError
        The file exists or cannot be written.
    """
    understood = imported.understanding
    values: dict[str, Any] = {"description": f"Written by simulator import {kind}; review it."}
    if understood.figures["currency"]:
        values["currency"] = understood.figures["currency"]
    aside = {"description", "currency"}
    values |= {key: value for key, value in imported.map_values.items() if key not in aside}
    stages: dict[str, Any] = {stage: [] for stage in imported.history.stages["stage"] if " [" not in stage}
    for stage in understood.stages:
        if " [" not in stage.stage:
            spec = {"to": stage.outcome or stage.category} | (
                {"valid_from": stage.valid_from} if stage.valid_from else {}
            )
            stages.setdefault(stage.stage, []).append(spec)
    if stages and all(stage.decided_by != "the map" for stage in understood.stages):
        values["stages"] = {name: s[0]["to"] if len(s) == 1 else s for name, s in stages.items()}
    try:
        with path.open("x", encoding="utf-8") as file:
            YAML().dump(_bare(values), file)
    except FileExistsError:
        raise InputError.of(
            str(path), "is there already and is left as it is", "Name another file."
        ) from None
    except OSError as error:
        raise InputError.of(
            str(path), f"cannot be written ({error.strerror})", "Name another place."
        ) from None


def _bare(value: Any) -> Any:
    """Return values without what is empty, as YAML writes them."""
    if isinstance(value, dict):
        return {str(key): _bare(v) for key, v in value.items() if v not in (None, [], {})}
    return [_bare(v) for v in value] if isinstance(value, list | tuple) else value
