"""All that one run says about customers, in one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.analysis.arr import Arr, measure_arr
from simulator.analysis.lifetime import Lifetime, value_customers
from simulator.analysis.retention import Retention, look_back
from simulator.calibration.customers import CustomerCalibration
from simulator.engine.paths import Paths
from simulator.history.tables import History
from simulator.scenario.schema import Scenario


@dataclass(frozen=True)
class CustomerOutlook:
    """ARR to come, what customers are worth, and how they have stayed so far (None without a history)."""

    arr: Arr
    lifetime: Lifetime | None
    retention: Retention | None


def look_at_customers(
    paths: Paths, scenario: Scenario, calibration: CustomerCalibration | None, history: History | None
) -> CustomerOutlook | None:
    """Return every finding about customers; None where none are simulated.

    Parameters
    ----------
    paths : Paths
        Simulated futures.
    scenario : Scenario
        Settled.
    calibration : CustomerCalibration, optional
    history : History, optional
    """
    arr = measure_arr(paths)
    if arr is None:
        return None
    back = None
    if history is not None and calibration is not None and not history.customers.empty:
        back = look_back(history, calibration, scenario.fiscal_calendar())
    lifetime = value_customers(scenario, calibration, history, paths.segments, mean_new_arr(paths))
    return CustomerOutlook(arr, lifetime, back)


def mean_new_arr(paths: Paths) -> npt.NDArray[np.float64]:
    """Return the mean ARR of the customers won on the paths, shape (segment,); NaN where none is won."""
    total, n = paths.arr_flow("new").sum(axis=(0, 1)), paths.arr_flow("n_new").sum(axis=(0, 1))
    return np.asarray(np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0))
