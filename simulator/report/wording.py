"""Words that charts and texts share: lists in a sentence, and where the figures come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence


def join_words(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def source_line(as_of: dt.date, *parts: str) -> str:
    """Return the footer of a chart: the as-of date, then where the figures come from."""
    return " · ".join([f"As of {as_of:%d %B %Y}".replace("of 0", "of "), *(part for part in parts if part)])
