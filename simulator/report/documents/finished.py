"""A results folder read back: what a report is made of, with nothing computed again."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.errors import Fault, InputError
from simulator.report.charts.spec import ChartSpec, load_specs
from simulator.report.documents.companions import Companion, read_companions
from simulator.report.output.folder import MANIFEST
from simulator.spreadsheet import as_typed

SUMMARY = "summary.json"
NEEDED_KEYS = ("scenario", "as_of", "currency", "periods", "answers", "n_paths", "assumptions", "notes")
NEEDED_ORIGINS = ("command", "written_at", "seed", "versions", "inputs")
NEEDED_COLUMNS = {
    "bookings": {"period", "segment", "kind", "mean", "p10", "p50", "p90", "target", "p_hit", "booked"},
    "coverage": {"period", "segment", "basis", "coverage", "rule_of_thumb", "amount", "target", "note"},
    "p50_composition": {"period", "segment", "part", "amount"},
    "waterfall": {"period", "segment", "opening", "created", "won", "closing", "slipped"},
    "exceedance": {"period", "segment", "probability", "amount"},
    "spread": {"period", "source", "variance_share", "sd", "width"},
}
TEXTS = (
    "period", "segment", "kind", "month", "part", "source", "basis", "note", "measure", "opportunity_id",
    "owner", "category", "close_month", "expected_month", "since",
    "label", "words", "check", "of", "examples", "effect", "fix",
)  # fmt: skip
"""Columns that are text even where a name looks like a number."""
UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Control characters, direction overrides and broken halves: no file format of a report takes them all."""
REMEDY = "Name a folder that `simulator run` wrote, or run the scenario again."


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Parameters
    ----------
    summary, manifest : dict
        summary.json and manifest.json, all text fit to be shown.
    tables : dict of DataFrame
        tables/*.csv by name, figures as written there.
    charts : tuple of ChartSpec
        charts/*.json: the figures that were drawn.
    companions : dict of Companion
        What other commands found of the same scenario or history, by main table.
    """

    summary: dict[str, Any]
    manifest: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    charts: tuple[ChartSpec, ...]
    companions: dict[str, Companion] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """ISO code of all amounts."""
        return str(self.summary["currency"])

    @property
    def periods(self) -> tuple[str, ...]:
        """Fiscal quarters of the horizon."""
        return tuple(map(str, self.summary["periods"]))

    @cached_property
    def specs(self) -> dict[str, ChartSpec]:
        """The figures of each chart by name: of this run, then of what stands next to it."""
        others = [spec for found in self.companions.values() for spec in found.specs]
        return {spec.name: spec for spec in (*others, *self.charts) if not spec.is_empty}

    @property
    def company(self) -> str:
        """Name of the company; the scenario's where the scenario does not say."""
        scenario = self.manifest.get("scenario")
        named = scenario.get("company") if isinstance(scenario, dict) else ""
        return str(named or self.summary["scenario"])

    @property
    def cash_today(self) -> float | None:
        """Cash at the as-of date, where the scenario states it."""
        scenario = self.manifest.get("scenario")
        plan = scenario.get("operating") if isinstance(scenario, dict) else None
        cash = plan.get("opening_cash") if isinstance(plan, dict) else None
        return float(cash) if isinstance(cash, int | float) else None

    def source_line(self) -> str:
        """Return where the figures come from, as at the foot of every chart and slide."""
        return (
            f"As of {self.summary['as_of']} · amounts in {self.currency} · {self.summary['n_paths']:,} "
            f"simulations of scenario “{self.summary['scenario']}”"
        )


def read_finished(
    folder: Path, only: Collection[str] | None = None, *, target: Path | None = None
) -> Finished:
    """Read a results folder of ``simulator run``.

    Parameters
    ----------
    folder : Path
        Holds manifest.json, summary.json, tables/ and charts/.
    only : collection of str, optional
        Names of the tables to read, as far as they are there; charts and companions are left out then.
    target : Path, optional
        Where a folder that is being written will stand.

    Raises
    ------
    InputError
        The folder is missing, is not that of a run, or a file in it is damaged; all faults at once.
    """
    faults: list[Fault] = []
    if not folder.is_dir():
        raise InputError.of(str(folder), "is not a results folder", REMEDY)
    summary = _read_json(folder / SUMMARY, faults)
    manifest = _read_json(folder / MANIFEST, faults)
    if faults:
        raise InputError(faults)
    _check_keys(folder / SUMMARY, summary, NEEDED_KEYS, faults)
    _check_keys(folder / MANIFEST, manifest, NEEDED_ORIGINS, faults)
    if faults:
        raise InputError(faults)
    files = sorted((folder / "tables").glob("*.csv"))
    tables = {path.stem: read_table(path, faults) for path in files if only is None or path.stem in only}
    if not faults and only is None:
        _check_tables(folder / "tables", tables, faults)
    if faults:
        raise InputError(faults)
    if only is not None:
        return Finished(_shown(summary), _shown(manifest), tables, ())
    companions = read_companions(target or folder, summary, lambda path: read_table(path, []))
    return Finished(_shown(summary), _shown(manifest), tables, load_specs(folder), companions)


def clean_text(text: str) -> str:
    """Return text without characters that documents refuse or that turn the reading direction round."""
    return UNSHOWABLE.sub(" ", text)


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def _read_json(path: Path, faults: list[Fault]) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.append(Fault(str(path), "is missing", REMEDY))
    except ValueError:
        faults.append(Fault(str(path), "is damaged: it is not JSON", REMEDY))
    else:
        if isinstance(content, dict):
            return content
        faults.append(Fault(str(path), "is damaged: it holds no named figures", REMEDY))
    return {}


def _check_keys(path: Path, content: dict[str, Any], keys: tuple[str, ...], faults: list[Fault]) -> None:
    missing = [key for key in keys if key not in content]
    if missing:
        faults.append(Fault(str(path), f"is not that of a run: it lacks {', '.join(missing)}", REMEDY))


def _check_tables(folder: Path, tables: dict[str, pd.DataFrame], faults: list[Fault]) -> None:
    for name, columns in NEEDED_COLUMNS.items():
        path = str(folder / f"{name}.csv")
        if name not in tables:
            faults.append(Fault(path, "is missing", REMEDY))
        elif missing := sorted(columns - set(tables[name].columns)):
            faults.append(Fault(path, f"lacks the columns {', '.join(missing)}", REMEDY))


def read_table(path: Path, faults: list[Fault]) -> pd.DataFrame:
    """Return a table of a results folder, text as it was before it was made harmless; or add a fault."""
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=[""])
    except ValueError:
        if path.is_file() and path.read_bytes() == b"\n":  # a table of nothing, as pandas writes it
            return pd.DataFrame()
        faults.append(Fault(str(path), "is damaged: it is not a table", REMEDY))
        return pd.DataFrame()
    for column in table.columns:
        if not pd.api.types.is_numeric_dtype(table[column]):
            table[column] = table[column].fillna("").map(lambda cell: clean_text(as_typed(str(cell))))
    return table
