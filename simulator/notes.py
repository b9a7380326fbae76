"""Notes that ask the reader for nothing: they say how a figure is made."""

from __future__ import annotations

from typing import Self

CALIBRATED, MODEL = "calibrated", "model"
"""Where a figure is from: estimated from the history, or built in."""


class HowMade(str):
    """A note on how a figure is made, which is listed with the assumptions: ``name: value.``

    Parameters
    ----------
    name, value : str
        What is assumed, and how.
    source : str
        Such as `CALIBRATED` or `MODEL`.
    """

    __slots__ = ("name", "source", "value")
    name: str
    value: str
    source: str

    def __new__(cls, name: str, value: str, source: str) -> Self:
        """Make the note out of its parts."""
        note = super().__new__(cls, f"{name}: {value}.")
        note.name, note.value, note.source = name, value, source
        return note

    def __getnewargs__(self) -> tuple[str, str, str]:  # type: ignore[override]
        return self.name, self.value, self.source

    def as_dict(self) -> dict[str, str]:
        """Return it as an assumption: name, value and source."""
        return {"name": self.name, "value": self.value, "source": self.source}
