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
    paths = sim.play(ready)
    sim.forecast_bookings(paths, ready.scenario.targets).bookings

``import_files`` and ``save_history`` bring a CRM's export in. ``compare`` holds paths of several scenarios
against each other, ``allocate_reps`` says where reps go, ``backtest`` whether past forecasts held, and
``write_exports`` makes page, workbook and slides of a results folder.

Names are imported when they are first used, so that ``import simulator`` costs nothing. Nothing inside
the package imports from here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.analysis.backtest.backtest import backtest
    from simulator.analysis.backtest.past_forecasts import BacktestSettings
    from simulator.analysis.compare.comparison import compare, play
    from simulator.analysis.customers.arr import measure_arr
    from simulator.analysis.diagnose.track_record import track_record
    from simulator.analysis.forecast.coverage import measure_coverage
    from simulator.analysis.forecast.forecast import forecast_bookings
    from simulator.analysis.headcount.headcount import HeadcountSettings, head_table
    from simulator.analysis.headcount.simulation import HeadcountSimulation
    from simulator.analysis.hire.allocation import HiringSettings, allocate_reps
    from simulator.analysis.hire.ladder import RepLadder
    from simulator.calibration.estimate import calibrate
    from simulator.calibration.file import load_calibration, save_calibration
    from simulator.engine.prepare import prepare
    from simulator.engine.run.simulate import simulate
    from simulator.errors import InputError
    from simulator.fiscal import FiscalCalendar
    from simulator.history.hygiene import check_hygiene
    from simulator.history.importers.importer import import_files
    from simulator.history.load import load_history
    from simulator.history.save import save_history
    from simulator.report.documents.exports import write_exports
    from simulator.scenario.load import load_scenario

__version__ = "0.1.0"

_HOMES = {
    "BacktestSettings": "analysis.backtest.past_forecasts",
    "FiscalCalendar": "fiscal",
    "HeadcountSimulation": "analysis.headcount.simulation",
    "HeadcountSettings": "analysis.headcount.headcount",
    "InputError": "errors",
    "HiringSettings": "analysis.hire.allocation",
    "RepLadder": "analysis.hire.ladder",
    "backtest": "analysis.backtest.backtest",
    "calibrate": "calibration.estimate",
    "check_hygiene": "history.hygiene",
    "compare": "analysis.compare.comparison",
    "forecast_bookings": "analysis.forecast.forecast",
    "head_table": "analysis.headcount.headcount",
    "import_files": "history.importers.importer",
    "load_calibration": "calibration.file",
    "load_history": "history.load",
    "load_scenario": "scenario.load",
    "measure_arr": "analysis.customers.arr",
    "measure_coverage": "analysis.forecast.coverage",
    "allocate_reps": "analysis.hire.allocation",
    "play": "analysis.compare.comparison",
    "prepare": "engine.prepare",
    "save_calibration": "calibration.file",
    "save_history": "history.save",
    "simulate": "engine.run.simulate",
    "track_record": "analysis.diagnose.track_record",
    "write_exports": "report.documents.exports",
}

__all__ = [
    "BacktestSettings",
    "FiscalCalendar",
    "HeadcountSimulation",
    "HeadcountSettings",
    "InputError",
    "HiringSettings",
    "RepLadder",
    "backtest",
    "calibrate",
    "check_hygiene",
    "compare",
    "forecast_bookings",
    "head_table",
    "import_files",
    "load_calibration",
    "load_history",
    "load_scenario",
    "measure_arr",
    "measure_coverage",
    "allocate_reps",
    "play",
    "prepare",
    "save_calibration",
    "save_history",
    "simulate",
    "track_record",
    "write_exports",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator' has no attribute '{name}'")
    return getattr(importlib.import_module(f"simulator.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
