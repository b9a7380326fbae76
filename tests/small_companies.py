"""Companies small enough that what becomes of their deals can be worked out by hand."""

from __future__ import annotations

from typing import Any

from simulator.engine.paths import Paths
from simulator.engine.run.simulate import simulate
from simulator.scenario.load import scenario_from_dict
from simulator.scenario.schema import Scenario

AS_OF = "2026-12-31"


def stay(median_days: float, **to: float) -> dict[str, Any]:
    """Return a category as a scenario states it."""
    return {"to": to, "median_days": median_days}


def segment(**more: Any) -> dict[str, Any]:
    """Return a segment without new deals whose pipeline is won or lost half and half."""
    return {
        "sals_per_month": 0,
        "amount": {"fixed": 1000},
        "pipeline": stay(30, won=0.5, lost_no_decision=0.5),
        **more,
    }


def deal(name: str, **more: Any) -> dict[str, Any]:
    """Return an open deal of segment ``one``."""
    return {"id": name, "segment": "one", "category": "pipeline", "amount": 1000, **more}


def company(segments: dict[str, Any], deals: list[dict[str, Any]] | None = None, **more: Any) -> Scenario:
    """Return a scenario that states all its rates itself."""
    settings = {"paths": 400, "seed": 7, "rate_draws": 4, **more.pop("simulation", {})}
    return scenario_from_dict(
        {
            "name": "small",
            "as_of": AS_OF,
            "segments": segments,
            "open_deals": deals or [],
            "simulation": settings,
            **more,
        }
    )


def run(segments: dict[str, Any], deals: list[dict[str, Any]] | None = None, **more: Any) -> Paths:
    """Simulate such a company."""
    return simulate(company(segments, deals, **more), None, None)
