"""The map of a company's own tables to ours: which file, which column, which words mean what."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from simulator.history.fiscal_days import FiscalDays, ends_of_weeks
from simulator.history.importers.roles import REQUIRED, ROLES
from simulator.history.importers.specs import (
    SOURCES,
    BalancesSpec,
    DateFormat,
    DealsSpec,
    EventsSpec,
    FileSpec,
    Part,
    SnapshotsSpec,
    StageDatesSpec,
    SubscriptionsSpec,
    TableSpec,
    Text,
)
from simulator.history.tables import OUTCOMES, STAGE_CATEGORIES

STAGE_WORDS = (*STAGE_CATEGORIES, *OUTCOMES, "lost")
"""What a stage may be mapped to; an outcome means a closed stage, ``lost`` one without a reason."""


def _iso_day(value: str) -> str:
    try:
        return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError(f"'{value}' is not a day such as 2026-03-31") from None


IsoDay = Annotated[str, AfterValidator(_iso_day)]


class Tables(Part):
    """The tables of a map. All are optional; something must hold deals or customers."""

    opportunities: DealsSpec | None = None
    stage_changes: TableSpec | None = None
    field_changes: TableSpec | None = None
    stage_dates: StageDatesSpec | None = None
    events: EventsSpec | None = None
    snapshots: SnapshotsSpec | None = None
    customers: TableSpec | None = None
    arr_changes: TableSpec | None = None
    balances: BalancesSpec | None = None
    subscriptions: SubscriptionsSpec | None = None
    churn_events: TableSpec | None = None
    reps: TableSpec | None = None
    leads: TableSpec | None = None
    lead_rows: TableSpec | None = None
    assignments: TableSpec | None = None
    calls: TableSpec | None = None

    def given(self) -> dict[str, TableSpec]:
        """Return the tables that the map names, by role."""
        return {role: getattr(self, role) for role in ROLES if getattr(self, role) is not None}

    @model_validator(mode="after")
    def _deals_come_from_one_place(self) -> Self:
        if self.snapshots and (self.opportunities or self.stage_changes or self.events):
            raise ValueError(
                "snapshots hold the deals and their changes: leave out the other tables of deals"
            )
        return self


class StageSpec(Part):
    """What one stage means, from a day on."""

    to: Literal[STAGE_WORDS]  # type: ignore[valid-type]
    phase: str | None = None
    valid_from: IsoDay | None = None


def _as_stage(value: object) -> object:
    specs = value if isinstance(value, list) else [value]
    return [spec if isinstance(spec, dict | StageSpec) else {"to": spec} for spec in specs]


class WeeksSpec(Part):
    """Fiscal years of weeks: weeks of the periods of a quarter, and the first day of each year."""

    weeks: str = Field(pattern=r"^[4-6]-[4-6]-[4-6]$")
    years: Annotated[tuple[Text, ...], Field(min_length=2)]


class Mapping(Part):
    """A whole map. ``stages`` gives each stage or activity its forecast category or outcome."""

    description: str = ""
    currency: str | None = Field(None, pattern=r"^([A-Z]{3}|none)$")
    unit: str = ""
    rates: dict[
        Annotated[str, Field(pattern=r"^[A-Z]{3}$")], float | dict[str, Annotated[float, Field(gt=0)]]
    ] = Field(default_factory=dict)
    as_of: IsoDay | None = None
    period_ends: tuple[Text, ...] | WeeksSpec = ()
    timezone: str = "UTC"
    decimal: Literal[".", ","] | None = None
    date_format: DateFormat | None = None
    files: dict[
        str, Annotated[FileSpec, BeforeValidator(lambda v: {"path": v} if isinstance(v, str) else v)]
    ] = Field(default_factory=dict)
    tables: Tables = Field(default_factory=Tables)
    stages: dict[str, Annotated[tuple[StageSpec, ...], BeforeValidator(_as_stage)]] = Field(
        default_factory=dict
    )
    loss_reasons: dict[str, Literal["lost_competition", "lost_no_decision"]] = Field(default_factory=dict)
    unqualified: Literal["drop", "keep"] = "drop"
    deleted: Literal["drop", "keep"] = "drop"

    def fiscal_days(self) -> FiscalDays | None:
        """Return the calendar of the map's periods, or None where periods are months."""
        ends = [dt.date.fromisoformat(str(end)) for end in self.period_ends]
        return FiscalDays(ends) if ends else None

    @field_validator("period_ends")
    @classmethod
    def _are_periods(cls, value: tuple[str, ...] | WeeksSpec) -> tuple[str, ...]:
        if isinstance(value, WeeksSpec):
            years = [dt.date.fromisoformat(_iso_day(day)) for day in value.years]
            return tuple(end.isoformat() for end in ends_of_weeks(value.weeks, years))
        ends = [dt.date.fromisoformat(_iso_day(day)) for day in value]
        if ends:
            FiscalDays(ends)
        return tuple(end.isoformat() for end in ends)

    @field_validator("timezone")
    @classmethod
    def _is_a_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"'{value}' is not a time zone such as Europe/Berlin or UTC") from None
        return value


def missing_columns(role: str, spec: TableSpec) -> list[str]:
    """Return the columns that a role needs and a map does not give."""
    return [column for column in REQUIRED[role] if column not in spec.columns]


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` with what ``over`` says more or differently; mappings are merged key by key.

    ``null`` takes away what ``base`` says; a column that is taken from elsewhere is replaced as a whole,
    one that is only read differently keeps its heading. Rules of rows to leave out are added.
    """
    result = dict(base)
    for key, stated in over.items():
        old, value = result.get(key), stated
        if isinstance(old, str) and isinstance(value, dict) and not set(value) & set(SOURCES):
            old = {"column": old}
        if value is None:
            result.pop(key, None)
            continue
        if key == "drop" and isinstance(old, list):
            value = [*(value if isinstance(value, list) else [value]), *old]
        both = isinstance(old, dict) and isinstance(value, dict)
        elsewhere = both and set(old) & set(SOURCES) and set(value) & set(SOURCES)  # type: ignore[arg-type]
        result[key] = merged(old, value) if both and not elsewhere else value  # type: ignore[arg-type]
    return result
