"""Forecasts of the past kept between runs, found again by the contents of what they were made from."""

from __future__ import annotations

import contextlib
import hashlib
import io
import secrets
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from platformdirs import user_cache_path

from simulator.history.tables import TABLES, History

Floats = npt.NDArray[np.float64]

PACKAGES = ("kernels", "engine", "calibration", "history", "scenario")
"""Parts of the program that a forecast depends on."""


def cache_folder() -> Path:
    """Return the user's cache folder for these forecasts."""
    return user_cache_path("simulator") / "backtest"


def fingerprint(history: History, settings: tuple[object, ...]) -> str:
    """Return a name that changes with any cell known, any setting and any source file behind a forecast."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(repr((history.as_of, settings)).encode())
    for name in TABLES:
        table: pd.DataFrame = getattr(history, name)
        digest.update(repr((name, list(table.columns), len(table))).encode())
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    digest.update(_sources().encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Samples:
    """Simulated bookings of one origin.

    Parameters
    ----------
    segments : tuple of str
        Names, in axis order.
    bookings : ndarray of float64, shape (path, period, segment)
        What is already booked in the first quarter included. Unit: the history's currency.
    """

    segments: tuple[str, ...]
    bookings: Floats


def recall(name: str) -> Samples | None:
    """Return the kept samples, or None where there are none or the file is broken."""
    try:
        with np.load(cache_folder() / f"{name}.npz", allow_pickle=False) as kept:
            return Samples(tuple(map(str, kept["segments"])), np.asarray(kept["bookings"], dtype=np.float64))
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def keep(name: str, samples: Samples) -> None:
    """Keep samples; a folder that cannot be written to is left alone."""
    folder = cache_folder()
    draft = folder / f".{name}.{secrets.token_hex(4)}"
    content = io.BytesIO()
    np.savez(content, segments=np.array(samples.segments, dtype=np.str_), bookings=samples.bookings)
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(content.getvalue())
            draft.replace(folder / f"{name}.npz")
        finally:
            draft.unlink(missing_ok=True)


def _sources() -> str:
    digest = hashlib.blake2b(digest_size=16)
    root = Path(__file__).resolve().parents[1]
    for package in PACKAGES:
        for source in sorted((root / package).rglob("*.py")):
            digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()
