"""A YAML file as plain values that remember the line they were written on."""

from __future__ import annotations

import re
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from simulator.errors import Fault, InputError

Key = tuple[str | int, ...]

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_VALUES = 300_000
"""Values after aliases are written out: a small file can otherwise unfold into billions."""

TAG = "tag:yaml.org,2002:"
WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
DECIMAL = re.compile(r"-?[0-9]+\.[0-9]*(e[+-]?[0-9]{1,3})?|-?\.[0-9]+|-?[0-9]+e[+-]?[0-9]{1,3}", re.I)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
READS_AS_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")


@dataclass
class Tree:
    """Plain values (dict, list, str, int, float, bool, None) and where each of them was written.

    ``places`` maps the keys that lead to a value to a text such as ``base.yaml:12``.
    """

    values: Any
    places: dict[Key, str] = field(default_factory=dict)

    def place(self, key: Key) -> tuple[str, Key]:
        """Return where a key was written and the part of it that was; the nearest parent if it was not.

        Parts that are in no file (those that a checker adds) are passed over.
        """
        written: Key = ()
        for part in key:
            if (*written, part) in self.places:
                written = (*written, part)
        return self.places.get(written, ""), written


def read_tree(path: Path) -> Tree:
    """Read one YAML file.

    Raises
    ------
    InputError
        The file cannot be read, is not UTF-8, too large, not YAML, not one mapping, has a key twice,
        a tag, too many levels, or aliases that unfold without end.
    """
    return parse_tree(_read_text(path), str(path))


def parse_tree(text: str, label: str, *, one_line: bool = False) -> Tree:
    """Parse YAML text; ``label`` is what its places are called, with the line unless ``one_line``."""
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise InputError([_syntax_fault(error, text, label, one_line)]) from None
    except YAMLError as error:
        raise InputError.of(label, f"not readable as YAML: {error}".splitlines()[0], _SYNTAX) from None
    except RecursionError:
        raise InputError.of(label, "nested too deeply", f"At most {MAX_DEPTH} levels.") from None
    except Exception as error:  # the parser trips over some broken text with errors that are not its own
        raise InputError.of(label, f"not readable as YAML ({type(error).__name__})", _SYNTAX) from None
    planting = _Planting(label, one_line)
    values = planting.plant(node, ()) if node is not None else {}
    if planting.faults:
        raise InputError(planting.faults)
    return Tree(values, planting.places)


_SYNTAX = "YAML is lines of 'key: value'; indent with spaces, and put text with : or # in quotes."


def _read_text(path: Path) -> str:
    label = str(path)
    if path.is_dir():
        raise InputError.of(label, "is a folder, not a file", "Name the .yaml file inside it.")
    if not path.exists():
        raise InputError.of(label, "there is no such file", _near_files(path))
    if not path.is_file():
        raise InputError.of(label, "is a pipe or a device, not a file", "Save what it gives as a .yaml file.")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError.of(label, f"cannot be read: {error.strerror}", "Check its permissions.") from None
    if len(raw) > MAX_BYTES:
        size = f"larger than {MAX_BYTES / 1e6:g} MB"
        raise InputError.of(label, size, "It should be a page of text; data belong into a history folder.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError.of(f"{label}:{line}", "is not UTF-8 text", "Save the file as UTF-8.") from None


def _near_files(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"There is no folder {folder} either."
    found = sorted(p.name for pattern in ("*.yaml", "*.yml") for p in folder.glob(pattern))
    return f"In {folder} there are: {', '.join(found[:8])}." if found else f"{folder} holds no .yaml file."


def _syntax_fault(error: MarkedYAMLError, text: str, label: str, one_line: bool) -> Fault:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.splitlines()
    shown = lines[line - 1].strip()[:60] if line <= len(lines) else ""
    remedy = _SYNTAX
    if "\t" in str(error.problem) or "\\t" in str(error.problem):
        remedy = "Indent with spaces, not tabs."
    elif "found another document" in str(error.problem):
        remedy = "One document per file: remove the line '---'."
    elif "undefined alias" in str(error.problem):
        remedy = "Text that begins with * must be in quotes."
    where = label if one_line else f"{label}:{line}"
    return Fault(where, f"not readable as YAML near '{shown}': {error.problem}", remedy)


class _Planting:
    """Turns composed nodes into a tree, collecting faults instead of stopping at the first."""

    def __init__(self, label: str, one_line: bool) -> None:
        self.label = label
        self.one_line = one_line
        self.n_values = 0
        self.places: dict[Key, str] = {}
        self.faults: list[Fault] = []

    def plant(self, node: Node, key: Key) -> Any:
        self.n_values += 1
        self.places.setdefault(key, self._where(node))
        if len(key) > MAX_DEPTH:
            return self._fault(node, "nested too deeply", f"At most {MAX_DEPTH} levels.")
        if self.n_values > MAX_VALUES:
            return self._fault(node, "holds too much once its aliases (*) are written out", "Remove aliases.")
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if not str(node.tag).startswith(TAG) or str(node.tag).removeprefix(TAG) not in {"map", "seq"}:
            return self._tagged(node)
        if isinstance(node, MappingNode):
            return self._mapping(node, key)
        assert isinstance(node, SequenceNode)  # noqa: S101  the composer makes no other node
        return [self.plant(item, (*key, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, key: Key) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            name = self._name(key_node)
            if name is None:
                continue
            if name in values:
                first = self.places[*key, name]
                self._fault(key_node, f"the key '{name}' is there twice (first at {first})", "Keep one.")
                continue
            self.places[*key, name] = self._where(key_node)
            values[name] = self.plant(value_node, (*key, name))
            if self.n_values > MAX_VALUES:
                break
        return values

    def _name(self, node: Node) -> str | None:
        if not isinstance(node, ScalarNode) or node.tag == TAG + "null":
            self._fault(node, "a key must be a plain word", _SYNTAX)
            return None
        if node.tag == TAG + "merge":
            self._fault(node, "merge keys (<<) are not read", "Use 'extends:' to build on another file.")
            return None
        self._check(node)
        return str(node.value)

    def _check(self, node: ScalarNode) -> None:
        """Refuse what an escape can bring in: it steers terminals, and no page or workbook can hold it."""
        if found := CONTROL.search(str(node.value)):
            what = f"text with the control character {found[0]!a}"
            self._fault(node, what, "Leave it out: it cannot be shown.")

    def _scalar(self, node: ScalarNode) -> Any:
        text = str(node.value)
        kind = str(node.tag).removeprefix(TAG)
        if kind not in {"str", "int", "float", "bool", "null", "timestamp"}:
            return self._tagged(node)
        self._check(node)
        if node.style is not None or kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        return _number_or_text(text)

    def _tagged(self, node: Node) -> None:
        tag = str(node.tag).replace(TAG, "!!")
        self._fault(node, f"the tag {tag} is not read", "Only plain values are read: remove the tag.")

    def _where(self, node: Node) -> str:
        return self.label if self.one_line else f"{self.label}:{node.start_mark.line + 1}"

    def _fault(self, node: Node, what: str, remedy: str) -> None:
        fault = Fault(self._where(node), what, remedy)
        if len(self.faults) < 100 and fault not in self.faults:
            self.faults.append(fault)


def _number_or_text(text: str) -> int | float | str:
    """Return a number where it can be read in one way only; the text otherwise, for its reader to judge."""
    if WHOLE.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text) and not READS_AS_THOUSANDS.fullmatch(text):
        return float(text)
    return text


def known_keys(form: type[BaseModel], location: Key) -> list[str]:
    """Return the keys that may be written at a place of a form."""
    kind: Any = form
    for part in location:
        kind = _inner(kind, part)
    while (model := _model(kind)) is None and (values := _container_values(kind)) is not None:
        kind = values  # a list of parts, of which a single one may be written as it is
    return [info.alias or name for name, info in model.model_fields.items()] if model else []


def _inner(kind: Any, part: str | int) -> Any:
    model = _model(kind)
    if model is not None:
        for name, info in model.model_fields.items():
            if part in {name, info.alias}:
                return info.annotation
        return kind
    values = _container_values(kind)
    return values if values is not None else kind


def _alternatives(kind: Any) -> tuple[Any, ...]:
    origin = get_origin(kind)
    if origin is Annotated:
        return _alternatives(get_args(kind)[0])
    if origin in {Union, types.UnionType}:
        return tuple(inner for arg in get_args(kind) for inner in _alternatives(arg))
    return (kind,)


def _model(kind: Any) -> type[BaseModel] | None:
    for choice in _alternatives(kind):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None


def _container_values(kind: Any) -> Any:
    for choice in _alternatives(kind):
        if get_origin(choice) is dict:
            return get_args(choice)[1]
        if get_origin(choice) in {tuple, list}:
            return get_args(choice)[0]
    return None
