"""Numbers as people write them: 45%, 1.2M, $750k, +20%, x0.8, 10k.

Every reader takes what a YAML file or a caller holds and returns a plain float; what can be read two
ways is refused with the way to write it.
"""

from __future__ import annotations

import datetime as dt
import math
import re

from simulator.fiscal import QUARTER_LABEL, first_of_month

LARGEST = 1e15
"""No amount, count or factor of a company is larger: what exceeds it is a slip of the keyboard."""

SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "mm": 1e6, "mn": 1e6, "bn": 1e9, "b": 1e9}
SYMBOLS = "$€£¥"
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?", re.I | re.A)
GROUPED = re.compile(r"[+-]?\d{1,3}(?:([ ,_'\u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?", re.A)
CONTINENTAL = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+,\d+", re.A)
MONEY_LIKE_DECIMALS = re.compile(r"[1-9]\d{0,2}\.\d{3}")


class ReadingError(ValueError):
    """A value that cannot be read, or not in only one way; ``remedy`` says how to write it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def read_money(value: object) -> float:
    """Return an amount of money, zero or more, in units of the currency.

    Raises
    ------
    ReadingError
        Not a number, negative, not finite, absurdly large or ambiguous (1.200 or 1.200,00).
    """
    example = "Write it as 1.2M, 750k, 1,200,000 or 1200000."
    if not isinstance(value, str):
        return _checked(_plain(value, "an amount", example), value, "an amount", example)
    text = _stripped(value)
    if text.endswith("%"):
        raise ReadingError(f"{_shown(value)} is a share, not an amount", example)
    body = re.sub(rf"^([+-]?)\s*[{SYMBOLS}]\s*", r"\1", text)
    match = re.fullmatch(r"(.*?)\s*([a-z]*)", body, re.I | re.S)
    number, scale = (match.group(1), match.group(2).lower()) if match else (body, "")
    if scale not in SCALES:
        raise ReadingError(f"{_shown(value)} is not an amount", example)
    if MONEY_LIKE_DECIMALS.fullmatch(number) and not scale:
        raise _two_ways(value, number.replace(".", ","), number.rstrip("0").rstrip("."))
    return _checked(_number(number, value, "an amount", example) * SCALES[scale], value, "an amount", example)


def read_share(value: object) -> float:
    """Return a share between 0 and 1 from ``45%`` or ``0.45``.

    Raises
    ------
    ReadingError
        Not a number, or outside 0 to 100 %.
    """
    example = "Write it as 45% or 0.45."
    if isinstance(value, str) and _stripped(value).endswith("%"):
        share = _number(_stripped(value)[:-1].rstrip(), value, "a share", example) / 100
    else:
        share = _number(value, value, "a share", example)
        if 1 < share <= 100:
            raise ReadingError(
                f"{_shown(value)} is more than the whole (1 is 100 %)", f"Did you mean {share:g}%?"
            )
    share = _checked(share, value, "a share", example)
    if share > 1:
        raise ReadingError(f"{_shown(value)} is more than the whole", example)
    return share


def read_factor(value: object) -> float:
    """Return a multiplier, zero or more, from ``1.1``, ``x0.8``, ``+20%`` or ``-20%``.

    Raises
    ------
    ReadingError
        Not a number, negative, or ambiguous (80%, +10).
    """
    example = "Write +20% or -20% for a change, x1.2 or 1.2 for a multiple."
    if not isinstance(value, str):
        return _factor(_plain(value, "a factor", example), value, example)
    text = _stripped(value)
    if text.endswith("%"):
        change = _number(text[:-1].rstrip(), value, "a factor", example)
        if text[0] not in "+-":
            raise _percent_ambiguity(value, change)
        return _factor(1 + change / 100, value, example)
    if text[:1] in "x×*":
        return _factor(_number(text[1:].lstrip(), value, "a factor", example), value, example)
    if text[:1] == "+":
        raise ReadingError(
            f"{_shown(value)} can be read as a change or a multiple", f"Write {text}% or x{text[1:]}."
        )
    return _factor(_number(text, value, "a factor", example), value, example)


def read_number(value: object) -> float:
    """Return a number, zero or more: days, months, deals per month; ``10k`` is allowed.

    Raises
    ------
    ReadingError
        Not a number, negative, not finite or absurdly large.
    """
    example = "Write a number such as 60 or 2.5."
    if isinstance(value, str) and (_stripped(value)[:1] in SYMBOLS or _stripped(value).endswith("%")):
        raise ReadingError(f"{_shown(value)} is not a plain number", example)
    if isinstance(value, str):
        return read_money(value)
    return _checked(_plain(value, "a number", example), value, "a number", example)


def read_whole(value: object) -> int:
    """Return a whole number, zero or more; ``10k`` and ``10000.0`` are allowed.

    Raises
    ------
    ReadingError
        Not a whole number.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    number = read_number(value)
    if number != math.floor(number):
        raise ReadingError(f"{_shown(value)} is not a whole number", f"Write {math.floor(number)}.")
    return int(number)


def money_text(amount: float) -> str:
    """Return an amount as people write it: 1.2M, 750k, 12,345.67; reading it back is exact to the cent."""
    for scale, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        scaled = amount / scale
        if scaled >= 1 and round(scaled, 2) * scale == amount:
            return f"{round(scaled, 2):g}{letter}" if scaled < 1e5 else f"{amount:,.0f}"
    return f"{amount:,.0f}" if amount == round(amount) else f"{amount:,.2f}"


def percent_text(share: float) -> str:
    """Return a share as a percentage without needless digits."""
    return f"{share * 100:.6g} %"


def count_text(n: int, noun: str) -> str:
    """Return a count with its noun: 1 deal, 1,200 deals."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _stripped(value: str) -> str:
    return value.strip().replace("\u2212", "-")


def _shown(value: object) -> str:
    text = str(value)
    return f"'{text[:40]}…'" if len(text) > 40 else f"'{text}'"


def _plain(value: object, kind: str, example: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        held = {bool: "true or false", list: "a list", dict: "a mapping", type(None): "nothing"}
        raise ReadingError(f"{held.get(type(value), _shown(value))} is not {kind}", example)
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _number(value: object, written: object, kind: str, example: str) -> float:
    if not isinstance(value, str):
        return _plain(value, kind, example)
    text = _stripped(value)
    if GROUPED.fullmatch(text):
        return float(re.sub(r"[ ,_'\u00a0\u202f]", "", text))
    if CONTINENTAL.fullmatch(text.lstrip("+-")) and not NUMBER.fullmatch(text):
        raise _continental(written, text)
    if len(text) > 60 or not NUMBER.fullmatch(text):
        raise ReadingError(f"{_shown(written)} is not {kind}", example)
    return float(text)


def _checked(number: float, written: object, kind: str, example: str) -> float:
    if math.isnan(number):
        raise ReadingError(f"{_shown(written)} is not {kind}", example)
    if number < 0:
        raise ReadingError(f"{_shown(written)} is negative", f"It must be zero or more. {example}")
    if number > LARGEST:
        raise ReadingError(f"{_shown(written)} is absurdly large", f"At most {LARGEST:.0e}. {example}")
    return number + 0.0


def _factor(factor: float, written: object, example: str) -> float:
    if factor < 0:
        shown = _shown(written).strip("'")
        percent = factor if factor <= -1 else factor * 100
        hint = "A change is at most -100%." if shown.endswith("%") else f"Did you mean {percent:g}%?"
        raise ReadingError(f"{_shown(written)} multiplies by less than nothing", f"{hint} {example}")
    return _checked(factor, written, "a factor", example)


def _two_ways(written: object, thousands: str, decimal: str) -> ReadingError:
    return ReadingError(
        f"{_shown(written)} can be read as {thousands} or as {decimal}", f"Write {thousands} or {decimal}."
    )


def _continental(written: object, text: str) -> ReadingError:
    head, _, tail = text.rpartition(",")
    if "." not in text and len(tail) != 3:
        return ReadingError(f"{_shown(written)} has a decimal comma", f"Write {head}.{tail}.")
    whole = (head or text).replace(".", "") if "." in text else head
    decimals = f".{tail}" if head and tail else ""
    return ReadingError(
        f"{_shown(written)} has its points and commas the continental way", f"Write {whole}{decimals}."
    )


def _percent_ambiguity(written: object, percent: float) -> ReadingError:
    return ReadingError(
        f"{_shown(written)} can be read as a change or a multiple",
        f"Write x{percent / 100:g} to multiply by {percent:g} %, +{percent:g}% to add {percent:g} %.",
    )


DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.A)
MONTH = re.compile(r"(\d{4})-(\d{2})", re.A)
YEARS = range(1970, 2101)


def read_day(value: object) -> dt.date:
    """Return a day from text such as ``2026-10-31``.

    Raises
    ------
    ReadingError
        Not a day of the calendar, or written another way.
    """
    remedy = "Write year-month-day, such as 2026-10-31."
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = value.isoformat()
    match = DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ReadingError(f"'{str(value)[:40]}' is not a day", remedy)
    year, month, day = (int(part) for part in match.groups())
    try:
        found = dt.date(year, month, day)
    except ValueError:
        raise ReadingError(f"'{value}' is not in the calendar", remedy) from None
    if year not in YEARS:
        raise ReadingError(f"the year of '{value}' is not a plausible one", remedy)
    return found


def read_month(value: object) -> int:
    """Return the month number of text such as ``2027-01``; a whole number is taken as one already.

    Raises
    ------
    ReadingError
        Not a month, or written another way.
    """
    match = MONTH.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or not 1 <= int(match.group(2)) <= 12 or int(match.group(1)) not in YEARS:
        raise ReadingError(f"'{str(value)[:40]}' is not a month", "Write year-month, such as 2027-01.")
    return int(match.group(1)) * 12 + int(match.group(2)) - 1


def month_text(month: int) -> str:
    """Return a month number as ``2027-01``."""
    return first_of_month(month).strftime("%Y-%m")


def read_quarter(value: object) -> str:
    """Return the name of a fiscal quarter in its short form, such as ``FY27Q4``.

    Raises
    ------
    ReadingError
        Not the name of a fiscal quarter.
    """
    match = QUARTER_LABEL.match(str(value).strip().upper())
    if match is None:
        raise ReadingError(f"'{str(value)[:40]}' is not a fiscal quarter", "Write it as FY27Q4.")
    return f"FY{int(match.group(1)) % 100:02d}Q{match.group(2)}"
