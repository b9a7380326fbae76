"""Reading a folder of normalised tables as a History, every fault of every file at once."""

from __future__ import annotations

import datetime as dt
import json
import os
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.errors import Fault, InputError
from simulator.history.as_of import history_as_of, latest_date
from simulator.history.checks import near, typed_table
from simulator.history.matching import occurs, positions
from simulator.history.reading import read_cells
from simulator.history.save import ABOUT, SUFFIXES, save_history
from simulator.history.steady import steady
from simulator.history.tables import ONE_SEGMENT, TABLES, History, empty_table

__all__ = ["files_of", "load_history", "make_history", "save_history"]


def load_history(folder: Path, as_of: dt.date | None = None) -> History:
    """Read and check a history.

    Parameters
    ----------
    folder : Path
        Holds ``opportunities.csv`` (or ``.parquet``) and any of the other tables.
    as_of : datetime.date, optional
        Last day to know of; what is dated later is taken away. Default: the latest date of anything that
        has happened (planned dates are no such thing).

    Raises
    ------
    InputError
        All faults of all files: file, row, column, value and remedy; or files that changed meanwhile.
    """
    with steady(Path(folder)):
        history = _load(Path(folder))
    return history_as_of(history, as_of) if as_of else history


def _load(folder: Path) -> History:
    paths = _table_paths(folder)
    faults: list[Fault] = []
    tables: dict[str, pd.DataFrame] = {}
    notes: list[str] = []
    for name, path in paths.items():
        try:
            typed = typed_table(name, read_cells(path))
        except InputError as error:
            faults += error.faults
            continue
        tables[name] = typed.table
        faults += typed.faults
        notes += typed.notes
    about = _about(folder, faults)
    if faults:
        raise InputError(faults)
    files = {name: path.name for name, path in paths.items()}
    said = (*about.notes, *notes)
    return make_history(tables, notes=said, as_of=about.as_of, files=files, currency=about.currency)


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder that `load_history` reads.

    Raises
    ------
    InputError
        The folder does not exist, or holds no opportunities.
    """
    paths = _table_paths(folder)
    return [*paths.values(), *(path for path in [folder / ABOUT] if path.is_file())]


def make_history(
    tables: dict[str, pd.DataFrame],
    *,
    notes: tuple[str, ...] = (),
    as_of: dt.date | None = None,
    files: dict[str, str] | None = None,
    currency: str = "",
) -> History:
    """Make a history of typed tables: checks what one table says of another, sorts, sets orphans apart.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Typed tables by name; only ``opportunities`` is needed.
    notes : tuple of str
        What the reader should know.
    as_of : datetime.date, optional
        Last day known, if later than the last thing that happened.
    files : dict of str to str, optional
        Names of the files for messages.
    currency : str
        ISO code of the amounts, where it is known.

    Raises
    ------
    InputError
        There are no opportunities, changes without a table of stages, or stages missing from it.
    """
    tables = {name: tables.get(name, empty_table(name)) for name in TABLES}
    notes = tuple(dict.fromkeys((*notes, *_rename_all(tables))))
    faults = _cross_faults(tables, files or {})
    if faults:
        raise InputError(faults)
    tables["stage_changes"], orphans = _sorted_changes(tables["stage_changes"], tables["opportunities"])
    if len(orphans):
        what = f"{len(orphans):,} stage changes of opportunities that do not exist are left out."
        notes = (*notes, what)
    latest = latest_date(tables)
    last = max(latest, as_of) if as_of else latest
    return History(last, **tables, notes=notes, orphan_changes=orphans, currency=currency)


def _sorted_changes(changes: pd.DataFrame, deals: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the changes by deal and time, and those of deals that do not exist."""
    deal = positions(changes["opportunity_id"], deals["opportunity_id"])
    orphan = deal < 0
    ids = deals["opportunity_id"].rank(method="first").to_numpy()
    order = np.lexsort((changes["changed_at"].to_numpy()[~orphan], ids[deal[~orphan]]))
    return changes[~orphan].iloc[order].reset_index(drop=True), changes[orphan].reset_index(drop=True)


def _rename_all(tables: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    """Give a segment called "all" another name, which no other has: that word stands for all of them."""
    of = {name: table["segment"] for name, table in tables.items() if "segment" in table}
    its = {name: segment.str.strip().str.lower() == "all" for name, segment in of.items()}
    if not any(found.any() for found in its.values()):
        return ()
    taken = {text for segment in of.values() for text in segment.dropna()}
    names = (f"{ONE_SEGMENT} {number}" if number > 1 else ONE_SEGMENT for number in count(1))
    called = next(name for name in names if name not in taken)
    for name, segment in of.items():
        tables[name] = tables[name].assign(segment=segment.mask(its[name], called))
    return (f"The segment 'all' is called '{called}': all stands for the total.",)


def _table_paths(folder: Path) -> dict[str, Path]:
    """Return the file of each table; refuse tables that are there twice, and names that lead to no file."""
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise InputError.of(str(folder), what, "Name the folder that holds opportunities.csv.")
    found = {
        name: [folder / (name + s) for s in SUFFIXES if os.path.lexists(folder / (name + s))]
        for name in TABLES
    }
    if not found["opportunities"]:
        there = [path.stem for path in folder.iterdir() if path.suffix in SUFFIXES]
        remedy = near("opportunities", there) or "Make one with `simulator import`."
        raise InputError.of(str(folder), "holds no opportunities.csv or opportunities.parquet", remedy)
    faults = [
        Fault(str(folder), f"holds both {paths[0].name} and {paths[1].name}", "Keep one of them.")
        for paths in found.values()
        if len(paths) > 1
    ]
    # A link to nowhere is no table that was left out: without it the forecast would quietly be another one.
    faults += [
        Fault(str(path), "is not a file that can be read", "Put the table there, or remove the entry.")
        for paths in found.values()
        for path in paths
        if not path.is_file()
    ]
    if faults:
        raise InputError(faults)
    return {name: paths[0] for name, paths in found.items() if paths}


class _About:
    """What ``history.json`` says next to the tables."""

    def __init__(self, as_of: dt.date | None = None, notes: tuple[str, ...] = (), currency: str = "") -> None:
        self.as_of = as_of
        self.notes = notes
        self.currency = currency


def _about(folder: Path, faults: list[Fault]) -> _About:
    path = folder / ABOUT
    if not path.is_file():
        return _About()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        notes = tuple(str(note) for note in content.get("notes", []))
        return _About(
            dt.date.fromisoformat(content["as_of"]), notes, str(content.get("currency", "")).upper()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        what = 'is not of the form {"as_of": "2026-10-31", "notes": []}'
        faults.append(Fault(ABOUT, what, "Fix it, or remove it: it is optional."))
        return _About()


def _cross_faults(tables: dict[str, pd.DataFrame], files: dict[str, str]) -> list[Fault]:
    if tables["opportunities"].empty and tables["customers"].empty:
        where = files.get("opportunities", "opportunities")
        return [Fault(where, "has no rows: there is nothing to learn from", "Export it again.")]
    return _stage_faults(tables, files)


def _stage_faults(tables: dict[str, pd.DataFrame], files: dict[str, str]) -> list[Fault]:
    """Return the stages that changes use and ``stages`` does not explain."""
    changes, stages = tables["stage_changes"], tables["stages"]
    where = files.get("stage_changes", "stage_changes")
    if len(changes) and stages.empty:
        remedy = "Add stages.csv with the columns stage and category."
        return [Fault(where, "names stages, but no table of stages says their forecast category", remedy)]
    unknown = changes.loc[~occurs(changes["stage"], stages["stage"]), "stage"].value_counts(sort=False)
    home = files.get("stages", "stages")
    return [
        Fault(
            where,
            f"stage '{stage}' ({n:,} changes) is not in {home}",
            near(stage, stages["stage"].unique())
            or f"Add a row for it to {home}, with its forecast category.",
        )
        for stage, n in unknown.items()
    ]
