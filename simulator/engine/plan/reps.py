"""What holds for the reps of a segment: as the scenario states it, as calibrated, or as published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.calibration.staffing import StaffingCalibration
from simulator.errors import Fault, InputError
from simulator.scenario.people import SegmentReps
from simulator.scenario.schema import Scenario
from simulator.yaml_source import Tree

SCENARIO, CALIBRATED = "scenario", "calibrated"
QUOTA = (750_000.0, "published: median quota of AEs, BenchSights, n = 83")
QUOTA_PER_OTE = (4.8, "published: quota 4.8 × OTE on average, BenchSights")
VARIABLE_SHARE = (0.5, "assumption: half of the on-target earnings are variable")
GROSS_MARGIN = (0.8, "assumption: gross margin of 80 % on bookings")
PATIENCE_DAYS = (60.0, "assumption: half of the deals that wait have given up after 60 days")
ATTRITION = (0.3, "published: 25-40 % of new AEs fail, practitioner pages")
BACKFILL_MONTHS = (3.0, "assumption: a departure is backfilled after 3 months")


@dataclass(frozen=True)
class RepTerms:
    """The reps of one segment.

    Parameters
    ----------
    segment : str
    heads : int
        Employed at as_of.
    open_deals_per_rep : float
        Deals in work that a ramped rep can have.
    quota, ote : float
        Per year. Unit: currency.
    variable_share : float
        Of the OTE; the rest is paid whatever is booked.
    hiring_cost : float
        For each hire. Unit: currency.
    attrition : float
        Share who leave within a year.
    backfill_months, patience_days : float
    sources : mapping of str to str
        Where each of these is from.
    """

    segment: str
    heads: int
    open_deals_per_rep: float
    quota: float
    ote: float
    variable_share: float
    hiring_cost: float
    attrition: float
    backfill_months: float
    patience_days: float
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def base_per_month(self) -> float:
        """Pay of a rep whatever is booked. Unit: currency a month."""
        return self.ote * (1.0 - self.variable_share) / 12.0

    @property
    def commission(self) -> float:
        """Variable pay per unit of bookings: the variable part of the OTE is earned by the quota."""
        return self.ote * self.variable_share / self.quota


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
            terms, missing = _terms(name, scenario.reps.of(name), staffing)
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


def _terms(
    name: str, stated: SegmentReps, staffing: StaffingCalibration | None
) -> tuple[RepTerms, list[str]]:
    known = _calibrated(name, staffing)
    values: dict[str, float] = {}
    sources: dict[str, str] = {}
    published = {
        "quota": QUOTA,
        "variable_share": VARIABLE_SHARE,
        "hiring_cost": (0.0, "none stated"),
        "attrition": ATTRITION,
        "backfill_months": BACKFILL_MONTHS,
        "patience_days": PATIENCE_DAYS,
    }
    missing = []
    for key in ("heads", "open_deals_per_rep", *published):
        own = getattr(stated, key)
        if own is not None:
            values[key], sources[key] = own, SCENARIO
        elif key in known:
            values[key], sources[key] = known[key], CALIBRATED
        elif key in published:
            values[key], sources[key] = published[key]
        else:
            values[key], sources[key] = 0.0, ""
            missing.append(key)
    ote, source = (
        (stated.ote, SCENARIO) if stated.ote else (values["quota"] / QUOTA_PER_OTE[0], QUOTA_PER_OTE[1])
    )
    heads = int(values.pop("heads"))
    return RepTerms(segment=name, heads=heads, ote=ote, **values, sources={**sources, "ote": source}), missing


def _calibrated(name: str, staffing: StaffingCalibration | None) -> dict[str, float]:
    """Return what the history tells of a segment's reps."""
    if staffing is None or name not in staffing.segments or not staffing.rep_months.any():
        return {}
    place = staffing.segments.index(name)
    per_month = float(staffing.attrition_shape[place] / staffing.attrition_rate[place])
    found = {
        "heads": float(staffing.heads[place]),
        "quota": float(staffing.quota[place]),
        "open_deals_per_rep": float(staffing.open_deals[place, 0]),
        "attrition": 1.0 - (1.0 - per_month) ** 12 if per_month < 1.0 else 1.0,
        "backfill_months": staffing.backfill_months,
    }
    return {key: value for key, value in found.items() if value > 0.0 or key == "heads"}
