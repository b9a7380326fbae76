"""What the product forecasts of a company's next two quarters, next to what its own law makes of them."""

import numpy as np

from simulator.calibration.estimate import calibrate
from simulator.engine.pull import with_pull
from simulator.engine.run.simulate import simulate
from simulator.history.tables import History
from simulator.scenario.customers import Customers
from simulator.scenario.schema import FiscalYear, Scenario
from simulator.scenario.settled import settled
from tests.worlds.daily import Deals, nobody
from tests.worlds.forecasts import CALENDAR, day, history_of
from tests.worlds.gallery import AS_OF, FIRST, Company

WINDOWS = (("2025-01-01", "2025-03-31"), ("2025-04-01", "2025-06-30"))


def forecast_and_truth(
    company: Company, seed: int, evidence: float, n_continuations: int, n_paths: int = 400
) -> tuple[np.ndarray, np.ndarray]:
    """Return simulations and continuations of two quarters, shape (path, quarter) and (copy, quarter)."""
    rng = np.random.default_rng(seed)
    world = company.world(seed)
    deals = world.live(rng, nobody(), day(FIRST), day(AS_OF) + 1)
    forecast = _forecast(_history(company, deals), evidence, n_paths)
    truth = [
        world.booked(rng, deals, day(AS_OF) + 1, (day(begin), day(end) + 1), n_continuations)
        for begin, end in WINDOWS
    ]
    return forecast, np.stack(truth, axis=1)


def _history(company: Company, deals: Deals) -> History:
    history = history_of(deals, day(AS_OF))
    if company.has_reps:
        order = np.argsort(deals.created, kind="stable")
        history.opportunities["owner"] = [f"rep {int(rep)}" for rep in deals.trait[order]]
    return history


def _forecast(history: History, evidence: float, n_paths: int) -> np.ndarray:
    calibration = with_pull(calibrate(history, CALENDAR), history)
    scenario = Scenario(
        name="world",
        fiscal_year=FiscalYear(start_month=1),
        horizon_quarters=len(WINDOWS),
        customers=Customers(simulate=False),
    ).with_simulation(paths=n_paths, seed=3, threads=1)
    scenario = scenario.replace(forecast=scenario.forecast.model_copy(update={"evidence": evidence}))
    paths = simulate(settled(scenario, calibration.all_segments, history.as_of), calibration, history)
    monthly = np.asarray(paths.monthly_bookings).sum(axis=2)
    return monthly.reshape(len(monthly), len(WINDOWS), 3).sum(axis=2)
