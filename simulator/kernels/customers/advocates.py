"""How many customers are advocates when a month begins: changes of their number, month by month."""

import math

from numba import njit

from simulator.kernels.jit import PART


@njit(**PART)
def advocate_from(advocates, since, start, read):
    """Return the first month that begins with an advocate since a time; 0 where it is one at ``start``.

    ``read`` months have been asked for already: what happens at the very instant that the last of them
    begins counts from the next.
    """
    first = 0 if since <= start else min(math.ceil(since), advocates.shape[1] - 1)
    return max(first, min(read, advocates.shape[1] - 1))


@njit(**PART)
def add_advocate(advocates, segment, since, start, read):
    """Count a customer among the advocates of the months that begin after a time.

    Parameters
    ----------
    advocates : ndarray of float64, shape (segment, month + 1)
        Changes of their number, added to.
    segment : int
    since : float
        Infinite: it never is.
    start : float
        Time of as_of.
    read : int
        Months that have been asked for already.
    """
    if since < advocates.shape[1] - 1:
        advocates[segment, advocate_from(advocates, since, start, read)] += 1.0


@njit(**PART)
def remove_advocate(advocates, segment, since, until, start, read):
    """Count it no more from a time on; where that comes before it was an advocate, it never was."""
    if since < advocates.shape[1] - 1:
        first = advocate_from(advocates, since, start, 0)
        advocates[segment, max(first, advocate_from(advocates, until, start, read))] -= 1.0
