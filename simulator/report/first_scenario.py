"""The scenario to start from: a commented file for a history just imported, with its own segments."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar, month_number, month_numbers
from simulator.history.deal_types import NEW, deals_of_type
from simulator.history.tables import History
from simulator.report.output.folder import REMEDIES
from simulator.scenario.form import read_name
from simulator.scenario.numbers import ReadingError, money_text
from simulator.scenario.schema import scenario_schema

LONG_CYCLE_DAYS = 75
"""Segments whose deals take longer to win are counted as enterprise in coverage, quicker ones as smb."""
N_QUARTERS = 4
PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z][\w./-]*(?: [\w./-]+)*", re.I)
"""Text that YAML takes as it stands."""

TEMPLATE = """\
# What will we book? Written by `simulator import`; change what is not so.
# Editors complete the keys after: simulator schema -o scenario.schema.json
# and a first line here: "# yaml-language-server: $schema=scenario.schema.json"
name: {name}
currency: {currency}
fiscal_year: {{start_month: {start_month}, label: {label}}}  # month it begins; year it is named after
horizon_quarters: {n_quarters}
history: {history}

# motion: how coverage is counted. enterprise: best case, commit and closed; smb: with pipeline too.
segments:
{segments}

# Bookings wanted. Shown is what was booked in the same quarters a year before: put your own in its place,
# and take the # away, for the chance of hitting them and the coverage that they need.
# targets:
{targets}

# Who works the deals, where capacity may be short (reps.csv next to the history, or):
# reps:
#   segments:
#     {first}: {{heads: 6, open_deals_per_rep: 20, ote: 200k}}
"""


SCHEMA = "scenario.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA}"
"""The first line of a scenario: where editors find its schema."""


def first_scenario(history: History, folder: Path, path: Path, calendar: FiscalCalendar) -> str:
    """Return a scenario file for a history: its segments, its currency, last year's bookings as targets.

    Parameters
    ----------
    history : History
    folder : Path
        Where the history is.
    path : Path
        Where the scenario will be; it names the history from there.
    calendar : FiscalCalendar
    """
    segments = _segments(history.opportunities) or _segments_of_customers(history.customers)
    return TEMPLATE.format(
        name=_key(path.stem),
        currency=history.currency or "USD",
        start_month=calendar.start_month,
        label=calendar.label,
        n_quarters=N_QUARTERS,
        history=_key(_seen_from(path.parent, folder)),
        segments="\n".join(segments),
        targets="\n".join(_targets(history, calendar)),
        first=next((line.split(":")[0].strip() for line in segments if "{motion" in line), "smb"),
    )


def write_first_scenario(text: str, path: Path) -> None:
    """Write a scenario to start from; never over one that is there.

    Raises
    ------
    InputError
        The file exists, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(path, f"{MODELINE}\n{text}")
        write_schema(path.parent)
    except FileExistsError:
        raise _there_already(path) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        remedy = REMEDIES.get(error.errno or 0, "")
        raise InputError.of(str(path), f"cannot be written ({reason})", remedy) from None


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet; nobody sees it before it is whole."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        path.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    finally:
        draft.unlink(missing_ok=True)


def write_schema(folder: Path) -> None:
    """Write the JSON Schema of scenarios next to them, so that editors complete and check keys."""
    text = json.dumps(scenario_schema(), indent=2, ensure_ascii=False)
    (folder / SCHEMA).write_text(f"{text}\n", encoding="utf-8")


def refuse_existing(path: Path) -> None:
    """Raise an `InputError` where a file is in the way of the scenario, before anything is written."""
    if path.exists():
        raise _there_already(path)


def _there_already(path: Path) -> InputError:
    what = "is there already and is left as it is"
    return InputError.of(str(path), what, "Name another file, or leave --scenario out.")


def _seen_from(base: Path, folder: Path) -> str:
    base, folder = base.resolve(), folder.resolve()
    return folder.relative_to(base).as_posix() if folder.is_relative_to(base) else folder.as_posix()


def _key(text: str) -> str:
    """Return text as YAML reads it back: bare where that is safe, else in quotation marks."""
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _segments(deals: pd.DataFrame) -> list[str]:
    """Return a line for each segment, the one with the most deals first, and why it is of its motion."""
    lines = []
    for name in deals["segment"].value_counts().index:
        mine = deals[deals["segment"] == name]
        days = _days_to_win(mine)
        motion = "smb" if days < LONG_CYCLE_DAYS else "enterprise"
        known = f", won in {days:.0f} days (median)" if np.isfinite(days) else ""
        if not _can_be_named(str(name)):
            lines.append(f"  # {json.dumps(name)} has marks that a scenario cannot name; it is simulated too")
            continue
        lines.append(f"  {_key(str(name))}: {{motion: {motion}}}   # {len(mine):,} deals{known}")
    return lines


def _segments_of_customers(customers: pd.DataFrame) -> list[str]:
    """Return a line for each segment of a history that has customers only."""
    counts = customers["segment"].value_counts()
    return [f"  {_key(str(name))}: {{motion: smb}}   # {n:,} customers" for name, n in counts.items()]


def _can_be_named(name: str) -> bool:
    try:
        return read_name(name) == name
    except ReadingError:
        return False


def _days_to_win(deals: pd.DataFrame) -> float:
    won = deals[deals["outcome"] == "won"]
    began = won["qualified_date"].fillna(won["created_date"])
    return float((won["closed_date"] - began).dt.days.median()) if len(won) else float("nan")


def _targets(history: History, calendar: FiscalCalendar) -> list[str]:
    """Return a commented line for each quarter ahead: the new business booked in it a year before, if any."""
    deals = deals_of_type(history, NEW).opportunities
    won = deals[deals["outcome"] == "won"].dropna(subset=["closed_date"])
    closed = calendar.quarter(month_numbers(won["closed_date"].to_numpy()))
    booked = won.groupby(closed)["amount"].sum()
    now = int(calendar.quarter(month_number(history.as_of + dt.timedelta(days=1))))
    return [
        f"#   {calendar.quarter_label(quarter)}: {_as_target(float(booked.get(quarter - 4, 0.0)))}"
        for quarter in range(now, now + N_QUARTERS)
    ]


def _as_target(amount: float) -> str:
    return money_text(float(f"{amount:.2e}")) if amount > 0 else "1M  # nothing was booked a year before"
