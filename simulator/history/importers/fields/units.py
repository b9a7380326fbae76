"""Currency and scale of amounts, as headings, lines above a table and names of files state them."""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from simulator.history.importers.fields.words import codes, folded, words

TIMES = re.compile(r"[x×*]\s?1[.,' ]?000([.,' ]?000)?\b")
"""What stands in headings of amounts in thousands or millions, as in "Amount (x1000 EUR)"."""
SCALED = re.compile(
    r"(?<![^\W_])(?i:k|000s?|mn|mio|millions?|thousands?|tsd|tausend)(?![^\W_])"
    r"|(?<![^\W_])[kKT](?:(?:EUR|USD|GBP|CHF|CAD|AUD|SEK|NOK|DKK|PLN|BRL|INR)(?![^\W_])|[€$£])"
)
"""Words of headings for thousands and millions."""
BEFORE_UNIT = re.compile(
    r"(?:(?<![^\W_])(?:in|to|en|em|i|w|di|currency|währung|devise|moneda|moeda)\b:?|[(\[\uff08:])\s*", re.I
)
ROUND_NUMBER = re.compile(
    r"((?<![^\W_])(?i:in|en|em)\s+)1[.,' ]?000([.,' ]?000)?'?s?"
    r"(?=\s*(?:of\s+|de\s+)?(?:[A-Z]{3}(?![^\W_])|[€$£¥]|[Ee]uro)|\s*(?:[)\]]|$))"
)
"""A thousand or a million as a unit, "in 1,000 EUR"; elsewhere it may be a sum or a number of rows."""
SMALL_WORDS = re.compile(r"\b(?:of|in|de|di|von)\b|\bd['\u2019]", re.I)
PLAINLY = re.compile(
    r"[kT]?[A-Z]{3}|(?i:k?(?:eur|usd|gbp|chf|sek|nok|dkk|pln)|mio|mln|tsd|euros?|thousands?|tausend|millions?|millionen|milliers|miles|milhares)"
)
NO_CODES = frozenset({"TRY", "MAD"})
"""Codes that are words in names of files."""
NAMES = frozenset({"miles"})
"""Words for thousands that are names of people where no currency follows."""
SPEAKS = re.compile(
    rf"(?<!\d)(?<!\d[.,'\s])(?![kKT](?![^\W_]))"
    rf"(?:{SCALED.pattern}|[(\[]\s*1[.,' ]?000\s*(?:[A-Z]{{3}}|[€$£]))"
)
"""Words for thousands that are not those of a number, such as a filter "more than 10,000"."""


def currency_of(text: str) -> str:
    """Return the code that a sign, word or code of a currency stands for; empty where it is none."""
    if text.strip() in codes():
        return text.strip()
    if text.strip() == "$":
        return "$"
    return words("currency").get(folded(text), "")


@functools.cache
def unit_of(text: str) -> tuple[str, float] | None:
    """Return currency and scale that stand next to a number, such as "k€" or "Mio. EUR"; None: neither."""
    text = text.strip(" .")
    if not text:
        return "", 1.0
    if currency := currency_of(text) or currency_of(text + "."):
        return currency, 1.0
    scales = words("scale")
    if (scale := scales.get(folded(text).rstrip("."))) is not None:
        return "", float(scale)
    for cut in range(1, len(text)):
        for left, right in ((text[:cut], text[cut:]), (text[cut:], text[:cut])):
            scale, currency = scales.get(folded(left).strip(". ")), currency_of(right.strip(". "))
            if scale is not None and currency:
                return currency, float(scale)
    return None


def heading_unit(heading: str) -> tuple[str, str, float]:
    """Return a heading without the currency and scale that it names, and these: "Amount (k€)"."""
    heading = re.sub(r"(?<=\S)[\s*↑↓▲▼△▽:]+$", "", heading)  # required, or sorted by
    match = re.search(
        r"^(?P<name>.*\S)\s*[(\[\uff08](?P<unit>[^()\[\]\uff08\uff09]*)[)\]\uff09]\s*$", heading
    )
    match = match or re.search(r"^(?P<name>.*\S)\s+(?:in|en|em)\s+(?P<unit>\S+)\s*$", heading)
    match = match or re.search(
        r"^(?P<name>.*[^\W_])[\s_\-:,]+(?P<unit>T?[A-Z]{3}|[^\w\s]+|[$€£](?:[kKMmB]|MM|mm))\s*$", heading
    )
    match = match or re.search(r"^(?P<unit>[A-Z]{3})[\s_\-:]+(?P<name>\S.*)$", heading)
    match = match or re.search(r"^(?P<name>[a-z].*)_(?!all$|top$)(?P<unit>[a-z]{3})$", heading)  # amount_usd
    if match is None:
        return heading, "", 1.0
    unit = TIMES.sub(lambda times: " million" if times[1] else " thousand", match["unit"].strip())
    parts = re.split(r"[,;/\s]+", re.sub(r"^(?:in|en|em)\s+|'?000'?s?$", _thousand, unit).strip())
    units = [_heading_part(part) for part in parts if part]
    found = [unit for unit in units if unit is not None]
    if not found or len(found) < len(units):
        return heading, "", 1.0
    named = [currency for currency, _ in found if currency]
    scale = math.prod(scale for _, scale in found)
    return match["name"], named[0] if named else "", scale


def _thousand(match: re.Match[str]) -> str:
    return " thousand" if "000" in match[0] else ""


def _heading_part(part: str) -> tuple[str, float] | None:
    if part[:1] == "T" and part[1:] in codes():
        return part[1:], 1000.0
    if part.upper() in codes() and part.isalpha() and len(part) == 3:
        return part.upper(), 1.0
    return unit_of(part)


def heading_units(headings: Iterable[str]) -> tuple[str, float]:
    """Return the currency and the scale that headings of one column name."""
    found = [heading_unit(heading)[1:] for heading in headings]
    return next((c for c, _ in found if c), ""), next((s for _, s in found if s != 1.0), 1.0)


class Stated(NamedTuple):
    """What lines about a table say of its amounts; ``unclear`` names one that speaks of an unknown unit."""

    currency: str = ""
    scale: float = 1.0
    source: str = ""
    unclear: str = ""


@functools.cache
def stated_unit(remarks: tuple[str, ...], file: str) -> Stated:
    """Return the currency and scale that the lines around a table, its title or the name of its file state.

    Lines that state different ones are unclear, as is a line that speaks of thousands in unknown words.
    """
    found = {text: unit for text in remarks if (unit := _unit_in(text)) is not None}
    name = re.sub(r"\.\w{1,7}(?= \[|$)", "", file)
    if (unit := _unit_of_words(re.split(r"[\s_\-.,()\[\]]+", name))) is not None:
        found[file] = unit
    currencies = {currency for currency, _ in found.values()} - {""}
    scales = {scale for _, scale in found.values()} - {1.0}
    others = [text for text in (*remarks, file.replace("000", "")) if text not in found]
    speaks = next(filter(SPEAKS.search, others), "")
    if len(currencies) > 1 or len(scales) > 1 or (speaks and not scales):
        return Stated(unclear=speaks or " / ".join(found))
    return Stated(next(iter(currencies), ""), next(iter(scales), 1.0), next(iter(found), ""))


def _unit_in(text: str) -> tuple[str, float] | None:
    """Return the unit of a line such as "Pipeline (amounts in thousands of EUR)" or "Währung: EUR"."""
    plain = unicodedata.normalize("NFKC", text)
    plain = ROUND_NUMBER.sub(lambda found: found[1] + ("million " if found[2] else "thousand "), plain)
    for start in (0, *(match.end() for match in BEFORE_UNIT.finditer(plain))):
        rest = re.split(r"[)\];|]", plain[start:])[0]
        tokens = [token for token in re.split(r"[,/\s]+", SMALL_WORDS.sub(" ", rest)) if token]
        for n in range(min(len(tokens), 3), 0 if start else len(tokens) - 1, -1):
            if (unit := _unit_of_words(tokens[:n], every=True)) is not None:
                return unit
    return None


def _unit_of_words(words_: list[str], *, every: bool = False) -> tuple[str, float] | None:
    """Return the unit that one word states, or that all do together, such as "thousands EUR"."""
    units = {word: _surely(word.strip(".,:")) for word in words_ if every or word not in NO_CODES}
    stated = {word: unit for word, unit in units.items() if unit is not None}
    currencies = {currency for currency, _ in stated.values() if currency}
    if not currencies:
        stated = {word: unit for word, unit in stated.items() if word.lower() not in NAMES}
    if not stated or len(currencies) > 1 or (every and len(stated) < len(words_)):
        return None
    return next(iter(currencies), ""), math.prod(scale for _, scale in stated.values())


def _surely(word: str) -> tuple[str, float] | None:
    """Return the unit of a word that can hardly mean anything else: no single letter, no small word."""
    if re.fullmatch(r"['\u2019]000'?s?|000'?s", word):
        return "", 1000.0
    if word.isascii() and word.isalpha() and not PLAINLY.fullmatch(word):
        return None
    return _heading_part(word)
