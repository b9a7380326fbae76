"""Equal-probability slices of weighted samples, many weightings at once."""

from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
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
