"""``simulator diagnose``: close, win and slippage rates of a history, and what holds sales back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import (
    AsOf,
    Currency,
    Details,
    FiscalLabel,
    FiscalStart,
    HistoryFolder,
    Json,
    Out,
    Quiet,
    read_calendar,
    read_currency,
    read_day,
    whole,
)
from simulator.cli.runner import answer_into, show_notes
from simulator.errors import gather

if TYPE_CHECKING:
    from simulator.analysis.diagnose.track_record import TrackRecord
    from simulator.report.answer import Answer

MOST_QUARTERS = 400

Quarters = Annotated[str, typer.Option("--quarters", help="How many whole fiscal quarters to look back.")]
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
    quarters: Quarters = "8",
    fiscal_start: FiscalStart = "",
    fiscal_label: FiscalLabel = "",
    currency: Currency = "",
    details: Details = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What holds a company back: rates, where deals die or wait, slippage, coverage; in words first."""
    from simulator.report.diagnose import results

    console = Console(quiet=quiet, as_json=json, details=details)
    day, n_quarters, calendar, code = gather(
        lambda: read_day(as_of),
        lambda: whole("--quarters", 1, MOST_QUARTERS)(quarters),
        lambda: read_calendar(fiscal_start or "1", fiscal_label or "end"),
        lambda: read_currency(currency),
    )
    folder = out or Path("results") / f"diagnose-{history.resolve().name}"
    ask = partial(
        results.diagnose,
        history,
        scenario=scenario,
        as_of=day,
        calendar=calendar if fiscal_start or fiscal_label else None,
        quarters=n_quarters,
        currency=code,
        paths=paths,
    )
    answer_into(folder, ask, console, show=_show)


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
