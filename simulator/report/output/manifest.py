"""How a results folder came to be, so that anybody can make it again."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

from simulator.file_digest import FileDigest, contents
from simulator.report.output.folder import MANIFEST
from simulator.scenario.layers import PATH_KEYS
from simulator.versions import version_of

PACKAGES = (
    "simulator",
    "numpy",
    "scipy",
    "pandas",
    "numba",
    "pyarrow",
    "pydantic",
    "matplotlib",
    "statsmodels",
)


COMPARED = "compared"
"""Key under which a manifest holds several scenarios by name."""


def write_manifest(
    draft: Path,
    *,
    folder: Path,
    command: str,
    inputs: Iterable[FileDigest] = (),
    scenario: Mapping[str, object] | None = None,
    seed: int | None = None,
    timings_seconds: Mapping[str, float] | None = None,
) -> None:
    """Write manifest.json next to the results, after every other file.

    Parameters
    ----------
    draft : Path
        Folder that the files have been written to.
    folder : Path
        Where they will stand; input paths are written relative to it.
    command : str
        What the user typed.
    inputs : iterable of FileDigest
        What was read, as it was then; what is named twice stands there once.
    scenario : mapping, optional
        The resolved scenario, every default filled in; its paths too are written relative to ``folder``.
    seed : int, optional
        Key of all random draws.
    timings_seconds : mapping, optional
        Seconds by step.
    """
    read = sorted(set(inputs), key=lambda content: content.path)
    manifest = {
        "command": command,
        "written_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "versions": installed_versions(),
        "inputs": [_entry(content, os.path.relpath(content.path, folder)) for content in read],
        "scenario": _with_relative_paths(scenario, folder),
        "timings_seconds": {step: round(t, 3) for step, t in (timings_seconds or {}).items()},
        "outputs": [_entry(content, str(content.path.relative_to(draft))) for content in contents([draft])],
    }
    write_json(manifest, draft / MANIFEST)


def _with_relative_paths(scenario: Mapping[str, object] | None, folder: Path) -> dict[str, object] | None:
    """Return a scenario, or several by name, with the paths in it relative to a folder."""
    if scenario is None:
        return None
    placed = dict(scenario)
    for key, value in scenario.items():
        if key in PATH_KEYS and value is not None:
            placed[key] = Path(os.path.relpath(str(value), folder)).as_posix()
        elif key == COMPARED and isinstance(value, Mapping):
            placed[key] = {name: _with_relative_paths(one, folder) for name, one in value.items()}
    return placed


def installed_versions() -> dict[str, str]:
    """Return the versions of Python, the system, the processor and all packages that figures rest on."""
    from llvmlite.binding import get_host_cpu_name

    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": str(get_host_cpu_name()),
        **{package: version_of(package) for package in PACKAGES},
    }


def write_json(content: object, path: Path) -> None:
    """Write JSON that reads well and has no NaN in it."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def _entry(content: FileDigest, name: str) -> dict[str, object]:
    return {"path": Path(name).as_posix(), "bytes": content.n_bytes, "sha256": content.sha256}
