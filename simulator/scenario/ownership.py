"""Ownership in a scenario: which role does which activity after the signature, by segment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from simulator.scenario.form import Form, Name, Share
from simulator.scenario.numbers import ReadingError, percent_text

AE = "ae"
NOBODY = "nobody"
Activity = Literal["new_logo", "adoption", "renewal", "expansion_more_of_same", "expansion_new_sale"]
NEW_LOGO = "new_logo"
ACTIVITIES = ("adoption", "renewal", "expansion_more_of_same", "expansion_new_sale")
"""What is done for customers, in axis order; new logos are the AEs' own."""

Shares = dict[str, float]

OPTIONS: dict[str, dict[str, Shares]] = {
    "all_sales": {activity: {AE: 1.0} for activity in ACTIVITIES},
    "split": {
        "adoption": {"csm": 1.0},
        "renewal": {"csm": 1.0},
        "expansion_more_of_same": {AE: 1.0},
        "expansion_new_sale": {AE: 1.0},
    },
    "all_csm": {activity: {"csm": 1.0} for activity in ACTIVITIES},
    "mirrored": {
        "adoption": {"csm": 1.0},
        "renewal": {"account_manager": 0.5, "csm": 0.5},
        "expansion_more_of_same": {"account_manager": 0.5, "csm": 0.5},
        "expansion_new_sale": {"account_manager": 1.0},
    },
}
"""Who does what by option: sales does all; sales everything new and CSMs the renewals; CSMs all; account
managers and CSMs on one common book."""
COMMON_BOOK = frozenset({"mirrored"})


def _shares(value: object) -> object:
    return {value: 1.0} if isinstance(value, str) else value


def _whole(shares: Shares) -> Shares:
    total = sum(shares.values())
    if total > 1 + 1e-9:
        raise ReadingError(
            f"the shares sum to {percent_text(total)}", "At most 100 %; what is missing is done by nobody."
        )
    if NOBODY in shares and len(shares) > 1:
        raise ReadingError(
            f"names {NOBODY} beside a role", "Leave it out: what is missing to 100 % is done by nobody."
        )
    return shares


Owners = Annotated[dict[str, Share], BeforeValidator(_shares, str | dict[str, Share])]
Option = Literal["all_sales", "split", "all_csm", "mirrored"]


class OwnerTable(Form):
    """Who does each activity: a role, or roles with their shares; ``nobody`` where no one does."""

    like: Option | None = Field(None, description="Start from this option; the rest says what differs.")
    new_logo: Owners | None = Field(None, description="Who wins new customers: ae, and no one else.")
    adoption: Owners | None = Field(None, description="Who brings customers to use what they bought.")
    renewal: Owners | None = Field(None, description="Who renews contracts.")
    expansion_more_of_same: Owners | None = Field(
        None, description="Who looks after growth in what customers use already."
    )
    expansion_new_sale: Owners | None = Field(
        None, description="Who sells what customers do not use yet: deals with a cycle of their own."
    )
    common_book: bool | None = Field(
        None, description="Whether the roles share one book of accounts, which eases hand-offs."
    )

    @field_validator("adoption", "renewal", "expansion_more_of_same", "expansion_new_sale")
    @classmethod
    def _sums(cls, shares: Shares | None) -> Shares | None:
        return None if shares is None else _whole(shares)

    @field_validator("new_logo")
    @classmethod
    def _by_ae(cls, shares: Shares | None) -> Shares | None:
        if shares is not None and shares != {AE: 1.0}:
            raise ReadingError("new customers are won by account executives", "Write 'new_logo: ae'.")
        return shares

    def owners(self, activity: str) -> Shares:
        """Return the share of each role in an activity; what is missing to the whole is done by nobody."""
        own: Shares | None = getattr(self, activity)
        if own is None:
            own = OPTIONS[self.like][activity] if self.like is not None else {}
        return {role: share for role, share in own.items() if role != NOBODY and share > 0.0}

    @property
    def shares_book(self) -> bool:
        """Whether hand-offs happen inside one common book."""
        return self.common_book if self.common_book is not None else self.like in COMMON_BOOK

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that does something after the signature, in order of first mention."""
        named = [role for activity in ACTIVITIES for role in self.owners(activity)]
        return tuple(dict.fromkeys(named))


def _table(value: object) -> object:
    return {"like": value} if isinstance(value, str) else value


Table = Annotated[OwnerTable, BeforeValidator(_table, Option | OwnerTable)]


class Ownership(Form):
    """Who does what after the signature, for all segments and by segment."""

    all: Table | None = Field(None, description="What holds for every segment that says nothing else.")
    segments: dict[Name, Table] = Field({}, description="Ownership by segment.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if isinstance(value, str):
            return {"all": value}
        if isinstance(value, dict) and not {"all", "segments"} & set(value) and value:
            return {"all": value}
        return value

    @property
    def stated(self) -> bool:
        """Whether anything is said."""
        return self.all is not None or bool(self.segments)

    def of(self, segment: str) -> OwnerTable | None:
        """Return who does what in a segment; None where nothing is said of it."""
        return self.segments.get(segment, self.all)
