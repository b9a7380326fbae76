"""Exposure: days and events of states written by hand, counted by hand."""

import datetime as dt
import time

import numpy as np
import pytest

from simulator.calibration.exposure import aggregate, deal_months, due_code
from simulator.fiscal import FiscalCalendar, months_of_days
from simulator.history.states import CENSORED, CHANGED, deal_states
from tests.calibration.known_deals import KnownRates, simulate_history
from tests.calibration.made_states import day, made_states, month, states_of

ONE_SEGMENT = np.zeros(5, dtype=np.int64)
FEBRUARY_START = FiscalCalendar(2)
WON = 3


def split(states, calendar=FEBRUARY_START):
    return deal_months(states, ONE_SEGMENT, calendar)


def test_a_state_over_three_months_is_cut_at_their_boundaries():
    states = made_states(
        "2026-12-31", {"start": day("2026-01-20"), "end": day("2026-03-11") + 0.5, "exit": WON}
    )
    rows = split(states)
    assert rows.days.tolist() == [12.0, 28.0, 10.5]
    assert rows.month.tolist() == [month("2026-01"), month("2026-02"), month("2026-03")]
    assert rows.event.tolist() == [-1, -1, WON]
    assert rows.age.tolist() == [0, 1, 2]
    assert rows.linearity.tolist() == [2, 0, 1]


def test_an_event_at_a_month_boundary_belongs_to_the_month_that_ends():
    states = made_states("2026-12-31", {"start": day("2026-01-20"), "end": day("2026-02-01"), "exit": WON})
    rows = split(states)
    assert rows.month.tolist() == [month("2026-01")]
    assert rows.event.tolist() == [WON]


def test_a_state_of_no_length_keeps_its_event():
    moment = day("2026-01-20") + 0.5
    states = made_states(
        "2026-12-31",
        {"start": moment, "end": moment, "exit": 1},
        {"start": moment, "end": moment + 1, "category": 1, "exit": WON},
    )
    rows = split(states)
    assert rows.days.tolist() == [0.0, 1.0]
    assert rows.event.tolist() == [1, WON]


def test_censored_and_changed_states_are_no_events():
    states = made_states(
        "2026-02-10",
        {"start": day("2026-02-01"), "end": day("2026-02-05"), "exit": CHANGED},
        {"start": day("2026-02-05"), "end": day("2026-02-11"), "exit": CENSORED},
    )
    rows = split(states)
    assert (rows.event == -1).all()
    assert rows.days.sum() == 10.0


def test_age_counts_calendar_months_since_the_category_was_entered():
    entered = day("2025-01-31")
    states = made_states(
        "2026-12-31", {"start": day("2025-02-01"), "end": day("2026-03-01"), "entered": entered}
    )
    rows = split(states)
    assert rows.age.tolist() == [1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 7, 7]


def test_due_is_told_by_the_close_month_and_none_is_later():
    at = np.full(4, month("2026-05"))
    planned = np.array([month("2026-06"), month("2026-05"), month("2026-04"), -1])
    assert due_code(planned, at).tolist() == [0, 1, 2, 0]


def test_a_date_moved_to_the_day_of_signing_does_not_make_a_deal_due():
    planned = month("2026-06")
    states = made_states(
        "2026-12-31",
        {"start": day("2026-03-01"), "end": day("2026-03-20"), "close_month": planned, "exit": CHANGED,
         "exit_close_month": month("2026-03")},
        {"start": day("2026-03-20"), "end": day("2026-03-21"), "close_month": month("2026-03"), "exit": WON},
    )  # fmt: skip
    rows = split(states)
    assert rows.due.tolist() == [0, 0]
    assert rows.event.tolist() == [-1, WON]


def redated(when: str, planned: str, moved_to: str):
    before = {"start": day("2026-03-10"), "end": day(when), "close_month": month(planned), "exit": CHANGED}
    after = {
        "start": day(when),
        "end": day("2026-05-20"),
        "close_month": month(moved_to),
        "pushes": 1,
        "exit": 5,
    }
    return split(made_states("2026-12-31", {**before, "exit_close_month": month(moved_to)}, after))


def test_a_push_in_the_first_days_of_a_month_counts_for_the_month_before():
    rows = redated("2026-04-03", "2026-03", "2026-05")
    march = rows.month == month("2026-03")
    assert rows.next_close_month[march & rows.open_at_month_end].tolist() == [month("2026-05")]
    assert rows.due[rows.month == month("2026-04")].tolist() == [0]
    assert rows.pushes[rows.month == month("2026-04")].tolist() == [1]


def test_a_push_later_in_the_month_leaves_the_deal_past_due_for_it():
    rows = redated("2026-04-10", "2026-03", "2026-05")
    march = rows.month == month("2026-03")
    assert rows.next_close_month[march & rows.open_at_month_end].tolist() == [month("2026-03")]
    assert set(rows.due[rows.month == month("2026-04")]) == {2}


def test_the_last_month_of_a_history_counts_as_ended_only_when_it_is_over():
    over = split(made_states("2026-02-28", {"start": day("2026-02-01"), "end": day("2026-03-01")}))
    cut = split(made_states("2026-02-27", {"start": day("2026-02-01"), "end": day("2026-02-28")}))
    assert over.open_at_month_end.tolist() == [True]
    assert cut.open_at_month_end.tolist() == [False]


def test_aggregation_loses_neither_days_nor_events():
    truth = KnownRates()
    history = simulate_history(truth, dt.date(2024, 2, 1), dt.date(2025, 1, 17), seed=5)
    states = deal_states(history)
    code = history.opportunities["segment"].map({name: i for i, name in enumerate(truth.segments)}).to_numpy()
    rows = deal_months(states, code, truth.calendar)
    profile = np.arange(len(code)) % 4
    exposure = aggregate(rows, profile, 3, 4)
    assert exposure.days.sum() == pytest.approx((states.end - states.start).sum(), rel=1e-12)
    assert exposure.events.sum(axis=0).tolist() == [(states.exit == k).sum() for k in range(7)]
    by_cell = exposure.events_by(exposure.cell, int(np.prod(exposure.cell_axes)))
    assert by_cell.sum() == exposure.events.sum()
    assert len(np.unique(np.stack([exposure.cell, exposure.profile]), axis=1).T) == len(exposure.cell)


def test_month_numbers_of_days_follow_the_calendar():
    days = np.array([day("1999-12-31") + 0.99, day("2000-02-29"), day("2000-03-01")])
    assert months_of_days(days).tolist() == [month("1999-12"), month("2000-02"), month("2000-03")]


def test_no_states_give_no_rows():
    states = made_states("2026-01-31")
    assert len(split(states).days) == 0


def test_a_hundred_thousand_deals_are_split_within_seconds():
    n = 100_000
    rng = np.random.default_rng(1)
    start = day("2020-01-01") + rng.uniform(0, 2000, n)
    zero, none = np.zeros(n, dtype=np.int64), np.full(n, -1)
    states = states_of(
        "2030-01-31",
        deal=np.arange(n),
        start=start,
        end=start + rng.exponential(150, n),
        entered=start,
        category=zero,
        late=zero,
        close_month=none,
        pushes=zero,
        amount=np.ones(n),
        exit=zero + 5,
        exit_close_month=none,
    )
    began = time.process_time()
    rows = deal_months(states, np.zeros(n, dtype=np.int64), FEBRUARY_START)
    aggregate(rows, np.zeros(n, dtype=np.int64), 1, 1)
    assert time.process_time() - began < 3.0
    assert rows.days.sum() == pytest.approx((states.end - states.start).sum(), rel=1e-9)
