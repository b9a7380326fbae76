"""What holds for the people of each role and segment: as stated, as in the history, or as published.

Account executives are the role whose work is open deals (`RepTerms`); what they earn their pay with, how
many there are and what a deal takes is calibrated where the history has their deals.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from simulator.calibration.capacity import NO_LIMIT, NO_REPS, UNKNOWN
from simulator.calibration.ramp import published_ramp
from simulator.calibration.staffing import StaffingCalibration
from simulator.errors import Fault, InputError
from simulator.fiscal import month_numbers
from simulator.history.tables import History
from simulator.kernels.people.coverage import BY_ACCOUNTS, BY_ARR, BY_HOURS
from simulator.recent import recent
from simulator.scenario.ownership import AE
from simulator.scenario.people import Ramp, SegmentPeople, SegmentReps, SegmentRole
from simulator.scenario.schema import Scenario
from simulator.yaml_source import Tree

SCENARIO, CALIBRATED, IN_HISTORY = "scenario", "calibrated", "history"
Sourced = tuple[float, str]

QUOTA = (750_000.0, "published: median quota of AEs, BenchSights, n = 83")
QUOTA_PER_OTE = (4.8, "published: quota 4.8 × OTE on average, BenchSights")
PATIENCE_DAYS = (60.0, "assumption: half of the deals that wait have given up after 60 days")
GROSS_MARGIN = (0.8, "assumption: gross margin of 80 % on bookings")
HOURS_PER_MONTH = (130.0, "assumption: 130 hours a month of a head go to customers")
CUSTOMER_TIME = (0.4, "assumption: account executives give customers at most 40 % of their time")
RAMP_MONTHS = (3.0, "assumption: half of the new people are fully productive after 3 months")
HIRING_COST = (0.0, "none stated")
OF_REPS: dict[str, Sourced] = {
    "quota": QUOTA,
    "variable_share": (0.5, "assumption: half of the on-target earnings are variable"),
    "hiring_cost": HIRING_COST,
    "attrition": (0.3, "published: 25-40 % of new AEs fail, practitioner pages"),
    "backfill_months": (3.0, "assumption: a departure is backfilled after 3 months"),
    "patience_days": PATIENCE_DAYS,
}
"""What holds for account executives where neither the scenario nor the history says more."""
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
NOT_TOLD = {
    UNKNOWN: "reps were always equally full, so a limit cannot be seen",
    NO_REPS: "too few deals or reps to see a limit",
}
NAMES_IN_HISTORY = {
    "account_manager": ("am", "account_manager"),
    "renewals_rep": ("renewals", "renewals_rep"),
    "specialist": ("se", "specialist"),
}


@dataclass(frozen=True)
class Terms:
    """What holds for the people of any role in one segment.

    Parameters
    ----------
    role, segment : str
    heads : int
        Employed at as_of.
    ote, hiring_cost : float
        Per year, variable pay included; per hire. Unit: currency.
    variable_share, attrition : float
        Variable share of the OTE; share who leave within a year.
    quota : float
        Bookings a year that earn the variable pay: new business, or expansion after the sale; NaN: it is
        paid at target. Unit: currency.
    backfill_months : float
    sources : mapping of str to str
        Where each of these is from.
    """

    role: str
    segment: str
    heads: int
    ote: float
    variable_share: float
    quota: float
    hiring_cost: float
    attrition: float
    backfill_months: float
    sources: Mapping[str, str] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class RepTerms(Terms):
    """The account executives of one segment.

    Parameters
    ----------
    open_deals_per_rep : float
        Deals in work that a ramped rep can have.
    patience_days : float
        Half of the deals that wait for a rep have given up by then.
    """

    open_deals_per_rep: float
    patience_days: float

    @property
    def base_per_month(self) -> float:
        """Pay of a rep whatever is booked. Unit: currency a month."""
        return self.ote * (1.0 - self.variable_share) / 12.0

    @property
    def commission(self) -> float:
        """Variable pay per unit of bookings: the variable part of the OTE is earned by the quota."""
        return self.ote * self.variable_share / self.quota


@dataclass(frozen=True)
class RoleTerms(Terms):
    """The people of one role after or next to the sale in one segment.

    Parameters
    ----------
    kind : int
        What a head's capacity counts: ``BY_HOURS`` a month, ``BY_ACCOUNTS`` or ``BY_ARR`` (currency).
    capacity : float
        Of a ramped head.
    overhead : float
        What a head costs beyond pay, as a share of the OTE.
    """

    kind: int
    capacity: float
    overhead: float

    @property
    def cost_per_month(self) -> float:
        """What a head costs at target pay. Unit: currency a month."""
        return self.ote * (1.0 + self.overhead) / 12.0


def settle(
    stated: SegmentPeople, calibrated: Mapping[str, float], assumed: Mapping[str, Sourced]
) -> tuple[dict[str, float], dict[str, str]]:
    """Return each figure as stated, else as calibrated, else as published or assumed; and its source."""
    values, sources = {}, {}
    for key, usual in assumed.items():
        own = getattr(stated, key)
        if own is not None:
            values[key], sources[key] = own, SCENARIO
        elif key in calibrated:
            values[key], sources[key] = calibrated[key], CALIBRATED
        else:
            values[key], sources[key] = usual
    return values, sources


def rep_terms(scenario: Scenario, staffing: StaffingCalibration | None) -> tuple[RepTerms, ...]:
    """Return the terms of every segment whose reps are simulated.

    Parameters
    ----------
    scenario : Scenario
    staffing : StaffingCalibration, optional
        None: what the scenario does not state is as published.

    Raises
    ------
    InputError
        Neither the scenario nor the history says how many reps there are, or how many deals one can
        work; with every segment of which this holds.
    """
    found, faults = [], []
    for name in scenario.segments:
        if scenario.reps.limits(name):
            terms, missing = _rep_terms(name, scenario.reps.of(name), staffing)
            found.append(terms)
            faults += [_missing(scenario, name, key) for key in missing]
    if faults:
        raise InputError(faults)
    return tuple(found)


def gross_margin(scenario: Scenario) -> tuple[float, str]:
    """Return the gross margin on bookings, and where it is from."""
    stated = scenario.reps.gross_margin
    return GROSS_MARGIN if stated is None else (stated, SCENARIO)


def _missing(scenario: Scenario, name: str, key: str) -> Fault:
    where = Tree(None, scenario.places).place(("reps", "segments", name))[0] or f"scenario {scenario.name}"
    what = f"reps.segments.{name}: '{key}' is missing, and the history does not tell it"
    return Fault(where, what, f"Add a line '{key}: …', or a reps table and owners to the history.")


def _rep_terms(
    name: str, stated: SegmentReps, staffing: StaffingCalibration | None
) -> tuple[RepTerms, list[str]]:
    unknown = dict.fromkeys(("heads", "open_deals_per_rep"), (0.0, ""))
    unknown["open_deals_per_rep"] = _limit_unseen(name, stated, staffing)
    values, sources = settle(stated, _calibrated(name, staffing), {**unknown, **OF_REPS})
    missing = [key for key in unknown if not sources[key]]
    per_quota, published = QUOTA_PER_OTE
    ote, source = (stated.ote, SCENARIO) if stated.ote else (values["quota"] / per_quota, published)
    heads = int(values.pop("heads"))
    sources["ote"] = source
    return RepTerms(role=AE, segment=name, heads=heads, ote=ote, **values, sources=sources), missing


def _limit_unseen(name: str, stated: SegmentReps, staffing: StaffingCalibration | None) -> Sourced:
    """Return how many deals a rep can work where moves show no limit, and why; no source: nothing is known.

    Without limit, but where SALs are stated to wait outside the CRM: then reps have all they can work.
    """
    if staffing is None or staffing.capacity is None or name not in staffing.segments:
        return 0.0, ""
    place, capacity = staffing.segments.index(name), staffing.capacity
    if stated.waiting_sals and capacity.usual_load[place] > 0.0:
        return float(capacity.usual_load[place]), "history: what reps had in work while SALs waited"
    if capacity.verdict[place] == NO_LIMIT:
        most = capacity.most_load[place]
        return float("inf"), f"history: no limit seen up to {most:.0f} open deals a rep"
    return float("inf"), f"history: {NOT_TOLD.get(capacity.verdict[place], capacity.verdict[place])}"


def _calibrated(name: str, staffing: StaffingCalibration | None) -> dict[str, float]:
    """Return what the history tells of a segment's reps."""
    if staffing is None or name not in staffing.segments or not staffing.rep_months.any():
        return {}
    place, capacity = staffing.segments.index(name), staffing.capacity
    per_month = float(staffing.attrition_shape[place] / staffing.attrition_rate[place])
    found = {
        "heads": float(staffing.heads[place]),
        "quota": float(staffing.quota[place]),
        "open_deals_per_rep": 0.0 if capacity is None else float(capacity.per_rep[place, 0]),
        "patience_days": 0.0 if capacity is None else float(capacity.patience_days[place]),
        "attrition": 1.0 - (1.0 - per_month) ** 12 if per_month < 1.0 else 1.0,
        "backfill_months": staffing.backfill_months,
    }
    return {key: value for key, value in found.items() if value > 0.0 or key == "heads"}


def reps_remedy(segments: Collection[str], staffing: StaffingCalibration | None) -> str:
    """Return the line that makes a scenario simulate the reps of these segments."""
    needed = {"heads", "open_deals_per_rep"}
    if all(needed <= _calibrated(name, staffing).keys() for name in segments):
        return "State them: 'reps: {all: {patience_days: 60}}'."
    return "State them, with your own numbers: 'reps: {all: {heads: 4, open_deals_per_rep: 15}}'."


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
        _role_terms(role, segment, stated.of(segment), employed(history, role, segment))
        for role, stated in scenario.roles.items()
        if role != AE
        for segment in scenario.segments
    )


@recent(48)
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
    if stated is not None:
        return stated_ramp(stated), SCENARIO
    months, source = RAMP_MONTHS
    return published_ramp(months), source


def stated_ramp(ramp: Ramp) -> np.ndarray:
    """Return the productivity by month of tenure that a ramp says."""
    return np.array(ramp.shares) if ramp.shares is not None else published_ramp(ramp.median_months or 0.0)


def customer_time(scenario: Scenario) -> tuple[float, str]:
    """Return the most of their time that account executives give to customers, and where it is from."""
    stated = scenario.roles[AE].customer_time if AE in scenario.roles else None
    return CUSTOMER_TIME if stated is None else (stated, SCENARIO)


def _role_terms(role: str, segment: str, stated: SegmentRole, there: pd.DataFrame) -> RoleTerms:
    kind, capacity, source = _capacity(stated)
    usual = VARIABLE_SHARE.get(role, OTHER_VARIABLE_SHARE)
    heads = (len(there), IN_HISTORY if len(there) else "none stated, none in the history")
    assumed = {
        "heads": heads,
        "ote": (OTE.get(role, OTHER_OTE), "assumption: usual pay of the role"),
        "overhead": (0.0, "none stated"),
        "variable_share": (usual, "assumption: usual pay plan of the role"),
        "quota": (float("nan"), "none stated: variable pay is paid at target"),
        "hiring_cost": HIRING_COST,
        "attrition": (0.2, "assumption: a fifth leave within a year"),
        "backfill_months": (2.0, "assumption: a departure is backfilled after 2 months"),
    }
    values, sources = settle(stated, {}, assumed)
    there_are = int(values.pop("heads"))
    return RoleTerms(
        role=role, segment=segment, heads=there_are, kind=kind, capacity=capacity, **values,
        sources={**sources, "capacity": source},
    )  # fmt: skip


def _capacity(stated: SegmentRole) -> tuple[int, float, str]:
    if stated.book is not None and stated.book.accounts is not None:
        return BY_ACCOUNTS, stated.book.accounts, SCENARIO
    if stated.book is not None and stated.book.arr is not None:
        return BY_ARR, stated.book.arr, SCENARIO
    if stated.hours_per_month is not None:
        return BY_HOURS, stated.hours_per_month, SCENARIO
    return BY_HOURS, *HOURS_PER_MONTH
