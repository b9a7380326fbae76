"""Gains, payback and ties on figures small enough to work out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.analysis.customers.lifetime import rate_error
from simulator.analysis.headcount.headcount import HeadcountSettings, payback_months
from simulator.analysis.hire.allocation import HiringSettings, allocate_reps
from simulator.analysis.hire.ladder import ExtraReps
from simulator.analysis.ownership import ranked
from simulator.engine.plan.roles import RepTerms

HIRING, PAY, QUOTA = 1_200.0, 1_200.0, 6_000.0


def rep_terms(segment):
    """Return a rep who costs 100 a month, gets no commission and 1,200 to hire."""
    return RepTerms("ae", segment, 1, PAY, 0.0, QUOTA, HIRING, 0.0, 1.0, 5.0, 30.0)


def extra_reps(gains, monthly=None):
    """Return paths with one rep more whose bookings gained, shape (path, segment), are given."""
    gains = np.asarray(gains, dtype=float)
    n_paths, n_segments = gains.shape
    bookings = np.zeros((2, n_paths, 1, n_segments))
    bookings[1, :, 0] = gains
    by_month = np.zeros((2, 3, n_segments))
    by_month[1] = gains.mean(axis=0) / 3 if monthly is None else np.asarray(monthly)[:, None]
    months = np.zeros((2, n_paths, n_segments))
    months[1] = 3.0
    return ExtraReps(
        segments=tuple("abc"[:n_segments]),
        terms=tuple(rep_terms(name) for name in "abc"[:n_segments]),
        margin=1.0,
        bookings=bookings,
        rep_months=months,
        monthly_bookings=by_month,
        period_rep_months=months[:, :1],
        other_bookings=np.zeros((n_paths, 1)),
        rate_draw=np.arange(n_paths),
    )


def hired(paths, indifference=5.0):
    """Return the answer for one rep on paths that need no simulation."""
    ladder = SimpleNamespace(
        simulate=lambda n, first_path=0, progress=None: paths,
        steps=[SimpleNamespace(horizon=SimpleNamespace(months=np.arange(100, 103)))],
        month_period=np.zeros(3, dtype=np.int64),
        gain_without_sourcing=lambda counts, n: np.zeros(len(counts)),
        gain_of_full_attention=lambda counts, n: np.zeros(len(counts)),
        unseen={},
    )
    ladder.steps[0].capacity = SimpleNamespace(shared=np.zeros(1))
    settings = HiringSettings(1, 100, indifference=indifference, first_paths=4, most_paths=4)
    return allocate_reps(ladder, settings)


def test_a_rep_costs_pay_and_hiring():
    paths = extra_reps([[5_000.0], [5_000.0]])
    assert np.allclose(paths.gain_contribution()[1, :, 0], 5_000 - 3 * 100 - HIRING)
    assert np.allclose(paths.gain_contribution()[0], 0.0)


def test_hiring_is_paid_in_the_first_month_and_payback_is_the_month_that_earns_it_back():
    found = hired(extra_reps([[3_000.0], [3_000.0]], monthly=[500.0, 700.0, 1_800.0]))
    # 500 - 100 - 1,200 = -800; + 600 = -200; + 1,700 = 1,500.
    assert found.monthly["gain_contribution"].tolist() == [-800, 600, 1_700]
    assert found.monthly["cumulative"].tolist() == [-800, -200, 1_500]
    assert found.payback_month == 102
    assert found.answer["gain_contribution"] == pytest.approx(found.monthly["gain_contribution"].sum())


def test_a_rep_who_never_earns_the_pay_has_no_payback():
    found = hired(extra_reps([[3_000.0], [3_000.0]], monthly=[400.0, 400.0, 400.0]))
    assert found.payback_month is None


def test_what_is_close_is_tied_and_what_is_noisy_is_unresolved():
    a = np.full(4, 9_000.0)
    noise = np.array([-1.0, 1.0, -1.0, 1.0])
    # Error of the mean of c * noise over four draws is c / sqrt(3).
    paths = extra_reps(np.stack([a, a - 3.0 + 4.0 * noise, a - 2.0 + 0.5 * noise], axis=1))
    rows = hired(paths).allocations.set_index(["a", "b", "c"])
    b, c, nobody = rows.loc[(0, 1, 0)], rows.loc[(0, 0, 1)], rows.loc[(0, 0, 0)]
    assert b["behind_error"] == pytest.approx(4.0 / np.sqrt(3))
    assert b["tied"]
    assert b["unresolved"], "3 + 2 x 2.3 is beyond the indifference of 5"
    assert c["tied"]
    assert not c["unresolved"], "2 + 2 x 0.3 is within it"
    assert not nobody["tied"]
    assert not nobody["unresolved"]


def test_what_lies_beyond_the_indifference_is_worse_only_when_two_errors_say_so():
    a = np.full(4, 9_000.0)
    noise = np.array([-1.0, 1.0, -1.0, 1.0])
    paths = extra_reps(np.stack([a, a - 20.0 + 20.0 * noise, a - 20.0 + 10.0 * noise], axis=1))
    rows = hired(paths).allocations.set_index(["a", "b", "c"])
    assert rows.loc[(0, 1, 0), "unresolved"], "20 - 2 x 11.5 is below zero"
    assert not rows.loc[(0, 0, 1), "unresolved"], "20 - 2 x 5.8 is above zero"
    assert not rows.loc[[(0, 1, 0), (0, 0, 1)], "tied"].any()


def test_owners_are_tied_within_two_errors():
    draw, noise = np.arange(4), np.array([-1.0, 1.0, -1.0, 1.0])
    best = np.full(4, 100.0)
    worth = {"best": best, "near": best - 10.0 + 10.0 * noise, "far": best - 10.0 + 5.0 * noise}
    rows = {row["option"]: row for row in ranked(worth, draw)}
    assert rows["best"]["best"]
    assert rows["near"]["tied"], "10 <= 2 x 5.8"
    assert not rows["far"]["tied"], "10 > 2 x 2.9"


@pytest.mark.parametrize(
    ("by_period", "ahead", "expected"),
    [
        ([-100.0, 50.0, 100.0], 0, 7.5),
        ([-100.0, 100.0, 100.0], 0, 6.0),
        ([-100.0, 50.0, 100.0], 2, 5.5),
        ([10.0, 10.0, 10.0], 0, 0.0),
        ([-100.0, 10.0, 10.0], 0, np.nan),
        ([0.0, 0.0, 0.0], 0, np.nan),
    ],
)
def test_payback_of_a_head_lies_where_the_sum_crosses_zero(by_period, ahead, expected):
    plan = SimpleNamespace(first_month_of_quarter=ahead)
    ladder = SimpleNamespace(months=np.arange(100, 109), deals=SimpleNamespace(plan=plan))
    found = payback_months(np.array(by_period), ladder, HeadcountSettings(("csm",), 1, 100, 0.8))
    assert found == pytest.approx(expected, nan_ok=True)


def test_the_interval_of_lifetime_value_holds_no_luck():
    """Draws that agree on the mean leave no interval, however far customers are apart."""
    rng = np.random.default_rng(5)
    draw = np.repeat(np.arange(200), 10)
    luck = rng.normal(0.0, 50.0, draw.size)
    rates = rng.normal(0.0, 20.0, 200)
    found = rate_error(1_000.0 + luck + rates[draw], draw)
    # sd of an estimated variance of 200 draws: about 10 %, of the standard deviation 5 % (and luck's part).
    assert found == pytest.approx(1.2815515655 * 20.0, rel=0.25)
    assert rate_error(1_000.0 + luck, draw) < 1.2815515655 * 8.0
    with_luck = 1.2815515655 * np.sqrt(20.0**2 + 50.0**2 / 10)
    assert found < 0.9 * with_luck, "else the test would not notice luck"
