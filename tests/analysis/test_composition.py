import numpy as np
import pytest

from simulator.analysis.forecast.composition import (
    PARTS,
    split_p50,
)
from simulator.analysis.forecast.forecast import forecast_bookings
from simulator.analysis.totals import round_to_total
from tests.made_paths import make_paths, sample_paths


def parts_of(table, period, segment):
    rows = table[(table["period"] == period) & (table["segment"] == segment)]
    return rows.set_index("part")["amount"]


def test_certain_outcomes_are_split_exactly():
    flows = {"won_commit": 5.0, "won_best_case": 3.0, "won_pipeline": 2.0, "won_created": 1.0}
    paths = make_paths(flows, n_paths=7, partial=True, booked=4.0)
    assert parts_of(split_p50(paths), "FY27Q1", "all").to_dict() == {
        "booked": 4.0, "commit": 5.0, "best_case": 3.0, "pipeline": 2.0, "created": 1.0,
    }  # fmt: skip


def test_parts_add_up_to_the_p50_to_the_cent():
    paths = sample_paths(997)
    table = split_p50(paths)
    p50 = forecast_bookings(paths).bookings.query("kind == 'all'").set_index(["period", "segment"])["p50"]
    cents = (table.groupby(["period", "segment"])["amount"].sum() * 100).round(4)
    assert len(cents) == 20
    for key, value in cents.items():
        assert value == round(p50[key] * 100)


def test_parts_are_those_of_outcomes_near_the_median_not_of_the_mean():
    """On one path in five, a huge created deal comes in: it is no part of a median outcome."""
    created = np.where(np.arange(500) % 5 == 0, 1000.0, 0.0)
    paths = make_paths({"won_commit": 10.0, "won_created": created[:, None, None]}, n_paths=500)
    parts = parts_of(split_p50(paths), "FY27Q1", "all")
    assert parts["commit"] == 10.0
    assert parts["created"] == 0.0


def test_nothing_booked_is_all_zero_with_no_shares():
    table = split_p50(make_paths(n_paths=3))
    assert (table["amount"] == 0).all()
    assert table["share"].isna().all()
    assert table["part"].tolist() == list(PARTS) * 2


@pytest.mark.parametrize("n_paths", [1, 2, 3, 20])
def test_few_paths_still_add_up(n_paths):
    won = np.arange(n_paths, dtype=float)[:, None, None] / 3
    paths = make_paths({"won_pipeline": won, "won_created": won}, n_paths=n_paths)
    parts = parts_of(split_p50(paths), "FY27Q1", "a")
    assert parts.sum() == pytest.approx(round(2 * np.quantile(won, 0.5), 2), abs=1e-9)


def test_cents_left_over_go_to_the_largest_remainders():
    assert round_to_total(np.array([1 / 3, 1 / 3, 1 / 3]), 1.0).tolist() == [0.34, 0.33, 0.33]
    assert round_to_total(np.array([0.006, 0.001]), 0.01).tolist() == [0.01, 0.0]
    assert round_to_total(np.array([]), 0.0).tolist() == []
