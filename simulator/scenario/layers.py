"""Scenario files on top of each other: what a file extends, and what the command line sets."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.errors import Fault, InputError
from simulator.scenario.faults import key_text
from simulator.scenario.targets import spell_out
from simulator.yaml_source import MAX_DEPTH, Key, Tree, parse_tree, read_tree

MAX_FILES = 10
OWN_KEYS = ("name", "description")
"""A file that extends another does not take these over: two scenarios would share one name."""
PATH_KEYS = ("history", "calibration", "judgement", "blend")
KEY_PART = re.compile(r'"([^"]+)"|([^."=\s]+)')
KEY = re.compile(rf"\s*(?:{KEY_PART.pattern})(?:\.(?:{KEY_PART.pattern}))*\s*")

Overrides = Mapping[str, object] | Sequence[str]


def read_layers(path: Path) -> tuple[list[Tree], tuple[Path, ...]]:
    """Return the trees of a file and of those it extends, the lowest first, and the files read.

    Raises
    ------
    InputError
        A file cannot be read, the files extend each other in a circle, or there are too many.
    """
    trees: list[Tree] = []
    files: list[Path] = []
    following: Path | None = path
    where = ""
    while following is not None:
        _check_chain(following, files, where)
        tree = _mapping_tree(
            read_tree(following) if not where else _read_extended(following, where), following
        )
        files.append(following)
        _resolve_paths(tree, following.parent)
        spell_out(tree)
        trees.append(tree)
        following, where = _extended(tree, following)
    return trees[::-1], tuple(files)


def merged(files: Sequence[Tree], overrides: Sequence[Tree]) -> tuple[Tree, list[str]]:
    """Return trees laid on top of each other, and notes: mappings merge, the rest replaces, null removes."""
    whole = Tree({}, {})
    notes: list[str] = []
    for tree in files:
        for key in OWN_KEYS:
            _remove(whole, (key,))
        _lay(whole, tree, (), notes)
    for tree in overrides:
        where = whole.places[()]
        _lay(whole, tree, (), notes)
        whole.places[()] = where
    return whole, notes


def override_trees(overrides: Overrides) -> list[Tree]:
    """Return a tree for each override: ``key.sub=value`` texts, or a mapping of keys to values.

    Raises
    ------
    InputError
        An override is not of that form, or its value is not readable as YAML.
    """
    faults: list[Fault] = []
    trees: list[Tree] = []
    for item in overrides.items() if isinstance(overrides, Mapping) else overrides:
        try:
            key, tree = _override(item) if isinstance(item, str) else (item[0], _given(*item))
            trees.append(_nested(key, tree))
        except InputError as error:
            faults.extend(error.faults)
    if faults:
        raise InputError(faults)
    return trees


def _given(key: str, value: object) -> Tree:
    return Tree(copy.deepcopy(value), {(): f"override {key}"})


def _check_chain(path: Path, files: list[Path], where: str) -> None:
    if any(path.resolve() == file.resolve() for file in files):
        circle = " -> ".join(str(file) for file in [*files, path])
        raise InputError.of(
            where, f"the files extend each other in a circle: {circle}", "Remove one 'extends'."
        )
    if len(files) >= MAX_FILES:
        raise InputError.of(where, f"more than {MAX_FILES} files extend each other", "Use fewer layers.")


def _read_extended(path: Path, where: str) -> Tree:
    try:
        return read_tree(path)
    except InputError as error:
        own = str(path)
        faults = (
            Fault(where, f"extends: {own} {f.what}", f.remedy) if f.where == own else f for f in error.faults
        )
        raise InputError(faults) from None


def _mapping_tree(tree: Tree, path: Path) -> Tree:
    if isinstance(tree.values, dict):
        return tree
    what = "holds a list or a single value, not 'key: value' lines"
    raise InputError.of(str(path), what, "Begin with a line such as 'history: sample/history'.")


def _resolve_paths(tree: Tree, folder: Path) -> None:
    for key in PATH_KEYS:
        value = tree.values.get(key)
        if isinstance(value, str) and value and "\0" not in value:
            tree.values[key] = str(folder / Path(value).expanduser())


def _extended(tree: Tree, path: Path) -> tuple[Path | None, str]:
    value = tree.values.pop("extends", None)
    where = tree.places.get(("extends",), "")
    if value is None:
        return None, ""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise InputError.of(where, "extends: is not the name of a file", "Write 'extends: base.yaml'.")
    return path.parent / Path(value).expanduser(), where


def _lay(whole: Tree, top: Tree, key: Key, notes: list[str]) -> None:
    below, above = _at(whole.values, key), _at(top.values, key)
    whole.places[key] = top.places.get(key, "")
    for name, value in above.items():
        inner = (*key, name)
        if isinstance(value, dict) and isinstance(below.get(name), dict):
            _lay(whole, top, inner, notes)
        elif value is not None:
            _forget(whole, inner)
            below[name] = _without_nulls(value, top, inner, notes)
            whole.places.update({k: place for k, place in top.places.items() if k[: len(inner)] == inner})
        elif name in below:
            _remove(whole, inner)
        else:
            notes.append(_left_out(top, inner))


def _without_nulls(value: Any, tree: Tree, key: Key, notes: list[str]) -> Any:
    if not isinstance(value, dict):
        return copy.deepcopy(value)
    notes.extend(_left_out(tree, (*key, name)) for name, inner in value.items() if inner is None)
    return {
        name: _without_nulls(inner, tree, (*key, name), notes)
        for name, inner in value.items()
        if inner is not None
    }


def _left_out(tree: Tree, key: Key) -> str:
    return f"{tree.places.get(key, '')}: '{key_text(key)}' has no value and is left out"


def _remove(whole: Tree, key: Key) -> None:
    parent = _at(whole.values, key[:-1])
    if key[-1] in parent:
        del parent[key[-1]]
        _forget(whole, key)


def _forget(whole: Tree, key: Key) -> None:
    for inner in [k for k in whole.places if k[: len(key)] == key]:
        del whole.places[inner]


def _at(values: Any, key: Key) -> Any:
    for part in key:
        values = values[part]
    return values


def _override(text: str) -> tuple[str, Tree]:
    key, equals, value = text.partition("=")
    label = f"--set {text[:60]}"
    if not equals:
        raise InputError.of(label, "is not of the form key=value", "Write --set levers.sals=+20%.")
    return key, parse_tree(value, label, one_line=True) if value.strip() else Tree(None, {(): label})


def _nested(key: str, tree: Tree) -> Tree:
    label = tree.places[()]
    parts = tuple(quoted or plain for quoted, plain in KEY_PART.findall(key))
    if not KEY.fullmatch(key) or len(parts) > MAX_DEPTH:
        raise InputError.of(label, f"'{key}' is not a key", "Write --set levers.sals=+20%.")
    values: Any = tree.values
    for part in reversed(parts):
        values = {part: values}
    places = {parts[:i]: label for i in range(len(parts))}
    tree = Tree(values, {**places, **{(*parts, *k): place for k, place in tree.places.items()}})
    spell_out(tree)
    return tree
