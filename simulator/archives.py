"""Workbooks and presentations are zip archives: how much they hold is known before they are unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from simulator.errors import InputError

MOST_PARTS = 20_000


def check_archive(path: Path, most_unpacked: int, remedy: str) -> None:
    """Refuse an archive that unpacks to more than it should, before anything of it is unpacked.

    Parameters
    ----------
    path : Path
        A zip archive.
    most_unpacked : int
        Bytes of all parts together.
    remedy : str
        What to do instead.

    Raises
    ------
    InputError
        It is too large, has too many parts, or is no archive.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
            size = sum(part.file_size for part in parts)
            protected = any(part.flag_bits & 1 for part in parts)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError.of(str(path), f"cannot be opened ({error})", remedy) from None
    if protected:
        raise InputError.of(str(path), "is protected by a password", "Save it without a password.")
    if size > most_unpacked:
        what = f"unpacks to {size / 1e9:,.1f} GB; more than {most_unpacked / 1e9:g} GB are not read"
        raise InputError.of(str(path), what, remedy)
    if len(parts) > MOST_PARTS:
        what = f"holds {len(parts):,} parts; more than {MOST_PARTS:,} are not read"
        raise InputError.of(str(path), what, remedy)
