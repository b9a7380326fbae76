"""The scenario: what a file may hold, and what the rest of the program gets from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from simulator.fiscal import FiscalCalendar
from simulator.scenario.customers import Customers
from simulator.scenario.dates import month_text
from simulator.scenario.deal_terms import Terms
from simulator.scenario.demand import DemandSource, Referrals
from simulator.scenario.form import Day, Form, Money, Name, Quarter, Whole
from simulator.scenario.intervals import Intervals
from simulator.scenario.levers import Lever, LeverForm
from simulator.scenario.numbers import ReadingError
from simulator.scenario.operating import Operating
from simulator.scenario.ownership import Ownership
from simulator.scenario.people import Reps, Role, Roles
from simulator.scenario.segments import OpenDeal, Segment
from simulator.scenario.service_coverage import Activities, Effects
from simulator.scenario.sweep import Sweep

ALL = "all"
"""The name of all segments together; no segment may be called so."""


class FiscalYear(Form):
    """When the fiscal year begins, and which calendar year names it."""

    start_month: Whole = Field(1, ge=1, le=12, description="First month of the fiscal year; 2 is February.")
    label: Literal["start", "end"] = Field(
        "end", description="FY27 is named after the calendar year in which it starts or ends."
    )


class Simulation(Form):
    """How much to simulate, and which sources of spread to include."""

    paths: Whole = Field(10_000, ge=1, le=5_000_000, description="Number of futures to simulate.")
    seed: Whole = Field(20260101, le=2**63 - 1, description="Same seed, same result, bit for bit.")
    rate_draws: Whole = Field(200, ge=1, le=100_000, description="Draws of the uncertain rates.")
    threads: Whole = Field(0, le=1024, description="Processor threads; 0 uses them all. Changes no result.")
    luck: bool = Field(True, description="Whether which deals close is left to chance.")
    rate_uncertainty: bool = Field(True, description="Whether the rates are uncertain.")
    shared_shock: bool = Field(True, description="Whether a quarter can be good or bad for everyone.")


def _by_segment(value: object) -> object:
    return value if isinstance(value, dict) else {ALL: value}


Targets = dict[Quarter, Annotated[dict[str, Money], BeforeValidator(_by_segment, Money | dict[str, Money])]]


def _currency(value: object) -> object:
    symbols = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
    code = value.strip().upper() if isinstance(value, str) else ""
    if len(code) == 3 and code.isascii() and code.isalpha():
        return code
    hint = f"Did you mean {symbols[code]}?" if code in symbols else "Write three letters such as USD."
    raise ReadingError(f"'{str(value)[:20]}' is not a currency code (ISO 4217)", hint)


Currency = Annotated[str, BeforeValidator(_currency, str), Field(json_schema_extra={"examples": ["USD"]})]


class ScenarioForm(Form):
    """A scenario of the pipeline, as written in a YAML file."""

    name: Name | None = Field(None, description="Name of the scenario; the file's name where left out.")
    description: str = Field("", description="What the scenario is about, in a sentence.")
    extends: str | None = Field(
        None, description="Another scenario file, relative to this one; this one says only what differs."
    )
    as_of: Day | None = Field(None, description="Last day known; the history's last day where left out.")
    currency: Currency = Field("USD", description="Currency of every amount (ISO 4217).")
    fiscal_year: FiscalYear = Field(default_factory=FiscalYear, description="The fiscal calendar.")
    horizon_quarters: Whole = Field(
        4, ge=1, le=40, description="Fiscal quarters to simulate; the first may have begun already."
    )
    history: str | None = Field(None, description="Folder of the company's history, relative to this file.")
    calibration: str | None = Field(
        None, description="Calibration file, relative to this file; made from the history where left out."
    )
    judgement: str | None = Field(
        None, description="CSV of deals counted in or out: opportunity_id, call (include or exclude), reason."
    )
    blend: str | None = Field(
        None, description="Results folder of a backtest; its record weights a blend of all forecasts."
    )
    simulation: Simulation = Field(default_factory=Simulation, description="How much to simulate.")
    segments: dict[Name, Segment] = Field({}, description="Segments, and rates that replace calibrated ones.")
    targets: Targets = Field({}, description="Bookings wanted by fiscal quarter, in all or by segment.")
    open_deals: tuple[OpenDeal, ...] = Field((), description="Open deals, where no history lists them.")
    customers: Customers = Field(default_factory=Customers, description="Customers after the signature.")
    demand: tuple[DemandSource, ...] = Field(
        (), description="Demand by source, in place of what is calibrated."
    )
    reps: Reps = Field(default_factory=Reps, description="Who works the deals; no limit where left out.")
    roles: Roles = Field(
        {}, description="People after and beside the sale: csm, account_manager, or a name of your own."
    )
    activities: Activities = Field(
        default_factory=Activities, description="Work per activity after the signature."
    )
    ownership: Ownership = Field(
        default_factory=Ownership, description="Which role does what: all_sales, split, all_csm, mirrored …"
    )
    effects: Effects = Field(
        default_factory=Effects, description="What becomes of customers whose activities are not done."
    )
    terms: Terms = Field(default_factory=Terms, description="What is conceded at the signature.")
    referrals: Referrals = Field(
        default_factory=Referrals, description="What happy customers bring in, and bear."
    )
    operating: Operating = Field(
        default_factory=Operating, description="Cash, collection, gross margin and other costs."
    )
    levers: LeverForm = Field(default_factory=LeverForm, description="What to turn up or down.")
    sensitivity: Intervals = Field(
        {}, description="How far each lever may turn, for the sensitivity analysis: close_odds: [-10%, +10%]."
    )
    sweep: Sweep = Field(
        {}, description="Values of keys to play in every combination: levers.sals: [-10%, +10%]."
    )

    @field_validator("segments")
    @classmethod
    def _not_all(cls, segments: dict[str, Segment]) -> dict[str, Segment]:
        if ALL in segments:
            raise ReadingError(f"no segment may be called '{ALL}'", "It stands for all segments together.")
        return segments


@dataclass(frozen=True)
class Scenario:
    """A scenario with every default filled, every number read and every path resolved.

    Parameters
    ----------
    name, description : str
        What it is called and about.
    as_of : datetime.date, optional
        Last day known; None until the history's last day is (``settled``).
    currency : str
        ISO 4217 code of every amount.
    fiscal_year : FiscalYear
        Start month and labelling.
    horizon_quarters : int
        Fiscal quarters to simulate; the first may be partial.
    history, calibration : pathlib.Path, optional
        Folder of the history; calibration file.
    judgement, blend : pathlib.Path, optional
        CSV of deals counted in or out of the in-blood number; results folder of a backtest whose record
        weights a blend. Neither changes what is simulated.
    simulation : Simulation
        Paths, seed, rate draws, threads, and the three switches of spread.
    segments : mapping of str to Segment
        What the scenario says about segments; not all of the history's need be here until ``settled``.
    targets : dict of str to dict of str to float
        Bookings wanted by quarter (``FY27Q4``) and segment or ``all``. Unit: currency.
    open_deals : tuple of OpenDeal
        Open deals where there is no history.
    customers : Customers
        Whether customers are simulated, and those of as_of where there is no history.
    demand : tuple of DemandSource
        Where qualified deals come from, in place of what is calibrated.
    reps : Reps
        Who works the deals of which segments; where none are stated every deal is taken up at once.
    roles : mapping of str to Role
        People after and beside the sale; those who sell new logos are ``reps``.
    activities : Activities
        Work per activity after the signature.
    ownership : Ownership
        Which role does which activity.
    effects : Effects
        What becomes of customers whose activities are not done.
    terms : Terms
        What is conceded at the signature, and the success plan.
    referrals : Referrals
        What happy customers bring in and bear.
    operating : Operating
        What turns the forecast into profit and cash; changes no forecast.
    levers : tuple of Lever
        What is turned up or down.
    sensitivity : mapping of str to (float, float)
        How far each lever may turn, for the sensitivity analysis; changes no forecast.
    sweep : mapping of str to tuple
        Values of keys that ``simulator sweep`` plays in every combination; changes no forecast.
    notes : tuple of str
        What the reader should know of how the scenario was read.
    files : tuple of pathlib.Path
        The scenario files read, the first one first.
    places : dict
        Where each key was written, for messages.
    """

    name: str
    description: str = ""
    as_of: dt.date | None = None
    currency: str = "USD"
    fiscal_year: FiscalYear = field(default_factory=FiscalYear)
    horizon_quarters: int = 4
    history: Path | None = None
    calibration: Path | None = None
    judgement: Path | None = None
    blend: Path | None = None
    simulation: Simulation = field(default_factory=Simulation)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    targets: dict[str, dict[str, float]] = field(default_factory=dict)
    open_deals: tuple[OpenDeal, ...] = ()
    customers: Customers = field(default_factory=Customers)
    demand: tuple[DemandSource, ...] = ()
    reps: Reps = field(default_factory=Reps)
    roles: Mapping[str, Role] = field(default_factory=dict)
    activities: Activities = field(default_factory=Activities)
    ownership: Ownership = field(default_factory=Ownership)
    effects: Effects = field(default_factory=Effects)
    terms: Terms = field(default_factory=Terms)
    referrals: Referrals = field(default_factory=Referrals)
    operating: Operating = field(default_factory=Operating)
    levers: tuple[Lever, ...] = ()
    sensitivity: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    sweep: Mapping[str, tuple[int | float | str | bool, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=(), compare=False)
    files: tuple[Path, ...] = field(default=(), compare=False)
    places: dict[tuple[str | int, ...], str] = field(default_factory=dict, compare=False, repr=False)

    def fiscal_calendar(self) -> FiscalCalendar:
        """Return the fiscal calendar of the periods."""
        return FiscalCalendar(self.fiscal_year.start_month, self.fiscal_year.label)

    @property
    def simulates_roles(self) -> bool:
        """Whether who does what after the signature changes how customers live on."""
        return (
            bool(self.roles) and self.ownership.stated and self.effects.simulate and self.customers.simulate
        )

    def without_customers(self) -> Scenario:
        """Return the same scenario without its customers, unless new business depends on them."""
        if self.referrals.stated:
            return self
        return replace(self, customers=self.customers.model_copy(update={"simulate": False}))

    def with_levers(self, *levers: Lever) -> Scenario:
        """Return the same scenario with more levers turned."""
        return replace(self, levers=self.levers + levers)

    def with_simulation(self, **settings: object) -> Scenario:
        """Return the same scenario with other simulation settings (paths, seed, luck …).

        Raises
        ------
        pydantic.ValidationError
            A setting is unknown or out of range.
        """
        return replace(
            self, simulation=Simulation.model_validate({**self.simulation.model_dump(), **settings})
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario as plain JSON values, every default filled; they read back as a scenario."""
        return {
            "name": self.name,
            "description": self.description,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "currency": self.currency,
            "fiscal_year": self.fiscal_year.model_dump(),
            "horizon_quarters": self.horizon_quarters,
            "history": str(self.history) if self.history else None,
            "calibration": str(self.calibration) if self.calibration else None,
            "judgement": str(self.judgement) if self.judgement else None,
            "blend": str(self.blend) if self.blend else None,
            "simulation": self.simulation.model_dump(),
            "segments": {n: s.model_dump(mode="json", exclude_none=True) for n, s in self.segments.items()},
            "targets": {period: dict(by_segment) for period, by_segment in self.targets.items()},
            "open_deals": [deal.model_dump(mode="json", exclude_none=True) for deal in self.open_deals],
            "customers": self.customers.model_dump(mode="json", exclude_none=True),
            "demand": [item.model_dump(mode="json", exclude_none=True) for item in self.demand],
            "reps": self.reps.model_dump(mode="json", exclude_none=True),
            "roles": {n: r.model_dump(mode="json", exclude_none=True) for n, r in self.roles.items()},
            "activities": self.activities.model_dump(mode="json", exclude_none=True),
            "ownership": self.ownership.model_dump(mode="json", exclude_none=True),
            "effects": self.effects.model_dump(mode="json", exclude_none=True),
            "terms": self.terms.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
            "referrals": self.referrals.model_dump(mode="json", exclude_none=True),
            "operating": self.operating.model_dump(
                mode="json", exclude_none=True, exclude_defaults=True, by_alias=True
            ),
            "levers": _levers_written(self.levers),
            "sensitivity": {name: list(interval) for name, interval in self.sensitivity.items()},
            "sweep": {key: list(values) for key, values in self.sweep.items()},
        }


def _levers_written(levers: tuple[Lever, ...]) -> dict[str, list[dict[str, Any]]]:
    written: dict[str, list[dict[str, Any]]] = {}
    for lever in levers:
        use = {
            "factor": lever.factor,
            "segments": list(lever.segments) if lever.segments is not None else None,
            "source": lever.source,
            "from": month_text(lever.from_month) if lever.from_month is not None else None,
            "until": month_text(lever.until_month) if lever.until_month is not None else None,
        }
        kept = {key: value for key, value in use.items() if value is not None}
        written.setdefault(lever.name, []).append(kept)
    return written


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for completion and checks in editors.

    It takes a file that extends another too: any key may be null (which removes it), and what merges
    with the file below need not be whole.
    """
    schema = ScenarioForm.model_json_schema(mode="validation")
    for part in (schema, *schema["$defs"].values()):
        part["properties"] = {key: _or_null(value) for key, value in part["properties"].items()}
    for name in MERGED_PARTS:
        schema["$defs"][name].pop("required")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Simulator scenario",
    }


MERGED_PARTS = (
    "Stay",
    "LeverUse",
    "Change",
    "Reactivation",
    "Worst",
    "SuccessPlan",
    "AssumedFactor",
    "AssumedShare",
    "AssumedNumber",
)
"""Parts with required keys that a file below may have given."""


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    inner = _values_or_null(schema)
    if {"type": "null"} in inner.get("anyOf", ()):
        return inner
    outside: dict[str, Any] = {
        key: inner.pop(key) for key in ("description", "default", "title") if key in inner
    }
    return {"anyOf": [inner, {"type": "null"}], **outside}


def _values_or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Let the values of a mapping with free keys be null too, wherever the schema offers one."""
    inner = dict(schema)
    if isinstance(inner.get("additionalProperties"), dict):
        inner["additionalProperties"] = _or_null(inner["additionalProperties"])
    if "anyOf" in inner:
        inner["anyOf"] = [_values_or_null(choice) for choice in inner["anyOf"]]
    return inner
