"""Calendar months, days and fiscal quarters as whole numbers.

A *month number* is ``year * 12 + month - 1``; a *day number* is days since 1970-01-01, with a
fraction for the time of day. Both are what the tables, the calibration and the kernels count in.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from simulator.arrays import Floats, Ints

EPOCH = dt.date(1970, 1, 1)
EPOCH_MONTH = 1970 * 12
DAYS_PER_MONTH = 365.25 / 12
QUARTER_LABEL = re.compile(r"^FY(\d{2}|\d{4})Q([1-4])$")


def month_number(date: dt.date) -> int:
    """Return the month number of a date."""
    return date.year * 12 + date.month - 1


def month_numbers(dates: npt.NDArray[np.datetime64]) -> Ints:
    """Return the month numbers of dates; not-a-time gives a very negative number."""
    return dates.astype("datetime64[M]").astype(np.int64) + EPOCH_MONTH


def months_of_days(days: Floats) -> Ints:
    """Return the month numbers of day numbers."""
    return month_numbers(np.floor(days).astype(np.int64).astype("datetime64[D]"))


def month_start_day(month: Ints | int) -> Floats:
    """Return the day number at which each month begins."""
    months = (np.asarray(month, dtype=np.int64) - EPOCH_MONTH).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64).astype(np.float64)


def first_of_month(month: int) -> dt.date:
    """Return the first day of a month."""
    return dt.date(month // 12, month % 12 + 1, 1)


def day_number(date: dt.date) -> float:
    """Return the day number of the midnight at which a date begins."""
    return float((date - EPOCH).days)


def date_of_day(day: float) -> dt.date:
    """Return the date that a day number lies in."""
    return EPOCH + dt.timedelta(days=math.floor(day))


@dataclass(frozen=True)
class FiscalCalendar:
    """Fiscal quarters: the month the year starts in, and the year it is named after.

    Parameters
    ----------
    start_month : int
        First month of the fiscal year, 1 to 12.
    label : {"start", "end"}
        Whether FY27 is the fiscal year that starts or that ends in calendar year 2027.
    """

    start_month: int = 1
    label: Literal["start", "end"] = "end"

    def quarter(self, month: Ints | int) -> Ints:
        """Return quarter numbers (consecutive whole numbers) of month numbers."""
        return (np.asarray(month, dtype=np.int64) - (self.start_month - 1)) // 3

    def month_of_quarter(self, month: Ints | int) -> Ints:
        """Return 0, 1 or 2: the place of each month inside its fiscal quarter."""
        return (np.asarray(month, dtype=np.int64) - (self.start_month - 1)) % 3

    def first_month(self, quarter: int) -> int:
        """Return the month number of a quarter's first month."""
        return quarter * 3 + self.start_month - 1

    def quarter_label(self, quarter: int) -> str:
        """Return the name of a quarter, such as ``FY27Q1``."""
        year, index = divmod(quarter, 4)
        if self.label == "end" and self.start_month > 1:
            year += 1
        return f"FY{year % 100:02d}Q{index + 1}"

    def parse_quarter(self, label: str) -> int:
        """Return the quarter number of a name such as ``FY27Q1`` or ``FY2027Q1``.

        Raises
        ------
        ValueError
            The text is not of that form.
        """
        match = QUARTER_LABEL.match(label.strip().upper())
        if match is None:
            raise ValueError(f"'{label}' is not a fiscal quarter such as FY27Q1")
        year = int(match.group(1))
        year += 2000 if year < 100 else 0
        if self.label == "end" and self.start_month > 1:
            year -= 1
        return year * 4 + int(match.group(2)) - 1
