"""Demand in a scenario: where qualified deals come from, in place of what is calibrated."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from simulator.scenario.deal_terms import AssumedNumber, FactorOf, NumberOf
from simulator.scenario.form import Form, Money, Number, Segments, Share, Whole, one_of
from simulator.scenario.numbers import ReadingError

FUNNEL_KEYS = ("mql_share", "sql_share", "sal_share", "lag_months", "sdrs", "leads_per_sdr")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class DemandSource(Form):
    """Qualified deals (SALs) from one source, stated outright or as a funnel of leads."""

    source: str = Field(min_length=1)
    """Where they come from: marketing, partner, self_serve …"""
    segments: Annotated[tuple[str, ...], BeforeValidator(_listed, str | list[str])] = Field(min_length=1)
    """The segments that this holds for, each by itself."""
    sals_per_month: Number | None = None
    """SALs per month, season apart."""
    leads_per_month: Number | None = None
    """Leads per month, season apart."""
    mql_share: Share | None = None
    """Share of leads that become MQLs; else as calibrated."""
    sql_share: Share | None = None
    """Share of MQLs that become SQLs; else as calibrated."""
    sal_share: Share | None = None
    """Share of SQLs that are accepted; else as calibrated."""
    lag_months: Whole | None = Field(None, le=36)
    """Months from lead to SAL; until then the deals come as before."""
    sdrs: Number | None = None
    """Sales development reps who work these leads."""
    leads_per_sdr: Number | None = None
    """Leads that one of them can work in a month."""
    cost_per_lead: Money | None = None
    """What a lead costs; else as calibrated."""
    cost_per_sal: Money | None = None
    """What a SAL costs; else as calibrated."""

    _one_form = one_of(
        ("sals_per_month", "leads_per_month"),
        "source {source} says its demand",
        "Write 'sals_per_month', or 'leads_per_month' with its shares.",
    )

    @model_validator(mode="after")
    def _goes_together(self) -> DemandSource:
        extra = [key for key in FUNNEL_KEYS if getattr(self, key) is not None]
        if extra and self.sals_per_month is not None:
            raise ReadingError(
                f"{', '.join(extra)} belong to leads, but sals_per_month is given",
                "Remove them, or write 'leads_per_month' instead.",
            )
        if (self.sdrs is None) != (self.leads_per_sdr is None):
            raise ReadingError(
                "'sdrs' and 'leads_per_sdr' go together", "Give both, or neither: then every lead is worked."
            )
        return self

    @property
    def worked_leads(self) -> float:
        """Leads a month that are worked: SDRs may be too few for all."""
        leads = self.leads_per_month or 0.0
        if self.sdrs is None or self.leads_per_sdr is None:
            return leads
        return min(leads, self.sdrs * self.leads_per_sdr)


MOST_PER_YEAR = 2.0


class Referrals(Form):
    """Customers who reached first value and stayed refer others, and bear price rises."""

    source: str | None = Field(None, min_length=1)
    """Source of demand that they take the place of; 'referral' where left out."""
    per_customer_per_year: NumberOf | None = None
    """Qualified deals that an advocate brings in a year; else as the history has it."""
    after: Literal["first_value", "first_renewal"] | None = None
    """When a customer is an advocate: from first value, or from the first renewal after it."""
    win_odds: FactorOf | None = None
    """Factor on the rate of winning such deals; else as calibrated for the source."""
    cycle: FactorOf | None = None
    """Factor on the length of their sales cycle."""
    price_rises: FactorOf | None = None
    """Factor on the size of the price rises that advocates bear at renewals."""
    segments: Segments = Field(None, min_length=1)
    """Only these segments; all where left out."""

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
        """Renewals that an advocate has behind it."""
        return 1 if (self.after or "first_renewal") == "first_renewal" else 0

    def holds_for(self, segment: str) -> bool:
        """Return whether customers of a segment refer others."""
        return self.stated and (self.segments is None or segment in self.segments)
