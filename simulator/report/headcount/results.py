"""What one more head of each role is worth: the question asked, and its answer with tables and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.analysis.headcount.assumptions import find_breakeven, head_sensitivity
from simulator.analysis.headcount.headcount import Headcount, HeadcountSettings, head_table
from simulator.analysis.headcount.simulation import HeadcountSimulation
from simulator.engine.plan.roles import gross_margin, role_names
from simulator.engine.prepare import Prepared
from simulator.errors import Fault, InputError
from simulator.report.answer import Answer, Provenance
from simulator.report.assumptions import people_assumptions
from simulator.report.forecast.summary import records
from simulator.report.headcount.words import headcount_answers, headcount_title, role_word
from simulator.report.money import source_line
from simulator.report.style import INK, SERIES, draw_panels, money_axis
from simulator.report.work import Source, Work, load
from simulator.scenario.dates import month_text
from simulator.scenario.faults import suggestion
from simulator.scenario.ownership import AE
from simulator.scenario.schema import Scenario

LEAST_QUARTERS = 8
"""Renewals come once a year: less would show little of what a head does."""
PATHS, FEWER_PATHS, RATE_DRAWS = 120, 40, 40


def headcount(
    scenario: Source,
    *,
    roles: Sequence[str] | None = None,
    up_to: int = 5,
    segment: str | None = None,
    quarters: int | None = None,
    closing_years: float = 1.0,
    paths: int | None = None,
    work: Work | None = None,
) -> Answer:
    """Find what one more head of each role is worth: ARR, cost, NPV and payback.

    Parameters
    ----------
    scenario : Scenario, Prepared, str or Path
        It must state ``roles`` and ``ownership``.
    roles : sequence of str, optional
        Only these; without them reps and whoever owns customers.
    up_to : int
        Most heads added to a segment.
    segment : str, optional
        Speak of this one only.
    quarters : int, optional
        Fiscal quarters to look at; at least 8 without it.
    closing_years : float
        Years that the ARR gained at the end counts for.
    paths : int, optional
        Simulations.
    work : Work, optional
        Who is told how far it is.

    Returns
    -------
    Answer
        Tables: headcount; where roles after the sale are asked about also headcount_breakeven and
        headcount_sensitivity.

    Raises
    ------
    InputError
        The scenario or an option is at fault.
    """
    work = work or Work()
    prepared = prepare_roles(scenario, quarters, work)
    named = _roles(prepared.scenario, roles, segment)
    work.compile(prepared)
    with work.step("compile scenario"):
        simulation = HeadcountSimulation(prepared, paths or PATHS)
    settings = HeadcountSettings(
        roles=named,
        up_to=up_to,
        start=int(simulation.months[0]) + 1,
        margin=gross_margin(simulation.scenario)[0],
        closing_years=closing_years,
    )
    return _answer(prepared, simulation, _find(simulation, settings, work), segment)


def _answer(
    prepared: Prepared, simulation: HeadcountSimulation, found: Headcount, segment: str | None
) -> Answer:
    settings = found.question
    currency = prepared.scenario.currency
    footer = source_line(
        simulation.deals.horizon.as_of,
        f"Gross margin of {settings.margin:.0%} on revenue gained less cost, discounted at "
        f"{settings.discount:.0%} a year",
        f"{found.n_paths:,} simulations of scenario “{prepared.scenario.name}”",
    )
    tables = {"headcount": found.table}
    if not found.breakeven.empty:
        tables |= {"headcount_breakeven": found.breakeven, "headcount_sensitivity": found.sensitivity}
    return Answer(
        question="headcount",
        currency=currency,
        provenance=Provenance.of(prepared, n_paths=found.n_paths),
        sentences=headcount_answers(found, simulation.effects, currency, segment),
        tables=tables,
        draws=(partial(draw_headcount, found, currency, footer, segment=segment),),
        figures=_figures(found) | {"effects": [asdict(effect) for effect in simulation.effects]},
        notes=prepared.notes,
        assumptions=tuple(people_assumptions(prepared)),
        found=found,
    )


def prepare_roles(source: Source, quarters: int | None, work: Work) -> Prepared:
    """Return a scenario that simulates roles, prepared to look far enough ahead.

    Raises
    ------
    InputError
        It states no roles, or no ownership.
    """
    loaded, like = load(source)
    if not loaded.simulates_roles:
        raise InputError.of(
            str(loaded.files[0]) if loaded.files else loaded.name,
            "no one looks after customers here: that takes 'roles', 'ownership' and customers",
            "Add 'roles: {csm: {all: {book: {arr: 2M}}}}' and 'ownership: all_csm'; heads come from the "
            "history.",
        )
    wanted = quarters or max(loaded.horizon_quarters, LEAST_QUARTERS)
    fewer = loaded.with_simulation(rate_draws=min(RATE_DRAWS, loaded.simulation.rate_draws))
    return work.prepare(fewer.replace(horizon_quarters=wanted), like)


def _roles(scenario: Scenario, asked: Sequence[str] | None, segment: str | None) -> tuple[str, ...]:
    """Return the roles to speak of; what is wrong with the names, all at once."""
    known = [name for name in role_names(scenario) if name != AE or scenario.reps.stated]
    faults = [
        Fault("--role", f"'{name}' is no role of this scenario", suggestion(name, known, "Roles"))
        for name in asked or ()
        if name not in known
    ]
    if segment is not None and segment not in scenario.segments:
        what = f"there is no segment '{segment}'"
        faults.append(Fault("--segment", what, suggestion(segment, scenario.segments, "Segments")))
    if faults:
        raise InputError(faults)
    if asked:
        return tuple(dict.fromkeys(asked))
    owners = {r for s in scenario.segments if (t := scenario.ownership.of(s)) is not None for r in t.roles}
    return tuple(name for name in known if name in owners or name == AE)


def _find(simulation: HeadcountSimulation, settings: HeadcountSettings, work: Work) -> Headcount:
    with work.step("headcount", "Adding heads in every segment") as advance:
        table, _ = head_table(simulation, settings, advance)
    few = min(FEWER_PATHS, simulation.n_paths)
    breakeven, sensitivity = [], []
    for role in settings.roles:
        if role == AE:
            continue
        with work.step("break even", f"Where a {role} breaks even") as advance:
            breakeven.append(find_breakeven(simulation, settings, role, few, advance))
        with work.step("assumptions", f"What the worth of a {role} depends on") as advance:
            sensitivity.append(head_sensitivity(simulation, settings, role, few, advance))
    calendar = simulation.scenario.fiscal_calendar()
    return Headcount(
        question=settings,
        segments=simulation.segments,
        table=table,
        breakeven=_stacked(breakeven),
        sensitivity=_stacked(sensitivity),
        n_paths=simulation.n_paths,
        periods=tuple(calendar.quarter_label(int(q)) for q in simulation.deals.horizon.quarters),
    )


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _figures(found: Headcount) -> dict[str, object]:
    settings = found.question
    return {
        "figures_are": "gains against the same simulations without the heads; NPV is gross margin on revenue "
        "gained, and on the ARR gained at the end, less what the heads cost, discounted",
        "start": month_text(settings.start),
        "gross_margin": settings.margin,
        "discount_rate": settings.discount,
        "closing_years": settings.closing_years,
        "headcount": records(found.table),
        "breakeven": records(found.breakeven),
        "sensitivity": records(found.sensitivity),
    }


MOST_COLUMNS = 3
MARKS = ("o", "s", "^", "D", "v", "P")


def draw_headcount(
    found: Headcount, currency: str, footer: str, folder: Path, segment: str | None = None
) -> None:
    """Draw the NPV that the 1st, 2nd … head adds, by role and segment."""
    segments = [name for name in found.segments if segment in (None, name)]
    n_columns = min(MOST_COLUMNS, len(segments))
    n_rows = -(-len(segments) // n_columns)
    roles = found.question.roles
    with draw_panels(
        folder,
        "headcount",
        title=headcount_title(found, currency, segment),
        subtitle=f"NPV that each further head adds until {found.periods[-1]}, mean, in {currency}; above the "
        "line a head earns more than it costs",
        footer=footer,
        n_rows=n_rows,
        n_columns=n_columns,
        share_y=True,
        top_inches=0.7,
        size_inches=(10.0, 2.3 + 2.2 * n_rows),
    ) as panels:
        for axes, name in zip(panels, segments, strict=False):
            for number, role in enumerate(roles):
                rows = found.table[(found.table["role"] == role) & (found.table["segment"] == name)]
                if rows.empty:
                    continue
                axes.plot(
                    rows["heads_added"], rows["marginal_npv"], color=SERIES[number % len(SERIES)],
                    marker=MARKS[number % len(MARKS)], linewidth=2, markersize=5, label=role_word(role),
                )  # fmt: skip
            axes.axhline(0, color=INK, linewidth=0.9)
            axes.set_title(name, fontsize=10)
            axes.set_xticks(np.arange(1, found.question.up_to + 1))
            axes.set_xlim(0.7, found.question.up_to + 0.3)
        values = found.table.loc[found.table["segment"].isin(segments), "marginal_npv"]
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        panels[0].set_ylim(low - 0.1 * (high - low), high + 0.12 * (high - low))
        for axes in panels[: len(segments)]:
            money_axis(axes, currency)
        for axes in panels[len(segments) :]:
            axes.remove()
        figure = panels[0].get_figure()
        assert isinstance(figure, Figure)  # noqa: S101  the panels are drawn on a figure of their own
        handles, labels = panels[0].get_legend_handles_labels()
        height = float(figure.get_figheight())
        above = panels[0].get_position().y1 + 0.66 / height
        figure.legend(handles, labels, loc="upper left", ncols=len(roles), bbox_to_anchor=(0.03, above))
