"""A table as readers see it: its columns, what its cells are, and how they are written out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from simulator.report.money import format_money

Kind = Literal["text", "money", "share", "multiple", "count"]

NOTHING = "–"
PERCENTILES = {"p10": "P10", "p50": "P50", "p90": "P90"}


@dataclass(frozen=True)
class Column:
    """A column of a view: its key in the table, its heading and what its cells are."""

    key: str
    label: str
    kind: Kind = "text"


PERIOD, SEGMENT = Column("period", "Quarter"), Column("segment", "Segment")


@dataclass(frozen=True)
class View:
    """A table as it is shown.

    Parameters
    ----------
    name : str
        Short: anchor in the page, sheet in the workbook.
    title, note : str
        What it is, and what must be known to read it.
    columns : tuple of Column
    table : DataFrame
        One column per key.
    file : str
        The file of the results that holds the figures; empty: that of the table which the view is made of.
    """

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    table: pd.DataFrame
    file: str = ""


def show(value: object, kind: Kind, currency: str) -> str:
    """Return a cell as people read it, amounts to three digits; a dash where there is no figure."""
    if kind == "text" or isinstance(value, str):
        return str(value)
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        return NOTHING
    if kind == "money":
        return format_money(number, currency)
    if kind == "share":
        return f"{number:.1%}"
    return f"{number:.2f}×" if kind == "multiple" else f"{number:,.1f}".removesuffix(".0")


def columns(kind: Kind, labels: dict[str, str]) -> tuple[Column, ...]:
    """Return columns of one kind, by key with their headings."""
    return tuple(Column(key, label, kind) for key, label in labels.items())
