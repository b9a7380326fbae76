"""What if: levers, people by month, terms; the change against the base as paired differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pandas as pd
from nicegui import ui

from simulator.analysis.totals import ALL, horizon_label
from simulator.app.edits import Edits, Key
from simulator.app.parts import choice, said, slider, text
from simulator.app.people import NO_CUSTOMERS, has_customers, offer_people
from simulator.app.session import Session
from simulator.app.simulations import Reply
from simulator.app.tables import changes, show, source_of
from simulator.app.words import effects_of, lever_title, percent_words, say_arr, say_changes
from simulator.engine.plan.service_coverage import Effect
from simulator.engine.prepare import Prepared
from simulator.report.compare.words import compare_answers
from simulator.report.documents.view import Column, View, columns
from simulator.report.headcount.words import effect_words
from simulator.report.money import capitalise
from simulator.report.simulation_error import error_margin
from simulator.scenario.levers import LEVERS, Lever, LeverKind
from simulator.scenario.schema import Scenario

CUSTOMERS = "Customers: churn and expansion"
IDLE_REPS = (
    "Reps change nothing here: no deal waits for one, and those of the segment find no deals of their own. "
    "Questions says where more reps would."
)
LEVER_GROUPS = {
    "Winning and closing": (
        "close_odds",
        "slippage",
        "push_length",
        "pull_ins",
        "velocity",
        "no_decision",
        "competitive_losses",
    ),
    "New deals and prices": ("sals", "amount", "close_multiplier", "price_rise"),
    CUSTOMERS: ("churn", "expansion", "contraction", "time_to_value"),
}
LOWEST, HIGHEST, STEP = -60, 100, 5
"""Ends of a lever's slider and its stops, in percent of change."""
WORSE_ABOVE, WORSE_BELOW = (1.0, 3.0), (0.1, 1.0)
"""Ends of the slider of an effect: a factor on something bad, or the share that is left of something good."""
HARM = ("churn", "time_to_value")
STEPS = (
    Column("label", "What moves the P50"),
    *columns("money", {"change": "by", "margin": "\u00b1 (80\u00a0%)", "p50": "to"}),
)


class WhatIfSection:
    """The section in which a scenario is changed, and which says what that does."""

    def __init__(self, session: Session, simulate_reps: Callable[[], Any]) -> None:
        self.session, self.simulate_reps = session, simulate_reps
        self.segment = ALL
        text("h2", "What if?")
        with ui.element("div").classes("sides"):
            self.controls = ui.element("div")
            with ui.element("div").classes("stays"):
                text("h3", "What it changes")
                self.answer = ui.element("div").props("role=status aria-live=polite")
                self.tables = ui.element("div")

    def offer(self) -> None:
        """Show the controls of the scenario that was opened."""
        edits, base = self.session.edits, self.session.base
        self.controls.clear()
        if edits is None or base is None:
            return
        scenario = edits.scenario()
        with self.controls:
            segments = {ALL: "all segments", **{name: name for name in base.scenario.segments}}
            choice("Levers for", segments, self._choose_segment, self.segment)
            self.levers = ui.element("div")
            self._offer_levers(edits, base, scenario)
            self._offer_effects(effects_of(base, scenario))
            offer_people(self.session, base, scenario, self.simulate_reps)
            self._offer_terms(edits, scenario)

    def wait(self) -> None:
        """Show nothing until a scenario that is being opened has its answer."""
        for part in (self.controls, self.answer, self.tables):
            part.clear()

    def show(self, reply: Reply) -> None:
        """Show what a reply says of the changes."""
        base, found = self.session.base, reply.comparison
        self.answer.clear()
        self.tables.clear()
        if base is None:
            return
        differ = list(say_changes(base, reply.scenario))
        period, currency = horizon_label(reply.forecast.periods), reply.forecast.currency
        with self.answer:
            if not differ:
                text("p", "Nothing is changed yet: move a lever, or plan a hire.")
                return
            said([*compare_answers(found, period, currency).values(), *say_arr(found.table, currency)])
            text("p", "Changed: " + "; ".join(differ), "note")
        with self.tables:
            for view in changes(found.table):
                show(view, currency, source_of(reply, view.name))
            if reply.compared is not None:
                self._say_steps(reply.compared.tables["bridge"], period, reply)

    def _say_steps(self, bridge: pd.DataFrame, period: str, reply: Reply) -> None:
        """Show what moves the P50 of new bookings, where anything does."""
        rows = bridge[(bridge["period"] == period) & (bridge["step"] > 0)].reset_index(drop=True)
        if rows["change"].any():
            rows["margin"] = error_margin(rows["error"])
            view = View("steps", f"What moves the P50 of {period}", "", STEPS, rows)
            show(view, reply.forecast.currency, source_of(reply))
        if (rows["label"].eq("reps") & rows["change"].eq(0.0)).any():
            text("p", IDLE_REPS, "note")

    def _choose_segment(self, segment: str) -> None:
        self.segment = segment
        edits, base = self.session.edits, self.session.base
        if edits is not None and base is not None:
            self._offer_levers(edits, base, edits.scenario())

    def _offer_levers(self, edits: Edits, base: Prepared, scenario: Scenario) -> None:
        self.levers.clear()
        with self.levers:
            for group, names in _groups(base):
                with ui.element("details").props("open" if group == next(iter(LEVER_GROUPS)) else ""):
                    text("summary", group)
                    if group == CUSTOMERS and not has_customers(base):
                        text("p", NO_CUSTOMERS, "note")
                    for lever in self._levers_of(base, names):
                        self._offer_lever(lever, edits.factor(scenario, lever))

    def _levers_of(self, base: Prepared, names: Sequence[str]) -> Iterator[Lever]:
        """Yield the levers of a group for the segment chosen, those of deals by source too."""
        segments = None if self.segment == ALL else (self.segment,)
        calibration = base.calibration
        sources = sorted(set(calibration.arrivals.source)) if calibration is not None else []
        for name in names:
            yield Lever(name, 1.0, segments)
            for source in sources if LEVERS[name].by_source and len(sources) > 1 else ():
                yield Lever(name, 1.0, segments, source)

    def _offer_lever(self, lever: Lever, factor: float) -> None:
        kind, percent = LEVERS[lever.name], round(100 * (factor - 1.0), 4)
        label = f"{lever_title(lever.name)}: {kind.meaning}"
        if lever.source is not None:
            label = f"{lever_title(lever.name)}, only from {lever.source}"
        with ui.element("div").classes("lever"):
            value = text("output", percent_words(factor))
            slider(
                label, partial(self._move, lever, kind, value), value=f"{percent:g}", step=STEP, max=HIGHEST,
                min=max(LOWEST, round(100 * (kind.low - 1.0))),
                aria_description=f"percent; multiplies {kind.multiplies}",
            )  # fmt: skip

    def _move(self, lever: Lever, kind: LeverKind, shown: ui.html, value: str) -> None:
        factor = min(max(round(1.0 + float(value) / 100, 6), kind.low), kind.high)
        shown.set_content(percent_words(factor))
        if self.session.edits is not None:
            self.session.edits.set_lever(Lever(lever.name, factor, lever.segments, lever.source))
            self.session.change()

    def _offer_effects(self, effects: Sequence[Effect]) -> None:
        """Show what becomes of customers where an activity is not done at all."""
        with ui.element("details") as shown:
            text("summary", "Effects of neglect on churn and expansion")
            text("p", "What becomes of a customer whom nobody looks after; ×1 is no effect.", "note")
            for effect in effects:
                low, high = WORSE_ABOVE if effect.target in HARM else WORSE_BELOW
                with ui.element("div").classes("lever"):
                    value = text("output", f"×{effect.value:.3g}")
                    slider(
                        capitalise(effect_words(effect.name)), partial(self._weigh, effect, value),
                        min=low, max=high, step=0.05, value=f"{effect.value:g}",
                        aria_description=f"factor; {effect.low:g} to {effect.high:g}, {effect.source}",
                    )  # fmt: skip
        shown.set_visibility(bool(effects))

    def _weigh(self, effect: Effect, shown: ui.html, value: str) -> None:
        shown.set_content(f"×{float(value):.3g}")
        base, edits = self.session.base, self.session.edits
        if base is not None and edits is not None:
            edits.set_effect(base, effect.name, float(value))
            self.session.change()

    def _offer_terms(self, edits: Edits, scenario: Scenario) -> None:
        terms = scenario.terms
        if not terms.stated:
            return
        with ui.element("details"):
            text("summary", "Deal terms")
            granted = terms.approved if terms.approved is not None else terms.approved_so_far
            self._offer_share("Share of concessions that is granted", ("terms", "approved"), granted)
            if terms.success_plan is not None:
                asked = terms.success_plan.deals
                self._offer_share(
                    "Share of deals that need a success plan", ("terms", "success_plan", "deals"), asked
                )

    def _offer_share(self, label: str, key: Key, share: float) -> None:
        with ui.element("div").classes("lever"):
            shown = text("output", f"{share:.0%}")
            slider(
                label, partial(self._share, key, shown), min=0, max=100, step=5, value=f"{100 * share:g}",
                aria_description="percent",
            )  # fmt: skip

    def _share(self, key: Key, shown: ui.html, value: str) -> None:
        shown.set_content(f"{float(value):g}%")
        if self.session.edits is not None:
            self.session.edits.set(key, float(value) / 100)
            self.session.change()


def _groups(base: Prepared) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the groups of levers; those of customers change nothing where there are none."""
    left_out = () if has_customers(base) else ("price_rise", *LEVER_GROUPS[CUSTOMERS])
    for group, names in LEVER_GROUPS.items():
        yield group, tuple(name for name in names if name not in left_out)
