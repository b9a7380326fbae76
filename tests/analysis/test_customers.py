"""ARR, retention and lifetime value: closed forms, sums that foot, small histories, companies never seen."""

import datetime as dt

import numpy as np
import pytest

from simulator.analysis.customers.arr import MOVEMENTS, SIGNS, arr_movements, look_at_customers, measure_arr
from simulator.analysis.customers.lifetime import past_revenue, value_customers
from simulator.analysis.customers.retention import cohort_table, past_retention, survival_table
from simulator.analysis.forecast.forecast import forecast_bookings
from simulator.calibration.contracts import customer_book
from simulator.calibration.customers import calibrate_customers
from simulator.calibration.estimate import calibrate
from simulator.engine.plan.customer_levers import booked_by_customers
from simulator.engine.run.simulate import simulate
from simulator.fiscal import FiscalCalendar
from simulator.scenario.schema import Scenario
from simulator.scenario.settled import settled
from tests.calibration.small_books import arr_change, book_history
from tests.history.importers.test_shared_data import imported
from tests.small_companies import company, segment, stay
from tests.small_customers import GROWING, book, customer, keep

DEALS = segment(sals_per_month=5, pipeline=stay(30, won=0.5, lost_no_decision=0.5), customers=GROWING)


@pytest.fixture(scope="module")
def paths():
    customers = [
        customer(f"c{i}", start_date=f"20{21 + i % 5}-0{1 + i % 9}-11", arr=500 + i) for i in range(40)
    ]
    return keep(GROWING, customers, segments={"one": DEALS}, horizon_quarters=6)


def test_every_path_foots_to_the_cent(paths):
    flows = arr_movements(paths)
    cents = {name: np.rint(values * 100) for name, values in flows.items()}
    net = sum(SIGNS[name] * cents[name] for name in MOVEMENTS)
    assert np.array_equal(cents["opening"] + net, cents["closing"])
    assert np.array_equal(cents["opening"][:, 1:], cents["closing"][:, :-1])


def test_the_table_holds_every_measure_of_every_period(paths):
    arr = measure_arr(paths)
    assert arr is not None
    table = arr.table
    assert len(table) == 6 * 2 * 9
    means = table[table["segment"] == "all"].pivot_table(
        index="period", columns="measure", values="mean", sort=False
    )
    change = means["new"] + means["expansion"] - means["contraction"] - means["churn"] + means["reactivation"]
    assert np.allclose(means["opening"] + change, means["closing"])
    assert (means["grr"] <= np.minimum(1.0, means["nrr"])).all()
    by_driver = arr.drivers[arr.drivers["segment"] == "all"].groupby("period", sort=False)["mean"].sum()
    assert np.allclose(by_driver, means["expansion"])


def test_bookings_come_by_kind_and_only_new_ones_have_targets(paths):
    forecast = forecast_bookings(paths, {paths.periods[0]: {"all": 1e5}})
    table = forecast.bookings[forecast.bookings["segment"] == "all"]
    assert table["kind"].tolist()[:4] == ["new", "expansion", "renewal", "all"]
    means = table.pivot_table(index="period", columns="kind", values="mean", sort=False)
    assert np.allclose(means["new"] + means["expansion"] + means["renewal"], means["all"])
    first = table[table["period"] == paths.periods[0]].set_index("kind")
    assert first["target"].notna().to_dict() == {
        "new": True,
        "expansion": False,
        "renewal": False,
        "all": False,
    }
    monthly = forecast.monthly[forecast.monthly["segment"] == "all"]
    summed = monthly.groupby("kind")["mean"].sum()
    assert np.allclose(summed, table.groupby("kind")["mean"].sum())


def test_the_published_five_year_split():
    rates = {"annual_churn": "7%", "price_rise": {"share": 1, "size": "20%"}}
    scenario = company({"one": {"customers": rates}}, customers={"existing": book(1, arr=100_000)})
    life = value_customers(settled(scenario, ("one",)), None, None, ("one",))
    assert life is not None
    row = life.new.iloc[0]
    kept = 1.2 * 0.93
    expected = 1 / sum(kept**k for k in range(5))
    assert expected == pytest.approx(0.1587, abs=5e-5), "the published share is 15 %"
    assert row["first_year_share"] == pytest.approx(expected, abs=0.003)
    assert row["first_year"] + row["later_years"] == pytest.approx(row["value"])
    years = life.curve["revenue"].to_numpy()
    error = (
        4 * 100_000 * 1.2 ** np.arange(5) * np.sqrt(0.93 ** np.arange(5) * (1 - 0.93 ** np.arange(5)) / 2000)
    )
    assert np.all(np.abs(years - 100_000 * kept ** np.arange(5)) <= error + 1)
    # Five years hold four renewals: the fifth is due on the last day.
    assert life.curve["customers"].iloc[-1] == pytest.approx(0.93**4, abs=4 * np.sqrt(0.75 * 0.25 / 2000))


def test_without_churn_a_customer_is_worth_five_years_of_arr():
    scenario = company({"one": {"customers": {"annual_churn": 0}}}, customers={"existing": book(3, arr=1200)})
    life = value_customers(settled(scenario, ("one",)), None, None, ("one",))
    assert life is not None
    assert life.new["value"].tolist() == [6000]
    assert life.new["first_year_share"].tolist() == [0.2]
    assert life.cohorts["to_come"].tolist() == [18000]


def test_no_customers_no_figures():
    from tests.small_companies import run

    plain = run({"one": segment(sals_per_month=4)}, simulation={"paths": 50})
    assert measure_arr(plain) is None
    assert look_at_customers(plain, company({"one": segment()}), None, None) is None


HAND = book_history(
    [("a", "2025-01-15", 12, None), ("b", "2025-02-01", 12, None), ("c", "2025-05-20", 12, None)],
    [
        arr_change("a", "2025-01-15", "new", 1200),
        arr_change("b", "2025-02-01", "new", 600),
        arr_change("c", "2025-05-20", "new", 240),
        arr_change("a", "2025-07-15", "expansion", 600, "features"),
        arr_change("a", "2026-01-15", "renewal", 180),
        arr_change("b", "2026-02-01", "churn", -600),
        arr_change("c", "2026-05-20", "contraction", -120),
        arr_change("a", "2026-09-01", "expansion", 100, "consumption"),
    ],
)


def test_past_revenue_is_arr_month_by_month():
    first, so_far = past_revenue(customer_book(HAND, ("all",)))
    assert first[0] == pytest.approx(1200 + 600 / 2, rel=0.01)
    assert first[1] == pytest.approx(600)
    assert so_far[1] == pytest.approx(600)
    # c: a year at 240, then to the end of October 2026 at 120.
    assert so_far[2] == pytest.approx(240 + 120 * (10 - 4 - 19 / 31) / 12, rel=0.01)


def test_past_retention_is_that_of_the_customers_of_a_year_before():
    table = past_retention(customer_book(HAND, ("all",)), FiscalCalendar(1)).set_index("period")
    # On 1 October 2025 a had 1800, b 600 and c 240; a year later a had 2080, b nothing and c 120.
    assert table.loc["FY26Q3", "nrr"] == pytest.approx((2080 + 120) / 2640)
    assert table.loc["FY26Q3", "grr"] == pytest.approx((1800 + 120) / 2640)
    # On 1 April 2025 c had not come yet.
    assert table.loc["FY26Q1", "nrr"] == pytest.approx(1980 / 1800)
    # A year before the end of 2025 there was nobody; October 2026 is no whole quarter.
    assert list(table.index) == ["FY26Q1", "FY26Q2", "FY26Q3"]


def test_cohorts_keep_what_they_keep():
    table = cohort_table(customer_book(HAND, ("all",)), FiscalCalendar(1)).set_index(["cohort", "quarter"])
    assert table.loc[("FY25Q1", 0), "n_customers"] == 2
    assert table.loc[("FY25Q1", 2), "arr_share"] == pytest.approx(2400 / 1800)
    assert table.loc[("FY25Q1", 4), "arr_share"] == pytest.approx(1980 / 1800)
    assert table.loc[("FY25Q1", 4), "logo_share"] == 0.5
    assert table.loc[("FY25Q2", 5), "arr_share"] == pytest.approx(0.5)
    assert ("FY25Q2", 6) not in table.index, "the quarter of as_of is not over"


def test_survival_beside_the_law_starts_whole_and_counts_whom_it_saw():
    book_ = customer_book(HAND, ("all",))
    calibration = calibrate_customers(HAND, ("all",))
    assert calibration is not None
    table = survival_table(book_, calibration)
    annual = table[table["term"] == "annual"]
    assert annual["law"].iloc[0] == 1
    assert annual["law"].is_monotonic_decreasing
    assert annual["at_risk"].iloc[1] == 3
    assert annual["churned"].iloc[1] == 1
    assert annual["observed"].iloc[1:].isna().all(), "three customers show no share"


def test_what_the_quarter_had_booked_already():
    begin = 2026 * 12
    signed = booked_by_customers(customer_book(HAND, ("all",)), float(begin), 1)
    # a renews 1800 on 15 January and signs 180 more; c renews half of 240; b has left.
    assert signed.tolist() == [[180.0, 1920.0]]
    later = booked_by_customers(customer_book(HAND, ("all",)), begin + 6.0, 1)
    assert later.tolist() == [[0.0, 0.0]], "growth by itself is not signed before the next renewal"


@pytest.mark.parametrize("name", ["complyflow", "ravenstack"])
def test_companies_never_seen_run_from_customers_to_movements(shared_data, name):
    history = imported(shared_data, name).history
    calendar = FiscalCalendar(1)
    calibration = calibrate(history, calendar)
    assert calibration.customers is not None
    assert calibration.customers.n_customers.sum() == len(history.customers)
    scenario = Scenario(name=name, horizon_quarters=2).with_simulation(paths=40, rate_draws=10)
    full = settled(scenario, calibration.all_segments, history.as_of)
    paths = simulate(full, calibration, history)
    now = history.arr_changes["arr_delta"].sum()
    assert paths.arr_opening.sum() == pytest.approx(now, rel=0.02)
    flows = arr_movements(paths)
    assert flows["closing"].mean(axis=0)[-1].sum() > 0
    assert all(np.all(flows[kind] >= 0) for kind in MOVEMENTS)
    outlook = look_at_customers(paths, full, calibration.customers, history)
    assert outlook is not None
    assert outlook.retention is not None
    grr = outlook.arr.table[(outlook.arr.table["measure"] == "grr") & (outlook.arr.table["segment"] == "all")]
    assert (grr["p90"] <= 1).all()
    assert dt.date(2024, 1, 1) < history.as_of


@pytest.mark.parametrize("per_month", [3, 6])
def test_companies_of_customers_alone_win_new_ones_as_before(per_month):
    """As many a month as started before, at once and of their ARR: in ARR and in new bookings alike."""
    customers = [
        (f"c{month}-{n}", f"{2023 + month // 12}-{1 + month % 12:02d}-{3 + 4 * n:02d}", 12, 12_000.0)
        for month in range(46)
        for n in range(per_month)
    ]
    history = book_history(customers, [])
    calibration = calibrate(history, FiscalCalendar(1))
    scenario = Scenario(name="customers", horizon_quarters=2).with_simulation(paths=200, rate_draws=40)
    full = settled(scenario, calibration.all_segments, history.as_of)
    paths = simulate(full, calibration, history)
    new = arr_movements(paths)["new"].sum(axis=2)
    expected = np.array([2, 3]) * per_month * 12_000
    assert (np.abs(new.mean(axis=0) - expected) < 4 * new.std(axis=0) / np.sqrt(len(new))).all()
    np.testing.assert_allclose(paths.bookings_new().sum(axis=2)[:, 1:], new[:, 1:])
