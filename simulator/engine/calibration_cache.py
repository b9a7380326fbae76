"""Rates estimated from a history and kept on disk, so that the next command need not estimate them again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from simulator.cache import Cache, build
from simulator.calibration.calibration import Calibration
from simulator.calibration.file import load_calibration, save_calibration
from simulator.file_digest import FileDigest
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import History

SOURCES = (
    "fiscal.py", "errors.py", "history/**/*.py", "scenario/**/*.py", "calibration/*.py", "engine/**/*.py",
    "kernels/**/*.py",
)  # fmt: skip
"""Files of this package that rates depend on."""

Estimate = Callable[[], Calibration]


class CalibrationCache:
    """Rates that earlier commands estimated, by all that they depend on.

    What is kept is the text that ``simulator calibrate`` writes, whose numbers come back to the last bit.

    Parameters
    ----------
    said : callable, optional
        Called when rates are reused instead of being estimated.
    folder : Path, optional
        By default below the user's cache folder.
    """

    def __init__(self, said: Callable[[], None] | None = None, *, folder: Path | None = None) -> None:
        self.said = said
        self.cache = Cache("rates", days=90, most_bytes=200_000_000, folder=folder)

    def recall(
        self,
        files: Iterable[FileDigest],
        history: History,
        calendar: FiscalCalendar,
        estimate: Estimate,
        variant: str = "",
    ) -> Calibration:
        """Return the kept rates of a history; where there are none, estimate and keep them.

        Parameters
        ----------
        files : iterable of FileDigest
            All files that the history was read from, as they were then.
        history : History
            As of the day that the rates shall know of.
        calendar : FiscalCalendar
        estimate : callable
            Estimates the rates.
        variant : str
            What else they depend on.
        """
        name = fingerprint(files, history, calendar, variant)
        for kept in self.cache.recall(name, load_calibration):
            if self.said is not None and not variant:
                self.said()
            return kept
        calibration = estimate()
        self.cache.keep(name, lambda path: save_calibration(calibration, path))
        return calibration


def fingerprint(
    files: Iterable[FileDigest], history: History, calendar: FiscalCalendar, variant: str = ""
) -> str:
    """Return a text that changes with anything that the rates of a history depend on."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(repr((history.as_of, calendar, variant, build(*SOURCES))).encode())
    for file in sorted(files, key=lambda content: content.path):
        digest.update(f"\0{file.path.name}\0{file.sha256}".encode())
    return digest.hexdigest()
