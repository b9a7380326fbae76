"""The starter workspace that comes with the program: sample history, scenarios, a README."""

from __future__ import annotations

import shutil
from pathlib import Path

from simulator.atomic_folder import draft_beside, exchange
from simulator.errors import InputError
from simulator.report.first_scenario import write_schema
from simulator.report.output.folder import REMEDIES

PACKAGED = Path(__file__).resolve().parents[1] / "starter"
IN_REPOSITORY = Path(__file__).resolve().parents[2] / "scenarios"


def starter_folder() -> Path:
    """Return where the starter files are: inside the installed package, or in the repository."""
    return PACKAGED if PACKAGED.is_dir() else IN_REPOSITORY


def write_starter(folder: Path) -> None:
    """Copy the starter workspace; the folder appears whole or not at all.

    Parameters
    ----------
    folder : Path
        New or empty.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    target = folder.absolute()
    try:
        with draft_beside(target) as draft:
            _copy(starter_folder(), draft)
            write_schema(draft)
            if target.exists():
                target.rmdir()
            exchange(draft, target)
    except OSError as error:
        raise InputError.of(
            str(folder), f"cannot be written ({error.strerror})", REMEDIES.get(error.errno or 0, "")
        ) from error


def _copy(source: Path, target: Path) -> None:
    """Copy all files of a folder; stop at the first that fails, with the system's own reason."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir()
        else:
            shutil.copyfile(path, place)
