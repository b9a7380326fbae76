import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.backtest import past_forecasts
from simulator.analysis.backtest.backtest import backtest
from simulator.analysis.backtest.origins import knowable, past_origins
from simulator.analysis.backtest.past_forecasts import BacktestSettings, Samples, fingerprint, simulate_origin
from simulator.analysis.backtest.scores import SIMULATION, pit, score_table
from simulator.analysis.diagnose.qualified import qualified_deals
from simulator.calibration.calibration import DESTINATIONS
from simulator.calibration.estimate import calibrate
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.as_of import history_as_of
from simulator.history.load import load_history
from simulator.history.states import deal_states

SAMPLE = Path(__file__).resolve().parents[2] / "scenarios" / "sample" / "history"
CALENDAR = FiscalCalendar(2, "end")
ORIGIN = dt.date(2026, 4, 30)
QUICK = BacktestSettings(CALENDAR, n_quarters=2, n_paths=40, n_rate_draws=10)


@pytest.fixture(scope="module")
def history():
    return load_history(SAMPLE)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("simulator.cache.cache_folder", lambda kind: tmp_path / "kept")
    return tmp_path / "kept"


@pytest.fixture
def made_up(monkeypatch):
    """Let 'simulations' be quick normal draws of no meaning; return the days they were asked for."""
    asked = []

    def simulate(known, settings, calibration=None):
        asked.append(known.as_of)
        names = tuple(sorted(set(known.opportunities["segment"])))
        rng = np.random.default_rng(asked[-1].toordinal())
        shape = (settings.n_paths, settings.n_periods, len(names))
        return Samples(names, np.abs(rng.normal(7e5, 3e5, shape)))

    monkeypatch.setattr(past_forecasts, "simulate_origin", simulate)
    monkeypatch.setattr(past_forecasts.os, "cpu_count", lambda: 1)
    return asked


def with_another_future(history):
    """Return a history with the same past up to ORIGIN, and everything after it otherwise."""
    cut = pd.Timestamp(ORIGIN) + pd.Timedelta(days=1)
    deals = history.opportunities.copy()
    later = deals["closed_date"] >= cut
    still_open = deals["closed_date"].isna()
    deals["outcome"] = deals["outcome"].where(~later, "lost_no_decision")
    deals["closed_date"] = deals["closed_date"].where(~later, deals["closed_date"] + pd.Timedelta(days=5))
    deals["amount"] = deals["amount"].where(~(later | still_open), 3 * deals["amount"])
    deals["close_date"] = deals["close_date"].where(~(later | still_open), cut + pd.Timedelta(days=400))
    deals = deals[deals["created_date"] < cut]
    changes = history.stage_changes[history.stage_changes["changed_at"] < cut]
    changes = changes[changes["opportunity_id"].isin(deals["opportunity_id"])]
    calls = history.calls[history.calls["as_of"] < cut]
    return replace(
        history,
        opportunities=deals.reset_index(drop=True),
        stage_changes=changes.reset_index(drop=True),
        calls=calls.reset_index(drop=True),
    )


def with_a_telling_column(history):
    """Return the history with a competitor entered only when a deal ends, saying how it did."""
    deals = history.opportunities.assign(competitor=history.opportunities["outcome"])
    return replace(history, opportunities=deals)


def test_nothing_that_is_dated_later_is_known(history):
    past = fingerprint(knowable(history, ORIGIN), ())
    assert fingerprint(knowable(with_another_future(history), ORIGIN), ()) == past
    assert fingerprint(knowable(with_another_future(history), history.as_of), ()) != past


def test_a_planted_leak_does_not_reach_the_forecast(history):
    telling = with_a_telling_column(history)
    clean, blind = (knowable(h, ORIGIN) for h in (history, telling))
    assert fingerprint(blind, ()) == fingerprint(clean, ())
    assert any("competitor" in note for note in blind.notes)
    leaked = history_as_of(telling, ORIGIN).opportunities
    assert leaked.loc[leaked["outcome"].isna(), "competitor"].notna().any()


def test_amounts_of_open_deals_known_only_as_they_became_are_not_known(history):
    bare = replace(history, stage_changes=history.stage_changes.assign(amount=np.nan))
    deals = knowable(bare, ORIGIN).opportunities
    still_open = deals["outcome"].isna() & deals["closed_date"].isna()
    assert deals.loc[still_open, "amount"].isna().all()
    assert deals.loc[~still_open, "amount"].notna().mean() > 0.9


def test_origins_are_the_days_before_quarters_and_weeks_into_them(history):
    deals = qualified_deals(history, deal_states(history))
    origins, notes = past_origins(history, deals, CALENDAR, 2, (4, 0))
    assert [(str(o.as_of), o.week) for o in origins] == [
        ("2026-04-30", 0), ("2026-05-28", 4), ("2026-07-31", 0), ("2026-08-28", 4)
    ]  # fmt: skip
    assert not notes
    _, notes = past_origins(history, deals, CALENDAR, 40, (0,))
    assert "left out" in notes[0]


def test_a_history_without_past_quarters_is_refused(history):
    early = history_as_of(history, dt.date(2023, 12, 15))
    with pytest.raises(InputError, match="no forecast to make again"):
        backtest(early, QUICK)


def test_a_backtest_scores_every_quarter_that_is_over(history, made_up):
    result = backtest(history, QUICK)
    ours = result.forecasts[result.forecasts["method"] == SIMULATION]
    total = ours[ours["segment"] == "all"]
    assert list(zip(total["as_of"].astype(str), total["period"], total["ahead"], strict=True)) == [
        ("2026-04-30", "FY27Q2", 0), ("2026-04-30", "FY27Q3", 1), ("2026-07-31", "FY27Q3", 0)
    ]  # fmt: skip
    deals = history.opportunities
    won = deals[(deals["outcome"] == "won") & (deals["type"] == "new")]
    booked = won.loc[won["closed_date"].between("2026-08-01", "2026-10-31"), "amount"].sum()
    assert total["actual"].to_numpy()[1:] == pytest.approx(booked)
    by_segment = ours[(ours["segment"] != "all") & (ours["period"] == "FY27Q2")]
    assert by_segment["actual"].sum() == pytest.approx(total["actual"].iloc[0])
    points = result.forecasts[result.forecasts["method"] == "run_rate"]
    assert (points["p10"] < points["p50"]).all()
    assert (points["p50"] < points["p90"]).all()
    held = points["actual"].between(points["p10"], points["p90"])
    assert (points["inside"] == held).all()


def test_forecasts_are_kept_until_what_they_rest_on_changes(history, made_up, own_cache):
    one = replace(QUICK, n_quarters=1)
    first = backtest(history, one)
    assert len(made_up) == 1
    again = backtest(history, one)
    assert len(made_up) == 1
    pd.testing.assert_frame_equal(first.forecasts, again.forecasts)
    backtest(history, replace(one, seed=2))
    assert len(made_up) == 2
    backtest(history, one, fresh=True)
    assert len(made_up) == 3
    for path in own_cache.iterdir():
        path.write_bytes(b"broken")
    backtest(history, one)
    assert len(made_up) == 4
    assert not [path for path in own_cache.iterdir() if path.name.startswith(".")]


def test_a_correction_of_the_past_gives_another_name(history):
    changes = history.stage_changes
    one = changes["amount"].where(changes.index != 0, 1.0)
    corrected = replace(history, stage_changes=changes.assign(amount=one))
    assert fingerprint(corrected, ()) != fingerprint(history, ())
    assert fingerprint(history, (1,)) != fingerprint(history, (2,))


def test_weeks_out_of_range_are_refused(history):
    with pytest.raises(InputError, match="0 to 12"):
        backtest(history, replace(QUICK, weeks=(13,)))


def table_of(pits, inside):
    n = len(pits)
    figures = {name: np.ones(n) for name in ("crps", "pinball10", "pinball50", "pinball90")}
    places = {"week": 0, "ahead": 0, "segment": "all", "method": SIMULATION, "as_of": range(n)}
    money = {"quarter": range(n), "mean": 10.0, "p50": 10.0, "actual": 9.0}
    return pd.DataFrame(places | money | figures | {"pit": pits, "inside": inside}, index=range(n))


def test_scores_count_what_was_held():
    row = score_table(table_of(np.linspace(0, 1, 10), [1.0] * 7 + [0.0] * 3)).iloc[0]
    assert row["inside"] == pytest.approx(0.7)
    assert row["inside_low"] < 0.7 < row["inside_high"]
    assert row["bias"] == pytest.approx(1 / 9)


def test_rates_a_third_too_high_show_in_pit_and_coverage(history):
    """Actuals drawn from the rates as estimated, forecast by those and by win rates × 1.3."""
    known = knowable(history, ORIGIN)
    rates = calibrate(known, CALENDAR)
    faster = rates.hazards.rate.copy()
    faster[:, :, DESTINATIONS.index("won")] /= 1.3
    planted = replace(rates, hazards=replace(rates.hazards, rate=faster))
    settings = BacktestSettings(CALENDAR, n_periods=1, n_paths=400, n_rate_draws=200)
    actual = total(simulate_origin(known, replace(settings, n_paths=200, seed=2), rates))
    honest, wrong = (total(simulate_origin(known, settings, r)) for r in (rates, planted))
    error = np.sqrt(1 / 12 / actual.size)
    held_error = np.sqrt(0.8 * 0.2 / actual.size)
    assert abs(pits(honest, actual).mean() - 0.5) < 4 * error
    assert abs(held(honest, actual).mean() - 0.8) < 4 * held_error
    assert pits(wrong, actual).mean() < 0.5 - 4 * error
    assert held(wrong, actual).mean() < 0.8 - 4 * held_error


def total(samples):
    return samples.bookings[:, 0].sum(axis=1)


def pits(forecast, actual):
    return np.array([pit(forecast, y) for y in actual])


def held(forecast, actual):
    low, high = np.quantile(forecast, [0.1, 0.9])
    return (low <= actual) & (actual <= high)
