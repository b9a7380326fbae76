"""What a question is answered with, and the one way in which answers become results folders."""

from __future__ import annotations

import datetime as dt
import html
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.engine.prepare import Prepared
from simulator.file_digest import FileDigest
from simulator.notes import HowMade
from simulator.report.charts.spec import ChartSpec
from simulator.report.money import capitalise
from simulator.report.output.folder import publish
from simulator.report.output.manifest import COMPARED, write_json, write_manifest
from simulator.report.output.tables import round_figures, write_table
from simulator.report.work import Work

Draw = Callable[[Path], object]
"""Draws one or more charts, as PNG and SVG, into an existing folder."""
MOST_ROWS_SHOWN = 12


def as_sentence(note: str) -> str:
    """Return a note as a sentence; the name of a file or scenario at its start stays as it is."""
    word = note.split(maxsplit=1)[0] if note.strip() else ""
    is_name = re.search(r"[^\W_][._/\\]\w|[\d_*]", word) is not None
    return f"{(note if is_name else capitalise(note)).rstrip('.')}."


def split_notes(said: Iterable[str]) -> tuple[list[str], list[dict[str, str]]]:
    """Return the notes that a reader should act on, and those on how figures are made as assumptions."""
    listed = list(said)
    notes = [note for note in listed if not isinstance(note, HowMade)]
    return notes, [note.as_dict() for note in listed if isinstance(note, HowMade)]


@dataclass(frozen=True)
class Provenance:
    """Where figures come from, so that anybody can make them again.

    Parameters
    ----------
    as_of : datetime.date
    n_paths : int
        Simulations.
    seed : int, optional
    n_rate_draws : int, optional
        Draws of the rates among the simulations.
    scenarios : mapping of str to dict
        By name, every default filled in; empty where a history alone was asked.
    inputs : tuple of FileDigest
        Every file that was read.
    """

    as_of: dt.date
    n_paths: int
    seed: int | None = None
    n_rate_draws: int | None = None
    scenarios: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    inputs: tuple[FileDigest, ...] = ()

    @classmethod
    def of(cls, *prepared: Prepared, n_paths: int) -> Provenance:
        """Return the provenance of figures about prepared scenarios."""
        first = prepared[0].scenario
        if first.as_of is None:
            raise ValueError("the as-of date is not known yet")
        return cls(
            as_of=first.as_of,
            n_paths=n_paths,
            seed=first.simulation.seed,
            n_rate_draws=first.simulation.rate_draws,
            scenarios={item.scenario.name: item.scenario.to_dict() for item in prepared},
            inputs=tuple(content for item in prepared for content in item.files),
        )

    def manifest_scenario(self) -> Mapping[str, object] | None:
        """Return what the manifest holds of the scenario, or of several by name."""
        several = len(self.scenarios) > 1
        return {COMPARED: dict(self.scenarios)} if several else next(iter(self.scenarios.values()), None)

    def head(self) -> dict[str, object]:
        """Return the first lines of summary.json."""
        names = list(self.scenarios)
        named: dict[str, object] = {"scenarios": names} if len(names) > 1 else {"scenario": "".join(names)}
        day = {"as_of": self.as_of.isoformat(), "n_paths": self.n_paths}
        return named | day if names else day


def draw_specs(*specs: ChartSpec | None) -> tuple[Draw, ...]:
    """Return what draws charts, those that there are."""
    return tuple(partial(_draw_spec, spec) for spec in specs if spec is not None and not spec.is_empty)


def _draw_spec(spec: ChartSpec, folder: Path) -> None:
    from simulator.report.charts.picture import draw_picture

    draw_picture(spec, folder)


@dataclass(frozen=True)
class Chart:
    """A chart as a notebook shows it.

    Parameters
    ----------
    name : str
    png : bytes
    svg : str
    """

    name: str
    png: bytes = field(repr=False)
    svg: str = field(repr=False)

    def _repr_png_(self) -> bytes:
        return self.png


@dataclass(frozen=True)
class Answer:
    """What a question is answered with.

    Parameters
    ----------
    question : str
        Name of the command, such as ``hire``.
    currency : str
        ISO code of all amounts; empty: unknown.
    provenance : Provenance
    sentences : mapping of str to str
        The answer in words, by topic, without the full stop.
    tables : mapping of str to DataFrame
        By name; ``tables/NAME.csv`` of the results folder.
    draws : tuple of callable
        What draws the charts.
    figures : mapping of str to object
        What else summary.json holds, as values of JSON.
    notes : tuple of str
        What the reader should know of the input.
    assumptions : tuple of dict
        name, value and source of each.
    found : object
        What the analysis returned, such as a `Comparison` or a `Backtest`.
    """

    question: str
    currency: str
    provenance: Provenance
    sentences: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame]
    draws: tuple[Draw, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    assumptions: tuple[dict[str, str], ...] = ()
    found: Any = field(default=None, repr=False)

    @property
    def said(self) -> tuple[str, ...]:
        """The sentences, each with its full stop."""
        return tuple(f"{sentence.removesuffix('.')}." for sentence in self.sentences.values())

    @property
    def summary(self) -> dict[str, object]:
        """The content of summary.json: the answer, the main figures, notes and assumptions."""
        notes, how = split_notes(self.notes)
        return {
            **self.provenance.head(),
            "currency": self.currency or None,
            "answers": dict(self.sentences),
            **self.figures,
            "notes": notes,
            "assumptions": [*self.assumptions, *how],
        }

    @cached_property
    def charts(self) -> dict[str, Chart]:
        """The charts by name, drawn when they are first asked for."""
        return draw_all(self.draws)

    def write(self, folder: Path | str, *, command: str = "", work: Work | None = None) -> Path:
        """Write tables, charts, summary.json and manifest.json; the folder appears whole or not at all.

        Parameters
        ----------
        folder : Path or str
            Where the results shall be; results of an earlier run there are replaced.
        command : str
            What the user typed.
        work : Work, optional
            Where progress is reported, and whose seconds are recorded.

        Raises
        ------
        InputError
            The place is taken by something else, or cannot be written.
        """
        target, work = Path(folder), work or Work()
        with publish(target) as draft:
            work.note("Writing tables and drawing charts …")
            with work.step("report"):
                write_parts(self.tables, self.summary, draft)
                (draft / "charts").mkdir()
                for draw in self.draws:
                    draw(draft / "charts")
            write_provenance(self.provenance, draft, target, command=command, work=work)
        return target

    def _repr_html_(self) -> str:
        return render_html(self.said, self.tables)


def write_parts(tables: Mapping[str, pd.DataFrame], summary: Mapping[str, object], draft: Path) -> None:
    """Write tables/ and summary.json into a new folder."""
    (draft / "tables").mkdir()
    for name, table in tables.items():
        write_table(table, draft / "tables" / f"{name}.csv")
    write_json(summary, draft / "summary.json")


def write_provenance(
    provenance: Provenance, draft: Path, folder: Path, *, command: str = "", work: Work
) -> None:
    """Write manifest.json next to the results, after every file that it shall list."""
    write_manifest(
        draft,
        folder=folder,
        command=command,
        inputs=provenance.inputs,
        scenario=provenance.manifest_scenario(),
        seed=provenance.seed,
        timings_seconds=work.seconds,
    )


def draw_all(draws: Iterable[Draw]) -> dict[str, Chart]:
    """Return what functions draw, by the name of the file."""
    with tempfile.TemporaryDirectory(prefix="simulator-") as place:
        for draw in draws:
            draw(Path(place))
        files = sorted(Path(place).glob("*.png"), key=lambda file: file.stat().st_mtime_ns)
        return {
            file.stem: Chart(file.stem, file.read_bytes(), file.with_suffix(".svg").read_text("utf-8"))
            for file in files
        }


def render_html(sentences: Iterable[str], tables: Mapping[str, pd.DataFrame]) -> str:
    """Return sentences and the first table as a notebook shows them."""
    said = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    for name, table in tables.items():
        shown = round_figures(table.head(MOST_ROWS_SHOWN)).to_html(index=False, border=0)
        return f"{said}<p><b>{html.escape(name)}</b> ({len(table):,} rows)</p>{shown}{_further(tables)}"
    return said


def _further(tables: Mapping[str, pd.DataFrame]) -> str:
    names: Sequence[str] = list(tables)[1:]
    return f"<p>Further tables: {html.escape(', '.join(names))}.</p>" if names else ""
