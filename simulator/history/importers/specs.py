"""What a map says of one of our tables: its files, its columns, and which rows are left out."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from simulator.history.importers.fields.dates import NUMBERED, PERIODS

FORMAT_SIGNS = frozenset("aAbBdHIjmMpSyYzZfT%")


def _as_text(value: object) -> object:
    """Accept the numbers and yes/no of YAML where a text of the user's files is meant."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_list)]


def _date_format(value: str) -> str:
    """Return a format of dates; a fault of the map where strptime could not use it."""
    if value in NUMBERED or value in PERIODS:
        return value
    unknown = [f"%{sign}" for sign in re.findall(r"%(.|$)", value) if sign not in FORMAT_SIGNS]
    if unknown:
        hint = " (for seconds since 1970 write seconds, or milliseconds)" if "%s" in unknown else ""
        raise ValueError(f"'{', '.join(unknown)}' is no part of a format such as %d/%m/%Y{hint}")
    if not re.search("%[yY]", value) or not re.search("%[dj]", value) or not re.search("%[mbBj]", value):
        raise ValueError(f"'{value}' does not say day, month and year, as %d/%m/%Y does")
    return value


DateFormat = Annotated[str, AfterValidator(_date_format)]
"""How dates are written, as strptime has it, or one of ``NUMBERED`` and ``PERIODS``."""


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
    file_name: DateFormat | None = None
    bands: dict[str, float] = Field(default_factory=dict)
    words: dict[str, Text | None] = Field(default_factory=dict, alias="values")
    others: Literal["keep", "empty", "refuse"] | None = None
    format: DateFormat | None = None
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

    def headings(self) -> tuple[str, ...]:
        """Return the headings that this column is taken from."""
        if self.column is not None:
            return (self.column,)
        if self.text is not None:
            return tuple(re.findall(r"\{([^{}]+)\}", self.text))
        return self.first_of or self.together or self.product_of or self.quotient_of or ()


SOURCES = (*("column", "first_of", "together", "constant", "text", "product_of", "quotient_of", "file_name"),)


def _as_column(value: object) -> object:
    if isinstance(value, str) and re.search(r"\{[^{}]+\}", value):
        return {"text": value}
    return value if isinstance(value, dict | ColumnSpec) else {"column": value}


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
