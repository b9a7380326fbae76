"""Which assumptions of deal terms the answer depends on: each over its own interval, on the same paths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from simulator.analysis.steps import Progress
from simulator.analysis.terms.policies import NONE, PLAN, STATED, TermsLab, policies
from simulator.scenario.deal_terms import Assumed, AssumedFactor, AssumedNumber, AssumedShare, Terms

Figure = AssumedFactor | AssumedShare | AssumedNumber

EFFECTS = ("win_odds", "cycle", "discount", "delivery_cost", "churn", "expansion", "time_to_value")
PLAN_EFFECTS = ("days", "time_to_value", "churn", "expansion")
PLAN_NAME = "success_plan"
WIDE = (0.5, 1.5)
"""An assumption without an interval is turned to half and to one and a half times its effect."""
LARGEST_SHARE = 0.95
COLUMNS = (
    "name",
    "concerns",
    "value",
    "low",
    "high",
    "source",
    "interval",
    "value_low",
    "value_now",
    "value_high",
    "swing",
)


@dataclass(frozen=True)
class Assumption:
    """One figure of the terms that is not known: where it stands, its interval and its source."""

    owner: str
    effect: str
    figure: Figure

    @property
    def name(self) -> str:
        """What it is called: ``quarter_end_discount: churn``."""
        return f"{self.owner}: {self.effect}"

    @property
    def source(self) -> str:
        """Where it is from, and what it rests on."""
        words = self.figure.source or "assumption"
        return f"{words}: {self.figure.because}" if self.figure.because else words

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high end of its interval."""
        own, (low, high) = self.figure, self._usual()
        return (own.low if own.low is not None else low, own.high if own.high is not None else high)

    @property
    def interval(self) -> str:
        """Whether the interval was stated."""
        if self.figure.low is not None or self.figure.high is not None:
            return "stated"
        return "half to one and a half times the effect"

    def _usual(self) -> tuple[float, float]:
        value = self.figure.value
        if isinstance(self.figure, AssumedFactor):
            low, high = sorted(value**power for power in WIDE)
            return low, high
        high = value * WIDE[1]
        return value * WIDE[0], min(high, LARGEST_SHARE) if isinstance(self.figure, AssumedShare) else high


def list_term_assumptions(terms: Terms) -> tuple[Assumption, ...]:
    """Return every figure of the terms that is assumed."""
    return tuple(_listed(terms))


def _listed(terms: Terms) -> Iterator[Assumption]:
    for item in terms.concessions:
        for effect in EFFECTS:
            figure = getattr(item, effect)
            if isinstance(figure, Assumed):
                yield Assumption(item.name, effect, figure)  # type: ignore[arg-type]
    if terms.success_plan is not None:
        for effect in PLAN_EFFECTS:
            figure = getattr(terms.success_plan, effect)
            if isinstance(figure, Assumed):
                yield Assumption(PLAN_NAME, effect, figure)  # type: ignore[arg-type]


def turned(terms: Terms, assumption: Assumption, value: float) -> Terms:
    """Return the terms with one assumption at another value."""
    figure = assumption.figure.model_copy(update={"value": value})
    if assumption.owner == PLAN_NAME and terms.success_plan is not None:
        plan = terms.success_plan.model_copy(update={assumption.effect: figure})
        return terms.model_copy(update={"success_plan": plan})
    items = tuple(
        item.model_copy(update={assumption.effect: figure}) if item.name == assumption.owner else item
        for item in terms.concessions
    )
    return terms.model_copy(update={"concessions": items})


def weigh_assumptions(lab: TermsLab, n_paths: int, progress: Progress | None = None) -> pd.DataFrame:
    """Return what each assumption, over its interval, does to the value gained by what it concerns.

    Parameters
    ----------
    lab : TermsLab
    n_paths : int
        Simulations for each end.
    progress : callable, optional
        Called with (runs done, runs in all).

    Returns
    -------
    DataFrame
        Widest swing first: name, concerns (the policy whose value against no concessions is looked at),
        value, low, high, source, interval, value_low, value_now, value_high (value gained at each end, in
        currency), swing (the widest of their differences).
    """
    terms = lab.scenario.terms
    assumed = list_term_assumptions(terms)
    now = {name: _gain(lab, terms, name, n_paths) for name in {_concerns(a) for a in assumed}}
    rows = []
    for place, item in enumerate(assumed):
        low, high = item.ends
        policy = _concerns(item)
        ends = [_gain(lab, turned(terms, item, end), policy, n_paths) for end in (low, high)]
        three = (*ends, now[policy])
        rows.append(
            {
                "name": item.name,
                "concerns": policy,
                "value": item.figure.value,
                "low": low,
                "high": high,
                "source": item.source,
                "interval": item.interval,
                "value_low": ends[0],
                "value_now": now[policy],
                "value_high": ends[1],
                "swing": max(three) - min(three),
            }
        )
        if progress is not None:
            progress(place + 1, len(assumed))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values("swing", ascending=False, kind="stable", ignore_index=True)


def _concerns(item: Assumption) -> str:
    return PLAN if item.owner == PLAN_NAME else STATED


def _gain(lab: TermsLab, terms: Terms, policy: str, n_paths: int) -> float:
    """Return the mean value that a policy gains against no concessions."""
    found = policies(terms)
    with_it, without = (lab.simulate(found[name], n_paths).value.sum(axis=1) for name in (policy, NONE))
    return float((with_it - without).mean())
