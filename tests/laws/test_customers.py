"""Customers on simulated paths: sums that foot to the cent, exact edges, the laws against closed forms."""

import numpy as np
import pytest

from simulator.calibration.renewals import survival
from simulator.engine.run import simulate as engine
from tests.small_companies import deal, run, segment, stay
from tests.small_customers import GROWING, book, cents, closing, customer, keep, movement

MIXED = [
    customer(
        f"c{i}",
        segment=("one", "two")[i % 2],
        arr=100 + 37 * i,
        start_date=f"20{20 + i % 7}-{1 + i % 12:02d}-{1 + i % 28:02d}",
        term_months=(1, 12, 24, 36)[i % 4],
    )
    for i in range(60)
]
LONG = {"horizon_quarters": 12}
DEALS = segment(sals_per_month=5, pipeline=stay(30, won=0.5, lost_no_decision=0.5), customers=GROWING)


def z_score(values, expected):
    error = values.std(ddof=1) / np.sqrt(values.size)
    return (values.mean() - expected) / error


@pytest.fixture(scope="module")
def growing():
    return keep(GROWING, MIXED, segments={"one": DEALS, "two": {"customers": GROWING}}, **LONG)


def test_the_arr_of_12_months_ago_is_what_was_then_closed(growing):
    assert np.array_equal(cents(growing.arr_flow("cohort_base"))[:, 4:], closing(growing)[:, :-4])
    assert np.array_equal(
        cents(growing.arr_flow("cohort_base"))[:, 3], np.tile(cents(growing.arr_opening), (400, 1))
    )


def test_grr_never_exceeds_the_whole_nor_nrr(growing):
    base, now, kept = (growing.arr_flow(f"cohort_{name}") for name in ("base", "arr", "kept"))
    assert np.all(kept <= base)
    assert np.all(kept <= now)
    assert now.sum() > base.sum(), "they must grow here, or the test shows nothing"


def test_customers_are_never_more_than_there_were_nor_fewer_than_none(growing):
    n = growing.n_customers + np.cumsum(
        growing.arr_flow("n_new") + growing.arr_flow("n_reactivated") - growing.arr_flow("n_churned"), axis=1
    )
    assert n.min() >= 0
    assert np.array_equal(growing.arr_flow("n_cohort")[:, 4:], n[:, :-4])
    assert np.all(closing(growing)[n == 0] == 0)
    assert np.all(closing(growing)[n > 0] > 0)


def test_what_is_won_is_new_arr(growing):
    assert np.array_equal(growing.arr_flow("new"), growing.bookings_by_origin().sum(axis=-1))
    assert np.array_equal(growing.arr_flow("n_new"), growing.flow("n_won"))


def test_monthly_bookings_sum_to_quarterly(growing):
    quarter = (np.arange(growing.months.size)) // 3
    for kind, name in enumerate(("bookings_expansion", "bookings_renewal")):
        monthly = cents(growing.monthly_customer_bookings[..., kind])
        summed = np.stack([monthly[:, quarter == q].sum(axis=1) for q in range(12)], axis=1)
        assert np.array_equal(summed, cents(growing.arr_flow(name)))


def test_what_is_due_is_churned_or_signed_again_in_full_or_less():
    annual = [{**c, "term_months": 12} for c in MIXED]
    paths = keep({**GROWING, "reactivation": {"per_year": 0}}, annual, **LONG)
    signed = paths.arr_flow("bookings_renewal") + paths.arr_flow("churn") + paths.arr_flow("contraction")
    assert np.all(cents(signed) <= cents(paths.arr_flow("due")))
    still = paths.arr_flow("bookings_expansion") + signed
    assert np.all(cents(still) >= cents(paths.arr_flow("due")))


def test_without_churn_and_growth_nothing_moves_by_a_cent():
    paths = keep({"annual_churn": 0}, MIXED, **LONG)
    assert np.all(movement(paths) == 0)
    assert np.all(paths.arr_flow("cohort_kept") == paths.arr_flow("cohort_base"))
    assert paths.arr_flow("n_due").sum() > 0
    months = paths.arr_opening / 12
    assert np.allclose(paths.arr_flow("revenue"), 3 * months, atol=0.02)


def test_with_certain_churn_all_leave_on_their_renewal_date():
    paths = keep({"annual_churn": 1}, book(3), horizon_quarters=2)
    assert np.all(paths.arr_flow("churn") == [[[3000.0], [0.0]]])
    assert np.all(paths.arr_flow("cohort_kept")[:, 1] == 0)


def test_renewals_fall_on_their_dates():
    dates = ["2026-03-31", "2026-04-01", "2025-12-31", "2026-01-01"]
    customers = [customer(str(i), start_date=date) for i, date in enumerate(dates)]
    due = keep({"annual_churn": 0}, customers, horizon_quarters=4).arr_flow("n_due")[0, :, 0]
    assert due.tolist() == [2, 1, 0, 1]


def test_a_certain_price_rise_compounds_to_the_cent():
    rates = {"annual_churn": 0, "price_rise": {"share": 1, "size": "10%"}}
    paths = keep(rates, book(2, arr=1000), horizon_quarters=12)
    assert closing(paths)[0, :, 0].tolist() == [220000] * 4 + [242000] * 4 + [266200] * 4
    assert paths.arr_flow("bookings_expansion")[0, :, 0].tolist() == [
        200,
        0,
        0,
        0,
        220,
        0,
        0,
        0,
        242,
        0,
        0,
        0,
    ]
    assert paths.arr_flow("bookings_renewal")[0, :, 0].tolist() == [
        2000,
        0,
        0,
        0,
        2200,
        0,
        0,
        0,
        2420,
        0,
        0,
        0,
    ]


def test_a_monthly_contract_books_a_twelfth_each_month():
    paths = keep({"annual_churn": 0}, book(1, arr=1200, term_months=1), horizon_quarters=1)
    assert paths.arr_flow("bookings_renewal")[0, 0, 0] == 300


def test_survival_follows_the_shifted_beta_geometric_law():
    rates = {"annual_churn": "37%", "alike": 2.06}
    paths = keep(rates, book(250, start_date="2026-12-31"), horizon_quarters=24, simulation={"paths": 2000})
    alpha = 0.37 * 2.06
    left = 250 - np.cumsum(paths.arr_flow("n_churned")[:, :, 0], axis=1)
    for year in range(1, 6):
        share = left[:, 4 * year - 1] / 250
        assert abs(z_score(share, float(survival(alpha, 2.06 - alpha, year)))) < 4
        if year > 1:
            assert abs(z_score(share, 0.63**year)) > 20, "everybody alike is another law"


def test_customers_who_have_stayed_are_likelier_to_stay():
    rates = {"annual_churn": "30%", "alike": 3}
    for n, start in ((0, "2026-01-01"), (1, "2025-01-01"), (4, "2022-01-01"), (8, "2018-01-01")):
        paths = keep(rates, book(300, start_date=start), horizon_quarters=1, simulation={"paths": 1500})
        lost = paths.arr_flow("n_churned")[:, 0, 0] / 300
        assert abs(z_score(lost, 0.9 / (3 + n))) < 4
        if n:
            assert abs(z_score(lost, 0.3)) > 20


def test_monthly_and_long_contracts_churn_as_much_a_year_where_all_are_alike():
    for term in (1, 3, 12):
        paths = keep({"annual_churn": "20%"}, book(400, term_months=term), horizon_quarters=5)
        lost = paths.arr_flow("n_churned")[:, :, 0].sum(axis=1) / 400
        n_renewals = {1: 15, 3: 5, 12: 2}[term]
        expected = 1 - 0.8 ** (n_renewals / 12 if term < 6 else n_renewals)
        assert abs(z_score(lost, expected)) < 4


def test_growth_by_itself_comes_at_its_rate():
    paths = keep(
        {"annual_churn": 0, "expansion": {"consumption": "24%"}}, book(200, arr=10_000), horizon_quarters=8
    )
    two_years = closing(paths)[:, 7, 0] / 2e8
    assert abs(z_score(two_years, 1.24**2)) < 4
    assert abs(z_score(two_years, 1.20**2)) > 6
    signed = paths.arr_flow("bookings_expansion").sum(axis=(0, 2))
    assert np.flatnonzero(signed).tolist() == [4], "the renewal a year later puts it in writing"


def test_growth_waits_for_first_value_and_a_sale_for_its_cycle():
    rates = {
        "annual_churn": 0,
        "time_to_value_months": 6,
        "cycle_days": 90,
        "expansion": {
            "seats_organic": {"events_per_year": 1, "size": "1%"},
            "features": {"events_per_year": 1, "size": "1%"},
        },
    }
    paths = keep(rates, book(300, start_date="2026-12-31", arr=1e6), horizon_quarters=4)
    rng = np.random.default_rng(5)
    value = 6 * np.exp(0.5 * rng.standard_normal(2_000_000))
    sale = value + 90 / (365.25 / 12)
    for name, wait in (("seats_organic", value), ("features", sale)):
        for year_quarter in range(4):
            low, high = 3.0 * year_quarter, 3.0 * year_quarter + 3
            open_months = np.clip(high - np.maximum(wait, low), 0, 3).mean()
            n = paths.arr_flow(name)[:, year_quarter, 0] / 1e4 / 300
            if open_months > 1e-4:
                assert n.mean() == pytest.approx(open_months / 12, rel=0.06, abs=0.002)
    assert paths.arr_flow("n_expansions").sum() > 0


def test_those_who_have_long_been_there_grow_from_the_first_day():
    rates = {**GROWING, "annual_churn": 0, "time_to_value_months": 12, "cycle_days": 200}
    paths = keep(rates, book(300, start_date="2019-05-01"), horizon_quarters=1)
    assert abs(z_score(paths.arr_flow("n_expansions")[:, 0, 0] / 300, 0.1)) < 4


def test_those_who_left_come_back_at_their_rate():
    rates = {"annual_churn": 1, "reactivation": {"per_year": "40%", "size": "50%"}}
    paths = keep(rates, book(300, start_date="2026-01-01", term_months=36), horizon_quarters=12)
    back = paths.arr_flow("n_reactivated")[:, :, 0].sum(axis=1) / 300
    assert paths.arr_flow("churn")[:, 8, 0].mean() == 300_000, "all leave on the first day of 2029"
    assert abs(z_score(back, 0.4)) < 4
    assert paths.arr_flow("reactivation").sum() == pytest.approx(500 * paths.arr_flow("n_reactivated").sum())


def test_levers_do_what_they_say():
    base = keep(GROWING, MIXED, **LONG)
    without = keep(
        GROWING, MIXED, levers={"churn": 0, "expansion": 0, "contraction": 0, "price_rise": 0}, **LONG
    )
    assert np.all(movement(without) == 0)
    more = keep(GROWING, MIXED, levers={"churn": "x2"}, **LONG)
    first = [p.arr_flow("n_churned")[:, :4].sum(axis=1) for p in (base, more)]
    assert np.all(first[1] >= first[0])
    later = keep(GROWING, MIXED, levers={"churn": {"factor": 0, "from": "2028-01"}}, **LONG)
    assert np.array_equal(later.arr_flow("churn")[:, :4], base.arr_flow("churn")[:, :4])
    assert later.arr_flow("churn")[:, 4:].sum() == 0
    slower = keep(GROWING, MIXED, levers={"expansion": {"factor": 0.5, "until": "2029-12"}}, **LONG)
    halved = keep(GROWING, MIXED, levers={"expansion": 0.5}, **LONG)
    assert np.allclose(slower.arr_flows, halved.arr_flows)


def test_the_odds_lever_multiplies_odds():
    rates = {"annual_churn": "20%"}
    paths = keep(rates, book(400), levers={"churn": "x3"}, horizon_quarters=1)
    assert abs(z_score(paths.arr_flow("n_churned")[:, 0, 0] / 400, 0.75 / 1.75)) < 4


def test_a_customer_more_changes_nothing_else():
    base = keep(GROWING, MIXED, **LONG)
    more = keep(GROWING, [*MIXED, customer("another", segment="two")], **LONG)
    assert np.array_equal(base.arr_flows[:, :, 0], more.arr_flows[:, :, 0])
    assert not np.array_equal(base.arr_flows[:, :, 1], more.arr_flows[:, :, 1])


def test_customers_leave_the_deals_as_they_are():
    deals = [deal(f"d{i}") for i in range(20)]
    plain = segment(sals_per_month=4)
    alone = run({"one": plain}, deals)
    both = run({"one": {**plain, "customers": GROWING}}, deals, customers={"existing": book(5)})
    assert alone.arr_flows is None
    assert np.array_equal(alone.flows, both.flows)


def test_threads_and_blocks_make_no_difference(monkeypatch, growing):
    monkeypatch.setattr(engine, "BLOCK", 33)
    other = keep(
        GROWING,
        MIXED,
        segments={"one": DEALS, "two": {"customers": GROWING}},
        simulation={"threads": 2},
        **LONG,
    )
    assert np.array_equal(growing.arr_flows, other.arr_flows)
    assert np.array_equal(growing.monthly_customer_bookings, other.monthly_customer_bookings)


def test_nobody_at_all_is_an_exact_answer():
    paths = keep(GROWING, [], segments={"one": {"customers": GROWING}})
    assert np.all(paths.arr_flows == 0)
    silent = keep(GROWING, book(2), segments={"one": {"customers": GROWING}}, horizon_quarters=1)
    assert silent.arr_opening.tolist() == [2000]
