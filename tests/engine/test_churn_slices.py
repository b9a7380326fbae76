"""Churn laws as slices: their mean is exact, and what is asked for twice is tabulated once."""

import numpy as np
import pytest

from simulator.engine.draws import slices as tables
from simulator.engine.draws.slices import churn_slices


def laws(n, seed=1):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.02, 0.4, n), rng.uniform(5.0, 60.0, n)


def test_the_mean_of_the_slices_is_that_of_the_law():
    mean, size = laws(200)
    kept, left = np.arange(200) % 7, np.arange(200) % 3
    slices = churn_slices(mean, size, kept, left)
    assert np.allclose(slices.mean(axis=1), (mean * size + left) / (size + kept + left), rtol=1e-6)


def test_the_same_laws_are_tabulated_once_and_others_anew(monkeypatch):
    n_filled = []
    fill = tables._fill
    monkeypatch.setattr(tables, "_fill", lambda *laws: (n_filled.append(1), fill(*laws))[1])
    tables._remembered.cache_clear()
    mean, size = laws(50)
    first = churn_slices(mean, size)
    whole = first.copy()
    first[:] = 0.0
    assert np.array_equal(churn_slices(mean, size), whole)
    assert len(n_filled) == 1
    other = churn_slices(mean, np.nextafter(size, np.inf))
    assert len(n_filled) == 2
    assert not np.array_equal(other, whole)


@pytest.mark.parametrize("most", [0, 10_000])
def test_remembering_changes_no_bit(monkeypatch, most):
    monkeypatch.setattr(tables, "MOST_REMEMBERED", most)
    mean, size = laws(1500, seed=2)
    several = churn_slices(mean, size)
    apart = np.concatenate([churn_slices(mean[i : i + 100], size[i : i + 100]) for i in range(0, 1500, 100)])
    assert np.array_equal(several, apart)
