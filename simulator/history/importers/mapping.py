"""The map of a company's own tables to ours: which file, which column, which words mean what."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from simulator.history.fiscal_days import FiscalDays, ends_of_weeks
from simulator.history.importers.fields.dates import NUMBERED
from simulator.history.importers.roles import REQUIRED, ROLES
from simulator.history.tables import OUTCOMES, STAGE_CATEGORIES

STAGE_WORDS = (*STAGE_CATEGORIES, *OUTCOMES, "lost")
"""What a stage may be mapped to; an outcome means a closed stage, ``lost`` one without a reason."""


def _as_text(value: object) -> object:
    """Accept the numbers and yes/no of YAML where a text of the user's files is meant."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_list)]


class Part(BaseModel):
    """Base of all parts of a map: frozen, and refusing keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FileSpec(Part):
    """A file, and how to read it where that cannot be found out; or a query of a database."""

    path: str = ""
    query: str | None = Field(None, min_length=1)
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    encoding: str | None = None
    sheet: Text | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.path) == (self.query is not None):
            raise ValueError("give its path, or a query of a database")
        return self


class ColumnSpec(Part):
    """Where the values of one of our columns come from, and how they are read."""

    column: Text | None = None
    first_of: Texts | None = None
    together: Texts | None = None
    constant: Text | None = None
    text: str | None = None
    product_of: Texts | None = None
    quotient_of: Texts | None = None
    file_name: str | None = None
    bands: dict[str, float] = Field(default_factory=dict)
    words: dict[str, Text | None] = Field(default_factory=dict, alias="values")
    others: Literal["keep", "empty", "refuse"] | None = None
    format: str | None = None
    decimal: Literal[".", ","] | None = None
    times: float | None = Field(None, allow_inf_nan=False)
    empty: Texts = ()
    if_empty: Text | None = None
    where: Literal["open", "closed", "won", "lost"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(getattr(self, name) is not None for name in SOURCES) != 1:
            raise ValueError(f"name one of: {', '.join(SOURCES)}")
        return self

    @field_validator("format", "file_name")
    @classmethod
    def _is_a_format(cls, value: str | None) -> str | None:
        return value if value is None else _date_format(value)

    def headings(self) -> tuple[str, ...]:
        """Return the headings that this column is taken from."""
        if self.column is not None:
            return (self.column,)
        if self.text is not None:
            return tuple(re.findall(r"\{([^{}]+)\}", self.text))
        return self.first_of or self.together or self.product_of or self.quotient_of or ()


SOURCES = (*("column", "first_of", "together", "constant", "text", "product_of", "quotient_of", "file_name"),)
FORMAT_SIGNS = frozenset("aAbBdHIjmMpSyYzZfT%")


def _as_column(value: object) -> object:
    if isinstance(value, str) and re.search(r"\{[^{}]+\}", value):
        return {"text": value}
    return value if isinstance(value, dict | ColumnSpec) else {"column": value}


def _date_format(value: str) -> str:
    """Return a format of dates; a fault of the map where strptime could not use it."""
    if value in NUMBERED:
        return value
    unknown = [f"%{sign}" for sign in re.findall(r"%(.|$)", value) if sign not in FORMAT_SIGNS]
    if unknown:
        hint = " (for seconds since 1970 write seconds, or milliseconds)" if "%s" in unknown else ""
        raise ValueError(f"'{', '.join(unknown)}' is no part of a format such as %d/%m/%Y{hint}")
    if not re.search("%[yY]", value) or not re.search("%[dj]", value) or not re.search("%[mbBj]", value):
        raise ValueError(f"'{value}' does not say day, month and year, as %d/%m/%Y does")
    return value


class DropRule(Part):
    """Rows to leave out: by the value of a column, or because they are there twice."""

    column: Text | None = None
    equals: Texts | None = None
    other_than: Texts | None = None
    empty: bool | None = None
    below: float | None = None
    above: float | None = None
    matches: str | None = None
    duplicates: Texts | None = None
    keep: Literal["first", "last"] = "first"
    reason: str = ""

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        rules = [getattr(self, name) is not None for name in TESTS]
        if self.duplicates is not None:
            if self.column is not None or any(rules):
                raise ValueError("duplicates stands alone: make a rule of its own for the column")
        elif self.column is None or sum(rules) != 1:
            raise ValueError(f"name a column and one of: {', '.join(TESTS)}; or duplicates")
        return self

    @field_validator("matches")
    @classmethod
    def _is_a_pattern(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"'{value}' is not a pattern: {error}") from None
        return value


TESTS = ("equals", "other_than", "empty", "below", "above", "matches")


def _as_rules(value: object) -> object:
    """Return the rules of ``drop``: a list, or short: ``{heading: below 0}``, ``{heading: [Test]}``."""
    rules = value if isinstance(value, list | tuple) else [value]
    known = set(DropRule.model_fields)
    result: list[object] = []
    for rule in rules:
        if not isinstance(rule, dict) or set(rule) & known:
            result.append(rule)
        else:
            result += [_short_rule(str(column), test) for column, test in rule.items()]
    return result


def _short_rule(column: str, test: object) -> dict[str, object]:
    match = re.fullmatch(r"(below|above|matches)\s+(.+)", str(test).strip())
    if match is not None:
        return {"column": column, match[1]: match[2]}
    return {"column": column, "empty": True} if test == "empty" else {"column": column, "equals": test}


class JoinRule(Part):
    """Columns to look up in another file, by a column that both have."""

    file: str
    on: str | Annotated[dict[str, str], Field(min_length=1, max_length=1)]
    take: dict[str, Text] = Field(min_length=1)


class TableSpec(Part):
    """One of our tables: the file or files it is made from, and its columns."""

    file: Texts
    columns: dict[str, Annotated[ColumnSpec, BeforeValidator(_as_column)]]
    drop: Annotated[tuple[DropRule, ...], BeforeValidator(_as_rules)] = ()
    join: tuple[JoinRule, ...] = ()


class DealsSpec(TableSpec):
    """Deals; ``lines`` says what several rows of one are: parts to ``sum``, or products counted ``once``."""

    lines: Literal["sum", "once"] | None = None


class EventsSpec(TableSpec):
    """An event log; ``take`` says which of several events of one activity count (default: each)."""

    take: dict[str, Literal["first", "last", "each"]] = Field(default_factory=dict)


class SnapshotsSpec(TableSpec):
    """One row per deal and snapshot; ``vanished`` says what becomes of a deal that is no longer there."""

    vanished: Literal["keep_open", "lost_no_decision", "won"] = "keep_open"


class SubscriptionsSpec(TableSpec):
    """Subscriptions or contract terms.

    One that begins at most ``gap_days`` before or after the end of another renews it; ``ends`` says whether
    an end is the last day of a term or the first without it; ``all_ended`` that no end lies ahead.
    """

    gap_days: int = Field(31, ge=0, le=366)
    ends: Literal["inclusive", "exclusive"] | None = None
    all_ended: bool = False


class BalancesSpec(TableSpec):
    """Recurring revenue by customer and month: rows, or a column for each month (``months``)."""

    months: Literal["all"] | Texts = ()
    times: float = Field(1.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _rows_or_columns(self) -> Self:
        if not self.months and not {"month", "arr"} <= set(self.columns):
            raise ValueError(
                "name the columns month and arr, or say months: all where each month has a column"
            )
        return self


class StageDatesSpec(TableSpec):
    """One column per stage, holding when the deal entered it; ``entered`` gives each heading its stage."""

    entered: dict[str, Text] = Field(min_length=1)


class Tables(Part):
    """The tables of a map. All are optional; something must tell of deals or customers."""

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
    valid_from: str | None = None

    @field_validator("valid_from")
    @classmethod
    def _is_a_day(cls, value: str | None) -> str | None:
        return value if value is None else _iso_day(value)


def _as_stage(value: object) -> object:
    specs = value if isinstance(value, list) else [value]
    return [spec if isinstance(spec, dict | StageSpec) else {"to": spec} for spec in specs]


def _iso_day(value: str) -> str:
    import datetime as dt

    try:
        return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError(f"'{value}' is not a day such as 2026-03-31") from None


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
    as_of: str | None = None
    period_ends: tuple[Text, ...] | WeeksSpec = ()
    timezone: str = "UTC"
    decimal: Literal[".", ","] | None = None
    date_format: str | None = None
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

    @field_validator("as_of")
    @classmethod
    def _as_of_is_a_day(cls, value: str | None) -> str | None:
        return value if value is None else _iso_day(value)

    @field_validator("period_ends")
    @classmethod
    def _are_periods(cls, value: tuple[str, ...] | WeeksSpec) -> tuple[str, ...]:
        import datetime as dt

        if isinstance(value, WeeksSpec):
            years = [dt.date.fromisoformat(_iso_day(day)) for day in value.years]
            return tuple(end.isoformat() for end in ends_of_weeks(value.weeks, years))
        ends = [dt.date.fromisoformat(_iso_day(day)) for day in value]
        if ends:
            FiscalDays(ends)
        return tuple(end.isoformat() for end in ends)

    @field_validator("date_format")
    @classmethod
    def _is_a_format(cls, value: str | None) -> str | None:
        return value if value is None else _date_format(value)

    @field_validator("timezone")
    @classmethod
    def _is_a_timezone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo

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
    one that is only read differently keeps its heading.
    """
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, str) and isinstance(value, dict) and not set(value) & set(SOURCES):
            old = {"column": old}
        if value is None:
            result.pop(key, None)
            continue
        both = isinstance(old, dict) and isinstance(value, dict)
        elsewhere = both and set(old) & set(SOURCES) and set(value) & set(SOURCES)  # type: ignore[arg-type]
        result[key] = merged(old, value) if both and not elsewhere else value  # type: ignore[arg-type]
    return result
