"""What the simulator forecasts of such a company, next to what its own law makes of the same state."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.calibration.calibration import Calibration
from simulator.calibration.estimate import calibrate
from simulator.engine.paths import Paths
from simulator.engine.run.simulate import simulate
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import History, empty_table
from simulator.scenario.customers import Customers
from simulator.scenario.schema import FiscalYear, Forecast, Scenario
from simulator.scenario.settled import settled
from tests.worlds.daily import OPEN, WON, Deals, World, nobody

CALENDAR = FiscalCalendar(1)
N_CONTINUATIONS = 300
EVIDENCE = Forecast().evidence


def day(text: str) -> int:
    """Return the day number of a date."""
    return int(np.datetime64(text, "D").astype(np.int64))


def quarter_day(number: int) -> int:
    """Return which day of its calendar quarter a day is, from the end: 0 is the last one."""
    month = np.datetime64(number, "D").astype("datetime64[M]")
    index = int(month.astype(np.int64))
    end = np.datetime64(index - index % 3 + 3, "M").astype("datetime64[D]").astype(np.int64)
    return int(end) - 1 - number


def history_of(deals: Deals, as_of: int) -> History:
    """Return the history that a CRM would hold at the end of a day, deals qualified when created."""
    n = len(deals.created)
    order = np.argsort(deals.created, kind="stable")
    deals = deals.at(order)
    ended = deals.outcome != OPEN
    closed = np.where(ended, deals.closed, 0).astype("datetime64[D]").astype("datetime64[ns]")
    created = deals.created.astype("datetime64[D]").astype("datetime64[ns]")
    values = {
        "opportunity_id": [f"d{place:06d}" for place in range(n)],
        "segment": ["all"] * n,
        "amount": deals.amount,
        "created_date": created,
        "qualified_date": created,
        "outcome": np.where(deals.outcome == WON, "won", np.where(ended, "lost_no_decision", None)),
        "closed_date": pd.Series(closed).where(ended),
    }
    table = empty_table("opportunities").reindex(range(n))
    for name, column in values.items():
        table[name] = pd.Series(column).astype(table[name].dtype)
    return History(as_of=dt.date(1970, 1, 1) + dt.timedelta(days=as_of), opportunities=table)


@dataclass(frozen=True)
class Seen:
    """A forecast of what is signed in a quarter, and what the company's own law says of it."""

    forecast: np.ndarray
    truth: np.ndarray

    @property
    def held(self) -> float:
        """Share of what may come that lies between P10 and P90."""
        low, high = np.quantile(self.forecast, [0.1, 0.9])
        return float(((self.truth >= low) & (self.truth <= high)).mean())


def forecast(
    history: History,
    calibration: Calibration,
    quarters: int,
    paths: int = 400,
    evidence: float = EVIDENCE,
    **settings: object,
) -> np.ndarray:
    """Return what each simulation signs in each quarter from the day after as_of, shape (path, quarter)."""
    paths_of = simulated(history, calibration, quarters, paths, evidence, **settings)
    monthly = np.asarray(paths_of.monthly_bookings).sum(axis=2)
    quarter = (np.asarray(paths_of.months) - CALENDAR.first_month(int(paths_of.quarters[0]))) // 3
    return np.stack([monthly[:, quarter == q].sum(axis=1) for q in range(quarters)], axis=1)


def simulated(
    history: History,
    calibration: Calibration,
    quarters: int,
    paths: int = 400,
    evidence: float = EVIDENCE,
    **settings: object,
) -> Paths:
    """Return simulations of the quarters from the day after as_of, without customers."""
    year, none = FiscalYear(start_month=1), Customers(simulate=False)
    bare = Scenario(
        name="world",
        fiscal_year=year,
        horizon_quarters=quarters,
        customers=none,
        forecast=Forecast(evidence=evidence),
    )
    scenario = bare.with_simulation(**{"paths": paths, "seed": 3, "threads": 1, **settings})
    return simulate(settled(scenario, calibration.all_segments, history.as_of), calibration, history)


def bias_and_held(seen: list[Seen]) -> tuple[float, float]:
    """Return the mean of forecasts over that of the truth, less 1, and the share that P10 to P90 holds."""
    ratio = np.mean([s.forecast.mean() for s in seen]) / np.mean([s.truth.mean() for s in seen])
    return float(ratio) - 1.0, float(np.mean([s.held for s in seen]))


def look(
    world: World,
    seed: int,
    days: tuple[str, str, str],
    changed: Callable[[Calibration], Calibration] = lambda found: found,
) -> Seen:
    """Simulate a company, and forecast a quarter of it.

    Parameters
    ----------
    days : tuple of str
        First day of the company, last day known, last day of the quarter forecast.
    changed : callable
        What is done to the rates before they are simulated, as a control.
    """
    rng = np.random.default_rng(seed)
    first, as_of, last = (day(text) for text in days)
    deals = world.run(rng, nobody(), first, as_of + 1)
    history = history_of(deals, as_of)
    found = forecast(history, changed(calibrate(history, CALENDAR)), 1)[:, 0]
    begin = np.datetime64(last, "D").astype("datetime64[M]") - 2
    truth = world.booked(rng, deals, as_of + 1, (day(str(begin)), last + 1), N_CONTINUATIONS)
    return Seen(found, truth)
