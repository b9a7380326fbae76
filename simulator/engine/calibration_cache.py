"""Rates estimated from a history and kept on disk, so that the next command need not estimate them again."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from llvmlite.binding import get_host_cpu_name
from platformdirs import user_cache_path

from simulator.calibration.calibration import Calibration
from simulator.calibration.file import load_calibration, save_calibration
from simulator.errors import InputError
from simulator.file_digest import FileDigest, digest_of
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import History
from simulator.versions import version_of

DAYS_KEPT = 90
MOST_BYTES = 200_000_000
SOURCES = (
    "fiscal.py", "errors.py", "history/**/*.py", "scenario/**/*.py", "calibration/*.py", "engine/**/*.py",
    "kernels/**/*.py",
)  # fmt: skip
"""Files of this package that rates depend on."""
PACKAGES = ("simulator", "numpy", "scipy", "pandas", "pyarrow", "numba", "llvmlite")
ARITHMETIC = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "MKL_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
)
"""Settings of the environment under which sums may be added up in another order."""

Estimate = Callable[[], Calibration]


def cache_folder() -> Path:
    """Return the user's cache folder for rates that were estimated."""
    return user_cache_path("simulator") / "rates"


class CalibrationCache:
    """Rates that earlier commands estimated, by all that they depend on.

    A kept calibration is the text that ``simulator calibrate`` writes, whose numbers come back to the last
    bit. It is named after a digest of everything that went into it, and after one of its own bytes, so that
    neither an old nor a damaged one is ever taken.

    Parameters
    ----------
    said : callable, optional
        Called when rates are taken over instead of being estimated.
    folder : Path, optional
        By default the user's cache folder; one that cannot be written to keeps nothing.
    """

    def __init__(self, said: Callable[[], None] | None = None, *, folder: Path | None = None) -> None:
        self.said = said
        self.folder = folder if folder is not None else cache_folder()

    def recall(
        self, files: Iterable[FileDigest], history: History, calendar: FiscalCalendar, estimate: Estimate
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
        """
        name = fingerprint(files, history, calendar)
        for path in self.folder.glob(f"{name}-*.json"):
            kept = _read(path)
            if kept is not None:
                if self.said is not None:
                    self.said()
                return kept
        calibration = estimate()
        self._keep(name, calibration)
        return calibration

    def _keep(self, name: str, calibration: Calibration) -> None:
        """Write rates into a file that appears whole; without room for it, or the right, there is none."""
        draft = self.folder / f".{secrets.token_hex(8)}"
        # A calibration with a number that is none cannot be written; what is wrong with it shows elsewhere.
        with contextlib.suppress(OSError, ValueError):
            try:
                save_calibration(calibration, draft)
                draft.replace(self.folder / f"{name}-{digest_of(draft).sha256}.json")
            finally:
                draft.unlink(missing_ok=True)
            forget_old(self.folder)


def fingerprint(files: Iterable[FileDigest], history: History, calendar: FiscalCalendar) -> str:
    """Return a text that changes with anything that the rates of a history depend on."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(repr((history.as_of, calendar, build())).encode())
    for file in sorted(files, key=lambda content: content.path):
        digest.update(f"\0{file.path.name}\0{file.sha256}".encode())
    return digest.hexdigest()


@functools.cache
def build() -> tuple[str, ...]:
    """Return what may change rates beside the history: sources, versions, the processor and its use."""
    digest = hashlib.blake2b(digest_size=20)
    root = Path(__file__).resolve().parents[1]
    for source in sorted(path for pattern in SOURCES for path in root.glob(pattern)):
        digest.update(f"{source.relative_to(root)}\0".encode() + source.read_bytes() + b"\0")
    versions = (f"{package} {version_of(package)}" for package in PACKAGES)
    settings = (f"{name} {os.environ.get(name)}" for name in ARITHMETIC)
    processor = f"{platform.machine()} {get_host_cpu_name()}, {_n_processors()} of it"
    return (f"Python {platform.python_version()}", *versions, digest.hexdigest(), processor, *settings)


def _n_processors() -> int:
    """Return how many processors this process may use: linear algebra parts its sums by them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read(path: Path) -> Calibration | None:
    """Return kept rates, marked as used today; None where the file is not as it was written."""
    with contextlib.suppress(OSError, InputError):
        if path.stem.rpartition("-")[2] == digest_of(path).sha256:
            calibration = load_calibration(path)
            with contextlib.suppress(OSError):
                os.utime(path)
            return calibration
    with contextlib.suppress(OSError):
        path.unlink()
    return None


def forget_old(folder: Path) -> None:
    """Remove what nobody asked for in a long time, and the least recently used of what is too much."""
    with contextlib.suppress(OSError):
        found = [(path, path.stat()) for path in folder.iterdir() if path.is_file()]
        total = sum(about.st_size for _, about in found)
        for path, about in sorted(found, key=lambda item: item[1].st_mtime):
            if about.st_mtime < time.time() - DAYS_KEPT * 86_400 or total > MOST_BYTES:
                path.unlink(missing_ok=True)
                total -= about.st_size
