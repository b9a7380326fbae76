"""The folder that the page works in: which scenarios it holds; nothing outside is read or written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from simulator.app.edits import Edits
from simulator.errors import InputError
from simulator.scenario.form import read_name
from simulator.scenario.numbers import ReadingError
from simulator.scenario.schema import Scenario
from simulator.yaml_source import read_tree

OWN_KEYS = ("extends", "name", "description")
RESULTS = "results"


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
            raise InputError.of(str(folder), "is not a folder", f"Make one: simulator init {folder}")
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
        try:
            name = read_name(name.removesuffix(".yaml"))
        except ReadingError as error:
            raise InputError.of("name", str(error), error.remedy) from None
        path = self.inside(f"{name}.yaml")
        if path == edits.base_file or (path.exists() and not replace):
            raise InputError.of(path.name, "is there already", "Give another name.")
        edits.name = name
        edits.scenario()
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(edits.text(os.path.relpath(edits.base_file, self.folder)), encoding="utf-8")
        draft.replace(path)
        return path


def _values(path: Path) -> dict[str, object]:
    try:
        values = read_tree(path).values
    except InputError:
        return {}
    return values if isinstance(values, dict) else {}
