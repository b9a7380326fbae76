"""Referrals in a scenario: what happy customers bring in, and what prices they bear."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from simulator.scenario.form import Form
from simulator.scenario.numbers import ReadingError
from simulator.scenario.terms import AssumedNumber, FactorOf, NumberOf, Segments

MOST_PER_YEAR = 2.0


class Referrals(Form):
    """Customers who reached first value and stayed refer others, and bear price rises."""

    source: str | None = Field(
        None,
        min_length=1,
        description="Source of demand that they take the place of; 'referral' where left out.",
    )
    per_customer_per_year: NumberOf | None = Field(
        None,
        description="Qualified deals that a happy customer brings in a year; else as the history has it.",
    )
    after: Literal["first_value", "first_renewal"] | None = Field(
        None, description="When a customer is happy: from first value, or from the first renewal after it."
    )
    win_odds: FactorOf | None = Field(
        None, description="Factor on the rate of winning such deals; else as calibrated for the source."
    )
    cycle: FactorOf | None = Field(None, description="Factor on the length of their sales cycle.")
    price_rises: FactorOf | None = Field(
        None, description="Factor on the size of the price rises that happy customers bear at renewals."
    )
    segments: Segments = Field(None, description="Only these segments; all where left out.", min_length=1)

    @field_validator("per_customer_per_year")
    @classmethod
    def _no_avalanche(cls, rate: AssumedNumber | None) -> AssumedNumber | None:
        if rate is not None and max(rate.value, rate.high or 0.0) > MOST_PER_YEAR:
            raise ReadingError(
                f"{max(rate.value, rate.high or 0.0):g} referrals a customer and year is out of range",
                f"At most {MOST_PER_YEAR:g}: more would grow without bounds.",
            )
        return rate

    @property
    def stated(self) -> bool:
        """Whether referrals are simulated."""
        return self != Referrals()

    @property
    def source_name(self) -> str:
        """Source of demand that they take the place of."""
        return self.source or "referral"

    @property
    def renewals_behind(self) -> int:
        """Renewals that a happy customer has behind it."""
        return 1 if (self.after or "first_renewal") == "first_renewal" else 0

    def holds_for(self, segment: str) -> bool:
        """Return whether customers of a segment refer others."""
        return self.stated and (self.segments is None or segment in self.segments)


def named_referral_segments(referrals: Referrals) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the places where the referrals name a segment, and the names."""
    return [(("referrals", "segments", j), name) for j, name in enumerate(referrals.segments or ())]
