"""What a planner changed, in words: what the commands say by the keys of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from simulator.analysis.totals import ALL
from simulator.engine.plan.coverage_effects import calibrated_effects
from simulator.engine.plan.service_coverage import Effect, effect_terms
from simulator.engine.prepare import Prepared
from simulator.report.compare.words import say_differences
from simulator.report.headcount.words import effect_words, role_word
from simulator.report.money import capitalise, format_money
from simulator.scenario.levers import Lever
from simulator.scenario.ownership import AE
from simulator.scenario.schema import Scenario

TITLES = {
    "sals": "Deal creation (SALs)",
    "amount": "Deal size",
    "close_multiplier": "Price signed",
    "close_odds": "Win odds",
    "velocity": "Speed of the cycle",
}
"""Levers by name, where that is not the word itself."""
KEYS = (
    (r"targets\.(.+)\.all", r"target of \1"),
    (r"targets\.(.+?)\.(.+)", r"target of \1 in \2"),
    (r"reps\.segments\.(.+)\.hires", rf"{role_word(AE)}s hired in \1"),
    (r"roles\.csm\.segments\.(.+)\.hires", rf"{role_word('csm')}s hired in \1"),
    (r"roles\.(\w+)\.segments\.(.+)\.hires", r"\1 hired in \2"),
    (r"terms\.approved", "share of concessions granted"),
    (r"terms\.success_plan\.deals", "share of deals with a success plan"),
)
"""Keys of a scenario that the page changes, and what they are called."""


def say_changes(base: Prepared, edited: Scenario) -> Iterator[str]:
    """Yield what a scenario changes of its base, a few words each; keys where there are no words."""
    first = base.stated or base.scenario
    yield from (lever_words(lever) for lever in edited.levers if lever not in first.levers)
    left = {replace(lever, factor=1.0) for lever in edited.levers}
    gone = (lever for lever in first.levers if replace(lever, factor=1.0) not in left)
    yield from (f"without {lever_words(lever)}" for lever in gone)
    before = {effect.name: effect.value for effect in effects_of(base, first)}
    for effect in effects_of(base, edited):
        if effect.value != before.get(effect.name):
            yield f"{effect_words(effect.name)}: ×{before.get(effect.name, 1.0):.3g} → ×{effect.value:.3g}"
    for line in say_differences(first, edited):
        key, _, values = line.partition(": ")
        if values and not key.startswith("effects."):
            yield f"{_key_words(key)}: {values.replace('not given', 'none').replace(' -> ', ' → ')}"


def say_arr(compared: pd.DataFrame, currency: str) -> Iterator[str]:
    """Yield what a scenario changes of the ARR at the end of the horizon, where it changes any."""
    rows = compared[(compared["segment"] == ALL) & (compared["measure"] == "arr_closing")]
    for _, row in rows.tail(1).iterrows():
        if row["p_more"] + row["p_less"] > 0.0:
            change, low, high = (
                format_money(row[f"mean_change{end}"], currency) for end in ("", "_low", "_high")
            )
            p50 = format_money(row["p50"], currency)
            yield (
                f"ARR at the end changes by {change} on average (the simulation's 95% interval {low} to "
                f"{high}), to a P50 of {p50}"
            )


def effects_of(base: Prepared, scenario: Scenario) -> tuple[Effect, ...]:
    """Return what activities that are not done make of customers; none where no roles are simulated."""
    if not scenario.simulates_roles:
        return ()
    return effect_terms(scenario, calibrated_effects(base.scenario, base.history))


def lever_words(lever: Lever) -> str:
    """Return a lever in words, such as: Slippage −20 % for smb."""
    _, _, scope = str(replace(lever, name="")).strip().partition(" ")
    return f"{lever_title(lever.name)} {percent_words(lever.factor)} {scope}".strip()


def lever_title(name: str) -> str:
    """Return what a lever is called on the page."""
    return TITLES.get(name, name.replace("_", " ").capitalize())


def percent_words(factor: float) -> str:
    """Return how far a lever is moved, such as −20 %."""
    change = round(100 * (factor - 1.0), 4)
    return f"{change:+g} %".replace("-", "−") if change else "as is"


def plural(role: str) -> str:
    """Return the people of a role, as one writes it at the beginning of a sentence."""
    return f"{capitalise(role_word(role))}s"


def _key_words(key: str) -> str:
    return next((re.sub(f"^{seen}$", words, key) for seen, words in KEYS if re.fullmatch(seen, key)), key)
