"""Draws made for many at once, and looked up by a guide, against the same made one by one."""

import math

import numpy as np
import pytest
from numba import njit

from simulator.kernels.random import (
    EVENT,
    N_GUIDED,
    Luck,
    block,
    blocks,
    exponential,
    search,
    search_from,
    waits,
    write_guide,
)

SEED, PATH = np.uint64(20260101), np.uint64(7)
WIDEST = 1 << 12


@njit
def draw(many, keys, chosen, occurrences, n, space, out):
    many(Luck(SEED, PATH, 0), keys, chosen, occurrences, n, EVENT, space, out)


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 83])
def test_blocks_for_many_are_those_for_each(n):
    rng = np.random.default_rng(n)
    keys = rng.integers(0, 2**56, 96).astype(np.uint64)
    chosen, occurrences = rng.permutation(96).astype(np.uint32), rng.integers(0, 9, 96).astype(np.uint64)
    uniforms, exponentials, space = np.zeros((4, 96)), np.zeros((4, 96)), np.zeros(96, dtype=np.uint64)
    draw(blocks, keys, chosen, occurrences, n, space, uniforms)
    draw(waits, keys, chosen, occurrences, n, space, exponentials)
    for place in range(n):
        one = block(SEED, PATH, keys[chosen[place]], occurrences[place], EVENT)
        assert tuple(uniforms[:, place]) == one
        assert tuple(exponentials[:, place]) == (exponential(one[0]), one[1], exponential(one[2]), one[3])


def test_an_exponential_is_the_logarithm_within_its_last_place():
    words = np.random.default_rng(1).integers(0, 2**32, 20_000)
    edges = np.array([0, 1, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1])
    for u in (np.concatenate([words, edges]) + 0.5) * 2.0**-32:
        wait, expected = exponential(u), -math.log(u)
        assert wait > 0.0
        assert abs(wait - expected) <= np.spacing(expected)
    assert exponential(1.0) == 0.0


def test_a_guided_search_finds_what_the_plain_one_does():
    rng = np.random.default_rng(3)
    for size in (1, 2, 6, 25, 38, 300):
        for sparse in (0.0, 0.6):
            shares = rng.random(size) * (rng.random(size) >= sparse)
            shares[rng.integers(size)] += 0.1
            cdf = np.cumsum(shares) / shares.sum()
            cdf[-1] = 1.0
            guide = np.zeros(N_GUIDED + 1, dtype=np.uint32)
            write_guide(cdf, guide)
            edges = np.arange(N_GUIDED + 1) / N_GUIDED
            on_steps = np.concatenate([cdf[:-1], np.nextafter(cdf[:-1], 0.0), edges])
            for u in np.concatenate([rng.random(WIDEST // 8), on_steps[on_steps > 0.0]]):
                assert search_from(cdf, guide, u) == search(cdf, u)
