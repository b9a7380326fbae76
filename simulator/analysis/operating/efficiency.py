"""Efficiency as SaaS finance measures it, from the means of a run; each with its definition."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from simulator.analysis.totals import ALL
from simulator.arrays import Floats

YEAR = 4
"""Quarters."""
NEEDED = {"revenue", "gross profit", "acquisition cost", "post-sale cost", "operating result"}
Plan = Mapping[str, Floats]


@dataclass(frozen=True)
class Efficiency:
    """A measure: its name, its figure, what its unit is and how it is computed."""

    name: str
    value: float
    kind: Literal["count", "multiple", "share"]
    meaning: str


def efficiency(tables: Mapping[str, pd.DataFrame]) -> tuple[Efficiency, ...]:
    """Return the measures whose inputs a run has, over its horizon.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Of a run: operating and arr; lifetime and customers where they are simulated.
    """
    if "operating" not in tables or "arr" not in tables:
        return ()
    plan = _means(tables["operating"], "line")
    total = tables["arr"]
    arr = _means(total[total["segment"] == ALL], "measure")
    if not set(plan) >= NEEDED:
        return ()
    return tuple(one for one in _measures(tables, plan, arr) if math.isfinite(one.value))


def _measures(tables: Mapping[str, pd.DataFrame], plan: Plan, arr: Plan) -> tuple[Efficiency, ...]:
    """Return every measure; NaN where a run lacks what it is made of."""
    revenue, cost, n = plan["revenue"], float(plan["acquisition cost"].sum()), len(plan["revenue"])
    margin = float(plan["gross profit"].sum() / revenue.sum())
    opening, closing = float(arr["opening"][0]), float(arr["closing"][-1])
    growth = (closing / opening) ** (YEAR / n) - 1 if opening > 0 else math.nan
    result = float(plan["operating result"].sum() / revenue.sum())
    rule = f"ARR growth a year ({growth:.0%}) + operating margin ({result:.0%}). The rule asks for 40%."
    return (
        Efficiency(
            "CAC payback (months)",
            _over(12 * cost, float(arr["new"].sum()) * margin),
            "count",
            "Acquisition cost / (new-customer ARR × gross margin), in months.",
        ),
        Efficiency(
            "LTV : CAC",
            _lifetime_ratio(tables, margin, cost),
            "multiple",
            "Gross margin that a new customer brings over the years of the lifetime table, not discounted / "
            "acquisition cost of a new customer.",
        ),
        Efficiency(
            "Magic number",
            _magic(plan),
            "multiple",
            "Growth of quarterly revenue × 4 / acquisition and post-sale cost of the quarter before, over "
            "the horizon. Above 0.75× is usually called efficient.",
        ),
        Efficiency(
            "Burn multiple",
            _burn(plan, arr["closing"]),
            "multiple",
            "Cash used / net new ARR; 0.00× where cash does not fall. Below 1.5× is usually called good.",
        ),
        Efficiency(
            "Rule of 40",
            growth + result,
            "share",
            rule.replace("-", "−"),
        ),
    )


def _means(table: pd.DataFrame, key: str) -> dict[str, Floats]:
    """Return the means by line or measure, one a quarter in order."""
    groups = table.groupby(key, sort=False)
    return {str(name): rows["mean"].to_numpy(np.float64) for name, rows in groups}


def _over(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


def _lifetime_ratio(tables: Mapping[str, pd.DataFrame], margin: float, cost: float) -> float:
    """Return the margin that new customers bring over what winning them costs, segments by their numbers."""
    if "lifetime" not in tables or "customers" not in tables:
        return math.nan
    counts = tables["customers"]
    n_new = counts[counts["measure"] == "n_new"].groupby("segment")["mean"].sum()
    value = tables["lifetime"].set_index("segment")["value"]
    known = value.index.intersection(n_new.index)
    return _over(margin * float((value[known] * n_new[known]).sum()), cost)


def _magic(plan: Plan) -> float:
    gained = float(plan["revenue"][-1] - plan["revenue"][0]) * YEAR
    spent = (plan["acquisition cost"] + plan["post-sale cost"])[:-1]
    return _over(gained, float(spent.sum()))


def _burn(plan: Plan, arr: Floats) -> float:
    """Return cash used from the end of the first quarter on, over the ARR gained in the same time."""
    cash = plan.get("cash at the end", np.zeros(0))
    if len(cash) < 2:
        return math.nan
    used = float(cash[0] - cash[-1])
    return _over(used, float(arr[-1] - arr[0])) if used > 0 else 0.0
