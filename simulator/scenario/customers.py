"""Customers in a scenario: rates in place of calibrated ones, and customers where no history lists them."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from simulator.scenario.form import Day, Form, Number, Positive, PositiveMoney, Share, Whole, short
from simulator.scenario.numbers import ReadingError, read_number

Driver = Literal["price", "consumption", "seats_organic", "seats_proactive", "features", "new_solution"]

DEFAULT_STEP = 0.05
LARGEST_RATIO = 10.0


def read_ratio(value: object) -> float:
    """Return a share of ARR, which may exceed the whole, from ``8%``, ``150%`` or ``0.08``.

    Raises
    ------
    ReadingError
        Not a number, negative, or above 1000 %.
    """
    example = "Write it as 8% or 0.08."
    if isinstance(value, str) and value.strip().endswith("%"):
        ratio = read_number(value.strip()[:-1].rstrip()) / 100
    else:
        ratio = read_number(value)
    if ratio > LARGEST_RATIO:
        raise ReadingError(f"'{str(value)[:20]}' is more than ten times the ARR", f"{example}")
    return ratio


def read_positive_ratio(value: object) -> float:
    """Return a share of ARR above zero; see ``read_ratio``."""
    ratio = read_ratio(value)
    if ratio == 0:
        raise ReadingError(f"'{str(value)[:20]}' is not above zero", "Write it as 5% or 0.05.")
    return ratio


Ratio = Annotated[
    float, BeforeValidator(read_ratio, float | str), Field(json_schema_extra={"examples": ["8%"]})
]
PositiveRatio = Annotated[
    float, BeforeValidator(read_positive_ratio, float | str), Field(json_schema_extra={"examples": ["5%"]})
]


class Growth(Form):
    """Growth by one driver: a share a year, or events a year of some size."""

    per_year: Ratio | None = None
    """ARR grows by this share a year: 8%."""
    step: PositiveRatio | None = None
    """Share of ARR by which each event grows it; 5% where left out."""
    events_per_year: Number | None = None
    """Growth events per customer and year; deals signed, where growth must be sold."""
    size: PositiveRatio | None = None
    """Share of ARR that each event adds."""

    @model_validator(mode="after")
    def _one_form(self) -> Growth:
        yearly, counted = self.per_year is not None, self.events_per_year is not None
        if yearly == counted or counted != (self.size is not None) or (counted and self.step is not None):
            raise ReadingError(
                "says the growth in no or in two ways",
                "Write 8%, or {per_year: 8%, step: 5%}, or {events_per_year: 0.3, size: 20%}.",
            )
        return self

    @property
    def event_size(self) -> float:
        """Share of ARR that each event adds."""
        return self.size if self.size is not None else self.step or DEFAULT_STEP

    @property
    def per_month(self) -> float:
        """Events per month; with rate λ and size s the mean ARR grows by exp(12 λ s) a year."""
        if self.events_per_year is not None:
            return self.events_per_year / 12
        return math.log1p(self.per_year or 0.0) / (12 * self.event_size)


class Change(Form):
    """What happens at some of the renewals that are kept."""

    share: Share
    """Share of renewals that it happens at."""
    size: Ratio
    """Share of ARR."""


class Reactivation(Form):
    """Customers who have left and come back."""

    per_year: Share
    """Share of those who have left that come back within a year."""
    size: Ratio = 1.0
    """Share of the ARR that they had."""

    @property
    def per_month(self) -> float:
        """Rate per month: a share s within a year is -log(1 - s) a year."""
        return math.inf if self.per_year >= 1 else -math.log1p(-self.per_year) / 12


class CustomerRates(Form):
    """What customers of a segment do; what is given here replaces what is calibrated."""

    annual_churn: Share | None = None
    """Share of customers who leave in their first year."""
    alike: Positive | None = None
    """How alike customers are in this: alpha + beta of the Beta distribution; left out: all the same."""
    evidence_customers: Positive | None = None
    """How many customers the churn rests on; taken as certain where left out."""
    term_months: Whole | None = Field(None, ge=1, le=120)
    """Length of new contracts."""
    expansion: dict[Driver, Annotated[Growth, short("per_year", Growth | Ratio)]] = Field({})
    """Growth by driver."""
    cycle_days: Positive | None = None
    """Median sales cycle of expansion deals."""
    time_to_value_months: Number | None = None
    """Median months from the start until growth can begin."""
    price_rise: Change | None = None
    """Renewals that come with a price rise."""
    contraction: Change | None = None
    """Renewals that come with less."""
    reactivation: Reactivation | None = None
    """Customers who come back."""
    arr_per_amount: Positive | None = Field(None, le=10)
    """ARR of a new customer as a share of the amount signed."""

    @property
    def replaces_rates(self) -> bool:
        """Whether any rate is given here."""
        return self != CustomerRates()


class ExistingCustomer(Form):
    """A customer of as_of, where no history lists them."""

    id: str = Field(min_length=1)
    """Name of the customer."""
    segment: str
    """Its segment."""
    arr: PositiveMoney
    """Its annual recurring revenue at as_of."""
    start_date: Day
    """First day of its first contract."""
    term_months: Whole = Field(12, ge=1, le=120)
    """Length of its contract."""


class Customers(Form):
    """Which customers there are, and whether they are simulated."""

    simulate: bool = True
    """Whether customers are simulated where they are known."""
    existing: tuple[ExistingCustomer, ...] = ()
    """Customers of as_of, where no history lists them."""
