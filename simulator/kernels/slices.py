"""Equal-probability slices of weighted samples, many weightings at once."""

import math

import numpy as np
from numba import njit

from simulator.kernels.jit import ALONE


@njit(**ALONE, error_model="numpy")
def sample_slices(values, weights, slices):
    """Fill the integrals of a weighted sample's quantile function over equal pieces of probability.

    Parameters
    ----------
    values : ndarray of float64, shape (value,)
        In increasing order.
    weights : ndarray of float64, shape (draw, value)
        Share of each value; a sum below 1 leaves the rest to a tail, which adds nothing here.
    slices : ndarray of float64, shape (draw, slice)
        Filled.
    """
    n_values, n_slices = weights.shape[1], slices.shape[1]
    for draw in range(weights.shape[0]):
        reached, area, before = 0.0, 0.0, 0.0
        place = -1
        start, start_area = 0.0, 0.0
        for piece in range(n_slices):
            edge = (piece + 1.0) / n_slices
            while place < n_values - 1 and reached < edge:
                place += 1
                start, start_area = reached, area
                reached += weights[draw, place]
                area += weights[draw, place] * values[place]
            integral = area
            if reached > edge:
                integral = start_area + (edge - start) * values[place]
            slices[draw, piece] = integral - before
            before = integral


N_GRID = 512
_SPREADS = 6.0
_TAIL = 14.0


@njit(**ALONE)
def beta_slices(alpha, beta, slices):
    """Fill the means of the equal-probability slices of Beta laws.

    On the scale of log-odds z the density is proportional to p^alpha (1 - p)^beta, smooth and
    single-peaked, with tails that fall like exp(alpha z) and exp(-beta z).

    Parameters
    ----------
    alpha, beta : ndarray of float64, shape (law,)
        Above zero.
    slices : ndarray of float64, shape (law, slice)
        Filled, in increasing order.
    """
    n_slices = slices.shape[1]
    reached = np.empty(N_GRID)
    moment = np.empty(N_GRID)
    for law in range(alpha.shape[0]):
        a, b = alpha[law], beta[law]
        sd = math.sqrt(1.0 / a + 1.0 / b)
        peak = math.log(a / b)
        low = peak - _SPREADS * sd - _TAIL / a
        step = (2.0 * _SPREADS * sd + _TAIL / a + _TAIL / b) / (N_GRID - 1)
        highest = -a * math.log1p(b / a) - b * math.log1p(a / b)
        before, before_moment = 0.0, 0.0
        for i in range(N_GRID):
            z = low + i * step
            # log p and log (1 - p), without overflow on either side.
            small = math.exp(-abs(z))
            shift = math.log1p(small)
            log_p = min(z, 0.0) - shift
            log_q = -max(z, 0.0) - shift
            density = math.exp(a * log_p + b * log_q - highest)
            first = density * (small if z < 0.0 else 1.0) / (1.0 + small)
            reached[i] = before + density
            moment[i] = before_moment + first
            # The trapezium rule: each end counts half to either side.
            before += 2.0 * density
            before_moment += 2.0 * first
        start, start_moment = reached[0], moment[0]
        whole = reached[N_GRID - 1] - start
        i = 0
        last = 0.0
        for piece in range(n_slices):
            wanted = start + whole * (piece + 1.0) / n_slices
            while i < N_GRID - 2 and reached[i + 1] < wanted:
                i += 1
            part = (wanted - reached[i]) / (reached[i + 1] - reached[i])
            integral = moment[i] + part * (moment[i + 1] - moment[i]) - start_moment
            slices[law, piece] = min(1.0, max(0.0, (integral - last) / whole * n_slices))
            last = integral
