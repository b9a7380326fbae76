"""What missing coverage does to churn: recovered where it was planted, left alone where nothing tells it."""

import numpy as np
import pytest
from scipy.special import expit, logit

from simulator.calibration.contracts import Book, Contracts, Movements
from simulator.calibration.coverage_effects import churn_per_coverage

FIRST, LAST = 24000, 24072
MONTHS = np.arange(FIRST, LAST, dtype=np.float64)


def planted(factor, coverage, n=3000, seed=1):
    """Return a book whose customers leave with odds that missing coverage multiplies."""
    rng = np.random.default_rng(seed)
    segment = rng.integers(0, 2, n)
    start = FIRST + rng.uniform(0, 60, n)
    churned = np.full(n, np.inf)
    for customer in range(n):
        for renewal in range(1, 6):
            time = start[customer] + 12 * renewal
            if time >= LAST:
                break
            missing = 1 - coverage[segment[customer], int(time - FIRST)]
            level = logit((0.12, 0.2)[segment[customer]]) - 0.15 * (renewal - 1)
            if rng.random() < expit(level + missing * np.log(factor)):
                churned[customer] = time
                break
    money = np.where(np.isinf(churned), 1000.0, 0.0)
    twelve, one = np.full(n, 12), np.ones(n, dtype=np.int64)
    contracts = Contracts(
        as_of=float(LAST), segment=segment, start=start, term=twelve, opening=money, seen_from=start,
        churned=churned, arr=money, former=1000.0 - money, signed=money, first_arr=money,
        life_start=start, grown=one,
    )  # fmt: skip
    none, no = np.zeros(0), np.zeros(0, dtype=np.int64)
    moves = Movements(no, none, no, no, none, none, no, no.astype(bool), none)
    return Book(tuple(map(str, range(n))), contracts, moves, ())


def hired_midway():
    """Coverage of two segments: thin until people are hired, at different times."""
    low = np.where(MONTHS < FIRST + 36, 0.2, 1.0)
    return np.stack([low, np.where(MONTHS < FIRST + 48, 0.4, 0.9)])


@pytest.mark.parametrize("factor", [1.0, 2.5])
def test_a_planted_effect_is_recovered(factor):
    coverage = hired_midway()
    found = [churn_per_coverage(planted(factor, coverage, seed=seed), MONTHS, coverage) for seed in range(4)]
    mean = np.mean([f.mean for f in found])
    error = np.mean([f.sd for f in found]) / np.sqrt(len(found))
    assert abs(mean - np.log(factor)) < 3 * error
    assert abs(mean - np.log(factor * 1.7)) > 3 * error, "another effect would have been told apart"
    assert all(f.sd < 0.45 for f in found)
    assert all(f.n_churned > 300 for f in found)


def test_coverage_that_never_moved_tells_nothing():
    still = np.tile([[0.3], [0.8]], (1, MONTHS.size))
    assert churn_per_coverage(planted(2.5, still), MONTHS, still) is None


def test_too_few_who_left_tell_nothing():
    coverage = hired_midway()
    assert churn_per_coverage(planted(2.5, coverage, n=40), MONTHS, coverage) is None


@pytest.mark.parametrize(("ahead", "shown"), [(0, True), (3, False)])
def test_coverage_that_explains_the_churn_before_it_is_a_placebo_and_no_effect(ahead, shown):
    """Where people came after customers had left, the next quarter's coverage goes with this one's churn."""
    levels = np.random.default_rng(3).uniform(0, 1, (2, 26))
    coverage = np.repeat(levels, 3, axis=1)
    churn_goes_with = coverage[:, ahead : ahead + MONTHS.size]
    coverage = coverage[:, : MONTHS.size]
    found = churn_per_coverage(planted(4.0, churn_goes_with, n=6000), MONTHS, coverage)
    assert found.is_calibrated is shown
    assert found.sd < 0.45, "sure enough either way"
