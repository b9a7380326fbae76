"""How winning is spread over the days of a month."""

import numpy as np
import pytest

from simulator.calibration.clock import clock_days, month_clock
from simulator.calibration.exposure import DealMonths, deal_months
from simulator.fiscal import month_start_day
from simulator.history.states import deal_states
from tests.worlds.daily import WON, Deals
from tests.worlds.forecasts import CALENDAR, day, history_of

N_MONTHS, WINS = 36, 40


def months_of(seed: int, last_ten: float) -> tuple[DealMonths, np.ndarray]:
    """Return deals that each end in one month, won in its last ten days with the chance given."""
    rng = np.random.default_rng(seed)
    month = np.repeat(np.arange(N_MONTHS) + 2022 * 12, WINS)
    start = month_start_day(month)
    length = month_start_day(month + 1) - start
    late = rng.random(len(month)) < last_ten
    days = np.where(late, length - 10.0 * rng.random(len(month)), (length - 10.0) * rng.random(len(month)))
    none, nowhere = np.zeros(len(month), dtype=np.int64), np.full(len(month), -1)
    rows = DealMonths(
        deal=np.arange(len(month)), segment=none, month=month, start=start, days=days, place=month % 3,
        category=none, late=none, age=none, due=none, linearity=none, pushes=none, event=none + 3,
        close_month=nowhere, open_at_month_end=none > 0, next_close_month=nowhere, amount=start * 0.0,
    )  # fmt: skip
    # As many deals are at risk throughout each month.
    return rows, length


def with_those_that_stay(rows: DealMonths, length: np.ndarray) -> DealMonths:
    n = len(length)
    both = {name: np.concatenate([column] * 2) for name, column in vars(rows).items()}
    both["days"] = np.concatenate([rows.days, length])
    both["event"] = np.concatenate([rows.event, np.full(n, -1)])
    return DealMonths(**both)


def test_a_rush_is_found():
    clock = month_clock(with_those_that_stay(*months_of(1, 0.6)))
    assert clock is not None
    share = clock.concentration / clock.concentration.sum(axis=1, keepdims=True)
    assert share[:, 2:].sum(axis=1) == pytest.approx(0.6, abs=0.05)
    assert (clock.pace[:, 2:] > 1.5).all()
    assert (clock.pace * clock.base).sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(5))
def test_even_days_have_no_clock(seed):
    rows, length = months_of(seed, 10.0 / 30.4)
    assert month_clock(with_those_that_stay(rows, length)) is None


def test_deals_that_all_end_at_one_age_have_no_clock():
    rng = np.random.default_rng(4)
    deals = Deals(
        day("2022-01-01") + np.sort(rng.integers(0, 1000, 1500)), np.ones(1500), np.ones(1500), np.ones(1500)
    )
    deals.outcome[:], deals.closed = WON, deals.created + 60
    history = history_of(deals, int(deals.closed.max()))
    months = deal_months(deal_states(history), np.zeros(1500, dtype=np.int64), CALENDAR)
    assert (months.event == 3).sum() > 1000
    assert month_clock(months) is None


def test_days_are_those_of_the_pace():
    rows = with_those_that_stay(*months_of(1, 0.6))
    clock = month_clock(rows)
    assert clock_days(rows, None) is rows.days
    whole = clock_days(rows, clock)[len(rows.days) // 2 :]
    assert whole == pytest.approx(rows.days[len(rows.days) // 2 :], rel=0.1)
    first_days = rows.days < 9.0
    assert (clock_days(rows, clock)[first_days] < 0.9 * rows.days[first_days]).all()
