"""Customers from their tables: balances, growth with time to value, sizes, returns, the file; recovery."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from simulator.calibration.contracts import arr_at, customer_book, midnight_after, month_time
from simulator.calibration.customer_rates import customer_rates
from simulator.calibration.customers import calibrate_customers
from simulator.calibration.pooling import pool_shares, pool_sizes
from simulator.calibration.validation import faults_of
from simulator.history.tables import History, empty_table
from simulator.kernels.customers.flows import DRIVERS
from tests.calibration.known_customers import RATES, known_history, truth
from tests.calibration.small_books import AS_OF, arr_change, book_history
from tools.sample_company.company import CALENDAR, TRUTH

TWO = {"one": RATES, "two": {**RATES, "annual_churn": "25%"}}


def month(date: str) -> float:
    return float(month_time(pd.Series([pd.Timestamp(date)]))[0])


@pytest.fixture(scope="module")
def history():
    return known_history(TWO, 2500, 3, terms=(1, 12, 24), first_day=dt.date(2021, 6, 15))


@pytest.fixture(scope="module")
def found(history):
    calibration = calibrate_customers(history, ("one", "two"))
    assert calibration is not None
    return calibration


def test_time_counts_calendar_months_and_the_part_of_the_month():
    assert month("2026-01-01") == 2026 * 12
    assert month("2026-02-15") == 2026 * 12 + 1 + 14 / 28
    assert midnight_after(dt.date(2026, 10, 31)) == 2026 * 12 + 10


def test_balances_are_those_of_the_movements():
    history = book_history(
        [("a", "2025-01-10", 12, None), ("b", "2020-05-05", 12, 700.0), ("c", "2025-03-01", 12, None)],
        [
            arr_change("a", "2025-01-10", "new", 100),
            arr_change("a", "2025-07-01", "expansion", 50, "consumption"),
            arr_change("a", "2026-01-10", "renewal", 30),
            arr_change("a", "2026-03-01", "expansion", 20, "features"),
            arr_change("a", "2026-04-01", "expansion", 5, "seats_organic"),
            arr_change("b", "2026-05-05", "contraction", -200),
            arr_change("c", "2025-03-01", "new", 40),
            arr_change("c", "2026-03-01", "churn", -40),
            arr_change("c", "2026-06-01", "reactivation", 30),
        ],
    )
    book = customer_book(history, ("all",))
    c = book.contracts
    assert c.arr.tolist() == [205, 500, 30]
    assert c.signed.tolist() == [200, 500, 30], "what grew by itself since the renewal is not signed"
    assert c.former.tolist() == [0, 0, 40]
    assert np.isinf(c.churned[:2]).all()
    assert c.churned[2] == month("2026-03-01")
    assert c.life_start[2] == month("2026-06-01")
    assert arr_at(c, book.movements, month("2025-12-31")).tolist() == [150, 700, 40]
    assert arr_at(c, book.movements, month("2026-04-01")).tolist() == [200, 700, 0]


def test_a_churn_that_leaves_arr_behind_is_a_contraction():
    history = book_history(
        [("a", "2024-01-01", 12, None)],
        [
            arr_change("a", "2024-01-01", "new", 100),
            arr_change("a", "2024-02-01", "new", 60),
            arr_change("a", "2025-01-01", "churn", -60),
        ],
    )
    contracts = customer_book(history, ("all",)).contracts
    assert contracts.arr.tolist() == [100]
    assert np.isinf(contracts.churned[0])


def test_no_customers_are_no_calibration_and_no_movements_are_priors():
    empty = History(AS_OF, empty_table("opportunities"))
    assert calibrate_customers(empty, ("all",)) is None
    still = calibrate_customers(book_history([("a", "2024-01-01", 12, 100.0)], []), ("all",))
    assert still is not None
    assert any("priors" in note for note in still.notes)
    assert still.churn.at_risk.sum() == 0
    assert {row["source"] for row in customer_rates(still)} <= {"prior", "assumption"}


def test_segments_that_only_customers_have_come_last():
    history = book_history([("a", "2024-01-01", 12, 100.0)], [], segment="elsewhere")
    calibration = calibrate_customers(history, ("deals",))
    assert calibration is not None
    assert calibration.segments == ("deals", "elsewhere")
    assert calibration.n_customers.tolist() == [0, 1]


def test_chances_are_pooled():
    one = pool_shares(np.array([300.0]), np.array([1000.0]), 0.1)
    low, high = stats.beta.interval(0.8, 300.5, 700.5)
    assert special.betaincinv(*one[0], 0.1) == pytest.approx(low, rel=0.02)
    assert special.betaincinv(*one[0], 0.9) == pytest.approx(high, rel=0.02)
    thin = pool_shares(np.array([300.0, 310, 290, 0]), np.array([1000.0, 1000, 1000, 8]), 0.1)
    mean = thin[:, 0] / thin.sum(axis=1)
    assert mean[3] > 0.15
    edges = pool_shares(np.array([0.0, 500.0]), np.array([500.0, 500.0]), 0.1)
    assert edges[0, 0] / edges[0].sum() < 0.01
    assert edges[1, 0] / edges[1].sum() > 0.99


def test_sizes_are_weighted_by_the_money_they_move():
    rng = np.random.default_rng(1)
    arr = rng.lognormal(10, 1, 4000)
    share = np.where(arr > np.median(arr), 0.1, 0.3) * rng.lognormal(0, 0.2, 4000) / np.exp(0.02)
    sizes = pool_sizes(share, arr, np.zeros(4000, dtype=np.int64), 1, 0.1)
    assert np.exp(sizes.log_mean[0]) == pytest.approx((arr * share).sum() / arr.sum(), rel=0.005)
    assert abs(np.exp(sizes.log_mean[0]) - share.mean()) > 0.05


def test_rates_are_recovered(found):
    expected = truth(TWO)
    month_rates = np.array([[0, 0.5 / 12, 0.8 / 12, 0, 0.3 / 12, 0]] * 2)
    growth = found.growth
    for driver in (1, 2, 4):
        for s in range(2):
            low, high = (
                special.gammaincinv(growth.shape[s, driver], [3e-5, 1 - 3e-5]) / growth.rate[s, driver]
            )
            assert low < month_rates[s, driver] < high
            assert high < 1.4 * month_rates[s, driver]
        assert np.exp(found.growth_sizes[driver].log_mean) == pytest.approx(
            np.exp(expected.growth_sizes[driver].log_mean), rel=0.02
        )
    assert np.all(np.abs(growth.value_log_median - np.log(4)) < 4 * growth.value_log_sd)
    assert np.all(growth.value_log_sd < 0.15)
    returns = -np.log(0.9) / 12
    assert np.all(
        np.abs(found.return_shape / found.return_rate - returns) < 4 * returns / np.sqrt(found.returns)
    )
    for kind, share in (("contraction", 0.12), ("price_rise", 0.4)):
        for a, b in getattr(found, kind).reshape(-1, 2):
            assert special.betaincinv(a, b, 3e-5) < share < special.betaincinv(a, b, 1 - 3e-5)


def test_growth_that_ignores_time_to_value_is_too_slow(history, found):
    c = customer_book(history, ("one", "two")).contracts
    alive = np.minimum(c.churned, c.as_of) - c.seen_from
    n = found.growth.events[:, 2].sum()
    naive, error = n / alive.sum(), np.sqrt(n) / alive.sum()
    assert naive < 0.8 / 12 - 3 * error
    assert abs(n / found.growth.exposure_months[:, 2].sum() - 0.8 / 12) < 3 * error


def test_price_rises_at_renewals_are_no_growth_between_them(found):
    price = DRIVERS.index("price")
    assert found.changes[..., 2].sum() > 50 * found.growth.events[:, price].sum()


def test_every_rate_has_an_interval_and_a_source(found):
    table = pd.DataFrame(list(customer_rates(found)))
    assert set(table["source"]) <= {"calibrated", "pooled", "prior", "assumption"}
    assert (table["low"] <= table["value"] * (1 + 1e-9)).all()
    assert (table["value"] <= table["high"] * (1 + 1e-9)).all()
    assert not table.duplicated(["name", "segment", "level"]).any()


def customer_faults(customers) -> list[str]:
    whole = TRUTH.calibration(AS_OF, AS_OF, CALENDAR)
    return [fault.what for fault in faults_of(dataclasses.replace(whole, customers=customers), "rates.json")]


def test_unsound_calibrations_are_told(found):
    assert customer_faults(found) == []
    bad = dataclasses.replace(found, terms=np.array([0, 12, 24]), return_rate=np.array([0.0, np.nan]))
    faults = customer_faults(bad)
    assert len(faults) == 2
    short = dataclasses.replace(found, n_customers=np.zeros(1))
    assert any("n_customers" in fault for fault in customer_faults(short))


def test_what_was_not_known_then_is_not_used(history):
    from simulator.history.as_of import history_as_of

    early = calibrate_customers(history_as_of(history, dt.date(2024, 6, 30)), ("one", "two"))
    rows = history.arr_changes
    changed = rows[rows["date"] <= pd.Timestamp("2024-06-30")]
    cut = dataclasses.replace(
        history,
        as_of=dt.date(2024, 6, 30),
        arr_changes=changed,
        customers=history.customers[history.customers["start_date"] <= pd.Timestamp("2024-06-30")],
    )
    other = calibrate_customers(cut, ("one", "two"))
    assert early is not None
    assert other is not None
    assert np.array_equal(early.churn.at_risk, other.churn.at_risk)
    assert np.array_equal(early.growth.events, other.growth.events)
