"""The states against a second implementation: one deal at a time, day by day, from the rules in words."""

import datetime as dt

import numpy as np
import pytest

from simulator.history.states import CENSORED, deal_states
from tests.history.by_hand import change, deal, history, month, state_rows

OPEN = {"Discovery": (0, 0), "Evaluation": (1, 0), "Negotiation": (2, 0), "Redlining": (2, 1)}
OUTCOMES = {"Won": ("won", 3), "Lost": ("lost_no_decision", 5), "Lost to rival": ("lost_competition", 4)}
STAGE_NAMES = ["Lead", *OPEN, *OUTCOMES, "Shelved"]
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 6, 30)


def random_deal(rng: np.random.Generator, name: str):
    """Return a deal and its changes: any stages in any order, reopened and shelved ones too."""
    days = np.sort(rng.choice(160, size=rng.integers(1, 9), replace=False))
    weights = np.array([2, 4, 4, 3, 3, 1, 1, 1, 1], dtype=float)
    path = rng.choice(STAGE_NAMES, size=len(days), p=weights / weights.sum())
    rows = [
        (
            FIRST + dt.timedelta(int(day)),
            str(stage),
            float(rng.integers(1, 4)),
            f"2026-{rng.integers(1, 13):02d}-15",
        )
        for day, stage in zip(days, path, strict=True)
    ]
    outcome, closed = None, None
    if rows[-1][1] in OUTCOMES and rng.random() < 0.8:
        outcome = OUTCOMES[rows[-1][1]][0]
        last_alive = max((i for i, row in enumerate(rows) if row[1] in OPEN or row[1] == "Lead"), default=-1)
        won = outcome == "won"
        ends = [
            r
            for r in rows[last_alive + 1 :]
            if (r[1] == "Won") == won and (r[1] != "Shelved" or outcome == "lost_no_decision")
        ]
        closed = ends[0][0].isoformat()
    return rows, deal(name, created_date=rows[0][0].isoformat(), outcome=outcome, closed_date=closed)


def end_of(rows, outcome):
    """Return (position of the closing row, exit) by the rules; (None, CENSORED) for an open deal."""
    alive = [i for i, row in enumerate(rows) if row[1] in OPEN or row[1] == "Lead"]
    final = range(alive[-1] + 1 if alive else 0, len(rows))
    if not final:
        return None, CENSORED
    if outcome is None:
        said = [rows[i][1] for i in final if rows[i][1] in OUTCOMES]
        outcome = OUTCOMES[said[-1]][0] if said else "lost_no_decision"
    for i in final:
        stage = rows[i][1]
        fits_loss = stage in ("Lost", "Lost to rival") and outcome != "won"
        fits_pause = stage == "Shelved" and outcome == "lost_no_decision"
        if fits_loss or fits_pause or (stage == "Won" and outcome == "won"):
            return i, {"won": 3, "lost_competition": 4, "lost_no_decision": 5}[outcome]
    raise AssertionError("a stage of the final run always fits")


def days_by_rule(rows, given):
    """Return category, late, month, pushes and amount on each day that a deal lives, and its exit."""
    closing, ending = end_of(rows, given["outcome"])
    last = rows[closing][0] if closing is not None else LAST + dt.timedelta(1)
    told: dict[dt.date, tuple[int, int, int, int, float]] = {}
    qualified, pushes, due, standing = False, 0, None, None
    day = FIRST
    while day < last:
        for i, (at, stage, amount, close) in enumerate(rows):
            if at != day or (closing is not None and i >= closing):
                continue
            if stage in OUTCOMES or stage == "Shelved":
                standing = None
                continue
            qualified = qualified or stage in OPEN
            if qualified:
                pushes += int(due is not None and month(close) > due)
                due = month(close)
                standing = (*OPEN.get(stage, (0, 0)), due, pushes, amount)
        if qualified and standing is not None:
            told[day] = standing
        day += dt.timedelta(1)
    return told, ending


@pytest.mark.parametrize("seed", range(5))
def test_every_day_of_every_deal_agrees_with_the_rules_in_words(seed):
    rng = np.random.default_rng(seed)
    made = [random_deal(rng, f"D{i}") for i in range(60)]
    changes = [change(g["opportunity_id"], at.isoformat(), *rest) for rows, g in made for at, *rest in rows]
    states = state_rows(deal_states(history([given for _, given in made], changes, LAST.isoformat())))
    n_days = 0
    for place, (rows, given) in enumerate(made):
        mine = states[states["deal"] == place]
        expected, ending = days_by_rule(rows, given)
        told = {}
        for state in mine.itertuples():
            # Changes are at midday: the state of a day is the one after that midday.
            for number in range(int(state.start), int(np.ceil(state.end - 0.5))):
                told[dt.date(1970, 1, 1) + dt.timedelta(number)] = (
                    state.category, state.late, state.close_month, state.pushes, state.amount,
                )  # fmt: skip
        assert told == expected, (seed, rows, given)
        if expected:
            assert mine["exit"].iloc[-1] == ending
        n_days += len(expected)
    assert n_days > 1000
