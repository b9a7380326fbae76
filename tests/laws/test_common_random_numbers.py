"""Bits do not depend on threads or blocks, and a change to one entity leaves all others' draws alone."""

import numpy as np

from simulator.engine.run import simulate as engine
from tests.small_companies import deal, run, segment, stay

RATES = {
    "pipeline": stay(40, best_case=0.6, lost_no_decision=0.4),
    "best_case": stay(30, commit=0.7, lost_competition=0.3),
    "commit": stay(20, won=0.8, lost_competition=0.2),
}
TWO = {
    "one": segment(sals_per_month=6, close_in_days=45, evidence_deals=40, **RATES),
    "two": segment(sals_per_month=9, evidence_deals=40, **RATES),
}
DEALS = [deal(f"d{i}", category=name) for i, name in enumerate([*RATES] * 5)]


def test_any_number_of_threads_and_any_block_give_the_same_bits(monkeypatch):
    one = run(TWO, DEALS, simulation={"threads": 1})
    two = run(TWO, DEALS, simulation={"threads": 2})
    monkeypatch.setattr(engine, "BLOCK", 37)
    small = run(TWO, DEALS, simulation={"threads": 2})
    for other in (two, small):
        assert np.array_equal(one.flows, other.flows)
        assert np.array_equal(one.monthly_bookings, other.monthly_bookings)
        assert np.array_equal(one.open_wins, other.open_wins)
        assert np.array_equal(one.open_tally, other.open_tally)
    assert not np.array_equal(one.flows, run(TWO, DEALS, simulation={"seed": 8}).flows)


def test_the_first_paths_of_a_longer_run_are_the_same():
    short = run(TWO, DEALS, simulation={"paths": 100})
    assert np.array_equal(short.flows, run(TWO, DEALS).flows[:100])


def test_removing_a_deal_changes_nothing_else():
    paths = run(TWO, DEALS)
    without = run(TWO, DEALS[1:])
    assert np.array_equal(paths.open_wins[1:], without.open_wins)
    assert np.array_equal(paths.flows[:, :, 1], without.flows[:, :, 1])
    gone = paths.bookings_new() - without.bookings_new()
    assert set(np.unique(gone)) <= {0.0, 1000.0}


def test_another_segment_changes_nothing_here():
    alone = run({"one": TWO["one"]}, DEALS)
    both = run(TWO, DEALS)
    assert np.array_equal(alone.flows[:, :, 0], both.flows[:, :, 0])


def test_more_sals_keep_the_ones_there_were():
    base = run(TWO, DEALS)
    more = run(TWO, DEALS, levers={"sals": "+20%"})
    assert np.all(more.flow("n_created") >= base.flow("n_created"))
    assert np.array_equal(base.open_wins, more.open_wins)


def test_a_lever_on_one_segment_leaves_the_other_bit_for_bit():
    base = run(TWO, DEALS)
    eager = run(TWO, DEALS, levers={"close_odds": {"factor": 1.5, "segments": ["one"]}})
    assert np.array_equal(base.flows[:, :, 1], eager.flows[:, :, 1])
    assert eager.bookings_new()[..., 0].mean() > base.bookings_new()[..., 0].mean()
