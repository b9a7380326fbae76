"""How sure a figure is, given how many simulations it rests on."""

from __future__ import annotations

from typing import TypeVar

import pandas as pd

from simulator.calibration.posteriors import Z_HIGH
from simulator.report.money import format_money

OF_80 = "80% simulation interval"
"""What every ± is, where there is one in a sentence."""
CLEAR_ERRORS = 2.0
"""A change is clear of simulation error if it is this many standard errors from zero."""

Error = TypeVar("Error", float, pd.Series)


def error_margin(error: Error) -> Error:
    """Return how far the 80% interval of the simulation reaches either way, given standard errors."""
    return Z_HIGH * error


def say_error_margin(error: float, currency: str) -> str:
    """Return that of an amount in words, such as ``± $25k``."""
    return f"± {format_money(error_margin(float(error)), currency, 2)}"


def say_error_in_points(error: float) -> str:
    """Return that of a share in words, such as ``± 3 points``."""
    return f"±\u00a0{100 * error_margin(error):.0f}\u00a0points"
