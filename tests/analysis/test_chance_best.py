"""The chance to be the best: as for Normal draws, whatever luck adds, and the error that it states."""

import numpy as np
from scipy.special import ndtr

from simulator.analysis.hire.chance_best import chance_best

N_DRAWS, PER_DRAW, LUCK = 400, 5, 6.0


def values(seed: int, mean: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Return two allocations on paths: the second is worth Normal(mean, 1) more by draw, and luck besides."""
    rng = np.random.default_rng(seed)
    draw = np.repeat(np.arange(N_DRAWS), PER_DRAW)
    lead = (mean + rng.standard_normal(N_DRAWS))[draw] + LUCK * rng.standard_normal(len(draw))
    return np.stack([np.zeros(len(draw)), lead], axis=1), draw


def test_luck_does_not_count_and_the_error_is_what_runs_differ_by():
    runs = [chance_best(*values(seed)) for seed in range(40)]
    chances = np.array([chance[1] for chance, _ in runs])
    errors = np.array([error[1] for _, error in runs])
    # The standard deviation between the draws is itself an estimate: a few points of bias remain.
    assert abs(chances.mean() - ndtr(0.5)) < 0.05
    assert 0.5 < chances.std() / errors.mean() < 1.6
    raw = [(v[:, 1] > 0.0).mean() for v in (values(seed)[0] for seed in range(5))]
    assert abs(np.mean(raw) - ndtr(0.5)) > 0.1


def test_chances_add_up_and_certainty_is_certain():
    value, draw = values(1, mean=30.0)
    chance, error = chance_best(np.column_stack([value, value[:, 1] - 100.0]), draw)
    assert chance.tolist() == [0.0, 1.0, 0.0]
    assert error.max() < 1e-9
    chance, _ = chance_best(value, draw % 10)
    assert chance.sum() == 1.0


def test_with_one_draw_of_the_rates_the_best_is_certain():
    value = np.random.default_rng(1).normal([0.0, 9.0, 1.0], size=(50, 3))
    chance, error = chance_best(value, np.zeros(50, dtype=np.int64))
    assert chance.tolist() == [0.0, 1.0, 0.0]
    assert error.tolist() == [0.0, 0.0, 0.0]
