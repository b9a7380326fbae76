"""What deal terms, referrals and the operating plan assume, each with its source."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.analysis.operating import COLLECTION_DAYS
from simulator.analysis.term_assumptions import Assumption, list_term_assumptions
from simulator.scenario.schema import Scenario
from simulator.scenario.terms import Assumed

REFERRAL_FIGURES = ("per_customer_per_year", "win_odds", "cycle", "price_rises")


def plan_assumptions(scenario: Scenario) -> list[dict[str, str]]:
    """Return name, value and source of what is assumed; nothing of what a scenario does not state."""
    return [*_terms(scenario), *_referrals(scenario), *_operating(scenario)]


def _terms(scenario: Scenario) -> Iterator[dict[str, str]]:
    for item in list_term_assumptions(scenario.terms):
        yield _listed(f"deal terms: {item.name}", item)
    if scenario.terms.concessions:
        share = f"{scenario.terms.approved_so_far:.0%} of what was asked for"
        yield {"name": "concessions granted in the history", "value": share, "source": "scenario"}


def _referrals(scenario: Scenario) -> Iterator[dict[str, str]]:
    if not scenario.referrals.stated:
        return
    for name in REFERRAL_FIGURES:
        figure = getattr(scenario.referrals, name)
        if isinstance(figure, Assumed):
            yield _listed(f"referrals: {name}", Assumption("referrals", name, figure))  # type: ignore[arg-type]
    if scenario.referrals.per_customer_per_year is None:
        source = f"calibrated: deals of source '{scenario.referrals.source_name}' / happy customers"
        yield {"name": "referrals: per_customer_per_year", "value": "as in the history", "source": source}


def _operating(scenario: Scenario) -> Iterator[dict[str, str]]:
    if scenario.operating.stated and scenario.operating.collection_days is None:
        value, source = COLLECTION_DAYS
        yield {"name": "days to collect", "value": f"{value:g}", "source": source}


def _listed(name: str, item: Assumption) -> dict[str, str]:
    low, high = item.figure.low, item.figure.high
    span = f" ({low:g} to {high:g})" if low is not None and high is not None else ""
    return {"name": name, "value": f"{item.figure.value:g}{span}", "source": item.source}
