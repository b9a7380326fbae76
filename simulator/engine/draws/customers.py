"""Draws of the rates of customers: what the uncertainty of the estimates means for the engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr, ndtri

from simulator.arrays import Floats
from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.growth import VALUE_LOG_SD
from simulator.calibration.growth_by_size import MOST_BANDS, GrowthBySize
from simulator.calibration.pooling import Sizes
from simulator.calibration.posteriors import Axes, Beta, Draws, Gamma, JointNormal, LogMedian, Normal
from simulator.calibration.renewals import TERM_CLASSES
from simulator.engine.keys import rate_draws
from simulator.kernels.customers.flows import DRIVERS

N_SLICES = 64
LARGEST_CONTRACTION = 0.95
BANDS = tuple(f"band {place + 1}" for place in range(MOST_BANDS))


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
    growth_factor : Floats, shape (draw, segment, band, kind)
        On the rate, by band of ARR, of growth by itself and of growth that is sold.
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
    growth_factor: Floats
    growth_size: Floats
    cycle: Floats
    time_to_value: Floats
    return_rate: Floats
    arr_per_amount: Floats


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
    c, growth, draws = calibration, calibration.growth, rate_draws(seed, n_draws, uncertain, "customers/")
    segments = {"segment": c.segments}
    drivers = {**segments, "level": DRIVERS}
    mean, concentration = _draw_churn(draws, c)
    contraction, rise = _draw_shares(draws, c)
    value = Normal(segments, growth.value_log_median, growth.value_log_sd).draw("time_to_value", draws)
    arr = LogMedian(segments, c.arr_per_amount[:, 0], c.arr_per_amount[:, 1])
    middle = ndtri((np.arange(N_SLICES) + 0.5) / N_SLICES)
    cycle = np.exp(c.cycle[0] + c.cycle[1] * middle)
    sizes = dict(zip(DRIVERS, c.growth_sizes, strict=True))
    return CustomerDraws(
        churn_mean=mean,
        concentration=concentration,
        contraction=contraction,
        price_rise=rise,
        contraction_size=np.minimum(
            _draw_sizes(draws, "contraction", c.contraction_size, segments), LARGEST_CONTRACTION
        ),
        price_size=_draw_sizes(draws, "price_rise", c.price_size, segments),
        return_size=_draw_sizes(draws, "return", c.return_size, segments),
        growth=Gamma(drivers, growth.shape, growth.rate).draw("growth", draws),
        growth_factor=_draw_factors(draws, growth.by_size, c.segments),
        growth_size=np.stack([_draw_sizes(draws, d, size, segments) for d, size in sizes.items()], axis=2),
        cycle=np.broadcast_to(cycle, (n_draws, len(c.segments), N_SLICES)).copy(),
        time_to_value=np.exp(value[:, :, None] + VALUE_LOG_SD * middle),
        return_rate=Gamma(segments, c.return_shape, c.return_rate).draw("return", draws),
        arr_per_amount=arr.draw("arr_per_amount", draws),
    )


def _draw_churn(draws: Draws, calibration: CustomerCalibration) -> tuple[Floats, Floats]:
    """Return mean churn and concentration, shape (draw, segment × class)."""
    churn = calibration.churn
    columns = [
        JointNormal(churn.mean[s, c], churn.covariance[s, c], symmetric=False).draw(
            f"churn/{name}/{kind}", draws
        )
        for s, name in enumerate(calibration.segments)
        for c, kind in enumerate(TERM_CLASSES)
    ]
    points = np.stack(columns, axis=1)
    return expit(points[..., 0]), np.exp(points[..., 1])


def _draw_shares(draws: Draws, calibration: CustomerCalibration) -> tuple[Floats, Floats]:
    """Return the chances of a contraction and of a price rise, shape (draw, segment × class).

    Together they are at most 1.
    """
    axes = {"segment": calibration.segments, "level": TERM_CLASSES}
    contraction = Beta(axes, calibration.contraction).draw("contraction", draws).reshape(draws.n, -1)
    rise = Beta(axes, calibration.price_rise).draw("price_rise", draws).reshape(draws.n, -1)
    over = np.maximum(contraction + rise, 1.0)
    return contraction / over, rise / over


def _draw_factors(draws: Draws, by_size: GrowthBySize, segments: tuple[str, ...]) -> Floats:
    """Return factors on the rate of growth, shape (draw, segment, band, kind), 1 on average at each draw.

    How much all customers grow is as uncertain as their rate; the factors share it out.
    """
    axes = {"segment": segments, "band": BANDS, "level": ("by itself", "sold")}
    drawn = Gamma(axes, by_size.shape, by_size.rate).draw("growth by size", draws)
    mean = (drawn * by_size.at_risk).sum(axis=2, keepdims=True)
    return drawn / np.where(mean > 0.0, mean, 1.0)


def _draw_sizes(draws: Draws, kind: str, sizes: Sizes, axes: Axes) -> Floats:
    """Return slice means of log-normal shares, shape (draw, segment, slice)."""
    edges = ndtri(np.linspace(0.0, 1.0, N_SLICES + 1))
    # Mean of a log-normal of mean 1 between two quantiles: (Φ(b - s) - Φ(a - s)) / (1 / n).
    unit = np.diff(ndtr(edges - sizes.log_sd)) * N_SLICES
    mean = LogMedian(axes, sizes.log_mean, sizes.log_mean_sd).draw(f"size/{kind}", draws)
    return mean[:, :, None] * unit
