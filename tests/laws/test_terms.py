"""Deal terms on simulated paths: without effect nothing changes by a bit; with one, the closed form."""

import numpy as np
import pytest

from tests.small_companies import deal, run, segment, stay
from tests.small_customers import book

LAMBDA = np.log(2) / 30
MANY = [deal(f"d{i}") for i in range(40)]
LONG = {"horizon_quarters": 6}


def terms(*concessions, **more):
    return {"terms": {"approved_so_far": "0%", "concessions": [*concessions], **more}}


def everyone(**effects):
    return {"name": "gift", "deals": "100%", **effects}


def z_score(values, expected):
    return (values.mean() - expected) / (values.std(ddof=1) / np.sqrt(values.size))


@pytest.fixture(scope="module")
def plain():
    return run({"one": segment(sals_per_month=5)}, MANY)


@pytest.mark.parametrize(
    "stated",
    [
        terms({"name": "none asks", "deals": 0, "discount": "50%", "win_odds": "x5"}),
        terms(everyone(discount="50%", win_odds="x5"), approved="0%"),
        terms(everyone(win_odds="x1", cycle="x1", discount="0%")),
        {"terms": {"success_plan": {"deals": "0%", "days": 90}}},
        {"terms": {"success_plan": {"deals": "100%", "days": 0}}},
    ],
)
def test_terms_that_do_nothing_change_no_bit(plain, stated):
    same = run({"one": segment(sals_per_month=5)}, MANY, **stated)
    counts = ("n_conceded", "n_gated")
    other = [i for i, name in enumerate(flow_names()) if name not in counts]
    assert np.array_equal(plain.flows[..., other], same.flows[..., other])
    assert np.array_equal(plain.open_wins, same.open_wins)


def flow_names():
    from simulator.kernels.flows import FLOWS

    return FLOWS


def test_a_discount_is_taken_off_every_signature_and_counted(plain):
    cut = run({"one": segment(sals_per_month=5)}, MANY, **terms(everyone(discount="10%", delivery_cost="5%")))
    assert np.allclose(cut.bookings_new(), 0.9 * plain.bookings_new())
    assert np.allclose(cut.flow("discount"), 0.1 * plain.bookings_new())
    assert np.allclose(cut.flow("delivery_cost"), 0.05 * cut.bookings_new())
    assert np.array_equal(cut.flow("n_conceded"), plain.flow("n_won"))


def test_better_odds_win_the_share_that_they_say():
    paths = run({"one": segment()}, MANY, **LONG, **terms(everyone(win_odds="x3")))
    won = paths.flow("n_won").sum(axis=(1, 2)) / len(MANY)
    expected = 0.75 * (1 - np.exp(-LAMBDA * 2 * paths_days(paths)))
    assert abs(z_score(won, expected)) < 4
    assert abs(z_score(won, 0.5)) > 20


def paths_days(paths):
    return float(30.4375 * paths.months.size)


def test_a_shorter_cycle_closes_sooner():
    paths = run({"one": segment()}, MANY, horizon_quarters=1, **terms(everyone(cycle="x0.5")))
    won = paths.flow("n_won").sum(axis=(1, 2)) / len(MANY)
    assert abs(z_score(won, 0.5 * (1 - np.exp(-2 * LAMBDA * 90)))) < 4
    assert abs(z_score(won, 0.5 * (1 - np.exp(-LAMBDA * 90)))) > 10


def test_the_last_month_of_a_quarter_alone_is_discounted():
    stated = terms(everyone(discount="10%", when="last_month"))
    cut = run({"one": segment(sals_per_month=5)}, MANY, **stated).monthly_bookings[..., 0]
    full = run({"one": segment(sals_per_month=5)}, MANY).monthly_bookings[..., 0]
    last = np.arange(cut.shape[1]) % 3 == 2
    assert np.array_equal(cut[:, ~last], full[:, ~last])
    assert np.allclose(cut[:, last], 0.9 * full[:, last])
    assert full[:, last].sum() > 0


def test_a_stricter_desk_grants_to_some_of_the_same_deals():
    def conceded(approved):
        stated = terms(everyone(discount="10%"), approved=approved)
        return run({"one": segment(sals_per_month=5)}, MANY, **stated).flow("n_conceded")

    strict, lax = conceded("30%"), conceded("100%")
    assert np.all(strict <= lax)
    assert abs(z_score(strict.sum(axis=(1, 2)) / lax.sum(axis=(1, 2)), 0.3)) < 4


def test_what_the_history_holds_already_comes_out_as_it_was():
    half = {"name": "gift", "deals": "50%", "discount": "20%"}
    held = {"terms": {"concessions": [half], "approved_so_far": "100%"}}
    paths = run({"one": segment()}, MANY, **LONG, **held)
    mean = paths.bookings_new().sum(axis=(1, 2)) / paths.flow("n_won").sum(axis=(1, 2))
    assert abs(z_score(mean, 1000)) < 4
    fresh = run({"one": segment()}, MANY, **LONG, **terms(half))
    mean = fresh.bookings_new().sum(axis=(1, 2)) / fresh.flow("n_won").sum(axis=(1, 2))
    assert abs(z_score(mean, 1000)) > 20


def test_a_success_plan_moves_every_signature_by_its_days():
    gate = {"terms": {"success_plan": {"deals": "100%", "days": 31}}}
    paths = run({"one": segment()}, MANY, horizon_quarters=1, **gate)
    won = paths.flow("n_won").sum(axis=(1, 2)) / len(MANY)
    assert abs(z_score(won, 0.5 * (1 - np.exp(-LAMBDA * 59)))) < 4
    assert paths.monthly_bookings[:, 0].sum() == 0, "no one can sign in the first 31 days"
    assert np.array_equal(paths.flow("n_gated"), paths.flow("n_won"))
    plain = run({"one": segment()}, MANY, horizon_quarters=1)
    assert np.array_equal(paths.flow("n_lost_no_decision"), plain.flow("n_lost_no_decision"))


def test_a_deal_due_in_a_quarter_that_its_plan_outlasts_has_slipped():
    due = [deal("d", close_date="2027-03-20")]
    sure = {"one": segment(pipeline=stay(1, won=1))}
    gate = {"terms": {"success_plan": {"deals": "100%", "days": 89}}}
    paths = run(sure, due, horizon_quarters=2, **gate)
    assert abs(z_score(paths.flow("n_won")[:, 1, 0], 0.5)) < 4, "half are won in less than a day"
    assert np.array_equal(paths.flow("n_slipped")[:, 0], paths.flow("n_won")[:, 1])


def customers_of(**effects):
    sure = segment(pipeline=stay(0.001, won=1), customers={"annual_churn": "50%", "term_months": 12})
    return run({"one": sure}, MANY, horizon_quarters=5, **terms(everyone(**effects)))


def test_what_was_conceded_goes_with_the_customer():
    left = customers_of(churn="x3").arr_flow("n_churned").sum(axis=(1, 2)) / len(MANY)
    assert abs(z_score(left, 0.75)) < 4
    assert abs(z_score(customers_of().arr_flow("n_churned").sum(axis=(1, 2)) / len(MANY), 0.5)) < 4


def test_customers_of_as_of_made_no_promise():
    rates = {"one": segment(customers={"annual_churn": "50%"})}
    with_terms = run(rates, customers={"existing": book(30)}, **terms(everyone(churn="x3")))
    without = run(rates, customers={"existing": book(30)})
    assert np.array_equal(with_terms.arr_flows, without.arr_flows)
