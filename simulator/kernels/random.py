"""Keyed random numbers: Philox4x32-10 with counter (path, entity, occurrence, purpose).

A draw is a pure function of the seed and of what it is for, never of what was drawn before, so
the result does not depend on threads, chunks or on what other entities do. Source: Salmon et al.,
"Parallel random numbers: as easy as 1, 2, 3" (2011); its test vectors are in the tests.

An entity has 56 bits: the low 32 are the second counter word, the high 24 share the last word with
the purpose (8 bits).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.kernels.jit import ALONE, CALLED, EXPOSED, at
from simulator.kernels.simd import WIDTH

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
EVIDENCE = np.uint64(33)
SLIPPAGE = np.uint64(34)
WORKED = np.uint64(25)
RATE = np.uint64(64)
RATE_ORDER = np.uint64(65)

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_8 = np.uint64(8)
_TO_UNIT = 2.0**-32
N_GUIDED = 128
"""Parts of the unit interval that tell where to begin to look; one more is for what rounding lifts to 1."""
_MANTISSA_BITS = np.int64(52)
_HALF_ROOT = np.int64(0x3FE6A09E667F3BCD)
"""The bits of the square root of a half: numbers are split there into mantissa and exponent."""
_LOG_2_HIGH = 6.93147180369123816490e-01
_LOG_2_LOW = 1.90821492927058770002e-10


class Luck(NamedTuple):
    """Which draws a path uses."""

    seed: np.uint64
    path: np.uint64
    draw: int
    """Draw of the rates."""


@njit(**ALONE, inline="always")
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


@njit(**EXPOSED)
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


@njit(**CALLED)
def blocks(luck, keys, chosen, occurrences, n, purpose, space, out):
    """Draw one block for each of several entities, a whole register of them at a time.

    Up to seven more are drawn than asked for, so that no rest is drawn one by one: the arrays must have room
    for a multiple of eight.

    Parameters
    ----------
    luck : Luck
    keys : ndarray of uint64, shape (entity,)
    chosen : ndarray of uint32, shape (at least n,)
        Which of the entities.
    occurrences : ndarray of uint64, shape (at least n,)
        Occurrence that each of the chosen draws.
    n : int
        How many are chosen.
    purpose : uint64
    space : ndarray of uint64, shape (at least n,)
        Overwritten.
    out : ndarray of float64, shape (4, at least n)
        Filled with the uniforms that ``block`` returns.
    """
    collect(keys, chosen, n, space)
    first, second, third, fourth = out[0], out[1], out[2], out[3]
    for place in range((n + WIDTH - 1) // WIDTH * WIDTH):
        u0, u1, u2, u3 = block(luck.seed, luck.path, space[place], occurrences[place], purpose)
        first[place], second[place], third[place], fourth[place] = u0, u1, u2, u3


@njit(**CALLED)
def waits(luck, keys, chosen, occurrences, n, purpose, space, out):
    """Draw as ``blocks`` does, and turn the first and the third of the four into exponential waits."""
    collect(keys, chosen, n, space)
    first, second, third, fourth = out[0], out[1], out[2], out[3]
    for place in range((n + WIDTH - 1) // WIDTH * WIDTH):
        u0, u1, u2, u3 = block(luck.seed, luck.path, space[place], occurrences[place], purpose)
        first[place], second[place], third[place], fourth[place] = exponential(u0), u1, exponential(u2), u3


@njit(**EXPOSED)
def collect(keys, chosen, n, space):
    """Lay the keys of several entities side by side: only so are they drawn for together."""
    for place in range(n):
        space[place] = keys[chosen[place]]


@njit(**EXPOSED)
def exponential(u):
    """Return -log(u) for a uniform in (0, 1): a wait whose mean is 1.

    Of additions, multiplications and one division alone: several are worked out at once, and every machine
    gives the same bits, which the logarithms of C libraries do not. Within 1 unit in the last place. Source:
    the logarithm of fdlibm (Sun Microsystems 1993).
    """
    bits = np.float64(u).view(np.int64)
    exponent = (bits - _HALF_ROOT) >> _MANTISSA_BITS
    f = np.int64(bits - (exponent << _MANTISSA_BITS)).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    odd = 1.818357216161805012e-01 + w * 1.479819860511658591e-01
    odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * odd))
    half = 0.5 * f * f
    k = np.float64(exponent)
    return -(k * _LOG_2_HIGH - ((half - (s * (half + (even + odd)) + k * _LOG_2_LOW)) - f))


@njit(**ALONE)
def uniform_table(seed, entity, purpose, n_paths, n_values):
    """Return an array of shape (n_paths, n_values) of uniforms of one purpose of one entity."""
    out = np.empty((n_paths, n_values))
    for path in range(n_paths):
        for first in range(0, n_values, 4):
            four = block(seed, np.uint64(path), entity, np.uint64(first // 4), purpose)
            for place in range(min(4, n_values - first)):
                out[path, first + place] = four[place]
    return out


@njit(**ALONE)
def stratified_table(seed, entity, places, orders, n_strata, n_draws, n_values):
    """Return uniforms, shape (n_draws, n_values), of which each run of ``n_strata`` draws is stratified.

    Of the draws n_strata × k to n_strata × (k + 1) - 1 of a value, one lies in each of n_strata equal
    parts of the unit interval, in an order of its own: a Latin hypercube (McKay, Beckman & Conover 1979)
    whose columns are keyed, so that no value depends on which others there are. Rows of different runs
    are independent. A last run that is shorter has as many parts as it has draws.

    Parameters
    ----------
    places, orders : uint64
        Purposes of the place within a part, and of the order of the parts.
    """
    place = uniform_table(seed, entity, places, n_draws, n_values)
    order = uniform_table(seed, entity, orders, n_draws, n_values)
    out = np.empty((n_draws, n_values))
    for first in range(0, n_draws, n_strata):
        last = min(first + n_strata, n_draws)
        for value in range(n_values):
            for draw in range(first, last):
                part = 0
                for other in range(first, last):
                    part += order[other, value] < order[draw, value]
                out[draw, value] = (part + place[draw, value]) / (last - first)
    return out


@njit(**EXPOSED)
def standard_normal(u1, u2):
    """Return a standard normal from two uniforms (Box and Muller 1958)."""
    return math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * u2)


@njit(**EXPOSED)
def search(cdf, u):
    """Return the first index whose cumulative probability exceeds u; the last one where none does."""
    # Counting all that do not exceed it takes no branch that the processor could mispredict.
    index = 0
    for place in range(cdf.shape[0] - 1):
        index += u >= cdf[place]
    return index


@njit(**EXPOSED)
def write_guide(cdf, guide):
    """Note where ``search_from`` begins to look: by the leading bits of the uniform."""
    index = 0
    for place in range(guide.shape[0]):
        while index < cdf.shape[0] - 1 and place >= cdf[index] * N_GUIDED:
            index += 1
        guide[place] = index


@njit(**EXPOSED)
def search_from(cdf, guide, u):
    """Return what ``search`` does, found in a step or two; ``guide`` is that of the probabilities."""
    index = guide[at(u * N_GUIDED)]
    while index < cdf.shape[0] - 1 and u >= cdf[index]:
        index += 1
    return index


@njit(**EXPOSED)
def negative_binomial(u, mean, dispersion):
    """Return the u-quantile of a negative binomial count, increasing in u and in the mean.

    Parameters
    ----------
    u : float64
        Uniform in (0, 1).
    mean : float64
        Expected count.
    dispersion : float64
        Size parameter: variance = mean + mean**2 / dispersion; infinite gives the Poisson distribution.
    """
    if mean <= 0.0:
        return 0
    poisson = math.isinf(dispersion)
    deviation = math.sqrt(mean if poisson else mean + mean * mean / dispersion)
    # Less than 1e-12 lies below 12 deviations; starting there keeps large means exact and quick.
    count = max(0, int(mean - 12.0 * deviation))
    if count == 0:
        log_mass = -mean if poisson else -dispersion * math.log1p(mean / dispersion)
    elif poisson:
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
