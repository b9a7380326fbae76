"""Tables of the page: those of the report, and any other as it stands."""

from __future__ import annotations

import pandas as pd

from simulator.app.parts import markup
from simulator.app.simulations import Reply
from simulator.report.documents.page import show_table
from simulator.report.documents.view import Column, Kind, View
from simulator.report.forecast.charts import frame_of


def show(view: View, currency: str, source: str) -> None:
    """Show a table with where its figures are from."""
    markup(show_table(view, currency, source))


def source_of(reply: Reply) -> str:
    """Return where the figures of a reply are from, in a few words."""
    return frame_of(reply.forecast).footer


def view_of(title: str, table: pd.DataFrame) -> View:
    """Return a table as it stands, its columns named by their keys."""
    return View(
        "answer",
        title,
        "",
        tuple(Column(key, _words(key), _kind(key, table[key])) for key in map(str, table)),
        table,
    )


def _words(key: str) -> str:
    return key.replace("_", " ")


def _kind(key: str, values: pd.Series) -> Kind:
    if not pd.api.types.is_numeric_dtype(values):
        return "text"
    if key.startswith("p_") or key.endswith("share"):
        return "share"
    return "money" if values.abs().max() >= 1000 else "count"
