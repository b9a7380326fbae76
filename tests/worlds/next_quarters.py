"""What the simulator forecasts of a company's next two quarters, next to what its own law makes of them."""

import numpy as np

from simulator.calibration.estimate import calibrate
from simulator.engine.pull import with_pull
from simulator.history.tables import History
from tests.worlds.daily import Deals, nobody
from tests.worlds.forecasts import CALENDAR, day, forecast, history_of
from tests.worlds.gallery import AS_OF, FIRST, Company

WINDOWS = (("2025-01-01", "2025-03-31"), ("2025-04-01", "2025-06-30"))


def forecast_and_truth(
    company: Company,
    seed: int,
    evidence: float,
    n_continuations: int,
    n_paths: int = 400,
    **settings: object,
) -> tuple[np.ndarray, np.ndarray]:
    """Return simulations and continuations of two quarters, shape (path, quarter) and (copy, quarter)."""
    rng = np.random.default_rng(seed)
    world = company.world(seed)
    deals = world.run(rng, nobody(), day(FIRST), day(AS_OF) + 1)
    history = _history(company, deals)
    calibration = with_pull(calibrate(history, CALENDAR), history)
    found = forecast(history, calibration, len(WINDOWS), n_paths, evidence=evidence, **settings)
    truth = [
        world.booked(rng, deals, day(AS_OF) + 1, (day(begin), day(end) + 1), n_continuations)
        for begin, end in WINDOWS
    ]
    return found, np.stack(truth, axis=1)


def _history(company: Company, deals: Deals) -> History:
    history = history_of(deals, day(AS_OF))
    if company.has_reps:
        order = np.argsort(deals.created, kind="stable")
        history.opportunities["owner"] = [f"rep {int(rep)}" for rep in deals.trait[order]]
    return history
