"""From one day's P50 to a later one's: the steps foot, each holds its own, the ends are those of the runs."""

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.compare.forecast_bridge import STEPS, attribute
from simulator.engine.prepare import Prepared, prepare
from simulator.engine.run.simulate import simulate
from simulator.errors import InputError
from simulator.history.tables import History, empty_table
from simulator.scenario.load import load_scenario, scenario_from_dict

SAMPLE = Path(__file__).resolve().parents[2] / "scenarios" / "sample"
THEN, NOW = "2026-08-31", "2026-10-15"


def p50(prepared: Prepared, period: str) -> float:
    paths = simulate(prepared.scenario, prepared.calibration, prepared.history)
    return float(np.median(paths.bookings_new()[:, paths.periods.index(period)].sum(axis=1)))


@pytest.fixture(scope="module")
def days() -> tuple[Prepared, Prepared]:
    common = {"history": str(SAMPLE / "history"), "fiscal_year": {"start_month": 2, "label": "end"}}
    common |= {"horizon_quarters": 2, "customers": {"simulate": False}}
    common |= {"simulation": {"paths": 150, "rate_draws": 10}, "calibration": str(SAMPLE / "truth.json")}
    return tuple(
        prepare(scenario_from_dict({**common, "name": "plan", "as_of": day} | more))
        for day, more in ((THEN, {}), (NOW, {"levers": {"close_odds": 1.2}}))
    )


@pytest.fixture(scope="module")
def table(days) -> pd.DataFrame:
    return attribute(*days)


def test_the_steps_lead_from_the_earlier_forecast_to_the_later_one_and_foot(days, table):
    for period, rows in table.groupby("period", sort=False):
        assert rows["label"].tolist() == [THEN, *STEPS.values()]
        assert rows["p50"].iloc[0] + rows["change"].sum() == pytest.approx(rows["p50"].iloc[-1])
        if "–" not in period:
            ahead = days[0].scenario.replace(horizon_quarters=3)
            # To rounding: segments are added up in another order there.
            earlier = p50(dataclasses.replace(days[0], scenario=ahead), period)
            assert rows["p50"].iloc[0] == pytest.approx(earlier, rel=1e-12)
            assert rows["p50"].iloc[-1] == pytest.approx(p50(days[1], period), rel=1e-12)


def test_deals_qualified_since_wait_for_the_reps_of_then(days):
    """The history of the earlier day does not hold them, and the order of attention asks who owns a deal."""
    few = {"simulation": {"paths": 8, "rate_draws": 2}, "reps": {"gross_margin": 0.8}, "levers": {}}
    before, after = (prepare(scenario_from_dict(item.scenario.to_dict() | few)) for item in days)
    steps = attribute(before, after)
    first = steps[steps["period"] == steps["period"].iloc[0]]
    assert first["label"].tolist() == [THEN, *STEPS.values()]
    changes = first.set_index("label")["change"]
    assert changes[STEPS["new"]] != 0 and changes[STEPS["edits"]] == 0


def test_rates_from_the_same_file_change_nothing_and_the_edit_is_told_apart(table):
    changes = table[table["period"] == "FY27Q3"].set_index("label")["change"]
    assert changes[STEPS["edits"]] > 0
    # Most that was won in the six weeks was expected; as if nobody had signed, the quarter looks worse.
    assert changes[STEPS["time"]] < 0 < changes[STEPS["closed"]] + changes[STEPS["new"]]


def small(deals: dict[str, tuple[str, float, str]], won: dict[str, float], day: str) -> Prepared:
    """Open deals by name as (stage, amount, close date), all sure to be won in time, and those won."""
    rows = [
        {"opportunity_id": name, "segment": "one", "amount": amount, "created_date": "2026-12-01"}
        for name, (_, amount, _) in deals.items()
    ]
    rows += [
        {"opportunity_id": name, "segment": "one", "amount": amount, "created_date": "2026-12-01"}
        | {"outcome": "won", "closed_date": "2027-01-20"}
        for name, amount in won.items()
    ]
    changes = [
        {"opportunity_id": name, "changed_at": "2026-12-02", "stage": stage, "amount": amount}
        | {"close_date": plan}
        for name, (stage, amount, plan) in deals.items()
    ]
    changes += [
        {"opportunity_id": name, "changed_at": "2026-12-02", "stage": "commit", "amount": amount}
        for name, amount in won.items()
    ]
    stages = [{"stage": name, "category": name} for name in ("pipeline", "best_case", "commit")]
    tables = {}
    for name, content in {"opportunities": rows, "stage_changes": changes, "stages": stages}.items():
        empty = empty_table(name)
        tables[name] = pd.DataFrame(content, columns=list(empty.columns)).astype(dict(empty.dtypes))
    rates = {"pipeline": {"to": {"lost_competition": 1.0}, "median_days": 0.001}}
    rates |= {name: {"to": {"won": 1.0}, "median_days": 0.001} for name in ("best_case", "commit")}
    segment = {"sals_per_month": 0, "amount": {"fixed": 1000}, **rates}
    scenario = scenario_from_dict(
        {"name": "small", "as_of": day, "horizon_quarters": 1, "segments": {"one": segment}}
        | {"simulation": {"paths": 20, "rate_draws": 2}}
    )
    history = History(dt.date.fromisoformat(day), **tables)
    return Prepared(scenario, history, None, (), (), scenario)


def test_where_all_is_certain_every_step_is_the_money_of_its_deals():
    plan = "2027-03-15"
    before = small(
        {
            "wins": ("commit", 100.0, plan),
            "loses": ("commit", 20.0, plan),
            "grows": ("commit", 1000.0, plan),
            "falls": ("commit", 5000.0, plan),
        },
        {},
        "2026-12-31",
    )
    after = small(
        {
            "grows": ("commit", 1300.0, plan),
            "falls": ("pipeline", 5000.0, plan),
            "fresh": ("best_case", 7.0, plan),
        },
        {"wins": 90.0, "quick": 3.0},
        "2027-01-31",
    )
    changes = attribute(before, after).set_index("label")
    assert changes["p50"].iloc[0] == 6120.0 and changes["p50"].iloc[-1] == 1400.0
    expected = {"time": 0.0, "closed": -30.0, "new": 10.0, "slipped": 0.0, "moved": -5000.0, "amounts": 300.0}
    expected |= {"rates": 0.0, "edits": 0.0}
    assert {name: changes.loc[STEPS[name], "change"] for name in STEPS} == pytest.approx(expected)


def test_days_in_the_wrong_order_or_no_history_are_refused(days):
    with pytest.raises(InputError, match="earlier one first"):
        attribute(days[1], days[0])
    alone = load_scenario(SAMPLE.parent / "base.yaml", {"simulation.paths": 10})
    bare = dataclasses.replace(days[0], history=None, scenario=alone)
    with pytest.raises(InputError, match="history"):
        attribute(bare, days[1])
