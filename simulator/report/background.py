"""What a forecast starts from: the open deals as they are known, and what is odd in the history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from simulator.engine.prepare import Prepared
from simulator.engine.simulate import listed_deals
from simulator.fiscal import first_of_month
from simulator.history.hygiene import check_hygiene
from simulator.history.states import deal_states, open_deals
from simulator.history.tables import CATEGORIES
from simulator.kernels.close_dates import NEVER
from simulator.report.tables import write_table


def write_background(prepared: Prepared, tables: Path) -> None:
    """Write hygiene.csv, the columns of `Hygiene.table`, where there is a history."""
    if prepared.history is not None:
        write_table(check_hygiene(prepared.history).table, tables / "hygiene.csv")


def describe_open_deals(prepared: Prepared) -> pd.DataFrame:
    """Return what is known of each open deal, in the first columns of deals.csv."""
    history = prepared.history
    deals = open_deals(history, deal_states(history)) if history else listed_deals(prepared.scenario)
    month = deals["close_month"].to_numpy(np.int64)
    names = [first_of_month(m).strftime("%Y-%m") if 0 <= m < NEVER else "" for m in month.tolist()]
    return pd.DataFrame(
        {
            "opportunity_id": deals["opportunity_id"].astype(str),
            "segment": deals["segment"].astype(str),
            "owner": _names(deals, "owner"),
            "category": [
                category if isinstance(category, str) else CATEGORIES[category]
                for category in deals["category"]
            ],
            "amount": deals["amount"].to_numpy(np.float64),
            "close_month": names,
            "pushes": deals["pushes"].to_numpy(np.int64),
        }
    )


def _names(deals: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of names, empty where unknown or where a scenario cannot say."""
    names = deals.get(column, pd.Series("", index=deals.index)).astype(object)
    return names.where(names.notna(), "")
