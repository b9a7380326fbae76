"""Room that a simulation needs, known before it is taken: memory for the rates, disk for the paths."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from simulator.errors import InputError

MOST_OF_IT = 0.8
"""Share of what is free that one array may take."""
GIGABYTE = 1e9


def free_memory() -> float:
    """Return the bytes that can be had without swapping; infinite where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return float("inf")


def free_disk(folder: Path) -> float:
    """Return the bytes that are free where a folder is, or will be."""
    there = next((place for place in (folder, *folder.parents) if place.is_dir()), Path.cwd())
    return float(shutil.disk_usage(there).free)


def check_room(key: str, number: int, n_bytes: float, room: float, kind: str) -> None:
    """Refuse what does not fit, with the number that would.

    Parameters
    ----------
    key : str
        The scenario's key that asks for so much.
    number : int
        What it asks for.
    n_bytes : float
        What that needs, in proportion to the number.
    room : float
        Bytes that are free.
    kind : str
        Of what: memory, or disk.

    Raises
    ------
    InputError
        It needs more than four fifths of what is free.
    """
    if n_bytes <= MOST_OF_IT * room:
        return
    most = int(number * MOST_OF_IT * room / n_bytes)
    what = f"{number:,} need {n_bytes / GIGABYTE:,.1f} GB of {kind}; {room / GIGABYTE:,.1f} GB are free"
    raise InputError.of(key, what, f"Use at most {most:,}, or a machine with more {kind}.")
