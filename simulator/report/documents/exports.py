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
    on_written: Callable[[Path], object] | None = None,
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
    on_written : callable, optional
        Called with each file once it is there.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        The folder is not that of a finished run, the template is not a presentation, or another run
        took the place of the folder meanwhile.
    """
    began = _identity(folder)
    run = read_finished(folder, target=target)
    written = []
    for name, file in FILES.items():
        if name in formats:
            written.append(_replace(folder / file, _writer(name, run, template), began))
            if on_written is not None:
                on_written(written[-1])
    return written


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


def _replace(path: Path, write: Callable[[Path], None], began: tuple[int, int]) -> Path:
    """Write next to a file and put the new one in its place once it is whole, if no run came between."""
    draft = path.with_name(f".{path.stem}.writing-{secrets.token_hex(4)}{path.suffix}")
    try:
        write(draft)
        _refuse_another(path.parent, began)
        draft.replace(path)
        _refuse_another(path.parent, began)
    except FileNotFoundError:
        _refuse_another(path.parent, began)
        raise
    finally:
        draft.unlink(missing_ok=True)
    return path


def _identity(folder: Path) -> tuple[int, int]:
    """Return what tells a folder from another that takes its name."""
    try:
        found = folder.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _refuse_another(folder: Path, began: tuple[int, int]) -> None:
    """Refuse to go on where a run has put its results in the place of those that were read."""
    if _identity(folder) != began:
        what = "another run wrote its results here while the report was made of the ones before"
        remedy = f"The documents of the new run are whole. To write them again: simulator report {folder}"
        raise InputError.of(str(folder), what, remedy)
