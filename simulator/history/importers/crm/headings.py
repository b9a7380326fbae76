"""Headings of exports, and the columns of ours that they mean."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

from simulator.history.importers.fields.units import heading_unit
from simulator.history.importers.fields.words import folded
from simulator.history.importers.readers.sheet import Sheet

Names = dict[str, tuple[str, ...]]
SYSTEM_PREFIX = re.compile(
    r"^hs_(v2_)?|^(?:opportunit(?:y|ies)|deals?)\.|"
    r"^(?:Deal|Affaire|Trato|Negócio|Trattativa|Affär|Szansa|取引|ディール) - ",
    re.I,
)
"""What HubSpot's API, queries and Pipedrive's exports put in front of every heading."""
CONVERTED = re.compile(
    r"converted|companycurrency|homecurrency|umgerechnet|konvertier|geconverteerd|konverterat|przelicz|converti|換算"
    r"|unternehmens|(?:devise|divisa|moneda|moeda|valuta).*(?:entreprise|empresa|aziend)|valutaaziend"
    r"|bedrijfsvaluta|foretagetsvaluta|walucie|会社の?通貨|(?:revenue|value|umsatz|revenuest|est)bas(?:e|is)$"
)
"""Keys of headings of amounts converted to the company's currency ("(Base)" in Dynamics)."""


@functools.cache
def names(group: str) -> Names:
    """Return the keys of the headings of a group in ``headings.toml``, preferred ones first."""
    source = resources.files("simulator.history.importers.crm").joinpath("headings.toml")
    listed = tomllib.loads(source.read_text(encoding="utf-8"))[group]
    return {
        ours: tuple(dict.fromkeys(heading_key(h) for h in re.split(r"[|\n]", text) if h.strip()))
        for ours, text in listed.items()
    }


def known_headings(headings: list[str]) -> int:
    """Return how many of the headings mean something in any kind of export."""
    groups = ("deal", "change", "field", "snapshot", "subscription", "movement", "balance")
    known = {key for group in groups for theirs in names(group).values() for key in theirs}
    return sum(heading_key(heading) in known for heading in headings)


def heading_key(heading: str) -> str:
    """Return the letters and digits of a heading, without ``__c``, system prefix and currency."""
    text = re.sub(r"(?<=[a-zA-Z])_+c$", "", heading.strip(), flags=re.I)
    text = SYSTEM_PREFIX.sub("", text)
    text = re.sub(r"[(\uff08]%[)\uff09]|\(18\)$", "", heading_unit(text)[0])
    key = re.sub(r"[\W_]", "", folded(text))
    return key or re.sub(r"[\W_]", "", folded(heading))


def keys(sheet: Sheet) -> dict[str, str]:
    """Return the headings of a sheet by their keys; the first where several are alike."""
    result: dict[str, str] = {}
    for heading in sheet.frame.columns:
        result.setdefault(heading_key(str(heading)), str(heading))
    return result


def recognised(sheet: Sheet, wanted: Names) -> dict[str, str]:
    """Return our columns with the heading that each is taken from, as far as the sheet has them."""
    have = keys(sheet)
    found = {
        ours: next((have[name] for name in theirs if name in have), None) for ours, theirs in wanted.items()
    }
    return {ours: heading for ours, heading in found.items() if heading is not None}


@functools.cache
def _phrases(ours: str) -> tuple[tuple[str, ...], ...]:
    source = resources.files("simulator.history.importers.crm").joinpath("headings.toml")
    listed = tomllib.loads(source.read_text(encoding="utf-8"))["words"][ours]
    return tuple(_tokens(phrase) for phrase in re.split(r"[|\n]", listed) if phrase.strip())


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W\d_]+", folded(SYSTEM_PREFIX.sub("", text))))


def speaks_of(heading: str, ours: str) -> bool:
    """Return whether a heading holds a word for one of our columns: whole, or at the end of a compound."""
    tokens = _tokens(heading)
    return any(all(_is_there(word, tokens) for word in phrase) for phrase in _phrases(ours))


def _is_there(word: str, tokens: tuple[str, ...]) -> bool:
    if not word.isascii():
        return any(word in token for token in tokens)
    return any(token == word or (len(word) > 3 and token.endswith(word)) for token in tokens)


def heading_of(sheet: Sheet, ours: str) -> str | None:
    """Return the heading of one column of deals, or None where the sheet has none."""
    return recognised(sheet, {ours: names("deal")[ours]}).get(ours)


def is_converted(heading: str) -> bool:
    """Return whether a heading is that of an amount converted to the company's currency."""
    return CONVERTED.search(heading_key(heading)) is not None
