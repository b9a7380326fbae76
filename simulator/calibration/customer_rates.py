"""The rates of customers as rows of the table of rates: value, interval, counts and source of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.expansion_deals import FEWEST_CYCLES, FEWEST_LINKED
from simulator.calibration.growth import Growth
from simulator.calibration.renewals import TERM_CLASSES
from simulator.calibration.sizes import Sizes
from simulator.kernels.customers.flows import DRIVERS

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]

LOW, HIGH = 0.1, 0.9
Z_HIGH = float(special.ndtri(HIGH))
OWN_EVENTS = 3.0
"""Events of its own from which on a rate counts as calibrated rather than pooled."""


def customer_rates(calibration: CustomerCalibration) -> Iterator[Row]:
    """Yield one row for each rate of the customers, in the columns of the table of rates."""
    yield from _churn(calibration)
    yield from _changes(calibration)
    yield from _growth(calibration)
    yield from _sizes(calibration)
    yield from _returns(calibration)
    yield from _terms(calibration)


def _row(name: str, unit: str, source: str, estimate: tuple[float, float, float], **more: Any) -> Row:
    value, low, high = (float(x) for x in estimate)
    empty: Row = dict.fromkeys(("segment", "category", "destination", "level"), "")
    return {
        **empty,
        "name": name,
        "value": value,
        "low": low,
        "high": high,
        "unit": unit,
        "source": source,
        **more,
    }


def _source(own: float, total: float) -> str:
    if own >= OWN_EVENTS:
        return "calibrated"
    return "pooled" if total > 0 else "prior"


def _normal(mean: float, sd: float) -> Floats:
    return mean + sd * np.array([0.0, -Z_HIGH, Z_HIGH])


def _churn(c: CustomerCalibration) -> Iterator[Row]:
    laws = c.churn
    for s, segment in enumerate(c.segments):
        for t, term in enumerate(TERM_CLASSES):
            at_risk, churned = float(laws.at_risk[s, t]), float(laws.churned[s, t])
            if at_risk == 0.0 and laws.at_risk[:, t].sum() == 0.0:
                continue
            counts = {"segment": segment, "level": term, "events": churned, "exposure": at_risk}
            source = _source(churned, float(laws.churned[:, t].sum()))
            mean, spread = laws.mean[s, t], np.sqrt(np.diag(laws.covariance[s, t]))
            first = special.expit(_normal(mean[0], spread[0]))
            unit = "share a month" if t == 0 or laws.at_any_time[t] else "share of renewals"
            yield _row("churn, first renewal", unit, source, tuple(first), **counts)
            alike = np.exp(_normal(mean[1], spread[1]))
            yield _row("churn, alpha + beta", "concentration", source, tuple(alike), **counts)


def _changes(c: CustomerCalibration) -> Iterator[Row]:
    for place, (name, table) in enumerate((("contraction", c.contraction), ("price_rise", c.price_rise)), 1):
        for s, segment in enumerate(c.segments):
            for t, term in enumerate(TERM_CLASSES):
                if c.changes[:, t, 0].sum() == 0.0:
                    continue
                a, b = table[s, t].tolist()
                low, high = special.betaincinv(a, b, [LOW, HIGH])
                events = float(c.changes[s, t, place])
                yield _row(
                    name,
                    "share of renewals kept",
                    _source(events, float(c.changes[:, t, place].sum())),
                    (a / (a + b), float(low), float(high)),
                    segment=segment,
                    level=term,
                    events=events,
                    exposure=float(c.changes[s, t, 0]),
                )


def _growth(c: CustomerCalibration) -> Iterator[Row]:
    growth: Growth = c.growth
    for s, segment in enumerate(c.segments):
        for d, driver in enumerate(DRIVERS):
            shape, rate = float(growth.shape[s, d]), float(growth.rate[s, d])
            low, high = special.gammaincinv(shape, [LOW, HIGH]) / rate
            events = float(growth.events[s, d])
            yield _row(
                "growth",
                "per customer and month",
                _source(events, float(growth.events[:, d].sum())),
                (shape / rate, float(low), float(high)),
                segment=segment,
                level=driver,
                events=events,
                exposure=float(growth.exposure_months[s, d]),
            )
        months = np.exp(_normal(float(growth.value_log_median[s]), float(growth.value_log_sd[s])))
        n = float(growth.events[s].sum())
        yield _row(
            "time_to_value",
            "months, median",
            _source(n, float(growth.events.sum())),
            tuple(months),
            segment=segment,
            events=n,
            exposure=float(c.n_customers[s]),
        )


def _sizes(c: CustomerCalibration) -> Iterator[Row]:
    kinds = [(f"growth size, {d}", law) for d, law in zip(DRIVERS, c.growth_sizes, strict=True)]
    kinds += [("contraction size", c.contraction_size), ("price_rise size", c.price_size)]
    kinds += [("reactivation size", c.return_size)]
    for name, law in kinds:
        yield from _size(name, law, c.segments)


def _size(name: str, law: Sizes, segments: tuple[str, ...]) -> Iterator[Row]:
    for s, segment in enumerate(segments):
        share = np.exp(_normal(float(law.log_mean[s]), float(law.log_mean_sd[s])))
        n = float(law.events[s])
        source = _source(n, float(law.events.sum()))
        yield _row(name, "share of ARR, mean", source, tuple(share), segment=segment, events=n, exposure=n)


def _returns(c: CustomerCalibration) -> Iterator[Row]:
    for s, segment in enumerate(c.segments):
        shape, rate = float(c.return_shape[s]), float(c.return_rate[s])
        low, high = special.gammaincinv(shape, [LOW, HIGH]) / rate
        yield _row(
            "reactivation",
            "per month after churn",
            _source(float(c.returns[s]), float(c.returns.sum())),
            (shape / rate, float(low), float(high)),
            segment=segment,
            events=float(c.returns[s]),
            exposure=float(c.months_away[s]),
        )


def _terms(c: CustomerCalibration) -> Iterator[Row]:
    n = float(c.cycle[2])
    cycle = np.exp(_normal(float(c.cycle[0]), float(c.cycle[1]) / np.sqrt(n) if n else 0.0))
    inferred = "pooled" if c.growth.events.any() else "assumption"
    source = "calibrated" if n >= FEWEST_CYCLES else inferred
    yield _row("expansion cycle", "months, median", source, tuple(cycle), events=n, exposure=n)
    a, b, ended = c.win_rate.tolist()
    low, high = special.betaincinv(a, b, [LOW, HIGH])
    source = "calibrated" if ended >= OWN_EVENTS else "assumption"
    win = (a / (a + b), float(low), float(high))
    yield _row("expansion win rate", "share of expansion deals", source, win, events=ended, exposure=ended)
    for s, segment in enumerate(c.segments):
        mean, sd, linked = c.arr_per_amount[s].tolist()
        ratio = np.exp(_normal(mean, sd))
        source = "calibrated" if linked >= FEWEST_LINKED else "assumption"
        counts = {"segment": segment, "events": linked, "exposure": linked}
        yield _row("ARR / signed amount", "ratio", source, tuple(ratio), **counts)
