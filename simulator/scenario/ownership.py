"""Who does what after the signature, what work that is, and what becomes of customers without it."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BeforeValidator, Field, field_validator, model_validator

from simulator.scenario.before_sale import BeforeSale
from simulator.scenario.deal_terms import Assumed
from simulator.scenario.form import Form, Name, Number, Positive, Share, short
from simulator.scenario.numbers import ReadingError, percent_text

AE = "ae"
NOBODY = "nobody"
Activity = Literal["new_logo", "adoption", "renewal", "expansion_more_of_same", "expansion_new_sale"]
ACTIVITIES = ("adoption", "renewal", "expansion_more_of_same", "expansion_new_sale")
"""What is done for customers, in axis order; new logos are the AEs' own."""

Of = TypeVar("Of")
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
            f"names {NOBODY} next to a role", "Leave it out: what is missing to 100 % is done by nobody."
        )
    return shares


class ByActivity(Form, Generic[Of]):
    """What is said of each activity after the signature."""

    adoption: Of | None = Field(None, description="Bringing customers to use what they bought.")
    renewal: Of | None = Field(None, description="Renewing contracts.")
    expansion_more_of_same: Of | None = Field(None, description="Growth in what customers use already.")
    expansion_new_sale: Of | None = Field(
        None, description="Selling what customers do not use yet: deals with a cycle of their own."
    )


Owners = Annotated[dict[str, Share], BeforeValidator(_shares, str | dict[str, Share])]
Option = Literal["all_sales", "split", "all_csm", "mirrored"]


class OwnerTable(ByActivity[Owners]):
    """Who does each activity: a role, or roles with their shares; ``nobody`` where no one does."""

    like: Option | None = Field(None, description="Start from this option; the rest says what differs.")
    new_logo: Owners | None = Field(None, description="Who wins new customers: ae, and no one else.")
    common_book: bool | None = Field(
        None, description="Whether the roles share one book of accounts, which eases hand-offs."
    )

    @field_validator(*ACTIVITIES)
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


LARGEST_ODDS, LEAST_SHARE = 50.0, 0.01


class Work(Form):
    """Hours that an activity asks for."""

    hours_per_account: Number | None = Field(None, description="Hours a month for each customer.")
    hours_per_new_account: Number | None = Field(None, description="Hours once, for each new customer.")
    hours_per_renewal: Number | None = Field(None, description="Hours for each contract that is due.")
    hours_per_deal: Number | None = Field(
        None, description="Hours for each expansion deal there is to be signed."
    )


class ActivityWork(Work):
    """Hours that an activity asks for, by segment where they differ."""

    segments: dict[Name, Work] = Field({}, description="Hours by segment.")

    def of(self, segment: str) -> Work:
        """Return what is stated for a segment, over what is stated for all."""
        own = self.segments.get(segment)
        given = {} if own is None else own.model_dump(exclude_none=True)
        return Work.model_validate({**self.model_dump(exclude_none=True, exclude={"segments"}), **given})


class Activities(ByActivity[ActivityWork]):
    """Work per activity; what is left out is set so that a published book keeps one CSM busy."""


class Worst(Assumed[Positive]):
    """A factor on a rate where an activity is not done at all."""

    value: Positive
    """The factor at no coverage."""

    @property
    def interval(self) -> tuple[float, float]:
        """The 80 % interval; the value itself where none is given."""
        return self.low or self.value, self.high or self.value


Worse = Annotated[Worst | None, short("value", Worst | Positive | None)]


class ActivityEffects(Form):
    """What an activity that is not done at all does: factors, 1 being nothing."""

    churn: Worse = Field(None, description="Factor on the odds to churn at a renewal: 1 or more.")
    expansion: Worse = Field(None, description="Share of the growth by itself that is left: 1 or less.")
    expansion_sold: Worse = Field(None, description="Share of expansion deals that is left: 1 or less.")
    time_to_value: Worse = Field(None, description="Factor on the months to first value: 1 or more.")

    @model_validator(mode="after")
    def _in_range(self) -> ActivityEffects:
        for name in ("churn", "time_to_value"):
            worst: Worst | None = getattr(self, name)
            if worst is not None and not (worst.value >= 1 and worst.interval[1] <= LARGEST_ODDS):
                raise ReadingError(
                    f"{name}: {worst.value:g} is out of range",
                    f"It makes things worse: 1 to {LARGEST_ODDS:g}, 1 being no effect.",
                )
        for name in ("expansion", "expansion_sold"):
            worst = getattr(self, name)
            if worst is not None and not (worst.value <= 1 and worst.interval[0] >= LEAST_SHARE):
                raise ReadingError(
                    f"{name}: {worst.value:g} is out of range",
                    f"It is the share that is left: {LEAST_SHARE:g} to 1, 1 being no effect.",
                )
        return self


def _owned(value: object) -> object:
    return {"all": value} if isinstance(value, str) else value


class Effects(ByActivity[ActivityEffects]):
    """What activities not done after the signature do to customers, and help before it to deals."""

    simulate: bool = Field(True, description="Whether roles change what customers do.")
    observed_coverage: Literal["as_of", "full"] = Field(
        "as_of",
        description="The coverage that the rates of customers were earned at: that of as_of, or full.",
    )
    observed_ownership: Annotated[Ownership | None, BeforeValidator(_owned, Ownership | str | None)] = Field(
        None, description="Who did what when they were earned; as 'ownership' says where left out."
    )
    hand_off_per_cycle_month: Share | None = Field(
        None, description="What is lost at a hand-off from the AE for each month of the sales cycle."
    )
    common_book_relief: Share | None = Field(
        None, description="Share of that loss which a common book of accounts avoids."
    )
    neglect_of_unpaid: Share | None = Field(
        None, description="Share of an activity neglected by a role with all pay at risk, none of it for it."
    )
    before_sale: BeforeSale | None = Field(
        None, description="What help with deals and the reps' pay plan do to the odds of winning."
    )

    @property
    def helper(self) -> str | None:
        """The role that helps with deals before the sale; None: none is said to."""
        stated = self.before_sale
        return stated.role if stated is not None and stated.win_odds is not None else None
