"""Judgement by deal: a table of deals that somebody counts in or out, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pandas as pd

from simulator.errors import Fault, InputError, few
from simulator.history.checks import near
from simulator.history.reading import read_cells

CALLS = ("include", "exclude")
COLUMNS = ("opportunity_id", "call", "reason")
MOST_FAULTS = 20


def read_deal_calls(path: Path, open_deals: Collection[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read a CSV of judgements: opportunity_id, call (include or exclude), reason.

    Parameters
    ----------
    path : pathlib.Path
    open_deals : collection of str
        Ids of the deals that are open; judgements of others are left out and noted.

    Returns
    -------
    calls : DataFrame
        Columns ``COLUMNS``, text; an empty reason is "".
    notes : tuple of str

    Raises
    ------
    InputError
        With every row at fault.
    """
    cells = read_cells(path)
    frame, where = cells.frame, cells.where
    missing = [name for name in COLUMNS[:2] if name not in frame]
    if missing:
        what = f"lacks the column{'s' if len(missing) > 1 else ''} {' and '.join(missing)}"
        remedy = "Head the columns opportunity_id, call and reason."
        raise InputError([*cells.faults, Fault(f"{where}, row 1", what, remedy)])
    table = frame.reindex(columns=list(COLUMNS)).astype("str").fillna("")
    faults = [*cells.faults, *_faults(table.set_index(cells.rows), where)]
    if faults:
        raise InputError(few(faults[:MOST_FAULTS], len(faults), where, ""))
    table["call"] = table["call"].str.strip().str.lower()
    is_open = table["opportunity_id"].isin(list(open_deals))
    gone = list(table.loc[~is_open, "opportunity_id"])
    return table[is_open].reset_index(drop=True), _notes(where, gone)


def _faults(table: pd.DataFrame, where: str) -> Iterator[Fault]:
    """Yield what is wrong with each row, numbered as in the file."""
    first: dict[str, int] = {}
    for row, deal, call in table[["opportunity_id", "call"]].itertuples():
        place, said = f"{where}, row {row}", call.strip().lower()
        if not deal:
            yield Fault(place, "names no deal", "Give its opportunity_id.")
        elif said not in CALLS:
            what = f"deal {deal}: '{call[:40]}' is not a judgement"
            yield Fault(place, what, near(said, CALLS) or "Write include or exclude.")
        elif first.setdefault(deal, row) != row:
            yield Fault(place, f"deal {deal} is judged in row {first[deal]} already", "Keep one row.")


def _notes(where: str, gone: list[str]) -> tuple[str, ...]:
    if not gone:
        return ()
    named = ", ".join(gone[:3]) + (" …" if len(gone) > 3 else "")
    n, are = len(gone), "deal is" if len(gone) == 1 else "deals are"
    return (f"{n} judged {are} not open as of this day and left out of the judgement ({where}: {named}).",)
