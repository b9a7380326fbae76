"""A scenario in plain sentences: what will be simulated, from what, with what changed."""

from __future__ import annotations

from simulator.scenario.numbers import money_text
from simulator.scenario.schema import ALL, Scenario, Simulation
from simulator.scenario.settled import horizon

SOURCES_OF_SPREAD = {
    "luck": "luck (which deals close)",
    "rate_uncertainty": "uncertain rates",
    "shared_shock": "good and bad quarters for everyone",
}


def sentences(scenario: Scenario) -> list[str]:
    """Return what a settled scenario will simulate, a sentence each."""
    lines = [
        _span(scenario),
        _origin(scenario),
        _segments(scenario),
        _targets(scenario),
        _levers(scenario),
        _simulation(scenario.simulation),
    ]
    return [line for line in lines if line]


def _span(scenario: Scenario) -> str:
    calendar = scenario.fiscal_calendar()
    quarters = horizon(scenario)
    first, last = calendar.quarter_label(quarters[0]), calendar.quarter_label(quarters[-1])
    span = first if first == last else f"{first} to {last}"
    return f"What is booked in {span}, as of {scenario.as_of}, in {scenario.currency}."


def _origin(scenario: Scenario) -> str:
    if scenario.calibration is not None:
        return f"Rates from {scenario.calibration}."
    if scenario.history is not None:
        return f"Rates calibrated from the history in {scenario.history}."
    listed = _counted(len(scenario.open_deals), "open deal")
    return f"Rates as written in the scenario; {listed} listed there."


def _segments(scenario: Scenario) -> str:
    replaced = [name for name, segment in scenario.segments.items() if segment.replaces_rates]
    text = f"{_counted(len(scenario.segments), 'segment')}: {', '.join(scenario.segments)}."
    if replaced and (scenario.history or scenario.calibration):
        text += f" Rates given by hand for: {', '.join(replaced)}."
    return text


def _targets(scenario: Scenario) -> str:
    if not scenario.targets:
        return "No targets, so no chance of hitting them."
    totals = [
        f"{period} {money_text(by_segment[ALL])}" if ALL in by_segment else f"{period} by segment"
        for period, by_segment in scenario.targets.items()
    ]
    return f"Targets: {', '.join(totals)}."


def _levers(scenario: Scenario) -> str:
    return f"Changed: {'; '.join(str(lever) for lever in scenario.levers)}." if scenario.levers else ""


def _simulation(simulation: Simulation) -> str:
    spread = [words for key, words in SOURCES_OF_SPREAD.items() if getattr(simulation, key)]
    return (
        f"{simulation.paths:,} paths, seed {simulation.seed}; spread from "
        f"{', '.join(spread) or 'nothing: every path is the expected one'}."
    )


def _counted(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
