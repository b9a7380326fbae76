"""What if: levers, people by month, terms; the change against the base as paired differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd
from nicegui import ui

from simulator.analysis.forecast.forecast import horizon_label
from simulator.analysis.totals import ALL
from simulator.app.edits import Edits, hires_in
from simulator.app.parts import button, choice, entry, grid, said, slider, text
from simulator.app.session import Session
from simulator.app.simulations import Reply
from simulator.app.tables import changes, show, source_of
from simulator.engine.plan.roles import rep_terms, role_terms
from simulator.engine.prepare import Prepared
from simulator.fiscal import month_number
from simulator.report.compare.words import compare_answers, say_differences
from simulator.report.documents.view import Column, View, columns
from simulator.report.headcount.words import role_word
from simulator.scenario.dates import month_text
from simulator.scenario.levers import LEVERS, Lever, LeverKind
from simulator.scenario.ownership import AE
from simulator.scenario.schema import Scenario

LEVER_GROUPS = {
    "Winning and closing": (
        "close_odds",
        "slippage",
        "push_length",
        "velocity",
        "no_decision",
        "competitive_losses",
    ),
    "New deals and prices": ("sals", "amount", "close_multiplier", "price_rise"),
    "Customers": ("churn", "expansion", "contraction", "time_to_value"),
}
MOST_MONTHS = 12
LOWEST, HIGHEST, STEP = -60, 100, 5
"""Ends of a lever's slider and its stops, in percent of change; any factor can be typed."""
STEPS = (Column("label", "What moves the P50"), *columns("money", {"change": "by", "p50": "to"}))


class WhatIfSection:
    """The section in which a scenario is changed, and which says what that does."""

    def __init__(self, session: Session) -> None:
        self.session = session
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
            self._offer_levers(edits, scenario)
            self._offer_people(base, scenario)
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
        if base is None or found is None:
            return
        differ = say_differences(base.stated or base.scenario, reply.scenario)
        period, currency = horizon_label(reply.forecast.periods), reply.forecast.currency
        with self.answer:
            if not differ:
                text("p", "Nothing is changed yet: move a lever, or plan a hire.")
                return
            said(compare_answers(found, period, currency).values())
            text("p", "Changed: " + "; ".join(differ).replace(" -> ", " → "), "note")
        with self.tables:
            source = source_of(reply)
            show(changes(found.table), currency, source)
            if reply.compared is not None:
                show(_steps(reply.compared.tables["bridge"], period), currency, source)

    def _choose_segment(self, segment: str) -> None:
        self.segment = segment
        if self.session.edits is not None:
            self._offer_levers(self.session.edits, self.session.edits.scenario())

    def _offer_levers(self, edits: Edits, scenario: Scenario) -> None:
        self.levers.clear()
        with self.levers:
            for group, names in _groups(self.session.base):
                with ui.element("details").props("open" if group == next(iter(LEVER_GROUPS)) else "") as _:
                    text("summary", group)
                    for lever in self._levers_of(names):
                        self._offer_lever(lever, edits.factor(scenario, lever))

    def _levers_of(self, names: Sequence[str]) -> Iterator[Lever]:
        """Yield the levers of a group for the segment chosen, those of deals by source too."""
        segments = None if self.segment == ALL else (self.segment,)
        base = self.session.base
        calibration = base.calibration if base is not None else None
        sources = sorted(set(calibration.arrivals.source)) if calibration is not None else []
        for name in names:
            yield Lever(name, 1.0, segments)
            for source in sources if LEVERS[name].by_source and len(sources) > 1 else ():
                yield Lever(name, 1.0, segments, source)

    def _offer_lever(self, lever: Lever, factor: float) -> None:
        kind, percent = LEVERS[lever.name], round(100 * (factor - 1.0), 4)
        label = f"{_title(lever.name)}: {kind.meaning}"
        if lever.source is not None:
            label = f"{label} ({lever.source})"
        with ui.element("div").classes("lever"):
            value = text("output", _percent(percent))
            slider(
                label, partial(self._move, lever, kind, value), value=f"{percent:g}", step=STEP, max=HIGHEST,
                min=max(LOWEST, round(100 * (kind.low - 1.0))),
                aria_description=f"percent; multiplies {kind.multiplies}",
            )  # fmt: skip

    def _move(self, lever: Lever, kind: LeverKind, shown: ui.html, value: str) -> None:
        factor = min(max(round(1.0 + float(value) / 100, 6), kind.low), kind.high)
        shown.set_content(_percent(round(100 * (factor - 1), 4)))
        if self.session.edits is not None:
            self.session.edits.set_lever(Lever(lever.name, factor, lever.segments, lever.source))
            self.session.change()

    def _offer_people(self, base: Prepared, scenario: Scenario) -> None:
        """Show how many people there are by role and segment, and how many start in each month."""
        if not base.scenario.reps.stated:
            self._offer_reps(base)
        for role, heads in _heads(base).items():
            with ui.element("details"):
                text("summary", f"{_plural(role)} by segment and month")
                months = _months(base)
                _, body = grid(f"{_plural(role)} to hire", ("Segment", "Now", *map(month_text, months)))
                with body:
                    for segment, n_heads in heads.items():
                        self._offer_row(role, segment, n_heads, scenario, months)

    def _offer_reps(self, base: Prepared) -> None:
        """Say why no reps can be hired, and offer to simulate those whom the history knows."""
        staffing = base.calibration.staffing if base.calibration is not None else None
        n_reps = 0 if staffing is None else int(staffing.heads.sum())
        with ui.element("details").props("open"):
            text("summary", "Account executives")
            if not n_reps:
                text("p", "The history names no owners of deals: state 'reps' in the file to plan hires.")
                return
            file = self.session.edits.base_file.name if self.session.edits is not None else ""
            text(
                "p",
                f"{n_reps} account executives own deals in the history. {file} does not simulate them yet: "
                "a hire would change nothing.",
            )
            button("Simulate account executives", self._simulate_reps)

    async def _simulate_reps(self) -> None:
        await self.session.simulate_reps()
        self.offer()

    def _offer_row(self, role: str, segment: str, n_heads: float, scenario: Scenario, months: range) -> None:
        with ui.element("tr"):
            text("th", segment).props["scope"] = "row"
            text("td", f"{n_heads:g}", "number")
            for month in months:
                with ui.element("td"):
                    n_hired = hires_in(scenario, role, segment, month)
                    entry(
                        f"{_plural(role)} hired, {segment}, {month_text(month)}",
                        partial(self._hire, role, segment, month), hidden_label=True, type="number",
                        min=0, max=999, value=n_hired or "", inputmode="numeric",
                    )  # fmt: skip

    def _hire(self, role: str, segment: str, month: int, value: str) -> None:
        count = int(value) if value.strip().isdecimal() else 0
        if self.session.edits is not None:
            self.session.edits.hire(role, segment, month, count)
            self.session.change()

    def _offer_terms(self, edits: Edits, scenario: Scenario) -> None:
        terms = scenario.terms
        if not terms.stated:
            return
        with ui.element("details"):
            text("summary", "Deal terms")
            granted = terms.approved if terms.approved is not None else terms.approved_so_far
            slider(
                "Share of concessions that is granted, %", partial(self._share, ("terms", "approved")),
                min=0, max=100, step=5, value=f"{100 * granted:g}",
            )  # fmt: skip
            if terms.success_plan is not None:
                slider(
                    "Share of deals that need a success plan, %",
                    partial(self._share, ("terms", "success_plan", "deals")), min=0, max=100, step=5,
                    value=f"{100 * terms.success_plan.deals:g}",
                )  # fmt: skip

    def _share(self, key: tuple[str, ...], value: str) -> None:
        if self.session.edits is not None:
            self.session.edits.set(key, float(value) / 100)
            self.session.change()


def _heads(base: Prepared) -> dict[str, dict[str, float]]:
    """Return how many people there are now, by role that is simulated and segment."""
    staffing = base.calibration.staffing if base.calibration is not None else None
    found: dict[str, dict[str, float]] = {}
    for terms in rep_terms(base.scenario, staffing):
        found.setdefault(AE, {})[terms.segment] = terms.heads
    for role in role_terms(base.scenario, base.history) if base.scenario.simulates_roles else ():
        found.setdefault(role.role, {})[role.segment] = role.heads
    return found


def _groups(base: Prepared | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the groups of levers that change something: those of customers only where they are simulated."""
    calibration = base.calibration if base is not None else None
    has_customers = calibration is None or calibration.customers is not None
    for group, names in LEVER_GROUPS.items():
        if has_customers or group != "Customers":
            yield group, tuple(name for name in names if has_customers or name != "price_rise")


def _title(lever: str) -> str:
    return "SALs" if lever == "sals" else lever.replace("_", " ").capitalize()


def _percent(change: float) -> str:
    return f"{change:+g} %" if change else "as is"


def _plural(role: str) -> str:
    word = role_word(role)
    return f"{word[0].upper()}{word[1:]}s"


def _months(base: Prepared) -> range:
    """Return the months of the horizon that people can still start in."""
    scenario = base.scenario
    if scenario.as_of is None:
        raise ValueError("the as-of date is not known yet")
    return range(
        first := month_number(scenario.as_of) + 1, first + min(MOST_MONTHS, 3 * scenario.horizon_quarters)
    )


def _steps(bridge: pd.DataFrame, period: str) -> View:
    rows = bridge[(bridge["period"] == period) & (bridge["step"] > 0)].reset_index(drop=True)
    return View("steps", f"What moves the P50 of {period}", "", STEPS, rows)
