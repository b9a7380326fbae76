"""What files held when they were read: size and digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FileDigest:
    """What a file held.

    Parameters
    ----------
    path : Path
    n_bytes : int
    sha256 : str
        Hexadecimal.
    """

    path: Path
    n_bytes: int
    sha256: str


def digest_of(path: Path) -> FileDigest:
    """Return what a file holds."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileDigest(path, file.tell(), digest)


def contents(paths: Iterable[Path]) -> tuple[FileDigest, ...]:
    """Return what files, and all files inside folders, hold."""
    return tuple(map(digest_of, list_files(paths)))


def list_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files among the paths and inside the folders among them, sorted, each once."""
    files: set[Path] = set()
    for path in paths:
        files |= {p for p in path.rglob("*") if p.is_file()} if path.is_dir() else {path}
    return sorted(files)


def sources_digest(folder: Path, patterns: Iterable[str]) -> str:
    """Return a text that changes with the name or a byte of any source file that matches a pattern."""
    digest = hashlib.blake2b(digest_size=20)
    for source in sorted({path for pattern in patterns for path in folder.glob(pattern)}):
        digest.update(f"{source.relative_to(folder).as_posix()}\0".encode() + source.read_bytes() + b"\0")
    return digest.hexdigest()
