"""Deal terms in a scenario: what is conceded at the signature, what it costs later, the success plan."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import Field, field_validator, model_validator

from simulator.scenario.form import Factor, Form, Name, Number, Segments, Share, Whole, repeated, short
from simulator.scenario.numbers import ReadingError, percent_text

Source = Literal["calibrated", "benchmark", "assumption"]
Figure = TypeVar("Figure", bound=float)
LARGEST_FACTOR, LEAST_FACTOR = 20.0, 0.05
MOST_DISCOUNT = 0.95


class Assumed(Form, Generic[Figure]):
    """A figure with its 80 % interval and where it is from."""

    source: Source | None = None
    """Where it is from; assumption where left out."""
    because: str | None = Field(None, max_length=200)
    """What it rests on, in a few words."""
    value: Figure
    """The figure."""
    low: Figure | None = None
    """Low end of the 80 % interval."""
    high: Figure | None = None
    """High end of the 80 % interval."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (self.low is not None and self.low > self.value) or (
            self.high is not None and self.high < self.value
        ):
            what = f"{self.value:g} lies outside of its interval"
            raise ReadingError(what, "Write {value: 1.3, low: 1.1, high: 1.6}, in order.")
        return self


class AssumedFactor(Assumed[Factor]):
    """A multiplier with its interval."""

    value: Factor
    """What it multiplies by: x1.3, +30% or 0.8."""

    @model_validator(mode="after")
    def _in_range(self) -> AssumedFactor:
        for value in (self.low, self.value, self.high):
            if value is not None and not LEAST_FACTOR <= value <= LARGEST_FACTOR:
                what = f"x{value:g} is out of range"
                raise ReadingError(what, f"From x{LEAST_FACTOR:g} to x{LARGEST_FACTOR:g}.")
        return self


class AssumedShare(Assumed[Share]):
    """A share with its interval."""

    value: Share
    """The share: 10%."""


class AssumedNumber(Assumed[Number]):
    """A number, zero or more, with its interval."""

    value: Number
    """The number."""


FactorOf = Annotated[AssumedFactor, short("value", AssumedFactor | Factor)]
ShareOf = Annotated[AssumedShare, short("value", AssumedShare | Share)]
NumberOf = Annotated[AssumedNumber, short("value", AssumedNumber | Number)]


class Concession(Form):
    """Something given to get a signature: what it does to the deal now, and to the customer later."""

    name: Name
    """What it is called: quarter_end_discount."""
    deals: Share
    """Share of deals that ask for it."""
    when: Literal["any_time", "last_month"] = "any_time"
    """Whether it is given at any time, or in the last month of a quarter only."""
    segments: Segments = Field(None, min_length=1)
    """Only these segments; all where left out."""
    approved: Share | None = None
    """Share of it granted from as_of on; as 'approved' of all terms where left out."""
    win_odds: FactorOf | None = None
    """Factor on the rate of winning, while it is offered."""
    cycle: FactorOf | None = None
    """Factor on the length of the sales cycle from there on."""
    discount: ShareOf | None = None
    """Share taken off the amount."""
    delivery_cost: ShareOf | None = None
    """What the promise costs to deliver, as a share of the signed amount."""
    churn: FactorOf | None = None
    """Factor on the odds to churn at each renewal."""
    expansion: FactorOf | None = None
    """Factor on how often the customer grows."""
    time_to_value: FactorOf | None = None
    """Factor on the months to first value."""

    @field_validator("discount")
    @classmethod
    def _something_left(cls, discount: AssumedShare | None) -> AssumedShare | None:
        if discount is not None and max(discount.value, discount.high or 0.0) > MOST_DISCOUNT:
            raise ReadingError(
                f"a discount of {percent_text(discount.value)} leaves nothing to sell",
                f"At most {percent_text(MOST_DISCOUNT)}, the high end of the interval included.",
            )
        return discount

    def holds_for(self, segment: str) -> bool:
        """Return whether the deals of a segment may ask for it."""
        return self.segments is None or segment in self.segments


class SuccessPlan(Form):
    """The gate 'no closed-won without a success plan': days now, better customers later."""

    deals: Share = 0.0
    """Share of deals that need one before they are closed won."""
    days: NumberOf
    """Days that agreeing on it takes before the signature."""
    time_to_value: FactorOf | None = None
    """Factor on the months to first value."""
    churn: FactorOf | None = None
    """Factor on the odds to churn at each renewal."""
    expansion: FactorOf | None = None
    """Factor on how often the customer grows."""


class Terms(Form):
    """Deal terms, and how strictly the deal desk guards them."""

    concessions: tuple[Concession, ...] = ()
    """What may be conceded; a deal gets at most one."""
    approved_so_far: Share = 1.0
    """Share of what was asked for that the history, whose rates hold it already, granted; 0%: the history
    knows no such concessions.
    """
    approved: Share | None = None
    """Share granted from as_of on; as so far where left out, all where it was none."""
    strict_desk: Share = 0.3
    """Share that a strict desk would grant, for the comparison."""
    success_plan: SuccessPlan | None = None
    """The gate before closed-won."""
    value_years: Whole = Field(5, ge=1, le=8)
    """Years over which a customer's value is counted."""
    discount_rate: Share = 0.0
    """Yearly rate at which later money counts for less."""

    @property
    def stated(self) -> bool:
        """Whether there is anything to simulate."""
        return bool(self.concessions) or self.success_plan is not None

    def granted(self, concession: Concession) -> float:
        """Return the share of a concession asked for that is granted from as_of on."""
        for stated in (concession.approved, self.approved):
            if stated is not None:
                return stated
        return self.approved_so_far if self.approved_so_far > 0.0 else 1.0

    @model_validator(mode="after")
    def _once_each(self) -> Terms:
        if twice := repeated(item.name for item in self.concessions):
            raise ReadingError(f"concession {twice} is there twice", "Give each concession its own name.")
        named = [name for item in self.concessions for name in item.segments or ()]
        for segment in (None, *dict.fromkeys(named)):
            asked = sum(c.deals for c in self.concessions if c.segments is None or segment in c.segments)
            if asked > 1.0 + 1e-9:
                where = f" in {segment}" if segment else ""
                raise ReadingError(
                    f"the shares of deals{where} sum to {percent_text(asked)}",
                    "At most 100 %: a deal gets at most one concession.",
                )
        return self
