"""The scenario: what a file may hold and what the rest of the program gets, in one frozen model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, PrivateAttr, field_serializer, field_validator

from simulator.fiscal import FiscalCalendar
from simulator.scenario.customers import Customers
from simulator.scenario.deal_terms import Terms
from simulator.scenario.demand import DemandSource, Referrals
from simulator.scenario.form import Day, File, Form, Money, Name, Quarter, Share, Whole
from simulator.scenario.levers import Lever, Levers
from simulator.scenario.numbers import ReadingError
from simulator.scenario.operating import Operating
from simulator.scenario.ownership import Activities, Effects, Ownership
from simulator.scenario.people import Reps, Roles
from simulator.scenario.segments import OpenDeal, Segment
from simulator.scenario.sweep import Intervals, Sweep
from simulator.yaml_source import Key, Tree

ALL = "all"
"""The name of all segments together; no segment may be called so."""


class FiscalYear(Form):
    """When the fiscal year begins, and which calendar year names it."""

    start_month: Whole = Field(1, ge=1, le=12)
    """First month of the fiscal year; 2 is February."""
    label: Literal["start", "end"] = "end"
    """FY27 is named after the calendar year in which it starts or ends."""


class Forecast(Form):
    """What the forecast uses besides the rates of deals."""

    evidence: Share = 0.4
    """How far levels are drawn towards simple methods: the mean of the last four periods, a damped trend and
    the yield of the open deals, averaged. At 0.5 the surer side weighs more; 0 uses the rates alone, 1 the
    methods alone."""


class Simulation(Form):
    """How much to simulate, and which sources of spread to include."""

    paths: Whole = Field(10_000, ge=1, le=5_000_000)
    """Number of paths to simulate; with `precision`, in each batch."""
    precision: Share | None = Field(None, ge=0.0001)
    """Simulation error that is small enough, as a share of the next quarter's P50: `run` adds batches of
    paths, each with rates drawn anew, until it is reached. Without it one batch is simulated."""
    most_paths: Whole = Field(200_000, ge=1, le=5_000_000)
    """With `precision`, where to stop all the same."""
    seed: Whole = Field(20260101, le=2**63 - 1)
    """Same seed, same result, bit for bit."""
    rate_draws: Whole = Field(200, ge=1, le=100_000)
    """Draws of the uncertain rates."""
    threads: Whole = Field(0, le=1024)
    """Processor threads; 0 uses them all. Changes no result."""
    luck: bool = True
    """Whether which deals close is left to chance."""
    rate_uncertainty: bool = True
    """Whether the rates are uncertain."""
    shared_shock: bool = True
    """Whether a quarter can be good or bad for everyone."""


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


class Reading(NamedTuple):
    """How a scenario was read; two scenarios that differ in nothing else are equal."""

    notes: tuple[str, ...] = ()
    """What the reader should know of it."""
    files: tuple[Path, ...] = ()
    """The scenario files, the one named first."""
    places: dict[Key, str] = {}  # noqa: RUF012
    """Where each key was written, for messages."""


class Scenario(Form):
    """A scenario of the pipeline: what a file says, every default filled, every number read.

    What only the history knows (the segments, the last day) is filled in by ``settled``.
    """

    name: Name = Field(default_factory=lambda: "scenario")
    """Name of the scenario; the file's name where left out."""
    description: str = ""
    """What the scenario is about, in a sentence."""
    company: str = ""
    """Name of the company, for the page and the slides."""
    extends: str | None = Field(None, exclude=True)
    """Another scenario file, relative to this one; this one says only what differs."""
    as_of: Day | None = None
    """Last day known; the history's last day where left out."""
    currency: Currency = "USD"
    """Currency of every amount (ISO 4217)."""
    fiscal_year: FiscalYear = Field(default_factory=FiscalYear)
    """The fiscal calendar."""
    horizon_quarters: Whole = Field(4, ge=1, le=40)
    """Fiscal quarters to simulate; the first may have begun already."""
    history: File = None
    """Folder of the company's history, relative to this file."""
    calibration: File = None
    """Calibration file, relative to this file; made from the history where left out."""
    judgement: File = None
    """CSV of deals counted in or out: opportunity_id, call (include or exclude), reason."""
    blend: File = None
    """Results folder of a backtest; its record weights a blend of all forecasts."""
    forecast: Forecast = Field(default_factory=Forecast)
    """What the forecast uses besides the rates of deals."""
    simulation: Simulation = Field(default_factory=Simulation)
    """How much to simulate."""
    segments: dict[Name, Segment] = Field({})
    """Segments, and rates that replace calibrated ones."""
    targets: Targets = Field({})
    """New business wanted by fiscal quarter, year (FY27) or month (2026-11), in all or by segment."""
    type_targets: dict[Literal["expansion", "renewal"], Targets] = Field({})
    """Bookings of another type wanted: by type, then by quarter as in targets."""
    open_deals: tuple[OpenDeal, ...] = ()
    """Open deals, where no history lists them."""
    customers: Customers = Field(default_factory=Customers)
    """Customers after the signature."""
    demand: tuple[DemandSource, ...] = ()
    """Demand by source, in place of what is calibrated."""
    reps: Reps = Field(default_factory=Reps)
    """Who works the deals; no limit where left out."""
    roles: Roles = Field({})
    """People after and around the sale: csm, account_manager, or a name of your own."""
    activities: Activities = Field(default_factory=Activities)
    """Work per activity after the signature."""
    ownership: Ownership = Field(default_factory=Ownership)
    """Which role does what: all_sales, split, all_csm, mirrored …"""
    effects: Effects = Field(default_factory=Effects)
    """Effect on customers whose activities are not done."""
    terms: Terms = Field(default_factory=Terms)
    """What is conceded at the signature."""
    referrals: Referrals = Field(default_factory=Referrals)
    """New deals that customers refer."""
    operating: Operating = Field(default_factory=Operating)
    """Cash, collection, gross margin and other costs."""
    levers: Levers = ()
    """What is multiplied, by how much."""
    sensitivity: Intervals = Field({})
    """Plausible range of each lever, for the sensitivity analysis: close_odds: [-10%, +10%]."""
    sweep: Sweep = Field({})
    """Values of keys to simulate in every combination: levers.sals: [-10%, +10%]."""

    @field_validator("segments")
    @classmethod
    def _not_all(cls, segments: dict[str, Segment]) -> dict[str, Segment]:
        if ALL in segments:
            raise ReadingError(f"no segment may be called '{ALL}'", "It stands for all segments together.")
        return segments

    _reading: Reading = PrivateAttr(default=Reading())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know of how the scenario was read."""
        return self._reading.notes

    @property
    def files(self) -> tuple[Path, ...]:
        """The scenario files read, the one named first."""
        return self._reading.files

    @property
    def places(self) -> dict[Key, str]:
        """Where each key was written, for messages."""
        return self._reading.places

    def replace(self, **fields: object) -> Scenario:
        """Return the same scenario with other values of some fields, which are not checked again."""
        return self.model_copy(update=fields)

    def with_reading(self, **about: Any) -> Scenario:
        """Return the same scenario with other ``notes``, ``files`` or ``places``."""
        copy = self.model_copy()
        copy._reading = self._reading._replace(**about)
        return copy

    def where(self, *key: str | int) -> str:
        """Return where a key, or what is around it, was written; the scenario's name where nowhere."""
        return Tree(None, self.places).place(key)[0] or f"scenario {self.name}"

    def fiscal_calendar(self) -> FiscalCalendar:
        """Return the fiscal calendar of the periods."""
        return FiscalCalendar(self.fiscal_year.start_month, self.fiscal_year.label)

    @property
    def simulates_roles(self) -> bool:
        """Whether who does what after the signature changes what customers do."""
        return (
            bool(self.roles) and self.ownership.stated and self.effects.simulate and self.customers.simulate
        )

    def without_customers(self) -> Scenario:
        """Return the same scenario without its customers, unless new business depends on them."""
        if self.referrals.stated:
            return self
        return self.of_deals_alone()

    def of_deals_alone(self) -> Scenario:
        """Return the same scenario without its customers, and without the new business that they bring."""
        return self.replace(customers=self.customers.model_copy(update={"simulate": False}))

    def with_levers(self, *levers: Lever) -> Scenario:
        """Return the same scenario with more levers."""
        return self.replace(levers=self.levers + levers)

    def with_simulation(self, **settings: object) -> Scenario:
        """Return the same scenario with other simulation settings (paths, seed, luck …).

        Raises
        ------
        pydantic.ValidationError
            A setting is unknown or out of range.
        """
        return self.replace(
            simulation=Simulation.model_validate({**self.simulation.model_dump(), **settings})
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario as plain JSON values, every default filled; they read back as a scenario."""
        written = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {key: written.get(key) for key in type(self).model_fields if key != "extends"}

    @field_serializer("terms", "operating")
    def _stated(self, part: Form) -> dict[str, Any]:
        return part.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for completion and checks in editors.

    It takes a file that extends another too: any key may be null (which removes it), and what merges
    with the file below need not be whole.
    """
    schema = Scenario.model_json_schema(mode="validation")
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
