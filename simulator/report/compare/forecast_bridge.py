"""What moved the P50 between two days: the question asked, and its answer with the bridge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.analysis.compare.forecast_bridge import attribute
from simulator.analysis.totals import ALL, HALF_CENT
from simulator.engine.prepare import Prepared
from simulator.errors import InputError
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.compare.results import bridge_spec
from simulator.report.compare.words import bridge_title, say_bridge
from simulator.report.documents.finished import read_finished
from simulator.report.forecast.summary import records
from simulator.report.money import capitalise, source_line
from simulator.report.work import Work
from simulator.scenario.schema import Scenario

FIGURES_ARE = (
    "P50 of new-business bookings, what is booked included; each step changes one thing on the same random "
    "numbers, and all of them add up to the change"
)
RESTATED = "history restated"
RESTATED_WORDS = "what the earlier run said, against the same day simulated from the history as it is now"
PROGRAM = "other settings"
PROGRAM_WORDS = "what the later run said, against simulating it again here"
MOST_PATHS = 2000
"""Nine forecasts are simulated; the median of 2,000 simulations moves by some 2 % of its spread."""
UNDATED = "Undated columns of the history (owner, competitor, source …) are as last recorded on both days."


def compare_days(
    earlier: Scenario,
    later: Scenario,
    *,
    runs: tuple[Path, Path] | None = None,
    period: str | None = None,
    paths: int | None = None,
    work: Work | None = None,
) -> Answer:
    """Find what moved the P50 of a scenario between two days.

    Parameters
    ----------
    earlier, later : Scenario
        As of two days.
    runs : tuple of Path, optional
        The results folders of the two days, where runs were finished then.
    period : str, optional
        A quarter such as ``FY28Q1`` to speak of; the first without it.
    paths : int, optional
        Simulations; 2,000 at most without it.
    work : Work, optional
        Where progress is reported, and which workers simulate.

    Returns
    -------
    Answer
        Table: bridge.

    Raises
    ------
    InputError
        A scenario or the period is at fault.
    """
    work = work or Work()
    before, after = (
        work.prepare(item.with_simulation(paths=paths or min(item.simulation.paths, MOST_PATHS)))
        for item in (earlier, later)
    )
    work.compile(after)
    with work.executor(), work.step("simulate", "One step at a time") as advance:
        steps = attribute(before, after, advance)
    if runs is not None:
        steps = said_then(steps, runs)
    return _answer(before, after, steps, _spoken(period, steps))


def _spoken(period: str | None, steps: pd.DataFrame) -> str:
    periods = list(dict.fromkeys(steps["period"]))
    chosen = periods[0] if period is None else period.strip().upper()
    if chosen not in periods:
        raise InputError.of("--period", f"'{period}' is not simulated", f"There are: {', '.join(periods)}.")
    return str(chosen)


def _answer(before: Prepared, after: Prepared, steps: pd.DataFrame, period: str) -> Answer:
    then, now = before.scenario, after.scenario
    rows = moved_steps(steps, period)
    labels = {"base": str(rows["label"].iloc[0]), "name": str(now.as_of)}
    said = bridge_title(rows, labels, now.currency)
    if len(rows) > 1:
        said = f"{said}. {capitalise(say_bridge(rows, now.currency))}"
    named = {f"{full.name} as of {full.as_of}": full.to_dict() for full in (then, now)}
    provenance = Provenance.of(after, before, n_paths=now.simulation.paths)
    footer = source_line(
        provenance.as_of, "Bookings, new business", f"{provenance.n_paths:,} simulations of each step"
    )
    return Answer(
        question="compare",
        currency=now.currency,
        provenance=replace(provenance, scenarios=named),
        sentences={"change": said},
        tables={"bridge": steps},
        draws=draw_specs(
            bridge_spec(rows, name=str(now.as_of), file="bridge_days", footer=footer, currency=now.currency)
        ),
        figures={
            "scenarios": [then.name, now.name],
            "as_of": [str(then.as_of), str(now.as_of)],
            "figures_are": FIGURES_ARE,
            "period": period,
            "answer": f"{said}.",
            "bridge": records(steps),
        },
        notes=(UNDATED,),
        found=steps,
    )


def moved_steps(steps: pd.DataFrame, period: str) -> pd.DataFrame:
    """Return the steps of a period, those that change nothing left out."""
    rows = steps[steps["period"] == period]
    moved = (rows["step"] == 0) | (rows["change"].abs() >= HALF_CENT)
    return rows[moved].reset_index(drop=True)


def said_then(steps: pd.DataFrame, folders: tuple[Path, Path]) -> pd.DataFrame:
    """Return the steps between what two finished runs said, where each said something of a period.

    What a run said is in its bookings.csv. The earlier day may look different when it is simulated again (the
    history was corrected since, other paths): that difference is the first step. Where a run said nothing of
    a period, the P50 simulated again stands.
    """
    said = [_medians(folder) for folder in folders]
    rows: list[tuple[str, str, str, float, float]] = []
    for name, part in steps.groupby("period", sort=False):
        period, p50 = str(name), part["p50"].to_numpy(np.float64)
        head = str(part["label"].iloc[0])
        rows.append((period, head, "", said[0].get(period, float(p50[0])), 0.0))
        rows.append((period, RESTATED, RESTATED_WORDS, float(p50[0]), 0.0))
        later = (part[column][1:] for column in ("label", "words", "p50", "error"))
        rows += [(period, *step) for step in zip(*later, strict=True)]
        rows.append((period, PROGRAM, PROGRAM_WORDS, said[1].get(period, float(p50[-1])), 0.0))
    table = pd.DataFrame(rows, columns=["period", "label", "words", "p50", "error"])
    table.insert(1, "step", table.groupby("period", sort=False).cumcount())
    table.insert(5, "change", table.groupby("period", sort=False)["p50"].diff().fillna(0.0))
    return table


def _medians(folder: Path) -> dict[str, float]:
    table = read_finished(folder).tables["bookings"]
    total = table[(table["segment"] == ALL) & (table["kind"] == "new")]
    return dict(zip(total["period"].astype(str), total["p50"].astype(float), strict=True))
