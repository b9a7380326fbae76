"""The segments of a scenario: how they are covered, and rates that replace the calibrated ones."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from simulator.history.tables import CATEGORIES, OUTCOMES
from simulator.scenario.customers import CustomerRates
from simulator.scenario.form import (
    Day,
    Form,
    Money,
    Number,
    Positive,
    PositiveMoney,
    Share,
    Whole,
    short,
)
from simulator.scenario.numbers import ReadingError, percent_text

Category = Literal["pipeline", "best_case", "commit"]
Destination = Literal["pipeline", "best_case", "commit", "won", "lost_competition", "lost_no_decision"]
Motion = Literal["enterprise", "smb"]

ROUNDING = 0.005
"""Shares written to the nearest percent may miss the whole by this much; they are scaled to sum to 1."""


class AmountRates(Form):
    """Amounts of new deals: log-normal by median and mean, or all the same."""

    median: PositiveMoney | None = None
    """Half of the new deals are larger."""
    mean: PositiveMoney | None = None
    """Average amount; above the median where few are large."""
    fixed: PositiveMoney | None = None
    """Every new deal has this amount."""

    @model_validator(mode="after")
    def _one_form(self) -> AmountRates:
        given = [name for name in ("median", "mean", "fixed") if getattr(self, name) is not None]
        if given not in (["median", "mean"], ["fixed"]):
            raise ReadingError(
                f"amount has {' and '.join(given) or 'nothing'}",
                "Write {median: 12k, mean: 18k} or {fixed: 10k}.",
            )
        if self.median is not None and self.mean is not None and self.mean < self.median:
            raise ReadingError(
                "the mean is below the median",
                "Amounts have a long upper tail: the mean is at least the median.",
            )
        return self

    @property
    def log_mean(self) -> float:
        """Mean of the logarithm of the amount."""
        return math.log(self.fixed if self.fixed is not None else self.median or math.nan)

    @property
    def log_sd(self) -> float:
        """Standard deviation of the logarithm; mean / median of a log-normal is exp(sd² / 2)."""
        if self.median is None or self.mean is None:
            return 0.0
        return math.sqrt(2 * math.log(self.mean / self.median))


class Stay(Form):
    """What becomes of a deal that is in a category, and how long it takes."""

    to: dict[Destination, Share]
    """Share of deals that goes to each category or outcome next; sums to 100 %."""
    median_days: Positive
    """Half of the deals have left after this many days."""

    @field_validator("to")
    @classmethod
    def _sums_to_whole(cls, to: dict[Destination, float]) -> dict[Destination, float]:
        total = sum(to.values())
        if abs(total - 1) > ROUNDING + 1e-9:
            parts = ", ".join(f"{name} {percent_text(share)}" for name, share in to.items())
            change = "add" if total < 1 else "take away"
            raise ReadingError(
                f"the shares ({parts}) sum to {percent_text(total)}, not 100 %",
                f"Every deal goes somewhere: {change} {percent_text(abs(1 - total))}.",
            )
        return to if total == 1 else {name: share / total for name, share in to.items()}


class Segment(Form):
    """One segment of the market; rates given here replace the calibrated ones."""

    motion: Motion = "enterprise"
    """How coverage is counted: by quarter, or as SMB."""
    sals_per_month: Number | None = None
    """Qualified deals (SALs) created per month."""
    sals_dispersion: Positive | None = None
    """Size of the negative binomial of SALs per month; Poisson where left out."""
    amount: Annotated[AmountRates | None, short("fixed", AmountRates | PositiveMoney | None)] = None
    """Amount of new deals."""
    close_in_days: Positive | None = None
    """Median days from qualification to the close date that is first planned."""
    pipeline: Stay | None = None
    """Deals in pipeline."""
    best_case: Stay | None = None
    """Deals in best case."""
    commit: Stay | None = None
    """Deals in commit."""
    evidence_deals: Positive | None = None
    """How many deals the shares rest on; the rates are taken as certain where left out."""
    customers: CustomerRates | None = None
    """What those who have signed do next."""

    @field_validator(*CATEGORIES)
    @classmethod
    def _leaves(cls, stay: Stay | None, info: ValidationInfo) -> Stay | None:
        if stay is not None and info.field_name in stay.to:
            raise ReadingError(
                f"deals cannot go from {info.field_name} to {info.field_name}",
                "Leave it out: median_days says how long they stay.",
            )
        return stay

    @property
    def stays(self) -> dict[str, Stay]:
        """The categories whose rates are given here."""
        return {name: stay for name in CATEGORIES if (stay := getattr(self, name)) is not None}

    @property
    def entry_category(self) -> str:
        """Category in which new deals start where only the rates given here are known."""
        return next(iter(self.stays), CATEGORIES[0])

    @property
    def replaces_rates(self) -> bool:
        """Whether any rate is given here."""
        rates = (self.sals_per_month, self.sals_dispersion, self.amount, self.close_in_days)
        return bool(self.stays) or any(rate is not None for rate in rates)


def missing_parts(segment: Segment) -> list[str]:
    """Return the keys that a segment needs to be simulated without history, and does not have.

    A segment may have customers only, and no deals.
    """
    if segment.customers is not None and not segment.replaces_rates:
        return [] if segment.customers.annual_churn is not None else ["customers.annual_churn"]
    missing = [key for key in ("sals_per_month", "amount") if getattr(segment, key) is None]
    if not segment.stays:
        return [*missing, "pipeline"]
    reached = {to for stay in segment.stays.values() for to, share in stay.to.items() if share > 0}
    return missing + [name for name in CATEGORIES if name in reached and name not in segment.stays]


def never_ends(segment: Segment) -> list[str]:
    """Return the categories of a segment from which no deal can ever be won or lost."""
    ends = set(OUTCOMES)
    for _ in CATEGORIES:
        ends |= {name for name, stay in segment.stays.items() if any(stay.to.get(e, 0) > 0 for e in ends)}  # type: ignore[call-overload]
    return [name for name in segment.stays if name not in ends]


class OpenDeal(Form):
    """A deal that is open at as_of, where no history lists them."""

    id: str = Field(min_length=1)
    """Name of the deal."""
    segment: str
    """Its segment."""
    category: Category
    """Its forecast category."""
    amount: Money
    """Its amount."""
    close_date: Day | None = None
    """Day the rep says it will close."""
    age_months: Whole = Field(0, le=600)
    """Calendar months since it entered the category."""
    pushes: Whole = Field(0, le=1000)
    """How often its close date was moved later."""
