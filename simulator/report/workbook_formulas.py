"""Which cells of a workbook are live: sums over segments, rows that foot, ratios."""

from __future__ import annotations

from collections.abc import Callable

from xlsxwriter.utility import xl_rowcol_to_cell

from simulator.analysis.totals import ALL
from simulator.report.findings import PART_WORDS
from simulator.report.view import View

Formulas = dict[tuple[int, str], str]
"""Formula by row of the view's table (counted from 0) and column key."""

ADDITIVE = {
    "bookings": ("mean", "booked"),
    "pipeline": ("opening", "created", "won", "lost_competition", "lost_no_decision", "slipped"),
    "arr": ("opening", "new", "expansion", "contraction", "churn", "reactivation"),
    "capacity": ("heads", "ramped_heads", "bookings"),
}
"""Columns whose total over segments is the sum of the segments, by view."""
GROUPS = {"bookings": ["period", "kind"], "pipeline": ["period"], "arr": ["period"], "capacity": ["period"]}
FOOTING = {
    "pipeline": ("closing", "{opening}+{created}-{won}-{lost_competition}-{lost_no_decision}"),
    "arr": ("closing", "{opening}+{new}+{expansion}-{contraction}-{churn}+{reactivation}"),
    "deals": ("expected", "{amount}*{horizon}"),
    "parts": ("p50", "+".join(f"{{{part}}}" for part in PART_WORDS)),
}
"""Columns that follow from others of their row, by view."""


def formulas(view: View, first_row: int) -> Formulas:
    """Return the live cells of a view whose first row of figures stands in ``first_row`` (from 0)."""
    places = {column.key: at for at, column in enumerate(view.columns)}

    def cell(row: int, key: str) -> str:
        return str(xl_rowcol_to_cell(first_row + row, places[key]))

    live = _sums(view, cell)
    if view.name in FOOTING and FOOTING[view.name][0] in places:
        key, law = FOOTING[view.name]
        for row in range(len(view.table)):
            live[row, key] = "=" + law.format(**{name: cell(row, name) for name in places})
    if view.name == "coverage":
        live |= _ratios(view, cell)
    return live


def _sums(view: View, cell: Callable[[int, str], str]) -> Formulas:
    live: Formulas = {}
    if view.name not in GROUPS:
        return live
    table = view.table.reset_index(drop=True)
    for _, rows in table.groupby(GROUPS[view.name], sort=False):
        parts = rows.index[rows["segment"] != ALL]
        whole = rows.index[rows["segment"] == ALL]
        if len(parts) == 0 or len(whole) != 1:
            continue
        for key in ADDITIVE[view.name]:
            first, last = cell(int(parts[0]), key), cell(int(parts[-1]), key)
            live[int(whole[0]), key] = f"=SUM({first}:{last})"
    return live


def _ratios(view: View, cell: Callable[[int, str], str]) -> Formulas:
    """Return coverage as what is due over the target, where both are known."""
    table = view.table.reset_index(drop=True)
    known = table.index[(table["target"] > 0) & table["coverage"].notna()]
    return {
        (int(row), "coverage"): f"={cell(int(row), 'amount')}/{cell(int(row), 'target')}" for row in known
    }
