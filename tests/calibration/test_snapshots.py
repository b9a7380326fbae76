"""Histories of snapshots: when deals are seen next, and what is simulated until then."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from simulator.calibration.estimate import calibrate
from simulator.calibration.window import between_snapshots, next_snapshot
from simulator.history.states import deal_states
from tests.worlds.daily import WON, World, nobody
from tests.worlds.forecasts import CALENDAR, day, forecast, history_of

BUSY = World(
    win=lambda *_: 0.005, lose=lambda *_: 0.005, arrivals=lambda _: 1.0,
    amounts=lambda rng, n, _: np.full(n, 1000.0),
)  # fmt: skip
SNAPSHOTS = np.arange(np.datetime64("2021-03"), np.datetime64("2024-07"), 3).astype("datetime64[D]")
SEEN = SNAPSHOTS.astype(np.int64)


def lived(as_of: str, world: World = BUSY):
    return world.run(np.random.default_rng(1), nobody(), day("2021-01-01"), day(as_of) + 1)


def in_snapshots(as_of: str):
    """Return deals of which everything is dated at the first snapshot that shows it."""
    deals = lived(as_of)
    ended = deals.closed >= 0
    deals.closed[ended] = SEEN[np.searchsorted(SEEN, deals.closed[ended])]
    deals.created = SEEN[np.minimum(np.searchsorted(SEEN, deals.created), len(SEEN) - 1)]
    return deals


def test_quarterly_snapshots_are_found_and_their_next_day():
    history = history_of(in_snapshots("2024-06-01"), day("2024-06-01"))
    found = next_snapshot(deal_states(history))
    assert found is not None
    assert abs(found - dt.date(2024, 9, 1)) <= dt.timedelta(2)


def test_what_a_snapshot_shows_happened_at_any_time_since_the_one_before():
    history = history_of(in_snapshots("2024-06-01"), day("2024-06-01"))
    states = deal_states(history)
    spread = between_snapshots(states)
    back = (states.start - spread.start) / np.diff(SEEN).mean()
    assert back.min() >= 0.0 and back.max() < 1.05
    np.testing.assert_allclose(np.quantile(back, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.02)
    ended = states.exit >= 0
    lasted, was = (spread.end - spread.start)[ended], (states.end - states.start)[ended]
    assert lasted.mean() == pytest.approx(was.mean(), abs=1.0)
    np.testing.assert_array_equal(spread.end[~ended], states.end[~ended])


@pytest.mark.parametrize("a_day", [1.0, 0.02])
def test_deals_seen_day_by_day_or_simply_few_are_no_snapshots(a_day):
    deals = lived("2024-06-01", replace(BUSY, arrivals=lambda _: a_day))
    assert next_snapshot(deal_states(history_of(deals, day("2024-06-01")))) is None


def test_nothing_ends_before_the_next_snapshot_and_quarters_stay_what_they_were():
    deals = in_snapshots("2024-06-01")
    history = history_of(deals, day("2024-06-01"))
    calibration = calibrate(history, CALENDAR)
    assert any("snapshot" in note for note in calibration.notes)
    found = forecast(history, calibration, 3)
    assert (found[:, 0] == 0.0).all()
    won = deals.outcome == WON
    usual = np.unique(deals.closed[won], return_counts=True)[1][4:].mean() * 1000.0
    assert found[:, 1:].mean() == pytest.approx(usual, rel=0.25)
    # Without the snapshots' rule the rest of June would bring a third of a quarter more.
    assert forecast(history, replace(calibration, next_snapshot=None), 1).mean() > 0.2 * usual
