"""Import: drop an export, see what was understood, correct it from lists, get history, map and scenario."""

from __future__ import annotations

import html
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import pandas as pd
from nicegui import events, ui
from ruamel.yaml import YAML

from simulator.app.parts import button, choice, entry, grid, paragraphs, said, text
from simulator.app.session import Session, in_thread
from simulator.app.tables import show, view_of
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.hygiene import check_hygiene, write_hygiene
from simulator.history.importers.import_log import quarters
from simulator.history.importers.importer import KINDS, Imported, import_files
from simulator.history.importers.map_file import write_map_file
from simulator.history.importers.mapping import STAGE_WORDS
from simulator.history.importers.roles import ROLES
from simulator.history.save import history_folder, write_tables
from simulator.report.first_scenario import first_scenario, write_first_scenario

UPLOADS = "imports"
NOT_THERE = "not in the files"
LARGEST_FILE = 500_000_000
CURRENCIES = ("USD", "EUR", "GBP", "CHF", "CAD", "AUD", "JPY", "SEK", "INR", "BRL")
NAMES = {"": "recognise them", "hubspot": "HubSpot", "chartmogul": "ChartMogul", "mrr": "MRR by month",
         "snapshots": "snapshots of the pipeline"}  # fmt: skip
"""Kinds of import as people write them, where that is not the word itself."""
HAND_ON = "(event) => getElement(%d).$refs.qRef.addFiles(event.target.files)"
STEPS = (
    "Drop the files that your CRM or billing system exported: CSV, XLSX or Parquet.",
    "Check how they are read; choose another meaning from a list where it is wrong.",
    "Name the scenario and make its forecast: history, map and scenario are written into this folder.",
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
            kinds = {kind: name_of(kind) for kind in ("", *KINDS) if kind != "table"}
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
        names = ", ".join(file.name for file in self.files)
        self.listed.set_content(html.escape(f"Files: {names}" if names else ""))

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
            self._show_totals(self.imported)

    @property
    def calendar(self) -> FiscalCalendar:
        """The fiscal calendar that was chosen."""
        return FiscalCalendar(self.start_month, "end")

    async def _understand(self) -> None:
        self._say("Reading …")
        self.n_asked = mine = self.n_asked + 1
        try:
            self.kind_found, imported = await in_thread(self._import)
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
        understood = imported.understanding
        named = understood.figures["currency"]
        self.shown.clear()
        with self.shown:
            text("h3", f"Understood as {name_of(self.kind_found)}")
            said(map(_in_words, understood.notes), "note")
            known = {"": NOT_THERE} if "currency" in self.said or not named else {}
            known |= {code: code for code in (named, *CURRENCIES) if code}
            choice("Currency", known, partial(self._correct, ("currency",)), named)
            self._offer_stages(imported)
            self._offer_columns(imported)
            self.totals = ui.element("div")
            self._show_totals(imported)
            paragraphs(self.session.lines_of(InputError(imported.conflicts)), "error")
            with ui.element("div").classes("controls"):
                entry("Call the scenario", partial(setattr, self, "name"), value=self.name, maxlength=80)
                button("Make the forecast", self._use, "main")
            self.problem = ui.element("div").classes("problem").props("role=alert")

    def _show_totals(self, imported: Imported) -> None:
        """Show what was won, lost and is open by fiscal quarter; nothing else depends on the fiscal year."""
        known = imported.understanding.figures
        table = pd.DataFrame(quarters(imported.history, self.calendar))
        view = view_of("By fiscal quarter, to compare with your CRM", table)
        self.totals.clear()
        with self.totals:
            show(view, known["currency"], f"as of {known['as_of']}")

    def _offer_stages(self, imported: Imported) -> None:
        words = {word: word.replace("_", " ") for word in STAGE_WORDS}
        stages = [(stage.outcome or stage.category, stage) for stage in imported.understanding.stages]
        _, body = grid("Stages", ("Stage", "Means", "Recognised by"))
        with body:
            for meaning, stage in sorted(stages, key=lambda found: STAGE_WORDS.index(found[0])):
                correct = partial(self._correct, ("stages", stage.stage))
                by = "your choice" if stage.decided_by == "the map" else stage.decided_by
                with ui.element("tr"):
                    text("th", stage.stage).props["scope"] = "row"
                    with ui.element("td"):
                        choice(stage.stage, words, correct, meaning, hidden_label=True)
                    text("td", by, "note")

    def _offer_columns(self, imported: Imported) -> None:
        """Show what each column is taken from, and columns that nothing was recognised for."""
        meanings = imported.understanding.meanings
        with ui.element("details"):
            text("summary", "Columns")
            _, body = grid("Columns", ("Table", "Column", "Taken from"))
            with body:
                for table, file in {meaning.table: meaning.file for meaning in meanings}.items():
                    taken, unused = headings_of(imported, file)
                    known = {meaning.column: meaning for meaning in meanings if meaning.table == table}
                    for meaning in known.values():
                        if meaning.taken_from in taken:
                            names = {heading: heading for heading in (*taken, *unused)}
                            self._offer_column(table, meaning.column, names, meaning.taken_from)
                    for column in (column for column in ROLES[table] if unused and column not in known):
                        names = {"": NOT_THERE, **{heading: heading for heading in unused}}
                        self._offer_column(table, column, names, "")

    def _offer_column(self, table: str, column: str, names: Mapping[str, str], taken: str) -> None:
        what = column.replace("_", " ")
        rows = "deals" if table == "opportunities" else table.replace("_", " ")
        correct = partial(self._correct, ("tables", table, "columns", column))
        with ui.element("tr"):
            text("td", rows)
            text("th", what).props["scope"] = "row"
            with ui.element("td"):
                choice(f"{rows}: {what}", names, correct, taken, hidden_label=True)

    async def _correct(self, key: Sequence[str], value: str) -> None:
        """Lay a correction over what was recognised, or take it back, and read the files again."""
        inner = self.said
        for part in key[:-1]:
            inner = inner.setdefault(part, {})
        inner[key[-1]] = value
        if not value:
            del inner[key[-1]]
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
            await in_thread(self._write, imported, folder, scenario)
        except InputError as error:
            with self.problem:
                paragraphs(self.session.lines_of(error), "error")
            return
        ui.notify(f"Written: {scenario.name}, {scenario.stem}.map.yaml and {folder.name}")
        self._start_over()
        await self.opened(scenario.name)

    def _write(self, imported: Imported, folder: Path, scenario: Path) -> None:
        with history_folder(folder) as draft:
            write_tables(imported.history, draft)
            hygiene = check_hygiene(imported.history, imported.oddities)
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


def headings_of(imported: Imported, file: str) -> tuple[list[str], list[str]]:
    """Return the headings of a file that are taken, and those that are not."""
    understood = imported.understanding
    taken = [meaning.taken_from for meaning in understood.meanings if meaning.file == file]
    unused = [name for read in understood.files if read.file == file for name in read.unused]
    return list(dict.fromkeys(taken)), unused


def name_of(kind: str) -> str:
    """Return what a kind of import is called on the page."""
    return NAMES.get(kind, kind.capitalize())


def _in_words(note: str) -> str:
    """Return a note with what stages mean in words, not in keys."""
    for word in STAGE_WORDS:
        note = note.replace(word, word.replace("_", " "))
    return note
