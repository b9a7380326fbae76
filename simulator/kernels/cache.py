"""Compiled kernels are kept on disk; those of older sources must not be used again.

Numba looks at the file that a kernel stands in and not at the files that it calls into, so that a
change in one kernel would leave its callers as they were.
"""

import contextlib
import hashlib
from pathlib import Path


def hash_sources(folder: Path) -> str:
    """Return a text that changes whenever a source file of the folder does."""
    digest = hashlib.blake2b(digest_size=16)
    for source in sorted(folder.rglob("*.py")):
        digest.update(source.relative_to(folder).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def forget_stale_kernels(folder: Path) -> None:
    """Remove the compiled kernels of a folder unless they were made from its sources as they are.

    A folder that cannot be written to is left alone.
    """
    cache = folder / "__pycache__"
    stamp = cache / "kernels.hash"
    current = hash_sources(folder)
    with contextlib.suppress(OSError):
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == current:
            return
        for compiled in [*folder.rglob("*.nbi"), *folder.rglob("*.nbc")]:
            compiled.unlink(missing_ok=True)
        cache.mkdir(exist_ok=True)
        stamp.write_text(current, encoding="utf-8")
