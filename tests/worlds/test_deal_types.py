"""Renewals and expansions among the deals: each type by its own rates, and nothing counted twice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from simulator.analysis.compare.comparison import simulate_prepared
from simulator.analysis.diagnose.track_record import track_record
from simulator.analysis.forecast.forecast import forecast_bookings
from simulator.analysis.forecast.outlook import look_ahead
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared, prepare
from simulator.fiscal import FiscalCalendar
from simulator.history.load import load_history
from simulator.scenario.schema import Scenario
from tests.worlds.renewals_among_deals import AS_OF, Company, company

Floats = npt.NDArray[np.float64]

SEEDS = range(20)
KINDS = ("new", "expansion", "renewal")


def _prepared(world: Company, folder: Path, *, customers: bool) -> Prepared:
    folder.mkdir(parents=True)
    pd.DataFrame(world.opportunities).to_csv(folder / "opportunities.csv", index=False)
    if customers:
        pd.DataFrame(world.customers).to_csv(folder / "customers.csv", index=False)
        pd.DataFrame(world.arr_changes).to_csv(folder / "arr_changes.csv", index=False)
    day = dt.date.fromisoformat(str(AS_OF))
    scenario = Scenario(name="world", history=folder, as_of=day, horizon_quarters=2)
    return prepare(scenario.with_simulation(paths=300, rate_draws=50, seed=1, threads=1))


@pytest.fixture(scope="module", params=[False, True], ids=["deals alone", "with customers"])
def worlds(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Company, Paths]]:
    """Return companies with what is simulated of them."""
    folder = tmp_path_factory.mktemp("worlds")
    made = [company(seed) for seed in SEEDS]
    return [
        (world, simulate_prepared(_prepared(world, folder / str(n), customers=request.param)))
        for n, world in enumerate(made)
    ]


def _forecast(paths: Paths, kind: str) -> Floats:
    """Return P10, P50 and P90 of each quarter, shape (3, quarter)."""
    return np.quantile(paths.bookings_by_kind()[kind].sum(axis=2), [0.1, 0.5, 0.9], axis=0)


@pytest.mark.parametrize("kind", KINDS)
def test_each_type_is_forecast_without_bias(worlds: list[tuple[Company, Paths]], kind: str) -> None:
    seen = np.array([world.booked[kind] for world, _ in worlds])
    forecast = np.array([_forecast(paths, kind)[1] for _, paths in worlds])
    error = (forecast - seen).sum(axis=1)
    allowed = 3.0 * error.std(ddof=1) * np.sqrt(len(error))
    assert abs(error.sum()) < allowed + 0.03 * seen.sum()
    assert allowed < 0.25 * seen.sum()


def test_intervals_hold_what_was_signed_as_often_as_they_say(worlds: list[tuple[Company, Paths]]) -> None:
    inside = []
    for world, paths in worlds:
        for kind in KINDS:
            low, _, high = _forecast(paths, kind)
            inside.append((low <= world.booked[kind]) & (world.booked[kind] <= high))
    # 120 intervals of 80 %, two and two of one company: a standard error of 4.5 points, three allowed.
    assert 0.665 <= np.mean(inside) <= 0.935


def test_deals_that_hide_their_type_are_counted_twice(tmp_path: Path) -> None:
    world = company(0, retyped="new")
    paths = simulate_prepared(_prepared(world, tmp_path / "world", customers=True))
    middle = _forecast(paths, "new")[1]
    assert (middle > 2.5 * np.array(world.booked["new"])).all()


@pytest.mark.parametrize("customers", [False, True])
def test_every_deal_counts_once(tmp_path: Path, customers: bool) -> None:
    world = company(1)
    prepared = _prepared(world, tmp_path / "world", customers=customers)
    paths = simulate_prepared(prepared)
    n_open = {
        kind: sum(deal["type"] == kind and not deal["outcome"] for deal in world.opportunities)
        for kind in KINDS
    }
    assert paths.n_open.sum() == n_open["new"] == len(paths.open_deals)
    assert set(paths.of_type) == (set() if customers else {"expansion", "renewal"})
    for kind, own in paths.of_type.items():
        assert own.n_open.sum() == n_open[kind]
    for kind in ("expansion", "renewal"):
        assert any(f"{kind} deals among the opportunities are no new business" in n for n in prepared.notes)


def test_a_record_with_rates_by_type_does_not_say_that_it_has_none(tmp_path: Path) -> None:
    prepared = _prepared(company(1), tmp_path / "world", customers=False)
    record = track_record(load_history(prepared.scenario.history), FiscalCalendar())
    assert "type" in set(record.rates["by"])
    (absent,) = (note for note in record.notes if note.startswith("Not split by"))
    assert "product" in absent and "type" not in absent.split(":")[0]


def _by_stages(world: Company, folder: Path, stage: dict[str, str]) -> Prepared:
    """Return a company that knows no day of qualification, but the stage that deals of a type went to."""
    deals = pd.DataFrame(world.opportunities)
    moved = deals.assign(stage=deals["type"].map(stage)).rename(columns={"qualified_date": "changed_at"})
    folder.mkdir()
    deals.drop(columns="qualified_date").to_csv(folder / "opportunities.csv", index=False)
    moved[["opportunity_id", "changed_at", "stage"]].to_csv(folder / "stage_changes.csv", index=False)
    (folder / "stages.csv").write_text("stage,category\nSuspect,lead\nEvaluating,pipeline\n")
    day = dt.date.fromisoformat(str(AS_OF))
    scenario = Scenario(name="world", history=folder, as_of=day, horizon_quarters=2)
    return prepare(scenario.with_simulation(paths=400, rate_draws=100, seed=1, threads=1))


def test_types_whose_deals_are_qualified_by_their_stages_are_simulated_too(tmp_path: Path) -> None:
    world = company(3)
    by_date = simulate_prepared(_prepared(world, tmp_path / "by date", customers=False))
    by_stage = simulate_prepared(_by_stages(world, tmp_path / "by stage", dict.fromkeys(KINDS, "Evaluating")))
    assert set(by_stage.of_type) == {"expansion", "renewal"}
    for kind, own in by_date.of_type.items():
        assert by_stage.of_type[kind].n_open.sum() == own.n_open.sum() > 0


def test_types_that_were_never_qualified_are_said_to_be_left_out(tmp_path: Path) -> None:
    stage = dict.fromkeys(KINDS, "Suspect") | {"new": "Evaluating"}
    world = company(3)
    for deal in world.opportunities:
        if deal["type"] != "new":
            deal.update(outcome="", closed_date="")
    prepared = _by_stages(world, tmp_path / "world", stage)
    assert not prepared.of_type
    assert any("renewal deals" in n and "none of them was ever qualified" in n for n in prepared.notes)


def test_the_total_is_the_sum_of_the_types_and_targets_are_of_new_business(tmp_path: Path) -> None:
    paths = simulate_prepared(_prepared(company(2), tmp_path / "world", customers=False))
    one = {paths.periods[0]: {"all": 1e5}}
    forecast = forecast_bookings(paths, one)
    first = forecast.bookings[forecast.bookings["period"] == paths.periods[0]]
    rows = first[first["segment"] == first["segment"].iloc[-1]].set_index("kind")
    assert list(rows.index) == ["new", "expansion", "renewal", "all"]
    assert rows.loc["all", "mean"] == pytest.approx(rows.loc[list(KINDS), "mean"].sum())
    assert rows["target"].notna().tolist() == [True, False, False, False]
    named = forecast_bookings(paths, None, {"renewal": one}).bookings
    hit = named[named["target"].notna()]
    assert set(hit["kind"]) == {"renewal"}
    assert hit["p_hit"].iloc[0] == (paths.bookings_by_kind()["renewal"][:, 0].sum(axis=1) >= 1e5).mean()
    goals = {"renewal": {paths.periods[0]: {"all": 5e5}}}
    outlook = look_ahead(paths, targets=one, type_targets=goals, motions=dict.fromkeys(paths.segments, "smb"))
    for table in (outlook.coverage_table, outlook.composition_table):
        assert list(dict.fromkeys(table["type"])) == ["new", "expansion", "renewal"]
    covered = outlook.coverage_table
    row = covered[(covered["type"] == "renewal") & (covered["segment"] == first["segment"].iloc[-1])].iloc[0]
    own = paths.of_type["renewal"]
    created = own.flow("won_created")[:, 0].sum(axis=1).mean()
    assert row["target"] == 5e5
    assert row["amount"] == pytest.approx(own.open_amount.sum() + created + own.booked.sum())
    assert "type" not in outlook.coverage.table
