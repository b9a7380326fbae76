"""Folders written next to their place and exchanged for it at once: the old one or the new one, whole."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WRITING, OLD = "writing", "old"
SECONDS_TO_LOCK = 2.0
"""A draft this young may not have its lock yet."""
SECONDS_WITHOUT_LOCKS = 86_400.0
"""Where the system has no locks, a draft this old is nobody's."""
_AT_HERE, _EXCHANGE = -100, 2
_NOT_POSSIBLE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextmanager
def draft_beside(target: Path) -> Iterator[Path]:
    """Give an empty folder next to ``target``, which is gone in the end unless it was moved.

    What earlier writers of the same target left behind when they were killed is tidied up first; the drafts
    of writers that are still at work are theirs.

    Raises
    ------
    OSError
        The parent of the target cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    tidy_up(target)
    draft = target.with_name(f".{target.name}.{WRITING}-{secrets.token_hex(4)}")
    draft.mkdir()
    lock = _lock(draft)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def tidy_up(target: Path) -> None:
    """Remove the drafts of killed writers; put the old folder back where the new one had not come yet."""
    for old in _beside(target, OLD):
        with contextlib.suppress(OSError):
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(target)
    for draft in _beside(target, WRITING):
        if _is_nobodys(draft):
            shutil.rmtree(draft, ignore_errors=True)


def _beside(target: Path, kind: str) -> list[Path]:
    start = f".{target.name}.{kind}-"
    with contextlib.suppress(OSError):
        found = (path for path in target.parent.iterdir() if path.name.startswith(start))
        return sorted(path for path in found if path.is_dir() and not path.is_symlink())
    return []


def _is_nobodys(draft: Path) -> bool:
    with contextlib.suppress(OSError):
        age = time.time() - draft.stat().st_mtime
        if sys.platform == "win32":
            return age > SECONDS_WITHOUT_LOCKS
        lock = _lock(draft)
        if lock is not None:
            os.close(lock)
        return lock is not None and age > SECONDS_TO_LOCK
    return False


def _lock(folder: Path) -> int | None:
    """Return a descriptor that holds the lock of a folder; None where somebody else holds it."""
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def exchange(draft: Path, target: Path) -> None:
    """Put a draft in the place of its target at once; what was there is then the draft's, or gone.

    Raises
    ------
    OSError
        The system refuses; the target is as it was.
    """
    flush(draft)
    if not os.path.lexists(target):
        draft.rename(target)
    elif not swap(draft, target):
        old = target.with_name(f".{target.name}.{OLD}-{secrets.token_hex(4)}")
        target.rename(old)
        try:
            draft.rename(target)
        except BaseException:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    with contextlib.suppress(OSError):
        _sync(target.parent)


def flush(folder: Path) -> None:
    """Make sure that the disk holds every file of a folder."""
    for path in [*folder.rglob("*"), folder]:
        if not path.is_symlink():
            _sync(path)


def _sync(path: Path) -> None:
    """Make sure that the disk holds a file or a folder; Windows opens no folders, and files to write only."""
    if sys.platform == "win32" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def swap(one: Path, other: Path) -> bool:
    """Exchange the names of two folders in one step; return whether the system can do that.

    Raises
    ------
    OSError
        It can, and refuses.
    """
    if sys.platform == "win32":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    names = (os.fsencode(one), os.fsencode(other))
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(names[0], names[1], _EXCHANGE)
    elif sys.platform == "linux" and hasattr(libc, "renameat2"):
        failed = libc.renameat2(_AT_HERE, names[0], _AT_HERE, names[1], _EXCHANGE)
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in _NOT_POSSIBLE:
        return False
    raise OSError(code, os.strerror(code), str(other))
