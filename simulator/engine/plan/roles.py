"""What holds for the people of each role and segment: as stated, as in the history, or assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.calibration.ramp import published_ramp
from simulator.fiscal import month_numbers
from simulator.history.tables import History
from simulator.kernels.people.coverage import BY_ACCOUNTS, BY_ARR, BY_HOURS
from simulator.scenario.ownership import AE
from simulator.scenario.people import SegmentRole
from simulator.scenario.schema import Scenario

SCENARIO, IN_HISTORY = "scenario", "history"
HOURS_PER_MONTH = (130.0, "assumption: 130 hours a month of a head go to customers")
CUSTOMER_TIME = (0.4, "assumption: account executives give customers at most 40 % of their time")
RAMP_MONTHS = (3.0, "assumption: half of the new people are fully productive after 3 months")
ATTRITION = (0.2, "assumption: a fifth leave within a year")
BACKFILL_MONTHS = (2.0, "assumption: a departure is backfilled after 2 months")
OVERHEAD = (0.0, "none stated")
HIRING_COST = (0.0, "none stated")
OTE = {
    "ae_existing": 200_000.0,
    "account_manager": 180_000.0,
    "csm": 120_000.0,
    "renewals_rep": 110_000.0,
    "specialist": 180_000.0,
    "sdr": 90_000.0,
}
OTHER_OTE = 120_000.0
VARIABLE_SHARE = {"ae_existing": 0.5, "account_manager": 0.4, "csm": 0.15, "renewals_rep": 0.25, "sdr": 0.3}
OTHER_VARIABLE_SHARE = 0.15
NAMES_IN_HISTORY = {
    "account_manager": ("am", "account_manager"),
    "renewals_rep": ("renewals", "renewals_rep"),
    "specialist": ("se", "specialist"),
}


@dataclass(frozen=True)
class RoleTerms:
    """The people of one role in one segment.

    Parameters
    ----------
    role, segment : str
    heads : int
        Employed at as_of.
    kind : int
        What a head's capacity counts: ``BY_HOURS`` a month, ``BY_ACCOUNTS`` or ``BY_ARR`` (currency).
    capacity : float
        Of a ramped head.
    ote, hiring_cost : float
        Per year; per hire. Unit: currency.
    overhead, variable_share, attrition : float
    quota : float
        Expansion bookings a year that earn the variable pay; NaN: it is paid at target.
    backfill_months : float
    sources : mapping of str to str
        Where each of these is from.
    """

    role: str
    segment: str
    heads: int
    kind: int
    capacity: float
    ote: float
    overhead: float
    variable_share: float
    quota: float
    hiring_cost: float
    attrition: float
    backfill_months: float
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def cost_per_month(self) -> float:
        """What a head costs at target pay. Unit: currency a month."""
        return self.ote * (1.0 + self.overhead) / 12.0


def role_names(scenario: Scenario) -> tuple[str, ...]:
    """Return the roles in axis order: account executives, then those of the scenario."""
    return (AE, *(name for name in scenario.roles if name != AE))


def role_terms(scenario: Scenario, history: History | None) -> tuple[RoleTerms, ...]:
    """Return the terms of every role but the account executives', in every segment.

    Parameters
    ----------
    scenario : Scenario
        Settled: its segments are known.
    history : History, optional
        Its people are those of as_of where the scenario states no heads.
    """
    return tuple(
        _terms(role, segment, stated.of(segment), employed(history, role, segment))
        for role, stated in scenario.roles.items()
        if role != AE
        for segment in scenario.segments
    )


def employed(history: History | None, role: str, segment: str) -> pd.DataFrame:
    """Return who holds a role in a segment at as_of: ``rep_id``, ``start`` (month number), longest first."""
    if history is None or history.reps.empty:
        return pd.DataFrame({"rep_id": [], "start": []})
    table = history.reps
    called = NAMES_IN_HISTORY.get(role, (role,))
    theirs = table[table["role"].str.lower().isin(called) & (table["segment"] == segment)]
    there = theirs[theirs["end_date"].isna() | (theirs["end_date"] > pd.Timestamp(history.as_of))]
    start = month_numbers(there["start_date"].to_numpy().astype("datetime64[D]"))
    found = pd.DataFrame({"rep_id": there["rep_id"].astype(object).to_numpy(), "start": start})
    return found.sort_values(["start", "rep_id"], kind="stable")


def ramp_of(scenario: Scenario, role: str) -> tuple[np.ndarray, str]:
    """Return the productivity of a role by month of tenure, and where it is from."""
    stated = scenario.roles[role].ramp if role in scenario.roles else None
    if stated is None:
        return published_ramp(RAMP_MONTHS[0]), RAMP_MONTHS[1]
    if stated.shares is not None:
        return np.array(stated.shares), SCENARIO
    return published_ramp(stated.median_months or 0.0), SCENARIO


def customer_time(scenario: Scenario) -> tuple[float, str]:
    """Return the most of their time that account executives give to customers, and where it is from."""
    stated = scenario.roles[AE].customer_time if AE in scenario.roles else None
    return CUSTOMER_TIME if stated is None else (stated, SCENARIO)


def _terms(role: str, segment: str, stated: SegmentRole, there: pd.DataFrame) -> RoleTerms:
    kind, capacity, source = _capacity(stated)
    heads, heads_source = (
        (stated.heads, SCENARIO)
        if stated.heads is not None
        else (len(there), IN_HISTORY if len(there) else "none stated, none in the history")
    )
    assumed = {
        "ote": (OTE.get(role, OTHER_OTE), "assumption: usual pay of the role"),
        "overhead": OVERHEAD,
        "variable_share": (
            VARIABLE_SHARE.get(role, OTHER_VARIABLE_SHARE),
            "assumption: usual pay plan of the role",
        ),
        "quota": (float("nan"), "none stated: variable pay is paid at target"),
        "hiring_cost": HIRING_COST,
        "attrition": ATTRITION,
        "backfill_months": BACKFILL_MONTHS,
    }
    values: dict[str, float] = {}
    sources = {"heads": heads_source, "capacity": source}
    for key, (value, where) in assumed.items():
        own = getattr(stated, key)
        values[key], sources[key] = (value, where) if own is None else (own, SCENARIO)
    return RoleTerms(role, segment, heads, kind, capacity, **values, sources=sources)


def _capacity(stated: SegmentRole) -> tuple[int, float, str]:
    if stated.book is not None and stated.book.accounts is not None:
        return BY_ACCOUNTS, stated.book.accounts, SCENARIO
    if stated.book is not None and stated.book.arr is not None:
        return BY_ARR, stated.book.arr, SCENARIO
    if stated.hours_per_month is not None:
        return BY_HOURS, stated.hours_per_month, SCENARIO
    return BY_HOURS, *HOURS_PER_MONTH


Floats = npt.NDArray[np.float64]
