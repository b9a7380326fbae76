"""``simulator diagnose``: close, win and slippage rates of a history, and what holds sales back."""

from __future__ import annotations

import datetime as dt
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import AsOf, HistoryFolder, Json, Out, Quiet
from simulator.errors import Fault, InputError
from simulator.fiscal import FiscalCalendar

Quarters = Annotated[int, typer.Option("--quarters", help="How many whole fiscal quarters to look back.")]
FiscalStart = Annotated[int, typer.Option("--fiscal-start", help="First month of the fiscal year, 1 to 12.")]
FiscalLabel = Annotated[
    str, typer.Option("--fiscal-label", help="Name fiscal years after their start or end.")
]
Currency = Annotated[str, typer.Option("--currency", help="ISO code of the amounts, such as USD.")]


def diagnose(
    history: HistoryFolder,
    *,
    as_of: AsOf = None,
    out: Out = None,
    quarters: Quarters = 8,
    fiscal_start: FiscalStart = 1,
    fiscal_label: FiscalLabel = "end",
    currency: Currency = "",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure how a company sells: rates, time in each category, slippage, past coverage; in words first."""
    from simulator.analysis.track_record import track_record
    from simulator.history.load import load_history
    from simulator.report.folder import check_replaceable
    from simulator.report.rates_folder import track_record_summary, write_track_record
    from simulator.report.rates_print import printed_tables
    from simulator.report.rates_words import findings

    console = Console(quiet=quiet, as_json=json)
    settings = _settings(as_of, quarters, (fiscal_start, fiscal_label), currency)
    folder = out or Path("results") / f"diagnose-{history.resolve().name}"
    check_replaceable(folder)
    loaded = load_history(history, settings.as_of)
    record = track_record(loaded, settings.calendar, quarters)
    console.say(
        f"{record.n_deals:,} qualified deals as of {record.window.as_of}; rates over {record.window.name}."
    )
    for sentence in findings(record, settings.currency):
        console.say(f"• {sentence}")
    console.say()
    if console.talks:
        for table in printed_tables(record, settings.currency):
            console.table(table)
    for note in (*record.notes, *loaded.notes):
        console.say(f"Note: {note}")
    command = shlex.join(["simulator", *sys.argv[1:]])
    write_track_record(record, folder, command=command, inputs=[history], currency=settings.currency)
    console.say(f"\nTables and charts: {folder}")
    console.data(track_record_summary(record, settings.currency) | {"folder": str(folder)})


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
