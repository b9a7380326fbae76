"""A results folder that appears whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.atomic_folder import draft_beside, exchange
from simulator.errors import InputError

MANIFEST = "manifest.json"
"""The file that marks a folder as results of ours, which a new run may replace."""

REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space, or write elsewhere with -o.",
    errno.EDQUOT: "Your disk quota is used up: free some space, or write elsewhere with -o.",
    errno.EACCES: "You may not write there: choose another folder with -o.",
    errno.EPERM: "You may not write there: choose another folder with -o.",
    errno.EROFS: "That disk is read-only: choose another folder with -o.",
    errno.ENAMETOOLONG: "The name is too long: choose another folder with -o.",
    errno.ENOTDIR: "A part of that path is a file: choose another folder with -o.",
    errno.EEXIST: "A part of that path is a file: choose another folder with -o.",
    errno.EIO: "The disk reports a fault: write elsewhere with -o.",
}


@contextmanager
def publish(folder: Path) -> Iterator[Path]:
    """Give a temporary folder to write into, and put it in the place of ``folder`` once it is whole.

    Whatever stops the writing (a fault, Ctrl-C, a full disk, the end of the process or of the power) leaves
    an older ``folder`` as it was; what it leaves next to it goes with the next run.

    Parameters
    ----------
    folder : Path
        Where the results shall stand. An older results folder (one that holds ``manifest.json``) or
        an empty folder is replaced.

    Yields
    ------
    Path
        An empty folder next to it. The caller writes a ``manifest.json`` among the files.

    Raises
    ------
    InputError
        The place is taken by something else, or cannot be written.
    """
    target = _absolute(folder)
    check_replaceable(target)
    try:
        with draft_beside(target) as draft:
            yield draft
            check_replaceable(target)
            exchange(draft, target)
    except OSError as error:
        if error.errno not in REMEDIES:
            raise
        raise InputError.of(
            str(folder), f"could not be written ({error.strerror})", REMEDIES[error.errno]
        ) from error


def check_replaceable(folder: Path) -> None:
    """Refuse a place whose contents are not results of an earlier run.

    Raises
    ------
    InputError
        The place is a file, a folder of something else, or the folder that the user stands in.
    """
    target = _absolute(folder)
    if not os.path.lexists(target):
        return
    if target.is_symlink():
        raise InputError.of(
            str(folder), "is a link, not a folder", f"Name the folder itself: {target.resolve()}"
        )
    if not target.is_dir():
        raise InputError.of(str(folder), "is not a folder", "Choose another folder with -o.")
    if Path.cwd().is_relative_to(target):
        raise InputError.of(
            str(folder),
            "is the folder you are in, so it cannot be replaced",
            "Name a new folder with -o, for example -o results/base.",
        )
    if any(target.iterdir()) and not (target / MANIFEST).is_file():
        raise InputError.of(
            str(folder),
            f"holds files that are not results of an earlier run (no {MANIFEST}); nothing was touched",
            "Choose a new or empty folder with -o, or move those files away.",
        )


def _absolute(folder: Path) -> Path:
    """Return the path with its parents resolved and its last part as it is, be it a link."""
    path = Path(os.path.normpath(Path.cwd() / folder.expanduser()))
    return path.parent.resolve() / path.name
