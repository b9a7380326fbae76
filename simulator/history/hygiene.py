"""Hygiene: what is missing, odd or contradictory in a history, all at once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.errors import InputError
from simulator.history.book_hygiene import book_findings
from simulator.history.change_hygiene import change_findings
from simulator.history.deal_hygiene import deal_findings
from simulator.history.findings import Evidence, Finding
from simulator.history.tables import History
from simulator.history.verification import verified
from simulator.spreadsheet import escape_formula


@dataclass(frozen=True)
class Hygiene:
    """What a history's hygiene checks found.

    Parameters
    ----------
    table : DataFrame
        One row per check that found something, the largest amounts first: ``check``, ``of`` (what the share
        is of), ``n``, ``share``, ``amount`` (history's currency; NaN where it has none), ``examples`` (up to
        three names), ``effect`` (on the forecast), ``fix``.
    clean : tuple of str
        The checks that found nothing.
    n_deals : int
        Opportunities looked at.
    withheld : tuple of Finding
        What a check found but the rows of its own examples do not show.
    """

    table: pd.DataFrame
    clean: tuple[str, ...]
    n_deals: int
    withheld: tuple[Finding, ...] = ()


def check_hygiene(history: History, oddities: Iterable[Finding] = ()) -> Hygiene:
    """Look for what is missing, odd or contradictory in a history.

    ``oddities`` are what the files of an import contradict each other in; they come last in the table.
    """
    evidence = Evidence(history)
    checks = (*deal_findings(evidence), *change_findings(evidence), *book_findings(history))
    found, withheld = verified(checks, history)
    odd = sorted((f for f in found if f.n), key=lambda f: (-np.nan_to_num(f.amount), -f.n, f.check))
    odd += [f for f in oddities if f.n]
    columns = [field.name for field in fields(Finding)]
    rows = [{**asdict(f), "examples": ", ".join(f.examples)} for f in odd]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"n": "int64", "share": "float64", "amount": "float64"}
    )
    return Hygiene(
        table, tuple(f.check for f in found if not f.n), len(history.opportunities), tuple(withheld)
    )


def write_hygiene(hygiene: Hygiene, path: Path) -> None:
    """Write the findings as CSV for people: text that a spreadsheet would take for a formula is disarmed.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    table = hygiene.table.copy()
    table["share"] = table["share"].round(4)
    table["amount"] = table["amount"].round(2)
    for column in ("check", "of", "examples", "effect", "fix"):
        table[column] = table[column].map(escape_formula)
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".hygiene-", dir=path.parent) as folder:
            draft = Path(folder) / path.name
            table.to_csv(draft, index=False, lineterminator="\n")
            draft.replace(path)
    except OSError as error:
        raise InputError.of(
            str(path), f"cannot be written: {error.strerror}", "Name another place."
        ) from None
