"""Amounts, shares and multiples as a board reads them: $12.3M, 38 %, 2.4×."""

from __future__ import annotations

import math

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪"}
"""Currencies whose sign is unmistakable; the others are written with their code."""

UNITS = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "B"), (1e12, "T"))

MISSING = "n/a"


def format_money(amount: float, currency: str, digits: int = 3) -> str:
    """Return an amount to a few significant digits, such as ``$12.3M`` or ``CHF 750k``."""
    if not math.isfinite(amount):
        return MISSING
    sign = SYMBOLS.get(currency, f"{currency} ")
    number = _shorten(abs(amount), digits)
    minus = "−" if amount < 0 and number != "0" else ""
    return f"{minus}{sign}{number}"


def format_share(share: float) -> str:
    """Return a share as a percentage, never rounding what is possible to 0 % or what is not sure to 100 %."""
    if not math.isfinite(share):
        return MISSING
    if 0.0 < share < 0.01:
        return "under 1%"
    if 0.99 < share < 1.0:
        return "over 99%"
    return f"{share:.0%}"


def format_multiple(multiple: float) -> str:
    """Return a multiple such as ``2.4×``."""
    return f"{multiple:.1f}×" if math.isfinite(multiple) else MISSING


def _shorten(amount: float, digits: int) -> str:
    """Return a number of at least 0 in the unit in which it has one to three digits before the point."""
    if amount == 0.0 or amount < 0.5:
        return "0"
    rounded = float(f"{amount:.{digits - 1}e}")
    unit, letter = max((u for u in UNITS if u[0] <= rounded), default=UNITS[0])
    value = rounded / unit
    decimals = max(0, digits - 1 - math.floor(math.log10(value)))
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + letter
