"""What is kept between runs: files named after all that they depend on, and checked before they are used.

Rates, past forecasts and checkpoints are kept in this one way:

- a name is a digest of everything that the content depends on (``build`` gives the part of the program);
- each file also carries the digest of its own bytes, so that a damaged one is never used;
- a file appears whole or not at all; files that nobody used for long, or that are too many, are removed;
- nothing is unpickled: who keeps something also reads it, from JSON or plain arrays;
- a folder that cannot be written to keeps nothing. This is logged once, and no result changes.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import platform
import secrets
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from llvmlite.binding import get_host_cpu_name
from platformdirs import user_cache_path

from simulator.errors import InputError
from simulator.file_digest import digest_of, sources_digest
from simulator.versions import version_of

T = TypeVar("T")

PACKAGES = ("simulator", "numpy", "scipy", "pandas", "pyarrow", "numba", "llvmlite")
ARITHMETIC = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "MKL_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
)
"""Settings of the environment under which sums may be added up in another order."""
UNREADABLE = (OSError, ValueError, EOFError, KeyError, InputError, zipfile.BadZipFile, zlib.error)
"""What reading a file of another shape may raise."""
PACKAGE_FOLDER = Path(__file__).resolve().parent

_logger = logging.getLogger(__name__)


def cache_folder(kind: str) -> Path:
    """Return the folder of one kind of kept files below the user's cache folder."""
    return user_cache_path("simulator") / kind


class Cache:
    """Files of one kind, kept between runs.

    Parameters
    ----------
    kind : str
        Name of the folder below the user's cache folder.
    days : int
        Days after which a file that nobody used is removed.
    most_bytes : int
        The least recently used files are removed where all together are larger.
    folder : Path, optional
        Another folder.
    """

    def __init__(self, kind: str, *, days: int, most_bytes: int, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else cache_folder(kind)
        self.days, self.most_bytes = days, most_bytes

    def recall(self, name: str, read: Callable[[Path], T]) -> Iterator[T]:
        """Yield what ``read`` makes of every file kept under a name; those that are damaged are removed."""
        for path in sorted(self.folder.glob(f"{name}-*")):
            try:
                if path.name.rpartition("-")[2] != digest_of(path).sha256:
                    raise ValueError("damaged")
                content = read(path)
            except UNREADABLE:
                _remove(path)
                continue
            with contextlib.suppress(OSError):
                os.utime(path)
            yield content

    def keep(self, name: str, write: Callable[[Path], object], *, alone: bool = True) -> None:
        """Keep what ``write`` puts into a file, in place of the others of its name where it is ``alone``."""
        draft = self.folder / f".{secrets.token_hex(8)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write(draft)
            kept = self.folder / f"{name}-{digest_of(draft).sha256}"
            draft.replace(kept)
        except OSError as error:
            _say_uncached(self.folder, error.strerror or type(error).__name__)
            return
        except ValueError:  # what cannot be written is not kept; what is wrong with it shows elsewhere
            return
        finally:
            _remove(draft)
        if alone:
            self.forget(name, but=kept)
        self.tidy_up()

    def forget(self, name: str, but: Path | None = None) -> None:
        """Remove what is kept under a name, one file excepted."""
        for path in self.folder.glob(f"{name}-*"):
            if path != but:
                _remove(path)

    def holds_any(self) -> bool:
        """Return whether anything is kept at all."""
        return any(self.folder.glob("[!.]*"))

    def tidy_up(self) -> None:
        """Remove what nobody used in a long time, and the least recently used of what is too much."""
        with contextlib.suppress(OSError):
            found = [(path, path.stat()) for path in self.folder.iterdir() if path.is_file()]
            total = sum(about.st_size for _, about in found)
            for path, about in sorted(found, key=lambda item: item[1].st_mtime):
                if about.st_mtime < time.time() - self.days * 86_400 or total > self.most_bytes:
                    _remove(path)
                    total -= about.st_size


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


@functools.cache
def _say_uncached(folder: Path, why: str) -> None:
    _logger.warning(
        "Nothing is kept for the next run: %s cannot be written to (%s). "
        "Set XDG_CACHE_HOME to a folder that can, to save the time.",
        folder,
        why,
    )


@functools.cache
def build(*sources: str) -> tuple[str, ...]:
    """Return the part of a name that is the program: sources, versions, the processor and its use.

    Parameters
    ----------
    *sources : str
        Patterns of files below this package, such as ``history/**/*.py``.
    """
    versions = (f"{package} {version_of(package)}" for package in PACKAGES)
    settings = (f"{name} {os.environ.get(name)}" for name in ARITHMETIC)
    processor = f"{platform.machine()} {get_host_cpu_name()}, {_n_processors()} of it"
    digest = sources_digest(PACKAGE_FOLDER, sources)
    return (f"Python {platform.python_version()}", *versions, digest, processor, *settings)


def _n_processors() -> int:
    """Return how many processors this process may use: linear algebra parts its sums by them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
