"""What must hold of a calibration of customers before anything is simulated from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.growth_by_size import MOST_BANDS, N_KINDS
from simulator.calibration.renewals import TERM_CLASSES
from simulator.kernels.customers.flows import DRIVERS

LARGEST_LOG = 60.0


def customer_faults(calibration: CustomerCalibration) -> Iterator[str]:
    """Yield everything wrong with the shapes and values of a calibration of customers."""
    wrong = [
        f"customers.{name}: its axes are {array.shape}, not {axes}"
        for name, array, axes in _tables(calibration)
        if array.shape != axes
    ]
    yield from wrong
    if not wrong:
        yield from _values(calibration)


def _tables(c: CustomerCalibration) -> Iterator[tuple[str, npt.NDArray[Any], tuple[int, ...]]]:
    n, n_terms, n_drivers = len(c.segments), len(TERM_CLASSES), len(DRIVERS)
    yield "churn.mean", c.churn.mean, (n, n_terms, 2)
    yield "churn.covariance", c.churn.covariance, (n, n_terms, 2, 2)
    yield "churn.at_any_time", c.churn.at_any_time, (n_terms,)
    yield "churn.duration", c.churn.duration, (n, n_terms)
    yield "contraction", c.contraction, (n, n_terms, 2)
    yield "price_rise", c.price_rise, (n, n_terms, 2)
    for name in ("shape", "rate", "events", "exposure_months"):
        yield f"growth.{name}", getattr(c.growth, name), (n, n_drivers)
    for name in ("value_log_median", "value_log_sd"):
        yield f"growth.{name}", getattr(c.growth, name), (n,)
    by_size = c.growth.by_size
    yield "growth.by_size.edges", by_size.edges, (n, MOST_BANDS - 1)
    for name in ("shape", "rate", "at_risk", "size"):
        yield f"growth.by_size.{name}", getattr(by_size, name), (n, MOST_BANDS, N_KINDS)
    for name in ("return_shape", "return_rate", "returns", "months_away", "n_customers"):
        yield name, getattr(c, name), (n,)
    for name in ("contraction_size", "price_size", "return_size"):
        yield f"{name}.log_mean", getattr(c, name).log_mean, (n,)
        yield f"{name}.log_mean_sd", getattr(c, name).log_mean_sd, (n,)
    for driver, law in zip(DRIVERS, c.growth_sizes, strict=False):
        yield f"growth_sizes, {driver}", law.log_mean, (n,)
        yield f"growth_sizes, {driver} (sd)", law.log_mean_sd, (n,)
    yield "cycle", c.cycle, (3,)
    yield "win_rate", c.win_rate, (3,)
    yield "arr_per_amount", c.arr_per_amount, (n, 3)
    yield "term_counts", c.term_counts, (n, c.terms.size)


def _values(c: CustomerCalibration) -> Iterator[str]:
    if len(c.growth_sizes) != len(DRIVERS):
        yield f"customers.growth_sizes: {len(c.growth_sizes)} entries for {len(DRIVERS)} drivers"
    if c.terms.size == 0 or (c.terms < 1).any() or (c.terms > 1200).any():
        yield "customers.terms: contract terms must be 1 to 1200 months"
    not_negative = {
        name: getattr(c, name) for name in ("contraction", "price_rise", "return_shape", "term_counts")
    }
    not_negative |= {"growth.shape": c.growth.shape, "growth.value_log_sd": c.growth.value_log_sd}
    not_negative["growth.by_size.at_risk"] = c.growth.by_size.at_risk
    for name, array in not_negative.items():
        if not (np.isfinite(array).all() and (array >= 0).all()):
            yield f"customers.{name}: every number must be finite and not negative"
    above = {"growth.rate": c.growth.rate, "return_rate": c.return_rate}
    above |= {"churn.duration": c.churn.duration}
    above |= {f"growth.by_size.{name}": getattr(c.growth.by_size, name) for name in ("shape", "rate", "size")}
    for name, array in above.items():
        if not (np.isfinite(array).all() and (array > 0).all()):
            yield f"customers.{name}: every number must be finite and above zero"
    logs = [c.churn.mean, c.growth.value_log_median, c.arr_per_amount[:, :2], c.cycle[:2]]
    logs += [law.log_mean for law in (*c.growth_sizes, c.contraction_size, c.price_size, c.return_size)]
    # Minus infinity is the logarithm of what does not exist.
    if not all((np.isneginf(a) | (np.abs(a) <= LARGEST_LOG)).all() for a in logs):
        yield "customers: a logarithm is not finite or absurdly large"
    matrices = c.churn.covariance.reshape(-1, 2, 2)
    if not np.isfinite(matrices).all() or (np.linalg.eigvalsh(matrices) < -1e-9).any():
        yield "customers.churn.covariance: must be symmetric and not negative"
