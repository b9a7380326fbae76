"""Sales reps in a scenario: who works the deals of each segment, how they ramp, and what they cost."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import BeforeValidator, Field, field_serializer, field_validator, model_validator

from simulator.scenario.dates import month_text
from simulator.scenario.form import Form, Money, Month, Name, Number, Positive, PositiveMoney, Share, Whole
from simulator.scenario.numbers import ReadingError, percent_text

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
