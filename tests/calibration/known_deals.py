"""Histories simulated from known rates with plain NumPy, apart from the engine of the product."""

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from simulator.calibration.calibration import AGE_BINS, FACTOR_LEVELS
from simulator.fiscal import FiscalCalendar, day_number, month_number, month_start_day
from simulator.history.tables import CATEGORIES, OUTCOMES, TABLES, History, empty_table

N_DESTINATIONS = 7
STAGES = (
    *((f"{category} {place}", category, "") for category in CATEGORIES for place in ("early", "late")),
    *((f"closed {outcome}", "closed", outcome) for outcome in OUTCOMES),
)
PIPELINE, BEST_CASE, COMMIT, WON, LOST_COMPETITION, LOST_NO_DECISION, ADVANCE = range(N_DESTINATIONS)


def base_rates() -> np.ndarray:
    """Rates per day of one segment, shape (category, destination)."""
    base = np.zeros((3, N_DESTINATIONS))
    base[0, [BEST_CASE, LOST_COMPETITION, LOST_NO_DECISION, ADVANCE]] = 0.010, 0.003, 0.006, 0.008
    base[1, [PIPELINE, COMMIT, WON, LOST_COMPETITION, LOST_NO_DECISION, ADVANCE]] = (
        0.001, 0.014, 0.002, 0.004, 0.004, 0.010,
    )  # fmt: skip
    base[2, [BEST_CASE, WON, LOST_COMPETITION, LOST_NO_DECISION, ADVANCE]] = 0.002, 0.025, 0.003, 0.002, 0.02
    return base


def log_factors() -> dict[str, np.ndarray]:
    """Log factors, shape (category, level, destination); chosen by hand."""
    tables = {name: np.zeros((3, len(levels), N_DESTINATIONS)) for name, levels in FACTOR_LEVELS.items()}
    older = len(AGE_BINS) - 8
    tables["age"][:, :, LOST_NO_DECISION] = [-0.8, -0.2, 0.1, 0.3, 0.3, 0.3, 0.4, *[0.2] * (older + 1)]
    tables["age"][0, :, BEST_CASE] = [0.2, 0.2, 0.0, -0.2, -0.2, -0.2, -0.4, *[-0.6] * (older + 1)]
    tables["due"][:, :, WON] = [-0.7, 0.6, -0.2]
    tables["due"][:, :, LOST_NO_DECISION] = [-0.2, 0.1, 0.5]
    tables["linearity"][:, :, WON] = [-0.4, -0.1, 0.5]
    tables["pushes"][:, :, WON] = [0.2, -0.2, -0.5]
    tables["stage"][:, :, WON] = [-0.3, 0.4]
    return tables


@dataclass(frozen=True)
class KnownRates:
    """The truth behind a simulated history; axes as in the calibration."""

    segments: tuple[str, ...] = ("a", "b", "c")
    level: tuple[float, ...] | np.ndarray = (1.0, 0.8, 1.25)
    base: np.ndarray = field(default_factory=base_rates)
    factors: dict[str, np.ndarray] = field(default_factory=log_factors)
    sources: tuple[str, ...] = ("inbound", "outbound")
    source_effect: np.ndarray = field(default_factory=lambda: np.zeros((2, N_DESTINATIONS)))
    sals_per_month: tuple[float, ...] = (30.0, 20.0, 10.0)
    sals_size: float = np.inf
    redate: tuple[float, float] = (0.8, 0.4)
    early_push: float = 0.05
    push_share: tuple[float, ...] = (0.5, 0.3, 0.2)
    offset_share: tuple[float, ...] = (0.05, 0.15, 0.3, 0.3, 0.2)
    entry_share: tuple[float, ...] = (0.8, 0.1, 0.1, 0.0, 0.0, 0.0)
    late_entry: tuple[float, ...] = (0.0, 0.2, 0.3)
    amount_median: tuple[float, ...] = (50e3, 20e3, 100e3)
    amount_sd: float = 0.8
    multiplier: float = 0.9
    multiplier_sd: float = 0.2
    shock_close: float = 0.0
    shock_demand: float = 0.0
    calendar: FiscalCalendar = field(default_factory=lambda: FiscalCalendar(2))

    def hazards(self) -> np.ndarray:
        """Base rates per day, shape (segment, category, destination)."""
        level = np.array(self.level)
        return (level if level.ndim == 3 else level[:, None, None]) * self.base


@dataclass
class _Deals:
    """Columns of the deals alive."""

    deal: np.ndarray
    time: np.ndarray
    segment: np.ndarray
    source: np.ndarray
    category: np.ndarray
    late: np.ndarray
    entered: np.ndarray
    close_month: np.ndarray
    pushes: np.ndarray
    amount: np.ndarray

    def at(self, rows) -> "_Deals":
        return _Deals(**{name: column[rows] for name, column in vars(self).items()})

    def joined(self, other: "_Deals") -> "_Deals":
        return _Deals(**{n: np.concatenate([c, getattr(other, n)]) for n, c in vars(self).items()})


class _Tape:
    """Rows of the tables, as they happen."""

    def __init__(self) -> None:
        self.changes: list[tuple] = []
        self.born: list[_Deals] = []
        self.ends: list[tuple] = []

    def change(self, deals: _Deals, stage: np.ndarray) -> None:
        self.changes.append(
            (deals.deal, deals.time.copy(), stage, deals.amount.copy(), deals.close_month.copy())
        )


def simulate_history(truth: KnownRates, first: dt.date, as_of: dt.date, seed: int) -> History:
    """Simulate a history that begins empty on the first of a month."""
    rng = np.random.default_rng(seed)
    tape = _Tape()
    alive: _Deals | None = None
    n_deals = 0
    cut = day_number(as_of) + 1.0
    shock, quarter = np.ones(2), None
    for month in range(month_number(first), month_number(as_of) + 1):
        if truth.calendar.quarter(month) != quarter:
            quarter = truth.calendar.quarter(month)
            sd = np.array([truth.shock_close, truth.shock_demand])
            shock = np.exp(sd * rng.standard_normal(2) - sd**2 / 2)
        new = _arrivals(truth, month, shock[1], n_deals, rng)
        n_deals += len(new.deal)
        tape.born.append(new.at(slice(None)))
        tape.change(new, new.category * 2 + new.late)
        alive = new if alive is None else alive.joined(new)
        alive = _live_month(truth, alive, month, shock[0], tape, rng)
        _redate(truth, alive, month, tape, rng)
    return _tables(truth, tape, first, as_of, cut)


def _arrivals(truth: KnownRates, month: int, shock: float, n_before: int, rng: np.random.Generator) -> _Deals:
    mean = np.array(truth.sals_per_month) * shock
    if np.isfinite(truth.sals_size):
        mean = rng.gamma(truth.sals_size, mean / truth.sals_size)
    n_by_segment = rng.poisson(mean)
    segment = np.repeat(np.arange(len(mean)), n_by_segment)
    n = len(segment)
    start, end = month_start_day(month), month_start_day(month + 1)
    place = rng.choice(6, n, p=truth.entry_share)
    offset = rng.choice(len(truth.offset_share), n, p=truth.offset_share)
    return _Deals(
        deal=n_before + np.arange(n),
        time=start + (end - start) * rng.random(n),
        segment=segment,
        source=rng.integers(0, len(truth.sources), n),
        category=place // 2,
        late=place % 2,
        entered=np.full(n, month),
        close_month=month + offset,
        pushes=np.zeros(n, dtype=np.int64),
        amount=np.array(truth.amount_median)[segment] * np.exp(truth.amount_sd * rng.standard_normal(n)),
    )


def deal_hazards(truth: KnownRates, deals: _Deals, month: int, shock: float) -> np.ndarray:
    """Rates per day of each deal in a month, shape (deal, destination)."""
    level = {
        "age": np.searchsorted(AGE_BINS, month - deals.entered, side="right") - 1,
        "due": np.where(deals.close_month > month, 0, np.where(deals.close_month == month, 1, 2)),
        "linearity": np.full(len(deals.deal), truth.calendar.month_of_quarter(month)),
        "pushes": np.minimum(deals.pushes, 2),
        "stage": deals.late,
    }
    log_factor = sum(truth.factors[name][deals.category, level[name]] for name in truth.factors)
    rates = truth.hazards()[deals.segment, deals.category] * np.exp(
        log_factor + truth.source_effect[deals.source]
    )
    rates[:, WON] *= shock
    rates[deals.late == 1, ADVANCE] = 0.0
    return rates


def _live_month(truth, alive, month, shock, tape, rng) -> _Deals:
    end = month_start_day(month + 1)
    done = []
    while len(alive.deal):
        rates = deal_hazards(truth, alive, month, shock)
        total = rates.sum(axis=1)
        alive.time = alive.time + rng.exponential(size=len(total)) / np.maximum(total, 1e-300)
        quiet = alive.time >= end
        alive.time[quiet] = end
        done.append(alive.at(quiet))
        alive, rates = alive.at(~quiet), rates[~quiet]
        if not len(alive.deal):
            break
        cumulative = np.cumsum(rates, axis=1)
        k = (rng.random(len(alive.deal))[:, None] * cumulative[:, -1:] > cumulative).sum(axis=1)
        ended = (k >= WON) & (k <= LOST_NO_DECISION)
        gone = alive.at(ended)
        signed = (
            gone.amount * truth.multiplier * np.exp(truth.multiplier_sd * rng.standard_normal(len(gone.deal)))
        )
        gone.amount = np.where(k[ended] == WON, signed, gone.amount)
        tape.change(gone, 6 + k[ended] - WON)
        tape.ends.append((gone.deal, gone.time, k[ended] - WON))
        alive, k = alive.at(~ended), k[~ended]
        moved = k != ADVANCE
        late = rng.random(len(k)) < np.array(truth.late_entry)[np.where(moved, k, 0)]
        alive.late = np.where(moved, late, 1).astype(np.int64)
        alive.category = np.where(moved, k, alive.category)
        alive.entered = np.where(moved, month, alive.entered)
        tape.change(alive, alive.category * 2 + alive.late)
    joined = done[0] if done else alive
    for part in done[1:]:
        joined = joined.joined(part)
    return joined.at(np.argsort(joined.deal))


def _redate(truth, alive, month, tape, rng) -> None:
    due, past = alive.close_month == month, alive.close_month < month
    chance = np.where(due, truth.redate[0], np.where(past, truth.redate[1], truth.early_push))
    moved = rng.random(len(chance)) < chance
    length = rng.choice(len(truth.push_share), len(chance), p=truth.push_share)
    alive.close_month = np.where(moved, np.maximum(alive.close_month, month) + 1 + length, alive.close_month)
    alive.pushes = alive.pushes + moved
    redated = alive.at(moved)
    redated.time = redated.time - 1.0 / 86400.0
    tape.change(redated, redated.category * 2 + redated.late)


def _dates(days: np.ndarray) -> np.ndarray:
    return (np.floor(days * 86400.0) * 1e9).astype(np.int64).astype("datetime64[ns]")


def _month_dates(months: np.ndarray) -> np.ndarray:
    return (months - 1970 * 12).astype("datetime64[M]").astype("datetime64[ns]") + np.timedelta64(14, "D")


def _tables(truth: KnownRates, tape: _Tape, first: dt.date, as_of: dt.date, cut: float) -> History:
    deal, time, stage, amount, close_month = (np.concatenate(c) for c in zip(*tape.changes, strict=True))
    seen = time < cut
    names = np.array([name for name, _, _ in STAGES], dtype=object)
    changes = pd.DataFrame(
        {
            "opportunity_id": np.char.add("d", np.char.zfill(deal[seen].astype(str), 6)),
            "changed_at": _dates(time[seen]),
            "stage": names[stage[seen]],
            "amount": amount[seen],
            "close_date": _month_dates(close_month[seen]),
        }
    ).sort_values(["opportunity_id", "changed_at"], kind="stable", ignore_index=True)
    born = tape.born[0]
    for part in tape.born[1:]:
        born = born.joined(part)
    born = born.at(born.time < cut)
    n = len(born.deal)
    ended_deal, ended_time, outcome = (np.concatenate(c) for c in zip(*tape.ends, strict=True))
    known = ended_time < cut
    result, closed = np.full(n, None, dtype=object), np.full(n, "NaT", dtype="datetime64[ns]")
    row = np.searchsorted(born.deal, ended_deal[known])
    result[row] = np.array(OUTCOMES, dtype=object)[outcome[known]]
    closed[row] = _dates(np.floor(ended_time[known]))
    last = changes.drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")
    ids = np.char.add("d", np.char.zfill(born.deal.astype(str), 6))
    opportunities = empty_table("opportunities").reindex(range(n))
    values = {
        "opportunity_id": ids,
        "segment": np.array(truth.segments, dtype=object)[born.segment],
        "amount": last["amount"].reindex(ids).to_numpy(),
        "created_date": _dates(np.floor(born.time)),
        "close_date": last["close_date"].reindex(ids).to_numpy(),
        "outcome": result,
        "closed_date": closed,
        "source": np.array(truth.sources, dtype=object)[born.source],
    }
    for name, column in values.items():
        opportunities[name] = pd.Series(column).astype(opportunities[name].dtype)
    stages = empty_table("stages").reindex(range(len(STAGES)))
    for i, name in enumerate(("stage", "category", "outcome")):
        stages[name] = pd.Series([row[i] or None for row in STAGES], dtype="str")
    for name in ("opportunity_id", "stage"):
        changes[name] = changes[name].astype("str")
    assert list(changes.columns) == [c.name for c in TABLES["stage_changes"]]
    return History(as_of=as_of, opportunities=opportunities, stage_changes=changes, stages=stages)


def without_factors(truth: KnownRates) -> KnownRates:
    """The same truth with constant hazards."""
    return replace(truth, factors={name: np.zeros_like(table) for name, table in truth.factors.items()})
