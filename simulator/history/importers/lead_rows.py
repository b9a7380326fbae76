"""Leads, one row each, as monthly counts of the funnel."""

from __future__ import annotations

import pandas as pd

from simulator.history.importers.import_log import ImportLog, listed
from simulator.history.tables import ONE_SEGMENT

STEPS = ("leads", "mqls", "sqls", "sals")
REACHED = {"lead": 1, "mql": 2, "sql": 3, "sal": 4}
"""How far down the funnel a lead has come, by the status that the map gives it."""


def funnel_from_leads(rows: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Return leads, MQLs, SQLs and SALs by the month in which the lead was created.

    A lead that has come far has passed the steps before.
    """
    files = listed(rows["file"].unique())
    reached = rows["status"].map(REACHED)
    for file, bad in rows[reached.isna()].groupby("file"):
        cells = bad.set_index("row")["status"]
        what = "'{value}' is no step of the funnel"
        remedy = f"Give each status one of {listed(REACHED)} under 'values:' of lead_rows.status."
        log.cell_faults(str(file), "status", cells, what, remedy)
    month = rows["date"].dt.to_period("M").dt.start_time.astype("datetime64[ns]")
    counts = {step: (reached > i).astype("float64") for i, step in enumerate(STEPS)}
    keyed = rows.assign(
        month=month,
        segment=rows["segment"].fillna(ONE_SEGMENT),
        source=rows["source"].fillna("unknown"),
        **counts,
    )
    table = keyed.groupby(["month", "segment", "source"], as_index=False)[list(STEPS)].sum()
    log.note(
        f"{files}: {len(rows):,} leads counted by the month they were created in, by the furthest step "
        "reached; leads of the last months may still go further."
    )
    return table.assign(file=files, row=0)
