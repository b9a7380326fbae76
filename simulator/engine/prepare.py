"""All that a scenario needs before it can be simulated: its history, its rates, no open ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from simulator.calibration.calibration import Calibration
from simulator.calibration.file import load_calibration
from simulator.engine.calibration_cache import CalibrationCache
from simulator.engine.plan.attention import attention_of
from simulator.errors import InputError
from simulator.file_digest import FileDigest, contents
from simulator.fiscal import FiscalCalendar
from simulator.history.as_of import history_as_of
from simulator.history.deal_types import NEW, deals_of_type, types_apart
from simulator.history.load import files_of, load_history
from simulator.history.states import deal_states
from simulator.history.steady import steady
from simulator.history.tables import History
from simulator.notes import MODEL, HowMade
from simulator.scenario.schema import Scenario
from simulator.scenario.settled import settled

FULL_ATTENTION = HowMade(
    "rates of deals with reps",
    "those of deals that get the full attention of a rep; the rates of the history hold the waiting that is "
    "simulated here",
    MODEL,
)
Recalled = Callable[[Callable[[], Calibration], str], Calibration]
"""Finds rates by the name of their variant: kept ones, or what the function estimates."""
MOST_DAYS_UNKNOWN = 45
"""Days that as_of may lie beyond the last thing a history knows of: quiet weeks, a month-old export."""


@dataclass(frozen=True)
class DealsOfType:
    """The deals of one type and their rates, simulated on their own."""

    history: History
    calibration: Calibration


@dataclass(frozen=True)
class Prepared:
    """A scenario that lacks nothing, with what it rests on.

    Parameters
    ----------
    scenario : Scenario
        Settled: as-of date, segments and targets filled in.
    history : History, optional
        As of the scenario's day, its deals those of new business; None where the scenario states its rates
        itself.
    calibration : Calibration, optional
        Read from the scenario's file, or estimated from the history.
    files : tuple of FileDigest
        Every file that was read, as it was then.
    notes : tuple of str
        What the reader should know of where the figures come from.
    stated : Scenario, optional
        The scenario as loaded, before it was settled.
    of_type : mapping of str to DealsOfType
        Renewal and expansion deals, where no customers are simulated whose rates they are part of.
    observed : Calibration, optional
        The rates as the history shows them, waiting for reps included; ``calibration`` holds those of deals
        that get full attention where the scenario simulates reps.
    """

    scenario: Scenario
    history: History | None
    calibration: Calibration | None
    files: tuple[FileDigest, ...]
    notes: tuple[str, ...]
    stated: Scenario | None = None
    of_type: Mapping[str, DealsOfType] = field(default_factory=dict)
    observed: Calibration | None = None

    @property
    def has_shock(self) -> bool:
        """Whether a shock shared by all deals of a quarter is simulated."""
        rates = self.calibration
        shocks = rates is not None and (rates.shock_close > 0 or rates.shock_demand > 0)
        return shocks and self.scenario.simulation.shared_shock


def prepare(
    scenario: Scenario, like: Prepared | None = None, kept: CalibrationCache | None = None
) -> Prepared:
    """Read the history and the calibration of a scenario, or estimate the latter.

    Parameters
    ----------
    scenario : Scenario
        As loaded.
    like : Prepared, optional
        Another scenario, prepared before; where both rest on the same history and calibration these are
        taken over instead of being read and estimated again.
    kept : CalibrationCache, optional
        Where rates estimated before may be taken from, and kept for the next time.

    Raises
    ------
    InputError
        The history or the calibration is at fault, or the scenario names what they do not have.
    """
    if like is not None and like.stated is not None and _rests_on(scenario) == _rests_on(like.stated):
        history, calibration, of_type = like.history, like.observed, like.of_type
        places = [place for place in (like.stated.history, like.stated.calibration) if place]
        data = tuple(file for file in like.files if any(map(file.path.is_relative_to, places)))
    else:
        with steady(scenario.history, scenario.calibration):
            whole = _history(scenario)
            data = contents(filter(None, [scenario.history]))
            calibration = _calibration(scenario, whole, data, kept)
            data += contents(filter(None, [scenario.calibration]))
            of_type = _of_type(scenario, whole, _recalled(scenario, whole, data, kept))
            history = _new_business(whole, of_type)
    segments = calibration.all_segments if calibration is not None else ()
    segments += tuple(
        sorted({name for o in of_type.values() for name in o.calibration.segments} - {*segments})
    )
    last_day = history.as_of if history is not None else getattr(calibration, "as_of", None)
    full = settled(scenario, segments, last_day)
    full, currency_notes = _in_currency(full, history)
    notes = [*full.notes, *currency_notes, *_leans_on(full, calibration)]
    notes += [*(calibration.notes if calibration else ()), *(history.notes if history else ())]
    if calibration is not None and full.as_of is not None and calibration.as_of > full.as_of:
        notes.append(
            f"The rates were calibrated as of {calibration.as_of}, after {full.as_of}: "
            "they know what was then still to come."
        )
    worked = calibration
    if calibration is not None and history is not None:
        worked = _worked(full, calibration, history, like, _recalled(scenario, history, data, kept))
        notes += [FULL_ATTENTION] if worked is not calibration else []
    read = (*data, *contents([*scenario.files, *_judgement(scenario)]))
    said = tuple(dict.fromkeys(notes))
    return Prepared(full, history, worked, read, said, scenario, of_type, calibration)


def _worked(
    scenario: Scenario,
    calibration: Calibration,
    history: History,
    like: Prepared | None,
    recalled: Recalled,
) -> Calibration:
    """Return the rates of deals that get the full attention of the reps whom a scenario simulates."""
    asked = attention_of(scenario, calibration.staffing)
    if not asked.per_rep:
        return calibration
    if like is not None and like.observed is calibration and like.calibration is not None:
        same = asked == attention_of(like.scenario, calibration.staffing)
        if same:
            return like.calibration

    def estimate() -> Calibration:
        from simulator.calibration.full_attention import at_full_attention

        return at_full_attention(calibration, history, asked.per_rep, asked.first_come)

    found = recalled(estimate, repr(asked))
    same = np.array_equal(found.hazards.rate, calibration.hazards.rate)
    return calibration if same else found


def _recalled(
    scenario: Scenario, history: History | None, data: Iterable[FileDigest], kept: CalibrationCache | None
) -> Recalled:
    """Return what finds rates that follow from those of a history, kept or estimated."""
    if kept is None or history is None or scenario.history is None or scenario.calibration is not None:
        return lambda estimate, _: estimate()
    read = set(files_of(scenario.history))
    files = [file for file in data if file.path in read]
    calendar = scenario.fiscal_calendar()
    return lambda estimate, variant: kept.recall(files, history, calendar, estimate, variant)


def _leans_on(scenario: Scenario, calibration: Calibration | None) -> list[str]:
    from simulator.engine.pull import evidence_note

    note = evidence_note(scenario, calibration)
    return [note] if note else []


def _judgement(scenario: Scenario) -> list[Path]:
    """Return what is read besides where judgement is asked for; whoever reads it says what is missing."""
    blend = scenario.blend / "tables" / "backtest.csv" if scenario.blend is not None else None
    return [path for path in (scenario.judgement, blend) if path is not None and path.is_file()]


def _rests_on(scenario: Scenario) -> tuple[object, ...]:
    """Return all that the history and the calibration of a scenario depend on."""
    paths = (path.resolve() if path else None for path in (scenario.history, scenario.calibration))
    return (*paths, scenario.as_of, scenario.fiscal_year, scenario.customers.simulate)


def _history(scenario: Scenario) -> History | None:
    """Return the history as of the scenario's day, which must not lie far beyond what it knows."""
    if scenario.history is None:
        return None
    whole = load_history(scenario.history)
    if scenario.as_of is None:
        return whole
    where = scenario.places.get(("as_of",), str(scenario.history))
    if (scenario.as_of - whole.as_of).days > MOST_DAYS_UNKNOWN:
        raise InputError.of(
            where,
            f"as_of is {scenario.as_of}, but the history ends on {whole.as_of}: a company that did nothing "
            "in between would be forecast",
            f"Leave as_of out, give a day up to {whole.as_of}, or import a newer export.",
        )
    history = history_as_of(whole, scenario.as_of)
    if not len(history.opportunities) and len(whole.opportunities):
        first = whole.opportunities["created_date"].min()
        raise InputError.of(
            where,
            f"no deal was qualified by {scenario.as_of}: the history begins on {first:%Y-%m-%d}",
            "Give a later as_of.",
        )
    if scenario.as_of <= whole.as_of:
        return history
    gap = f"The history ends on {whole.as_of}; nothing is known of the days from then to {scenario.as_of}."
    return replace(history, notes=(gap, *history.notes))


def _in_currency(scenario: Scenario, history: History | None) -> tuple[Scenario, list[str]]:
    """Return the scenario in the history's currency; amounts are never converted, so a clash is a fault."""
    if history is None or history.currency in ("", scenario.currency):
        return scenario, []
    if ("currency",) in scenario.places:
        raise InputError.of(
            scenario.places["currency",],
            f"currency is {scenario.currency}, but the amounts of the history are in {history.currency}",
            f"Write currency: {history.currency}, or import amounts that were converted.",
        )
    note = f"Amounts are in {history.currency}, as in the history; the scenario names no currency"
    return scenario.replace(currency=history.currency), [note]


def _calibration(
    scenario: Scenario, history: History | None, data: Iterable[FileDigest], kept: CalibrationCache | None
) -> Calibration | None:
    if scenario.calibration is not None:
        calibration = load_calibration(scenario.calibration)
        _same_quarters(scenario, calibration)
        return calibration if history is None else _followed(calibration, history)
    if history is None:
        return None
    calendar = scenario.fiscal_calendar()
    if kept is None or scenario.history is None:
        return _estimate(history, calendar)
    read = set(files_of(scenario.history))
    files = [file for file in data if file.path in read]
    return kept.recall(files, history, calendar, partial(_estimate, history, calendar))


def _estimate(history: History, calendar: FiscalCalendar) -> Calibration:
    """Estimate the rates; what that takes is not even loaded where they are kept."""
    from simulator.calibration.estimate import calibrate

    return _followed(calibrate(history, calendar), history)


def _followed(calibration: Calibration, history: History) -> Calibration:
    from simulator.engine.pull import with_pull

    return with_pull(calibration, deals_of_type(history, NEW))


def _of_type(scenario: Scenario, whole: History | None, recalled: Recalled) -> dict[str, DealsOfType]:
    """Return renewal and expansion deals with their rates, where no customers are simulated."""
    if whole is None or (scenario.customers.simulate and not whole.customers.empty):
        return {}
    found = {}
    for kind, _ in types_apart(whole.opportunities):
        # Rates of deals are those of new business: each type takes its turn.
        own = deals_of_type(whole, kind)
        own = replace(own, opportunities=own.opportunities.assign(type=NEW), customers=whole.customers[:0])
        if len(deal_states(own).deal):
            rates = recalled(partial(_estimate, own, scenario.fiscal_calendar()), f"deals of type {kind}")
            found[kind] = DealsOfType(own, rates)
    return found


def _new_business(whole: History | None, of_type: Mapping[str, DealsOfType]) -> History | None:
    """Return a history with the deals of new business alone, and a note of where the others went."""
    if whole is None:
        return None
    apart = dict(types_apart(whole.opportunities))
    notes = []
    for kind, n in apart.items():
        if kind in of_type:
            where = f"are simulated by their own rates and reported as {kind}"
        elif whole.customers.empty:
            where = "are not simulated: none of them was ever qualified"
        else:
            where = f"are not simulated one by one: the customers' {kind}s are"
        name = f"{n:,} {kind} deals among the opportunities are no new business"
        notes.append(HowMade(name, f"they {where}", MODEL))
    return replace(deals_of_type(whole, NEW), notes=(*notes, *whole.notes))


def _same_quarters(scenario: Scenario, calibration: Calibration) -> None:
    """Refuse a calibration whose quarters begin in other months: it knows late from early ones."""
    theirs, ours = calibration.calendar.start_month, scenario.fiscal_year.start_month
    if (theirs - ours) % 3:
        raise InputError.of(
            scenario.places.get(("calibration",), str(scenario.calibration)),
            f"it was made for fiscal years that start in month {theirs}, the scenario's start in {ours}: "
            "their quarters do not match",
            f"Make it anew: simulator calibrate HISTORY --fiscal-start {ours} -o {scenario.calibration}",
        )
