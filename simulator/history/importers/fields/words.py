"""The words of ``words.toml``, looked up without case, accents and marks."""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from importlib import resources


def folded(text: object) -> str:
    """Return text without case, accents and double spaces; full-width letters as usual ones."""
    wide = unicodedata.normalize("NFKD", str(text).replace("ß", "ss")).casefold()
    bare = (
        "".join(c for c in wide if unicodedata.category(c) != "Mn").replace("ł", "l").replace("\u0131", "i")
    )
    return re.sub(r"\s+", " ", bare).strip()


@functools.cache
def _all() -> dict[str, dict[str, str]]:
    source = resources.files("simulator.history.importers.fields").joinpath("words.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


@functools.cache
def phrases(group: str) -> dict[str, str]:
    """Return what each phrase of a group means; phrases are split at bars and new lines."""
    return {
        folded(phrase): meaning
        for meaning, text in _all()[group].items()
        for phrase in re.split(r"[|\n]", text)
        if phrase.strip()
    }


@functools.cache
def words(group: str) -> dict[str, str]:
    """Return what each single word of a group means."""
    return {folded(word): meaning for meaning, text in _all()[group].items() for word in text.split()}


@functools.cache
def codes(name: str = "all") -> frozenset[str]:
    """Return ISO codes of currencies: ``all``, those with ``three_decimals``, those called ``kr``."""
    return frozenset(_all()["codes"][name].split())


def meaning(group: str, cell: object) -> str | None:
    """Return what a cell means in a group of phrases, or None."""
    known = phrases(group)
    text = folded(cell)
    return known.get(text) or known.get(re.sub(r"[_\s-]+", " ", text))
