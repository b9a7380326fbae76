"""Deal terms of a scenario, as arrays for the kernels: what is conceded, and what goes with the customer."""

from __future__ import annotations

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.calibration import DESTINATIONS
from simulator.engine.plan.neutral import no_concessions
from simulator.kernels.deals.concessions import ConcessionPlan
from simulator.scenario.deal_terms import (
    AssumedFactor,
    AssumedNumber,
    AssumedShare,
    Concession,
    Terms,
)

WON = DESTINATIONS.index("won")
LAST_MONTH_SHARE = 0.5
"""Share of a quarter's signatures in its last month: by practitioners 35-40 % where bookings come evenly,
60-75 % where they do not. Used only to say what share of past signatures carried a concession."""
PROMISED = ("churn", "expansion", "time_to_value")
"""What a promise multiplies, in the order of the last axis of the promises."""


def concession_plan(terms: Terms, segments: tuple[str, ...]) -> ConcessionPlan:
    """Return the plan of the deal desk; the plan that does nothing where no terms are stated.

    The rates of the history hold what was conceded then: a deal without any is won a little less readily
    than they say, one with some more, so that the deals of the past come out as they were.

    Parameters
    ----------
    terms : Terms
    segments : tuple of str
        Axis order.
    """
    if not terms.stated:
        return no_concessions()
    items, gate = terms.concessions, terms.success_plan
    asked = asked_shares(terms, segments)
    factor = np.stack([np.ones((3, 8)), *(_factor(item) for item in items)])
    past = asked * terms.approved_so_far
    mean = 1.0 + np.einsum("sc,cld->sld", past, factor[1:] - 1.0)
    discount = np.array([0.0, *(figure(item.discount) for item in items)])
    kept = 1.0 - _signed_shares(terms, segments) @ discount[1:]
    return ConcessionPlan(
        asked_cdf=np.cumsum(asked, axis=1),
        granted=np.array([terms.granted(item) for item in items], dtype=np.float64),
        factor=factor[None] / mean[:, None],
        in_force=np.array([[0, 0, 0], *(_months(item) for item in items)], dtype=np.int64),
        price=(1.0 - discount)[None] / kept[:, None],
        discount=discount / (1.0 - discount),
        delivery=np.array([0.0, *(figure(item.delivery_cost) for item in items)]),
        gated=np.full(len(segments), gate.deals if gate is not None else 0.0),
        gate_days=gate.days.value if gate is not None else 0.0,
    )


def promises(terms: Terms, segments: tuple[str, ...]) -> Floats:
    """Return what the terms do to customers, shape (segment, 2 × concession + success plan, 3).

    Factors of the odds to churn, the rate of growth and the time to value, against customers as calibrated.
    """
    if not terms.stated:
        return np.ones((0, 1, len(PROMISED)))
    own = np.ones((len(terms.concessions) + 1, 2, len(PROMISED)))
    for place, name in enumerate(PROMISED):
        for row, item in enumerate(terms.concessions, start=1):
            own[row, :, place] = figure(getattr(item, name), 1.0)
        if terms.success_plan is not None:
            own[:, 1, place] *= figure(getattr(terms.success_plan, name), 1.0)
    signed = _signed_shares(terms, segments)
    # Odds multiply, so the past is met by their geometric mean; rates and times by their mean.
    mean = np.exp(signed @ np.log(own[1:, 0]))
    mean[:, 1:] = 1.0 + signed @ (own[1:, 0, 1:] - 1.0)
    return np.asarray(own.reshape(-1, len(PROMISED))[None] / mean[:, None])


def asked_shares(terms: Terms, segments: tuple[str, ...]) -> Floats:
    """Return the share of deals that ask for each concession, shape (segment, concession)."""
    shares = [[c.deals if c.holds_for(name) else 0.0 for c in terms.concessions] for name in segments]
    return np.array(shares, dtype=np.float64).reshape(len(segments), len(terms.concessions))


def figure(stated: AssumedFactor | AssumedShare | AssumedNumber | None, nothing: float = 0.0) -> float:
    """Return the value of an assumption; ``nothing`` where it is left out."""
    return nothing if stated is None else float(stated.value)


def _months(item: Concession) -> tuple[int, int, int]:
    return (0, 0, 1) if item.when == "last_month" else (1, 1, 1)


def _factor(item: Concession) -> Floats:
    """Return the factors of one concession by month of quarter and destination, shape (3, 8)."""
    faster = np.full(8, 1.0 / figure(item.cycle, 1.0))
    faster[WON] *= figure(item.win_odds, 1.0)
    held = np.array(_months(item), dtype=bool)
    return np.asarray(np.where(held[:, None], faster, 1.0))


def _signed_shares(terms: Terms, segments: tuple[str, ...]) -> Floats:
    """Return the share of past signatures that carried each concession, shape (segment, concession)."""
    often = np.array([LAST_MONTH_SHARE if c.when == "last_month" else 1.0 for c in terms.concessions])
    ease = np.array([figure(c.win_odds, 1.0) / figure(c.cycle, 1.0) for c in terms.concessions])
    offered = asked_shares(terms, segments) * terms.approved_so_far * often
    weight = offered * ease
    return np.asarray(weight / (1.0 - offered.sum(axis=1) + weight.sum(axis=1))[:, None])
