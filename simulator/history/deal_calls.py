"""Judgement by deal: a table of deals that somebody counts in or out, and why."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from simulator.errors import Fault, InputError
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
    faults, rows, gone = list(cells.faults), [], []
    seen: dict[str, int] = {}
    reasons = frame["reason"].astype("str") if "reason" in frame else pd.Series("", index=frame.index)
    for row, deal, call, reason in zip(
        cells.rows, frame["opportunity_id"].astype("str"), frame["call"].astype("str"), reasons, strict=True
    ):
        place, said = f"{where}, row {row}", str(call).strip().lower()
        if pd.isna(deal):
            faults.append(Fault(place, "names no deal", "Give its opportunity_id."))
        elif pd.isna(call) or said not in CALLS:
            what = f"deal {deal}: '{'' if pd.isna(call) else str(call)[:40]}' is not a judgement"
            faults.append(Fault(place, what, near(said, CALLS) or "Write include or exclude."))
        elif deal in seen:
            faults.append(Fault(place, f"deal {deal} is judged in row {seen[deal]} already", "Keep one row."))
        else:
            seen[deal] = int(row)
            if deal in open_deals:
                rows.append((str(deal), said, "" if pd.isna(reason) else str(reason)))
            else:
                gone.append(str(deal))
    if faults:
        more = [Fault(where, f"and {len(faults) - MOST_FAULTS} more")] if len(faults) > MOST_FAULTS else []
        raise InputError([*faults[:MOST_FAULTS], *more])
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str"), _notes(where, gone)


def _notes(where: str, gone: list[str]) -> tuple[str, ...]:
    if not gone:
        return ()
    named = ", ".join(gone[:3]) + (" …" if len(gone) > 3 else "")
    n, are = len(gone), "deal is" if len(gone) == 1 else "deals are"
    return (f"{n} judged {are} not open as of this day and left out of the judgement ({where}: {named}).",)
