"""What will we book, and how sure are we? The flow of data, and the public functions.

::

    history ─► calibration ─┐
                            ├─► engine ─► analysis ─► report        cli drives, kernels compute
    scenario ───────────────┘

``run`` simulates a scenario and holds all that it shows::

    import simulator as sim

    run = sim.run("scenarios/base.yaml")
    run.tables["bookings"]
    run.write("results/base")

``hire``, ``headcount``, ``ownership``, ``terms``, ``sensitivity``, ``sweep``, ``compare``, ``diagnose``,
``backtest``, ``pipeline`` and ``checklist`` answer what the commands of these names do, each with an
``Answer`` of tables, charts, sentences, notes, assumptions and provenance.

Step by step, ``load_history`` reads the tables of a company's past, ``calibrate`` estimates its rates with
their uncertainty, ``load_scenario`` reads what is planned, ``prepare`` brings the three together,
``simulate`` gives the paths, and ``forecast_bookings`` and ``measure_coverage`` measure them.
``import_files`` and ``save_history`` bring a CRM's export in.

Names are imported when they are first used, so that ``import simulator`` costs nothing. Nothing inside
the package imports from here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.analysis.backtest.backtest import backtest as backtest_history
    from simulator.analysis.backtest.past_forecasts import BacktestSettings
    from simulator.analysis.compare.comparison import compare as compare_paths
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
    from simulator.errors import InputError
    from simulator.fiscal import FiscalCalendar
    from simulator.history.hygiene import check_hygiene
    from simulator.history.importers.importer import import_files
    from simulator.history.load import load_history
    from simulator.history.save import save_history
    from simulator.report.answer import Answer, Provenance
    from simulator.report.compare.forecast_bridge import compare_days
    from simulator.report.diagnose.results import diagnose
    from simulator.report.documents.exports import write_exports
    from simulator.report.forecast.pipeline_results import pipeline
    from simulator.report.headcount.results import headcount
    from simulator.report.hire.results import hire
    from simulator.report.ownership.results import ownership
    from simulator.report.renamed import backtest, compare, simulate
    from simulator.report.run import Run
    from simulator.report.sensitivity.results import sensitivity
    from simulator.report.sensitivity.sweep_results import sweep
    from simulator.report.simulation import run
    from simulator.report.terms.checklist import checklist
    from simulator.report.terms.results import terms
    from simulator.report.work import Work
    from simulator.scenario.load import load_scenario

__version__ = "0.1.0"

_HOMES = {
    "Answer": "report.answer",
    "BacktestSettings": "analysis.backtest.past_forecasts",
    "FiscalCalendar": "fiscal",
    "HeadcountSettings": "analysis.headcount.headcount",
    "HeadcountSimulation": "analysis.headcount.simulation",
    "HiringSettings": "analysis.hire.allocation",
    "InputError": "errors",
    "Provenance": "report.answer",
    "RepLadder": "analysis.hire.ladder",
    "Run": "report.run",
    "Work": "report.work",
    "allocate_reps": "analysis.hire.allocation",
    "backtest": "report.renamed",
    "backtest_history": "analysis.backtest.backtest:backtest",
    "calibrate": "calibration.estimate",
    "check_hygiene": "history.hygiene",
    "checklist": "report.terms.checklist",
    "compare": "report.renamed",
    "compare_days": "report.compare.forecast_bridge",
    "compare_paths": "analysis.compare.comparison:compare",
    "diagnose": "report.diagnose.results",
    "forecast_bookings": "analysis.forecast.forecast",
    "head_table": "analysis.headcount.headcount",
    "headcount": "report.headcount.results",
    "hire": "report.hire.results",
    "import_files": "history.importers.importer",
    "load_calibration": "calibration.file",
    "load_history": "history.load",
    "load_scenario": "scenario.load",
    "measure_arr": "analysis.customers.arr",
    "measure_coverage": "analysis.forecast.coverage",
    "ownership": "report.ownership.results",
    "pipeline": "report.forecast.pipeline_results",
    "prepare": "engine.prepare",
    "run": "report.simulation",
    "save_calibration": "calibration.file",
    "save_history": "history.save",
    "sensitivity": "report.sensitivity.results",
    "simulate": "report.renamed",
    "sweep": "report.sensitivity.sweep_results",
    "terms": "report.terms.results",
    "track_record": "analysis.diagnose.track_record",
    "write_exports": "report.documents.exports",
}
"""The module of each public name; after a colon what it is called there."""

_RENAMED = {
    "HeadQuestion": "HeadcountSettings",
    "Question": "HiringSettings",
    "place_reps": "allocate_reps",
    "play": "simulate",
}
"""Names of the version before, which work for one more."""

__all__ = [
    "Answer",
    "BacktestSettings",
    "FiscalCalendar",
    "HeadcountSettings",
    "HeadcountSimulation",
    "HiringSettings",
    "InputError",
    "Provenance",
    "RepLadder",
    "Run",
    "Work",
    "allocate_reps",
    "backtest",
    "backtest_history",
    "calibrate",
    "check_hygiene",
    "checklist",
    "compare",
    "compare_days",
    "compare_paths",
    "diagnose",
    "forecast_bookings",
    "head_table",
    "headcount",
    "hire",
    "import_files",
    "load_calibration",
    "load_history",
    "load_scenario",
    "measure_arr",
    "measure_coverage",
    "ownership",
    "pipeline",
    "prepare",
    "run",
    "save_calibration",
    "save_history",
    "sensitivity",
    "simulate",
    "sweep",
    "terms",
    "track_record",
    "write_exports",
]


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        import warnings

        new = _RENAMED[name]
        warnings.warn(f"simulator.{name} is now simulator.{new}", DeprecationWarning, stacklevel=2)
        return __getattr__(new)
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator' has no attribute '{name}'")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(importlib.import_module(f"simulator.{module}"), attribute or name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
