"""Compiled kernels on disk: used again only while every source they may depend on is as it was.

Numba looks at the file that a kernel is in and not at the files that it calls into: a change in one kernel
would leave its callers as they were. Here the name of each cache entry covers all sources of the package,
wherever Numba keeps the entry: in NUMBA_CACHE_DIR, next to the sources, or in the user's cache folder. It is
in the name because an entry of other sources may not even be readable: types that it names may be gone.
"""

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba.core import caching

FOLDER = Path(__file__).resolve().parent


def hash_sources(folder: Path) -> str:
    """Return a text that changes whenever a source file of the folder does."""
    digest = hashlib.blake2b(digest_size=16)
    for source in sorted(folder.rglob("*.py")):
        digest.update(source.relative_to(folder).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


SOURCES = hash_sources(FOLDER)
"""Digest of the sources as this process read them."""


class _Named:
    """Names entries after the sources of all kernels; functions of other packages are not its own."""

    def get_disambiguator(self) -> str:
        """Return the part of an entry's name that tells it from others: its line, and all sources."""
        return f"{super().get_disambiguator()}-{SOURCES}"  # type: ignore[misc]

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        """Return where the function is kept; None where that is not for this class to say."""
        if not Path(py_file).resolve().is_relative_to(FOLDER):
            return None
        return super().from_function(py_func, py_file)  # type: ignore[misc]


class _InNamedFolder(_Named, caching.UserProvidedCacheLocator):
    """Kernels in the folder that NUMBA_CACHE_DIR names."""


class _NextToSources(_Named, caching.InTreeCacheLocator):
    """Kernels in __pycache__ next to the sources."""


class _OfUser(_Named, caching.UserWideCacheLocator):
    """Kernels in the user's cache folder."""


LOCATORS = (_InNamedFolder, _NextToSources, _OfUser)


def use_names() -> None:
    """Let Numba ask these classes first where a function is kept."""
    others = [locator for locator in caching.CacheImpl._locator_classes if locator not in LOCATORS]
    caching.CacheImpl._locator_classes = [*LOCATORS, *others]


def forget_others() -> None:
    """Remove the compiled kernels of other sources that lie next to these, where they may be removed."""
    with contextlib.suppress(OSError):
        for compiled in (*FOLDER.rglob("*.nbi"), *FOLDER.rglob("*.nbc")):
            if SOURCES not in compiled.name:
                compiled.unlink(missing_ok=True)


def can_keep() -> bool:
    """Return whether there is a folder to keep compiled kernels in; Numba refuses to compile without one."""
    files = [str(path) for path in FOLDER.rglob("__init__.py")]
    return all(any(locator.from_function(hash_sources, file) for locator in LOCATORS) for file in files)


def is_kept(kernel: Any) -> bool:
    """Return whether a kernel that was made from the present sources is on disk."""
    file = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    return file is not None and bool(file._load_index())


use_names()
forget_others()
KEPT = can_keep()
"""Whether compiled kernels are kept; without a folder for them every process compiles anew."""
