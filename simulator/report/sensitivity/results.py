"""What moves a figure most: the question asked, and its answer with the table, the tornado and words."""

from __future__ import annotations

import pandas as pd

from simulator.analysis.compare.measures import P_HIT, Measure, read_measure
from simulator.analysis.sensitivity.inputs import Input, lever_input, list_inputs
from simulator.analysis.sensitivity.main_effects import MainEffects, measure_main_effects
from simulator.analysis.sensitivity.sensitivity import (
    GoalSeek,
    Sensitivity,
    measure_sensitivity,
    seek_goal,
    without_customers,
)
from simulator.engine.prepare import Prepared
from simulator.errors import Fault, InputError
from simulator.notes import MODEL, HowMade
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.forecast.summary import PERCENTILES_ARE, records
from simulator.report.money import source_line
from simulator.report.sensitivity.charts import effects_spec, tornado_spec
from simulator.report.sensitivity.words import say_measure, sensitivity_answers
from simulator.report.work import Source, Work, load, read_period
from simulator.scenario.levers import LEVERS
from simulator.scenario.numbers import ReadingError, read_share
from simulator.scenario.settled import horizon

VALUES = ("value", "change", "error")
FEW_PATHS = 500
"""Paired differences need far fewer simulations than the forecast itself."""


def sensitivity(
    scenario: Source,
    *,
    measure: str = "p50",
    period: str | None = None,
    seek: str | None = None,
    chance: str = "80%",
    shares: bool = False,
    paths: int | None = None,
    work: Work | None = None,
) -> Answer:
    """Move every lever and assumption over its interval, one at a time, and rank what that changes.

    Parameters
    ----------
    scenario : Scenario, Prepared, str or Path
    measure : str
        mean, p10, p50, p90, p_hit (bookings), arr, nrr or grr.
    period : str, optional
        A quarter such as ``FY28Q1``; the horizon without it.
    seek, chance : str
        Find the value of this lever at which the target is reached with this probability.
    shares : bool
        Also move all inputs at once and split the variance of the figure among them.
    paths : int, optional
        Simulations; 500 without it.
    work : Work, optional
        Where progress is reported, and which workers simulate.

    Returns
    -------
    Answer
        Tables: sensitivity, and where they were asked for goal_seek and main_effects.

    Raises
    ------
    InputError
        The scenario or an option is at fault.
    """
    work = work or Work()
    goal_share = _goal_share(seek, chance)
    loaded, like = load(scenario)
    n_paths = paths or min(FEW_PATHS, loaded.simulation.paths)
    prepared = work.prepare(loaded.with_simulation(paths=n_paths), like)
    figure = _figure(measure, period, prepared, seek)
    if not figure.of_customers:
        prepared = without_customers(prepared)
    work.compile(prepared)
    inputs = list_inputs(prepared, with_customers=figure.of_customers)
    with work.executor():
        with work.step("inputs", "Moving one input at a time") as advance:
            found = measure_sensitivity(prepared, inputs, figure, advance)
        effects = _effects(prepared, inputs, figure, work) if shares else None
        goal = _seek(prepared, seek, goal_share, figure, work)
    return _answer(prepared, found, goal, effects)


def _goal_share(seek: str | None, chance: str) -> float:
    """Read the options of the goal-seek; all their faults at once."""
    faults, share = [], float("nan")
    if seek is not None and seek not in LEVERS:
        faults.append(Fault("--seek", f"there is no lever '{seek}'", f"Levers: {', '.join(LEVERS)}."))
    try:
        share = read_share(chance)
        if not 0 < share < 1:
            what = f"'{chance}' is not between 0% and 100%"
            faults.append(Fault("--chance", what, "Write 80%, for example."))
    except ReadingError as error:
        faults.append(Fault("--chance", str(error), error.remedy))
    if faults:
        raise InputError(faults)
    return share


def _figure(name: str, period: str | None, prepared: Prepared, seek: str | None) -> Measure:
    scenario = prepared.scenario
    chosen = read_period(period, scenario)
    calendar = scenario.fiscal_calendar()
    periods = tuple(calendar.quarter_label(quarter) for quarter in horizon(scenario))
    figure = read_measure(name.strip().lower(), chosen, periods, scenario.targets)
    if seek is not None:
        read_measure(P_HIT, chosen, periods, scenario.targets)
    if figure.of_customers and not scenario.customers.simulate:
        what = f"'{name}' needs customers, and the scenario does not simulate them"
        raise InputError.of("--measure", what, "Set customers.simulate to true.")
    return figure


def _effects(prepared: Prepared, inputs: tuple[Input, ...], figure: Measure, work: Work) -> MainEffects:
    with work.step("shares", "Moving all inputs at once") as advance:
        return measure_main_effects(prepared, inputs, figure, progress=advance)


def _seek(
    prepared: Prepared, lever: str | None, chance: float, figure: Measure, work: Work
) -> GoalSeek | None:
    if lever is None:
        return None
    work.note(f"Looking for the value of {lever} at which the target is reached …")
    with work.step("goal-seek"):
        return seek_goal(prepared, lever_input(lever, prepared), figure, chance)


def _answer(
    prepared: Prepared, found: Sensitivity, goal: GoalSeek | None, effects: MainEffects | None
) -> Answer:
    provenance = Provenance.of(prepared, n_paths=found.n_paths)
    currency = prepared.scenario.currency
    footer = source_line(
        provenance.as_of,
        "ARR" if found.measure.of_customers else "Bookings, new business",
        f"{found.n_paths:,} simulations of scenario “{prepared.scenario.name}”, the same for each input",
    )
    tables = {"sensitivity": sensitivity_table(found)}
    draws = draw_specs(tornado_spec(found, currency, footer))
    if goal is not None:
        tables["goal_seek"] = goal.curve.astype({"factor": object})
    if effects is not None:
        tables["main_effects"] = shares_table(effects)
        draws += draw_specs(effects_spec(effects, currency, footer))
    return Answer(
        question="sensitivity",
        currency=currency,
        provenance=provenance,
        sentences=sensitivity_answers(found, goal, currency, effects),
        tables=tables,
        draws=draws,
        figures=_figures(found) | _goal_figures(goal) | _effect_figures(effects),
        notes=(*_own_notes(found.measure), *prepared.notes),
        found=found,
    )


def _own_notes(figure: Measure) -> tuple[str, ...]:
    notes = [HowMade("each input is moved alone", "two together may do more or less than the sum", MODEL)]
    if not figure.of_customers:
        why = "they do not move new-business bookings"
        notes.append(HowMade("levers of customers are left out", why, MODEL))
    return tuple(notes)


def sensitivity_table(found: Sensitivity) -> pd.DataFrame:
    """Return the table as it is written: with the measure, amounts to the cent, shares to six decimals."""
    table = found.table.copy()
    # Shares and amounts stand in the same columns, so the decimals depend on the measure, not the column.
    columns = [*(f"{name}_{end}" for name in VALUES for end in ("low", "high")), "swing"]
    for column in columns:
        decimals = 6 if found.measure.is_share else 2
        table[column] = table[column].round(decimals).add(0.0).astype(object)
    table.insert(0, "measure", found.measure.name)
    table.insert(1, "period", found.measure.period)
    return table


def shares_table(effects: MainEffects) -> pd.DataFrame:
    """Return the shares of the variance as they are written: with the measure, to six decimals."""
    table = effects.table.copy()
    for column in ("share", "share_low", "share_high"):
        table[column] = table[column].round(6).add(0.0).astype(object)
    table.insert(0, "measure", effects.measure.name)
    table.insert(1, "period", effects.measure.period)
    return table


def _figures(found: Sensitivity) -> dict[str, object]:
    return {
        "figures_are": f"{say_measure(found.measure)}, each input moved alone on the same random numbers",
        "percentiles_are": PERCENTILES_ARE,
        "measure": found.measure.name,
        "period": found.measure.period,
        "base": found.base,
        "sensitivity": records(sensitivity_table(found)),
    }


def _goal_figures(goal: GoalSeek | None) -> dict[str, object]:
    if goal is None:
        return {}
    plain = {"factor": goal.factor, "reached": goal.reached, "error": goal.error}
    return {
        "goal_seek": {
            "lever": goal.lever,
            "chance": goal.chance,
            **{key: value if value == value else None for key, value in plain.items()},  # noqa: PLR0124
            "curve": records(goal.curve.astype({"factor": object})),
        }
    }


def _effect_figures(effects: MainEffects | None) -> dict[str, object]:
    if effects is None:
        return {}
    return {
        "shares": {
            "together": round(effects.together, 6),
            "mean": effects.mean,
            "sd": effects.sd,
            "n_settings": effects.n_settings,
            "main_effects": records(shares_table(effects)),
        }
    }
