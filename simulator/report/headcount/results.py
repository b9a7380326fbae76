"""What one more head of each role is worth: the question asked, and its answer with tables and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from simulator.analysis.headcount.assumptions import find_breakeven, head_sensitivity
from simulator.analysis.headcount.headcount import Headcount, HeadcountSettings, head_table
from simulator.analysis.headcount.simulation import HeadcountSimulation
from simulator.analysis.more_heads import LEAST_QUARTERS
from simulator.engine.plan.roles import employed, gross_margin, role_names
from simulator.engine.plan.service_coverage import Effect
from simulator.engine.prepare import Prepared
from simulator.errors import Fault, InputError, suggestion
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.assumptions import people_assumptions
from simulator.report.charts.spec import ChartSpec, Series, figures, money_unit
from simulator.report.forecast.summary import records
from simulator.report.headcount.words import headcount_answers, headcount_title, role_word
from simulator.report.money import source_line
from simulator.report.style import BLUE, SERIES
from simulator.report.work import Source, Work, load
from simulator.scenario.numbers import month_text
from simulator.scenario.ownership import AE
from simulator.scenario.schema import Scenario

PATHS, MOST_PATHS, FEWER_PATHS, RATE_DRAWS = 120, 720, 40, 40


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
        Simulations; without it, as many as it takes until it is clear which head is worth most.
    work : Work, optional
        Where progress is reported.

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
        most_paths=paths or MOST_PATHS,
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
        draws=draw_specs(*headcount_specs(found, currency, footer, segment, simulation.effects)),
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
        It states no roles or no ownership, or no customers are known.
    """
    loaded, like = load(source)
    wanted = quarters or max(loaded.horizon_quarters, LEAST_QUARTERS)
    fewer = loaded.with_simulation(rate_draws=min(RATE_DRAWS, loaded.simulation.rate_draws))
    prepared = work.prepare(fewer.replace(horizon_quarters=wanted), like)
    where = str(loaded.files[0]) if loaded.files else loaded.name
    faults = [*_no_roles(prepared, where), *_no_customers(prepared, where)]
    if faults:
        raise InputError(faults)
    return prepared


def _no_roles(prepared: Prepared, where: str) -> list[Fault]:
    scenario = prepared.scenario
    if scenario.roles and scenario.ownership.stated and scenario.effects.simulate:
        return []
    known = any(len(employed(prepared.history, "csm", name)) for name in scenario.segments)
    heads = "" if known else "heads: 2, "
    more = "heads come from the history" if known else "with your own heads in each segment"
    return [
        Fault(
            where,
            "no one looks after customers here: that takes 'roles', 'ownership' and customers",
            f"Add 'roles: {{csm: {{all: {{{heads}book: {{arr: 2M}}}}}}}}' and 'ownership: all_csm'; {more}.",
        )
    ]


def _no_customers(prepared: Prepared, where: str) -> list[Fault]:
    scenario, rates = prepared.scenario, prepared.calibration
    if not scenario.customers.simulate:
        return [Fault(where, "customers are not simulated", "Remove 'simulate: false' under 'customers'.")]
    stated = any(item.customers is not None for item in scenario.segments.values())
    if stated or (rates is not None and rates.customers is not None):
        return []
    return [
        Fault(
            where,
            "no customers are known, so what people do for them cannot be valued",
            "Add customers.csv (customer_id, segment, start_date, arr) and arr_changes.csv (customer_id, "
            "date, movement, arr_delta) to the history's folder.",
        )
    ]


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
        table, gains = head_table(simulation, settings, advance)
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
        n_paths=len(gains[settings.roles[0]][0].npv) if settings.roles else 0,
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


MOST_LINES = 5


def headcount_specs(
    found: Headcount,
    currency: str,
    footer: str,
    segment: str | None = None,
    effects: tuple[Effect, ...] = (),
) -> tuple[ChartSpec, ChartSpec]:
    """Return what the first head of each place is worth, and what the 1st, 2nd … add in the best places."""
    table = found.table[[segment in (None, name) for name in found.table["segment"]]]
    names = [f"{role_word(role)}, {name}" for role, name in zip(table["role"], table["segment"], strict=True)]
    table = table.assign(place=names)
    firsts = table[table["heads_added"] == 1].sort_values("npv", ascending=False, kind="stable")
    title = headcount_title(found, currency, segment, effects)
    first = ChartSpec(
        name="headcount_first",
        shape="bars",
        title=title,
        subtitle=f"NPV of the first head more until {found.periods[-1]}: mean, line: P10 to P90",
        footer=footer,
        unit=money_unit(firsts[["npv_p10", "npv_p90"]].abs().max(), currency),
        categories=tuple(firsts["place"]),
        series=(
            Series("npv", "NPV", BLUE, figures(firsts["npv"]),
                   low=figures(firsts["npv_p10"]), high=figures(firsts["npv_p90"])),
        ),
    )  # fmt: skip
    best = list(firsts["place"])[:MOST_LINES]
    grid = table.pivot_table(index="place", columns="heads_added", values="marginal_npv", sort=False)
    marginal = ChartSpec(
        name="headcount",
        shape="columns",
        title=title,
        subtitle=f"NPV that the 1st, 2nd … head adds until {found.periods[-1]}, mean; the best places"
        + (f", {len(best)} of {len(firsts)}" if len(best) < len(firsts) else ""),
        footer=footer,
        unit=money_unit(table["marginal_npv"].abs(), currency),
        categories=tuple(best),
        series=tuple(
            Series(f"head {n:g}", f"Head {n:g}", SERIES[at % len(SERIES)], figures(grid.loc[best, n]))
            for at, n in enumerate(grid.columns)
        ),
    )
    return first, marginal
