"""What will be booked: the fan next to what was booked, the odds of a target, coverage, parts, deals."""

from __future__ import annotations

import html
import math
from functools import partial

import numpy as np
from nicegui import events, ui

from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.totals import ALL, hit_share
from simulator.app.deals import DealsSection
from simulator.app.parts import choice, entry, markup, put, said, slider, text
from simulator.app.session import Session
from simulator.app.simulations import Reply
from simulator.app.tables import show, source_of
from simulator.engine.prepare import Prepared
from simulator.report.documents.finished import Finished
from simulator.report.documents.page import show_chart
from simulator.report.documents.views import views
from simulator.report.forecast.charts import forecast_specs, frame_of
from simulator.report.forecast.findings import fan_title, headline_period, say_chance
from simulator.report.forecast.past import Past, look_back, with_past
from simulator.report.forecast.specs import fan_spec
from simulator.report.money import format_money
from simulator.report.run import Run
from simulator.report.simulation_error import OF_80, say_error_in_points, say_error_margin
from simulator.scenario.numbers import ReadingError, read_money

FIRST_SENTENCES = 4
TARGET_STEPS = 200
OPEN = "(event) => emit(event.target.open)"
CHARTS = ("p50_composition", "coverage", "probability_of_hitting", "segment_chances", "capacity",
          "pipeline_waterfall", "spread")  # fmt: skip
TABLES = ("headline", "coverage", "bookings", "arr", "assumptions", "hygiene")


class ForecastSection:
    """The section that shows the forecast of the scenario as changed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.period = ""
        self.open = {CHARTS[0]}
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
            self.deals = DealsSection(session)
        self.wait()

    def wait(self) -> None:
        """Show nothing until a scenario that is being opened has its answer."""
        self.period = ""
        self.body.set_visibility(False)
        self.rest.clear()
        self.deals.wait()

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
        self.rest.classes(add="old" if reply.quick else "", remove="" if reply.quick else "old")
        if reply.run is not None:
            self._show_rest(reply.run, reply)
        self.deals.show(reply)

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
            self.slid = slider(
                "Target", self._drag, min=0, max=round(top / step) * step, step=step, value=start
            )
            self.typed = entry("or type it", self._type, placeholder="such as 5.5M")

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
        put(self.typed, "")
        self._aim(float(value))

    def _type(self, value: str) -> None:
        try:
            target = read_money(value)
        except ReadingError as error:
            self.odds.set_content(html.escape(f"{error}. {error.remedy}"))
            return
        put(self.slid, f"{target:.0f}")
        self._aim(target)

    def _aim(self, target: float) -> None:
        """Take a target; the odds are read off simulations that are there already."""
        if self.session.edits is not None:
            self.session.edits.set(("targets", self.period, ALL), target)
            self._say_odds(target)
            self.session.change()

    def _say_odds(self, target: float) -> None:
        reply = self.session.reply
        if reply is None or not np.isfinite(target):
            self.odds.set_content(f"No target is set for {self.period}: drag the slider, or type an amount.")
            return
        totals = reply.paths.bookings_new()[:, reply.forecast.periods.index(self.period)].sum(axis=1)
        amount = html.escape(format_money(target, reply.forecast.currency, 4))
        share = hit_share(totals, target)
        error = math.sqrt(share * (1.0 - share) / len(totals))
        unsure = f" ({say_error_in_points(error)}, {OF_80} until all are made)" if reply.quick else ""
        self.odds.set_content(f"{self.period}: {amount} is {say_chance(share)} of simulations{unsure}.")

    def _show_rest(self, run: Run, reply: Reply) -> None:
        """Show the charts and tables that only the full answer has."""
        shown = views(Finished(run.summary, {}, dict(run.tables), ()))
        specs = {spec.name: spec for spec in forecast_specs(run.outlook, run.paths)}
        self.rest.clear()
        with self.rest:
            for name in (name for name in CHARTS if name in specs and not specs[name].is_empty):
                with self._folded(name, specs[name].title):
                    markup(show_chart(specs[name]))
            for name in (name for name in TABLES if name in shown):
                with self._folded(f"table {name}", shown[name].title):
                    text("p", shown[name].note, "note")
                    show(shown[name], reply.forecast.currency, source_of(reply))

    def _folded(self, name: str, title: str) -> ui.element:
        """Begin a part that opens, and that stays open when the next answer draws it anew."""
        part = ui.element("details").on("toggle", partial(self._fold, name), js_handler=OPEN)
        part.props["open"] = name in self.open
        with part:
            text("summary", title)
        return part

    def _fold(self, name: str, event: events.GenericEventArguments) -> None:
        (self.open.add if event.args else self.open.discard)(name)


def _quick_words(forecast: Forecast) -> list[str]:
    """Return the finding of few simulations, and how unsure that is."""
    period = headline_period(forecast)
    row = forecast.precision[forecast.precision["period"] == period].iloc[0]
    p50 = format_money(forecast.total(period)["p50"], forecast.currency)
    unsure = say_error_margin(row["p50_error"], forecast.currency)
    return [
        fan_title(forecast),
        f"P50 of {period}: {p50}, {unsure} ({OF_80} until all are made)",
    ]
