"""Every assumption that a run rests on, with its source."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.analysis.operating.operating import COLLECTION_DAYS
from simulator.analysis.terms.assumptions import Assumption, list_term_assumptions
from simulator.calibration.customer_rates import customer_rates
from simulator.calibration.ramp import PUBLISHED_SOURCE
from simulator.engine.plan.coverage_effects import calibrated_effects
from simulator.engine.plan.roles import (
    SCENARIO,
    customer_time,
    gross_margin,
    ramp_of,
    rep_terms,
    role_names,
    role_terms,
)
from simulator.engine.plan.service_coverage import (
    COMMON_BOOK,
    HAND_OFF,
    NEGLECT,
    TARGET_WORDS,
    effect_terms,
    skill_of,
)
from simulator.engine.prepare import Prepared
from simulator.engine.pull import evidence_note
from simulator.kernels.people.coverage import BY_ACCOUNTS, BY_ARR
from simulator.notes import CALIBRATED, MODEL
from simulator.report.money import format_share
from simulator.scenario.deal_terms import Assumed
from simulator.scenario.ownership import ACTIVITIES, AE
from simulator.scenario.people import Ramp
from simulator.scenario.schema import Scenario

SHARES = frozenset({"attrition", "variable_share"})
"""Inputs that are written in percent."""


def list_assumptions(prepared: Prepared) -> list[dict[str, str]]:
    """Return name, value (in words) and source of each assumption.

    The source is ``calibrated`` (from the history), ``scenario`` (as the user wrote it) or ``model``
    (built in).
    """
    return [
        *_rates(prepared),
        *_stated(prepared.scenario),
        *_reps(prepared),
        *customer_assumptions(prepared),
        *plan_assumptions(prepared.scenario),
        *people_assumptions(prepared),
        *_switches(prepared),
    ]


def _entry(name: str, value: str, source: str) -> dict[str, str]:
    return {"name": name, "value": value, "source": source}


def _rates(prepared: Prepared) -> list[dict[str, str]]:
    calibration, scenario = prepared.calibration, prepared.scenario
    if calibration is None:
        return [_entry("rates of deals, amounts and demand", "as written for each segment", SCENARIO)]
    span = f"history from {calibration.first_day} to {calibration.as_of}"
    where = f"{scenario.calibration}, {span}" if scenario.calibration else span
    return [_entry("rates of deals, amounts, close dates and demand", where, CALIBRATED)]


def _stated(scenario: Scenario) -> list[dict[str, str]]:
    """Return what the scenario states itself: rates of segments, levers, targets, the calendar."""
    rates = [
        _entry(f"segments.{name}", _words(segment.model_dump(mode="json", exclude_none=True)), SCENARIO)
        for name, segment in scenario.segments.items()
    ]
    levers = [_entry(f"levers.{lever.name}", str(lever), SCENARIO) for lever in scenario.levers]
    year = scenario.fiscal_year
    calendar = f"starts in month {year.start_month}, named after the year it {year.label}s in"
    return [*rates, *levers, _entry("fiscal year", calendar, SCENARIO)]


def _reps(prepared: Prepared) -> list[dict[str, str]]:
    """Return what holds for the reps of each segment, and where each figure is from."""
    scenario, calibration = prepared.scenario, prepared.calibration
    if not scenario.reps.stated:
        return [_entry("reps", "not simulated: every qualified deal is taken up at once", MODEL)]
    staffing = calibration.staffing if calibration is not None else None
    listed = [
        _entry(f"reps of {terms.segment}: {key}", _figure(getattr(terms, key), key), source)
        for terms in rep_terms(scenario, staffing)
        for key, source in terms.sources.items()
    ]
    if scenario.reps.ramp is not None:
        ramp = _entry("ramp of new reps", _say_ramp(scenario.reps.ramp), SCENARIO)
    elif staffing is not None and staffing.ramp.source == CALIBRATED:
        ramp = _entry("ramp of new reps", "from wins by tenure", CALIBRATED)
    else:
        ramp = _entry("ramp of new reps", "as published", f"published: {PUBLISHED_SOURCE}")
    margin, source = gross_margin(scenario)
    margins = _entry("gross margin on bookings", f"{margin:.0%}", source)
    return [*listed, ramp, margins, *_before_sale(scenario)]


def _before_sale(scenario: Scenario) -> list[dict[str, str]]:
    """Return what help with deals and the pay plan are stated to do to the odds of winning."""
    stated = scenario.effects.before_sale
    if stated is None:
        return []
    pay, quota = stated.variable_share, stated.quota
    figures = {
        f"without {stated.role}, one for {stated.reps_per_head or 0:g} reps": stated.win_odds,
        "for ten points more variable pay": None if pay is None else pay.win_odds,
        "for a tenth more quota": None if quota is None else quota.win_odds,
    }
    return [
        _listed(f"effect: odds of winning {what}", Assumption("before_sale", "win_odds", figure))
        for what, figure in figures.items()
        if figure is not None
    ]


def _say_ramp(ramp: Ramp) -> str:
    if ramp.shares is None:
        return f"half of the new reps are fully productive after {ramp.median_months:g} months"
    return f"productive at {', '.join(f'{share:.0%}' for share in ramp.shares)} by month of tenure"


def _figure(value: float, key: str = "") -> str:
    """Return a figure written out: 1,100,000 and 22%, never 1.1e+06 or 0.2262."""
    if key in SHARES:
        return format_share(value)
    if value == float("inf"):
        return "no limit"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _words(values: object) -> str:
    if isinstance(values, dict):
        return ", ".join(f"{key}: {_words(value)}" for key, value in values.items())
    return str(values)


def _switches(prepared: Prepared) -> list[dict[str, str]]:
    settings = prepared.scenario.simulation
    switches = {
        "luck of which deals close": settings.luck,
        "uncertainty of the rates": settings.rate_uncertainty,
        "shared shock": settings.shared_shock,
    }
    spread = [_entry(name, "on" if on else "off", SCENARIO) for name, on in switches.items()]
    deals = "competing hazards by calendar month; the mix of new deals stays as it was"
    alone = evidence_note(prepared.scenario, prepared.calibration) is None
    level = [_entry("level of bookings", "from the rates of deals alone", MODEL)] if alone else []
    return [*spread, *level, _entry("how deals move", deals, MODEL)]


WEAK = frozenset({"prior", "assumption"})
UNUSED = frozenset({"expansion win rate"})
"""Reported with the rates, but nothing is simulated from it."""
MOST_SEGMENTS_NAMED = 3


def customer_assumptions(prepared: Prepared) -> list[dict[str, str]]:
    """Return name, value and source of what is assumed about customers; nothing where there are none."""
    calibration = prepared.calibration.customers if prepared.calibration is not None else None
    if not prepared.scenario.customers.simulate:
        return [_entry("customers", "not simulated, as the scenario says", SCENARIO)]
    if calibration is None:
        return []
    how = "renewal as in the shifted beta-geometric model; growth at constant rates after first value"
    listed = [_entry("how customers renew and grow", how, MODEL)]
    weak: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
    for row in customer_rates(calibration):
        if row["source"] in WEAK and row["name"] not in UNUSED:
            key = (" ".join(filter(None, (row["name"], row["level"]))), row["unit"], row["source"])
            weak.setdefault(key, []).append((row["segment"], row["value"]))
    for (name, unit, source), rows in weak.items():
        listed.append(_entry(f"customers: {name}", _value(rows, unit), source))
    return listed


def _value(rows: list[tuple[str, float]], unit: str) -> str:
    values = [value for _, value in rows]
    is_share = unit.startswith("share ")
    low, high = (format_share(x) if is_share else _figure(x) for x in (min(values), max(values)))
    unit = unit.removeprefix("share ") if is_share else unit
    figure = low if low == high else f"{low} to {high}"
    names = [segment for segment, _ in rows if segment]
    where = ", ".join(names) if len(names) <= MOST_SEGMENTS_NAMED else f"{len(names)} segments"
    return f"{figure} {unit}" + (f" ({where})" if names else "")


CAPACITY_WORDS = {BY_ACCOUNTS: "accounts a head", BY_ARR: "of ARR a head"}


def people_assumptions(prepared: Prepared) -> list[dict[str, str]]:
    """Return name, value and source of what is assumed of people; nothing where none are simulated."""
    scenario = prepared.scenario
    if not scenario.simulates_roles:
        return []
    listed = []
    for effect in effect_terms(scenario, calibrated_effects(scenario, prepared.history)):
        words = f"{effect.value:.3g} ({effect.low:.3g} to {effect.high:.3g}) at no coverage"
        name = f"{TARGET_WORDS[effect.target]} without {effect.activity}"
        listed.append(_entry(f"effect: {name}", words, effect.source))
    for item in role_terms(scenario, prepared.history):
        what = CAPACITY_WORDS.get(item.kind, "hours a month a head")
        where = f"{item.role} in {item.segment}"
        listed.append(_entry(f"{where}: heads", str(item.heads), item.sources["heads"]))
        listed.append(_entry(f"{where}: capacity", f"{item.capacity:,.0f} {what}", item.sources["capacity"]))
        listed += [
            _entry(f"{where}: {key}", _figure(getattr(item, key), key), item.sources[key])
            for key in ("ote", "variable_share", "attrition", "backfill_months", "hiring_cost")
        ]
    for role in role_names(scenario):
        skill, source = skill_of(scenario, role)
        shown = ", ".join(f"{a} {s:.0%}" for a, s in zip(ACTIVITIES, skill, strict=True))
        listed.append(_entry(f"skill of {role}", shown, source))
        if role != AE:
            listed.append(_entry(f"ramp of {role}", "mean productivity by month", ramp_of(scenario, role)[1]))
    share, source = customer_time(scenario)
    listed.append(_entry("time of ae for customers, at most", f"{share:.0%}", source))
    for key, (value, source) in {
        "hand_off_per_cycle_month": HAND_OFF,
        "common_book_relief": COMMON_BOOK,
        "neglect_of_unpaid": NEGLECT,
    }.items():
        stated = getattr(scenario.effects, key)
        listed.append(
            _entry(key, f"{value if stated is None else stated:.0%}", source if stated is None else SCENARIO)
        )
    return listed


REFERRAL_FIGURES = ("per_customer_per_year", "win_odds", "cycle", "price_rises")


def plan_assumptions(scenario: Scenario) -> list[dict[str, str]]:
    """Return name, value and source of what is assumed; nothing of what a scenario does not state."""
    return [*_terms(scenario), *_referrals(scenario), *_operating(scenario)]


def _terms(scenario: Scenario) -> Iterator[dict[str, str]]:
    for item in list_term_assumptions(scenario.terms):
        yield _listed(f"deal terms: {item.name}", item)
    if scenario.terms.concessions:
        share = f"{scenario.terms.approved_so_far:.0%} of what was asked for"
        yield _entry("concessions granted in the history", share, SCENARIO)


def _referrals(scenario: Scenario) -> Iterator[dict[str, str]]:
    if not scenario.referrals.stated:
        return
    for name in REFERRAL_FIGURES:
        figure = getattr(scenario.referrals, name)
        if isinstance(figure, Assumed):
            yield _listed(f"referrals: {name}", Assumption("referrals", name, figure))  # type: ignore[arg-type]
    if scenario.referrals.per_customer_per_year is None:
        source = f"calibrated: deals of source '{scenario.referrals.source_name}' / advocates"
        yield _entry("referrals: per_customer_per_year", "as in the history", source)


def _operating(scenario: Scenario) -> Iterator[dict[str, str]]:
    if scenario.operating.stated and scenario.operating.collection_days is None:
        value, source = COLLECTION_DAYS
        yield _entry("days to collect", f"{value:g}", source)


def _listed(name: str, item: Assumption) -> dict[str, str]:
    low, high = item.figure.low, item.figure.high
    span = f" ({low:g} to {high:g})" if low is not None and high is not None else ""
    return _entry(name, f"{item.figure.value:g}{span}", item.source)
