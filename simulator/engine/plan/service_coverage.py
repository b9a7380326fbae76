"""How well roles do activities, how much work these are, and what becomes of customers without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.posteriors import Z_HIGH
from simulator.engine.plan.roles import HOURS_PER_MONTH, SCENARIO, RoleTerms
from simulator.kernels.customers.accounts import GROWS, N_TARGETS, ODDS, SELLS, SLOWER
from simulator.kernels.people.coverage import BY_HOURS, N_ACTIVITIES
from simulator.scenario.ownership import ACTIVITIES, AE, Worst
from simulator.scenario.schema import Scenario

WIDTH_OF_80 = 2.0 * Z_HIGH
"""Standard deviations in an interval of 80 %."""

ASSUMPTION = "assumption"
BOOK_OF_CSM = 2_000_000.0
PER_ACCOUNT, PER_NEW, PER_RENEWAL, PER_DEAL = range(4)

SKILLS: dict[str, tuple[float, ...]] = {
    "ae": (0.5, 0.8, 0.8, 1.0),
    "ae_existing": (0.6, 0.9, 0.9, 1.0),
    "account_manager": (0.6, 1.0, 1.0, 0.85),
    "csm": (1.0, 0.9, 0.9, 0.4),
    "renewals_rep": (0.3, 1.0, 0.7, 0.3),
    "specialist": (0.7, 0.5, 0.6, 0.6),
    "sdr": (0.2, 0.3, 0.4, 0.4),
}
"""By role, in the order of the activities: assumptions."""
USUAL: dict[str, tuple[str, ...]] = {
    "ae": ("expansion_more_of_same", "expansion_new_sale"),
    "ae_existing": ("renewal", "expansion_more_of_same", "expansion_new_sale"),
    "account_manager": ("renewal", "expansion_more_of_same", "expansion_new_sale"),
    "csm": ("adoption", "renewal"),
    "renewals_rep": ("renewal",),
}
"""What a role usually does: what its book is stated for, and what its variable pay rewards."""
WORK_SHARE = (0.55, 0.15, 0.10, 0.20)
"""Part of the hours for an account that each activity takes where none are stated: an assumption."""
HAND_OFF = (0.02, "assumption: 2 % of what is known is lost for each month of the sales cycle")
COMMON_BOOK = (0.5, "assumption: a common book avoids half of that")
NEGLECT = (0.5, "assumption: with all pay at risk for other things, half of an activity is neglected")

TARGETS: dict[str, int] = {
    "churn": ODDS, "time_to_value": SLOWER, "expansion": GROWS, "expansion_sold": SELLS,
}  # fmt: skip
TARGET_WORDS = {
    "churn": "odds to churn",
    "time_to_value": "months to first value",
    "expansion": "growth by itself",
    "expansion_sold": "expansion deals",
}
ASSUMED: dict[tuple[str, str], Worst] = {
    ("adoption", "churn"): Worst(value=1.6, low=1.15, high=2.2),
    ("adoption", "time_to_value"): Worst(value=1.5, low=1.1, high=2.0),
    ("adoption", "expansion"): Worst(value=0.85, low=0.7, high=1.0),
    ("renewal", "churn"): Worst(value=1.3, low=1.05, high=1.6),
    ("expansion_more_of_same", "expansion"): Worst(value=0.8, low=0.6, high=1.0),
    ("expansion_new_sale", "expansion_sold"): Worst(value=0.35, low=0.15, high=0.65),
}
"""Effects at no coverage where neither the scenario nor the history says them."""


@dataclass(frozen=True)
class Effect:
    """What an activity that nobody does makes of a rate: a factor, its 80 % interval, where it is from."""

    activity: str
    target: str
    value: float
    low: float
    high: float
    source: str

    @property
    def name(self) -> str:
        """Key in the scenario, such as ``adoption.churn``."""
        return f"{self.activity}.{self.target}"


def effect_terms(
    scenario: Scenario, calibrated: Mapping[tuple[str, str], Effect] | None = None
) -> tuple[Effect, ...]:
    """Return every effect in force: as stated, else as calibrated, else as assumed.

    Where the scenario states any effect of an activity, the others of that activity are none.
    """
    found = []
    for activity in ACTIVITIES:
        own = getattr(scenario.effects, activity)
        for target in TARGETS:
            key = activity, target
            worst = getattr(own, target) if own is not None else None
            if worst is not None:
                found.append(_effect(key, worst, worst.source or SCENARIO))
            elif own is None and calibrated is not None and key in calibrated:
                found.append(calibrated[key])
            elif own is None and key in ASSUMED:
                found.append(_effect(key, ASSUMED[key], ASSUMPTION))
    return tuple(found)


def _effect(key: tuple[str, str], worst: Worst, source: str) -> Effect:
    low, high = worst.interval
    return Effect(*key, value=worst.value, low=low, high=high, source=source)


def skill_of(scenario: Scenario, role: str) -> tuple[Floats, str]:
    """Return how well a role does each activity, shape (activity,), and where that is from."""
    assumed = SKILLS.get(role, (1.0,) * N_ACTIVITIES)
    stated = scenario.roles[role].skill if role in scenario.roles else None
    own = [getattr(stated, activity) if stated is not None else None for activity in ACTIVITIES]
    values = [a if o is None else o for a, o in zip(assumed, own, strict=True)]
    return np.array(values), SCENARIO if None not in own else ASSUMPTION


def paid_for(scenario: Scenario, role: str) -> tuple[str, ...]:
    """Return the activities that a role's variable pay rewards; of a role of one's own all."""
    stated = scenario.roles[role].paid_for if role in scenario.roles else None
    return tuple(stated) if stated is not None else USUAL.get(role, ACTIVITIES)


def quality_of(
    scenario: Scenario, role: str, segment: str, variable_share: float, cycle_months: float
) -> Floats:
    """Return what an hour of a role is worth at each activity next to one of the best, shape (activity,).

    Skill × what a hand-off leaves, exp(-loss per month × sales cycle), but for those who sold the deal
    × what is not neglected because pay rewards something else: 1 - neglect × variable share.
    """
    effects, table = scenario.effects, scenario.ownership.of(segment)
    quality, _ = skill_of(scenario, role)
    if role != AE:
        loss = HAND_OFF[0] if effects.hand_off_per_cycle_month is None else effects.hand_off_per_cycle_month
        if table is not None and table.shares_book:
            relief = COMMON_BOOK[0] if effects.common_book_relief is None else effects.common_book_relief
            loss *= 1.0 - relief
        quality = quality * np.exp(-loss * cycle_months)
    neglect = NEGLECT[0] if effects.neglect_of_unpaid is None else effects.neglect_of_unpaid
    paid = np.array([activity in paid_for(scenario, role) for activity in ACTIVITIES])
    return np.asarray(quality * np.where(paid, 1.0, 1.0 - neglect * variable_share))


def work_hours(scenario: Scenario, segment: str, arr_per_account: float, deal_rate: float) -> Floats:
    """Return hours by activity, shape (activity, 4): per account and month, new account, renewal, deal.

    Where none are stated the hours for an account are in proportion to its ARR, such that a CSM with the
    published book has no hour left for more than adoption and renewals.
    """
    hours = np.zeros((N_ACTIVITIES, 4))
    usual = WORK_SHARE[0] + WORK_SHARE[1]
    per_account = HOURS_PER_MONTH[0] * arr_per_account / BOOK_OF_CSM / usual
    for place, activity in enumerate(ACTIVITIES):
        stated = getattr(scenario.activities, activity)
        part = WORK_SHARE[place] * per_account
        if stated is not None:
            own = stated.of(segment)
            given = (
                own.hours_per_account,
                own.hours_per_new_account,
                own.hours_per_renewal,
                own.hours_per_deal,
            )
            hours[place] = [value or 0.0 for value in given]
        elif activity == "renewal":
            hours[place, PER_RENEWAL] = part * 12.0
        elif activity == "expansion_new_sale" and deal_rate > 0.0:
            hours[place, PER_DEAL] = part / deal_rate
        else:
            hours[place, PER_ACCOUNT] = part
    return hours


def monthly_hours(hours: Floats, deal_rate: float, renewals: float, new: float) -> Floats:
    """Return the hours an account asks for in a month on average, shape (activity,)."""
    return np.asarray(hours @ np.array([1.0, new, renewals, deal_rate]))


def book_load(role: str, shares: Floats, monthly: Floats, terms: RoleTerms) -> float:
    """Return the hours that a role has on an account, as a share of those its book was stated for."""
    if terms.kind == BY_HOURS:
        return 1.0
    usual = np.array([activity in USUAL.get(role, ()) for activity in ACTIVITIES])
    meant = float(monthly[usual].sum()) if usual.any() else float(monthly @ shares)
    return float(monthly @ shares) / meant if meant > 0.0 else float(shares.any())


def worst_draws(effects: tuple[Effect, ...], normals: Mapping[str, Floats], shape: tuple[int, int]) -> Floats:
    """Return the factor of each effect at no coverage, shape (draw, segment, activity, target).

    Log-normal with the stated value in the middle and the wider side of its interval as spread; growth
    never exceeds what it is at full coverage.
    """
    worst = np.ones((*shape, N_ACTIVITIES, N_TARGETS))
    for effect in effects:
        log_sd = np.log(effect.high / effect.low) / WIDTH_OF_80
        drawn = effect.value * np.exp(log_sd * normals[effect.name])
        target = TARGETS[effect.target]
        if target in (GROWS, SELLS):
            drawn = np.minimum(drawn, 1.0)
        worst[:, :, ACTIVITIES.index(effect.activity), target] = drawn[:, None]
    return worst
