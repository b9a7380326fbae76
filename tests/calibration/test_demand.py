"""Demand: SALs a month, season, drift and scatter."""

import datetime as dt

import numpy as np
import pytest

from simulator.calibration.demand import demand
from simulator.calibration.rates import gamma_estimate
from simulator.fiscal import FiscalCalendar, day_number, month_start_day
from tests.calibration.made_states import made_opportunities, states_of

JANUARY_2024 = 2024 * 12


def found(counts_by_stream, segments=("a",), sources=None, as_of=None):
    """Estimate from monthly counts, shape (stream, month); a stream is (segment, source)."""
    counts = np.atleast_2d(counts_by_stream)
    n_streams, n_months = counts.shape
    segment_of = [0] * n_streams if len(segments) == 1 else list(range(n_streams))
    stream, month = (np.repeat(i.ravel(), counts.ravel()) for i in np.indices(counts.shape))
    n = len(stream)
    start = month_start_day(JANUARY_2024 + month) + 0.5
    segment = np.array(segment_of)[stream]
    order = np.argsort(start, kind="stable")
    start, segment, stream = start[order], segment[order], stream[order]
    zero, none = np.zeros(n, dtype=np.int64), np.full(n, -1)
    last = JANUARY_2024 + n_months
    as_of = as_of or dt.date(last // 12, last % 12 + 1, 1) - dt.timedelta(days=1)
    states = states_of(
        as_of.isoformat(), deal=np.arange(n), start=start, end=np.full(n, day_number(as_of) + 1.0),
        entered=start, category=zero, late=zero, close_month=none, pushes=zero, amount=np.ones(n),
        exit=none, exit_close_month=none,
    )  # fmt: skip
    columns = {"source": [sources[i] for i in stream]} if sources else {}
    table = made_opportunities(n, **columns)
    return demand(
        states,
        table,
        segment=segment,
        arrived=np.ones(n, dtype=bool),
        names=tuple(segments),
        as_of=as_of,
        calendar=FiscalCalendar(),
    )


def test_a_steady_stream_has_its_mean_and_the_interval_of_a_count():
    result = found([[10] * 12])
    mean, low, high = gamma_estimate(float(result.arrivals.shape[0]), float(result.arrivals.rate[0]))
    assert mean == pytest.approx(10.0, rel=1e-4)
    assert result.arrivals.dispersion[0] == np.inf
    assert (high - low) / 2.563 == pytest.approx(np.sqrt(10 / 12), rel=0.05)
    assert result.arrivals.source == ("all",)
    assert result.arrivals.season.tolist() == [1.0] * 12


def test_a_part_of_a_month_counts_as_a_part():
    result = found([[31] * 11 + [31]], as_of=dt.date(2024, 12, 31))
    cut = found([[31] * 11 + [0]], as_of=dt.date(2024, 12, 1))
    assert result.arrivals.exposure_months[0] == pytest.approx(12.0)
    assert cut.arrivals.exposure_months[0] == pytest.approx(11.0 + 1 / 31)
    assert cut.arrivals.shape[0] / cut.arrivals.rate[0] == pytest.approx(31.0, rel=0.01)


def test_streams_are_told_apart_by_source():
    result = found([[8] * 12, [4] * 12], sources=["inbound", "outbound"])
    assert result.arrivals.source == ("inbound", "outbound")
    mean = result.arrivals.shape / result.arrivals.rate
    assert mean == pytest.approx([8.0, 4.0], rel=0.02)


def test_a_segment_without_deals_keeps_a_stream_that_says_little():
    result = found([[8] * 12, [0] * 12], segments=("a", "b"))
    assert result.arrivals.segment.tolist() == [0, 1]
    assert result.arrivals.events.tolist() == [96.0, 0.0]
    assert 0 < result.arrivals.shape[1] / result.arrivals.rate[1] < 1.0


def test_scatter_beyond_chance_is_seen_and_widens_the_interval():
    rng = np.random.default_rng(3)
    scattered = rng.negative_binomial(3, 3 / (3 + 20), 36)
    steady = rng.poisson(20, 36)
    wide, narrow = found([scattered]), found([steady])
    assert 1.0 < wide.arrivals.dispersion[0] < 9.0
    assert narrow.arrivals.dispersion[0] > 50.0
    assert wide.arrivals.shape[0] < narrow.arrivals.shape[0] / 2


def test_a_season_is_learnt_from_two_years_or_more():
    year = [10, 10, 10, 10, 10, 30, 10, 10, 10, 10, 10, 30]
    result = found([year * 4])
    season = result.arrivals.season
    assert season.mean() == pytest.approx(1.0)
    assert season[[5, 11]].min() > 1.3
    assert season[[0, 1, 2]].max() < 1.0
    assert (result.arrivals.season_log_sd > 0).all()
    short = found([year])
    assert short.arrivals.season.tolist() == [1.0] * 12
    assert any("Season" in note for note in short.notes)


def test_what_grows_stands_where_it_has_grown_to_and_goes_on_growing():
    growing = np.round(np.linspace(10, 60, 36)).astype(int)
    result = found([growing])
    assert result.arrivals.shape[0] / result.arrivals.rate[0] == pytest.approx(60, rel=0.12)
    # Three per cent a month at the end, five times that in the beginning.
    assert 0.03 < result.course.growth < 0.2
    assert found([[30] * 36]).course.growth == pytest.approx(0.0, abs=0.005)


def test_a_segment_that_drifts_by_itself_counts_its_recent_months_more_and_says_so():
    growing = np.round(np.linspace(10, 60, 36)).astype(int)
    result = found([growing, 80 - growing], segments=("a", "b"))
    mean = result.arrivals.shape / result.arrivals.rate
    assert mean[0] > 45
    assert mean[1] < 35
    assert sum("drifted" in note for note in result.notes) == 2


def test_chance_is_no_drift():
    result = found([np.random.default_rng(5).poisson(20, 36)])
    assert not any("drifted" in note for note in result.notes)


def test_a_single_deal_gives_a_rate():
    result = found([[1]])
    assert np.isfinite(result.arrivals.shape).all()
    assert result.arrivals.shape[0] / result.arrivals.rate[0] == pytest.approx(1.0, rel=0.01)
