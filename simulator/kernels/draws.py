"""Keyed random numbers: Philox4x32-10 with counter (path, entity, occurrence, purpose).

A draw is a pure function of the seed and of what it is for, never of what was drawn before, so
the result does not depend on threads, chunks or on what other entities do. Source: Salmon et al.,
"Parallel random numbers: as easy as 1, 2, 3" (2011); its test vectors are in the tests.

An entity has 56 bits: the low 32 are the second counter word, the high 24 share the last word with
the purpose (8 bits).
"""

import math

import numpy as np
from numba import njit

from simulator.kernels.jit import PART

# What a draw is for. A new purpose takes a new number; numbers are never reused.
EVENT = np.uint64(1)
CLOSE_DATE = np.uint64(2)
BIRTH = np.uint64(3)
SIGNATURE = np.uint64(5)
SALS = np.uint64(6)
SHOCK = np.uint64(7)
PATIENCE = np.uint64(8)
HIRE = np.uint64(9)
LEAVE = np.uint64(10)
SLOT = np.uint64(11)
CUSTOMER = np.uint64(16)
RENEWAL = np.uint64(17)
GROWTH = np.uint64(18)
TERM = np.uint64(19)
TERMS = np.uint64(24)
WALK = np.uint64(32)
WORKED = np.uint64(25)
RATE = np.uint64(64)

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_8 = np.uint64(8)
_TO_UNIT = 2.0**-32


@njit(cache=True, inline="always")
def philox(c0, c1, c2, c3, k0, k1):
    """Return the four 32-bit words (in uint64) of one Philox4x32-10 block."""
    for _ in range(10):
        product_0 = _MULTIPLIER_0 * c0
        product_1 = _MULTIPLIER_1 * c2
        c0 = (product_1 >> _32) ^ c1 ^ k0
        c2 = (product_0 >> _32) ^ c3 ^ k1
        c1 = product_1 & _LOW
        c3 = product_0 & _LOW
        k0 = (k0 + _WEYL_0) & _LOW
        k1 = (k1 + _WEYL_1) & _LOW
    return c0, c1, c2, c3


@njit(**PART)
def block(seed, path, entity, occurrence, purpose):
    """Return the four uniforms in (0, 1) of one purpose of one entity on one path.

    Parameters
    ----------
    seed, path, entity, occurrence, purpose : uint64
        The key and the counter; path and occurrence below 2**32, entity below 2**56, purpose below
        256.
    """
    w0, w1, w2, w3 = philox(
        path,
        entity & _LOW,
        occurrence,
        purpose | ((entity >> _32) << _8),
        seed & _LOW,
        seed >> _32,
    )
    return (
        (np.float64(w0) + 0.5) * _TO_UNIT,
        (np.float64(w1) + 0.5) * _TO_UNIT,
        (np.float64(w2) + 0.5) * _TO_UNIT,
        (np.float64(w3) + 0.5) * _TO_UNIT,
    )


@njit(cache=True)
def uniform_table(seed, entity, purpose, n_paths, n_values):
    """Return an array of shape (n_paths, n_values) of uniforms of one purpose of one entity."""
    out = np.empty((n_paths, n_values))
    for path in range(n_paths):
        for first in range(0, n_values, 4):
            four = block(seed, np.uint64(path), entity, np.uint64(first // 4), purpose)
            for place in range(min(4, n_values - first)):
                out[path, first + place] = four[place]
    return out


@njit(**PART)
def standard_normal(u1, u2):
    """Return a standard normal from two uniforms (Box and Muller 1958)."""
    return math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * u2)


@njit(**PART)
def search(cdf, u):
    """Return the first index whose cumulative probability exceeds u; the last one where none does."""
    # Counting all that do not exceed it takes no branch that the processor could mispredict.
    index = 0
    for place in range(cdf.shape[0] - 1):
        index += u >= cdf[place]
    return index


@njit(**PART)
def negative_binomial(u, mean, dispersion):
    """Return the u-quantile of a negative binomial count, increasing in u and in the mean.

    Parameters
    ----------
    u : float64
        Uniform in (0, 1).
    mean : float64
        Expected count.
    dispersion : float64
        Size parameter: variance = mean + mean**2 / dispersion; infinite gives the Poisson law.
    """
    if mean <= 0.0:
        return 0
    poisson = math.isinf(dispersion)
    deviation = math.sqrt(mean if poisson else mean + mean * mean / dispersion)
    # Below 12 deviations lies less than 1e-12 of the law; starting there keeps large means exact and quick.
    count = max(0, int(mean - 12.0 * deviation))
    if poisson:
        log_mass = count * math.log(mean) - mean - math.lgamma(count + 1.0)
    else:
        success = dispersion / (dispersion + mean)
        log_mass = (
            math.lgamma(count + dispersion)
            - math.lgamma(dispersion)
            - math.lgamma(count + 1.0)
            + dispersion * math.log(success)
            + count * math.log1p(-success)
        )
    mass = math.exp(log_mass)
    cumulative = mass
    last = int(mean + 40.0 * deviation) + 40
    while cumulative < u and count < last:
        if poisson:
            mass *= mean / (count + 1.0)
        else:
            mass *= (count + dispersion) / (count + 1.0) * (mean / (dispersion + mean))
        count += 1
        cumulative += mass
    return count
