"""What scenarios change against the first: the question asked, and its answer with tables and bridges."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.analysis.compare.bridge import bridge
from simulator.analysis.compare.comparison import (
    Comparison,
    check_comparable,
    on_the_ground_of,
)
from simulator.analysis.compare.comparison import compare as compare_paths
from simulator.arrays import Floats
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.errors import Fault, InputError
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.charts.spec import ChartSpec, Series, figures, unit_of
from simulator.report.compare.words import (
    FIGURES_ARE,
    bridge_title,
    compare_answers,
    say_bridge,
    say_differences,
    say_ground,
)
from simulator.report.forecast.summary import PERCENTILES_ARE, records
from simulator.report.money import money_scale, source_line
from simulator.report.style import GREEN, NAVY, ORANGE
from simulator.report.work import Source, Work, load, read_period
from simulator.scenario.load import load_scenario
from simulator.scenario.schema import Scenario


def compare(*scenarios: Source, period: str | None = None, work: Work | None = None) -> Answer:
    """Compare scenarios with the first one, on the same random numbers, and bridge their P50s.

    Parameters
    ----------
    scenarios : Scenario, Prepared, str or Path
        At least two, of different names. Seed, paths and horizon are those of the first.
    period : str, optional
        A quarter such as ``FY28Q1`` to speak of; the horizon without it.
    work : Work, optional
        Where progress is reported, and which workers simulate.

    Returns
    -------
    Answer
        Tables: compare, bridge.

    Raises
    ------
    InputError
        A scenario is at fault, or they cannot be compared.
    """
    work = work or Work()
    loaded = [load(source) for source in scenarios]
    stated = [scenario for scenario, _ in loaded]
    if faults := _name_faults([(scenario.name, scenario) for scenario in stated]):
        raise InputError(faults)
    prepared = [work.prepare(*loaded[0])]
    for other in stated[1:]:
        prepared.append(work.prepare(on_the_ground_of(stated[0], other), prepared[0]))
    check_comparable(prepared)
    spoken = read_period(period, prepared[0].scenario)
    work.compile(prepared[0])
    with work.executor():
        paths = [work.simulate(item, title=f"Simulating {item.scenario.name}") for item in prepared]
        found = compare_paths(paths, [item.scenario.targets for item in prepared])
        bridges = _bridges(prepared, paths, work)
    return _answer(prepared, stated, found, bridges, spoken)


def load_all(files: Sequence[Path], overrides: Sequence[str] = ()) -> list[Scenario]:
    """Read scenario files to compare; the faults of all files at once.

    Raises
    ------
    InputError
        A file is at fault, there is only one, or two have the same name.
    """
    faults: list[Fault] = []
    loaded: list[tuple[str, Scenario]] = []
    for file in files:
        try:
            loaded.append((str(file), load_scenario(file, overrides)))
        except InputError as error:
            faults += error.faults
    faults += _name_faults(loaded, n_named=len(files))
    if faults:
        raise InputError(dict.fromkeys(faults))
    return [scenario for _, scenario in loaded]


def _name_faults(loaded: Sequence[tuple[str, Scenario]], n_named: int | None = None) -> list[Fault]:
    """Return what keeps scenarios, each with its place, from being told apart."""
    faults = []
    if loaded and (n_named or len(loaded)) < 2:
        faults.append(
            Fault(loaded[0][0], "is one scenario, with nothing to compare it to", "Name another one.")
        )
    names = [scenario.name for _, scenario in loaded]
    for number, (where, scenario) in enumerate(loaded):
        if scenario.name in names[:number]:
            what = f"is called '{scenario.name}', as another one is"
            faults.append(Fault(where, what, "Give it a 'name' of its own."))
    return faults


def _bridges(prepared: Sequence[Prepared], paths: Sequence[Paths], work: Work) -> dict[str, pd.DataFrame]:
    with work.step("bridge", "One difference at a time") as advance:
        return {
            other.scenario.name: bridge(prepared[0], other, (paths[0], theirs), advance)
            for other, theirs in zip(prepared[1:], paths[1:], strict=True)
        }


def _answer(
    prepared: Sequence[Prepared],
    stated: Sequence[Scenario],
    found: Comparison,
    bridges: Mapping[str, pd.DataFrame],
    period: str,
) -> Answer:
    currency = prepared[0].scenario.currency
    provenance = Provenance.of(*prepared, n_paths=found.n_paths)
    footer = source_line(
        provenance.as_of, "Bookings, new business", f"{found.n_paths:,} simulations of each scenario"
    )
    spoken = {name: table[table["period"] == period] for name, table in bridges.items()}
    notes = [*say_ground(stated[0], stated[1:]), *(note for item in prepared for note in item.notes)]
    steps = [table.assign(scenario=name) for name, table in bridges.items()]
    return Answer(
        question="compare",
        currency=currency,
        provenance=provenance,
        sentences=compare_answers(found, period, currency),
        tables={"compare": found.table, "bridge": pd.concat(steps, ignore_index=True)},
        draws=draw_specs(
            *(
                bridge_spec(rows, name=name, file=f"bridge_{_safe(name)}", footer=footer, currency=currency)
                for name, rows in spoken.items()
            )
        ),
        figures=_figures(found, bridges, period, currency)
        | {"differences": {other.name: say_differences(stated[0], other) for other in stated[1:]}},
        notes=tuple(dict.fromkeys(notes)),
        found=found,
    )


def _figures(
    found: Comparison, bridges: Mapping[str, pd.DataFrame], period: str, currency: str
) -> dict[str, object]:
    spoken = {name: table[table["period"] == period] for name, table in bridges.items()}
    return {
        "figures_are": FIGURES_ARE,
        "percentiles_are": PERCENTILES_ARE,
        "period": period,
        "p50_moved_by": {name: say_bridge(rows, currency) for name, rows in spoken.items() if len(rows) > 1},
        "comparison": records(found.table),
        "bridges": {name: records(steps) for name, steps in bridges.items()},
    }


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "scenario"


CLOSE = 0.4
"""Where all steps happen above this share of the ends, the axis begins later and says so."""
ROOM = 0.35
"""Room on either side of the steps then, as a share of their range."""


def bridge_spec(steps: pd.DataFrame, *, name: str, file: str, footer: str, currency: str) -> ChartSpec:
    """Return one period's steps of `bridge` as bars that depend on one another.

    Parameters
    ----------
    steps : DataFrame
        The rows of one period.
    name : str
        The scenario that the bridge leads to.
    file : str
        Name of the chart's files.
    footer : str
    currency : str
    """
    steps = steps.reset_index(drop=True)
    levels = steps["p50"].to_numpy(dtype=np.float64)
    floor = _floor(levels)
    scale = money_scale(levels, currency)
    if floor > 0:
        scale = replace(scale, decimals=scale.decimals + 1)
    changes = figures(np.diff(levels))
    begins = "" if floor == 0 else f"; the axis begins at {scale.format(floor)}"
    base = str(steps["label"].iloc[0])
    return ChartSpec(
        name=file,
        shape="bridge",
        title=bridge_title(steps, {"base": base, "name": name}, currency),
        subtitle="P50 of new-business bookings after each difference, made one after the other on the same "
        f"random numbers, in {currency}{begins}",
        footer=footer,
        unit=unit_of(scale),
        categories=(f"P50 of {base}", *map(str, steps["label"].iloc[1:]), f"P50 of {name}"),
        series=(Series("amount", "P50", NAVY, (levels[0], *changes, levels[-1])),),
        colours=(NAVY, *(GREEN if change >= 0 else ORANGE for change in changes), NAVY),
        floor=floor,
    )


def _floor(levels: Floats) -> float:
    low, high = float(levels.min()), float(levels.max())
    if not high > 0 or low < CLOSE * high:
        return 0.0
    step = 10.0 ** np.floor(np.log10(max(high - low, 0.01 * high)))
    return float(max(0.0, np.floor((low - ROOM * (high - low)) / step) * step))
