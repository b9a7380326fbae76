"""Histories of customers whose rates are known, written by the law that forecasts are made with."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.calibration.customers import CustomerCalibration
from simulator.engine.plan.stated_customers import with_inline_customers
from simulator.history.tables import History, empty_table
from simulator.scenario.load import scenario_from_dict
from tools.sample_company.customers import live_customers

SIZES = ("contraction_size", "price_size", "return_size")
AS_OF = dt.date(2026, 10, 31)
RATES: dict[str, Any] = {
    "annual_churn": "14%",
    "alike": 8,
    "expansion": {
        "consumption": {"events_per_year": 0.5, "size": "6%"},
        "seats_organic": {"events_per_year": 0.8, "size": "8%"},
        "features": {"events_per_year": 0.3, "size": "20%"},
    },
    "price_rise": {"share": "40%", "size": "4%"},
    "contraction": {"share": "12%", "size": "20%"},
    "time_to_value_months": 4,
    "cycle_days": 60.875,
    "reactivation": {"per_year": "10%", "size": "80%"},
}


def truth(rates: dict[str, dict[str, Any]], size_log_sd: float = 0.0) -> CustomerCalibration:
    """Return what is true of segments with these rates, sizes spread by so much about their means."""
    stated = {name: {"customers": rate} for name, rate in rates.items()}
    scenario = scenario_from_dict({"as_of": AS_OF.isoformat(), "segments": stated})
    calibration = with_inline_customers(scenario, None, tuple(rates))
    assert calibration is not None
    laws = {name: replace(getattr(calibration, name), log_sd=size_log_sd) for name in SIZES}
    growth = tuple(replace(law, log_sd=size_log_sd) for law in calibration.growth_sizes)
    return replace(calibration, growth_sizes=growth, **laws)


def known_history(
    rates: dict[str, dict[str, Any]],
    n_customers: int,
    seed: int,
    terms: tuple[int, ...] = (12,),
    first_start: dt.date = dt.date(2019, 1, 1),
    first_day: dt.date | None = None,
    size_log_sd: float = 0.0,
) -> History:
    """Return a history of customers who started at any time up to a month before its end."""
    rng = np.random.default_rng(seed)
    days = rng.integers(0, (AS_OF - first_start).days - 30, n_customers)
    signed = pd.DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(n_customers)],
            "segment": rng.choice(list(rates), n_customers),
            "start_date": (pd.Timestamp(first_start) + pd.to_timedelta(days, "D")).astype("datetime64[ns]"),
            "term_months": rng.choice(terms, n_customers).astype(float),
            "arr": rng.lognormal(11, 0.8, n_customers).round(2),
        }
    )
    lives = live_customers(signed, truth(rates, size_log_sd), AS_OF, seed, first_day)
    customers = pd.concat([empty_table("customers"), lives.customers], ignore_index=True)
    return History(
        AS_OF,
        empty_table("opportunities"),
        customers=customers.astype({"customer_id": "str", "segment": "str"}),
        arr_changes=lives.arr_changes,
    )
