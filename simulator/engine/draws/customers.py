"""Draws of the rates of customers: what the uncertainty of the estimates means for the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, expit, ndtr, ndtri

from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.growth import VALUE_LOG_SD
from simulator.calibration.renewals import TERM_CLASSES
from simulator.calibration.sizes import Sizes
from simulator.engine.draws.slices import gamma_quantile
from simulator.engine.keys import rate_uniforms
from simulator.kernels.customers.flows import DRIVERS

Floats = npt.NDArray[np.float64]

N_SLICES = 64
LARGEST_CONTRACTION = 0.95
CERTAIN_TRIALS = 1e9
"""Beta parameters that sum to this or more are taken as a certain share."""


@dataclass(frozen=True)
class CustomerDraws:
    """Rates of every draw; the leading axis of each array is the draw, law runs over (segment, class).

    Parameters
    ----------
    churn_mean, concentration : Floats, shape (draw, law)
        Mean churn per renewal of new customers, and α + β.
    contraction, price_rise : Floats, shape (draw, law)
    contraction_size, price_size, return_size : Floats, shape (draw, segment, slice)
        Shares of ARR.
    growth : Floats, shape (draw, segment, driver)
        Per month after first value.
    growth_size : Floats, shape (draw, segment, driver, slice)
    cycle, time_to_value : Floats, shape (draw, segment, slice)
        Months.
    return_rate, arr_per_amount : Floats, shape (draw, segment)
    """

    churn_mean: Floats
    concentration: Floats
    contraction: Floats
    price_rise: Floats
    contraction_size: Floats
    price_size: Floats
    return_size: Floats
    growth: Floats
    growth_size: Floats
    cycle: Floats
    time_to_value: Floats
    return_rate: Floats
    arr_per_amount: Floats


@dataclass(frozen=True)
class _Drawer:
    """How many draws, from which seed, and whether the rates are uncertain at all."""

    seed: int
    n_draws: int
    uncertain: bool

    def normals(self, name: str, n_values: int = 1) -> Floats:
        if not self.uncertain:
            return np.zeros((self.n_draws, n_values))
        return np.asarray(ndtri(rate_uniforms(self.seed, f"customers/{name}", self.n_draws, n_values)))

    def gamma(self, name: str, shape: float, rate: float) -> Floats:
        """Gamma(shape, rate) draws; an infinite shape is certain and ``rate`` then its value."""
        if np.isinf(shape):
            return np.full(self.n_draws, rate)
        if shape <= 0.0 or not self.uncertain:
            return np.full(self.n_draws, max(shape, 0.0) / rate)
        u = rate_uniforms(self.seed, f"customers/{name}", self.n_draws)[:, 0]
        return np.asarray(gamma_quantile(u, np.full(self.n_draws, shape)) / rate)

    def beta(self, name: str, a: float, b: float) -> Floats:
        if a <= 0.0 or b <= 0.0 or a + b >= CERTAIN_TRIALS or not self.uncertain:
            return np.full(self.n_draws, a / (a + b))
        u = rate_uniforms(self.seed, f"customers/{name}", self.n_draws)[:, 0]
        return np.asarray(betaincinv(a, b, u), dtype=np.float64)


def draw_customer_rates(
    calibration: CustomerCalibration, seed: int, n_draws: int, uncertain: bool
) -> CustomerDraws:
    """Draw every rate of the customers, each keyed by its own name.

    Parameters
    ----------
    calibration : CustomerCalibration
    seed : int
        Seed of the scenario.
    n_draws : int
        Number of draws.
    uncertain : bool
        False: every draw is the point estimate.
    """
    drawer = _Drawer(seed, n_draws, uncertain)
    names = calibration.segments
    mean, concentration = _draw_churn(drawer, calibration)
    growth = calibration.growth
    drivers = list(enumerate(DRIVERS))
    value = np.stack(
        [
            growth.value_log_median[s]
            + growth.value_log_sd[s] * drawer.normals(f"time_to_value/{name}")[:, 0]
            for s, name in enumerate(names)
        ],
        axis=1,
    )
    middle = ndtri((np.arange(N_SLICES) + 0.5) / N_SLICES)
    cycle = np.exp(calibration.cycle[0] + calibration.cycle[1] * middle)
    contraction, rise = _draw_shares(drawer, calibration)
    return CustomerDraws(
        churn_mean=mean,
        concentration=concentration,
        contraction=contraction,
        price_rise=rise,
        contraction_size=np.minimum(
            _draw_sizes(drawer, "contraction", calibration.contraction_size, names), LARGEST_CONTRACTION
        ),
        price_size=_draw_sizes(drawer, "price_rise", calibration.price_size, names),
        return_size=_draw_sizes(drawer, "return", calibration.return_size, names),
        growth=_per_segment(
            names,
            lambda s, name: np.stack(
                [
                    drawer.gamma(
                        f"growth/{name}/{driver}", float(growth.shape[s, d]), float(growth.rate[s, d])
                    )
                    for d, driver in drivers
                ],
                axis=1,
            ),
        ),
        growth_size=np.stack(
            [_draw_sizes(drawer, driver, calibration.growth_sizes[d], names) for d, driver in drivers], axis=2
        ),
        cycle=np.broadcast_to(cycle, (n_draws, len(names), N_SLICES)).copy(),
        time_to_value=np.exp(value[:, :, None] + VALUE_LOG_SD * middle),
        return_rate=_per_segment(
            names,
            lambda s, name: drawer.gamma(
                f"return/{name}", float(calibration.return_shape[s]), float(calibration.return_rate[s])
            ),
        ),
        arr_per_amount=_per_segment(
            names,
            lambda s, name: np.exp(
                calibration.arr_per_amount[s, 0]
                + calibration.arr_per_amount[s, 1] * drawer.normals(f"arr_per_amount/{name}")[:, 0]
            ),
        ),
    )


def _per_segment(names: tuple[str, ...], draw: Callable[[int, str], Floats]) -> Floats:
    return np.stack([draw(s, name) for s, name in enumerate(names)], axis=1)


def _draw_churn(drawer: _Drawer, calibration: CustomerCalibration) -> tuple[Floats, Floats]:
    """Return mean churn and concentration, shape (draw, law)."""
    laws = calibration.churn
    shape = (drawer.n_draws, len(calibration.segments), len(TERM_CLASSES))
    mean, concentration = np.empty(shape), np.empty(shape)
    for s, name in enumerate(calibration.segments):
        for c, kind in enumerate(TERM_CLASSES):
            root = _root(laws.covariance[s, c])
            point = laws.mean[s, c] + drawer.normals(f"churn/{name}/{kind}", 2) @ root.T
            mean[:, s, c], concentration[:, s, c] = expit(point[:, 0]), np.exp(point[:, 1])
    return mean.reshape(drawer.n_draws, -1), concentration.reshape(drawer.n_draws, -1)


def _root(covariance: Floats) -> Floats:
    """Return the lower triangular root of a covariance; zero where there is none."""
    if not covariance.any():
        return np.zeros((2, 2))
    return np.asarray(np.linalg.cholesky(covariance))


def _draw_shares(drawer: _Drawer, calibration: CustomerCalibration) -> tuple[Floats, Floats]:
    """Return the chances of a contraction and of a price rise, shape (draw, law); together at most 1."""
    drawn = []
    for kind in ("contraction", "price_rise"):
        table = getattr(calibration, kind)
        columns = [
            drawer.beta(f"{kind}/{name}/{term}", *map(float, table[s, c]))
            for s, name in enumerate(calibration.segments)
            for c, term in enumerate(TERM_CLASSES)
        ]
        drawn.append(np.stack(columns, axis=1))
    contraction, rise = drawn
    over = np.maximum(contraction + rise, 1.0)
    return contraction / over, rise / over


def _draw_sizes(drawer: _Drawer, kind: str, sizes: Sizes, names: tuple[str, ...]) -> Floats:
    """Return slice means of log-normal shares, shape (draw, segment, slice)."""
    edges = ndtri(np.linspace(0.0, 1.0, N_SLICES + 1))
    # Mean of a log-normal of mean 1 between two quantiles: (Φ(b - s) - Φ(a - s)) / (1 / n).
    unit = np.diff(ndtr(edges - sizes.log_sd)) * N_SLICES
    mean = np.stack(
        [
            np.exp(sizes.log_mean[s] + sizes.log_mean_sd[s] * drawer.normals(f"size/{kind}/{name}")[:, 0])
            for s, name in enumerate(names)
        ],
        axis=1,
    )
    return mean[:, :, None] * unit
