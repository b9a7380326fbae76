"""``simulator diagnose``: close, win and slippage rates of a history, and what holds sales back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import AsOf, Details, HistoryFolder, Json, Out, Quiet
from simulator.cli.runner import finish, show_notes
from simulator.errors import Fault, InputError
from simulator.fiscal import FiscalCalendar

if TYPE_CHECKING:
    from simulator.analysis.diagnose.track_record import TrackRecord
    from simulator.report.answer import Answer

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
        help="A scenario of this company: what it gains if each bottleneck is removed.",
    ),
]
Paths = Annotated[int, typer.Option("--paths", min=50, help="Simulations, with --scenario.")]


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
    details: Details = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What holds a company back: rates, where deals die or wait, slippage, coverage; in words first."""
    from simulator.report.diagnose import results
    from simulator.report.output.folder import check_replaceable
    from simulator.report.work import Work

    console = Console(quiet=quiet, as_json=json, details=details)
    settings = _settings(as_of, quarters, (fiscal_start, fiscal_label), currency)
    folder = out or Path("results") / f"diagnose-{history.resolve().name}"
    check_replaceable(folder)
    work = Work(console)
    answer = results.diagnose(
        history,
        scenario=scenario,
        as_of=settings.as_of,
        calendar=settings.calendar,
        quarters=quarters,
        currency=settings.currency,
        paths=paths,
        work=work,
    )
    finish(answer, folder, work, console, _show)


def _show(console: Console, answer: Answer) -> None:
    from simulator.report.diagnose.rates_print import printed_tables

    record: TrackRecord = answer.found.record
    window = record.window
    console.say(f"{record.n_deals:,} qualified deals as of {window.as_of}; rates over {window.name}.")
    console.brief(f"• {sentence}" for sentence in answer.said)
    if console.talks and console.details:
        for table in printed_tables(record, answer.currency):
            console.table(table)
    show_notes(console, answer.notes)


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
