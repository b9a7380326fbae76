"""Amounts, shares and multiples as a board reads them: $12.3M, 38%, 2.4×."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from simulator.analysis.totals import round_to_total

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪"}
"""Currencies whose sign is unmistakable; the others are written with their code."""

UNITS = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "B"), (1e12, "T"))

MISSING = "n/a"

NO_BREAK = "\u00a0"
"""The space between P50 and its figure."""

LEAST_IN_THOUSANDS = 10e3
"""Below, amounts next to one another are written out: 1,440 and 240 read better than 1.44k and 0.24k."""


def format_money(amount: float, currency: str, digits: int = 3) -> str:
    """Return an amount to a few significant digits, such as ``$12.3M`` or ``CHF 750k``."""
    if not math.isfinite(amount):
        return MISSING
    return _with_currency(amount, _shorten(abs(amount), digits), currency)


def shorten_amounts(text: str, currency: str) -> str:
    """Return a sentence with its amounts as they are written everywhere: ``9,344,722 USD`` as ``$9.34M``.

    Amounts in brackets alone, such as ``(12.4M)``, are given their currency.
    """
    whole = re.sub(
        rf"\b(\d[\d,]*) {re.escape(currency)}\b",
        lambda found: format_money(float(found[1].replace(",", "")), currency),
        text,
    )
    return re.sub(
        r"\((\d[\d.]*[kMBT])\)", lambda found: f"({_with_currency(1.0, found[1], currency)})", whole
    )


def format_cents(amount: float, currency: str) -> str:
    """Return a small amount to the cent, such as ``$0.66``."""
    return _with_currency(amount, f"{abs(amount):.2f}", currency)


def format_share(share: float) -> str:
    """Return a share in percent, never rounding the possible to 0% or the unsure to 100%."""
    if not math.isfinite(share):
        return MISSING
    if 0.0 < share < 0.01:
        return "under 1%"
    if 0.99 < share < 1.0:
        return "over 99%"
    return f"{share:.0%}"


def format_multiple(multiple: float) -> str:
    """Return a multiple such as ``2.4×``, below 1 as ``0.87×``."""
    if not math.isfinite(multiple):
        return MISSING
    return f"{multiple:.1f}×" if abs(multiple) >= 0.995 else f"{multiple:.2f}×"


@dataclass(frozen=True)
class MoneyScale:
    """One unit and number of decimals for amounts that are read side by side and must add up.

    Parameters
    ----------
    currency : str
        ISO code.
    unit : float
        1, a thousand, a million …
    letter : str
        Its letter.
    decimals : int
        Digits after the point, in that unit.
    """

    currency: str
    unit: float
    letter: str
    decimals: int

    @property
    def step(self) -> float:
        """Smallest difference that is shown."""
        return float(self.unit / 10**self.decimals)

    def format(self, amount: float) -> str:
        """Return an amount in this unit, such as ``$0.4M``."""
        if not math.isfinite(amount):
            return MISSING
        number = f"{_half_up(abs(amount) / self.unit, self.decimals):,.{self.decimals}f}"
        if not number.strip("0."):
            return _with_currency(0.0, "0", self.currency)
        return _with_currency(amount, number + self.letter, self.currency)

    def round_parts(self, parts: Sequence[float], total: float) -> list[float]:
        """Return amounts rounded to what this scale shows, such that they add up to the rounded total."""
        shown = round_to_total(np.array(parts) / self.step / 100, round(total / self.step) / 100)
        return [float(amount) for amount in np.round(shown * 100) * self.step]

    def format_short(self, amount: float) -> str:
        """Return an amount in this unit without needless zeros, such as ``$2M``; for axes."""
        number = f"{abs(amount) / self.unit:,.2f}".rstrip("0").rstrip(".")
        return _with_currency(amount, number + self.letter if number != "0" else "0", self.currency)


def money_scale(amounts: Iterable[float], currency: str) -> MoneyScale:
    """Return the scale in which the largest of the amounts has about three digits."""
    largest = max((abs(a) for a in amounts if math.isfinite(a)), default=0.0)
    unit, letter = max((u for u in UNITS if u[0] <= largest), default=UNITS[0])
    if largest < LEAST_IN_THOUSANDS:
        unit, letter = UNITS[0]
    digits_before_point = len(str(int(largest / unit)))
    return MoneyScale(currency, unit, letter, max(0, 3 - digits_before_point) if unit > 1 else 0)


def _half_up(amount: float, decimals: int) -> float:
    """Round as Office does: a half of the last digit, as people write it, goes up."""
    if amount >= 1e20:
        return amount
    step = Decimal(1).scaleb(-decimals)
    return float(Decimal(repr(float(amount))).quantize(step, ROUND_HALF_UP))


def _with_currency(amount: float, number: str, currency: str) -> str:
    minus = "−" if amount < 0 and number != "0" else ""
    return f"{minus}{SYMBOLS.get(currency, f'{currency} ')}{number}"


def _shorten(amount: float, digits: int) -> str:
    """Return a number of at least 0 in the unit in which it has one to three digits before the point."""
    if amount < 0.5:
        return "0"
    rounded = _half_up(amount, digits - 1 - math.floor(math.log10(amount)))
    unit, letter = max((u for u in UNITS if u[0] <= rounded), default=UNITS[0])
    value = rounded / unit
    decimals = max(0, digits - 1 - math.floor(math.log10(value))) if unit > 1 else 0
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + letter


def join_words(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def capitalise(text: str) -> str:
    """Return a text with its first letter raised; what follows stays as it is."""
    return f"{text[:1].upper()}{text[1:]}"


def source_line(as_of: dt.date, *parts: str) -> str:
    """Return the footer of a chart: the as-of date, then where the figures come from."""
    return " · ".join([f"As of {as_of:%d %B %Y}".replace("of 0", "of "), *(part for part in parts if part)])


THOUSANDS = {1.0: "", 1e3: ",", 1e6: ",,", 1e9: ",,,", 1e12: ",,,,"}


def _sign(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} ").replace("]", "").replace('"', "")


def whole_money(currency: str) -> str:
    """Return the format of whole amounts: ``$1,234``, negative ones in red."""
    sign = _sign(currency)
    return f"[${sign}]#,##0;[Red]-[${sign}]#,##0"


def money_code(scale: MoneyScale) -> str:
    """Return the format of amounts on a scale: ``$1.23M``."""
    decimals = f".{'0' * scale.decimals}" if scale.decimals else ""
    letter = f'"{scale.letter}"' if scale.letter else ""
    return f'"{_sign(scale.currency)}"#,##0{decimals}{THOUSANDS[scale.unit]}{letter}'


def axis_code(code: str) -> str:
    """Return a format for the labels of an axis: one decimal less, and one at most."""
    return re.sub(r"\.(0+)", lambda digits: ".0" if len(digits[1]) > 1 else "", code, count=1)
