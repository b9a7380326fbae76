"""What will we book, and how sure are we: a scenario prepared and simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from simulator.analysis.forecast.steady import simulate_until_steady
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.engine.run.deal_types import with_types
from simulator.engine.run.simulate import (
    compile_worked_deals,
    complete_plan,
    simulate_compiled,
    without_shock,
)
from simulator.report.run import Run
from simulator.report.work import Source, Work, load
from simulator.scenario.load import load_scenario
from simulator.scenario.schema import Scenario

FEWEST_CALM_PATHS = 500
Overrides = Mapping[str, object] | Sequence[str]


def run(scenario: Source, overrides: Overrides = (), *, work: Work | None = None) -> Run:
    """Simulate a scenario.

    Parameters
    ----------
    scenario : Scenario, Prepared, str or Path
    overrides : mapping, or sequence of ``key=value``
        Values to lay over a scenario file.
    work : Work, optional
        Where progress is reported, and which workers simulate.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        The scenario, its history or its calibration is at fault.
    """
    from simulator.report.judgement.results import check_judgement

    work = work or Work()
    if isinstance(scenario, str | Path):
        scenario = load_scenario(Path(scenario), overrides)
    loaded, like = load(scenario)
    prepared = work.prepare(loaded, like)
    check_judgement(prepared)
    work.compile(prepared)
    with work.executor():
        return simulate_run(prepared, work)


def simulate_run(prepared: Prepared, work: Work) -> Run:
    """Simulate a prepared scenario, and the same without the shared shock where there is one."""
    scenario, history = prepared.scenario, prepared.history
    with work.step("compile scenario"):
        deals = compile_worked_deals(scenario, prepared.calibration, history)
        compiled = complete_plan(deals, scenario, history)
        # Customers who refer others, or take time of who sells, change new business: they cannot be left out.
        bare = compiled if scenario.simulates_roles or scenario.referrals.stated else deals

    def batch(seed: int) -> Paths:
        again = replace(prepared, scenario=scenario.with_simulation(seed=seed))
        plan = compiled if seed == scenario.simulation.seed else None
        return with_types(work.simulate(again, plan), again)

    steadiness = None
    if scenario.simulation.precision is None:
        paths = batch(scenario.simulation.seed)
    else:
        paths, steadiness = simulate_until_steady(batch, scenario.simulation, work.note)
    if not prepared.has_shock:
        return Run(prepared, paths, steadiness=steadiness)
    with work.step("simulate without shock", "Simulating without the shared shock") as advance:
        calm = simulate_compiled(without_shock(bare), _calm(scenario), history, advance)
        return Run(prepared, paths, calm, steadiness)


def _calm(scenario: Scenario) -> Scenario:
    """Return the scenario without its shock; a fifth of the paths is enough for the spread."""
    settings = scenario.simulation
    n_paths = max(FEWEST_CALM_PATHS, settings.paths // 5) if settings.luck else settings.paths
    return scenario.with_simulation(shared_shock=False, paths=min(n_paths, settings.paths))
