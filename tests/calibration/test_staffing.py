"""Ramp, attrition and the funnel are recovered from histories simulated from known rates."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from simulator.calibration.funnel import NOT_TOLD, estimate_funnel
from simulator.calibration.pooling import pool_rates
from simulator.calibration.ramp import (
    PUBLISHED_MEDIAN,
    TENURE_BINS,
    published_ramp,
    ramp_curve,
    tenure_bin,
)
from simulator.calibration.roster import roster
from simulator.calibration.staffing import calibrate_staffing
from simulator.calibration.staffing_rates import staffing_rates
from simulator.calibration.validation import faults_of
from simulator.history.states import deal_states
from simulator.history.tables import History, empty_table
from tools.sample_company.company import AS_OF, CALENDAR, FIRST_DAY, TRUTH
from tools.sample_company.history import typed

TRUE_RAMP = np.array([0.05, 0.15, 0.3, 0.45, 0.6, 0.8, 0.95, 1.0])


def wins_of(ramp, rng, level=0.8, n_groups=200):
    """Return wins and rep-months by (group, bin of tenure), levels differing between groups."""
    rep_months = rng.poisson([1, 1, 1, 1, 2, 3, 3, 6], (n_groups, len(TENURE_BINS))).astype(float)
    levels = level * rng.gamma(4.0, 0.25, n_groups)
    return rng.poisson(levels[:, None] * ramp * rep_months).astype(float), rep_months


def test_the_ramp_is_recovered():
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(30):
        curve = ramp_curve(*wins_of(TRUE_RAMP, rng))
        mean, sd = curve.shape / curve.rate, np.sqrt(curve.shape) / curve.rate
        inside.append(np.abs(mean - TRUE_RAMP)[:-1] < 1.2816 * sd[:-1])
        assert curve.source == "calibrated"
        assert (np.diff(mean) >= -1e-12).all()
        assert mean[-1] == pytest.approx(1.0)
    assert 0.65 < np.mean(inside) < 0.95


def test_a_ramp_is_not_found_where_there_is_none():
    curve = ramp_curve(*wins_of(np.ones(len(TENURE_BINS)), np.random.default_rng(6)))
    assert (curve.shape / curve.rate)[1] > 0.7
    slow = ramp_curve(*wins_of(TRUE_RAMP, np.random.default_rng(6)))
    assert (slow.shape / slow.rate)[1] < 0.35


def test_too_few_wins_leave_the_published_ramp():
    few = np.zeros((3, len(TENURE_BINS)))
    curve = ramp_curve(few, few + 1.0)
    assert "Bridge Group" in curve.source
    assert curve.by_month()[0] < 0.3
    assert curve.by_month()[-1] == pytest.approx(1.0)


def test_the_published_ramp_has_its_median_and_stretches():
    ramp = published_ramp()
    assert (np.diff(ramp) >= 0).all()
    assert ramp[-1] == pytest.approx(1.0)
    # Twice the median: at twice the tenure as far.
    double = published_ramp(2 * PUBLISHED_MEDIAN)
    assert double[6:8].mean() == pytest.approx(ramp[3], abs=0.01)
    assert published_ramp(1e-9)[0] == pytest.approx(1.0)


def test_tenure_bins_hold_their_first_months():
    assert tenure_bin(np.array(TENURE_BINS)).tolist() == list(range(len(TENURE_BINS)))
    assert tenure_bin(np.array([5, 11, 400])).tolist() == [4, 6, 7]


def test_attrition_is_recovered_from_a_roster():
    rng = np.random.default_rng(8)
    stays = rng.exponential(40.0, 900)
    events = np.bincount(np.arange(900) % 3, stays < 24, minlength=3)
    exposure = np.bincount(np.arange(900) % 3, np.minimum(stays, 24), minlength=3)
    pooled = pool_rates(events, exposure, 0.025)
    assert np.abs(pooled.shape / pooled.rate - 1 / 40).max() < 4 * (1 / 40) / np.sqrt(events.min())


def test_the_roster_keeps_account_executives_of_known_segments():
    table = pd.DataFrame(
        {
            "rep_id": ["a", "b", "c"],
            "role": ["AE", "csm", "ae"],
            "segment": ["smb", "smb", "elsewhere"],
            "start_date": pd.to_datetime(["2026-01-15"] * 3),
            "end_date": pd.to_datetime(["2026-03-02", None, None]),
            "quota": [1e5, np.nan, np.nan],
        }
    )
    found = roster(table, ("smb",))
    assert found["rep_id"].tolist() == ["a"]
    assert (found["end"] - found["start"]).tolist() == [3]


def leads(lag, rng, shares=(0.4, 0.5, 0.6), n_months=36):
    """Return a leads table of two segments whose SALs follow the leads of ``lag`` months before."""
    rows = []
    months = pd.date_range("2024-01-01", periods=n_months, freq="MS")
    for name in ("smb", "enterprise"):
        came = rng.poisson(rng.uniform(60, 400, n_months + lag))
        for i, month in enumerate(months):
            mqls = rng.binomial(came[i], shares[0])
            sqls = rng.binomial(mqls, shares[1])
            sals = rng.binomial(sqls, shares[2])
            rows.append((month, name, "marketing", came[i + lag], mqls, sqls, sals, 50.0 * came[i + lag]))
    columns = ["month", "segment", "source", "leads", "mqls", "sqls", "sals", "cost"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_lag_shares_and_cost_of_leads_are_recovered(lag):
    funnel = estimate_funnel(leads(lag, np.random.default_rng(9)), ("enterprise", "smb"))
    assert funnel.lag_months.tolist() == [lag, lag]
    a, b = funnel.share[:, 1, 0], funnel.share[:, 1, 1]
    sd = np.sqrt(0.25 / (a + b))
    assert (np.abs(a / (a + b) - 0.5) < 4 * sd).all()
    assert funnel.cost_per_sal() == pytest.approx(50 / (0.4 * 0.5 * 0.6), rel=0.15)


def test_a_lag_that_the_history_does_not_tell_is_not_told():
    table = leads(0, np.random.default_rng(10))
    table["leads"] = 200.0
    assert estimate_funnel(table, ("enterprise", "smb")).lag_months.tolist() == [NOT_TOLD, NOT_TOLD]
    assert estimate_funnel(table.iloc[:0], ("smb",)) is None


def small_history(n_months=30, seed=4):
    """Return a history of one segment whose ten reps, hired one after the other, own and win deals."""
    rng = np.random.default_rng(seed)
    starts = pd.to_datetime(["2022-01-01"] * 4 + [f"2024-{m:02d}-01" for m in range(2, 8)])
    reps = pd.DataFrame(
        {
            "rep_id": [f"r{i}" for i in range(10)],
            "role": "ae",
            "segment": "smb",
            "start_date": starts,
            "end_date": pd.to_datetime([None] * 9 + ["2025-03-15"]),
            "quota": 600_000.0,
        }
    )
    rows = []
    for month in pd.date_range("2023-07-01", periods=n_months, freq="MS"):
        for rep in reps.itertuples():
            tenure = (month.year - rep.start_date.year) * 12 + month.month - rep.start_date.month
            if tenure < 0 or (rep.end_date is not pd.NaT and month > rep.end_date):
                continue
            for _ in range(rng.poisson(4.0 * TRUE_RAMP[tenure_bin(np.array([tenure]))[0]])):
                day = month + pd.Timedelta(days=int(rng.integers(0, 28)))
                end = day + pd.Timedelta(days=int(rng.exponential(40)) + 1)
                source = "outbound" if rng.random() < 0.5 else "marketing"
                rows.append(
                    (rep.rep_id, day, end, "won" if rng.random() < 0.6 else "lost_no_decision", source)
                )
    deals = pd.DataFrame(rows, columns=["owner", "created_date", "closed_date", "outcome", "source"])
    as_of = dt.date(2025, 12, 31)
    over = deals["closed_date"] <= pd.Timestamp(as_of)
    deals = deals.assign(
        opportunity_id=[f"d{i}" for i in range(len(deals))],
        segment="smb",
        amount=1000.0,
        qualified_date=deals["created_date"],
        outcome=deals["outcome"].where(over),
        closed_date=deals["closed_date"].where(over),
    )
    return History(as_of=as_of, opportunities=typed("opportunities", deals), reps=typed("reps", reps))


def test_reps_of_a_whole_history_are_recovered():
    history = small_history()
    found = calibrate_staffing(history, deal_states(history), ("smb",))
    mean = found.ramp.shape / found.ramp.rate
    sd = np.sqrt(found.ramp.shape) / found.ramp.rate
    assert (np.abs(mean - TRUE_RAMP)[:-1] < 4 * sd[:-1]).all()
    assert mean[0] < 0.5 < mean[-2]
    assert found.heads.tolist() == [9]
    assert found.quota.tolist() == [600_000]
    assert found.departures.tolist() == [1]
    # Half of four SALs a month and ramped rep.
    own = found.self_sourced_shape[0] / found.self_sourced_rate[0]
    assert abs(own - 2.0) < 4 * np.sqrt(found.self_sourced_shape[0]) / found.self_sourced_rate[0]
    # Four a month that stay 41 days each: 5.4 in work on average, seldom 12; nobody ever has to wait.
    assert found.capacity.verdict == ("no limit seen",)
    assert 5 < found.capacity.most_load[0] < 12
    assert found.capacity.per_rep[0].tolist() == [0.0, 0.0, 0.0]


def test_reps_are_the_owners_of_deals_where_there_is_no_table_of_them():
    history = small_history()
    bare = dataclasses.replace(history, reps=empty_table("reps"))
    found = calibrate_staffing(bare, deal_states(bare), ("smb",))
    assert found.heads.tolist() == [9]
    assert any("No table of reps" in note for note in found.notes)


def test_a_history_without_reps_and_leads_has_no_staffing():
    history = small_history(n_months=3)
    nobodys = history.opportunities.assign(owner=None)
    bare = dataclasses.replace(history, reps=empty_table("reps"), opportunities=nobodys)
    assert calibrate_staffing(bare, deal_states(bare), ("smb",)) is None


def staffing_faults(staffing) -> list[str]:
    whole = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    return [fault.what for fault in faults_of(dataclasses.replace(whole, staffing=staffing), "rates.json")]


def test_an_unsound_staffing_is_told():
    history = small_history(n_months=12)
    found = calibrate_staffing(history, deal_states(history), ("smb",))
    assert not staffing_faults(found)
    negative = dataclasses.replace(found, quota=np.array([-1.0]))
    assert any("quota" in fault for fault in staffing_faults(negative))
    skewed = dataclasses.replace(found, heads=np.array([1, 2]))
    assert any("axes" in fault for fault in staffing_faults(skewed))
    names = {row["name"] for row in staffing_rates(found)}
    assert {"ramp", "attrition", "self-sourced SALs", "open deals per rep", "backfill"} <= names
