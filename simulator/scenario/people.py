"""People in a scenario: who works in each segment, how they become productive, and what they cost.

Account executives are the role whose work is open deals: section ``reps``, or ``roles.ae``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Generic, Self, TypeVar

from pydantic import BeforeValidator, Field, field_validator, model_validator

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
    one_of,
    short,
)
from simulator.scenario.numbers import ReadingError, percent_text
from simulator.scenario.ownership import Activity, ByActivity

ALL_SEGMENTS = "all"
MOST_SEATS = 5000


class Hire(Form):
    """People to be hired."""

    month: Month = Field(description="First month of work, such as 2027-01.")
    count: Whole = Field(1, ge=1, le=MOST_SEATS, description="How many.")
    delay_months: Number = Field(
        0.0, le=36, description="Months that they start later than planned, on average; 0: on the day."
    )


class Ramp(Form):
    """How new people become productive: in how long, or how far by month of tenure."""

    median_months: Positive | None = Field(
        None, le=60, description="Half of the new people are fully productive by then; the rest as published."
    )
    shares: tuple[Share, ...] | None = Field(
        None, description="Productivity by month of tenure; the last one stays."
    )

    _one_form = one_of(
        ("median_months", "shares"), "says the ramp", "Write {median_months: 5} or [0%, 40%, 80%, 100%]."
    )

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
        """Months after which people are ramped, half of them where only the median is known."""
        return float(len(self.shares) - 1) if self.shares is not None else self.median_months or 0.0


def read_ramp(value: object) -> object:
    """Return a ramp as a mapping, from a median in months or from shares by month of tenure."""
    if value is None or isinstance(value, (dict, Ramp)):
        return value
    return {"shares": value} if isinstance(value, (list, tuple)) else {"median_months": value}


class SegmentPeople(Form):
    """The people of one role in a segment; what is left out comes from the history, else from defaults."""

    heads: Whole | None = Field(None, le=MOST_SEATS, description="Employed at as_of.")
    hires: tuple[Hire, ...] | None = Field(None, description="People to be hired.")
    attrition: Share | None = Field(None, description="Share who leave within a year.")
    backfill_months: Number | None = Field(
        None, le=60, description="Months from a departure to the next start, on average."
    )
    ote: PositiveMoney | None = Field(None, description="On-target earnings per year, variable pay included.")
    variable_share: Share | None = Field(None, description="Variable share of the on-target earnings.")
    quota: PositiveMoney | None = Field(
        None,
        description="Bookings a year that earn the whole variable pay: new business for ae, else expansion.",
    )
    hiring_cost: Money | None = Field(None, description="Paid once for each hire.")

    def with_own(self, own: Self) -> Self:
        """Return what holds for a segment: its own figures, and these where it states none."""
        given = {name: getattr(own, name) for name in own.model_fields_set}
        return self.model_copy(update={name: value for name, value in given.items() if value is not None})


People = TypeVar("People", bound=SegmentPeople)


class Team(Form, Generic[People]):
    """The people of a role by segment, and how they ramp."""

    all: People | None = Field(None, description="What holds for every segment that says nothing else.")
    segments: dict[Name, People] = Field({}, description="People by segment.")
    ramp: Annotated[Ramp | None, BeforeValidator(read_ramp, Positive | list[Share] | Ramp | None)] = Field(
        None, description="How new people become productive: 5 (median months), or [0%, 20%, 50%, 100%]."
    )

    @classmethod
    def nobody(cls) -> People:
        """Return people of whom nothing is stated."""
        raise NotImplementedError

    def of(self, segment: str) -> People:
        """Return what is stated for a segment, over what is stated for all."""
        return (self.all or self.nobody()).with_own(self.segments.get(segment, self.nobody()))

    def with_people(self, segment: str, **changes: object) -> Self:
        """Return the same team with other figures in one segment."""
        own = self.segments.get(segment, self.nobody()).model_copy(update=changes)
        return self.model_copy(update={"segments": {**self.segments, segment: own}})

    def with_hires(self, segment: str, hires: tuple[Hire, ...]) -> Self:
        """Return the same team with more people to be hired in a segment."""
        return self.with_people(segment, hires=(*(self.of(segment).hires or ()), *hires))

    def without_hires(self) -> Self:
        """Return the same team without anyone to be hired."""
        bare = {
            name: own.model_copy(update={"hires": None}) if own.hires else own
            for name, own in self.stated_people
        }
        return self.model_copy(update={"all": bare.pop(ALL_SEGMENTS, None), "segments": bare})

    @property
    def stated_people(self) -> list[tuple[str, People]]:
        """What is stated for all segments, under the name ``all``, and for each."""
        everywhere = [] if self.all is None else [(ALL_SEGMENTS, self.all)]
        return [*everywhere, *self.segments.items()]


class SegmentReps(SegmentPeople):
    """The account executives of a segment; what is left out comes from the history, else as published."""

    open_deals_per_rep: Positive | None = Field(
        None, le=10_000, description="Open deals that a ramped rep can work at once."
    )
    self_sourced_sals_per_month: Number | None = Field(
        None,
        le=10_000,
        description="Qualified deals that a ramped rep sources; they take the place of the source "
        "'outbound'. 0: that source does not depend on the reps.",
    )
    waiting_sals: Whole | None = Field(
        None,
        le=100_000,
        description="Qualified deals that wait for a rep at as_of and are not in the CRM yet, where it only "
        "knows deals once they are taken up.",
    )
    patience_days: Positive | None = Field(
        None, description="Half of the qualified deals that wait for a rep have given up after these days."
    )


class Reps(Team[SegmentReps]):
    """The account executives of the company. Segments that have none here take up every deal at once."""

    simulate: bool = Field(True, description="Whether reps limit how many deals can be worked.")
    gross_margin: Share | None = Field(None, description="Gross margin on bookings, for what a rep adds.")
    queue: bool | None = Field(
        None,
        description="Whether who comes first is served first and the others wait, or all open deals share "
        "their reps' attention; as the history's deals have moved where left out.",
    )
    self_sourced_power: Number | None = Field(
        None,
        le=1.2,
        description="The SALs that reps source grow with their number to this power; 1: each adds as much.",
    )

    @classmethod
    def nobody(cls) -> SegmentReps:
        """Return reps of whom nothing is stated."""
        return SegmentReps()

    @property
    def stated(self) -> bool:
        """Whether reps are simulated in any segment."""
        return self.simulate and (self.all is not None or bool(self.segments))

    def limits(self, segment: str) -> bool:
        """Return whether the deals of a segment need a rep."""
        return self.simulate and (self.all is not None or segment in self.segments)


class Book(Form):
    """What a ramped head can look after."""

    accounts: Positive | None = Field(None, description="Accounts a head.")
    arr: PositiveMoney | None = Field(None, description="Annual recurring revenue a head.")

    _one_form = one_of(("accounts", "arr"), "says the book", "Write {accounts: 40} or {arr: 2M} a head.")


class SegmentRole(SegmentPeople):
    """The people of one role after or next to the sale in a segment."""

    book: Annotated[Book | None, short("accounts", Book | Positive | None)] = Field(
        None, description="What a ramped head can look after: 40 accounts, or {arr: 2M}."
    )
    hours_per_month: Positive | None = Field(
        None, le=744, description="Hours a month that a ramped head has for customers; in place of a book."
    )
    overhead: Share | None = Field(None, description="What a head costs beyond pay, as a share of the OTE.")

    @model_validator(mode="after")
    def _one_measure(self) -> SegmentRole:
        if self.book is not None and self.hours_per_month is not None:
            raise ReadingError(
                "has a book and hours", "Give one: a book, or hours_per_month with 'activities'."
            )
        return self

    def with_own(self, own: Self) -> Self:
        """Return what holds for a segment; a book of its own takes the place of hours, and the reverse."""
        whole = super().with_own(own)
        if whole.book is not None and whole.hours_per_month is not None:
            other = "hours_per_month" if own.book is not None else "book"
            return whole.model_copy(update={other: None})
        return whole


class Skills(ByActivity[Share]):
    """How well a role does an activity, as a share of the best there is."""


class Role(Team[SegmentRole]):
    """One role: its people by segment, how they ramp, what they are good at and paid for."""

    skill: Skills | None = Field(None, description="How well the role does each activity.")
    paid_for: tuple[Activity, ...] | None = Field(
        None, description="Activities that its variable pay rewards; what it owns beyond is done unpaid."
    )
    customer_time: Share | None = Field(
        None, description="Most of its time that role ae gives to customers; the rest is for new logos."
    )

    @classmethod
    def nobody(cls) -> SegmentRole:
        """Return people of whom nothing is stated."""
        return SegmentRole()


Roles = dict[Name, Role]
"""The ``roles`` section of a scenario file."""
