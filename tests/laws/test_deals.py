"""The law of one deal: exact edges, absorbing chains, matrix exponentials, slips, each against the kernel."""

import numpy as np
import pytest
from scipy.linalg import expm

from simulator.kernels.flows import ORIGINS
from tests.small_companies import deal, run, segment, stay

PATHS = 4_000


def share_won(paths):
    return paths.open_wins.sum(axis=1) / paths.n_paths


def within(got, expected, standard_error, n=4.0):
    return np.all(np.abs(np.asarray(got) - expected) <= n * np.asarray(standard_error) + 1e-12)


def test_a_deal_that_must_be_won_is_always_won_at_its_amount():
    paths = run({"one": segment(pipeline=stay(0.001, won=1.0))}, [deal("a", amount=1234.56)])
    assert np.all(paths.bookings_new()[:, 0, 0] == 1234.56)
    assert paths.flow("won_open_amount").sum() == pytest.approx(1234.56 * paths.n_paths)


def test_a_deal_that_must_be_lost_is_never_won():
    paths = run({"one": segment(pipeline=stay(0.001, lost_competition=1.0))}, [deal("a")])
    assert not paths.bookings_new().any()
    assert np.all(paths.flow("lost_competition")[:, 0, 0] == 1000)


def test_an_empty_company_books_exactly_nothing():
    paths = run({"one": segment()})
    assert not paths.flows.any()
    assert not paths.monthly_bookings.any()


def test_the_waterfall_foots_to_the_cent_on_every_path():
    paths = run(
        {"one": segment(sals_per_month=12, amount={"median": 900, "mean": 1500})},
        [deal(f"d{i}", amount=100.01 * (i + 1)) for i in range(30)],
    )
    out = sum(paths.flow(name) for name in ("won_open_amount", "lost_competition", "lost_no_decision"))
    still = paths.open_amount.sum() + (paths.flow("created") - out).sum(axis=(1, 2))
    assert np.all(still > -0.005)
    months = paths.monthly_bookings.sum(axis=(1, 2))
    assert np.allclose(months, paths.bookings_new().sum(axis=(1, 2)), rtol=0, atol=0.005)


def test_shares_of_an_absorbing_chain():
    rates = {
        "pipeline": stay(1.0, best_case=0.45, lost_competition=0.15, lost_no_decision=0.4),
        "best_case": stay(0.5, commit=0.5, pipeline=0.1, lost_no_decision=0.4),
        "commit": stay(0.3, won=0.8, best_case=0.1, lost_competition=0.1),
    }
    moves = np.array([[0, 0.45, 0], [0.1, 0, 0.5], [0, 0.1, 0]])
    won = np.linalg.solve(np.eye(3) - moves, np.array([0, 0, 0.8]))
    deals = [deal(name, category=name) for name in rates]
    paths = run({"one": segment(**rates)}, deals, simulation={"paths": PATHS})
    error = np.sqrt(won * (1 - won) / PATHS)
    assert within(share_won(paths), won, error)
    assert not within(share_won(paths), won * 1.15, error)


def test_times_of_a_markov_deal_follow_the_matrix_exponential():
    rates = {
        "pipeline": stay(60, best_case=0.5, lost_no_decision=0.5),
        "best_case": stay(40, commit=0.6, lost_competition=0.4),
        "commit": stay(30, won=0.9, lost_competition=0.1),
    }
    generator = np.zeros((4, 4))
    for row, (name, next_state, share) in enumerate(
        [("pipeline", 1, 0.5), ("best_case", 2, 0.6), ("commit", 3, 0.9)]
    ):
        rate = np.log(2) / rates[name]["median_days"]
        generator[row, row] = -rate
        generator[row, next_state] = share * rate
    paths = run({"one": segment(**rates)}, [deal("a")], simulation={"paths": PATHS}, horizon_quarters=6)
    ends = np.cumsum([90, 91, 92, 92, 90, 91])
    expected = np.array([expm(generator * end)[0, 3] for end in ends])
    got = np.cumsum(paths.open_wins[0]) / PATHS
    error = np.sqrt(expected * (1 - expected) / PATHS)
    assert within(got, expected, error)
    slower = np.array([expm(generator * end * 0.8)[0, 3] for end in ends])
    assert not within(got, slower, error)


def test_slips_follow_the_push_law():
    # A deal that hardly ever ends, due in the first month of a quarter, pushed a month each time: it
    # leaves its quarter at the end of every third month.
    quiet = segment(pipeline=stay(1e7, won=0.5, lost_no_decision=0.5))
    paths = run({"one": quiet}, [deal("a", close_date="2027-01-15")], horizon_quarters=4)
    assert np.all(paths.flow("n_slipped")[:, :, 0].mean(axis=0) > 0.999)
    assert np.all(paths.flow("slipped")[:, :, 0] <= 1000)


def test_origins_say_where_a_booking_was():
    rates = {name: stay(0.01, won=1.0) for name in ORIGINS[:3]}
    deals = [deal(name, category=name, amount=10 ** (i + 1)) for i, name in enumerate(rates)]
    paths = run({"one": segment(**rates)}, deals)
    assert np.all(paths.bookings_by_origin()[:, 0, 0] == [10, 100, 1000, 0])


def test_new_deals_arrive_at_their_rate_and_are_all_won_in_time():
    paths = run({"one": segment(sals_per_month=20, pipeline=stay(0.01, won=1.0))}, simulation={"paths": 1000})
    created = paths.flow("n_created")[:, :, 0]
    assert within(created.mean(axis=0), 60.0, np.sqrt(60.0 / 1000))
    assert not within(created.mean(axis=0), 63.0, np.sqrt(60.0 / 1000))
    assert np.all(paths.flow("n_won")[:, :, 0].sum(axis=1) >= created.sum(axis=1) - 3)


def test_an_unknown_close_date_never_slips():
    paths = run({"one": segment(sals_per_month=5)}, [deal("a")])
    assert not paths.flow("n_slipped").any()


def test_what_is_told_of_an_open_deal_adds_up_to_what_all_of_them_book():
    rates = {"sals_per_month": 5, "pipeline": stay(60, won=0.5, lost_no_decision=0.5)}
    deals = [deal(f"d{i}", amount=1000.0 * (i + 1)) for i in range(20)]
    paths = run({"one": segment(**rates)}, deals, simulation={"paths": 500})
    from_open = paths.bookings_by_origin()[..., :3].sum(axis=(2, 3))
    total = paths.bookings_new().sum(axis=2)
    signed, product, days = np.moveaxis(paths.open_tally, 2, 0)
    np.testing.assert_allclose(signed.sum(axis=0), from_open.mean(axis=0))
    np.testing.assert_allclose(product.sum(axis=0), (from_open * total).mean(axis=0), rtol=0.002)
    assert not np.allclose(product.sum(axis=0), from_open.mean(axis=0) * total.mean(axis=0), rtol=0.002)
    mean_days = days.sum(axis=0) / (paths.open_wins.sum(axis=0) / paths.n_paths)
    assert np.all(np.diff(mean_days) > 60) and 0 < mean_days[0] < 90


def test_futures_that_are_averaged_tell_the_same_of_an_open_deal():
    rates = {"pipeline": stay(60, won=0.5, lost_no_decision=0.5)}
    paths = run({"one": segment(**rates)}, [deal("a")], simulation={"paths": 100, "luck": False})
    n_futures = paths.n_paths * paths.n_averaged
    assert paths.n_averaged == 50
    won = paths.open_wins[0] / n_futures
    np.testing.assert_allclose(paths.open_tally[0, :, 0], 1000.0 * won)
    np.testing.assert_allclose(paths.open_tally[0, :, 1], (1000.0 * won) ** 2, rtol=0.01, atol=1.0)
