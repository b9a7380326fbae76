"""Left truncation: a history that holds only deals still open on some day is cut there."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from simulator.calibration.estimate import calibrate
from simulator.calibration.window import first_known_end, states_from
from simulator.fiscal import FiscalCalendar
from simulator.history.states import deal_states
from tests.calibration.known_deals import PIPELINE, WON, KnownRates, simulate_history
from tests.calibration.made_states import day, made_history, made_opportunities, states_of

RATE = 0.02


def constant_rate(n=3000, seed=1, known_from=None):
    """Deals that end at one rate, arriving over two years; those that ended before a day are not known."""
    rng = np.random.default_rng(seed)
    start = np.sort(day("2024-01-01") + rng.uniform(0, 730, n))
    end = start + rng.exponential(1 / RATE, n)
    cut = day("2026-01-01")
    known = (start < cut) & (end >= (known_from or 0.0))
    start, end = start[known], end[known]
    ended = end < cut
    m = len(start)
    zero, none = np.zeros(m, dtype=np.int64), np.full(m, -1)
    return states_of(
        "2025-12-31", deal=np.arange(m), start=start, end=np.minimum(end, cut), entered=start, category=zero,
        late=zero, close_month=none, pushes=zero, amount=np.ones(m), exit=np.where(ended, WON, -1),
        exit_close_month=none,
    )  # fmt: skip


def test_a_whole_history_is_not_cut():
    assert first_known_end(constant_rate()) is None


def test_a_history_of_survivors_is_cut_at_the_first_end():
    known_from = day("2024-09-15")
    assert first_known_end(constant_rate(known_from=known_from)) == known_from


def test_the_cut_takes_away_the_bias():
    states = constant_rate(known_from=day("2024-09-15"))
    ends = (states.exit == WON).sum()
    biased = ends / (states.end - states.start).sum()
    cut = states_from(states, first_known_end(states))
    rate = ends / (cut.end - cut.start).sum()
    error = RATE / np.sqrt(ends)
    assert rate == pytest.approx(RATE, abs=4 * error)
    assert biased < RATE - 4 * error


def test_states_before_the_cut_vanish_and_those_across_it_enter_at_their_age():
    states = constant_rate(n=50)
    at = float(np.median(states.end))
    cut = states_from(states, at)
    assert (cut.start >= at).all()
    assert (cut.end > at).all()
    assert set(cut.deal) == set(states.deal[states.end > at])
    assert (cut.entered < at).any()


def test_a_company_that_starts_from_nothing_is_not_cut():
    truth = KnownRates()
    history = simulate_history(truth, dt.date(2024, 2, 1), dt.date(2026, 1, 31), seed=2)
    assert first_known_end(deal_states(history)) is None


def test_a_history_without_ends_is_not_cut():
    states = replace(constant_rate(n=50), exit=np.full(50, -1))
    assert first_known_end(states) is None


def test_calibration_says_where_it_cut():
    states = constant_rate(known_from=day("2024-09-15"))
    moments = [(d * 86400e9) for d in (states.start, states.end)]
    created, closed = (m.astype("int64").astype("datetime64[ns]") for m in moments)
    won = states.exit == WON
    deals = made_opportunities(
        len(won),
        created_date=list(created.astype("datetime64[D]").astype("datetime64[ns]")),
        closed_date=list(np.where(won, closed, np.datetime64("NaT", "ns"))),
        outcome=["won" if w else None for w in won],
        amount=[100.0] * len(won),
    )
    found = calibrate(made_history("2025-12-31", deals), FiscalCalendar(1))
    assert found.first_day == dt.date(2024, 9, 15)
    assert any("No deal ended before 2024-09-15" in note for note in found.notes)
    mean = found.hazards.shape[0, PIPELINE, WON] / found.hazards.rate[0, PIPELINE, WON]
    assert mean == pytest.approx(RATE, rel=0.08)
    # 3,000 deals in 24 months; survivors from before the cut are no arrivals.
    assert found.arrivals.shape[0] / found.arrivals.rate[0] == pytest.approx(125.0, rel=0.1)
