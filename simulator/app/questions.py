"""Questions that take longer: where reps go, what a head is worth, scenarios side by side, documents."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from nicegui import ui

from simulator.app.parts import button, paragraphs, said, text
from simulator.app.people import NO_CUSTOMERS, has_customers, offer_reps
from simulator.app.session import Session, in_thread
from simulator.app.simulations import RememberingWork, Stopped, Watch
from simulator.app.tables import changes, show, view_of
from simulator.report.answer import Answer, split_notes
from simulator.report.compare.results import compare, load_all
from simulator.report.documents.exports import FILES
from simulator.report.documents.view import View
from simulator.report.headcount.results import headcount
from simulator.report.hire.results import hire
from simulator.report.simulation import run

MOST_COMPARED = 4
MOST_ROWS = 40
HEADLINES = {
    "hire": ("hiring_marginal", "What each further rep adds"),
    "headcount": ("headcount", "What one more head is worth"),
}
"""The table of an answer that is shown, and what it is called."""


class QuestionSection:
    """The section of questions with a button each, progress and a way to stop."""

    def __init__(self, session: Session, simulate_reps: Callable[[], Any]) -> None:
        self.session, self.simulate_reps = session, simulate_reps
        self.watch: Watch | None = None
        self.chosen: list[str] = []
        text("h2", "Questions")
        text("p", "Each is asked of the scenario as it is changed now. It may take a minute.", "note")
        self.buttons = ui.element("div").classes("controls")
        with self.buttons:
            button("Where do the next five reps go?", partial(self._ask, hire))
            button("What is one more CSM worth?", partial(self._ask, headcount))
            button("Export page, slides and workbook", self._export)
        self.side = ui.element("div")
        self.running = ui.element("div").classes("controls")
        self.result = ui.element("div").props("role=status aria-live=polite")
        ui.timer(0.3, self._say_progress)

    def offer(self) -> None:
        """Show the saved scenarios to compare."""
        names = self.session.workspace.scenarios()
        self.chosen = [name for name in self.chosen if name in names]
        self.side.clear()
        with self.side, ui.element("fieldset"):
            text(
                "legend",
                f"Compare up to {MOST_COMPARED} saved scenarios; the first one chosen is the base",
            )
            for name in names:
                self._offer_box(name)
            button("Compare", self._compare)

    def _offer_box(self, name: str) -> None:
        with ui.element("label").classes("box"):
            box = ui.element("input").props("type=checkbox")
            if name in self.chosen:
                box.props["checked"] = True
            box.on("change", partial(self._choose, name), js_handler="(event) => emit(event.target.checked)")
            text("span", name)

    def _choose(self, name: str, event: object) -> None:
        self.chosen = [other for other in self.chosen if other != name]
        if getattr(event, "args", False):
            self.chosen.append(name)

    async def _ask(self, question: Callable[..., Answer]) -> None:
        edits, base = self.session.edits, self.session.base
        if edits is None or base is None:
            return
        if question is hire and not base.scenario.reps.stated:
            self.result.clear()
            with self.result:
                offer_reps(base, self.simulate_reps)
        elif question is headcount and not has_customers(base):
            self._say_lines([NO_CUSTOMERS])
        else:
            await self._answer(lambda work: question(work.prepare(edits.scenario(), base), work=work))

    async def _compare(self) -> None:
        if not 2 <= len(self.chosen) <= MOST_COMPARED:
            self._say_lines([f"Choose two to {MOST_COMPARED} scenarios; the first one chosen is the base."])
            return
        files = [self.session.workspace.inside(name) for name in self.chosen]
        await self._answer(lambda work: compare(*load_all(files), work=work))

    async def _export(self) -> None:
        """Write all documents of the scenario as it is changed now, and offer them."""
        edits, base = self.session.edits, self.session.base
        if edits is None or base is None:
            return
        folder = self.session.workspace.inside(f"results/{edits.name}")
        command = f"simulator run {edits.name}.yaml"

        def write(work: RememberingWork) -> object:
            made = run(work.prepare(edits.scenario(), base), work=work)
            return made.write(folder, command=command, work=work)

        if await self._do(write) is not None:
            with self.result:
                text("p", f"Written to {folder.relative_to(self.session.workspace.folder)}.")
                with ui.element("div").classes("controls"):
                    for file in FILES.values():
                        button(f"Download {file}", partial(ui.download.file, folder / file))

    async def _answer(self, ask: Callable[[RememberingWork], Answer]) -> None:
        answer = await self._do(ask)
        if isinstance(answer, Answer):
            with self.result:
                said(answer.said)
                source = f"as of {answer.provenance.as_of}, {answer.provenance.n_paths:,} simulations"
                for view in _tables(answer):
                    show(view, answer.currency, source)
                said(split_notes(answer.notes)[0], "note")

    async def _do(self, job: Callable[[RememberingWork], object]) -> object:
        """Do one thing at a time in a thread of its own; return None where it failed or was stopped."""
        if self.watch is not None:
            self._say_lines(["One question at a time: stop the one that is asked, or wait for it."])
            return None
        self.watch = watch = Watch()
        self.result.clear()
        with self.running:
            self.bar = ui.element("progress").props("max=1")
            self.step = text("span", "")
            button("Stop", watch.stopped.set)
        try:
            return await in_thread(job, RememberingWork(self.session.memory, watch))
        except Stopped:
            self._say_lines(["Stopped."])
        except Exception as error:
            self._say_lines(self.session.lines_of(error), "error")
        finally:
            self.watch = None
            self.running.clear()
        return None

    def stop(self) -> None:
        """Give up the question that is being answered."""
        if self.watch is not None:
            self.watch.stopped.set()

    def _say_lines(self, lines: Iterable[str], classes: str = "") -> None:
        self.result.clear()
        with self.result:
            paragraphs(lines, classes)

    def _say_progress(self) -> None:
        if self.watch is None:
            return
        self.step.set_content(html.escape(self.watch.text))
        if self.watch.share is not None:
            self.bar.props["value"] = f"{self.watch.share:.3f}"
            self.bar.update()


def _tables(answer: Answer) -> Iterable[View]:
    if answer.question == "compare":
        return changes(answer.tables["compare"])
    name, title = HEADLINES[answer.question]
    return [view_of(title, answer.tables[name].head(MOST_ROWS))]
