"""A scenario at every setting of a grid: the question asked, and its answer with the table and the chart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from simulator.analysis.compare.measures import P_HIT
from simulator.analysis.sensitivity.sweep import SweptScenario, simulate_settings
from simulator.errors import Fault, InputError
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.forecast.summary import PERCENTILES_ARE, records
from simulator.report.money import format_money, format_share, source_line
from simulator.report.sensitivity.charts import Drawing, say_setting, sweep_spec
from simulator.report.simulation_error import CLEAR_ERRORS
from simulator.report.work import Work, read_period
from simulator.scenario.load import load_scenario
from simulator.scenario.schema import Scenario
from simulator.scenario.sweep import Setting, settings

FEW_PATHS = 1000
"""Paired differences need fewer simulations than the forecast itself."""


def sweep(
    file: Path | str,
    overrides: Sequence[str] = (),
    *,
    period: str | None = None,
    paths: int | None = None,
    work: Work | None = None,
) -> Answer:
    """Simulate every combination of the values under ``sweep:`` in a scenario file.

    Parameters
    ----------
    file : Path or str
        The scenario's file.
    overrides : sequence of str
        ``key=value`` to lay over it.
    period : str, optional
        A quarter such as ``FY28Q1`` to speak of; the horizon without it.
    paths : int, optional
        Simulations of each setting; 1,000 without it.
    work : Work, optional
        Where progress is reported, and which workers simulate.

    Returns
    -------
    Answer
        Table: sweep.

    Raises
    ------
    InputError
        The scenario is at fault, as it stands or at a setting.
    """
    work = work or Work()
    loaded = load_scenario(Path(file), overrides)
    points = _points(Path(file), overrides, loaded)
    n_paths = paths or min(FEW_PATHS, loaded.simulation.paths)
    prepared = work.prepare(loaded.with_simulation(paths=n_paths))
    spoken, full = read_period(period, prepared.scenario), prepared.scenario
    work.compile(prepared)
    with work.executor(), work.step("sweep", "Setting by setting") as advance:
        swept = simulate_settings(prepared, points, advance)
    provenance = Provenance.of(prepared, n_paths=swept.n_paths)
    sentences = sweep_answers(swept, spoken, full.currency)
    origin = f"{swept.n_paths:,} simulations of scenario “{full.name}”, the same each time"
    footer = source_line(provenance.as_of, "Bookings, new business", origin)
    drawing = Drawing(swept, spoken, full.currency, sentences["best"], footer)
    return Answer(
        question="sweep",
        currency=full.currency,
        provenance=provenance,
        sentences=sentences,
        tables={"sweep": swept.table},
        draws=draw_specs(sweep_spec(drawing)),
        figures={
            "figures_are": "new-business bookings at every setting, on the same random numbers",
            "percentiles_are": PERCENTILES_ARE,
            "keys": list(swept.keys),
            "sweep": records(swept.table),
        },
        notes=prepared.notes,
        found=swept,
    )


def _points(file: Path, given: Sequence[str], loaded: Scenario) -> list[tuple[Setting, Scenario]]:
    """Read the scenario at every setting; the faults of all settings at once."""
    if not loaded.sweep:
        remedy = "Add, for example, 'sweep: {levers.sals: [-20%, 1, +20%]}'."
        raise InputError.of(str(file), "has no 'sweep:' to simulate", remedy)
    faults: list[Fault] = []
    points: list[tuple[Setting, Scenario]] = []
    for setting in settings(loaded.sweep):
        laid = [f"{key}={json.dumps(value)}" for key, value in setting.items()]
        try:
            points.append((setting, load_scenario(file, [*given, *laid])))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(dict.fromkeys(faults))
    return points


def sweep_answers(swept: SweptScenario, period: str, currency: str) -> dict[str, str]:
    """Return the answers, a sentence each: where most is booked, and how much the setting matters."""
    rows = swept.table[swept.table["period"] == period]
    base, points = rows[rows["setting"] == 0].iloc[0], rows[rows["setting"] > 0]
    ranked = points.sort_values("p50", ascending=False, kind="stable")
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    chance = f", and hits the target in {format_share(best[P_HIT])}" if np.isfinite(best[P_HIT]) else ""
    texts = {
        "base": f"As it stands the P50 of {period} is {format_money(base['p50'], currency)}",
        "best": f"Of {len(points)} settings {say_setting(best, swept.keys)} books most: "
        f"P50 {format_money(best['p50'], currency)}{chance}",
        "worst": f"Least is booked with {say_setting(worst, swept.keys)}: "
        f"P50 {format_money(worst['p50'], currency)}",
    }
    if not best["p50_change"] > CLEAR_ERRORS * best["p50_error"]:
        texts["doubt"] = (
            "Best setting against the scenario as it stands: no measurable difference; try more --paths"
        )
    return texts
