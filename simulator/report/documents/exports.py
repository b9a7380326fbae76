"""The files that people open, out of a finished run: page, workbook, deck."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from simulator.errors import InputError
from simulator.report.documents.finished import Finished, read_finished
from simulator.report.output.second_process import Job

FILES = {"html": "report.html", "xlsx": "forecast.xlsx", "pptx": "board.pptx"}
"""File by format."""


def formats_of(text: str | None) -> tuple[str, ...]:
    """Return the formats that a comma-separated list names; all without one.

    Raises
    ------
    InputError
        A format is unknown, or the list is empty.
    """
    if text is None:
        return tuple(FILES)
    named = [part.strip().lower().removeprefix(".") for part in text.split(",") if part.strip()]
    unknown = [name for name in named if name not in FILES]
    if unknown or not named:
        what = f"{', '.join(unknown)} is not a format" if unknown else "names no format"
        raise InputError.of("--only", what, f"Choose among {', '.join(FILES)}: --only html,xlsx.")
    return tuple(name for name in FILES if name in named)


def write_exports(
    folder: Path,
    formats: Collection[str] = tuple(FILES),
    template: Path | None = None,
    *,
    target: Path | None = None,
) -> list[Path]:
    """Write report.html, forecast.xlsx and board.pptx into the results folder that they are made from.

    Nothing is simulated or computed again. Each file appears whole, or the older one stays.

    Parameters
    ----------
    folder : Path
        Results of ``simulator run``.
    formats : collection of str
        Which of html, xlsx and pptx.
    template : Path, optional
        A .pptx whose look the slides take over.
    target : Path, optional
        Where the folder will stand, next to the results of other commands, if it is not there yet.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        The folder is not that of a finished run, or the template is not a presentation.
    """
    run = read_finished(folder, target=target)
    return [_replace(folder / FILES[name], _writer(name, run, template)) for name in FILES if name in formats]


def export_jobs(folder: Path, target: Path) -> list[Job]:
    """Return what writes each of the files of `write_exports`, in any order; the longest job comes last.

    A team of two begins at both ends: one takes the workbook while the other writes the page and the slides.
    """
    return [partial(write_exports, folder, (name,), target=target) for name in ("html", "pptx", "xlsx")]


def _writer(name: str, run: Finished, template: Path | None) -> Callable[[Path], None]:
    """Return what writes a format; its library is loaded only then."""
    if name == "html":
        from simulator.report.documents.page import render_page

        return lambda path: _write_text(render_page(run), path)
    if name == "xlsx":
        from simulator.report.documents.workbook import write_workbook

        return lambda path: write_workbook(run, path)
    from simulator.report.documents.deck import write_deck

    return lambda path: write_deck(run, path, template)


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")


def _replace(path: Path, write: Callable[[Path], None]) -> Path:
    """Write next to a file and put the new one in its place once it is whole."""
    draft = path.with_name(f".{path.stem}.writing-{secrets.token_hex(4)}{path.suffix}")
    try:
        write(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path
