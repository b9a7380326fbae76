"""Times of day next to a day: clocks of 12 and of 24 hours, names of zones, offsets from UTC."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

TIME = re.compile(
    r"(?P<day>.*?[^\s,])(?:T|,?\s+|,)(?:(?:um|at|om|kl|as|a las|a)\.?\s+)?"
    r"(?P<half1>午前|午後|上午|下午|오전|오후)?\s*"
    r"(?P<hour>\d{1,2})(?:[:.]|\s?[h時时시点點]\s?)(?P<minute>\d{2})"
    r"(?:(?:[:.]|\s?[分분]\s?)(?P<second>\d{2})(?:[.,]\d+)?)?[秒분分]?"
    r"\s*(?P<half2>[AaPp]\.?\s?[Mm]\.?)?(?:\s?Uhr)?"
    r"\s*(?P<zone>(?:UTC|GMT)?[+-]\d{2}:?(?:\d{2})?|[A-Z]{1,5})?"
)
ZONES = {
    **dict.fromkeys(("Z", "UTC", "GMT", "WET"), 0), **dict.fromkeys(("CET", "MEZ", "BST", "WEST"), 1),
    **dict.fromkeys(("CEST", "MESZ", "EET"), 2), "EEST": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "EDT": -4, **dict.fromkeys(("EST", "CDT"), -5), **dict.fromkeys(("CST", "MDT"), -6),
    **dict.fromkeys(("MST", "PDT"), -7), "PST": -8,
}  # fmt: skip
"""Hours from UTC of the names of time zones."""


def split_times(cells: pd.Series[Any]) -> pd.DataFrame:
    """Return the parts of cells as text: day, hour, minute, second, half1, half2 and zone, by their marks."""
    return pd.DataFrame(
        [(m.groupdict() if (m := TIME.fullmatch(c)) else {"day": c}) for c in cells.fillna("")],
        columns=["day", "hour", "minute", "second", "half1", "half2", "zone"],
        index=cells.index,
        dtype="str",
    )


def halves(parts: pd.DataFrame) -> pd.Series[Any]:
    """Return the half of the day of each time on a clock of 12 hours, a or p; missing on one of 24."""
    signs = {"午前": "a", "上午": "a", "오전": "a", "午後": "p", "下午": "p", "오후": "p"}
    first = parts["half1"].map(signs)
    return first.fillna(parts["half2"].str.lower().str.slice(0, 1))


def time_of_day(parts: pd.DataFrame) -> pd.Series[Any]:
    """Return the time since midnight; missing where no clock shows it."""
    hour, minute, second = (pd.to_numeric(parts[n]).fillna(0) for n in ("hour", "minute", "second"))
    half = halves(parts)
    hour = (hour % 12 + 12 * (half == "p")).where(half.notna(), hour)
    valid = (hour < 24) & (minute < 60) & (second < 60)
    time: pd.Series[Any] = pd.to_timedelta(3600 * hour + 60 * minute + second, unit="s").where(valid)
    return time


def offsets(zones: pd.Series[Any]) -> pd.Series[Any]:
    """Return the offset from UTC that signs and digits, or the name of a time zone, stand for."""
    digits = zones.str.replace(":", "").str.extract(r"([+-])(\d{2})(\d{2})?")
    minutes = 60 * pd.to_numeric(digits[1]).fillna(0) + pd.to_numeric(digits[2]).fillna(0)
    signed = minutes.where(digits[0] != "-", -minutes).where(digits[0].notna(), 60.0 * zones.map(ZONES))
    offset: pd.Series[Any] = pd.to_timedelta(signed, unit="min")
    return offset
