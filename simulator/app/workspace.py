"""The folder that the page works in: which scenarios it holds; nothing outside is read or written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from simulator.app.edits import Edits
from simulator.errors import InputError
from simulator.scenario.form import read_name
from simulator.scenario.load import load_scenario
from simulator.scenario.numbers import ReadingError
from simulator.scenario.schema import Scenario
from simulator.yaml_source import read_tree

OWN_KEYS = ("extends", "name", "description")
REPS = """
# Added by `simulator app`: heads, quotas and loads come from the owners of the deals in the history.
reps: {all: {patience_days: 60}}
"""


@dataclass(frozen=True)
class Workspace:
    """A folder with scenarios, histories and results.

    Parameters
    ----------
    folder : Path
        Full path, links followed.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Workspace:
        """Return the workspace in a folder.

        Raises
        ------
        InputError
            There is no such folder.
        """
        if not folder.is_dir():
            remedy = f"Make one: simulator init {folder} (a sample company), or an empty one for your own."
            raise InputError.of(str(folder), "is not a folder", remedy)
        return cls(folder.resolve())

    def inside(self, name: str) -> Path:
        """Return a path below the folder.

        Raises
        ------
        InputError
            It leads out of the folder.
        """
        path = (self.folder / name).resolve() if "\0" not in name else self.folder
        if path == self.folder or not path.is_relative_to(self.folder):
            raise InputError.of(name, "is outside of the workspace", f"Keep files in {self.folder}.")
        return path

    def scenarios(self) -> list[str]:
        """Return the names of the files that hold scenarios, what others extend first."""
        found = [path.name for path in sorted(self.folder.glob("*.yaml")) if self._holds_scenario(path)]
        return sorted(found, key=lambda name: "extends" in _values(self.folder / name))

    def _holds_scenario(self, path: Path) -> bool:
        keys = _values(path).keys()
        named = {"history", "calibration", "segments", "extends"} & keys
        return (
            bool(named)
            and keys <= Scenario.model_fields.keys()
            and path.resolve().is_relative_to(self.folder)
        )

    def open(self, name: str) -> Edits:
        """Open a scenario to be changed; what extends another is opened as changes of that one.

        Raises
        ------
        InputError
            The file is at fault, or outside of the workspace.
        """
        path = self.inside(name)
        values = read_tree(path).values
        below = values.get("extends") if isinstance(values, dict) else None
        if not isinstance(below, str):
            return Edits(path, f"{path.stem}_what_if")
        tree = {key: value for key, value in values.items() if key not in OWN_KEYS}
        about = str(values.get("description") or "")
        return Edits(self.inside(below), str(values.get("name") or path.stem), about, tree, saved=True)

    def save(self, edits: Edits, name: str, *, replace: bool = False) -> Path:
        """Write changes as a scenario file that extends its base, and name them so.

        Parameters
        ----------
        edits : Edits
        name : str
            Of the scenario, and of its file.
        replace : bool
            Whether a file of that name may be written over.

        Raises
        ------
        InputError
            The name cannot be one of a file, or is taken.
        """
        path = self.new_file(name, taken=edits.base_file, replace=replace)
        edits.name = path.stem
        edits.scenario()
        _write_whole(path, edits.text(os.path.relpath(edits.base_file, self.folder)))
        return path

    def new_file(self, name: str, *, taken: Path | None = None, replace: bool = False) -> Path:
        """Return where a scenario of a name is written.

        Raises
        ------
        InputError
            The name cannot be one of a file, or is taken.
        """
        try:
            path = self.inside(f"{read_name(name.removesuffix('.yaml'))}.yaml")
        except ReadingError as error:
            raise InputError.of("name", str(error), error.remedy) from None
        if path == taken or (path.exists() and not replace):
            raise InputError.of(path.name, "is there already", "Give another name.")
        return path

    def simulate_reps(self, path: Path) -> None:
        """Add to a scenario file that its reps are simulated, as its history knows them.

        Raises
        ------
        InputError
            The file cannot take it.
        """
        text = path.read_text(encoding="utf-8").rstrip("\n")
        _write_whole(path, f"{text}\n{REPS}")


def _write_whole(path: Path, text: str) -> None:
    """Write a scenario file that can be read; it is there whole, or as it was before."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        load_scenario(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _values(path: Path) -> dict[str, object]:
    try:
        values = read_tree(path).values
    except InputError:
        return {}
    return values if isinstance(values, dict) else {}
