"""Days whose month is a word in any of a dozen languages, or marked by signs, as ISO dates; periods."""

from __future__ import annotations

import re

import pandas as pd

from simulator.history.importers.fields.words import folded, words

ERAS = {"令和": 2018, "平成": 1988}
ERA = re.compile(r"(令和|平成)\s*(\d{1,2}|元)(?=年)")
CJK = re.compile(r"(\d{4})\s*[年년.]\s*(\d{1,2})\s*[月월.]\s*(?:(\d{1,2})\s*[日일.]?)?")
QUARTER = re.compile(
    r"(?:Q([1-4])|([1-4])\.?\s?(?:Q|T|Quartal|trimestre))[\s/-]*(\d{4})|(\d{4})[\s/-]*[QT]([1-4])", re.I
)
NAME_DAYS = ("%Y-%m-%d", "%Y_%m_%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d-%b-%Y", "%d%b%Y")
"""How days in the names of files are written."""
MONTH = r"((?:19|20)\d{2})[-/. ]?M?(\d{1,2})|(\d{1,2})[-/.]((?:19|20)\d{2})"


def iso_day(cell: str, *, month_only: bool = False) -> str | None:  # noqa: PLR0911  one for each form
    """Return a day with the month in words or in signs (14. März 2026, 2026年3月14日) as ISO; else None.

    ``month_only`` also accepts months without a day (Mar-25, 2025-03, 03/2025), as their first day.
    """
    text = ERA.sub(lambda m: str(ERAS[m[1]] + int(m[2].replace("元", "1"))), str(cell).strip())
    if (match := CJK.fullmatch(text)) and (match[3] or month_only):
        return _iso(int(match[1]), int(match[2]), int(match[3] or 1))
    if month_only and (match := re.fullmatch(MONTH, text, re.I)):
        year, month = (match[1], match[2]) if match[1] else (match[4], match[3])
        return _iso(int(year), int(month), 1)
    tokens = re.findall(r"\d+|[^\W\d_]+", folded(text))
    names = [month for token in tokens if (month := words("month").get(token)) is not None]
    if len(names) != 1 or re.search(r"\d:\d", text):
        return None
    place = next(i for i, token in enumerate(tokens) if token in words("month"))
    before = [token for token in tokens[:place] if token.isdigit()]
    after = [token for token in tokens[place + 1 :] if token.isdigit()]
    match before, after:
        case [day], [year] if len(day) <= 2:
            return _iso(_year(year), int(names[0]), int(day))
        case ([], [day, year]) | ([year], [day]):
            return _iso(_year(year), int(names[0]), int(day))
        case ([], [year]) | ([year], []) if month_only:
            return _iso(_year(year), int(names[0]), 1)
    return None


def day_of_period(cell: str, *, last: bool) -> str | None:
    """Return the first or the last day of a month or quarter such as 2024-03, Mar 2024 or Q1 2024, as ISO."""
    if match := QUARTER.fullmatch(cell.strip()):
        year, number = match[3] or match[4], match[1] or match[2] or match[5]
        period = pd.Period(year=int(year), quarter=int(number), freq="Q")
    elif (day := iso_day(cell, month_only=True)) is not None:
        period = pd.Period(day, freq="M")
    else:
        return None
    return f"{period.end_time if last else period.start_time:%Y-%m-%d}"


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _iso(year: int, month: int, day: int) -> str | None:
    return f"{year}-{month:02}-{day:02}" if year >= 1000 and 1 <= month <= 12 and 1 <= day <= 31 else None


def day_in_name(file: str, form: str) -> str | None:
    """Return the day that the name of a file holds, as ISO."""
    signs = {"%Y": r"(?:19|20)\d{2}", "%m": r"\d{2}", "%d": r"\d{2}", "%b": "[A-Za-z]{3}", "%y": r"\d{2}"}
    pattern = re.escape(form)
    for sign, digits in signs.items():
        pattern = pattern.replace(re.escape(sign), digits)
    match = re.search(rf"(?<!\d){pattern}(?!\d)", file)
    day = pd.to_datetime(match[0], format=form, errors="coerce") if match else pd.NaT
    return None if pd.isna(day) else f"{day:%Y-%m-%d}"
