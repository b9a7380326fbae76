"""Roles in a scenario: people after (and beside) the sale, what they look after, cost and are paid for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from simulator.scenario.form import Form, Money, Name, Number, Positive, PositiveMoney, Share, Whole
from simulator.scenario.numbers import ReadingError
from simulator.scenario.ownership import Activity
from simulator.scenario.reps import MOST_SEATS, Hire, Ramp, read_ramp

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
