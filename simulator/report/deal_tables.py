"""deals.csv, and deal_changes.csv against the run before: the open deals one by one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from simulator.analysis.open_deals import deal_changes, drill_down
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.errors import InputError
from simulator.report.background import describe_open_deals
from simulator.report.finished import Finished, read_finished
from simulator.report.tables import write_table

CHANGES_FILE = "deal_changes.csv"
TABLES = {"deals", "open_deals"}
"""What is read of the run before."""


def write_deals(prepared: Prepared, paths: Paths, tables: Path, earlier: Path | None = None) -> None:
    """Write deals.csv: what is known of every open deal, then what the simulation says of it.

    Columns: opportunity_id, segment, owner, category, amount (open amount; empty: unknown), close_month (the
    month planned; empty: none), pushes, then those of ``drill_down``. Where a run of the same scenario stands
    in ``earlier``, deal_changes.csv says what has changed since.
    """
    known = describe_open_deals(prepared)
    table = known.merge(drill_down(paths), on="opportunity_id", how="left", sort=False, validate="one_to_one")
    write_table(table, tables / "deals.csv")
    before = _earlier_run(earlier, paths.scenario, paths.as_of.isoformat()) if earlier is not None else None
    if before is not None:
        _write_changes(prepared, table, paths.periods[0], before, tables / CHANGES_FILE)


def _earlier_run(folder: Path, scenario: str, as_of: str) -> Finished | None:
    """Return the run that stands in a results folder, where it is of this scenario and not of a later day."""
    try:
        run = read_finished(folder, only=TABLES)
    except InputError:
        return None
    same = run.summary["scenario"] == scenario and str(run.summary["as_of"]) <= as_of
    return run if same and set(run.tables) == TABLES else None


def _write_changes(
    prepared: Prepared, deals: pd.DataFrame, period: str, before: Finished, file: Path
) -> None:
    chances = before.tables["open_deals"]
    chance = chances[chances["period"] == period].set_index("opportunity_id")["p_win"]
    then = before.tables["deals"].copy()
    then["p"] = then["opportunity_id"].map(chance).astype("float64")
    now = deals.assign(p=deals["p_this"], amount=deals["amount"].round(2))
    keys = ["opportunity_id", "segment", "owner", "category", "amount", "close_month", "p"]
    outcomes = pd.Series(dtype=object)
    if prepared.history is not None:
        known = prepared.history.opportunities
        ended = known[known["closed_date"].notna() | known["outcome"].notna()]
        outcomes = ended.set_index("opportunity_id")["outcome"].fillna("lost")
    table = deal_changes(then[keys], now[keys], outcomes, period)
    table.insert(0, "since", str(before.summary["as_of"]))
    write_table(table, file)
