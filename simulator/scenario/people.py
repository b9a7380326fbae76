"""Sales reps in a scenario: who works the deals of each segment, how they ramp, and what they cost."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import BeforeValidator, Field, field_serializer, field_validator, model_validator

from simulator.scenario.dates import month_text
from simulator.scenario.form import (
    Form,
    Money,
    Month,
    Name,
    Number,
    Positive,
    PositiveMoney,
    Share,
    Whole,
)
from simulator.scenario.numbers import ReadingError, percent_text
from simulator.scenario.ownership import Activity

ALL_SEGMENTS = "all"
MOST_SEATS = 5000


class Hire(Form):
    """Reps to be hired."""

    month: Month = Field(description="First month of work, such as 2027-01.")
    count: Whole = Field(1, ge=1, le=MOST_SEATS, description="How many.")
    delay_months: Number = Field(
        0.0, le=36, description="Months that they start later than planned, on average; 0: on the day."
    )

    @field_serializer("month", when_used="json")
    def _month_as_written(self, month: int) -> str:
        return month_text(month)


class SegmentReps(Form):
    """The reps of a segment; what is left out comes from the history, else from published defaults."""

    heads: Whole | None = Field(None, le=MOST_SEATS, description="Reps employed at as_of.")
    open_deals_per_rep: Positive | None = Field(
        None, le=10_000, description="Open deals that a ramped rep can work at once."
    )
    quota: PositiveMoney | None = Field(None, description="Bookings quota of a ramped rep per year.")
    ote: PositiveMoney | None = Field(None, description="On-target earnings per year, variable pay included.")
    variable_share: Share | None = Field(None, description="Variable share of the on-target earnings.")
    hiring_cost: Money | None = Field(None, description="Paid once for each rep hired.")
    attrition: Share | None = Field(None, description="Share of reps who leave within a year.")
    backfill_months: Number | None = Field(
        None, le=60, description="Months from a departure to the next start, on average."
    )
    self_sourced_sals_per_month: Number | None = Field(
        None,
        le=10_000,
        description="Qualified deals that a ramped rep sources; they take the place of the source "
        "'outbound'. 0: that source does not depend on the reps.",
    )
    patience_days: Positive | None = Field(
        None, description="Half of the qualified deals that wait for a rep have given up after these days."
    )
    hires: tuple[Hire, ...] | None = Field(None, description="Reps to be hired.")


class Ramp(Form):
    """How new reps become productive: in how long, or how far by month of tenure."""

    median_months: Positive | None = Field(
        None, le=60, description="Half of the new reps are fully productive by then; the rest as published."
    )
    shares: tuple[Share, ...] | None = Field(
        None, description="Productivity by month of tenure; the last one stays."
    )

    @model_validator(mode="after")
    def _one_form(self) -> Ramp:
        if (self.median_months is None) == (self.shares is None):
            raise ReadingError(
                "says the ramp in no or in two ways", "Write {median_months: 5} or [0%, 40%, 80%, 100%]."
            )
        return self

    @field_validator("shares")
    @classmethod
    def _rises(cls, shares: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if shares is None:
            return None
        if any(later < earlier for earlier, later in pairwise(shares)):
            listed = ", ".join(percent_text(share) for share in shares)
            raise ReadingError(f"the ramp falls ({listed})", "Productivity rises with tenure.")
        if not shares or shares[-1] == 0:
            raise ReadingError("the ramp never rises above nothing", "End it with 100%.")
        return shares

    @property
    def length_months(self) -> float:
        """Months after which reps are ramped, half of them where only the median is known."""
        return float(len(self.shares) - 1) if self.shares is not None else self.median_months or 0.0


def read_ramp(value: object) -> object:
    """Return a ramp as a mapping, from a median in months or from shares by month of tenure."""
    if value is None or isinstance(value, (dict, Ramp)):
        return value
    return {"shares": value} if isinstance(value, (list, tuple)) else {"median_months": value}


class Reps(Form):
    """The reps of the company. Segments that have none stated here take up every deal at once."""

    simulate: bool = Field(True, description="Whether reps limit how many deals can be worked.")
    gross_margin: Share | None = Field(None, description="Gross margin on bookings, for what a rep adds.")
    ramp: Annotated[Ramp | None, BeforeValidator(read_ramp, Positive | list[Share] | Ramp | None)] = Field(
        None, description="How new reps become productive: 5 (median months), or [0%, 20%, 50%, 100%]."
    )
    all: SegmentReps | None = Field(None, description="What holds for every segment that says nothing else.")
    segments: dict[Name, SegmentReps] = Field({}, description="Reps by segment.")

    @property
    def stated(self) -> bool:
        """Whether reps are simulated in any segment."""
        return self.simulate and (self.all is not None or bool(self.segments))

    def limits(self, segment: str) -> bool:
        """Return whether the deals of a segment need a rep."""
        return self.simulate and (self.all is not None or segment in self.segments)

    def of(self, segment: str) -> SegmentReps:
        """Return what is stated for a segment, over what is stated for all."""
        own = self.segments.get(segment, SegmentReps())
        given = {name: getattr(own, name) for name in own.model_fields_set}
        stated = {name: value for name, value in given.items() if value is not None}
        return (self.all or SegmentReps()).model_copy(update=stated)

    def with_hires(self, segment: str, hires: tuple[Hire, ...]) -> Reps:
        """Return the same reps with more to be hired in a segment."""
        own = self.segments.get(segment, SegmentReps())
        planned = (*(self.of(segment).hires or ()), *hires)
        return self.model_copy(
            update={"segments": {**self.segments, segment: own.model_copy(update={"hires": planned})}}
        )


KNOWN_ROLES = ("ae", "ae_existing", "account_manager", "csm", "renewals_rep", "specialist", "sdr")


class Book(Form):
    """What a ramped head can look after."""

    accounts: Positive | None = Field(None, description="Accounts a head.")
    arr: PositiveMoney | None = Field(None, description="Annual recurring revenue a head.")

    @model_validator(mode="after")
    def _one_form(self) -> Book:
        if (self.accounts is None) == (self.arr is None):
            raise ReadingError(
                "says the book in no or in two ways", "Write {accounts: 40} or {arr: 2M} a head."
            )
        return self


def _book(value: object) -> object:
    return value if value is None or isinstance(value, (dict, Book)) else {"accounts": value}


class SegmentRole(Form):
    """The people of one role in a segment; what is left out comes from the history, else from defaults."""

    heads: Whole | None = Field(None, le=MOST_SEATS, description="Employed at as_of.")
    hires: tuple[Hire, ...] | None = Field(None, description="People to be hired.")
    book: Annotated[Book | None, BeforeValidator(_book, Book | Positive | None)] = Field(
        None, description="What a ramped head can look after: 40 accounts, or {arr: 2M}."
    )
    hours_per_month: Positive | None = Field(
        None, le=744, description="Hours a month that a ramped head has for customers; in place of a book."
    )
    attrition: Share | None = Field(None, description="Share who leave within a year.")
    backfill_months: Number | None = Field(
        None, le=60, description="Months from a departure to the next start, on average."
    )
    ote: PositiveMoney | None = Field(None, description="On-target earnings per year, variable pay included.")
    overhead: Share | None = Field(None, description="What a head costs beyond pay, as a share of the OTE.")
    variable_share: Share | None = Field(None, description="Variable share of the on-target earnings.")
    quota: PositiveMoney | None = Field(
        None, description="Expansion bookings a year that earn the whole variable pay."
    )
    hiring_cost: Money | None = Field(None, description="Paid once for each hire.")

    @model_validator(mode="after")
    def _one_measure(self) -> SegmentRole:
        if self.book is not None and self.hours_per_month is not None:
            raise ReadingError(
                "has a book and hours", "Give one: a book, or hours_per_month with 'activities'."
            )
        return self


class Skills(Form):
    """How well a role does an activity, as a share of the best there is."""

    adoption: Share | None = Field(None, description="At bringing customers to use what they bought.")
    renewal: Share | None = Field(None, description="At renewing contracts.")
    expansion_more_of_same: Share | None = Field(None, description="At growing what is in use already.")
    expansion_new_sale: Share | None = Field(None, description="At selling what is not in use yet.")


class Role(Form):
    """One role: its people by segment, how they ramp, what they are good at and paid for."""

    all: SegmentRole | None = Field(None, description="What holds for every segment that says nothing else.")
    segments: dict[Name, SegmentRole] = Field({}, description="People by segment.")
    ramp: Annotated[Ramp | None, BeforeValidator(read_ramp, Positive | list[Share] | Ramp | None)] = Field(
        None, description="How new people become productive: 3 (median months), or [0%, 50%, 100%]."
    )
    skill: Skills | None = Field(None, description="How well the role does each activity.")
    paid_for: tuple[Activity, ...] | None = Field(
        None, description="Activities that its variable pay rewards; what it owns beyond is done unpaid."
    )
    customer_time: Share | None = Field(
        None, description="Most of its time that role ae gives to customers; the rest is for new logos."
    )

    def of(self, segment: str) -> SegmentRole:
        """Return what is stated for a segment, over what is stated for all."""
        own = self.segments.get(segment, SegmentRole())
        given = {name: getattr(own, name) for name in own.model_fields_set}
        stated = {name: value for name, value in given.items() if value is not None}
        # A book in one place takes the place of hours in the other, and the reverse.
        whole = (self.all or SegmentRole()).model_copy(update=stated)
        if whole.book is not None and whole.hours_per_month is not None:
            whole = whole.model_copy(update={"hours_per_month" if "book" in stated else "book": None})
        return whole

    def with_hires(self, segment: str, hires: tuple[Hire, ...]) -> Role:
        """Return the same role with more to be hired in a segment."""
        own = self.segments.get(segment, SegmentRole())
        planned = (*(self.of(segment).hires or ()), *hires)
        return self.model_copy(
            update={"segments": {**self.segments, segment: own.model_copy(update={"hires": planned})}}
        )


Roles = dict[Name, Role]
"""The ``roles`` section of a scenario file."""
