"""Names without the characters that steer what shows them, which no page, workbook or terminal may hold."""

from __future__ import annotations

from typing import Any

import pandas as pd

STEERING = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
"""Control characters, which XML does not allow either, and those that turn the direction of writing round."""


def clean_text(text: pd.Series[Any]) -> pd.Series[Any]:
    """Return text with ``?`` for each such character; tabs and new lines stay, the latter as one kind."""
    odd = text.str.contains(STEERING, na=False)
    if not odd.any():
        return text
    mended = text.str.replace("\r\n?", "\n", regex=True).str.replace(STEERING, "?", regex=True)
    return text.where(~odd, mended)
