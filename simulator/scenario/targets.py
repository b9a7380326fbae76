"""Targets as people state them (one figure, by segment, by year or by month) as those of quarters."""

from __future__ import annotations

import re
from typing import Any

from simulator.errors import Fault
from simulator.fiscal import FiscalCalendar
from simulator.scenario.numbers import MONTH, ReadingError, read_money, read_month
from simulator.scenario.schema import ALL
from simulator.yaml_source import Tree

YEAR = re.compile(r"FY(\d{2}|\d{4})")


def spell_out(tree: Tree) -> None:
    """Write a single target as that of all segments, so that it merges with those of segments."""
    by_type = tree.values.get("type_targets")
    stated: dict[tuple[str, ...], Any] = {("targets",): tree.values.get("targets")}
    if isinstance(by_type, dict):
        stated |= {("type_targets", kind): targets for kind, targets in by_type.items()}
    for key, targets in stated.items():
        for period, value in targets.items() if isinstance(targets, dict) else ():
            if value is not None and not isinstance(value, (dict, list)):
                targets[period] = {ALL: value}
                tree.places[(*key, period, ALL)] = tree.places.get((*key, period), "")


def with_total(by_segment: dict[str, float], known: tuple[str, ...]) -> dict[str, float]:
    """Return targets with that of all segments, where each of those known has one."""
    if ALL in by_segment or any(name not in by_segment for name in known):
        return by_segment
    return {ALL: sum(by_segment[name] for name in known), **by_segment}


def in_quarters(tree: Tree, notes: list[str]) -> list[Fault]:
    """Write targets of years (``FY27``) and months (``2026-11``) as those of quarters, in place.

    A year is spread evenly over those of its quarters that have no target of their own; the three months of a
    quarter are added. Returns what is at fault; what was done is added to ``notes``.
    """
    targets = tree.values.get("targets") if isinstance(tree.values, dict) else None
    if not isinstance(targets, dict):
        return []
    calendar = _calendar(tree.values.get("fiscal_year"))
    faults: list[Fault] = []
    months: dict[str, dict[str, dict[str, float]]] = {}
    for written in [key for key in targets if MONTH.fullmatch(str(key).strip())]:
        try:
            quarter = calendar.quarter_label(int(calendar.quarter(read_month(str(written)))))
        except ReadingError:
            continue
        amounts = _amounts(tree, written, faults)
        months.setdefault(quarter, {})[str(written)] = amounts
        _forget(tree, targets, written)
    for quarter, of_months in months.items():
        _add_months(tree, quarter, of_months, faults)
    for written in [key for key in targets if YEAR.fullmatch(str(key).strip().upper())]:
        label = f"FY{int(str(written).strip()[2:]) % 100:02d}"
        amounts = _amounts(tree, written, faults)
        where = tree.place(("targets", written))[0]
        _forget(tree, targets, written)
        for segment, amount in amounts.items():
            faults += _spread(tree, (label, segment, amount, where), notes)
    return faults


def _calendar(stated: Any) -> FiscalCalendar:
    stated = stated if isinstance(stated, dict) else {}
    start, label = stated.get("start_month", 1), stated.get("label", "end")
    return FiscalCalendar(start if start in range(1, 13) else 1, "start" if label == "start" else "end")


def _amounts(tree: Tree, written: object, faults: list[Fault]) -> dict[str, float]:
    value = tree.values["targets"][written]
    found = {}
    for segment, amount in (value if isinstance(value, dict) else {ALL: value}).items():
        try:
            found[str(segment)] = read_money(amount)
        except ReadingError as error:
            where = tree.place(("targets", str(written), str(segment)))[0]
            faults.append(Fault(where, f"targets.{written}: {error}", error.remedy))
    return found


def _forget(tree: Tree, targets: dict[Any, Any], written: Any) -> None:
    del targets[written]
    tree.places = {key: place for key, place in tree.places.items() if key[:2] != ("targets", written)}


def _set(tree: Tree, quarter: str, segment: str, amount: float, where: str) -> None:
    targets = tree.values["targets"]
    of_quarter = next((key for key in targets if str(key).strip().upper() == quarter), quarter)
    stated = targets.get(of_quarter, {})
    targets[of_quarter] = {**(stated if isinstance(stated, dict) else {ALL: stated}), segment: amount}
    tree.places.setdefault(("targets", of_quarter), where)
    tree.places["targets", of_quarter, segment] = where


def _add_months(
    tree: Tree, quarter: str, of_months: dict[str, dict[str, float]], faults: list[Fault]
) -> None:
    where = tree.place(("targets",))[0]
    for segment in {name: None for amounts in of_months.values() for name in amounts}:
        given = [month for month, amounts in of_months.items() if segment in amounts]
        if len(given) < 3:
            what = (
                f"targets: of the three months of {quarter} only {', '.join(given)} have a target ({segment})"
            )
            faults.append(Fault(where, what, f"Give all three, or {quarter} itself."))
            continue
        _set(tree, quarter, segment, sum(of_months[month][segment] for month in given), where)


def _spread(tree: Tree, written: tuple[str, str, float, str], notes: list[str]) -> list[Fault]:
    """Give a year's amount to its quarters without one: year, segment, amount and where it was written."""
    year, segment, amount, where = written
    targets = {
        str(key).strip().upper(): value if isinstance(value, dict) else {ALL: value}
        for key, value in tree.values["targets"].items()
    }
    labels = [f"{year}Q{i}" for i in range(1, 5)]
    stated = {label: targets[label][segment] for label in labels if segment in targets.get(label, {})}
    open_ones = [label for label in labels if label not in stated]
    try:
        left = amount - sum(read_money(value) for value in stated.values())
    except ReadingError:  # said of the quarter itself
        return []
    if left < 0 or (not open_ones and left >= 1.0):
        what = f"targets.{year}: is not the sum of its quarters ({segment})"
        return [Fault(where, what, "Leave the year out, or correct a quarter.")]
    if open_ones:
        notes.append(f"targets.{year} ({segment}) is spread evenly over {', '.join(open_ones)}")
    for label in open_ones:
        _set(tree, label, segment, left / len(open_ones), where)
    return []
