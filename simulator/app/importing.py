"""Import: drop an export, see what was understood, correct it from lists, get history, map and scenario."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import pandas as pd
from nicegui import events, ui
from ruamel.yaml import YAML

from simulator.app.parts import button, choice, entry, paragraphs, said, text
from simulator.app.session import Session
from simulator.app.tables import show, view_of
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.hygiene import check_hygiene, write_hygiene
from simulator.history.importers.contradictions import with_oddities
from simulator.history.importers.importer import KINDS, Imported, import_files
from simulator.history.importers.map_file import write_map_file
from simulator.history.importers.mapping import STAGE_WORDS
from simulator.history.importers.summary import quarters
from simulator.history.save import history_folder, write_tables
from simulator.report.first_scenario import first_scenario, write_first_scenario

UPLOADS = "imports"
LARGEST_FILE = 500_000_000
CURRENCIES = ("USD", "EUR", "GBP", "CHF", "CAD", "AUD", "JPY", "SEK", "INR", "BRL")
HAND_ON = "(event) => getElement(%d).$refs.qRef.addFiles(event.target.files)"
STEPS = (
    "Drop the files that your CRM or billing system exported: CSV, XLSX or Parquet.",
    "Check how they are read; choose another meaning from a list where it is wrong.",
    "Name the scenario and use it: its forecast follows.",
)
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip


class ImportSection:
    """The section that turns exports into a history and a first scenario."""

    def __init__(self, session: Session, opened: Callable[[str], Awaitable[None]]) -> None:
        self.session, self.opened = session, opened
        self.files: list[Path] = []
        self.kind, self.name, self.start_month = "", "forecast", 1
        self.said: dict[str, Any] = {}
        self.imported: Imported | None = None
        self.kind_found, self.n_asked = "", 0
        text("h2", "Import")
        with ui.element("ol"):
            for step in STEPS:
                text("li", step)
        self._offer_drop()
        self.listed = text("p", "", "note")
        with ui.element("div").classes("controls"):
            kinds = {"": "whatever fits", **{kind: kind for kind in KINDS if kind != "table"}}
            choice("They come from", kinds, self._choose_kind)
            months = {str(at): month for at, month in enumerate(MONTHS, 1)}
            choice("The fiscal year begins in", months, self._begin_year, "1")
            button("Start over", self._start_over)
        self.shown = ui.element("div").props("role=status aria-live=polite")

    def _offer_drop(self) -> None:
        """Show the browser's own control of files, which hands them to the uploader behind it."""
        self.upload = ui.upload(
            multiple=True, auto_upload=True, max_file_size=LARGEST_FILE, on_multi_upload=self._take,
            on_begin_upload=lambda: self._say("Uploading …"),
        ).classes("behind")  # fmt: skip
        with ui.element("label").classes("drop"):
            text("span", "Drop files here, or choose them")
            self.chosen = ui.element("input").props("type=file multiple")
        self.chosen.on("change", js_handler=HAND_ON % self.upload.id)

    async def _take(self, event: events.MultiUploadEventArguments) -> None:
        """Keep files in the workspace, under their own last names only, and read them."""
        for file in event.files:
            name = PurePath(file.name.replace("\\", "/")).name
            path = self.session.workspace.inside(f"{UPLOADS}/{name}")
            path.parent.mkdir(exist_ok=True)
            await file.save(path)
            self.files = [*(other for other in self.files if other != path), path]
        self._list()
        await self._understand()

    def _say(self, line: str) -> None:
        self.shown.clear()
        with self.shown:
            text("p", line)

    def _list(self) -> None:
        self.listed.set_content("")
        with self.listed:
            self.listed.clear()
            text("span", f"Files: {', '.join(file.name for file in self.files)}" if self.files else "")

    def _start_over(self) -> None:
        self.files, self.said, self.imported = [], {}, None
        self.upload.reset()
        ui.run_javascript(f"getHtmlElement({self.chosen.id}).value = ''")
        self._list()
        self.shown.clear()

    async def _choose_kind(self, kind: str) -> None:
        self.kind = kind
        if self.files:
            await self._understand()

    def _begin_year(self, month: str) -> None:
        self.start_month = int(month)
        if self.imported is not None:
            self._show(self.imported)

    @property
    def calendar(self) -> FiscalCalendar:
        """The fiscal calendar that was chosen."""
        return FiscalCalendar(self.start_month, "end")

    async def _understand(self) -> None:
        self._say("Reading …")
        self.n_asked = mine = self.n_asked + 1
        try:
            self.kind_found, imported = await asyncio.to_thread(self._import)
        except InputError as error:
            self.shown.clear()
            with self.shown, ui.element("div").props("role=alert"):
                paragraphs(self.session.lines_of(error), "error")
            return
        if mine != self.n_asked:
            return  # another correction followed
        self.imported = imported
        self._show(imported)

    def _import(self) -> tuple[str, Imported]:
        """Import as the kind chosen, or as the first kind that the files fit."""
        corrections = self._write_corrections()
        if self.kind:
            return self.kind, import_files(self.kind, self.files, corrections, accept=True)
        return first_fit(self.files, corrections)

    def _write_corrections(self) -> Path | None:
        if not self.said:
            return None
        path = self.session.workspace.inside(f"{UPLOADS}/corrections.yaml")
        with path.open("w", encoding="utf-8") as file:
            YAML().dump(self.said, file)
        return path

    def _show(self, imported: Imported) -> None:
        """Show what was understood, with lists to correct it, and what to do next."""
        told, figures = imported.understanding, imported.understanding.figures
        self.shown.clear()
        with self.shown:
            text("h3", f"Understood as {self.kind_found}")
            known = dict.fromkeys((figures["currency"] or "none", *CURRENCIES, "none"))
            choice(
                "Currency",
                {code: code for code in known},
                partial(self._correct, ("currency",)),
                next(iter(known)),
            )
            self._offer_stages(imported)
            self._offer_columns(imported)
            table = pd.DataFrame(quarters(imported.history, self.calendar))
            view = view_of("By fiscal quarter, to compare with your CRM", table)
            show(view, figures["currency"] or "", f"as of {figures['as_of']}")
            paragraphs(self.session.lines_of(InputError(imported.conflicts)), "error")
            said(told.notes, "note")
            with ui.element("div").classes("controls"):
                entry("Call the scenario", partial(setattr, self, "name"), value=self.name, maxlength=80)
                button("Use it", self._use, "main")
            self.problem = ui.element("div").classes("problem").props("role=alert")

    def _offer_stages(self, imported: Imported) -> None:
        text("h4", "Stages")
        words = {word: word.replace("_", " ") for word in STAGE_WORDS}
        for stage in imported.understanding.stages:
            correct = partial(self._correct, ("stages", stage.stage))
            with ui.element("div").classes("controls"):
                choice(stage.stage, words, correct, stage.outcome or stage.category)
                text("span", f"decided by {stage.decided_by}", "note")

    def _offer_columns(self, imported: Imported) -> None:
        with ui.element("details"):
            text("summary", "Columns")
            for meaning in imported.understanding.meanings:
                headings = headings_of(imported, meaning.file)
                if meaning.taken_from in headings:
                    correct = partial(self._correct, ("tables", meaning.table, "columns", meaning.column))
                    names = {heading: heading for heading in headings}
                    choice(f"{meaning.table}: {meaning.column}", names, correct, meaning.taken_from)

    async def _correct(self, key: Sequence[str], value: str) -> None:
        """Lay a correction over what was recognised, and read the files again."""
        inner = self.said
        for part in key[:-1]:
            inner = inner.setdefault(part, {})
        inner[key[-1]] = value
        await self._understand()

    async def _use(self) -> None:
        """Write history, map and first scenario into the workspace, and open it."""
        imported = self.imported
        if imported is None:
            return
        workspace = self.session.workspace
        self.problem.clear()
        try:
            scenario = workspace.new_file(self.name)
            folder = workspace.inside(f"{scenario.stem}-history")
            await asyncio.to_thread(self._write, imported, folder, scenario)
        except InputError as error:
            with self.problem:
                paragraphs(self.session.lines_of(error), "error")
            return
        self._start_over()
        await self.opened(scenario.name)

    def _write(self, imported: Imported, folder: Path, scenario: Path) -> None:
        with history_folder(folder) as draft:
            write_tables(imported.history, draft)
            hygiene = with_oddities(check_hygiene(imported.history), imported.oddities)
            write_hygiene(hygiene, draft / "hygiene.csv")
        (map_file := scenario.with_suffix(".map.yaml")).unlink(missing_ok=True)
        write_map_file(imported, self.kind_found, map_file)
        write_first_scenario(first_scenario(imported.history, folder, scenario, self.calendar), scenario)
        shutil.rmtree(scenario.parent / UPLOADS, ignore_errors=True)


def first_fit(files: Sequence[Path], corrections: Path | None) -> tuple[str, Imported]:
    """Return the first kind of import that files fit, and what it made of them.

    Raises
    ------
    InputError
        None fits; with what the last of them says.
    """
    error: InputError | None = None
    for kind in (kind for kind in KINDS if kind != "table"):
        try:
            return kind, import_files(kind, files, corrections, accept=True)
        except InputError as fault:
            error = error or fault
    raise error or InputError.of("files", "there are none", "Drop a file first.")


def headings_of(imported: Imported, file: str) -> list[str]:
    """Return the headings of a file, as far as they are known: taken ones first."""
    told = imported.understanding
    taken = [meaning.taken_from for meaning in told.meanings if meaning.file == file]
    unused = [name for read in told.files if read.file == file for name in read.unused]
    return list(dict.fromkeys((*taken, *unused)))
