"""The rates of customers as rows of the table of rates: value, interval, counts and source of each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.growth import FEWEST_CYCLES, FEWEST_LINKED
from simulator.calibration.pooling import Sizes
from simulator.calibration.posteriors import Beta, Gamma, Logistic, LogMedian
from simulator.calibration.rate_rows import OWN_EVENTS, Rate, Row, by_first_axis, row, source_by_events
from simulator.calibration.renewals import TERM_CLASSES
from simulator.kernels.customers.flows import DRIVERS


def customer_rates(calibration: CustomerCalibration) -> Iterator[Row]:
    """Yield one row for each rate of the customers, in the columns of the table of rates."""
    yield from _churn(calibration)
    for place, name in enumerate(("contraction", "price_rise"), 1):
        yield from _change(calibration, place, name).rows()
    yield from _growth(calibration)
    for name, sizes in _sizes(calibration).items():
        events = np.asarray(sizes.events)
        source = source_by_events(events, events.sum())
        posterior = LogMedian({"segment": calibration.segments}, sizes.log_mean, sizes.log_mean_sd)
        yield from Rate(name, "share of ARR, mean", posterior, events, events, source).rows()
    yield from _returns(calibration).rows()
    yield from _expansion(calibration)


def _churn(c: CustomerCalibration) -> Iterator[Row]:
    churn = c.churn
    axes = {"segment": c.segments, "level": TERM_CLASSES}
    spread = np.sqrt(np.diagonal(churn.covariance, axis1=-2, axis2=-1))
    shares = Logistic(axes, churn.mean[..., 0], spread[..., 0])
    alike = LogMedian(axes, churn.mean[..., 1], spread[..., 1])
    source = source_by_events(churn.churned, churn.churned.sum(axis=0))
    at_risk = churn.at_risk.sum(axis=0) > 0.0
    for cell in shares.cells((churn.at_risk != 0.0) | at_risk):
        counts = {"events": float(churn.churned[cell]), "exposure": float(churn.at_risk[cell])}
        more = {**shares.labels(cell), **counts}
        unit = "share a month" if cell[1] == 0 or churn.at_any_time[cell[1]] else "share of renewals"
        yield row("churn, first renewal", unit, str(source[cell]), shares.estimate(cell), **more)
        estimate = alike.estimate(cell)
        yield row("churn, alpha + beta", "concentration", str(source[cell]), estimate, **more)
        duration = float(churn.duration[cell])
        if duration != 1.0:
            known = (duration, duration, duration)
            yield row("churn, exponent of time", "exponent", str(source[cell]), known, **more)


def _change(c: CustomerCalibration, place: int, name: str) -> Rate:
    events, kept = c.changes[..., place], c.changes[..., 0]
    return Rate(
        name,
        "share of renewals kept",
        Beta({"segment": c.segments, "level": TERM_CLASSES}, getattr(c, name)),
        events,
        kept,
        source_by_events(events, events.sum(axis=0)),
        shown=np.broadcast_to(kept.sum(axis=0) != 0.0, kept.shape),
    )


def _growth(c: CustomerCalibration) -> Iterator[Row]:
    growth = c.growth
    segments = {"segment": c.segments}
    events = growth.events.sum(axis=1)
    yield from by_first_axis(
        Rate(
            "growth",
            "per customer and month",
            Gamma({**segments, "level": DRIVERS}, growth.shape, growth.rate),
            growth.events,
            growth.exposure_months,
            source_by_events(growth.events, growth.events.sum(axis=0)),
        ),
        Rate(
            "time_to_value",
            "months, median",
            LogMedian(segments, growth.value_log_median, growth.value_log_sd),
            events,
            c.n_customers,
            source_by_events(events, growth.events.sum()),
        ),
    )


def _sizes(c: CustomerCalibration) -> dict[str, Sizes]:
    growth = {f"growth size, {d}": sizes for d, sizes in zip(DRIVERS, c.growth_sizes, strict=True)}
    changes = {"contraction size": c.contraction_size, "price_rise size": c.price_size}
    return {**growth, **changes, "reactivation size": c.return_size}


def _returns(c: CustomerCalibration) -> Rate:
    posterior = Gamma({"segment": c.segments}, c.return_shape, c.return_rate)
    source = source_by_events(c.returns, c.returns.sum())
    return Rate("reactivation", "per month after churn", posterior, c.returns, c.months_away, source)


def _expansion(c: CustomerCalibration) -> Iterator[Row]:
    n = float(c.cycle[2])
    sd = float(c.cycle[1]) / np.sqrt(n) if n else 0.0
    inferred = "pooled" if c.growth.events.any() else "assumption"
    source = "calibrated" if n >= FEWEST_CYCLES else inferred
    cycle = LogMedian({}, np.asarray(c.cycle[0]), np.asarray(sd))
    yield row("expansion cycle", "months, median", source, cycle.estimate(), events=n, exposure=n)
    ended = float(c.win_rate[2])
    source = "calibrated" if ended >= OWN_EVENTS else "assumption"
    win = Beta({}, c.win_rate[:2]).estimate()
    yield row("expansion win rate", "share of expansion deals", source, win, events=ended, exposure=ended)
    mean, sds, linked = c.arr_per_amount.T
    sources = np.where(linked >= FEWEST_LINKED, "calibrated", "assumption")
    ratio = LogMedian({"segment": c.segments}, mean, sds)
    yield from Rate("ARR / signed amount", "ratio", ratio, linked, linked, sources).rows()
