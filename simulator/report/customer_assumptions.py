"""What a run assumes about customers: rates that rest on no event of their own, with their source."""

from __future__ import annotations

from simulator.calibration.customer_rates import customer_rates
from simulator.engine.prepare import Prepared

WEAK = frozenset({"prior", "assumption"})
UNUSED = frozenset({"expansion win rate"})
"""Reported with the rates, but nothing is simulated from it."""
MODEL = "model"
MOST_SEGMENTS_NAMED = 3


def customer_assumptions(prepared: Prepared) -> list[dict[str, str]]:
    """Return name, value and source of what is assumed about customers; nothing where there are none."""
    calibration = prepared.calibration.customers if prepared.calibration is not None else None
    if not prepared.scenario.customers.simulate:
        return [{"name": "customers", "value": "not simulated, as the scenario says", "source": "scenario"}]
    if calibration is None:
        return []
    law = "shifted-beta-geometric renewal, growth events at constant rates after first value"
    listed = [{"name": "law of a customer", "value": law, "source": MODEL}]
    weak: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
    for row in customer_rates(calibration):
        if row["source"] in WEAK and row["name"] not in UNUSED:
            key = (" ".join(filter(None, (row["name"], row["level"]))), row["unit"], row["source"])
            weak.setdefault(key, []).append((row["segment"], row["value"]))
    for (name, unit, source), rows in weak.items():
        listed.append({"name": f"customers: {name}", "value": _value(rows, unit), "source": source})
    return listed


def _value(rows: list[tuple[str, float]], unit: str) -> str:
    values = [value for _, value in rows]
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    figure = low if low == high else f"{low} to {high}"
    names = [segment for segment, _ in rows if segment]
    where = ", ".join(names) if len(names) <= MOST_SEGMENTS_NAMED else f"{len(names)} segments"
    return f"{figure} {unit}" + (f" ({where})" if names else "")
