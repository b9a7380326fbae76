"""Companies whose CSMs matter as much as is stated, or not at all: NumPy only, nothing of the engine."""

from __future__ import annotations

import numpy as np
import pandas as pd

FIRST = np.datetime64("2019-01")
N_MONTHS, N_SEGMENTS, BOOK = 84, 3, 40
NEW_PER_MONTH = 7
MIDDLE = pd.Timedelta(days=14)
"""Customers come, renew and leave on the 15th; people change on the first."""


def heads_that_move(rng):
    """Return heads by segment and month: people come and go, a few times in seven years."""
    heads = np.zeros((N_SEGMENTS, N_MONTHS), dtype=np.int64)
    for segment in range(N_SEGMENTS):
        level = int(rng.integers(2, 5))
        for month in range(N_MONTHS):
            if rng.random() < 0.1:
                level = int(np.clip(level + rng.choice([-2, -1, 1, 2]), 0, 8))
            heads[segment, month] = level
    return heads


def world(seed, factor=1.0, trend_per_year=0.0, fixed=False, assigned=False):
    """Return the tables of a company: customers, arr_changes, reps and, where asked for, assignments.

    Parameters
    ----------
    factor : float
        On the odds to leave at a renewal, of a customer whom nobody looks after.
    trend_per_year : float
        By which the log odds to leave rise, whoever looks after customers.
    fixed : bool
        Whether heads never move.
    assigned : bool
        Whether each customer has a CSM or none, and the record says since when.
    """
    rng = np.random.default_rng(seed)
    heads = np.full((N_SEGMENTS, N_MONTHS), 4) if fixed else heads_that_move(rng)
    level = np.log(np.array([0.1, 0.16, 0.22]))
    customers, moves, spells, ended_by_leaving = [], [], [], set()
    for segment in range(N_SEGMENTS):
        start = np.zeros(0, dtype=np.int64)
        there = np.zeros(0, dtype=bool)
        owner = np.zeros(0, dtype=np.int64)
        since = np.zeros(0, dtype=np.int64)
        for month in range(N_MONTHS):
            n_new = 60 if month == 0 else rng.poisson(NEW_PER_MONTH)
            start = np.append(start, np.full(n_new, month))
            there, owner = np.append(there, np.ones(n_new, bool)), np.append(owner, np.full(n_new, -1))
            since = np.append(since, np.full(n_new, month))
            covered = np.full(start.size, min(1.0, heads[segment, month] * BOOK / there.sum()))
            if assigned:
                new = _assign(rng, owner, there, heads[segment, month])
                for who in np.flatnonzero(new != owner):
                    if owner[who] >= 0:
                        spells.append((segment, who, owner[who], since[who], month))
                    since[who] = month
                owner = new
                covered = (owner >= 0).astype(float)
            due = there & (month > start) & ((month - start) % 12 == 0)
            odds = np.exp(level[segment] + trend_per_year * month / 12 + (1 - covered) * np.log(factor))
            left = due & (rng.random(start.size) < odds / (1 + odds))
            there &= ~left
            for who in np.flatnonzero(due):
                moves.append((segment, who, month, "churn" if left[who] else "renewal"))
            for who in np.flatnonzero(left & (owner >= 0)):
                spells.append((segment, who, owner[who], since[who], month))
                owner[who] = -1
                ended_by_leaving.add(len(spells) - 1)
        spells += [(segment, who, owner[who], since[who], -1) for who in np.flatnonzero(owner >= 0)]
        customers += [(segment, who, start[who]) for who in range(start.size)]
    return {
        "customers": pd.DataFrame(
            [(f"c{s}-{w}", f"s{s}", day(m) + MIDDLE, 1000.0, 12.0) for s, w, m in customers],
            columns=["customer_id", "segment", "start_date", "arr", "term_months"],
        ),
        "arr_changes": pd.DataFrame(
            [
                (f"c{s}-{w}", day(m) + MIDDLE, how, -1000.0 if how == "churn" else 0.0)
                for s, w, m, how in moves
            ],
            columns=["customer_id", "date", "movement", "arr_delta"],
        ),
        "reps": seats(heads),
        "assignments": pd.DataFrame(
            [
                (
                    f"c{s}-{w}",
                    "csm",
                    f"p{s}-{o}",
                    day(a),
                    day(b) + int(n in ended_by_leaving) * MIDDLE if b >= 0 else pd.NaT,
                )
                for n, (s, w, o, a, b) in enumerate(spells)
            ],
            columns=["customer_id", "role", "person", "from", "to"],
        ),
    }


def day(month):
    """Return the first day of a month of the record."""
    return pd.Timestamp((FIRST + int(month)).astype("datetime64[D]"))


def _assign(rng, owner, there, n_heads):
    """Return who looks after whom: those of people who left, and new customers, where there is room."""
    owner = np.where(there & (owner < n_heads), owner, -1)
    room = np.bincount(owner[owner >= 0], minlength=max(n_heads, 1))[:n_heads]
    for who in rng.permutation(np.flatnonzero(there & (owner < 0))):
        if n_heads and room.min() < BOOK:
            owner[who] = int(room.argmin())
            room[owner[who]] += 1
    return owner


def seats(heads):
    """Return people hired and leaving so that there are this many in each month."""
    rows = []
    for segment in range(N_SEGMENTS):
        open_seats = []
        for month in range(N_MONTHS):
            while len(open_seats) < heads[segment, month]:
                open_seats.append(month)
            while len(open_seats) > heads[segment, month]:
                rows.append((segment, open_seats.pop(), month))
        rows += [(segment, start, -1) for start in open_seats]
    return pd.DataFrame(
        [(f"p{n}", "csm", f"s{s}", day(a), day(b) if b >= 0 else pd.NaT) for n, (s, a, b) in enumerate(rows)],
        columns=["rep_id", "role", "segment", "start_date", "end_date"],
    )
