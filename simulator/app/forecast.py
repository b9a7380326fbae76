"""What will be booked: the fan next to what was booked, the odds of a target, coverage, parts, deals."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
from nicegui import ui

from simulator.analysis.compare.comparison import SURE
from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.totals import ALL, hit_share
from simulator.app.parts import choice, entry, markup, said, slider, text
from simulator.app.session import Session
from simulator.app.simulations import Reply
from simulator.app.tables import show, source_of
from simulator.engine.prepare import Prepared
from simulator.report.charts.spec import ChartSpec
from simulator.report.documents.finished import Finished
from simulator.report.documents.page import show_chart
from simulator.report.documents.view import View
from simulator.report.documents.views import views
from simulator.report.forecast.charts import forecast_specs, frame_of
from simulator.report.forecast.findings import fan_title, headline_period, say_chance
from simulator.report.forecast.past import Past, look_back, with_past
from simulator.report.forecast.specs import fan_spec
from simulator.report.money import format_money
from simulator.scenario.numbers import ReadingError, read_money

FIRST_SENTENCES = 4
MOST_DEALS = 40
TARGET_STEPS = 200
CHARTS = ("p50_composition", "coverage", "bookings_by_segment", "capacity", "pipeline_waterfall", "spread")
TABLES = ("headline", "coverage", "bookings", "arr", "assumptions", "hygiene")
GROUPS = {"segment": "Segment", "owner": "Owner", "category": "Category", "type": "Deal type"}


class ForecastSection:
    """The section that shows the forecast of the scenario as changed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.period, self.words, self.group = "", "", "segment"
        self.finished: Finished | None = None
        self.past: tuple[Prepared | None, Past | None] = (None, None)
        text("h2", "Forecast")
        with ui.element("div") as self.body:
            self.answer = ui.element("div").props("role=status aria-live=polite")
            self.fan = ui.element("div")
            text("h3", "What are the odds of a target?")
            self.target = ui.element("div").classes("controls")
            self.odds = text("p", "", "odds")
            self.odds.props["role"] = "status"
            self.rest = ui.element("div")
            text("h3", "Open deals")
            self.search = ui.element("div").classes("controls")
            with self.search:
                entry("Search deals", self._search, type="search", placeholder="name, owner, segment …")
                self.groups = ui.element("div")
            self.deals = ui.element("div")
        self.wait()

    def wait(self) -> None:
        """Show nothing until a scenario that is being opened has its answer."""
        self.period, self.finished = "", None
        self.body.set_visibility(False)
        self.rest.clear()
        self.deals.clear()

    def show(self, reply: Reply) -> None:
        """Show a reply; what only the full answer has fades until it is there."""
        forecast = reply.forecast
        self.body.set_visibility(True)
        self.answer.clear()
        with self.answer:
            sentences = list(reply.run.sentences.values()) if reply.run else _quick_words(forecast)
            said(sentences[:FIRST_SENTENCES])
            if len(sentences) > FIRST_SENTENCES:
                with ui.element("details"):
                    text("summary", "More of the answer")
                    said(sentences[FIRST_SENTENCES:])
        self.fan.clear()
        with self.fan:
            spec = fan_spec(forecast.bookings, frame_of(forecast), fan_title(forecast))
            past = self._past(forecast.periods[0])
            markup(show_chart(spec if past is None else with_past(spec, past)))
        if self.period not in forecast.periods:
            self.period = forecast.periods[0]
            self._offer_target(reply)
        self._say_odds(self._target())
        for part in (self.rest, self.deals):
            part.classes(add="old" if reply.quick else "", remove="" if reply.quick else "old")
        if reply.run is not None:
            self.finished = Finished(reply.run.summary, {}, dict(reply.run.tables), ())
            specs = {spec.name: spec for spec in forecast_specs(reply.run.outlook, reply.run.paths)}
            self._show_rest(self.finished, specs, reply)

    def _past(self, period: str) -> Past | None:
        """Return what led up to the forecast; no change of the scenario alters it."""
        base = self.session.base
        if base is not None and self.past[0] is not base:
            self.past = (base, look_back(base, period))
        return self.past[1]

    def _offer_target(self, reply: Reply) -> None:
        """Show the quarter to choose, and the target to drag, from nothing to beyond the best case."""
        row, target = reply.forecast.total(self.period), self._target()
        top = max(1.6 * float(row["p90"]), float(np.nan_to_num(target)), 1.0)
        step = 10.0 ** max(np.floor(np.log10(top / TARGET_STEPS)), 0.0)
        self.target.clear()
        with self.target:
            periods = {period: period for period in reply.forecast.periods}
            choice("Quarter", periods, self._choose_period, self.period)
            start = target if np.isfinite(target) else float(row["p50"])
            slider("Target", self._drag, min=0, max=round(top / step) * step, step=step, value=start)
            entry("or type it", self._type, placeholder="such as 5.5M")

    def _choose_period(self, period: str) -> None:
        self.period = period
        if self.session.reply is not None:
            self._offer_target(self.session.reply)
            self._say_odds(self._target())

    def _target(self) -> float:
        edits = self.session.edits
        stated = edits.get(("targets", self.period, ALL)) if edits is not None else None
        return float("nan") if stated is None else float(stated)

    def _drag(self, value: str) -> None:
        """Take a target; the odds are read off simulations that are there already."""
        if self.session.edits is not None:
            self.session.edits.set(("targets", self.period, ALL), float(value))
            self._say_odds(float(value))
            self.session.change()

    def _type(self, value: str) -> None:
        try:
            self._drag(str(read_money(value)))
        except ReadingError as error:
            self.odds.set_content(html.escape(f"{error}. {error.remedy}"))

    def _say_odds(self, target: float) -> None:
        reply = self.session.reply
        if reply is None or not np.isfinite(target):
            self.odds.set_content("No target is set for this quarter.")
            return
        totals = reply.paths.bookings_new()[:, reply.forecast.periods.index(self.period)].sum(axis=1)
        amount = html.escape(format_money(target, reply.forecast.currency, 4))
        chance = say_chance(hit_share(totals, target))
        self.odds.set_content(f"{self.period}: {amount} is {chance} of simulations.")

    def _show_rest(self, finished: Finished, specs: dict[str, ChartSpec], reply: Reply) -> None:
        """Show the charts and tables that only the full answer has."""
        shown = views(finished)
        self.rest.clear()
        with self.rest:
            for name in (name for name in CHARTS if name in specs):
                with ui.element("details") as details:
                    text("summary", specs[name].title)
                    markup(show_chart(specs[name]))
                details.props["open"] = name == CHARTS[0]
            for name in (name for name in TABLES if name in shown):
                with ui.element("details"):
                    text("summary", shown[name].title)
                    text("p", shown[name].note, "note")
                    show(shown[name], finished.currency, source_of(reply))
        self.groups.clear()
        with self.groups:
            there = {key: word for key, word in GROUPS.items() if key in finished.tables["deals"]}
            choice("Add up by", there, self._group, self.group)
        self._show_deals()

    def _search(self, words: str) -> None:
        self.words = words
        self._show_deals()

    def _group(self, group: str) -> None:
        self.group = group
        self._show_deals()

    def _show_deals(self) -> None:
        """Show the deals that hold all words of the search, the likeliest first, and their sums by group."""
        reply, finished = self.session.reply, self.finished
        view = views(finished).get("deals") if finished is not None else None
        self.deals.clear()
        with self.deals:
            if view is None or finished is None or reply is None:
                text("p", "There are no open deals.")
                return
            found = view.table[_holds(view.table, self.words)]
            listed = f"; the {MOST_DEALS} likeliest are listed" if len(found) > MOST_DEALS else ""
            text("p", f"{len(found):,} of {len(view.table):,} open deals{listed}.", "note")
            source = source_of(reply)
            show(_summed(found, view, self.group), finished.currency, source)
            first = View("found", view.title, view.note, view.columns, found.head(MOST_DEALS))
            show(first, finished.currency, source)


def _quick_words(forecast: Forecast) -> list[str]:
    """Return the finding of few simulations, and how unsure that is."""
    period = headline_period(forecast)
    row = forecast.precision[forecast.precision["period"] == period].iloc[0]
    p50 = format_money(forecast.total(period)["p50"], forecast.currency)
    unsure = format_money(SURE * row["p50_error"], forecast.currency)
    return [fan_title(forecast), f"P50 of {period}: {p50}, simulation error ± {unsure} until all are made"]


def _holds(table: pd.DataFrame, words: str) -> pd.Series:
    texts = table.select_dtypes(exclude="number").astype(str).agg(" ".join, axis=1).str.casefold()
    found = pd.Series(True, index=table.index)
    for word in words.casefold().split():
        found &= texts.str.contains(word, regex=False)
    return found


def _summed(deals: pd.DataFrame, view: View, group: str) -> View:
    """Return open amounts and what is expected of them, added up by a column."""
    summed = [column for column in view.columns if column.key in {"amount", "expected"}]
    key = next((column for column in view.columns if column.key == group), view.columns[0])
    table = deals.groupby(key.key, sort=True)[[column.key for column in summed]].sum().reset_index()
    return View("groups", f"Open deals by {key.label.lower()}", "", (key, *summed), table)
