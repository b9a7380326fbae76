"""Deals that either close early or never: the dead ones that pile up must not lend life to one another."""

import numpy as np
import pandas as pd

from simulator.calibration.calibration import CATEGORIES, DESTINATIONS
from simulator.calibration.estimate import calibrate
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import History, empty_table

WON, PIPELINE = DESTINATIONS.index("won"), CATEGORIES.index("pipeline")
AS_OF = pd.Timestamp("2026-06-30")


def sudden_death(n_deals: int = 1500, seed: int = 4) -> History:
    """Deals that close within 140 days, at even chances, or stay open for ever (a third of them)."""
    rng = np.random.default_rng(seed)
    born = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 540, n_deals), unit="D")
    closes = born + pd.to_timedelta(rng.integers(1, 140, n_deals), unit="D")
    known = (rng.random(n_deals) < 2 / 3) & (closes <= AS_OF)
    deals = empty_table("opportunities").reindex(range(n_deals))
    deals["opportunity_id"] = pd.Series([f"d{i}" for i in range(n_deals)], dtype="str")
    deals["segment"] = pd.Series(["a"] * n_deals, dtype="str")
    deals["amount"] = 1000.0
    deals["created_date"] = born.astype("datetime64[ns]")
    deals["closed_date"] = pd.Series(closes.astype("datetime64[ns]")).where(known)
    deals["outcome"] = pd.Series(np.where(known, "won", None), dtype="str")
    return History(as_of=AS_OF.date(), opportunities=deals)


def win_rate_by_age() -> np.ndarray:
    """Calibrated rate of winning by age bin, as a multiple of the mean."""
    age = calibrate(sudden_death(), FiscalCalendar(1)).factors["age"]
    return np.asarray(np.exp(age.log_mean[PIPELINE, :, WON]))


def test_the_rate_falls_where_deals_stop_to_close_and_not_before():
    rate = win_rate_by_age()
    assert rate[4] > 0.6 * rate[1]
    assert rate[5] < 0.2 * rate[4]
    assert rate[6] < 0.2 * rate[4]
