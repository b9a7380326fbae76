"""A company whose reps give full attention to this many deals each; day by day, in NumPy alone.

Deals of a segment are worked first come, first served by its reps; those that no rep has time for wait,
and half of the waiting give up within ``patience_days``. Nothing here knows of the engine.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MONTH = 30.4375
FIRST_DAY = dt.date(2023, 1, 1)
AS_OF = dt.date(2026, 12, 31)
QUARTERS_AHEAD = 8
CLOSED_WON, CLOSED_COMPETITION, CLOSED_UNDECIDED = 3, 4, 5
OUTCOMES = {CLOSED_WON: "won", CLOSED_COMPETITION: "lost_competition", CLOSED_UNDECIDED: "lost_no_decision"}
STAGES = ("Discovery", "Evaluation", "Contract")
RECORDS = ("unowned", "owned", "taken_up")
"""How a CRM keeps SALs that wait: without an owner; with the rep's name from the start; not at all."""


@dataclass(frozen=True)
class Segment:
    """One segment. ``advance``: days from stage to stage, or from the last to the win, of deals worked."""

    sals_per_month: float
    reps: int
    self_sourced: float = 0.0
    """SALs a month of one rep alone; ``reps ** power`` times as many of all."""
    power: float = 1.0
    full_attention: int = 12
    patience_days: float = 60.0
    advance: tuple[float, float, float] = (75.0, 75.0, 60.0)
    competition: float = 1 / 900
    undecided: float = 1 / 220
    amount: float = 100_000.0


@dataclass(frozen=True)
class Company:
    """Segments by name, and how new reps become productive: share of full attention by month."""

    segments: dict[str, Segment]
    ramp: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

    def with_segment(self, name: str, **changes: object) -> Company:
        """Return the company with one segment changed."""
        changed = replace(self.segments[name], **changes)  # type: ignore[arg-type]
        return replace(self, segments={**self.segments, name: changed})


SHORT = Company(
    {
        "alpha": Segment(sals_per_month=36.0, reps=6, amount=75_000.0),
        "beta": Segment(sals_per_month=9.0, reps=5, amount=90_000.0),
        "gamma": Segment(sals_per_month=5.0, reps=4, amount=140_000.0),
    }
)
"""Alpha's reps are short: about half of its SALs give up waiting."""
ENOUGH = SHORT.with_segment("alpha", sals_per_month=16.0, reps=8)
THIN = ENOUGH.with_segment("alpha", sals_per_month=5.0).with_segment("beta", sals_per_month=4.0)
"""Too little pipeline for the reps there are."""
BAD_AT_CLOSING = ENOUGH.with_segment("alpha", advance=(75.0, 75.0, 240.0), undecided=1 / 120)
SATURATING = Company(
    {
        "alpha": Segment(sals_per_month=2.0, reps=8, self_sourced=2.5, power=0.6),
        "beta": Segment(sals_per_month=9.0, reps=6, amount=90_000.0),
    }
)
"""Reps source deals themselves, the more reps the fewer each."""


@dataclass(frozen=True)
class Deals:
    """What became of every deal; days since FIRST_DAY, NaN: not yet.

    ``run``: which of the simultaneous runs; ``taken``: when a rep began to work it; ``moved``: when it
    entered each stage, shape (deal, 3).
    """

    run: Ints
    sal: Floats
    taken: Floats
    moved: Floats
    ended: Floats
    outcome: Ints
    amount: Floats
    own: npt.NDArray[np.bool_]


def simulate(
    company: Company,
    name: str,
    seed: int,
    *,
    n_runs: int = 1,
    extra: int = 0,
    extra_from: float = np.inf,
    until: float | None = None,
    heads: tuple[tuple[float, int], ...] = (),
) -> Deals:
    """Return the deals of a segment, several independent runs at once.

    ``heads``: (day, reps) changes of the number of reps before ``extra`` ones start; reps of the first day
    are ramped.
    """
    segment = company.segments[name]
    rng = np.random.default_rng((seed, sum(map(ord, name))))
    last = until if until is not None else float((AS_OF - FIRST_DAY).days + 1)
    hires = [(day, n) for day, n in heads] + ([(extra_from, extra)] if extra else [])
    run, sal, own = _arrivals(company, segment, rng, n_runs, last, hires)
    n = len(run)
    amount = np.exp(rng.normal(np.log(segment.amount) - 0.32, 0.8, n))
    deadline = sal + rng.exponential(segment.patience_days / np.log(2.0), n)
    stage = np.full(n, -1)
    taken, ended = np.full(n, np.nan), np.full(n, np.nan)
    moved, outcome = np.full((n, 3), np.nan), np.full(n, -1)
    waiting, working = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    place = 0
    for day in np.arange(last):
        come = place + int(np.searchsorted(sal[place:], day + 1.0))
        waiting, place = np.append(waiting, np.arange(place, come)), come
        gone = deadline[waiting] < day + 1.0
        ended[waiting[gone]], outcome[waiting[gone]] = deadline[waiting[gone]], CLOSED_UNDECIDED
        waiting = waiting[~gone]
        attention = np.floor(segment.full_attention * _ramped(company, segment, day, hires) + 1e-9)
        free = attention - np.bincount(run[working], minlength=n_runs)
        order = np.argsort(run[waiting], kind="stable")
        rank = np.empty(len(waiting))
        group = run[waiting][order]
        rank[order] = np.arange(len(group)) - np.searchsorted(group, group)
        now = rank < free[run[waiting]]
        begun = waiting[now]
        taken[begun] = np.maximum(sal[begun], day)
        stage[begun], moved[begun, 0] = 0, taken[begun]
        working, waiting = np.append(working, begun), waiting[~now]
        working = _work(segment, rng, working, stage, moved, ended, outcome, day)
    return Deals(run, sal, taken, moved, ended, outcome, amount, own)


def _work(
    segment: Segment,
    rng: np.random.Generator,
    working: Ints,
    stage: Ints,
    moved: Floats,
    ended: Floats,
    outcome: Ints,
    day: float,
) -> Ints:
    """Advance the deals in work by a day; return those that go on."""
    rates = np.stack(
        [1.0 / np.asarray(segment.advance)[stage[working]],
         np.full(len(working), segment.competition), np.full(len(working), segment.undecided)]
    )  # fmt: skip
    total = rates.sum(axis=0)
    happens = rng.random(len(working)) < -np.expm1(-total)
    what = (rng.random(len(working)) * total)[None] >= np.cumsum(rates, axis=0)
    kind = what.sum(axis=0)
    at = day + rng.random(len(working))
    advances = happens & (kind == 0)
    wins = advances & (stage[working] == 2)
    steps = working[advances & ~wins]
    stage[steps] += 1
    moved[steps, stage[steps]] = at[advances & ~wins]
    closes = wins | (happens & (kind > 0))
    ended[working[closes]] = at[closes]
    outcome[working[closes]] = CLOSED_WON + np.minimum(kind, 2)[closes]
    return working[~closes]


def _ramped(company: Company, segment: Segment, day: float, hires: list[tuple[float, int]]) -> float:
    heads = float(segment.reps)
    for start, count in hires:
        months = int((day - start) // MONTH)
        if months >= 0:
            heads += count * (company.ramp[min(months, len(company.ramp) - 1)] if count > 0 else 1.0)
    return heads


def _arrivals(
    company: Company,
    segment: Segment,
    rng: np.random.Generator,
    n_runs: int,
    last: float,
    hires: list[tuple[float, int]],
) -> tuple[Ints, Floats, npt.NDArray[np.bool_]]:
    days = np.arange(last)
    inbound = np.full(len(days), segment.sals_per_month / MONTH)
    ramped = np.array([_ramped(company, segment, day, hires) for day in days])
    own = segment.self_sourced * ramped**segment.power / MONTH
    found = []
    for is_own, rate in ((False, inbound), (True, own)):
        count = rng.poisson(rate, (n_runs, len(days)))
        run, day = np.nonzero(count)
        times = np.repeat(np.arange(len(run)), count[run, day])
        found.append((run[times], day[times] + rng.random(len(times)), np.full(len(times), is_own)))
    run, sal, is_own = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(sal, kind="stable")
    return run[order], sal[order], is_own[order]


def true_bookings(
    company: Company,
    name: str,
    seed: int,
    *,
    extra: int,
    months_until_start: float = 2.0,
    n_runs: int = 200,
    quarters: int = QUARTERS_AHEAD,
) -> Floats:
    """Return what a segment books in the quarters after AS_OF with this many more reps, shape (run,)."""
    now = float((AS_OF - FIRST_DAY).days + 1)
    end = now + quarters * 3 * MONTH
    # A year and a half before AS_OF is enough to forget how the company began.
    shift = now - 540.0
    deals = simulate(
        company, name, seed, n_runs=n_runs, extra=extra,
        extra_from=now - shift + (months_until_start - 1.0) * MONTH, until=end - shift,
    )  # fmt: skip
    won = (deals.outcome == CLOSED_WON) & (deals.ended >= now - shift)
    return np.bincount(deals.run[won], deals.amount[won], minlength=n_runs)


def write_history(
    company: Company, folder: Path, seed: int, record: str, hired: dict[str, int] | None = None
) -> Path:
    """Write the history of the company up to AS_OF as its CRM keeps it; return the folder.

    ``hired``: reps of each segment that were hired a year and a half before AS_OF, the others before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng((seed, 99))
    opportunities, changes, reps = [], [], []
    for name, segment in company.segments.items():
        late = (hired or {}).get(name, 0)
        start = float((AS_OF - FIRST_DAY).days - 540)
        early = company.with_segment(name, reps=segment.reps - late)
        deals = simulate(early, name, seed, heads=((start, late),) if late else ())
        names = [f"{name}-{i}" for i in range(segment.reps)]
        joined = [
            _date(start) if i >= segment.reps - late else dt.date(2020, 1, 1) for i in range(len(names))
        ]
        reps += [(rep, "ae", name, day, "", 800_000) for rep, day in zip(names, joined, strict=True)]
        owner = _owners(deals, names, rng, late, start, segment.full_attention)
        rows, moves = _rows(deals, name, owner, record)
        opportunities += rows
        changes += moves
    _table(
        folder / "opportunities.csv",
        opportunities,
        "opportunity_id segment amount created_date qualified_date outcome closed_date owner source",
    )
    _table(folder / "stage_changes.csv", changes, "opportunity_id changed_at stage")
    stages = [(s, c) for s, c in zip(STAGES, ("pipeline", "best_case", "commit"), strict=True)]
    _table(folder / "stages.csv", [*stages, ("Closed", "closed")], "stage category")
    _table(folder / "reps.csv", reps, "rep_id role segment start_date end_date quota")
    return folder


def _owners(
    deals: Deals, names: list[str], rng: np.random.Generator, late: int, start: float, most: int
) -> list[str]:
    """Give each deal to the rep with the fewest deals in work when it is taken up, or the fewest waiting."""
    n = len(names)
    ends = np.where(np.isnan(deals.ended), np.inf, deals.ended)
    begun = np.where(np.isnan(deals.taken), deals.sal, deals.taken)
    owner = np.zeros(len(begun), dtype=np.int64)
    load: list[list[float]] = [[] for _ in names]
    idle: list[list[float]] = [[] for _ in names]
    for deal in np.argsort(begun, kind="stable"):
        here = n if begun[deal] >= start else n - late
        mine = load if not np.isnan(deals.taken[deal]) else idle
        for rep in range(n):
            mine[rep] = [end for end in mine[rep] if end > begun[deal]]
        count = np.array([len(mine[rep]) for rep in range(here)]) + rng.random(here) * 0.5
        owner[deal] = int(count.argmin())
        mine[owner[deal]].append(ends[deal])
    return [names[i] for i in owner]


def _rows(
    deals: Deals, segment: str, owner: list[str], record: str
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    rows, moves = [], []
    for i in range(len(deals.sal)):
        waits = np.isnan(deals.taken[i])
        if waits and record == "taken_up":
            continue
        first = deals.taken[i] if record == "taken_up" else deals.sal[i]
        name = f"{segment}/{i}"
        who = "" if waits and record == "unowned" else owner[i]
        over = not np.isnan(deals.ended[i])
        outcome = OUTCOMES[int(deals.outcome[i])] if over else ""
        day, end = _date(first), _date(deals.ended[i]) if over else ""
        source = "outbound" if deals.own[i] else "marketing"
        rows.append((name, segment, round(deals.amount[i], 2), day, day, outcome, end, who, source))
        moves.append((name, _time(first), STAGES[0]))
        moves += [
            (name, _time(at), STAGES[s]) for s, at in enumerate(deals.moved[i]) if s and not np.isnan(at)
        ]
        if over:
            moves.append((name, _time(deals.ended[i]), "Closed"))
    return rows, moves


def _date(day: float) -> dt.date:
    return FIRST_DAY + dt.timedelta(days=int(day))


def _time(day: float) -> str:
    moment = dt.datetime.combine(FIRST_DAY, dt.time()) + dt.timedelta(days=float(day))
    return moment.isoformat(timespec="seconds")


def _table(path: Path, rows: list[tuple[object, ...]], columns: str) -> None:
    pd.DataFrame(rows, columns=columns.split()).to_csv(path, index=False)
