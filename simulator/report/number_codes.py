"""Number formats of Excel and PowerPoint: whole amounts and short ones, in the currency."""

from __future__ import annotations

import re
from collections.abc import Iterable

from simulator.report.money import SYMBOLS, MoneyScale, money_scale

THOUSANDS = {1.0: "", 1e3: ",", 1e6: ",,", 1e9: ",,,", 1e12: ",,,,"}


def _sign(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} ").replace("]", "").replace('"', "")


def whole_money(currency: str) -> str:
    """Return the format of whole amounts: ``$1,234``, negative ones in red."""
    sign = _sign(currency)
    return f"[${sign}]#,##0;[Red]-[${sign}]#,##0"


def short_money(currency: str, amounts: Iterable[float]) -> str:
    """Return the format of amounts in the unit in which the largest has about three digits."""
    return money_code(money_scale([float(amount) for amount in amounts], currency))


def money_code(scale: MoneyScale) -> str:
    """Return the format of amounts on a scale: ``$1.23M``."""
    decimals = f".{'0' * scale.decimals}" if scale.decimals else ""
    letter = f'"{scale.letter}"' if scale.letter else ""
    return f'"{_sign(scale.currency)}"#,##0{decimals}{THOUSANDS[scale.unit]}{letter}'


def axis_code(code: str) -> str:
    """Return a format for the labels of an axis: one decimal less, and one at most."""
    return re.sub(r"\.(0+)", lambda digits: ".0" if len(digits[1]) > 1 else "", code, count=1)
