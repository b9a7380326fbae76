"""What a run assumes of people after the sale: heads, capacity, pay, skills, effects, each with source."""

from __future__ import annotations

from simulator.engine.coverage_terms import (
    COMMON_BOOK,
    HAND_OFF,
    NEGLECT,
    TARGET_WORDS,
    effect_terms,
    skill_of,
)
from simulator.engine.prepare import Prepared
from simulator.engine.role_effects import calibrated_effects
from simulator.engine.role_terms import SCENARIO, customer_time, ramp_of, role_names, role_terms
from simulator.kernels.coverage import BY_ACCOUNTS, BY_ARR
from simulator.scenario.ownership import ACTIVITIES, AE

CAPACITY_WORDS = {BY_ACCOUNTS: "accounts a head", BY_ARR: "of ARR a head"}


def people_assumptions(prepared: Prepared) -> list[dict[str, str]]:
    """Return name, value and source of what is assumed of people; nothing where none are simulated."""
    scenario = prepared.scenario
    if not scenario.simulates_roles:
        return []
    listed = []
    for effect in effect_terms(scenario, calibrated_effects(scenario, prepared.history)):
        words = f"{effect.value:.3g} ({effect.low:.3g} to {effect.high:.3g}) at no coverage"
        name = f"{TARGET_WORDS[effect.target]} without {effect.activity}"
        listed.append(_entry(f"effect: {name}", words, effect.source))
    for item in role_terms(scenario, prepared.history):
        what = CAPACITY_WORDS.get(item.kind, "hours a month a head")
        where = f"{item.role} in {item.segment}"
        listed.append(_entry(f"{where}: heads", str(item.heads), item.sources["heads"]))
        listed.append(_entry(f"{where}: capacity", f"{item.capacity:,.0f} {what}", item.sources["capacity"]))
        listed += [
            _entry(f"{where}: {key}", _figure(getattr(item, key)), item.sources[key])
            for key in ("ote", "variable_share", "attrition", "backfill_months", "hiring_cost")
        ]
    for role in role_names(scenario):
        skill, source = skill_of(scenario, role)
        shown = ", ".join(f"{a} {s:.0%}" for a, s in zip(ACTIVITIES, skill, strict=True))
        listed.append(_entry(f"skill of {role}", shown, source))
        if role != AE:
            listed.append(_entry(f"ramp of {role}", "mean productivity by month", ramp_of(scenario, role)[1]))
    share, source = customer_time(scenario)
    listed.append(_entry("time of ae for customers, at most", f"{share:.0%}", source))
    for key, (value, source) in {
        "hand_off_per_cycle_month": HAND_OFF,
        "common_book_relief": COMMON_BOOK,
        "neglect_of_unpaid": NEGLECT,
    }.items():
        stated = getattr(scenario.effects, key)
        listed.append(
            _entry(key, f"{value if stated is None else stated:.0%}", source if stated is None else SCENARIO)
        )
    return listed


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _entry(name: str, value: str, source: str) -> dict[str, str]:
    return {"name": name, "value": value, "source": source}
