"""Expansion, NRR and new ARR of companies of customers alone that expand in different ways."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import simulator.calibration.growth as growth
from simulator.analysis.compare.comparison import simulate_prepared
from simulator.calibration.growth_by_size import GrowthBySize
from simulator.engine.prepare import prepare
from simulator.history.tables import empty_table
from simulator.kernels.customers.flows import DRIVERS
from simulator.scenario.schema import Scenario
from tests.worlds.expanding_customers import AS_OF, WAYS, Company, company

Floats = npt.NDArray[np.float64]

SHORTFALLS = {
    "plan upgrades": "NRR is forecast 1.3 % too high, two thirds of its standard deviation: P10 to P90 hold "
    "it in 50 % of forty companies (expansion: 75 %)"
}
"""Ways of expanding whose intervals hold less than they say, and why."""


@dataclass(frozen=True)
class Found:
    """P10, P50 and P90 of a year's figure, and what came: shape (company,)."""

    low: Floats
    middle: Floats
    high: Floats
    came: Floats

    @property
    def ratio(self) -> float:
        """What was forecast over what came."""
        return float(self.middle.sum() / self.came.sum())

    @property
    def held(self) -> float:
        """Share of the intervals that hold what came."""
        return float(((self.low <= self.came) & (self.came <= self.high)).mean())


def _forecast(world: Company, folder: Path) -> dict[str, tuple[Floats, float]]:
    folder.mkdir(parents=True)
    empty_table("opportunities").to_csv(folder / "opportunities.csv", index=False)
    pd.DataFrame(world.customers).to_csv(folder / "customers.csv", index=False)
    pd.DataFrame(world.arr_changes).to_csv(folder / "arr_changes.csv", index=False)
    scenario = Scenario(name="w", history=folder, as_of=dt.date.fromisoformat(AS_OF), horizon_quarters=4)
    paths = simulate_prepared(prepare(scenario.with_simulation(paths=400, rate_draws=100, seed=1, threads=1)))
    grown = sum(paths.arr_flow(driver).sum(axis=(1, 2)) for driver in DRIVERS)
    kept = [paths.arr_flow(f"cohort_{name}")[:, -1].sum(axis=1) for name in ("arr", "base")]
    return {
        "expansion": (np.asarray(grown), world.expansion),
        "new": (paths.arr_flow("new").sum(axis=(1, 2)), world.new),
        "nrr": (kept[0] / kept[1], world.nrr),
    }


def _found(way: str, seeds: Iterable[int], folder: Path) -> dict[str, Found]:
    rows = [_forecast(company(WAYS[way], seed), folder / str(seed)) for seed in seeds]
    figures = {}
    for name in ("expansion", "new", "nrr"):
        points = np.array([np.quantile(row[name][0], [0.1, 0.5, 0.9]) for row in rows])
        figures[name] = Found(*points.T, np.array([row[name][1] for row in rows]))
    return figures


def test_expansion_has_one_denominator(tmp_path: Path) -> None:
    figures = _found("plan upgrades", range(4), tmp_path)
    assert figures["expansion"].ratio == pytest.approx(1.0, abs=0.08)
    assert figures["new"].ratio == pytest.approx(1.0, abs=0.08)
    assert figures["nrr"].ratio == pytest.approx(1.0, abs=0.04)


def test_a_rate_and_a_share_of_different_customers_forecast_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        growth, "growth_by_size", lambda book, grown, reached, rates, sizes: GrowthBySize.alike(1)
    )
    assert _found("plan upgrades", range(2), tmp_path)["expansion"].ratio > 1.8


@pytest.fixture(scope="module", params=WAYS)
def forty_companies(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Found]]:
    """Return a way of expanding, and what is found of forty companies that expand so."""
    return request.param, _found(request.param, range(40), tmp_path_factory.mktemp("companies"))


@pytest.mark.slow
def test_each_way_of_expanding_is_forecast_within_5_percent(
    forty_companies: tuple[str, dict[str, Found]],
) -> None:
    _, figures = forty_companies
    assert figures["expansion"].ratio == pytest.approx(1.0, abs=0.05)
    assert figures["nrr"].ratio == pytest.approx(1.0, abs=0.05)


@pytest.mark.slow
def test_intervals_hold_what_came_as_often_as_they_say(
    forty_companies: tuple[str, dict[str, Found]], request: pytest.FixtureRequest
) -> None:
    way, figures = forty_companies
    if way in SHORTFALLS:
        request.applymarker(pytest.mark.xfail(reason=SHORTFALLS[way], strict=True))
    held = np.mean([figures[name].held for name in ("expansion", "nrr")])
    # 80 intervals of 80 %, and those of one company correlate by 0.2: a standard error of 5 points. 12 are
    # allowed.
    assert 0.68 <= held <= 0.92
