"""The chance that an allocation of reps is the best, given all that the rates may be."""

from __future__ import annotations

import numpy as np

from simulator.analysis.precision import jackknife_error
from simulator.arrays import Floats, Ints, Mask

N_NORMALS = 2000


def chance_best(value: Floats, draw: Ints) -> tuple[Floats, Floats]:
    """Return the chance that each allocation is the best, given all that the rates may be, and its error.

    What an allocation is worth under a draw of the rates, luck averaged out, is taken as Normal: with the
    mean over all paths, and the covariance between the draws, from which the luck left in the mean of a few
    paths is taken off. The Monte Carlo error leaves out one independent replicate of the draws at a time.

    Parameters
    ----------
    value : ndarray of float64, shape (path, allocation)
        Contribution; any constant may be taken off.
    draw : ndarray of int64, shape (path,)
        The rate draw of each path.

    Returns
    -------
    chance, error : ndarray of float64, shape (allocation,)
        With one draw of the rates the best is certain, and its error 0.
    """
    names, index, sizes = np.unique(draw, return_inverse=True, return_counts=True)
    sums = np.zeros((len(names), value.shape[1]))
    np.add.at(sums, index, value)
    squares = np.zeros((len(names), value.shape[1], value.shape[1]))
    for place in range(len(names)):
        mine = value[index == place]
        squares[place] = mine.T @ mine
    normals = np.random.default_rng(len(names)).standard_normal((N_NORMALS, value.shape[1]))
    normals = np.concatenate([normals, -normals])

    def chances(kept: Mask) -> Floats:
        return _normal_chances(sums[kept], squares[kept].sum(axis=0), sizes[kept], normals)

    whole = chances(np.ones(len(names), dtype=bool))
    error = jackknife_error(chances, names) if len(names) > 1 else np.zeros(len(whole))
    return whole, error


def _normal_chances(sums: Floats, squares: Floats, sizes: Ints, normals: Floats) -> Floats:
    n, n_draws = int(sizes.sum()), len(sizes)
    centre = sums.sum(axis=0) / n
    means = sums / sizes[:, None]
    between = np.zeros_like(squares)
    if n_draws > 1:
        apart = means - centre
        between = (apart * sizes[:, None]).T @ apart / (n_draws - 1)
        if n > n_draws:
            between -= (squares - (means * sizes[:, None]).T @ means) / (n - n_draws)
        between *= (n_draws - 1) / (n - (sizes**2).sum() / n)
    scale, axes = np.linalg.eigh(between)
    drawn = centre + (normals * np.sqrt(np.maximum(scale, 0.0))) @ axes.T
    return np.bincount(drawn.argmax(axis=1), minlength=len(centre)) / len(drawn)
