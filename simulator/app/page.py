"""The page of a tab: scenario and state on top, then the sections that answer questions."""

from __future__ import annotations

import asyncio
import html
from functools import partial
from pathlib import Path

from nicegui import background_tasks, ui

from simulator.app.forecast import ForecastSection
from simulator.app.importing import ImportSection
from simulator.app.parts import button, choice, entry, paragraphs, text
from simulator.app.questions import QuestionSection
from simulator.app.session import Session
from simulator.app.simulations import Memory, Reply
from simulator.app.what_if import WhatIfSection
from simulator.app.workspace import Workspace
from simulator.errors import InputError
from simulator.report.documents.page import asset

STYLE = Path(__file__).with_name("app.css")
SECTIONS = ("Forecast", "What if", "Questions", "Import")


class Page:
    """All that a tab shows, and the session behind it."""

    def __init__(self, workspace: Workspace, memory: Memory) -> None:
        self.session = Session(workspace, memory, self._answered, self._fail)
        ui.add_css(asset("report.css") + STYLE.read_text(encoding="utf-8"))
        ui.add_head_html('<script>document.documentElement.lang = "en"</script>')
        with ui.element("div").classes("page"):
            self._head()
            self.sections = {name: ui.element("section") for name in SECTIONS}
            for name, section in self.sections.items():
                section.props["aria-label"] = name
        with self.sections["Forecast"]:
            self.forecast = ForecastSection(self.session)
        with self.sections["What if"]:
            self.what_if = WhatIfSection(self.session, self._simulate_reps)
        with self.sections["Questions"]:
            self.questions = QuestionSection(self.session, self._simulate_reps)
        with self.sections["Import"]:
            self.imports = ImportSection(self.session, self._open_import)
        self.shown: dict[str, Reply] = {}
        self._show_section(SECTIONS[0])
        task = background_tasks.create(self.session.answer_for_ever())
        ui.context.client.on_delete(partial(self._close, task))
        ui.timer(0.25, self._say_state)
        ui.on_exception(self._fail)
        names = workspace.scenarios()
        self.head.set_visibility(bool(names))
        self.nav.set_visibility(bool(names))
        if names:
            ui.timer(0, lambda: self._open(names[0]), once=True)
        else:
            self._show_section("Import")

    def _close(self, task: asyncio.Task[None]) -> None:
        """Stop all work for a tab that is gone."""
        self.session.stop()
        self.questions.stop()
        task.cancel()

    def _head(self) -> None:
        with ui.element("header"):
            text("h1", self.session.workspace.folder.name, "kicker")
            with ui.element("div").classes("controls") as self.head:
                self.chooser = ui.element("div")
                self._offer_scenarios()
                self.name = ui.element("div")
                button("Save", self._save)
            self.state = text("p", "", "state")
            self.state.props["role"] = "status"
            self.errors = ui.element("div").props("role=alert")
            with ui.element("nav").props('aria-label="Sections"') as self.nav:
                self.tabs = {name: button(name, partial(self._show_section, name)) for name in SECTIONS}

    def _offer_scenarios(self, chosen: str = "") -> None:
        self.chooser.clear()
        with self.chooser:
            names = self.session.workspace.scenarios()
            choice("Scenario", {name: name for name in names}, self._open, chosen or next(iter(names), ""))

    def _show_section(self, chosen: str) -> None:
        self.section = chosen
        for name, section in self.sections.items():
            section.set_visibility(name == chosen)
            self.tabs[name].props["aria-current"] = "page" if name == chosen else "false"
            self.tabs[name].update()
        if self.session.reply is not None:
            self._show(self.session.reply)

    async def _open_import(self, name: str) -> None:
        self._show_section(SECTIONS[0])
        await self._open(name)

    async def _open(self, name: str) -> None:
        self._say_errors([])
        self.forecast.wait()
        self.what_if.wait()
        try:
            await self.session.open(name)
        except Exception as error:
            self._fail(error)
            return
        self._opened(name)

    async def _simulate_reps(self) -> None:
        await self.session.simulate_reps()
        self._opened(self.name_open)

    def _opened(self, name: str) -> None:
        """Show the controls of the scenario that is open now."""
        edits = self.session.edits
        if edits is None:
            return
        self.name_open = name
        self.head.set_visibility(True)
        self.nav.set_visibility(True)
        self._offer_scenarios(name)
        self.name.clear()
        with self.name:
            self.name_entry = entry(
                "Save changes as", self._rename, type="text", value=edits.name, maxlength=80
            )
        self.what_if.offer()
        self.questions.offer()
        self.questions.result.clear()

    def _rename(self, name: str) -> None:
        if self.session.edits is not None:
            self.session.edits.name = name.strip()

    def _save(self) -> None:
        edits = self.session.edits
        if edits is None:
            return
        try:
            path = self.session.workspace.save(edits, edits.name, replace=edits.saved)
        except InputError as error:
            self._fail(error)
            return
        edits.saved = True
        self.session.change()
        self._say_errors([])
        self.name_open = path.name
        self._offer_scenarios(path.name)
        self.questions.offer()
        ui.notify(
            f"Saved as {path.name}. The same figures: simulator compare {edits.base_file.name} {path.name}"
        )

    def _answered(self, reply: Reply) -> None:
        self._say_errors([])
        with self.state:
            self._show(reply)

    def _show(self, reply: Reply) -> None:
        """Show a reply in the section that is seen; the others show it when they are."""
        show = {"Forecast": self.forecast.show, "What if": self.what_if.show}.get(self.section)
        if show is not None and self.shown.get(self.section) is not reply:
            self.shown[self.section] = reply
            show(reply)

    def _fail(self, error: Exception) -> None:
        self._say_errors(self.session.lines_of(error))

    def _say_errors(self, lines: list[str]) -> None:
        self.errors.clear()
        with self.errors:
            paragraphs(lines, "error")

    def _say_state(self) -> None:
        """Say what is worked on, and how many simulations the figures rest on."""
        self.state.set_content(html.escape(state_of(self.session)))


def state_of(session: Session) -> str:
    """Return what is worked on now, and what the figures shown rest on."""
    reply, watch = session.reply, session.watch
    parts = []
    if reply is not None:
        forecast = reply.forecast
        what = "quick answer" if reply.quick else "full answer"
        parts.append(f"{what} from {forecast.n_paths:,} simulations in {reply.seconds:.1f} s")
    if session.is_busy:
        share = "" if watch.share is None else f" {watch.share:.0%}"
        parts.append(f"{watch.text or 'working'}{share}")
    return "; ".join(parts) or "no scenario is open yet"
