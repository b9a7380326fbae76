"""Where the next reps go: the question asked, and its answer with tables, charts and words."""

from __future__ import annotations

from simulator.analysis.bottlenecks import constraints, relax
from simulator.analysis.hire.allocation import Hiring, HiringSettings, allocate_reps
from simulator.analysis.hire.ladder import RepLadder
from simulator.analysis.hire.reps_for_target import RepsForTarget, latest_start, reps_for_target
from simulator.analysis.more_heads import LEAST_QUARTERS
from simulator.analysis.totals import ALL
from simulator.engine.plan.position import position
from simulator.engine.prepare import Prepared
from simulator.errors import Fault, InputError
from simulator.fiscal import month_number
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.assumptions import list_assumptions
from simulator.report.forecast.summary import records
from simulator.report.hire.charts import allocation_spec, marginal_spec
from simulator.report.hire.words import hiring_answers
from simulator.report.money import source_line
from simulator.report.work import Source, Work, load
from simulator.scenario.numbers import ReadingError, month_text, read_money, read_month
from simulator.scenario.schema import Scenario
from simulator.scenario.settled import horizon

MOST_PATHS, FIRST_PATHS = 8000, 1000
CONSTRAINT_PATHS = 400


def hire(
    scenario: Source,
    *,
    reps: int = 5,
    start: str | None = None,
    budget: str | None = None,
    indifference: str | None = None,
    quarters: int | None = None,
    paths: int | None = None,
    work: Work | None = None,
) -> Answer:
    """Find where up to n more reps go, what they are worth, and what limits each segment.

    Parameters
    ----------
    scenario : Scenario, Prepared, str or Path
        It must state ``reps``.
    reps : int
        Most reps to hire.
    start : str, optional
        Month in which they start, such as ``2027-01``; two months from the as-of date without it.
    budget, indifference : str, optional
        Most that they may cost a year, and the difference below which two answers are equally good; amounts
        such as ``1M``.
    quarters : int, optional
        Fiscal quarters to look at; at least 8 without it.
    paths : int, optional
        Most simulations.
    work : Work, optional
        Where progress is reported, and which workers simulate.

    Returns
    -------
    Answer
        Tables: hiring, hiring_marginal, hiring_monthly, constraints.

    Raises
    ------
    InputError
        The scenario or an option is at fault.
    """
    work = work or Work()
    most, least = _money(budget, indifference)
    loaded, like = load(scenario)
    prepared = work.prepare(_without_customers(loaded, quarters), like)
    settings = HiringSettings(
        n_reps=reps,
        start=_start_month(start, prepared.scenario),
        budget=most,
        indifference=least,
        first_paths=min(FIRST_PATHS, paths or FIRST_PATHS),
        most_paths=paths or MOST_PATHS,
    )
    work.compile(prepared)
    return _answer(prepared, RepLadder(prepared, settings.start, reps), settings, work)


def _money(budget: str | None, indifference: str | None) -> tuple[float, float]:
    """Read the amounts; the faults of both at once."""
    faults, read = [], [float("inf"), float("nan")]
    for place, (name, text) in enumerate((("budget", budget), ("indifference", indifference))):
        try:
            read[place] = read_money(text) if text is not None else read[place]
        except ReadingError as error:
            faults.append(Fault(f"--{name}", str(error), error.remedy))
    if faults:
        raise InputError(faults)
    return read[0], read[1]


def _without_customers(loaded: Scenario, quarters: int | None) -> Scenario:
    """Return the scenario with reps stated and a horizon long enough; customers change nothing here."""
    if not loaded.reps.stated:
        raise InputError.of(
            str(loaded.files[0]) if loaded.files else loaded.name,
            "it has no 'reps', so a rep takes every deal at once and one more adds nothing",
            "Add a 'reps:' section: 'reps: {all: {patience_days: 60}}' takes the rest from the history.",
        )
    wanted = quarters or max(loaded.horizon_quarters, LEAST_QUARTERS)
    return loaded.of_deals_alone().replace(horizon_quarters=wanted)


def _start_month(text: str | None, scenario: Scenario) -> int:
    """Return the month in which the reps start: two months from now where none is given."""
    if scenario.as_of is None:
        raise ValueError("the as-of date is not known yet")
    now = month_number(scenario.as_of)
    last = scenario.fiscal_calendar().first_month(horizon(scenario)[-1] + 1) - 1
    if text is None:
        return min(now + 2, last)
    try:
        month = read_month(text)
    except ReadingError as error:
        raise InputError.of("--start", str(error), error.remedy) from error
    if month <= now:
        what = f"{month_text(month)} is not after as_of ({scenario.as_of})"
        raise InputError.of("--start", what, f"The next month is {month_text(now + 1)}.")
    if month > last:
        what = f"{month_text(month)} is after all that is simulated (until {month_text(last)})"
        raise InputError.of("--start", what, "Start earlier, or look further with --quarters.")
    return month


def _answer(prepared: Prepared, ladder: RepLadder, settings: HiringSettings, work: Work) -> Answer:
    with work.executor():
        with work.step("hire", "Trying reps in every segment") as advance:
            hiring = allocate_reps(ladder, settings, advance)
        with work.step("constraints", "Finding what limits each segment") as advance:
            relaxed = relax(prepared, min(CONSTRAINT_PATHS, settings.most_paths), advance)
            table = constraints(relaxed, hiring.segments).assign(attention_worth=hiring.attention_worth)
        with work.step("target"):
            needed = _needed(prepared, ladder, hiring)
    currency = prepared.scenario.currency
    footer = source_line(
        ladder.deals.horizon.as_of,
        "Gross margin on bookings less base pay, commission and hiring",
        f"{hiring.n_paths:,} simulations of scenario “{prepared.scenario.name}”",
    )
    monthly = hiring.monthly.assign(month=[month_text(int(month)) for month in hiring.monthly["month"]])
    return Answer(
        question="hire",
        currency=currency,
        provenance=Provenance.of(prepared, n_paths=hiring.n_paths),
        sentences=hiring_answers(hiring, _periods(prepared, ladder), currency, table, needed),
        tables={
            "hiring": hiring.allocations,
            "hiring_marginal": hiring.marginal,
            "hiring_monthly": monthly,
            "constraints": table,
        },
        draws=draw_specs(allocation_spec(hiring, currency, footer), marginal_spec(hiring, currency, footer)),
        figures=_figures(hiring) | {"constraints": records(table)},
        notes=prepared.notes,
        assumptions=tuple(list_assumptions(prepared)),
        found=hiring,
    )


def _figures(hiring: Hiring) -> dict[str, object]:
    return {
        "figures_are": "bookings and contribution gained over the horizon, against the same simulations "
        "without the reps",
        "allocation": dict(zip(hiring.segments, hiring.allocation.tolist(), strict=True)),
        "n_reps": hiring.n_hired,
        "start": month_text(hiring.question.start),
        "payback_month": month_text(hiring.payback_month) if hiring.payback_month is not None else None,
        "indifference": round(hiring.indifference, 2),
        "gain_by_driver": {
            "deals_served": round(hiring.gain_served, 2),
            "self_sourced": round(float(hiring.answer["gain_bookings"]) - hiring.gain_served, 2),
        },
        "cannot_tell": list(hiring.unseen),
        "separated": hiring.separated,
        "n_allocations": hiring.n_allocations,
        "allocations": records(hiring.allocations),
        "marginal": records(hiring.marginal),
    }


def _periods(prepared: Prepared, ladder: RepLadder) -> tuple[str, ...]:
    calendar = prepared.scenario.fiscal_calendar()
    return tuple(calendar.quarter_label(int(quarter)) for quarter in ladder.deals.horizon.quarters)


def _needed(prepared: Prepared, ladder: RepLadder, hiring: Hiring) -> tuple[RepsForTarget, int | None] | None:
    """Return how many reps the last target takes and by when; None where there is no target."""
    periods = _periods(prepared, ladder)
    targets = {period: by.get(ALL) for period, by in prepared.scenario.targets.items()}
    places = [place for place, period in enumerate(periods) if targets.get(period)]
    if not places:
        return None
    place = places[-1]
    here = position(ladder.deals, prepared.history)
    booked = float(here.booked.sum()) if place == 0 else 0.0
    target = float(targets[periods[place]] or 0.0)
    found = reps_for_target(hiring.extra, booked=booked, place=place, period=periods[place], target=target)
    if not (found.reached and found.allocation.any()):
        return found, None
    return found, latest_start(ladder, found, booked=booked, place=place, n_paths=FIRST_PATHS)
