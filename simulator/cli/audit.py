"""``simulator audit``: what is odd in a history, and what it does to the forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.cli.console import Console
from simulator.cli.options import Details, HistoryFolder, Json, Out, Quiet

if TYPE_CHECKING:
    from simulator.history.hygiene import Hygiene
    from simulator.history.tables import History

FILE = "hygiene.csv"
MOST_FINDINGS = 6
"""Printed without ``--details``; the first are worth most."""


def audit(
    history: HistoryFolder,
    *,
    out: Out = None,
    details: Details = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Check a history: what is missing, odd or contradictory, what it does to the forecast, how to fix it.

    With -o the findings are also written as a table: to a .csv file, or to hygiene.csv in a folder.
    """
    from simulator.history.hygiene import check_hygiene, write_hygiene
    from simulator.history.load import load_history

    console = Console(quiet=quiet, as_json=json, details=details)
    loaded = load_history(history)
    hygiene = check_hygiene(loaded)
    path = None if out is None else out if out.suffix == ".csv" else out / FILE
    if path is not None:
        write_hygiene(hygiene, path)
    _print(loaded, hygiene, console)
    if path is not None:
        console.say(f"Table: {path}")
    console.data(_as_data(loaded, hygiene))


def _print(history: History, hygiene: Hygiene, console: Console) -> None:
    from simulator.history.findings import short

    counts = ", ".join(f"{len(table):,} {name}" for name, table in history.tables().items() if len(table))
    console.say(f"History as of {history.as_of}: {counts}.")
    for note in history.notes if console.details else ():
        console.say(f"Note: {note}")
    console.say()
    n_odd, n_clean = len(hygiene.table), len(hygiene.clean)
    listed = hygiene.table if console.details else hygiene.table.head(MOST_FINDINGS)
    for row in listed.to_dict(orient="records"):
        worth = f", worth {short(row['amount'])}" if row["amount"] > 0 else ""
        console.say(f"• {row['check']}: {row['n']:,}, {row['share']:.1%} of {row['of']}{worth}")
        if console.details:
            console.say(f"    {row['effect']}")
            console.say(f"    For example {row['examples']}. Remedy: {row['fix']}")
    more = "" if console.details or not n_odd else " What each does, and its remedy: --details."
    console.say(f"\nOf {n_odd + n_clean} checks {n_odd} found something.{more}")
    for found in hygiene.withheld if console.details else ():
        shown = f"the rows of {', '.join(found.examples)} do not show it"
        console.say(f"Not counted: {found.check} ({found.n:,}); {shown}.")


def _as_data(history: History, hygiene: Hygiene) -> dict[str, Any]:
    known = hygiene.table["amount"].notna()
    findings = hygiene.table.assign(amount=hygiene.table["amount"].astype("object").where(known, None))
    return {
        "as_of": history.as_of.isoformat(),
        "deals": hygiene.n_deals,
        "notes": list(history.notes),
        "findings": findings.to_dict(orient="records"),
        "clean": list(hygiene.clean),
        "withheld": [found.check for found in hygiene.withheld],
    }
