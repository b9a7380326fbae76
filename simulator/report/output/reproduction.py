"""A finished run against its manifest: whether its inputs are as they were and its figures come again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from simulator.errors import Fault, InputError
from simulator.file_digest import digest_of, list_files
from simulator.report.output.folder import MANIFEST
from simulator.report.output.manifest import installed_versions
from simulator.scenario.layers import PATH_KEYS
from simulator.scenario.load import scenario_from_dict
from simulator.scenario.schema import Scenario

PATHS = "paths.parquet"
FIGURES = ("tables/", PATHS)
"""What a run must reproduce bit for bit. Charts, workbooks and slides are drawn from it."""
RECORDED = frozenset({"tables/past_quarters.csv", "tables/forecast_track.csv"})
"""Hold what a backtest said of past quarters, which is no input of the run: a later one says more."""
SINCE_EARLIER = ("tables/deal_changes.csv", "tables/previous_forecast.csv")
"""Hold a run against the one before it, which is gone: they cannot be made again."""


@dataclass(frozen=True)
class Finished:
    """A results folder of ``simulator run`` and what its manifest says.

    Parameters
    ----------
    folder : pathlib.Path
    scenario : Scenario
        As resolved by that run, its paths found again from where the folder is.
    inputs, figures : dict of str to str
        SHA-256 by path: of the files read (relative to the folder) and of the tables and paths written.
    versions : dict of str to str
        Of Python and the packages.
    """

    folder: Path
    scenario: Scenario
    inputs: dict[str, str]
    figures: dict[str, str]
    versions: dict[str, str]


@dataclass(frozen=True)
class Reproduction:
    """What came of running again.

    Parameters
    ----------
    same : tuple of str
        Files equal to the last bit.
    rewritten : tuple of str
        Equal figures in a file of other bytes (another version of the writer).
    different : tuple of str
        Files whose figures differ, or that only one of the two runs has.
    """

    same: tuple[str, ...]
    rewritten: tuple[str, ...]
    different: tuple[str, ...]


def read_finished(folder: Path) -> Finished:
    """Read the manifest of a finished run.

    Raises
    ------
    InputError
        There is none, it cannot be read, or it is not of ``simulator run``.
    """
    file = folder / MANIFEST
    if not file.is_file():
        raise InputError.of(str(folder), f"holds no {MANIFEST}", "Name the folder of a finished run.")
    try:
        manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        figures = _hashes(manifest["outputs"])
        inputs, versions = _hashes(manifest["inputs"]), dict(manifest["versions"])
        values = manifest["scenario"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError.of(
            str(file), "is not a manifest that can be read", "Run the scenario anew."
        ) from None
    if not isinstance(values, dict) or PATHS not in figures:
        what = f"is not of a 'simulator run': it has no {PATHS}"
        raise InputError.of(str(file), what, "Only runs can be reproduced; run the other command again.")
    kept = {
        name: digest
        for name, digest in figures.items()
        if name.startswith(FIGURES) and name not in SINCE_EARLIER
    }
    return Finished(folder, _scenario(values, folder, file), inputs, kept, versions)


def _hashes(entries: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {entry["path"]: entry["sha256"] for entry in entries}


def _scenario(values: dict[str, Any], folder: Path, file: Path) -> Scenario:
    placed = {key: str(folder / values[key]) for key in PATH_KEYS if isinstance(values.get(key), str)}
    given = {key: value for key, value in {**values, **placed}.items() if value is not None}
    return scenario_from_dict(given, str(file))


def check_inputs(finished: Finished) -> list[str]:
    """Refuse to go on where the data are not those of the run; return what else has changed, in words.

    The scenario is that of the manifest, so a changed scenario file is worth a note only.

    Raises
    ------
    InputError
        With every file of the history or the calibration that is changed, gone or new.
    """
    data = _data_files(finished)
    faults, notes = [], []
    for name, digest in finished.inputs.items():
        path = finished.folder / name
        state = "is gone" if not path.is_file() else "has changed" if _sha(path) != digest else ""
        if state and _in_data(path, finished):
            faults.append(Fault(_shown(path), f"{state} since the run", "Restore the file as it was."))
        elif state:
            notes.append(f"{_shown(path)} {state} since the run; the scenario kept in the manifest is used")
    known = {(finished.folder / name).resolve() for name in finished.inputs}
    faults += [
        Fault(_shown(path), "was not there at the time of the run", "Move it out of the history's folder.")
        for path in sorted(data - known)
    ]
    if faults:
        raise InputError(faults)
    if _record_changed(finished):
        files = " and ".join(sorted(RECORDED))
        notes.append(f"a backtest was made since the run, so {files} are not compared")
    return notes


def _record_changed(finished: Finished) -> bool:
    """Return whether the record of past forecasts next to the history is another one than the run showed."""
    from simulator.report.backtest.record import read_record

    scenario, summary = finished.scenario, _summary(finished)
    if scenario.history is None or scenario.as_of is None or not summary:
        return False
    record = read_record(scenario.history, scenario.fiscal_calendar(), scenario.as_of)
    shown = summary.get("record")
    return bool(shown != (record.answer() if record is not None else None))


def flow_since(finished: Finished) -> dt.date | None:
    """Return the day at whose end the run's flow of deals begins; None where it has none."""
    day = _summary(finished).get("flow_since")
    return dt.date.fromisoformat(day) if day else None


def _summary(finished: Finished) -> dict[str, Any]:
    file = finished.folder / "summary.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def check_figures(finished: Finished) -> None:
    """Refuse a folder whose tables or paths are not as the run wrote them.

    Raises
    ------
    InputError
        With every such file.
    """
    faults = []
    for name, digest in finished.figures.items():
        path = finished.folder / name
        state = "is gone" if not path.is_file() else "was changed" if _sha(path) != digest else ""
        if state:
            faults.append(Fault(_shown(path), f"{state} after the run wrote it", "Run the scenario anew."))
    if faults:
        raise InputError(faults)


def _data_paths(finished: Finished) -> list[Path]:
    scenario = finished.scenario
    record = scenario.blend / "tables" / "backtest.csv" if scenario.blend is not None else None
    named = (scenario.history, scenario.calibration, scenario.judgement, record)
    return [path for path in named if path is not None]


def _data_files(finished: Finished) -> set[Path]:
    return {path.resolve() for path in list_files(_data_paths(finished)) if path.is_file()}


def _in_data(path: Path, finished: Finished) -> bool:
    return any(path.resolve().is_relative_to(place.resolve()) for place in _data_paths(finished))


def _sha(path: Path) -> str:
    return digest_of(path).sha256


def _shown(path: Path) -> str:
    resolved = path.resolve()
    here = Path.cwd()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(resolved)


def compare_figures(finished: Finished, again: Path) -> Reproduction:
    """Compare the figures of a run with those written into another folder, to the last bit.

    Parameters
    ----------
    finished : Finished
    again : pathlib.Path
        Folder with ``tables/`` and ``paths.parquet``.
    """
    new = {path.relative_to(again).as_posix(): path for path in list_files([again])}
    new = {name: path for name, path in new.items() if name.startswith(FIGURES)}
    same, rewritten, different = [], [], []
    left_out = RECORDED if _record_changed(finished) else frozenset()
    for name in sorted({*finished.figures, *new} - left_out):
        if name not in new or name not in finished.figures:
            different.append(name)
        elif _sha(new[name]) == finished.figures[name]:
            same.append(name)
        elif _holds(new[name], finished.folder / name):
            rewritten.append(name)
        else:
            different.append(name)
    return Reproduction(tuple(same), tuple(rewritten), tuple(different))


def _holds(new: Path, old: Path) -> bool:
    """Return whether a table holds every column of an older one, the same cell by cell."""
    if old.suffix != ".csv":
        return bool(pq.read_table(new).equals(pq.read_table(old)))
    now, then = (pd.read_csv(file, dtype=str, keep_default_na=False) for file in (new, old))
    return set(then) <= set(now) and now[list(then)].equals(then)


def other_versions(finished: Finished) -> list[str]:
    """Return which versions differ from those of the run, in words."""
    now = installed_versions()
    names = dict.fromkeys((*finished.versions, *now))
    pairs = [(name, finished.versions.get(name, "none"), now.get(name, "none")) for name in names]
    return [f"{name} {then} then, {today} now" for name, then, today in pairs if then != today]
