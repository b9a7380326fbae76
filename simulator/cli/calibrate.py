"""``simulator calibrate``: rates with intervals and counts from a history, in one readable file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.console import Console
from simulator.cli.options import AsOf, HistoryFolder, Json, Out, Quiet, read_day, whole
from simulator.cli.survival import calibrate_survival_table
from simulator.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from simulator.calibration.calibration import Calibration

DAYS_A_MONTH = 30.4375


class YearLabel(StrEnum):
    """The calendar year that a fiscal year is named after."""

    start = "start"
    end = "end"


FiscalStart = Annotated[
    int,
    typer.Option(
        "--fiscal-start",
        metavar="MONTH",
        parser=whole("--fiscal-start", 1, 12),
        help="First month of the fiscal year, 1 to 12.",
    ),
]
FiscalLabel = Annotated[
    YearLabel, typer.Option("--fiscal-label", help="Name fiscal years after their start or end.")
]


def calibrate(
    history: HistoryFolder,
    *,
    as_of: AsOf = None,
    out: Out = None,
    fiscal_start: FiscalStart = 1,
    fiscal_label: FiscalLabel = YearLabel.end,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Estimate every rate from a history: value, 80 % interval, events, exposure and source of each.

    HISTORY may also be a CSV file that counts the customers left of a cohort after 0, 1, 2 … renewals: the
    renewal law is fitted to it and projected.
    """
    from simulator.calibration.estimate import calibrate as estimate
    from simulator.calibration.file import save_calibration
    from simulator.calibration.rates import rates_table
    from simulator.fiscal import FiscalCalendar
    from simulator.history.load import load_history

    console = Console(quiet=quiet, as_json=json)
    if history.is_file() and history.name.lower().endswith((".csv", ".csv.gz")):
        calibrate_survival_table(history, out, console)
        return
    path = out or Path("results") / f"rates-{history.resolve().name}.json"
    if path.is_dir():
        raise InputError.of("--out", f"{path} is a folder", "Name the file to write, such as rates.json.")
    loaded = load_history(history, read_day(as_of))
    calibration = estimate(loaded, FiscalCalendar(fiscal_start, fiscal_label.value))
    rates = rates_table(calibration)
    save_calibration(calibration, path)
    console.say(
        f"Rates of {len(calibration.segments)} segments from {calibration.first_day} to {calibration.as_of}, "
        "with 80 % intervals."
    )
    console.table(_printed(_excerpt(rates)))
    for note in (*calibration.notes, *loaded.notes):
        console.say(f"Note: {note}")
    console.say(f"\nAll {len(rates)} rates: {path}")
    console.data(_answer(calibration, rates, path))


def _excerpt(rates: pd.DataFrame) -> list[tuple[str, str, str, str, str]]:
    """Return the rates that a forecast leans on most, as words: what, where, value, interval, source."""
    scales: dict[str, tuple[str, float, str]] = {
        "sals": ("SALs a month", 1.0, ",.1f"),
        "amount": ("amount, mean", 1.0, ",.0f"),
        "hazard": ("wins a month, per open deal", DAYS_A_MONTH, ".3f"),
        "redate": ("close date moved at month end", 1.0, ".0%"),
        "push_length": ("months a push adds beyond the next", 1.0, ".2f"),
    }
    rows = []
    main = (rates["name"] != "hazard") | (rates["destination"] == "won") & (rates["events"] > 0)
    for row in rates[rates["name"].isin(scales) & main].to_dict("records"):
        title, scale, form = scales[row["name"]]
        where = [row[key] for key in ("segment", "category", "level") if row[key]]
        value, low, high = (format(row[key] * scale, form) for key in ("value", "low", "high"))
        shown = f"{low} to {high}" if row["low"] == row["low"] else "unknown"
        rows.append((title, " · ".join(where), value, shown, row["source"]))
    return rows


def _printed(rows: list[tuple[str, str, str, str, str]]) -> Any:
    from rich.table import Table

    table = Table("rate", "of", "value", "80 % interval", "source", box=None)
    for row in rows:
        table.add_row(*row)
    return table


def _answer(calibration: Calibration, rates: pd.DataFrame, path: Path) -> dict[str, Any]:
    records = rates.astype(object).where(rates.notna(), None).to_dict("records")
    return {
        "file": str(path),
        "as_of": calibration.as_of.isoformat(),
        "first_day": calibration.first_day.isoformat(),
        "segments": list(calibration.segments),
        "notes": list(calibration.notes),
        "rates": records,
    }
