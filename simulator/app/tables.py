"""Tables of the page: those of the report, and any other as it stands."""

from __future__ import annotations

import pandas as pd

from simulator.analysis.totals import ALL
from simulator.app.parts import markup
from simulator.app.simulations import Reply
from simulator.report.documents.page import show_table
from simulator.report.documents.view import Column, Kind, View, columns
from simulator.report.forecast.charts import frame_of

CHANGES = (
    Column("period", "Quarter"),
    *columns("money", {"base_p50": "P50 of the base", "p50": "P50", "mean_change": "Mean change"}),
    *columns("money", {"mean_change_low": "from", "mean_change_high": "to (95 %)"}),
    *columns(
        "share", {"p_more": "Books more", "base_p_hit": "Chance of target, base", "p_hit": "Chance of target"}
    ),
)


def show(view: View, currency: str, source: str) -> None:
    """Show a table with where its figures are from."""
    markup(show_table(view, currency, source))


def source_of(reply: Reply) -> str:
    """Return where the figures of a reply are from, in a few words."""
    return frame_of(reply.forecast).footer


def changes(compared: pd.DataFrame) -> View:
    """Return what scenarios book against the base, all segments together, one period after the other."""
    rows = compared[(compared["segment"] == ALL) & (compared["measure"] == "bookings_new")]
    several = len(set(rows["scenario"])) > 1
    periods = pd.Categorical(rows["period"], rows["period"].unique(), ordered=True)
    rows = rows.assign(period=periods).sort_values("period", kind="stable").astype({"period": str})
    names = (Column("scenario", "Scenario"),) if several else ()
    table = rows.drop(columns="segment").reset_index(drop=True)
    return View("changes", "New bookings against the base", "", (*names, *CHANGES), table)


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
