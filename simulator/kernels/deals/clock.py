"""The pace of winning inside a month, constant in each of its parts.

Only winning has a pace of its own. What else happens to a deal does so at a constant rate within the month,
so that the days which count for winning and the days which count for the rest are all that a month needs.
"""

from numba import njit

from simulator.kernels.jit import PART


@njit(**PART)
def winning_days(steps, pace, time, end):
    """Return the days from a time to the month's end, each weighted with the pace of winning in it.

    Parameters
    ----------
    steps : ndarray of float64, shape (part - 1,)
        Days at which the pace of the month changes.
    pace : ndarray of float64, shape (part,)
    time, end : float
    """
    days, since = 0.0, time
    for part in range(steps.shape[0]):
        until = max(steps[part], since)
        days += pace[part] * (until - since)
        since = until
    return days + pace[steps.shape[0]] * (end - since)


@njit(**PART)
def find_moment(steps, pace, time, wait, rest, won):
    """Return when a deal has spent its wait, and the pace of winning then.

    Parameters
    ----------
    steps, pace
        As in ``winning_days``.
    time, wait : float
        Where the deal is, and the cumulative hazard that it has left.
    rest, won : float
        Rates per day of all that is not winning, and of winning at pace 1.
    """
    n_steps = steps.shape[0]
    for part in range(n_steps):
        rate = rest + won * pace[part]
        days = max(steps[part] - time, 0.0)
        if wait < days * rate:
            return time + wait / rate, pace[part]
        wait -= days * rate
        time += days
    return time + wait / (rest + won * pace[n_steps]), pace[n_steps]
