"""Faults of a scenario in plain words: what is wrong, where it was written, what to write instead."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simulator.errors import Fault, suggestion
from simulator.scenario.numbers import ReadingError
from simulator.yaml_source import Key, Tree, known_keys

EXPECTED = {
    "model_type": "a mapping of 'key: value' lines",
    "dict_type": "a mapping of 'key: value' lines",
    "list_type": "a list of lines that begin with '-'",
    "tuple_type": "a list of lines that begin with '-'",
    "string_type": "text",
    "path_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}


def key_text(key: Key) -> str:
    """Return a key as people write it: ``segments.smb.amount``."""
    return ".".join(str(part) for part in key)


def faults_of(error: ValidationError, form: type[BaseModel], tree: Tree) -> list[Fault]:
    """Return the faults that a model found in a tree."""
    faults = dict.fromkeys(_fault(details, form, tree) for details in error.errors(include_url=False))
    return list(faults)


def _fault(details: ErrorDetails, form: type[BaseModel], tree: Tree) -> Fault:
    location: Key = tuple(part for part in details["loc"] if part != "[key]")
    where, written = tree.place(location)
    what, remedy = _words(details, form, location)
    subject = key_text(written)
    if details["type"] in {"missing", "extra_forbidden"} or not subject:
        return Fault(where, f"{key_text(written)}: {what}" if subject else what, remedy)
    return Fault(where, f"{subject}: {what}", remedy)


def _words(details: ErrorDetails, form: type[BaseModel], location: Key) -> tuple[str, str]:
    kind, context = details["type"], details.get("ctx", {})
    error = context.get("error")
    if isinstance(error, ReadingError):
        return str(error), error.remedy
    if kind in {"extra_forbidden", "missing"}:
        return _about_key(kind, form, location)
    if kind == "literal_error":
        return _not_one_of(details["input"], str(context.get("expected", "")))
    if kind in LIMITS:
        word, key = LIMITS[kind]
        return f"{shown(details['input'])} is out of range", f"It must be {word} {context[key]:,}."
    return _wrong_type(details)


def _about_key(kind: str, form: type[BaseModel], location: Key) -> tuple[str, str]:
    key = str(location[-1])
    if kind == "missing":
        return f"'{key}' is missing", f"Add a line '{key}: …'."
    return f"unknown key '{key}'", suggestion(key, known_keys(form, location[:-1]), "Known keys")


def _wrong_type(details: ErrorDetails) -> tuple[str, str]:
    if details["type"] in EXPECTED:
        expected = EXPECTED[details["type"]]
        return f"{shown(details['input'])} is not {expected}", f"Write {expected}."
    if details["type"] in {"too_short", "string_too_short"}:
        return "is empty", "Write at least one, or remove the key."
    return (
        f"{shown(details['input'])}: {details['msg'].lower()}",
        "See 'simulator schema' for what is allowed.",
    )


def _not_one_of(value: object, expected: str) -> tuple[str, str]:
    choices = [choice.strip("'\" ") for choice in expected.replace(" or ", ", ").split(",")]
    return f"{shown(value)} is not known here", suggestion(str(value), choices, "Known")


def shown(value: object) -> str:
    """Return a value as a message shows it: short, and without the marks of a programming language."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "'true'", False: "'false'"}[value]
    text = str(value)
    return f"'{text[:40]}…'" if len(text) > 40 else f"'{text}'"
