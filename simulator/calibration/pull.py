"""What simple methods of forecasting expect, and how far the forecast goes towards them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints


@dataclass(frozen=True)
class Evidence:
    """What simple methods forecast together, window by window.

    Parameters
    ----------
    months : ndarray of int64, shape (window,)
        Months in each window, the first of which may have begun: it counts from the day after as_of.
    centre : ndarray of float64, shape (window,)
        What is expected to be booked. Unit: currency of the history.
    log_sd : ndarray of float64, shape (window,)
        Standard deviation of the log of what is booked about it.
    level : float
        Usual bookings of a window, whose tenth is added before logarithms are taken.
    n_origins : int
        Past forecasts behind the ranges.
    """

    months: Ints
    centre: Floats
    log_sd: Floats
    level: float
    n_origins: int


@dataclass(frozen=True)
class Pull:
    """What simple methods expect to be signed, over what the rates lead to expect.

    Parameters
    ----------
    log_factor : ndarray of float64, shape (quarter,)
        Log of the ratio of the means, from the quarter of ``as_of`` on; the last one holds from there on.
    rates_sd, methods_sd : ndarray of float64, shape (quarter,)
        Standard deviation of the log of what is signed about each: that of the simulations, and that of
        the methods' own past errors.
    """

    log_factor: Floats
    rates_sd: Floats
    methods_sd: Floats

    def weight(self, evidence: float) -> Floats:
        """Return how far levels are drawn towards the methods, shape (quarter,).

        At 0.5 the surer of the two has the greater weight, in proportion to its spread; 0: the rates
        alone; 1: the methods alone.
        """
        ours, theirs = evidence * self.rates_sd, (1.0 - evidence) * self.methods_sd
        total = ours + theirs
        return np.asarray(np.divide(ours, total, out=np.full(len(total), evidence), where=total > 0.0))

    def added_sd(self, weight: Floats) -> Floats:
        """Return the spread to add to that of the simulations, shape (quarter,).

        Quantiles are averaged: the spread is the average of both in their weights (Vincent 1912; Lichtendahl
        and others, Management Science 59, 2013). Methods that are surer than the simulations take none away.
        """
        both = (1.0 - weight) * self.rates_sd + weight * self.methods_sd
        return np.asarray(np.sqrt(np.maximum(both**2 - self.rates_sd**2, 0.0)))
