"""Amounts of money and counts as people type them: signs, codes, thousands, decimal commas, k and M."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from simulator.history.importers.fields.cells import (
    EMPTY_NUMBERS,
    as_text,
    blank,
    is_text,
    map_unique,
    matches,
)
from simulator.history.importers.fields.units import currency_of, unit_of
from simulator.history.importers.fields.words import codes, meaning

Mark = Literal[".", ","]

PLAIN = r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?"
USUAL = r"[$€£]?-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
USUAL_NOISE = r"[$€£,]"
NUMBER = re.compile(r"[+\-−]?\s*(?:\d[\d.,\s'\u2019]*|[.,]\d+)")
BLANKS = re.compile(r"[\s'\u2019]")
QUOTES = "'\"\u2018\u2019 "
DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN"})
SIGNS = {"$": DOLLARS, "kr": codes("kr")}
"""Signs that several currencies share, and these."""
LONE = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
"""One separator with three digits behind it: of thousands or of decimals, nobody knows."""
SHAPES = {
    ".": re.compile(r"(\d+|\d{1,3}(,\d{2,3})*,\d{3})(\.\d*)?|\.\d+"),
    ",": re.compile(r"(\d+|\d{1,3}(\.\d{2,3})*\.\d{3})(,\d*)?|,\d+"),
}


@dataclass(frozen=True)
class Amounts:
    """A column of amounts as numbers, and the cells that are none.

    Parameters
    ----------
    numbers : Series of float64
        NaN where empty.
    bad : Series
        Cells that are not amounts.
    doubtful : Series
        Cells such as 1.200 that may mean 1.2 or 1200; or the cells of both decimal signs, where a column
        has both.
    currencies : frozenset of str
        Currency codes seen in the cells; ``$`` and ``kr`` where the cells do not say whose.
    by_cell : Series of str, optional
        The code in each cell, where the cells of one column name several.
    scaled : str
        How many of the cells that are not empty have a scale of their own, such as 12k.
    """

    numbers: pd.Series[Any]
    bad: pd.Series[Any]
    doubtful: pd.Series[Any]
    currencies: frozenset[str] = frozenset()
    by_cell: pd.Series[Any] | None = None
    scaled: Literal["none", "some", "all"] = "none"


class Cell(NamedTuple):
    """One cell taken apart: digits and separators, sign and scale, and the currency that it names."""

    bare: str
    factor: float
    currency: str


def read_amounts(raw: pd.Series[Any], decimal: Mark | None = None) -> Amounts:
    """Read a column of amounts; ``decimal`` is the decimal sign, found out from all cells unless said."""
    if pd.api.types.is_numeric_dtype(raw.dtype):
        numbers = raw.astype("float64")
        infinite = np.isinf(numbers)
        return Amounts(numbers.mask(infinite), raw[infinite], raw.iloc[:0])
    if decimal != "," and is_text(raw):
        quick = _read_quickly(raw.mask(raw == ""), decimal)
        if quick is not None:
            return quick
    text = blank(as_text(raw), EMPTY_NUMBERS)
    values = pd.Series(np.nan, index=text.index, dtype="float64")
    currencies: set[str] = set()
    if decimal != ",":
        values = _plain_numbers(text)
        _read_usual(text, values, currencies)
    rest = text[values.isna() & text.notna()]
    cells = {cell: taken_apart(str(cell)) for cell in rest.unique()}
    known = [cell for cell in cells.values() if cell is not None]
    mark, doubtful = (decimal, text.iloc[:0]) if decimal else _decimal_mark(text, cells)
    if mark == "," and decimal is None:
        rest, values = text[text.notna()], values.mask(values.notna())
        cells = {cell: taken_apart(str(cell)) for cell in rest.unique()}
    read = {cell: _number(parts, mark or ".") for cell, parts in cells.items() if parts is not None}
    values.loc[rest.index] = map_unique(rest, read.get).astype("float64").to_numpy()
    currencies |= {cell.currency for cell in known if cell.currency}
    bad = rest[values.loc[rest.index].isna()]
    own = {cell for cell, parts in cells.items() if parts is not None and abs(parts.factor) != 1.0}
    plain = bool(own) and bool((text.notna() & ~text.isin(list(own)) & (values != 0)).any())
    scaled: Literal["none", "some", "all"] = "none" if not own else "some" if plain else "all"
    return Amounts(values, bad, doubtful, frozenset(currencies), _by_cell(text, currencies), scaled)


def _by_cell(text: pd.Series[Any], currencies: set[str]) -> pd.Series[Any] | None:
    """Return the currency that each cell names, where they name more than one."""
    if len(currencies) < 2:
        return None
    named = map_unique(text, lambda cell: (parts.currency or None) if (parts := taken_apart(cell)) else None)
    return named.astype("str")


def _read_quickly(text: pd.Series[Any], decimal: Mark | None) -> Amounts | None:
    """Read a column of nothing but numbers as programs write them; None if it is anything else."""
    try:
        numbers = _numbers(text)
    except pa.ArrowInvalid:
        return None
    if not np.isfinite(numbers[text.notna()]).all():
        return None
    doubtful = text.iloc[:0] if decimal else _decimal_mark(text, {})[1]
    return Amounts(numbers, text.iloc[:0], doubtful)


def _plain_numbers(text: pd.Series[Any]) -> pd.Series[Any]:
    """Return the cells that are finite numbers as programs write them; the others are missing."""
    try:
        numbers = _numbers(text)
    except pa.ArrowInvalid:
        numbers = _numbers(text.where(matches(text, PLAIN)))
    return numbers.mask(~np.isfinite(numbers))


def _read_usual(text: pd.Series[Any], values: pd.Series[Any], currencies: set[str]) -> None:
    """Read cells such as $1,200.50 all at once; a million of them one by one would take long."""
    rest = text[values.isna() & text.notna()]
    usual = rest[matches(rest, USUAL)]
    if len(usual):
        signs = usual.str.slice(0, 1).unique()
        currencies |= {currency_of(sign) for sign in signs if not sign.isdigit() and sign != "-"} - {""}
        values.loc[usual.index] = _numbers(usual.str.replace(USUAL_NOISE, "", regex=True))


def _numbers(text: pd.Series[Any]) -> pd.Series[Any]:
    numbers = pa.array(text).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return pd.Series(numbers, index=text.index)


def taken_apart(cell: str) -> Cell | None:
    """Return the parts of a cell, or None where it is no amount."""
    cell = cell if cell.isascii() else unicodedata.normalize("NFKC", cell)
    cell = re.sub(r"(?<=\d)_(?=\d)", "", cell).strip(QUOTES + "~≈")
    match = NUMBER.search(cell)
    if match is None or "--" in cell:
        return None
    number = match[0].rstrip(".,") if cell[match.end() :].lstrip().startswith(("-", "–")) else match[0]
    before, after = cell[: match.start()], cell[match.end() :].strip().removeprefix("–").strip()
    negative = before.rfind("(") > before.rfind(")") and ")" in after
    negative |= any(before.strip().startswith(s) or before.strip().endswith(s) for s in "-−")
    negative |= (after == "-" and match[0] == number) or number.startswith(("-", "−"))
    named = [unit_of(part.strip(" ()+-−:")) for part in (before, after)]
    if None in named or (after == "CR" and not before):  # a credit, or a crore
        return None
    (first, first_scale), (second, second_scale) = named[0] or ("", 1.0), named[1] or ("", 1.0)
    if second in SIGNS.get(first, ()):  # $ 1,200 USD
        first = second
    elif first in SIGNS.get(second, ()):
        second = first
    if (first and second and first != second) or (first_scale != 1 and second_scale != 1):
        return None
    bare = BLANKS.sub("", number).lstrip("+-−")
    factor = first_scale * second_scale * (-1.0 if negative else 1.0)
    return Cell(bare, factor, first or second)


def currency_codes(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return the ISO codes of a column of currencies: codes in any case, signs, or names such as US Dollar.

    Words that name no currency stay as they are.
    """

    def code(cell: str) -> str:
        text = str(cell).strip()
        known = re.match(r"[A-Za-z]{3}(?=$|\s*[-–(])", text)  # EUR - Euro
        if known is not None and known[0].upper() in codes():
            return known[0].upper()
        inside = re.search(r"\(([A-Z]{3})\)", text)
        if inside is not None and inside[1] in codes():
            return inside[1]
        return meaning("currency_name", text) or currency_of(text) or text

    return map_unique(cells, code).astype("str")


def _decimal_mark(text: pd.Series[Any], cells: dict[Any, Cell | None]) -> tuple[Mark | None, pd.Series[Any]]:
    """Return the decimal sign that the cells prove, and the cells that leave it in doubt."""
    known = {cell: parts for cell, parts in cells.items() if parts is not None}
    separated = text[text.str.contains(r"\d[.,]\d", regex=True).fillna(False).astype(bool)]
    head = list(dict.fromkeys([*separated.head(2000), *list(known)[:5000]]))
    bare = {cell: (known.get(cell) or taken_apart(str(cell))) for cell in head}
    marks = {cell: _mark(parts.bare) for cell, parts in bare.items() if parts is not None}
    proven = {mark for mark in marks.values() if mark in (".", ",")}
    if len(proven) > 1:
        rarer = min(proven, key=lambda m: sum(mark == m for mark in marks.values()))
        return None, text[text.isin([cell for cell, mark in marks.items() if mark == rarer])]
    if proven:
        return (",", text.iloc[:0]) if proven == {","} else (".", text.iloc[:0])
    lone = {mark for mark in marks.values() if mark.startswith("lone")}
    if lone == {"lone ,"} or not lone:
        return ".", text.iloc[:0]
    pointed = [cell for cell, mark in marks.items() if mark == "lone ."]
    if len(separated) == 1 and lone == {"lone ."}:
        return ".", text.iloc[:0]
    return None, text[text.isin(pointed)]


def _mark(bare: str) -> str:
    """Return the decimal sign that one number proves, "lone ." or "lone ," where it may be either."""
    if not re.search("[.,]", bare):
        return ""
    if LONE.fullmatch(bare):
        return f"lone {'.' if '.' in bare else ','}"
    if re.match(r"0[.,]\d", bare):
        return bare[1]
    fits = [mark for mark, shape in SHAPES.items() if shape.fullmatch(bare)]
    return fits[0] if len(fits) == 1 else ""


def _number(parts: Cell, mark: str) -> float | None:
    if not SHAPES[mark].fullmatch(parts.bare):
        return None
    thousands = "," if mark == "." else "."
    number = float(parts.bare.replace(thousands, "").replace(mark, ".")) * parts.factor
    return round(number, 6) if abs(parts.factor) != 1 else number
