"""Whether an effect of CSMs is found where there is one, and called an assumption where nothing shows it."""

import functools

import pandas as pd
import pytest

from simulator.engine.plan.coverage_effects import calibrated_effects
from simulator.history.tables import TABLES, History, empty_table
from tests.small_companies import company, segment
from tests.worlds.csm import BOOK, N_MONTHS, N_SEGMENTS, day, world

SEEDS = range(10)
EFFECT = ("adoption", "churn")


@functools.cache
def scenario():
    roles = {"csm": {"all": {"heads": 2, "book": {"accounts": BOOK}}}}
    return company({f"s{n}": segment() for n in range(N_SEGMENTS)}, roles=roles, ownership="all_csm")


def found(seed, **more):
    """Return the calibrated effect of CSMs on churn in such a world; None: none is claimed."""
    made = world(seed, **more)
    whole = {}
    for name in TABLES:
        table = empty_table(name)
        own = made.get(name)
        whole[name] = table if own is None else own.reindex(columns=table.columns).astype(table.dtypes)
    history = History((day(N_MONTHS) - pd.Timedelta(days=1)).date(), **whole)
    effects = calibrated_effects(scenario(), history)
    return None if effects is None else effects[EFFECT]


def test_churn_that_rises_for_other_reasons_is_not_laid_at_the_csms_door():
    claims = [found(seed, trend_per_year=0.2, fixed=True) for seed in SEEDS]
    assert sum(claim is not None for claim in claims) <= 1


@functools.cache
def claims_of(factor, assigned):
    """Return what is claimed of twenty worlds, where anything is."""
    claims = [found(seed, factor=factor, assigned=assigned) for seed in range(20)]
    return [claim for claim in claims if claim is not None]


def hits(factor, truth, assigned):
    """Return how many claims of twenty hold a truth in their 80 % interval, and how many claims there are."""
    said = claims_of(factor, assigned)
    return sum(claim.low <= truth <= claim.high for claim in said), len(said)


@pytest.mark.parametrize("assigned", [False, True])
@pytest.mark.parametrize("factor", [1.0, 1.5, 3.0])
def test_a_planted_effect_lies_in_its_interval(factor, assigned):
    hit, n = hits(factor, factor, assigned)
    assert n >= (16 if assigned else 10), "heads moved enough to see it"
    # 80 % less two standard errors.
    assert hit >= (0.8 - 2 * (0.16 / n) ** 0.5) * n


def test_a_strong_effect_is_told_from_none():
    hit, n = hits(3.0, 1.0, True)
    assert n >= 16
    assert hit == 0
