import numpy as np
import pytest

from simulator.analysis.forecast.forecast import forecast_bookings
from tests.made_paths import SAMPLE_TARGETS, make_paths, sample_paths


def of(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def counting_paths(**more):
    """101 paths that book 0, 1, ..., 100."""
    return make_paths({"won_commit": np.arange(101.0)[:, None, None]}, n_paths=101, **more)


def test_percentiles_of_a_uniform_outcome_are_exact():
    total = forecast_bookings(counting_paths()).total("FY27Q1")
    assert (total["mean"], total["p10"], total["p50"], total["p90"]) == (50.0, 10.0, 50.0, 90.0)


def test_all_is_the_joint_total_not_a_sum_of_percentiles():
    opposite = np.stack([np.arange(101.0), 100.0 - np.arange(101.0)], axis=-1)[:, None, :]
    paths = make_paths({"won_created": opposite}, n_paths=101, segments=("a", "b"))
    table = forecast_bookings(paths).bookings
    total = of(table, segment="all", kind="all").iloc[0]
    assert (total["p10"], total["p50"], total["p90"]) == (100.0, 100.0, 100.0)
    assert of(table, kind="all", segment="a")["p10"].item() == 10.0


def test_booked_is_inside_the_first_period_only():
    table = forecast_bookings(make_paths(n_periods=2, partial=True, booked=7.0)).bookings
    total = of(table, segment="all", kind="new")
    assert total["mean"].tolist() == [7.0, 0.0]
    assert total["booked"].tolist() == [7.0, 0.0]
    assert total["partial"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("target", "p_hit"), [(0.0, 1.0), (100.0, 1 / 101), (100.01, 0.0), (50.004, 51 / 101)]
)
def test_chance_to_hit_is_to_the_cent(target, p_hit):
    table = forecast_bookings(counting_paths(), {"FY27Q1": {"all": target}}).bookings
    assert of(table, segment="all", kind="all")["p_hit"].item() == pytest.approx(p_hit, abs=1e-12)
    assert of(table, segment="a")["p_hit"].isna().all()


def test_columns_and_kinds_are_those_of_the_design():
    table = forecast_bookings(sample_paths(50)).bookings
    design = ["period", "segment", "kind", "mean", "p10", "p50", "p90", "target", "p_hit"]
    assert list(table.columns) == [*design, "partial", "booked"]
    assert set(table["kind"]) == {"new", "all"}
    assert not table.duplicated(["period", "segment", "kind"]).any()


def test_a_company_whose_only_segment_is_all_has_it_once():
    table = forecast_bookings(counting_paths(segments=("all",))).bookings
    assert table["segment"].tolist() == ["all", "all"]
    assert table["p50"].tolist() == [50.0, 50.0]


def test_exceedance_runs_through_the_percentiles():
    table = forecast_bookings(counting_paths()).exceedance
    curve = of(table, segment="all").set_index("probability")["amount"]
    assert curve.loc[0.9] == pytest.approx(10.0)
    assert curve.loc[0.1] == pytest.approx(90.0)
    assert curve.is_monotonic_decreasing


def test_the_horizon_is_joint_over_periods_and_needs_every_target():
    opposite = np.stack([np.arange(101.0), 100.0 - np.arange(101.0)], axis=1)[:, :, None]
    paths = make_paths({"won_created": opposite}, n_paths=101, n_periods=2)
    one = forecast_bookings(paths, {"FY27Q1": {"all": 10.0}}).horizon
    both = forecast_bookings(paths, {"FY27Q1": {"all": 10.0}, "FY27Q2": {"all": 90.0}}).horizon
    row = of(both, segment="all", kind="all").iloc[0]
    assert (row["p10"], row["p90"], row["target"], row["p_hit"]) == (100.0, 100.0, 100.0, 1.0)
    assert row["period"] == "FY27Q1–FY27Q2"
    assert one["p_hit"].isna().all()


def test_months_carry_their_own_percentiles():
    monthly = np.arange(101.0)[:, None, None] * np.array([1.0, 2.0, 3.0])[None, :, None]
    paths = counting_paths(monthly_bookings=monthly, partial=True)
    table = of(forecast_bookings(paths).monthly, segment="all", kind="all")
    assert table["month"].tolist() == ["2026-02", "2026-03", "2026-04"]
    assert table["p90"].tolist() == pytest.approx([90.0, 180.0, 270.0])
    assert table["partial"].tolist() == [False, True, False]


def test_slipped_amount_and_number():
    paths = make_paths({"slipped": np.array([10.0, 30.0])[:, None, None], "n_slipped": 2.0}, n_paths=2)
    row = of(forecast_bookings(paths).slipped, segment="all").iloc[0]
    assert (row["mean"], row["n_mean"]) == (20.0, 2.0)


def test_segments_and_parts_of_a_whole_company():
    forecast = forecast_bookings(sample_paths(500), SAMPLE_TARGETS)
    means = of(forecast.bookings, kind="all", period="FY27Q4").set_index("segment")["mean"]
    assert means.drop("all").sum() == pytest.approx(means["all"])
    assert forecast.n_rate_draws == 25
    assert (forecast.precision["p_hit_error"] < 0.1).all()
