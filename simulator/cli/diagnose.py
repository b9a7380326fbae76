"""``simulator diagnose``: close, win and slippage rates of a history, and what holds sales back."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import AsOf, HistoryFolder, Json, Out, Quiet
from simulator.cli.steps import calibration_cache
from simulator.errors import Fault, InputError
from simulator.fiscal import FiscalCalendar

if TYPE_CHECKING:
    from simulator.analysis.diagnose.track_record import TrackRecord
    from simulator.report.diagnose.results import WhatIf

Quarters = Annotated[int, typer.Option("--quarters", help="How many whole fiscal quarters to look back.")]
FiscalStart = Annotated[int, typer.Option("--fiscal-start", help="First month of the fiscal year, 1 to 12.")]
FiscalLabel = Annotated[
    str, typer.Option("--fiscal-label", help="Name fiscal years after their start or end.")
]
Currency = Annotated[str, typer.Option("--currency", help="ISO code of the amounts, such as USD.")]


ScenarioFile = Annotated[
    Path | None,
    typer.Option(
        "--scenario",
        metavar="FILE",
        help="A scenario of this company: what each thing that holds it back is worth on the same futures.",
    ),
]
Paths = Annotated[int, typer.Option("--paths", min=50, help="Futures to simulate, with --scenario.")]


def diagnose(
    history: HistoryFolder,
    *,
    scenario: ScenarioFile = None,
    paths: Paths = 1000,
    as_of: AsOf = None,
    out: Out = None,
    quarters: Quarters = 8,
    fiscal_start: FiscalStart = 1,
    fiscal_label: FiscalLabel = "end",
    currency: Currency = "",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What holds a company back: rates, where deals die or wait, slippage, coverage; in words first."""
    from simulator.analysis.diagnose.stuck_deals import find_stuck_deals
    from simulator.analysis.diagnose.track_record import track_record
    from simulator.file_digest import contents
    from simulator.history.load import load_history
    from simulator.history.steady import steady
    from simulator.report.diagnose.rates_print import printed_tables
    from simulator.report.diagnose.rates_results import track_record_summary, write_track_record
    from simulator.report.diagnose.rates_words import findings
    from simulator.report.diagnose.results import Diagnosis
    from simulator.report.output.folder import check_replaceable

    console = Console(quiet=quiet, as_json=json)
    settings = _settings(as_of, quarters, (fiscal_start, fiscal_label), currency)
    folder = out or Path("results") / f"diagnose-{history.resolve().name}"
    check_replaceable(folder)
    inputs = (history, *((scenario,) if scenario is not None else ()))
    with steady(*inputs):
        loaded, read = load_history(history, settings.as_of), contents(inputs)
    record = track_record(loaded, settings.calendar, quarters)
    what_if = _what_if(scenario, history, record, paths, console) if scenario is not None else None
    diagnosis = Diagnosis(find_stuck_deals(loaded, record.window), what_if)
    console.say(
        f"{record.n_deals:,} qualified deals as of {record.window.as_of}; rates over {record.window.name}."
    )
    for sentence in (*diagnosis.findings(settings.currency), *findings(record, settings.currency)):
        console.say(f"• {sentence}")
    console.say()
    if console.talks:
        for table in printed_tables(record, settings.currency):
            console.table(table)
    for note in (*record.notes, *loaded.notes):
        console.say(f"Note: {note}")
    command = shlex.join(["simulator", *sys.argv[1:]])
    write_track_record(
        record, folder, command=command, inputs=read, currency=settings.currency, diagnosis=diagnosis
    )
    console.say(f"\nTables and charts: {folder}")
    summary = track_record_summary(record, settings.currency) | diagnosis.summary(settings.currency)
    console.data(summary | {"folder": str(folder)})


def _what_if(file: Path, history: Path, record: TrackRecord, n_paths: int, console: Console) -> WhatIf:
    """Return what a scenario adds: each constraint relaxed, and the coverage needed."""
    from simulator.analysis.bottlenecks import counterfactuals
    from simulator.analysis.diagnose.rates import (
        rate_by_segment,
    )
    from simulator.analysis.forecast.pipeline import coverage_curve
    from simulator.engine.prepare import prepare
    from simulator.report.diagnose.results import WhatIf
    from simulator.scenario.load import load_scenario

    loaded = load_scenario(file, {"as_of": record.window.as_of.isoformat()})
    if loaded.history is None or loaded.history.resolve() != history.resolve():
        where = loaded.places.get(("history",), str(file))
        raise InputError.of(where, f"is not about {history}", "Name the same history in both.")
    console.note("Reading the rates …")
    prepared = prepare(loaded, kept=calibration_cache(console))
    slippage = rate_by_segment(record.rates, "slippage").get("all", float("nan"))
    with console.progress("Relaxing what holds back") as advance:
        remedies, base = counterfactuals(
            prepared, rate_by_segment(record.rates, "close_rate"), slippage, n_paths, advance
        )
    motions = {name: segment.motion for name, segment in prepared.scenario.segments.items()}
    curve = coverage_curve(base, prepared.scenario.targets, motions)
    return WhatIf(loaded.name, prepared.scenario.currency, record.window.as_of, base.n_paths, remedies, curve)


@dataclass(frozen=True)
class _Settings:
    as_of: dt.date | None
    calendar: FiscalCalendar
    currency: str


def _settings(as_of: str | None, quarters: int, fiscal: tuple[int, str], currency: str) -> _Settings:
    """Return the options in their types, or all that is wrong with them."""
    start, label = fiscal
    known = label.strip().lower()
    code = currency.strip().upper()
    faults = [
        Fault(option, f"'{value}' is not {wanted}", remedy)
        for option, value, wanted, remedy, wrong in (
            (
                "--as-of",
                as_of,
                "a date",
                "Write it as 2026-10-31.",
                as_of is not None and _date(as_of) is None,
            ),
            ("--quarters", quarters, "a number of quarters", "Give 1 to 400.", not 1 <= quarters <= 400),
            ("--fiscal-start", start, "a month", "Give 1 (January) to 12.", not 1 <= start <= 12),
            ("--fiscal-label", label, "start or end", "Give start or end.", known not in {"start", "end"}),
            (
                "--currency",
                currency,
                "a currency code",
                "Give three letters such as USD.",
                not _is_code(code),
            ),
        )
        if wrong
    ]
    if faults:
        raise InputError(faults)
    calendar = FiscalCalendar(start, "start" if known == "start" else "end")
    return _Settings(_date(as_of) if as_of else None, calendar, code)


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        return None


def _is_code(code: str) -> bool:
    return not code or (len(code) == 3 and code.isascii() and code.isalpha())
