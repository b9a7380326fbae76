"""Customers of a simulated history: those of old, those that its deals won, and who looks after them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.arrays import Floats
from simulator.calibration.customers import CustomerCalibration
from simulator.engine.plan.stated_customers import with_inline_customers
from simulator.scenario.load import scenario_from_dict
from tools.sample_company.customers import live_customers
from tools.sample_company.truth import Truth

YEARS_BEFORE = 4
MANY = 1e12


@dataclass(frozen=True)
class CustomerBook:
    """What is true of a company's customers.

    Parameters
    ----------
    rates : dict of str to dict
        By segment, as a scenario states them under ``customers``.
    before : dict of str to int
        How many signed in the years before the records begin.
    csm_seats : dict of str to int
        Customer success managers.
    seed : int
        Of what customers do.
    """

    rates: dict[str, dict[str, Any]]
    before: dict[str, int]
    csm_seats: dict[str, int]
    seed: int

    def cycle_days(self) -> dict[str, float]:
        """Return the median length of an expansion deal by segment, where one is stated."""
        return {name: float(own["cycle_days"]) for name, own in self.rates.items() if "cycle_days" in own}

    def truth(self, segments: tuple[str, ...]) -> CustomerCalibration:
        """Return the rates in the form of a calibration, taken as certain."""
        stated = {
            name: {"sals_per_month": 0, "amount": 1, "pipeline": {"to": {"won": 1}, "median_days": 1}}
            | {"customers": rates}
            for name, rates in self.rates.items()
        }
        scenario = scenario_from_dict({"name": "truth", "as_of": "2000-01-01", "segments": stated})
        calibration = with_inline_customers(scenario, None, segments)
        if calibration is None:
            raise ValueError("no segment states what its customers do")
        growth = calibration.growth
        shape, rate = _as_events(growth.shape, growth.rate)
        return_shape, return_rate = _as_events(calibration.return_shape, calibration.return_rate)
        return replace(
            calibration,
            growth=replace(growth, shape=shape, rate=rate),
            return_shape=return_shape,
            return_rate=return_rate,
        )


def _as_events(shape: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Return certain rates as the evidence of very many events, the form that calibrations have."""
    certain = np.isinf(shape)
    return np.where(certain, rate * MANY, shape), np.where(certain, MANY, rate)


def customer_tables(
    book: CustomerBook,
    truth: Truth,
    deals: pd.DataFrame,
    span: tuple[dt.date, dt.date],
    rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return the tables customers and arr_changes.

    Parameters
    ----------
    deals : pandas.DataFrame
        Opportunities; each won one becomes a customer the day after, at its amount.
    span : tuple of datetime.date
        First and last day on record.
    """
    first_day, as_of = span
    signed = pd.concat([_of_old(book, truth, first_day, rng), _of_deals(book, deals)], ignore_index=True)
    signed.insert(0, "customer_id", [f"CUST-{n:05d}" for n in range(1, len(signed) + 1)])
    lives = live_customers(signed, book.truth(tuple(truth.segments)), as_of, book.seed, first_day)
    return {"customers": lives.customers, "arr_changes": lives.arr_changes}


def _of_old(book: CustomerBook, truth: Truth, first_day: dt.date, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for segment, n_customers in book.before.items():
        part = truth.segments[segment]
        days = np.sort(rng.integers(1, YEARS_BEFORE * 365, n_customers))[::-1]
        arr = part.median_amount * np.exp(part.log_sd * rng.standard_normal(n_customers))
        rows.append(
            pd.DataFrame(
                {
                    "segment": segment,
                    "start_date": pd.Timestamp(first_day) - pd.to_timedelta(days, unit="D"),
                    "arr": arr.round(2),
                    "term_months": book.rates[segment]["term_months"],
                    "opportunity_id": None,
                    "owner": None,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def _of_deals(book: CustomerBook, deals: pd.DataFrame) -> pd.DataFrame:
    won = deals[(deals["outcome"] == "won").to_numpy()]
    return pd.DataFrame(
        {
            "segment": won["segment"].to_numpy(),
            "start_date": (won["closed_date"] + pd.Timedelta(days=1)).to_numpy(),
            "arr": won["amount"].to_numpy(),
            "term_months": won["segment"]
            .map({n: r["term_months"] for n, r in book.rates.items()})
            .to_numpy(),
            "opportunity_id": won["opportunity_id"].to_numpy(),
            "owner": won["owner"].to_numpy() if "owner" in won else None,
        }
    )


def assign_csms(
    customers: pd.DataFrame, csms: pd.DataFrame, rng: np.random.Generator
) -> npt.NDArray[np.object_]:
    """Return a customer success manager for each customer whose segment has one who is still there."""
    there = csms[csms["end_date"].isna()]
    by_segment = {str(name): rows["rep_id"].to_numpy() for name, rows in there.groupby("segment")}
    none = np.array([None], dtype=object)
    return np.array(
        [rng.choice(by_segment.get(segment, none)) for segment in customers["segment"]], dtype=object
    )
