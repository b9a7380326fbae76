"""``simulator backtest``: past quarters forecast again with what was known then, and how good that was."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    Seed,
    Workers,
    number,
    read_calendar,
    read_currency,
    read_day,
)
from simulator.cli.runner import answer_into, show_notes
from simulator.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from simulator.analysis.backtest.backtest import Backtest
    from simulator.report.answer import Answer

Origins = Annotated[int, number("--origins", 1, 200, help="How many past quarters to forecast again.")]
Weeks = Annotated[
    str,
    typer.Option("--weeks", metavar="0,4,8", help="Weeks into the quarter to forecast from; 0: its start."),
]
Ahead = Annotated[
    int, number("--ahead", 1, 8, help="Quarters to forecast each time; 2: this one and the next.")
]
Paths = Annotated[int, number("--paths", 20, help="Simulations of each forecast.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Simulate again what is kept from an earlier backtest.")]
Track = Annotated[
    bool, typer.Option("--track", help="Also forecast the latest quarter as of each of its weeks.")
]
SCORES = ("method", "quarters", "error", "CRPS", "bias", "range held", "ours less by")


def backtest(
    history: HistoryFolder,
    *,
    origins: Origins = 8,
    weeks: Weeks = "0",
    ahead: Ahead = 2,
    as_of: AsOf = None,
    out: Out = None,
    paths: Paths = 500,
    seed: Seed = 1,
    fiscal_start: FiscalStart = "1",
    fiscal_label: FiscalLabel = "end",
    currency: Currency = "",
    fresh: Fresh = False,
    track: Track = False,
    workers: Workers = None,
    details: Details = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Forecast past quarters with only what was known then, and score that next to the usual methods."""
    from simulator.analysis.backtest.past_forecasts import BacktestSettings
    from simulator.report.backtest import results
    from simulator.report.backtest.record import keep_record

    console = Console(quiet=quiet, as_json=json, details=details)
    settings = BacktestSettings(
        read_calendar(fiscal_start, fiscal_label),
        n_quarters=origins,
        weeks=_weeks(weeks),
        n_periods=ahead,
        n_paths=paths,
        seed=1 if seed is None else seed,
    )
    code, day = read_currency(currency), read_day(as_of)
    folder = out or Path("results") / f"backtest-{history.resolve().name}"
    ask = partial(results.backtest, history, settings, as_of=day, currency=code, fresh=fresh, track=track)
    answer = answer_into(folder, ask, console, workers, _show)
    if (kept := keep_record(answer.found, history, answer.tables.get("forecast_track"))) is not None:
        console.say(f"Runs on this history now show its record: {kept}")


def _weeks(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise InputError.of("--weeks", f"'{text}' is not a list of weeks", "Write it as 0,4,8.") from error


def _show(console: Console, answer: Answer) -> None:
    result: Backtest = answer.found
    console.brief(f"• {sentence}" for sentence in answer.said)
    if console.details:
        _show_scores(console, result, answer.currency)
    show_notes(console, answer.notes)


def _show_scores(console: Console, result: Backtest, currency: str) -> None:
    from simulator.analysis.totals import ALL

    console.say()
    scores = result.scores[result.scores["segment"] == ALL]
    for week, ahead in scores[["week", "ahead"]].drop_duplicates().itertuples(index=False):
        part = scores[(scores["week"] == week) & (scores["ahead"] == ahead)]
        quarter = "that quarter" if ahead == 0 else f"{ahead} quarter{'s' if ahead > 1 else ''} later"
        console.say(f"From {'the start of a quarter' if week == 0 else f'week {week}'}, {quarter}")
        console.rows(SCORES, _printed(part, currency))
        console.say()
    console.say("CRPS: error of the whole range. The usual methods have the range of their own past errors.")


def _printed(scores: pd.DataFrame, currency: str) -> list[tuple[str, ...]]:
    """Return scores of the total as the rows of a table to print."""
    from simulator.report.backtest.words import METHOD_WORDS
    from simulator.report.money import format_money, format_share

    rows = []
    for row in scores.to_dict("records"):
        money = (format_money(row[name], currency).strip() for name in ("absolute_error", "crps"))
        held = "" if row["inside"] != row["inside"] else format_share(row["inside"])
        name = METHOD_WORDS[row["method"]].removeprefix("the ")
        rows.append((name, str(row["n_quarters"]), *money, f"{row['bias']:+.0%}", held, _range(row)))
    return rows


def _range(row: dict[Hashable, Any]) -> str:
    if row["skill_crps"] != row["skill_crps"]:
        return ""
    if row["skill_crps_low"] != row["skill_crps_low"]:
        return f"{row['skill_crps']:.0%}"
    return f"{row['skill_crps']:.0%} ({row['skill_crps_low']:.0%} to {row['skill_crps_high']:.0%})"
