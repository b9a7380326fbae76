"""What holds a company back: the question asked of a history, and its answer with tables and charts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.analysis.bottlenecks import counterfactuals, relax
from simulator.analysis.diagnose.stuck_deals import StuckDeals, find_stuck_deals
from simulator.analysis.diagnose.track_record import TrackRecord, track_record
from simulator.analysis.forecast.pipeline import coverage_curve
from simulator.analysis.more_heads import LEAST_QUARTERS
from simulator.engine.pull import evidence_note
from simulator.errors import InputError
from simulator.file_digest import FileDigest, contents
from simulator.fiscal import FiscalCalendar
from simulator.history.load import load_history
from simulator.history.steady import steady
from simulator.report.answer import Answer, Draw, Provenance, draw_specs
from simulator.report.backtest.record import past_forecasts_said
from simulator.report.diagnose.charts import curve_spec, ends_spec, remedies_spec
from simulator.report.diagnose.rates_words import findings
from simulator.report.diagnose.record_charts import record_specs
from simulator.report.diagnose.words import say_curve, stuck_findings, what_holds_back
from simulator.report.forecast.summary import records
from simulator.report.money import source_line
from simulator.report.work import Work
from simulator.scenario.load import load_scenario
from simulator.scenario.schema import Scenario

SCENARIO_PATHS = 1000


@dataclass(frozen=True)
class WhatIf:
    """What a scenario adds to a diagnosis: each bottleneck removed, and the coverage needed.

    Parameters
    ----------
    scenario : str
    currency : str
    as_of : datetime.date
    n_paths : int
    seed : int
    remedies : DataFrame
        Of ``counterfactuals``.
    curve : DataFrame
        Of ``coverage_curve``.
    leans_on : str
        What the level of its forecast leans on; empty: on nothing but the rates.
    """

    scenario: str
    currency: str
    as_of: dt.date
    n_paths: int
    seed: int
    remedies: pd.DataFrame
    curve: pd.DataFrame
    leans_on: str = ""

    def sentences(self) -> tuple[str, ...]:
        """Return what holds the company back, and the coverage of the first quarter with a target."""
        said = list(what_holds_back(self.remedies, self.currency))
        if len(self.curve):
            said.append(f"{say_curve(self.curve, str(self.curve['period'].iloc[0]))}.")
        return tuple(said)

    def draws(self) -> tuple[Draw, ...]:
        """Return what draws its charts."""
        source = f"{self.n_paths:,} simulations of scenario {self.scenario}"
        footer = source_line(self.as_of, source)
        return draw_specs(remedies_spec(self.remedies, footer, self.currency), curve_spec(self.curve, footer))


@dataclass(frozen=True)
class Diagnosis:
    """What a history shows, where deals die or wait, and with a scenario what each remedy is worth."""

    record: TrackRecord
    stuck: StuckDeals
    what_if: WhatIf | None


def diagnose(
    history: Path | str,
    *,
    scenario: Path | str | None = None,
    as_of: dt.date | None = None,
    calendar: FiscalCalendar | None = None,
    quarters: int = 8,
    currency: str = "",
    paths: int = SCENARIO_PATHS,
    work: Work | None = None,
) -> Answer:
    """Measure close, win and slippage rates of a history, and what holds sales back.

    Parameters
    ----------
    history : Path or str
        Folder of the normalised history.
    scenario : Path or str, optional
        A scenario of this company: what each bottleneck is worth on the same random numbers.
    as_of : datetime.date, optional
        Use only what was known on this day.
    calendar : FiscalCalendar, optional
        Fiscal quarters; those of the scenario, which it must not contradict, else calendar quarters.
    quarters : int
        Whole fiscal quarters to look back.
    currency : str
        ISO code of the amounts; that of the scenario where empty, else unknown.
    paths : int
        Simulations, with a scenario.
    work : Work, optional
        Where progress is reported.

    Returns
    -------
    Answer
        Tables: rates, conversion, dwell, pushes, due, coverage_history, created, cycles, where_deals_end,
        slippage_by, commits_not_in_contracts, dead_deals, close_rates_without_dead_deals, and with a scenario
        counterfactuals and coverage_curve.

    Raises
    ------
    InputError
        The history or the scenario is at fault, or the scenario has another fiscal year.
    """
    work = work or Work()
    inputs = [Path(place) for place in (history, scenario) if place is not None]
    with steady(*inputs):
        loaded, read = load_history(inputs[0], as_of), contents(inputs)
    plan = _plan(inputs[1], inputs[0], loaded.as_of) if scenario is not None else None
    if plan is not None:
        calendar, currency = _calendar_of(plan, inputs[1], calendar), currency or plan.currency
    calendar = calendar or FiscalCalendar()
    record = track_record(loaded, calendar, quarters)
    what_if = _what_if(plan, paths, work) if plan is not None else None
    found = Diagnosis(record, find_stuck_deals(loaded, record.window), what_if)
    held = past_forecasts_said(inputs[0], calendar, loaded.as_of, currency)
    leans_on = (what_if.leans_on,) if what_if is not None and what_if.leans_on else ()
    return _answer(found, currency, read, (held, *leans_on, *record.notes, *loaded.notes))


def _calendar_of(plan: Scenario, file: Path, asked: FiscalCalendar | None) -> FiscalCalendar:
    """Return the calendar of a scenario, which names the quarters of all of the answer."""
    stated = plan.fiscal_calendar()
    if asked not in (None, stated):
        raise InputError.of(
            str(file),
            f"its fiscal year starts in month {stated.start_month} and is named after its {stated.label}, "
            "--fiscal-start and --fiscal-label say otherwise",
            "Leave the two options out, or change 'fiscal_year' in the scenario.",
        )
    return stated


def _plan(file: Path, history: Path, as_of: dt.date) -> Scenario:
    """Return the scenario of this history on its last day, as far ahead as `hire` looks at least."""
    loaded = load_scenario(file, {"as_of": as_of.isoformat()})
    if loaded.history is None or loaded.history.resolve() != history.resolve():
        where = loaded.places.get(("history",), str(file))
        raise InputError.of(where, f"is not about {history}", "Name the same history in both.")
    return loaded.replace(horizon_quarters=max(loaded.horizon_quarters, LEAST_QUARTERS))


def _what_if(plan: Scenario, n_paths: int, work: Work) -> WhatIf:
    """Return what a scenario adds: each bottleneck removed, and the coverage needed."""
    prepared = work.prepare(plan)
    with work.step("bottlenecks", "Removing one bottleneck at a time") as advance:
        relaxed = relax(prepared, n_paths, advance)
    full, base = prepared.scenario, relaxed.base
    remedies = counterfactuals(relaxed, full.targets)
    motions = {name: segment.motion for name, segment in full.segments.items()}
    curve = coverage_curve(base, full.targets, motions)
    leans_on = evidence_note(full, prepared.calibration) or ""
    return WhatIf(
        plan.name, full.currency, base.as_of, base.n_paths, full.simulation.seed, remedies, curve, leans_on
    )


def _answer(
    found: Diagnosis, currency: str, inputs: tuple[FileDigest, ...], notes: tuple[str, ...]
) -> Answer:
    record, stuck, what_if = found.record, found.stuck, found.what_if
    said = (*(what_if.sentences() if what_if is not None else ()), *stuck_findings(stuck, currency))
    return Answer(
        question="diagnose",
        currency=currency,
        provenance=Provenance(
            as_of=record.window.as_of,
            n_paths=what_if.n_paths if what_if is not None else 0,
            seed=what_if.seed if what_if is not None else None,
            inputs=inputs,
        ),
        sentences={str(n): text for n, text in enumerate((*said, *findings(record, currency)), start=1)},
        tables=_tables(found),
        draws=_draws(found, currency),
        figures=track_record_summary(record, currency)
        | {
            "diagnosis": list(said),
            "where_deals_end": records(stuck.ends),
            "close_rates_without_dead_deals": records(stuck.close_rates),
        }
        | ({"counterfactuals": records(what_if.remedies)} if what_if is not None else {}),
        notes=notes,
        found=found,
    )


def _tables(found: Diagnosis) -> dict[str, pd.DataFrame]:
    stuck, what_if = found.stuck, found.what_if
    tables = {name: getattr(found.record, attribute) for name, attribute in TABLES.items()} | {
        "where_deals_end": stuck.ends,
        "slippage_by": stuck.slippage,
        "commits_not_in_contracts": stuck.commits,
        "dead_deals": stuck.dead,
        "close_rates_without_dead_deals": stuck.close_rates,
    }
    if what_if is None:
        return tables
    return tables | {"counterfactuals": what_if.remedies, "coverage_curve": what_if.curve}


def _draws(found: Diagnosis, currency: str) -> tuple[Draw, ...]:
    record = found.record
    footer = source_line(record.window.as_of, record.window.name, f"{record.n_deals:,} qualified deals")
    return (
        *draw_specs(*record_specs(record, currency), ends_spec(found.stuck, footer, currency)),
        *(found.what_if.draws() if found.what_if is not None else ()),
    )


TABLES = {
    "rates": "rates",
    "conversion": "conversion",
    "dwell": "dwell",
    "pushes": "pushes",
    "due": "due",
    "coverage_history": "coverage",
    "created": "created",
    "cycles": "cycles",
}
"""Tables of a diagnosis by name, and where a TrackRecord holds them."""


def track_record_summary(record: TrackRecord, currency: str = "") -> dict[str, Any]:
    """Return the findings and the main figures as values that JSON can hold."""
    rates = record.rates
    return {
        "as_of": record.window.as_of.isoformat(),
        "window": record.window.name,
        "quarters": [record.window.calendar.quarter_label(q) for q in record.window.quarters],
        "currency": currency or None,
        "n_deals": record.n_deals,
        "n_ended": record.n_ended,
        "n_open": record.n_open,
        "n_past_due": record.n_past_due,
        "findings": list(findings(record, currency)),
        "rates": records(rates[rates["by"].isin(["all", "segment"])]),
        "conversion": records(record.conversion[record.conversion["by"] == "all"]),
        "dwell": records(record.dwell[record.dwell["by"] == "all"]),
        "pushes": records(record.pushes),
        "due": records(record.due),
        "coverage_history": records(record.coverage[record.coverage["segment"] == "all"]),
        "created": records(record.created[record.created["segment"] == "all"]),
        "cycles": records(record.cycles),
        "notes": list(record.notes),
    }
