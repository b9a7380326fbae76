"""Options that several commands share, so that they are named and explained alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.errors import InputError, gather

if TYPE_CHECKING:
    from simulator.fiscal import FiscalCalendar


def whole(option: str, low: int, high: int | None = None) -> Callable[[object], int]:
    """Return what reads a whole number of an option, ``10k`` too, between bounds that are said in words."""

    def read(value: object) -> int:
        from simulator.scenario.numbers import ReadingError, read_whole

        try:
            number = read_whole(value)
        except ReadingError as error:
            what = str(error).replace("an amount", "a whole number")
            raise InputError.of(option, what, "Write a number such as 4000 or 10k.") from None
        if number < low:
            raise InputError.of(option, f"{number} is too few", f"It must be {low} or more.")
        if high is not None and number > high:
            raise InputError.of(option, f"{number} is too many", f"It may be {high} at most.")
        return number

    return read


def number(option: str, low: int, high: int | None = None, *, help: str) -> Any:
    """Return an option that takes a whole number between bounds."""
    return typer.Option(option, metavar="N", parser=whole(option, low, high), help=help)


ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="The scenario's YAML file.")]
HistoryFolder = Annotated[Path, typer.Argument(metavar="HISTORY", help="Folder of the normalised history.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a value of the scenario, as levers.sals=+20%."),
]
Out = Annotated[Path | None, typer.Option("-o", "--out", metavar="PATH", help="Where to write.")]
NPaths = Annotated[int | None, number("--paths", 1, help="Number of simulations, such as 10k.")]
Seed = Annotated[int | None, number("--seed", 0, help="Same seed, same figures.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Use only what was known on this day.")
]
Period = Annotated[
    str | None, typer.Option("--period", metavar="QUARTER", help="Such as FY28Q1; all quarters without it.")
]
FiscalStart = Annotated[
    str, typer.Option("--fiscal-start", metavar="MONTH", help="First month of the fiscal year, 1 to 12.")
]
FiscalLabel = Annotated[
    str,
    typer.Option("--fiscal-label", metavar="start|end", help="Name fiscal years after their start or end."),
]
Currency = Annotated[str, typer.Option("--currency", help="ISO code of the amounts, such as USD.")]
Workers = Annotated[
    str | None,
    typer.Option("--workers", metavar="ADDRESS", help="Simulate on these Dask workers, or on local:N."),
]
Monthly = Annotated[
    bool, typer.Option("--monthly", help="Also write paths_monthly.parquet: bookings by month.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Details = Annotated[bool, typer.Option("--details", help="Print all of the answer, with the notes.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for scripts.")]


def read_day(text: str | None) -> dt.date | None:
    """Return the day that ``--as-of`` names."""
    try:
        return None if text is None else dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError.of("--as-of", f"'{text}' is not a date", "Write it as 2026-10-31.") from error


def read_currency(text: str) -> str:
    """Return the currency code that ``--currency`` names; empty where none is given."""
    code = text.strip().upper()
    if code and not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise InputError.of(
            "--currency", f"'{text}' is not a currency code", "Give three letters such as USD."
        )
    return code


def read_calendar(start: str, label: str) -> FiscalCalendar:
    """Return the calendar that ``--fiscal-start`` and ``--fiscal-label`` describe."""
    from simulator.fiscal import FiscalCalendar

    return FiscalCalendar(*gather(lambda: whole("--fiscal-start", 1, 12)(start), lambda: _read_label(label)))


def _read_label(text: str) -> str:
    label = text.strip().lower()
    if label not in {"start", "end"}:
        raise InputError.of("--fiscal-label", f"'{text}' is not start or end", "Give start or end.")
    return label
