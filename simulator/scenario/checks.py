"""What the parts of a scenario must be to each other: something to simulate, known segments, one currency."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from simulator.errors import Fault, suggestion
from simulator.history.tables import CATEGORIES
from simulator.scenario.faults import key_text
from simulator.scenario.form import Form
from simulator.scenario.levers import named_lever_segments
from simulator.scenario.numbers import read_quarter
from simulator.scenario.people_checks import owner_faults
from simulator.scenario.schema import ALL, Scenario
from simulator.scenario.segments import missing_parts
from simulator.yaml_source import Key, Tree

Report = Callable[[Key, str, str], None]
SYMBOL = re.compile(r"^\s*[+-]?\s*([$€£¥])\s*[\d.]")
NOT_DOLLARS = frozenset({"EUR", "GBP", "JPY", "CHF", "CNY", "INR", "SEK", "NOK", "DKK", "PLN", "KRW"})
CURRENCIES_OF = {"€": {"EUR"}, "£": {"GBP", "EGP", "GIP"}, "¥": {"JPY", "CNY"}}


def check(form: Scenario, tree: Tree, faulty: frozenset[str]) -> list[Fault]:
    """Return the faults between the parts of a scenario, those that are ``faulty`` themselves left alone."""
    faults: list[Fault] = []

    def report(key: Key, what: str, remedy: str) -> None:
        where, written = tree.place(key)
        faults.append(Fault(where, f"{key_text(written)}: {what}" if written else what, remedy))

    for needs, inspect in CHECKS:
        if not faulty & needs:
            inspect(form, report)
    if "currency" not in faulty:
        _one_currency(tree, form.currency, report)
    if "targets" not in faulty:
        _quarters_once(tree, report)
    return faults


def _paths_exist(form: Scenario, report: Report) -> None:
    if form.history is not None and not _is_kind(form.history, Path.is_dir):
        what = (
            "is a file, not a folder" if _is_kind(form.history, Path.is_file) else "there is no such folder"
        )
        report(("history",), f"{form.history}: {what}", "Name the folder with opportunities.csv in it.")
    if form.calibration is not None and not _is_kind(form.calibration, Path.is_file):
        remedy = "Leave it out to calibrate from the history, or write it with 'simulator calibrate'."
        report(("calibration",), f"{form.calibration}: there is no such file", remedy)


def _is_kind(path: Path, test: Callable[[Path], bool]) -> bool:
    try:
        return test(path)
    except (OSError, ValueError):
        return False


def _judgement_exists(form: Scenario, report: Report) -> None:
    if form.judgement is not None and not _is_kind(form.judgement, Path.is_file):
        remedy = "Name a CSV with the columns opportunity_id, call and reason, or leave it out."
        report(("judgement",), f"{form.judgement}: there is no such file", remedy)
    if form.blend is not None and not _is_kind(form.blend, _is_backtest):
        remedy = "Write one with 'simulator backtest HISTORY', or leave it out: nothing is blended then."
        report(("blend",), f"{form.blend}: is not a results folder of a backtest", remedy)
    for key in ("judgement", "blend"):
        if getattr(form, key) is not None and form.history is None:
            report((key,), f"without a history there is nothing that {key} goes with", "Name a 'history'.")


def _is_backtest(path: Path) -> bool:
    return (path / "tables" / "backtest.csv").is_file()


def _something_to_simulate(form: Scenario, report: Report) -> None:
    if form.history is not None or form.calibration is not None:
        return
    if not form.segments:
        report(
            ("history",), "there is nothing to simulate", "Name a 'history' folder, or 'segments' with rates."
        )
    for name, segment in form.segments.items():
        if missing := missing_parts(segment):
            what = f"without a history or a calibration, {', '.join(missing)} must be given"
            report(("segments", name), what, "Add them, or name a 'history' folder.")


def _day_is_known(form: Scenario, report: Report) -> None:
    if form.history is None and form.calibration is None and form.segments and form.as_of is None:
        report(("as_of",), "'as_of' is missing", "Without a history, say on which day the forecast begins.")


def _deals_listed_once(form: Scenario, report: Report) -> None:
    if form.open_deals and form.history is not None:
        remedy = "Remove 'open_deals', or 'history' (a 'calibration' file can give the rates)."
        report(("open_deals",), "the open deals are already in the history", remedy)
    seen: set[str] = set()
    for i, deal in enumerate(form.open_deals):
        if deal.id in seen:
            report(("open_deals", i, "id"), f"'{deal.id}' is there twice", "Give each deal its own id.")
        seen.add(deal.id)


def _customers_listed_once(form: Scenario, report: Report) -> None:
    listed = form.customers.existing
    if listed and form.history is not None:
        remedy = "Remove 'customers.existing', or 'history' (a 'calibration' file can give the rates)."
        report(("customers", "existing"), "the customers are already in the history", remedy)
    seen: set[str] = set()
    for i, customer in enumerate(listed):
        key = ("customers", "existing", i)
        if customer.id in seen:
            report((*key, "id"), f"'{customer.id}' is there twice", "Give each customer its own id.")
        if form.as_of is not None and customer.start_date > form.as_of:
            what = f"{customer.start_date} is after as_of, {form.as_of}"
            report((*key, "start_date"), what, "A customer of as_of has started by then.")
        seen.add(customer.id)


def _deals_can_move(form: Scenario, report: Report) -> None:
    if form.history is not None or form.calibration is not None:
        return
    for i, deal in enumerate(form.open_deals):
        segment = form.segments.get(deal.segment)
        if segment is not None and segment.stays and deal.category not in segment.stays:
            what = f"segment {deal.segment} has no rates for {deal.category}"
            known = ", ".join(name for name in CATEGORIES if name in segment.stays)
            report(("open_deals", i, "category"), what, f"Give them, or use one of: {known}.")


def _segments_known(form: Scenario, report: Report) -> None:
    if form.history is None and form.calibration is None and form.segments:
        for key, name in named_segments(form):
            if name not in form.segments:
                report(key, f"unknown segment '{name}'", suggestion(name, form.segments, "Segments"))


def _owners_known(form: Scenario, report: Report) -> None:
    for key, what, remedy in owner_faults(form.roles, form.ownership):
        report(key, what, remedy)


def _help_possible(form: Scenario, report: Report) -> None:
    stated = form.effects.before_sale
    if stated is None:
        return
    if stated.win_odds is not None and stated.role not in form.roles:
        what = f"'{stated.role}' helps with deals, but is no role here"
        remedy = f"Add 'roles: {{{stated.role}: {{all: {{heads: 2}}}}}}'."
        report(("effects", "before_sale", "role"), what, remedy)
    if not form.reps.stated:
        what = "reps are not simulated: there is nobody to help, or to pay"
        remedy = "Add, with your own numbers: 'reps: {all: {heads: 4, open_deals_per_rep: 15}}'."
        report(("effects", "before_sale"), what, remedy)


def named_segments(form: Scenario) -> list[tuple[Key, str]]:
    """Return the places where a scenario names a segment outside of ``segments``, and the names."""
    by_type: dict[Key, Any] = {("type_targets", kind): own for kind, own in form.type_targets.items()}
    named: list[tuple[Key, str]] = [
        ((*key, period, name), name)
        for key, targets in {("targets",): form.targets, **by_type}.items()
        for period, by_segment in targets.items()
        for name in by_segment
        if name != ALL
    ]
    for field in type(form).model_fields:
        named += _named((field,), getattr(form, field)) if field != "segments" else ()
    return named + named_lever_segments(form.levers)


def _named(key: Key, value: object) -> Iterable[tuple[Key, str]]:
    """Yield where a part of a scenario names a segment: under ``segment``, or under ``segments``."""
    if isinstance(value, Form):
        for field in type(value).model_fields:
            inner, place = getattr(value, field), (*key, field)
            if field == "segment":
                yield place, inner
            elif field == "segments":
                for j, name in enumerate(inner or ()):
                    yield (*place, name if isinstance(inner, dict) else j), name
            else:
                yield from _named(place, inner)
    elif isinstance(value, (dict, tuple)):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _named((*key, name), inner)


ROLE_KEYS = frozenset({"roles", "activities", "ownership"})
NAMING_KEYS = ("open_deals", "customers", "levers", "targets", "type_targets", "terms", "referrals")
CHECKS: tuple[tuple[frozenset[str], Callable[[Scenario, Report], None]], ...] = (
    (frozenset({"history", "calibration"}), _paths_exist),
    (frozenset({"history", "judgement", "blend"}), _judgement_exists),
    (frozenset({"history", "calibration", "segments"}), _something_to_simulate),
    (frozenset({"history", "calibration", "segments", "as_of"}), _day_is_known),
    (frozenset({"history", "open_deals"}), _deals_listed_once),
    (frozenset({"history", "as_of", "customers"}), _customers_listed_once),
    (frozenset({"history", "calibration", "segments", "open_deals"}), _deals_can_move),
    (frozenset({"roles", "ownership"}), _owners_known),
    (frozenset({"effects", "roles", "reps"}), _help_possible),
    (ROLE_KEYS | {"history", "calibration", "segments", *NAMING_KEYS}, _segments_known),
)
"""Each check with the top-level keys that it relies on."""


def _one_currency(tree: Tree, currency: str, report: Report) -> None:
    for key, text in _texts(tree.values, ()):
        match = SYMBOL.match(text)
        if match is None or not key or key[0] in {"name", "description"}:
            continue
        symbol = match.group(1)
        fits = currency not in NOT_DOLLARS if symbol == "$" else currency in CURRENCIES_OF[symbol]
        if not fits:
            report(key, f"'{text[:40]}' is not in {currency}", f"Leave out {symbol}, or set 'currency'.")


def _quarters_once(tree: Tree, report: Report) -> None:
    seen: dict[str, str] = {}
    for written in tree.values.get("targets", {}):
        period = read_quarter(written)
        if period in seen:
            report(("targets", written), f"is the same quarter as {seen[period]}", "Keep one.")
        seen[period] = written


def _texts(values: object, key: Key) -> Iterable[tuple[Key, str]]:
    if isinstance(values, str):
        yield key, values
    elif isinstance(values, Mapping):
        for name, inner in values.items():
            yield from _texts(inner, (*key, name))
    elif isinstance(values, (list, tuple)):
        for i, inner in enumerate(values):
            yield from _texts(inner, (*key, i))
