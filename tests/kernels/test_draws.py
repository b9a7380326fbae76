"""Keyed draws: the published vectors of Philox, uniformity, and quantile functions against scipy."""

import numpy as np
import pytest
from scipy import stats

from simulator.kernels.random import (
    EVENT,
    block,
    negative_binomial,
    philox,
    search,
    standard_normal,
    uniform_table,
)

ONES = 0xFFFFFFFF
VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), VECTORS)
def test_philox_gives_the_published_vectors(counter, key, words):
    got = philox(*(np.uint64(c) for c in counter), *(np.uint64(k) for k in key))
    assert tuple(int(word) for word in got) == words


def test_uniforms_pass_a_kolmogorov_smirnov_test_in_every_direction():
    by_path = uniform_table(np.uint64(1), np.uint64(5), EVENT, 20_000, 1)[:, 0]
    by_occurrence = uniform_table(np.uint64(1), np.uint64(5), EVENT, 1, 20_000)[0]
    by_entity = np.array([uniform_table(np.uint64(1), np.uint64(e), EVENT, 1, 1)[0, 0] for e in range(5_000)])
    for sample in (by_path, by_occurrence, by_entity):
        assert stats.kstest(sample, "uniform").pvalue > 1e-3
    # Negative control: the test sees a law that is off by two percent.
    assert stats.kstest(by_path**1.05, "uniform").pvalue < 1e-3


def test_every_part_of_the_key_and_counter_matters():
    base = {"seed": 3, "path": 4, "entity": 5, "occurrence": 6, "purpose": 7}
    seen = set()
    for name in (None, *base):
        changed = {**base, **({name: base[name] + 1} if name else {})}
        seen.add(block(*(np.uint64(v) for v in changed.values())))
    high_entity = {**base, "entity": base["entity"] + (1 << 40)}
    seen.add(block(*(np.uint64(v) for v in high_entity.values())))
    assert len(seen) == 7


@pytest.mark.parametrize("mean", [0.3, 7.0, 80.0, 4_000.0])
@pytest.mark.parametrize("dispersion", [2.0, 25.0, np.inf])
def test_negative_binomial_quantiles_are_those_of_scipy(mean, dispersion):
    law = (
        stats.poisson(mean)
        if np.isinf(dispersion)
        else stats.nbinom(dispersion, dispersion / (dispersion + mean))
    )
    u = np.concatenate([np.linspace(0.001, 0.999, 41), [1e-6, 1 - 1e-6]])
    got = np.array([negative_binomial(value, mean, dispersion) for value in u])
    # A quantile on the edge of a step may fall either way by rounding.
    assert np.all((law.cdf(got) >= u - 1e-9) & (law.cdf(got - 1) <= u + 1e-9))


def test_counts_grow_with_the_mean_for_the_same_draw():
    counts = [negative_binomial(0.37, mean, 10.0) for mean in np.linspace(0, 60, 200)]
    assert counts[0] == 0
    assert np.all(np.diff(counts) >= 0)


def test_search_returns_the_first_bin_that_exceeds():
    cdf = np.array([0.2, 0.2, 0.7, 1.0])
    assert [search(cdf, u) for u in (0.1, 0.2, 0.69, 0.7, 1.0)] == [0, 2, 2, 3, 3]


def test_normals_are_normal():
    u = uniform_table(np.uint64(9), np.uint64(1), EVENT, 10_000, 2)
    sample = np.array([standard_normal(a, b) for a, b in u])
    assert stats.kstest(sample, "norm").pvalue > 1e-3
