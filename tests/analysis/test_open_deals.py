"""Open deals one by one: exact where all is certain, shares that add up, changes between two runs."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.forecast.open_deals import COLUMNS, deal_changes, drill_down
from tests.made_paths import make_paths
from tests.small_companies import deal, run, segment, stay

RATES = {"pipeline": stay(60, won=0.5, lost_no_decision=0.5)}


def test_a_deal_won_for_certain_is_the_whole_p50_and_carries_no_spread():
    paths = run({"one": segment(pipeline=stay(0.001, won=1.0))}, [deal("a", amount=5000.0)])
    row = drill_down(paths).iloc[0]
    assert list(drill_down(paths).columns) == list(COLUMNS)
    assert (row["p_this"], row["p_next"], row["p_horizon"]) == (1.0, 0.0, 1.0)
    assert row["expected_this"] == 5000.0 and row["share_p50_this"] == 1.0
    assert np.isnan(row["share_spread_this"]) and np.isnan(row["share_p50_next"])
    assert row["expected_month"] == f"{paths.months[0] // 12}-{paths.months[0] % 12 + 1:02d}"


def test_two_equal_deals_share_p50_and_spread_alike_and_a_lost_one_has_nothing():
    deals = [deal("a", amount=3000.0), deal("b", amount=3000.0), deal("c", category="commit")]
    rates = RATES | {"commit": stay(0.001, lost_competition=1.0)}
    paths = run({"one": segment(**rates)}, deals, simulation={"paths": 4000})
    table = drill_down(paths).set_index("opportunity_id")
    assert table.loc["c", "expected_this"] == 0.0 and table.loc["c", "expected_month"] == ""
    assert table.loc["c", "share_spread_this"] == 0.0
    assert table["share_spread_this"].sum() == pytest.approx(1.0, abs=0.002)
    assert table.loc[["a", "b"], "share_spread_this"].to_numpy() == pytest.approx([0.5, 0.5], abs=0.05)


def test_shares_of_all_deals_and_of_those_not_created_yet_add_up():
    deals = [deal(f"d{i}", amount=1000.0 * (i + 1)) for i in range(25)]
    paths = run({"one": segment(sals_per_month=8, **RATES)}, deals, simulation={"paths": 2000})
    table = drill_down(paths)
    for place, name in enumerate(("this", "next")):
        total = paths.bookings_new()[:, place].sum(axis=1)
        created = paths.bookings_by_origin()[:, place, :, 3].sum(axis=1)
        covariance = np.cov(created, total, bias=True)[0, 1] / total.var()
        assert table[f"share_spread_{name}"].sum() + covariance == pytest.approx(1.0, abs=0.005)
        assert table[f"share_p50_{name}"].sum() + created.mean() / total.mean() == pytest.approx(1.0)
    big, small = table.iloc[-1], table.iloc[0]
    assert big["share_spread_this"] > 10 * small["share_spread_this"] > 0


def test_what_is_booked_takes_its_share_of_the_p50():
    paths = make_paths({"won_commit": 500.0}, n_paths=4, partial=True, booked=1500.0)
    tally = np.array([[[500.0, 250_000.0, 10.0]]])
    paths = dataclasses.replace(paths, open_deals=("a",), open_wins=np.array([[4]]), open_tally=tally)
    assert drill_down(paths)["share_p50_this"].tolist() == [0.25]


def deals_of(**deals: tuple[str, float, str, float]) -> pd.DataFrame:
    rows = [(name, "smb", "Ann", *values) for name, values in deals.items()]
    columns = ["opportunity_id", "segment", "owner", "category", "amount", "close_month", "p"]
    return pd.DataFrame(rows, columns=columns)


def test_what_changed_of_each_deal_is_told_the_largest_first():
    before = deals_of(
        won=("commit", 900.0, "2027-01", 0.8),
        lost=("commit", 100.0, "2027-01", 0.5),
        gone=("pipeline", 10.0, "", 0.1),
        same=("pipeline", 50.0, "2027-01", 0.10),
        moved=("pipeline", 200.0, "2027-01", 0.1),
        cut=("commit", 300.0, "2027-01", 0.5),
    )
    now = deals_of(
        same=("pipeline", 50.0, "2027-01", 0.14),
        moved=("best_case", 200.0, "2027-04", 0.2),
        cut=("commit", 250.0, "2027-01", 0.5),
        fresh=("pipeline", 5.0, "2027-02", 0.3),
    )
    outcomes = pd.Series({"won": "won", "lost": "lost_competition"})
    table = deal_changes(before, now, outcomes, "FY27Q4").set_index("opportunity_id")
    assert table["change"].to_dict() == {
        "won": "won",
        "lost": "lost",
        "moved": "category, close date, chance",
        "cut": "amount",
        "fresh": "new",
        "gone": "gone",
    }
    assert table.index[0] == "won"
    assert table.loc["won", "owner"] == "Ann" and table.loc["fresh", "segment"] == "smb"
