"""The operating plan in a scenario: cash, collection, gross margin, and costs other than people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from simulator.scenario.form import (
    Form,
    Money,
    Month,
    Name,
    Number,
    Quarter,
    Share,
    check_months,
    one_of,
    repeated,
)
from simulator.scenario.numbers import ReadingError


class Cost(Form):
    """A cost that is no person's pay listed elsewhere: so much a month, or a share of revenue."""

    name: Name = Field(description="What it is: marketing, product, rent …")
    per_month: Money | None = Field(None, description="So much a month.")
    of_revenue: Share | None = Field(None, description="A share of revenue.")
    kind: Literal["acquisition", "post_sale", "other"] = Field(
        "other", description="Whether it is spent to win customers, to look after them, or neither."
    )
    from_month: Month | None = Field(None, alias="from", description="First month, such as 2027-01.")
    until_month: Month | None = Field(None, alias="until", description="Last month, such as 2027-06.")

    _one_form = one_of(
        ("per_month", "of_revenue"), "{name} says its cost", "Write {per_month: 200k} or {of_revenue: 15%}."
    )

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Cost:
        check_months(self.from_month, self.until_month)
        return self


class Operating(Form):
    """What turns the forecast into profit and cash."""

    opening_cash: Money | None = Field(None, description="Cash at as_of.")
    gross_margin: Share | None = Field(
        None, description="Gross margin on revenue; as 'reps.gross_margin', else 80 %, where left out."
    )
    collection_days: Number | None = Field(
        None, le=365, description="Days from the invoice to the money; 45 where left out."
    )
    paid_in_advance: Share = Field(
        0.0, description="Share of contracts invoiced a year ahead at the signature; the rest month by month."
    )
    overhead: Share = Field(
        0.0, description="What an account executive costs beyond pay, as a share of the OTE."
    )
    sdr_cost: Money | None = Field(None, description="What one of the SDRs of 'demand' costs a year.")
    other_costs: tuple[Cost, ...] = Field((), description="Costs other than the people listed elsewhere.")
    run_out_before: Quarter | None = Field(
        None, description="Fiscal quarter by whose end cash must last; the last one simulated where left out."
    )

    @property
    def stated(self) -> bool:
        """Whether the operating view is wanted."""
        return self != Operating()

    @field_validator("other_costs")
    @classmethod
    def _once_each(cls, costs: tuple[Cost, ...]) -> tuple[Cost, ...]:
        if twice := repeated(cost.name for cost in costs):
            raise ReadingError(f"{twice} is there twice", "Give each cost its own name.")
        return costs
