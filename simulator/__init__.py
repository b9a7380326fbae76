"""What will we book, and how sure are we? The flow of data, and the public functions.

::

    history ─► calibration ─┐
                            ├─► engine ─► analysis ─► report        cli drives, kernels compute
    scenario ───────────────┘

``load_history`` reads the tables of a company's past, ``calibrate`` estimates its rates with their
uncertainty, ``load_scenario`` reads what is planned, ``prepare`` brings the three together, ``simulate``
plays the futures, and ``forecast_bookings`` and ``measure_coverage`` say what they amount to::

    import simulator as sim

    ready = sim.prepare(sim.load_scenario("scenarios/base.yaml"))
    paths = sim.simulate(ready.scenario, ready.calibration, ready.history)
    sim.forecast_bookings(paths, ready.scenario.targets).bookings

Names are imported when they are first used, so that ``import simulator`` costs nothing. Nothing inside
the package imports from here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.analysis.coverage import measure_coverage
    from simulator.analysis.forecast import forecast_bookings
    from simulator.analysis.track_record import track_record
    from simulator.calibration.estimate import calibrate
    from simulator.calibration.file import load_calibration, save_calibration
    from simulator.engine.prepare import prepare
    from simulator.engine.simulate import simulate
    from simulator.errors import InputError
    from simulator.history.hygiene import check_hygiene
    from simulator.history.load import load_history
    from simulator.scenario.load import load_scenario

__version__ = "0.1.0"

_HOMES = {
    "InputError": "errors",
    "calibrate": "calibration.estimate",
    "check_hygiene": "history.hygiene",
    "forecast_bookings": "analysis.forecast",
    "load_calibration": "calibration.file",
    "load_history": "history.load",
    "load_scenario": "scenario.load",
    "measure_coverage": "analysis.coverage",
    "prepare": "engine.prepare",
    "save_calibration": "calibration.file",
    "simulate": "engine.simulate",
    "track_record": "analysis.track_record",
}

__all__ = [
    "InputError",
    "calibrate",
    "check_hygiene",
    "forecast_bookings",
    "load_calibration",
    "load_history",
    "load_scenario",
    "measure_coverage",
    "prepare",
    "save_calibration",
    "simulate",
    "track_record",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator' has no attribute '{name}'")
    return getattr(importlib.import_module(f"simulator.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
