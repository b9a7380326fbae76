"""Close dates and entries: counted by hand on hand-made states."""

import numpy as np

from simulator.calibration.close_dates import PRIOR_DEALS, arrivals_seen, close_dates, entries, late_entries
from simulator.calibration.exposure import deal_months
from simulator.fiscal import FiscalCalendar
from simulator.history.states import CHANGED
from tests.calibration.made_states import day, made_states, month, states_of

ONE, BOTH = np.zeros(1, dtype=np.int64), np.array([0, 1])


def found(states, segment, n_segments=1, arrived=None):
    months = deal_months(states, segment, FiscalCalendar(1))
    seen = np.ones(len(segment), dtype=bool) if arrived is None else arrived
    return close_dates(states, months, segment, seen, n_segments)


def pushed_deal():
    """Due in March, moved at its end to June, in May to July; open past July, lost in September."""
    march, june, july = month("2026-03"), month("2026-06"), month("2026-07")
    moved = {"exit": CHANGED}
    return made_states(
        "2026-12-31",
        {"start": day("2026-02-10"), "end": day("2026-04-01"), "close_month": march, "exit_close_month": june}
        | moved,
        {"start": day("2026-04-01"), "end": day("2026-05-20"), "close_month": june, "exit_close_month": july}
        | moved,
        {"start": day("2026-05-20"), "end": day("2026-09-10"), "close_month": july, "pushes": 2, "exit": 5},
    )


def test_what_happens_at_the_ends_of_months_is_counted_by_due_status():
    dates = found(pushed_deal(), ONE)
    # Due: March moved, July not. Past due: August not. Due later: February, April, June not, May moved.
    assert dates.redate.tolist() == [[1.5, 1.5], [0.5, 1.5]]
    assert dates.n_early_push.tolist() == [4.0]
    # The push from March skips April and May; that from June goes to the next month.
    assert dates.push.events[0, :4].tolist() == [1.0, 0.0, 1.0, 0.0]


def test_the_first_close_date_is_counted_from_the_month_of_the_sal():
    dates = found(pushed_deal(), ONE)
    assert dates.offset.events[0].argmax() == 1
    assert dates.offset.events.sum() == 1.0


def test_a_close_date_before_the_sal_counts_as_the_same_month():
    states = made_states(
        "2026-12-31",
        {"start": day("2026-05-10"), "end": day("2026-05-20"), "close_month": month("2026-01"), "exit": 3},
    )
    assert found(states, ONE).offset.events[0, 0] == 1.0


def test_deals_without_close_dates_count_nowhere():
    dates = found(
        made_states("2026-12-31", {"start": day("2026-01-10"), "end": day("2026-08-01"), "exit": 5}), ONE
    )
    assert dates.redate.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert dates.push.events.sum() == dates.offset.events.sum() == dates.n_early_push.sum() == 0.0
    assert (dates.push.concentration.sum(axis=1) > 0).all()


def test_an_empty_segment_takes_the_shares_of_the_company():
    dates = found(pushed_deal(), BOTH, n_segments=2)
    assert dates.push.concentration[1, :3].tolist() == [PRIOR_DEALS / 2, 0.0, PRIOR_DEALS / 2]


def test_entries_are_counted_by_category_and_stage():
    states = made_states(
        "2026-12-31",
        {"deal": 0, "start": 1.0, "end": 5.0, "exit": 1},
        {"deal": 0, "start": 5.0, "end": 9.0, "category": 1, "exit": 3},
        {"deal": 1, "start": 2.0, "end": 9.0, "category": 1, "late": 1, "exit": 5},
    )
    law = entries(states, np.zeros(2, dtype=np.int64), np.ones(2, dtype=bool), 1)
    assert law.events.tolist() == [[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]
    assert law.concentration[0, [1, 2, 4, 5]].tolist() == [0.0] * 4


def test_moves_into_the_late_stage_are_counted_only_where_there_is_one():
    states = made_states(
        "2026-12-31",
        {"deal": 0, "start": 1.0, "end": 5.0, "exit": 1},
        {"deal": 0, "start": 5.0, "end": 9.0, "category": 1, "late": 1, "exit": 2},
        {"deal": 0, "start": 9.0, "end": 10.0, "category": 2, "exit": 3},
    )
    assert late_entries(states).tolist() == [[0.0, 1.0], [1.5, 0.5], [0.0, 1.0]]


def arriving(at_first: int, later: int):
    n = at_first + later
    start = np.concatenate(
        [np.full(at_first, day("2026-01-01") + 0.5), day("2026-01-02") + np.arange(later) * 3.0]
    )
    zero, none = np.zeros(n, dtype=np.int64), np.full(n, -1)
    return states_of(
        "2026-12-31", deal=np.arange(n), start=start, end=start + 30, entered=start, category=zero, late=zero,
        close_month=none, pushes=zero, amount=np.ones(n), exit=none, exit_close_month=none,
    )  # fmt: skip


def test_deals_that_were_open_when_the_history_begins_did_not_arrive():
    assert arrivals_seen(arriving(40, 60), 100).tolist() == [False] * 40 + [True] * 60


def test_an_ordinary_first_day_is_no_such_heap():
    assert arrivals_seen(arriving(3, 60), 63).all()


def test_a_history_of_one_day_keeps_its_deals():
    assert arrivals_seen(arriving(40, 0), 40).all()
