"""Tables of the page: those of the report, and any other as it stands."""

from __future__ import annotations

from collections.abc import Iterator

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
    *columns("money", {"mean_change_low": "from", "mean_change_high": "to (95\u00a0%)"}),
    Column("p_more", "Simulations with more", "share"),
)
TARGETS = columns("share", {"base_p_hit": "Chance of target, base", "p_hit": "Chance of target"})
NEW_BOOKINGS, ARR = "bookings_new", "arr_closing"
MEASURES = {
    NEW_BOOKINGS: "New bookings",
    "bookings_expansion": "Expansion bookings",
    "bookings_renewal": "Renewals signed",
    ARR: "ARR at the end",
}
LABELS = {
    "gain_bookings": "Bookings gained",
    "gain_bookings_new": "New bookings gained",
    "gain_contribution": "Contribution gained",
    "gain_contribution_p10": "Contribution, P10",
    "gain_contribution_p90": "Contribution, P90",
    "error": "Standard error of the simulation",
    "marginal_bookings": "Bookings of the last one",
    "marginal_contribution": "Contribution of the last one",
    "heads_added": "Heads more",
    "gain_arr": "ARR gained at the end",
    "npv": "NPV (mean)",
    "npv_p10": "NPV, P10",
    "npv_p90": "NPV, P90",
    "npv_error": "NPV, standard error of the simulation",
    "marginal_npv": "NPV of the last one",
    "roi": "ROI",
    "p_roi_above_0": "Chance that it pays",
}
"""Headings of tables that are shown as they stand, where the key alone would not do."""


def show(view: View, currency: str, source: str) -> None:
    """Show a table with where its figures are from."""
    markup(show_table(view, currency, source))


def source_of(reply: Reply, measure: str = NEW_BOOKINGS) -> str:
    """Return where the figures of a reply are from, in a few words."""
    frame = frame_of(reply.forecast)
    return frame.foot(f"ARR in {frame.currency}, not bookings") if measure == ARR else frame.bookings_footer


def changes(compared: pd.DataFrame) -> Iterator[View]:
    """Yield what scenarios change against the base, all segments together: bookings, then other measures."""
    whole = compared[compared["segment"] == ALL].drop(columns="segment")
    several = (Column("scenario", "Scenario"),) if len(set(whole["scenario"])) > 1 else ()
    for measure, title in MEASURES.items():
        rows = whole[whole["measure"] == measure]
        with_targets = measure == NEW_BOOKINGS
        if with_targets or (rows["p_more"] + rows["p_less"]).any():
            periods = pd.Categorical(rows["period"], rows["period"].unique(), ordered=True)
            rows = rows.assign(period=periods).sort_values("period", kind="stable").astype({"period": str})
            shown = (*several, *CHANGES, *(TARGETS if with_targets else ()))
            yield View(measure, f"{title} against the base", "", shown, rows.reset_index(drop=True))


def view_of(title: str, table: pd.DataFrame) -> View:
    """Return a table as it stands, its columns named by what their keys say."""
    return View(
        "answer",
        title,
        "",
        tuple(Column(key, _words(key), _kind(key, table[key])) for key in map(str, table)),
        table,
    )


def _words(key: str) -> str:
    return LABELS.get(key, key.replace("_", " ").capitalize())


def _kind(key: str, values: pd.Series) -> Kind:
    if not pd.api.types.is_numeric_dtype(values):
        return "text"
    if key.startswith("p_") or key.endswith("share"):
        return "share"
    return "money" if values.abs().max() >= 1000 else "count"
