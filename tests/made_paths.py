"""Paths made by hand, whose figures are known exactly, and a plausible company's for charts."""

import datetime as dt

import numpy as np

from simulator.engine.paths import Paths
from simulator.fiscal import FiscalCalendar
from simulator.kernels.flows import FLOWS

CALENDAR = FiscalCalendar(start_month=2, label="end")


def make_paths(
    flows=None, *, n_paths=1, n_periods=1, segments=("a",), partial=False, first="FY27Q1", **more
) -> Paths:
    """Return paths with the flows given by name (broadcast to path, period, segment), the others 0."""
    values = np.zeros((n_paths, n_periods, len(segments), len(FLOWS)))
    for name, flow in (flows or {}).items():
        values[..., FLOWS.index(name)] = flow
    quarters = CALENDAR.parse_quarter(first) + np.arange(n_periods)
    months = np.arange(CALENDAR.first_month(int(quarters[0])), CALENDAR.first_month(int(quarters[-1]) + 1))
    shape = {"booked": (len(segments),), "n_booked": (len(segments),), "open_amount": (3, len(segments))}
    arrays = {name: np.zeros(size) for name, size in shape.items()}
    arrays["due_amount"] = np.zeros((n_periods, 3, len(segments)))
    arrays["n_open"] = np.zeros((3, len(segments)), dtype=np.int64)
    arrays["monthly_bookings"] = np.zeros((n_paths, len(months), len(segments)))
    arrays["rate_draw"] = np.arange(n_paths, dtype=np.int64)
    arrays |= {
        name: np.broadcast_to(np.asarray(more.pop(name)), old.shape).astype(old.dtype)
        for name, old in list(arrays.items())
        if name in more
    }
    return Paths(
        **{
            "scenario": "made",
            "currency": "USD",
            "as_of": dt.date(2026, 3, 15) if partial else dt.date(2026, 1, 31),
            "calendar": CALENDAR,
            "months": months,
            "quarters": quarters,
            "partial": partial,
            "segments": segments,
            "flows": values,
            "open_deals": (),
            "open_wins": np.zeros((0, n_periods), dtype=np.int64),
        }
        | arrays
        | more
    )


def sample_paths(
    n_paths=2000, *, n_periods=5, shock=0.15, rates=0.1, seed=1, partial=True, scale=1.0
) -> Paths:
    """Return a plausible company's simulations: three segments, luck, rates, a shared shock."""
    segments = ("enterprise_emea", "enterprise_us", "smb")
    luck, level, swing = (np.random.default_rng([seed, i]) for i in range(3))
    n_draws = max(1, n_paths // 20)
    draw = np.arange(n_paths) % n_draws
    factor = np.exp(rates * level.normal(size=(n_draws, 1, 3)))[draw]
    factor = factor * np.exp(shock * swing.normal(size=(n_paths, n_periods, 1)))
    expected = {
        "won_commit": [2.2, 0.5, 0.1, 0.0, 0.0],
        "won_best_case": [1.0, 1.5, 0.6, 0.2, 0.1],
        "won_pipeline": [0.3, 1.3, 1.6, 1.2, 0.8],
        "won_created": [0.2, 1.0, 2.4, 3.6, 4.3],
    }
    size = np.array([0.45, 0.4, 0.15]) * scale
    deal = np.array([90e3, 110e3, 9e3])
    flows, counts = {}, 0
    for name, millions in expected.items():
        mean = np.array(millions[:n_periods])[:, None] * 1e6 * size / deal * factor
        n = luck.poisson(mean)
        flows[name] = np.where(n > 0, deal * luck.gamma(np.maximum(n, 1) * 0.8, 1 / 0.8), 0.0)
        counts = counts + n
    won = sum(flows.values())
    flows["won_open_amount"] = won * 1.06
    flows["n_won"] = counts
    flows["created"] = luck.gamma(30.0, 1 / 30, (n_paths, n_periods, 3)) * 13e6 * size
    flows["lost_competition"] = luck.gamma(20.0, 1 / 20, (n_paths, n_periods, 3)) * 2.5e6 * size
    flows["lost_no_decision"] = luck.gamma(20.0, 1 / 20, (n_paths, n_periods, 3)) * 5.0e6 * size
    flows["slipped"] = luck.gamma(9.0, 1 / 9, (n_paths, n_periods, 3)) * 3.1e6 * size
    flows["n_slipped"] = np.round(flows["slipped"] / deal)
    due = np.zeros((n_periods, 3, 3))
    due_millions = ([1.2, 2.4, 3.1], [3.4, 3.0, 1.0], [3.5, 1.8, 0.2], [2.0, 0.7, 0.0], [1.1, 0.2, 0.0])
    for period in range(n_periods):
        due[period] = np.array(due_millions[period])[:, None] * 1e6 * size
    n_months = 3 * n_periods
    monthly = np.repeat(won / 3, 3, axis=1)[:, :n_months]
    booked = np.array([2.1, 1.7, 0.9]) * 1e6 * (1.0 if partial else 0.0) * scale
    return make_paths(
        flows,
        n_paths=n_paths,
        n_periods=n_periods,
        segments=segments,
        partial=partial,
        first="FY27Q4" if partial else "FY28Q1",
        as_of=dt.date(2026, 11, 30) if partial else dt.date(2027, 1, 31),
        scenario="base",
        booked=booked,
        n_booked=np.round(booked / deal),
        open_amount=due.sum(axis=0) + 1.0e6 * size,
        due_amount=due,
        n_open=np.full((3, 3), 20),
        monthly_bookings=monthly,
        rate_draw=draw,
    )


SAMPLE_TARGETS = {
    "FY27Q4": {"all": 9e6, "smb": 1.6e6},
    "FY28Q1": {"all": 4.6e6},
    "FY28Q2": {"all": 4.8e6},
    "FY28Q3": {"all": 5.0e6},
    "FY28Q4": {"all": 5.2e6},
}
