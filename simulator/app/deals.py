"""Open deals of every type: searched, added up by segment, owner, category or type."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from nicegui import ui

from simulator.app.parts import choice, entry, text
from simulator.app.session import Session
from simulator.app.simulations import Reply
from simulator.app.tables import show, source_of
from simulator.history.deal_types import NEW
from simulator.report.documents.deal_views import deals_view
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import Column, View
from simulator.report.forecast.results import deals_table
from simulator.report.output.tables import open_deals_table
from simulator.report.run import Run

MOST_DEALS = 40
TYPES = {NEW: "new business", "expansion": "expansion", "renewal": "renewal"}
GROUPS = {"segment": "Segment", "owner": "Owner", "category": "Category", "type": "Type"}
ADDED_UP = ("amount", "weight", "expected")


class DealsSection:
    """The part of the page that lists open deals."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.words, self.type, self.group = "", NEW, "segment"
        self.view: View | None = None
        self.offered: dict[str, str] = {}
        text("h3", "Open deals")
        with ui.element("div").classes("controls"):
            entry("Search deals", self._search, type="search", placeholder="name, owner, segment …")
            self.types = ui.element("div")
            choice("Add up by", GROUPS, self._choose_group, self.group)
        self.body = ui.element("div")

    def wait(self) -> None:
        """Show nothing until a scenario that is being opened has its answer."""
        self.view = None
        self.body.clear()

    def show(self, reply: Reply) -> None:
        """Show the deals of a full reply; those of the last one fade where it is quick."""
        self.body.classes(add="old" if reply.quick else "", remove="" if reply.quick else "old")
        if reply.run is not None:
            self.view = deals_of_all_types(reply.run)
            self._offer_types(set() if self.view is None else set(self.view.table["type"]))
            self._list(reply)

    def _offer_types(self, known: set[str]) -> None:
        """Let one type of deals be chosen where there are several."""
        offered = {kind: words for kind, words in TYPES.items() if kind in known}
        if len(offered) > 1:
            offered[""] = "all of them"
        if offered == self.offered:
            return  # whoever is choosing is not disturbed
        self.offered = offered
        self.type = self.type if self.type in offered else next(iter(offered), NEW)
        self.types.clear()
        with self.types:
            if len(offered) > 1:
                choice("Type of deals", offered, self._choose_type, self.type)

    def _search(self, words: str) -> None:
        self.words = words
        self._list(self.session.reply)

    def _choose_type(self, kind: str) -> None:
        self.type = kind
        self._list(self.session.reply)

    def _choose_group(self, group: str) -> None:
        self.group = group
        self._list(self.session.reply)

    def _list(self, reply: Reply | None) -> None:
        """Show the deals that hold all words of the search, those of most weight first, and their sums."""
        view = self.view
        self.body.clear()
        with self.body:
            if view is None or reply is None:
                text("p", "There are no open deals.")
                return
            table = view.table[view.table["type"].isin([self.type] if self.type else list(TYPES))]
            found = table[_holds(table[[column.key for column in view.columns]], self.words)]
            listed = f"; the {MOST_DEALS} of most weight are listed" if len(found) > MOST_DEALS else ""
            text("p", f"{len(found):,} of {len(table):,} open deals{listed}. {view.note}", "note")
            currency, source = reply.forecast.currency, source_of(reply)
            show(_summed(found, view, self.group), currency, source)
            show(replace(view, name="found", table=found.head(MOST_DEALS)), currency, source)


def deals_of_all_types(run: Run) -> View | None:
    """Return the open deals of new business and of every type that is simulated on its own."""
    finished = Finished(run.summary, {}, dict(run.tables), ())
    found = {NEW: deals_view(finished)}
    for kind, own in run.paths.of_type.items():
        prepared = replace(run.prepared, history=run.prepared.of_type[kind].history)
        tables = {"open_deals": open_deals_table(own), "deals": deals_table(prepared, own)}
        found[kind] = deals_view(replace(finished, tables=tables))
    shown = {kind: view for kind, view in found.items() if view is not None}
    if not shown:
        return None
    table = pd.concat([view.table.assign(type=kind) for kind, view in shown.items()], ignore_index=True)
    table.loc[table["type"] != NEW, "share_spread_this"] = float("nan")  # that is of new business
    table["category"] = table["category"].str.replace("_", " ")
    first = next(iter(shown.values()))
    place = [column.key for column in first.columns].index("category") + 1
    named = (*first.columns[:place], Column("type", "Type"), *first.columns[place:])
    ordered = table.sort_values("weight", ascending=False, kind="stable", ignore_index=True)
    return replace(first, columns=named, table=ordered)


def _holds(table: pd.DataFrame, words: str) -> pd.Series:
    found = pd.Series(True, index=table.index)
    texts = found.astype(str)
    for _, column in table.select_dtypes(exclude="number").items():
        texts = texts + " " + column.astype(str).str.casefold()
    for word in words.casefold().split():
        found &= texts.str.contains(word, regex=False)
    return found


def _summed(deals: pd.DataFrame, view: View, group: str) -> View:
    """Return open amounts and what is expected of them, added up by a column."""
    summed = [column for column in view.columns if column.key in ADDED_UP]
    key = next(column for column in view.columns if column.key == group)
    table = deals.groupby(group, sort=True)[[column.key for column in summed]].sum().reset_index()
    table.insert(1, "n", deals.groupby(group, sort=True).size().to_numpy())
    of = (key, Column("n", "Deals", "count"), *summed)
    return View("groups", f"Open deals by {key.label.lower()}", "", of, table)
