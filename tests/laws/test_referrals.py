"""Referrals on simulated paths: none changes no bit, the mean is the closed form, prices are borne."""

import re

import numpy as np
import pytest

from simulator.errors import InputError
from tests.small_companies import company, run, segment, stay
from tests.small_customers import book, cents, closing

STILL = {"annual_churn": 0, "time_to_value_months": 0}
N = 50


def referring(rate, customers=STILL, n=N, start="2025-07-01", pipeline=None, **more):
    """Simulate this many customers who refer others at a rate a year."""
    referrals = {"per_customer_per_year": rate, "after": "first_value", **more.pop("referrals", {})}
    one = segment(customers=customers, pipeline=pipeline or stay(30, lost_no_decision=1))
    listed = {"existing": book(n, start_date=start)}
    return run({"one": one}, customers=listed, referrals=referrals, **more)


def z_score(values, expected):
    return (values.mean() - expected) / (values.std(ddof=1) / np.sqrt(values.size))


def test_a_rate_of_zero_changes_no_bit():
    none = referring(0)
    plain = run(
        {"one": segment(customers=STILL, pipeline=stay(30, lost_no_decision=1))},
        customers={"existing": book(N, start_date="2025-07-01")},
    )
    assert np.array_equal(none.flows, plain.flows)
    assert np.array_equal(none.arr_flows, plain.arr_flows)


def test_the_mean_number_of_referred_deals_is_the_closed_form():
    referred = referring(0.6).flow("n_referred")[:, :, 0]
    for quarter in range(4):
        assert abs(z_score(referred[:, quarter], N * 0.6 / 4)) < 4
    assert abs(z_score(referred[:, 0], N * 0.6 / 4 * 1.1)) > 4
    assert np.array_equal(referred, referring(0.6).flow("n_created")[:, :, 0])


def test_referred_customers_refer_others_in_turn():
    at_once = stay(0.001, won=1)
    paths = referring(0.6, pipeline=at_once, simulation={"paths": 2000})
    growth = 1 + 0.6 / 12
    monthly = N * (0.6 / 12) * growth ** np.arange(12)
    expected = monthly.reshape(4, 3).sum(axis=1)
    referred = paths.flow("n_referred")[:, :, 0]
    for quarter in range(4):
        assert abs(z_score(referred[:, quarter], expected[quarter])) < 4
    assert abs(z_score(referred[:, 3], N * 0.6 / 4)) > 10
    assert np.allclose(paths.flow("won_referred"), paths.bookings_new())


def test_no_one_refers_before_the_first_renewal_where_that_is_asked_for():
    paths = referring(1.2, start="2026-07-01", referrals={"after": "first_renewal"})
    referred = paths.flow("n_referred")[:, :, 0]
    assert referred[:, :2].sum() == 0
    assert abs(z_score(referred[:, 3], N * 1.2 / 4)) < 4


def test_no_one_refers_before_first_value_nor_after_leaving():
    later = {"annual_churn": 0, "time_to_value_months": 1000}
    assert referring(1.2, customers=later, start="2026-12-30").flow("n_referred").sum() == 0
    gone = {"annual_churn": 1, "time_to_value_months": 0}
    referred = referring(1.2, customers=gone, start="2026-07-01").flow("n_referred")[:, :, 0]
    assert referred[:, 2:].sum() == 0
    assert referred[:, :2].sum() > 0


def test_referred_deals_win_more_and_sooner():
    even = stay(30, won=0.5, lost_no_decision=0.5)

    def won_share(**referrals):
        paths = referring(1, pipeline=even, horizon_quarters=8, referrals=referrals)
        won, lost = (paths.flow(name).sum() for name in ("n_won", "n_lost_no_decision"))
        return won / (won + lost)

    assert won_share() == pytest.approx(0.5, abs=0.02)
    assert won_share(win_odds="x3") == pytest.approx(0.75, abs=0.02)
    fast = referring(1, pipeline=even, referrals={"cycle": "x0.1"}).flow("n_won").sum()
    assert fast > referring(1, pipeline=even).flow("n_won").sum()


def test_happy_customers_bear_higher_price_rises():
    rates = {**STILL, "price_rise": {"share": 1, "size": "10%"}}
    paths = referring(0, customers=rates, n=2, referrals={"price_rises": "x1.5"})
    assert closing(paths)[0, -1, 0] == cents(np.float64(2 * 1150))


def test_referrals_without_customers_are_refused():
    with pytest.raises(InputError, match="nothing is known of any customer"):
        run({"one": segment()}, referrals={"per_customer_per_year": 0.1})
    assert company({"one": segment()}).referrals.stated is False


def test_what_is_not_known_of_referrals_is_stated_as_the_message_says():
    one = {"one": segment(customers=STILL)}
    known = {"customers": {"existing": book(N, start_date="2025-07-01")}}
    with pytest.raises(InputError, match="no deals of source 'referral'") as caught:
        run(one, referrals={"after": "first_value"}, **known)
    name, value = re.findall(r"'(\w+): ([\d.]+)'", str(caught.value))[0]
    assert run(one, referrals={"after": "first_value", name: float(value)}, **known).flow("n_created").any()
