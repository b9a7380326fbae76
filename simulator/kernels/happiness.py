"""How many customers are happy when each month begins: those who refer new deals."""

import math

from numba import njit

from simulator.kernels.jit import PART


@njit(**PART)
def happy_from(happy, since, start, read):
    """Return the first month that begins with a customer happy since a time; 0 where it is at ``start``.

    ``read`` months have been asked for already: what happens at the very instant that the last of them
    begins counts from the next.
    """
    first = 0 if since <= start else min(math.ceil(since), happy.shape[1] - 1)
    return max(first, min(read, happy.shape[1] - 1))


@njit(**PART)
def begin_happy(happy, segment, since, start, read):
    """Count a customer among the happy ones of the months that begin after a time.

    Parameters
    ----------
    happy : ndarray of float64, shape (segment, month + 1)
        Changes of their number, added to.
    segment : int
    since : float
        Infinite: it never is.
    start : float
        Time of as_of.
    read : int
        Months that have been asked for already.
    """
    if since < happy.shape[1] - 1:
        happy[segment, happy_from(happy, since, start, read)] += 1.0


@njit(**PART)
def end_happy(happy, segment, since, until, start, read):
    """Count it no more from a time on; where that comes before it was happy, it never was."""
    if since < happy.shape[1] - 1:
        first = happy_from(happy, since, start, 0)
        happy[segment, max(first, happy_from(happy, until, start, read))] -= 1.0
