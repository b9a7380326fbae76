"""Levers: what a scenario may raise or lower, by name, for some segments, for some months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    create_model,
    field_validator,
    model_validator,
)

from simulator.scenario.form import Factor, Form, Month, Segments, check_months
from simulator.scenario.numbers import ReadingError, month_text


@dataclass(frozen=True)
class LeverKind:
    """One lever: its name, what it means, what it multiplies and how far it may be set.

    Parameters
    ----------
    name : str
        Key in the scenario file.
    meaning : str
        In the words of someone from finance.
    multiplies : str
        The quantity of the model that it multiplies.
    low, high : float
        Smallest and largest factor allowed.
    by_source : bool
        Whether it may be set for one source of deals only.
    by_month : bool
        Whether it may be set for some months only.
    """

    name: str
    meaning: str
    multiplies: str
    low: float
    high: float
    by_source: bool = False
    by_month: bool = True


LEVERS: dict[str, LeverKind] = {
    lever.name: lever
    for lever in (
        LeverKind("close_odds", "how readily deals are won", "rate of winning, from any category", 0, 10),
        LeverKind(
            "no_decision",
            "how readily customers decide to do nothing",
            "rate of losing to no decision",
            0,
            10,
        ),
        LeverKind(
            "competitive_losses",
            "how readily deals go to a competitor",
            "rate of losing to competition",
            0,
            10,
        ),
        LeverKind("velocity", "how fast deals move and close", "all rates of moving and closing", 0, 10),
        LeverKind(
            "slippage",
            "how many of the deals due in a quarter are still open when it ends",
            "share of due deals that slip; below x1 those that no longer do end in their quarter at the odds "
            "that they have anyway, above x1 deals take longer in the month in which they are due",
            0,
            5,
            by_month=False,
        ),
        LeverKind(
            "push_length", "how far a deal is put off", "months that a push adds", 0, 10, by_month=False
        ),
        LeverKind(
            "pull_ins",
            "how readily deals close before the month that they are due in",
            "chance to be won or lost in a month before that; they move as much faster, at the same odds",
            0.1,
            5,
            by_month=False,
        ),
        LeverKind(
            "sals", "how many deals are qualified", "sales accepted leads per month", 0, 20, by_source=True
        ),
        LeverKind("amount", "how large new deals are", "amount of new deals", 0.01, 20, by_month=False),
        LeverKind(
            "close_multiplier",
            "what is signed of the amount expected (discounts are below 1)",
            "signed amount / open amount",
            0.01,
            5,
            by_month=False,
        ),
        LeverKind("churn", "how readily customers leave", "odds that a customer leaves at a renewal", 0, 20),
        LeverKind(
            "expansion",
            "how often customers grow",
            "rate of growth events, and of expansion deals signed",
            0,
            20,
        ),
        LeverKind(
            "contraction", "how often customers renew for less", "chance of a contraction at a renewal", 0, 20
        ),
        LeverKind("price_rise", "how far prices rise at renewals", "size of price rises", 0, 10),
        LeverKind(
            "time_to_value",
            "how long new customers take to first value",
            "months to first value, before which they do not grow",
            0,
            10,
        ),
        LeverKind(
            "ramp", "how long new people need", "months of tenure to productivity", 0, 10, by_month=False
        ),
        LeverKind("attrition", "how readily people leave", "rate of leaving", 0, 20, by_month=False),
        LeverKind(
            "open_deals_per_rep",
            "how many deals a rep can work",
            "open deals that a ramped rep can work at once",
            0,
            1000,
            by_month=False,
        ),
        LeverKind(
            "patience",
            "how long qualified deals wait for a rep",
            "days until those who wait give up",
            0.01,
            1000,
            by_month=False,
        ),
    )
}
"""All levers by name. A new one is one entry here, and its use in the engine."""


@dataclass(frozen=True)
class Lever:
    """A lever as a scenario sets it.

    Parameters
    ----------
    name : str
        Key of ``LEVERS``.
    factor : float
        What it multiplies by.
    segments : tuple of str, optional
        Only these; None: all.
    source : str, optional
        Only deals from this source; None: all.
    from_month, until_month : int, optional
        First and last month number in force, both included; None: without limit.
    """

    name: str
    factor: float
    segments: tuple[str, ...] | None = None
    source: str | None = None
    from_month: int | None = None
    until_month: int | None = None

    def __str__(self) -> str:
        words = [f"{self.name} x{self.factor:.6g}"]
        if self.segments is not None:
            words.append("for " + ", ".join(self.segments))
        if self.source is not None:
            words.append(f"from source {self.source}")
        if self.from_month is not None:
            words.append(f"from {month_text(self.from_month)}")
        if self.until_month is not None:
            words.append(f"until {month_text(self.until_month)}")
        return " ".join(words)


class LeverUse(Form):
    """How far a lever is set, and for what."""

    factor: Factor
    """What to multiply by: +20%, -10%, x0.8 or 1.1."""
    segments: Segments = Field(None, min_length=1)
    """Only these segments; all where left out."""
    source: str | None = None
    """Only deals from this source (lever sals)."""
    from_month: Month | None = Field(None, alias="from")
    """First month in force, such as 2027-01."""
    until_month: Month | None = Field(None, alias="until")
    """Last month in force, such as 2027-06."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> LeverUse:
        check_months(self.from_month, self.until_month)
        return self


def _uses(value: object) -> object:
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, (dict, LeverUse)) else {"factor": item} for item in items]


Uses = Annotated[tuple[LeverUse, ...], BeforeValidator(_uses, Factor | LeverUse | list[Factor | LeverUse])]


class _LeverForm(Form):
    @field_validator("*")
    @classmethod
    def _allowed(cls, uses: tuple[LeverUse, ...], info: ValidationInfo) -> tuple[LeverUse, ...]:
        kind = LEVERS[str(info.field_name)]
        for use in uses:
            if not kind.low <= use.factor <= kind.high:
                raise ReadingError(
                    f"x{use.factor:g} is out of range",
                    f"{kind.name} may be set from x{kind.low:g} to x{kind.high:g}.",
                )
            if not kind.by_month and (use.from_month is not None or use.until_month is not None):
                raise ReadingError(
                    f"{kind.name} cannot be set for some months only",
                    "Remove 'from' and 'until': it then holds throughout.",
                )
            if use.source is not None and not kind.by_source:
                can = ", ".join(k.name for k in LEVERS.values() if k.by_source)
                raise ReadingError(f"{kind.name} cannot be set for one source", f"Only {can} can.")
        return uses


def _lever_field(kind: LeverKind) -> Any:
    description = f"{kind.meaning[0].upper()}{kind.meaning[1:]}: multiplies the {kind.multiplies}."
    return (Uses, Field((), description=description))


LeverForm: type[Form] = create_model(
    "Levers",
    __base__=_LeverForm,
    __doc__="Levers by name; each a factor, or a list of factors for some segments or months.",
    **{kind.name: _lever_field(kind) for kind in LEVERS.values()},
)
"""The ``levers`` section of a scenario file."""


def _levers_of(value: object, read: ValidatorFunctionWrapHandler) -> tuple[Lever, ...]:
    """Return levers in the order of ``LEVERS``; a tuple of them stays as it is."""
    if isinstance(value, tuple) and all(isinstance(item, Lever) for item in value):
        return value
    form = read(value)
    return tuple(
        Lever(name, use.factor, use.segments, use.source, use.from_month, use.until_month)
        for name in LEVERS
        for use in getattr(form, name)
    )


def _written(levers: tuple[Lever, ...]) -> dict[str, list[dict[str, Any]]]:
    uses: dict[str, list[dict[str, Any]]] = {}
    for lever in levers:
        use = {
            "factor": lever.factor,
            "segments": list(lever.segments) if lever.segments is not None else None,
            "source": lever.source,
            "from": month_text(lever.from_month) if lever.from_month is not None else None,
            "until": month_text(lever.until_month) if lever.until_month is not None else None,
        }
        kept = {key: value for key, value in use.items() if value is not None}
        uses.setdefault(lever.name, []).append(kept)
    return uses


if TYPE_CHECKING:
    Levers = tuple[Lever, ...]
else:
    Levers = Annotated[LeverForm, WrapValidator(_levers_of), PlainSerializer(_written)]
"""Levers: written by name in a scenario file, read as a tuple."""


def named_lever_segments(levers: tuple[Lever, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the places where levers name a segment, and the names."""
    uses = [(lever, sum(other.name == lever.name for other in levers[:i])) for i, lever in enumerate(levers)]
    return [
        (("levers", lever.name, use, "segments", j), name)
        for lever, use in uses
        for j, name in enumerate(lever.segments or ())
    ]
