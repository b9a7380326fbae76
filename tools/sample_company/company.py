"""The sample company: what is true of it, and the history that it left behind."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from simulator.fiscal import FiscalCalendar
from tools.sample_company.truth import SegmentTruth, Truth

NAME = "Kestrel Analytics (fictitious)"
FIRST_DAY = dt.date(2023, 11, 1)
AS_OF = dt.date(2026, 10, 31)
CALENDAR = FiscalCalendar(start_month=2, label="end")
SEED = 20261031
SEATS = {
    "enterprise_amer": 6,
    "enterprise_emea": 4,
    "midmarket_amer": 8,
    "midmarket_emea": 5,
    "smb": 7,
    "self_serve": 2,
}
"""Account executives by segment."""


NEXT = {
    "pipeline": ("best_case", "commit", "lost_competition", "lost_no_decision", "advance"),
    "best_case": ("commit", "pipeline", "won", "lost_competition", "lost_no_decision", "advance"),
    "commit": ("won", "best_case", "lost_competition", "lost_no_decision", "advance"),
}
"""Where deals go next from each category, in the order of the shares below."""
CLOSING = {("best_case", "commit"), ("best_case", "won"), ("commit", "won")}


class Usual(NamedTuple):
    """What segments of a kind have in common: for each category median days, then shares as in ``NEXT``."""

    log_sd: float
    first_close_months: float
    stays: dict[str, tuple[float, ...]]


def _segment(sals: dict[str, float], *, median: float, close: float = 1.0, usual: Usual) -> SegmentTruth:
    """Return a segment like the usual one of its kind, with what closes deals times ``close``."""
    stays = {
        category: (
            days,
            {
                to: share * close if (category, to) in CLOSING else share
                for to, share in zip(NEXT[category], shares, strict=True)
            },
        )
        for category, (days, *shares) in usual.stays.items()
    }
    return SegmentTruth(sals, median, usual.log_sd, stays, usual.first_close_months)


ENTERPRISE = Usual(
    0.75,
    6.0,
    {
        "pipeline": (62.0, 0.45, 0.03, 0.06, 0.2, 0.26),
        "best_case": (48.0, 0.44, 0.05, 0.05, 0.12, 0.1, 0.24),
        "commit": (27.0, 0.58, 0.06, 0.06, 0.04, 0.26),
    },
)
MIDMARKET = Usual(
    0.7,
    3.0,
    {
        "pipeline": (38.0, 0.44, 0.04, 0.08, 0.2, 0.24),
        "best_case": (27.0, 0.4, 0.05, 0.07, 0.15, 0.11, 0.22),
        "commit": (15.0, 0.52, 0.06, 0.09, 0.07, 0.26),
    },
)
SMB = Usual(
    0.6,
    1.2,
    {
        "pipeline": (20.0, 0.42, 0.05, 0.1, 0.25, 0.18),
        "best_case": (13.0, 0.36, 0.04, 0.1, 0.17, 0.13, 0.2),
        "commit": (8.0, 0.58, 0.05, 0.08, 0.07, 0.22),
    },
)
SELF_SERVE = Usual(
    0.8,
    0.7,
    {
        "pipeline": (14.0, 0.4, 0.08, 0.05, 0.32, 0.15),
        "best_case": (9.0, 0.4, 0.03, 0.15, 0.1, 0.14, 0.18),
        "commit": (5.0, 0.66, 0.04, 0.05, 0.07, 0.18),
    },
)

TRUTH = Truth(
    segments={
        "enterprise_amer": _segment(
            {"marketing": 3.2, "outbound": 4.6, "partner": 1.8, "referral": 0.8},
            median=165_000.0,
            usual=ENTERPRISE,
        ),
        "enterprise_emea": _segment(
            {"marketing": 1.4, "outbound": 2.2, "partner": 1.2}, median=140_000.0, usual=ENTERPRISE
        ),
        "midmarket_amer": _segment(
            {"marketing": 13.0, "outbound": 8.0, "partner": 3.0, "referral": 2.0},
            median=42_000.0,
            usual=MIDMARKET,
        ),
        "midmarket_emea": _segment(
            {"marketing": 9.0, "outbound": 5.0, "partner": 3.0}, median=36_000.0, close=0.55, usual=MIDMARKET
        ),
        "smb": _segment({"marketing": 42.0, "partner": 6.0, "referral": 6.0}, median=9_500.0, usual=SMB),
        "self_serve": _segment({"self_serve": 52.0}, median=3_200.0, usual=SELF_SERVE),
    },
    factors={
        "age": {
            ("*", "won"): (0.8, 1.15, 1.25, 1.0, 1.0, 1.0, 0.7, 0.4),
            ("*", "lost_no_decision"): (0.7, 1.0, 1.15, 1.25, 1.25, 1.25, 1.1, 0.8),
            ("pipeline", "best_case"): (1.0, 1.15, 1.1, 0.9, 0.9, 0.9, 0.6, 0.3),
            ("best_case", "commit"): (0.9, 1.15, 1.15, 0.95, 0.95, 0.95, 0.6, 0.35),
        },
        "due": {
            ("*", "won"): (0.55, 1.7, 0.8),
            ("*", "lost_no_decision"): (0.85, 1.15, 1.4),
            ("best_case", "commit"): (0.8, 1.5, 0.8),
        },
        "linearity": {("*", "won"): (0.8, 0.9, 1.3)},
        "pushes": {
            ("*", "won"): (1.15, 0.95, 0.7),
            ("*", "lost_no_decision"): (0.85, 1.1, 1.35),
        },
        "stage": {
            ("commit", "won"): (0.75, 1.5),
            ("best_case", "commit"): (0.75, 1.6),
            ("pipeline", "best_case"): (0.75, 1.7),
        },
    },
    effects={
        "source": {
            "marketing": {"won": 0.9},
            "outbound": {"won": 0.9},
            "partner": {"won": 1.15},
            "referral": {"won": 1.4},
            "self_serve": {},
        },
        "competitor": {
            "none": {"lost_competition": 0.6, "won": 1.1},
            "Osprey": {"lost_competition": 1.5, "won": 0.85},
            "Harrier": {"lost_competition": 1.1},
        },
        "compelling_event": {
            "none": {"lost_no_decision": 1.15, "won": 0.9},
            "contract_end": {"won": 1.2, "lost_no_decision": 0.8},
            "go_live": {"won": 1.25, "lost_no_decision": 0.7},
        },
        "size": {"small": {"won": 1.12}, "medium": {}, "large": {"won": 0.85}},
    },
    profiles={
        ("none", "none"): 0.3,
        ("none", "contract_end"): 0.08,
        ("none", "go_live"): 0.07,
        ("Osprey", "none"): 0.2,
        ("Osprey", "contract_end"): 0.1,
        ("Harrier", "none"): 0.17,
        ("Harrier", "go_live"): 0.08,
    },
    season=(0.95, 1.0, 1.08, 1.02, 1.0, 1.0, 0.85, 0.8, 1.1, 1.12, 1.1, 0.9),
    shock_close=0.08,
    shock_demand=0.06,
)
"""True rates of the sample company, before its records picked up their warts."""

CUSTOMERS = {
    "enterprise_amer": {
        "annual_churn": 0.07,
        "alike": 8,
        "term_months": 12,
        "expansion": {
            "consumption": 0.05,
            "seats_organic": 0.03,
            "new_solution": {"events_per_year": 0.25, "size": 0.3},
        },
        "cycle_days": 75,
        "time_to_value_months": 4,
        "price_rise": {"share": 0.4, "size": 0.05},
        "contraction": {"share": 0.08, "size": 0.15},
        "reactivation": {"per_year": 0.03, "size": 0.7},
    },
    "midmarket_amer": {
        "annual_churn": 0.12,
        "alike": 6,
        "term_months": 12,
        "expansion": {"seats_organic": 0.05, "features": {"events_per_year": 0.3, "size": 0.18}},
        "cycle_days": 45,
        "time_to_value_months": 3,
        "price_rise": {"share": 0.35, "size": 0.05},
        "contraction": {"share": 0.1, "size": 0.2},
        "reactivation": {"per_year": 0.04, "size": 0.7},
    },
    "smb": {
        "annual_churn": 0.2,
        "alike": 4,
        "term_months": 12,
        "expansion": {"seats_organic": 0.06, "seats_proactive": {"events_per_year": 0.25, "size": 0.15}},
        "cycle_days": 25,
        "time_to_value_months": 2,
        "price_rise": {"share": 0.3, "size": 0.06},
        "contraction": {"share": 0.1, "size": 0.2},
        "reactivation": {"per_year": 0.05, "size": 0.8},
    },
    "self_serve": {
        "annual_churn": 0.3,
        "alike": 3,
        "term_months": 1,
        "expansion": {"consumption": 0.1},
        "time_to_value_months": 1,
        "contraction": {"share": 0.01, "size": 0.25},
        "reactivation": {"per_year": 0.08, "size": 0.9},
    },
}
"""What customers do, by segment; Europe is like America, with a little more churn."""
CUSTOMERS["enterprise_emea"] = {**CUSTOMERS["enterprise_amer"], "annual_churn": 0.09}
CUSTOMERS["midmarket_emea"] = {**CUSTOMERS["midmarket_amer"], "annual_churn": 0.15}

BEFORE = {
    "enterprise_amer": 90,
    "enterprise_emea": 45,
    "midmarket_amer": 210,
    "midmarket_emea": 120,
    "smb": 420,
    "self_serve": 380,
}
"""Customers signed in the four years before the records begin; some of them had left by then."""

CSM_SEATS = {"enterprise_amer": 3, "enterprise_emea": 2, "midmarket_amer": 3, "midmarket_emea": 2, "smb": 2}
"""Customer success managers by segment."""
