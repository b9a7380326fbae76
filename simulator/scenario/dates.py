"""Days, months and fiscal quarters as people write them: 2026-10-31, 2027-01, FY27Q4."""

from __future__ import annotations

import datetime as dt
import re

from simulator.fiscal import QUARTER_LABEL, first_of_month
from simulator.scenario.numbers import ReadingError

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
