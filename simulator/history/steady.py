"""Files that somebody writes to while they are read: half of what was read would be old."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.errors import Fault, InputError
from simulator.history.save import ABOUT, SUFFIXES
from simulator.history.tables import TABLES

Stamps = dict[Path, tuple[int, int]]


@contextmanager
def steady(*places: Path | None) -> Iterator[None]:
    """Refuse files, and the history in folders, whose size or time changes while the block reads them.

    Raises
    ------
    InputError
        With every file that has changed, come or gone.
    """
    before = _stamps(places)
    yield
    after = _stamps(places)
    changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    if changed:
        remedy = "Wait until the export is whole, and run again."
        raise InputError(Fault(str(path), "changed while it was read", remedy) for path in changed)


def _stamps(places: tuple[Path | None, ...]) -> Stamps:
    stamps = {}
    for place in filter(None, places):
        for file in filter(_is_of_history, place.iterdir()) if place.is_dir() else [place]:
            with contextlib.suppress(OSError):
                found = file.stat()
                stamps[file] = (found.st_size, found.st_mtime_ns)
    return stamps


def _is_of_history(file: Path) -> bool:
    """Return whether a file of a folder is read with the history there; what else lies there may change."""
    return file.name == ABOUT or (file.stem in TABLES and file.suffix in SUFFIXES)
