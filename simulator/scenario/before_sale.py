"""What raises or lowers the odds of winning before the sale: help with deals, and what reps are paid for."""

from __future__ import annotations

from pydantic import Field, model_validator

from simulator.scenario.deal_terms import FactorOf
from simulator.scenario.form import Form, Name, Positive, PositiveMoney, Share
from simulator.scenario.numbers import ReadingError


class OfVariableShare(Form):
    """What ten points more variable pay of the reps do."""

    win_odds: FactorOf
    """Factor on the rate of winning for ten points more."""
    observed: Share
    """The variable share that the rates were earned with."""


class OfQuota(Form):
    """What a tenth more quota for each rep does."""

    win_odds: FactorOf
    """Factor on the rate of winning for a tenth more."""
    observed: PositiveMoney | None = None
    """The quota that the rates were earned with; that of the history where left out."""


class BeforeSale(Form):
    """Help with deals, and the reps' pay plan."""

    role: Name = "specialist"
    """The role that helps with deals, such as sales engineers."""
    reps_per_head: Positive | None = None
    """Account executives whose deals a ramped head keeps up with."""
    win_odds: FactorOf | None = None
    """Factor on the rate of winning where none of the role has time: x1 or less."""
    variable_share: OfVariableShare | None = Field(None, description="Of the reps' variable pay.")
    quota: OfQuota | None = Field(None, description="Of the reps' quota.")

    @model_validator(mode="after")
    def _whole(self) -> BeforeSale:
        if (self.win_odds is None) != (self.reps_per_head is None):
            raise ReadingError(
                "says half of what help with deals is worth", "Write {reps_per_head: 4, win_odds: x0.8}."
            )
        if self.win_odds is not None and max(self.win_odds.value, self.win_odds.high or 0.0) > 1:
            raise ReadingError(
                f"win_odds: x{self.win_odds.value:g} is out of range",
                "It is what is left without: x1 or less.",
            )
        return self
