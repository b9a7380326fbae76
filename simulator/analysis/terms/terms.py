"""What deal terms cost: bookings now against the value of the customers later, policy by policy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.precision import clusters, mean_error
from simulator.analysis.steps import Progress
from simulator.analysis.terms.assumptions import weigh_assumptions
from simulator.analysis.terms.policies import NONE, PLAN, STATED, PolicyPaths, TermsLab, alone, policies
from simulator.arrays import Floats, Ints

LOW, HIGH = 0.1, 0.9
N_RESAMPLES = 400
PRICE_COLUMNS = (
    "concession",
    "period",
    "conceded",
    "extra",
    "anyway",
    "given_away",
    "price",
    "price_low",
    "price_high",
    "mean_deal",
)


@dataclass(frozen=True)
class DealTerms:
    """Policies of the deal desk on the same simulations.

    Parameters
    ----------
    table : DataFrame
        One row a policy: policy, bookings, bookings_p10, bookings_p90 (new business signed in the window
        after as_of), signatures, conceded, discount, delivery_cost (in the window, means), value,
        value_p10, value_p90 (margin on the revenue of the customers signed less delivery, to the end of
        the run-off), then against the policy without concessions, path by path: bookings_change,
        bookings_change_p10, bookings_change_p90, value_change, value_change_p10, value_change_p90,
        value_change_error (Monte Carlo standard error), p_more (share of simulations worth more),
        crosses (quarter from which the sign of the cumulated value is the final one, empty where it
        never changes), crosses_p10, crosses_p90.
    curve : DataFrame
        policy, period, value_change, value_change_p10, value_change_p90: cumulated value against no
        concessions, path by path.
    prices : DataFrame
        One row a concession: concession, period (the first in which it is offered whole), conceded,
        extra (signatures that would not have come in that quarter), anyway (share of the conceded that
        would have come), given_away (discount and delivery), price (of an extra signature),
        price_low, price_high (80 % interval of the simulation's own error), mean_deal.
    gate : mapping
        Empty without a success plan: days, bookings_change of the first whole quarter and of the window,
        value_change with p10 and p90.
    assumptions : DataFrame
        As ``weigh_assumptions`` returns them.
    window, periods : tuple of str
        Quarters in which is signed; all quarters.
    margin : float
    margin_source : str
    n_paths : int
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    prices: pd.DataFrame
    gate: dict[str, float | str]
    assumptions: pd.DataFrame
    window: tuple[str, ...]
    periods: tuple[str, ...]
    margin: float
    margin_source: str
    n_paths: int


def compare_terms(lab: TermsLab, n_paths: int, n_screen: int, progress: Progress | None = None) -> DealTerms:
    """Return bookings now against value later by policy, and what the answer depends on.

    Parameters
    ----------
    lab : TermsLab
    n_paths : int
        Simulations for each policy.
    n_screen : int
        Simulations for each end of each assumption's interval.
    progress : callable, optional
        Called with (work done, work in all).
    """
    terms = lab.scenario.terms
    by_name = policies(terms)
    tell = _Steps(progress, len(by_name) * n_paths, n_screen)
    by_policy = {}
    for name, policy in by_name.items():
        by_policy[name] = lab.simulate(policy, n_paths, tell.part())
        tell.next(n_paths)
    base = by_policy[NONE]
    first = 1 if lab.compiled.horizon.partial and lab.window > 1 else 0
    return DealTerms(
        table=pd.DataFrame([_row(name, f, base, lab) for name, f in by_policy.items()]),
        curve=pd.concat([_curve(name, f, base, lab) for name, f in by_policy.items()], ignore_index=True),
        prices=_prices(lab, by_policy, first),
        gate=_gate(lab, by_policy, first),
        assumptions=weigh_assumptions(lab, n_screen, tell.rest()),
        window=lab.periods[: lab.window],
        periods=lab.periods,
        margin=lab.margin,
        margin_source=lab.margin_source,
        n_paths=n_paths,
    )


class _Steps:
    """Turns the progress of parts into that of the whole; the assumptions take half as long again."""

    def __init__(self, progress: Progress | None, n_policies: int, n_screen: int) -> None:
        self.progress, self.done, self.policies = progress, 0, n_policies
        self.total = n_policies + max(n_policies // 2, n_screen)

    def part(self) -> Progress | None:
        return None if self.progress is None else self._advance

    def _advance(self, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(self.done + done, self.total)

    def next(self, n: int) -> None:
        self.done += n

    def rest(self) -> Progress | None:
        if self.progress is None:
            return None
        left = self.total - self.policies
        return lambda done, total: self._advance(left * done // max(total, 1), self.total)


def _row(name: str, own: PolicyPaths, base: PolicyPaths, lab: TermsLab) -> dict[str, object]:
    window = slice(0, lab.window)
    bookings, value = own.bookings[:, window].sum(axis=1), own.value.sum(axis=1)
    more = bookings - base.bookings[:, window].sum(axis=1)
    worth = value - base.value.sum(axis=1)
    row: dict[str, object] = {"policy": name}
    row |= _spread("bookings", bookings)
    for key, flow in (
        ("signatures", "n_won"),
        ("conceded", "n_conceded"),
        ("discount", "discount"),
        ("delivery_cost", "delivery_cost"),
    ):
        row[key] = float(own.counts[flow][:, window].sum(axis=1).mean())
    row |= _spread("value", value) | _spread("bookings_change", more) | _spread("value_change", worth)
    row["value_change_error"] = mean_error(worth, own.rate_draw)
    row["p_more"] = float((worth > 0.0).mean())
    return row | _crossing(np.cumsum(own.value - base.value, axis=1), own.rate_draw, lab.periods)


def _spread(name: str, values: Floats) -> dict[str, float]:
    low, high = np.quantile(values, [LOW, HIGH])
    return {name: float(values.mean()), f"{name}_p10": float(low), f"{name}_p90": float(high)}


def crossing_place(curve: Floats) -> int | None:
    """Return from where on a curve keeps its final sign, None where it had it throughout.

    Parameters
    ----------
    curve : ndarray of float64, shape (period,)
    """
    final = np.sign(curve[-1])
    other = np.flatnonzero(np.sign(curve) == -final)
    return int(other[-1]) + 1 if final != 0 and other.size else None


def _crossing(gain: Floats, draw: Ints, periods: tuple[str, ...]) -> dict[str, str]:
    """Return the quarter from which cumulated value keeps its sign, its interval by resampled rates."""
    place = crossing_place(gain.mean(axis=0))
    found = {"crosses": periods[place] if place is not None else "", "crosses_p10": "", "crosses_p90": ""}
    if place is None:
        return found
    samples = [crossing_place(mean) for mean in resampled_means(gain, draw)]
    held = sorted(p for p in samples if p is not None)
    if held:
        found["crosses_p10"] = periods[held[int(LOW * (len(held) - 1))]]
        found["crosses_p90"] = periods[held[int(HIGH * (len(held) - 1))]]
    return found


def resampled_means(values: Floats, draw: Ints) -> Floats:
    """Return means over independent groups of paths drawn again with replacement, shape (resample, …).

    Parameters
    ----------
    values : ndarray of float64, shape (path, …)
    draw : ndarray of int64, shape (path,)
    """
    means = cluster_means(values, draw)
    picks = np.random.default_rng(0).integers(len(means), size=(N_RESAMPLES, len(means)))
    return np.asarray(means[picks].mean(axis=1))


def cluster_means(values: Floats, draw: Ints) -> Floats:
    """Return the mean of values by independent group of paths, shape (group, …)."""
    group = clusters(draw)
    sums = np.zeros((group.max() + 1, *values.shape[1:]))
    np.add.at(sums, group, values)
    counts = np.bincount(group).astype(np.float64)
    return np.asarray(sums / counts.reshape(-1, *([1] * (values.ndim - 1))))


def _curve(name: str, own: PolicyPaths, base: PolicyPaths, lab: TermsLab) -> pd.DataFrame:
    gain = np.cumsum(own.value - base.value, axis=1)
    low, high = np.quantile(gain, [LOW, HIGH], axis=0)
    return pd.DataFrame(
        {
            "policy": name,
            "period": lab.periods,
            "value_change": gain.mean(axis=0),
            "value_change_p10": low,
            "value_change_p90": high,
        }
    )


def _prices(lab: TermsLab, by_policy: dict[str, PolicyPaths], first: int) -> pd.DataFrame:
    base, rows = by_policy[NONE], []
    for item in lab.scenario.terms.concessions:
        own = by_policy.get(alone(item.name), by_policy.get(STATED))
        if own is None:
            continue
        given = (own.counts["discount"] + own.counts["delivery_cost"])[:, first]
        extra = (own.counts["n_won"] - base.counts["n_won"])[:, first]
        conceded = own.counts["n_conceded"][:, first]
        samples = resampled_means(np.stack([given, extra], axis=1), own.rate_draw)
        ratio = np.divide(
            samples[:, 0], samples[:, 1], out=np.full(len(samples), np.inf), where=samples[:, 1] > 0
        )
        price = float(given.mean() / extra.mean()) if extra.mean() > 0 else np.nan
        low, high = np.quantile(ratio, [LOW, HIGH], method="nearest")
        won = own.counts["n_won"][:, first].mean()
        rows.append(
            {
                "concession": item.name,
                "period": lab.periods[first],
                "conceded": float(conceded.mean()),
                "extra": float(extra.mean()),
                "anyway": float(np.clip(1.0 - extra.mean() / conceded.mean(), 0.0, 1.0))
                if conceded.mean() > 0
                else np.nan,
                "given_away": float(given.mean()),
                "price": price,
                "price_low": float(low) if np.isfinite(low) else np.nan,
                "price_high": float(high) if np.isfinite(high) else np.nan,
                "mean_deal": float(own.bookings[:, first].mean() / won) if won > 0 else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=list(PRICE_COLUMNS))


def _gate(lab: TermsLab, by_policy: dict[str, PolicyPaths], first: int) -> dict[str, float | str]:
    plan = lab.scenario.terms.success_plan
    if plan is None:
        return {}
    own, base = by_policy[PLAN], by_policy[NONE]
    moved = own.bookings - base.bookings
    worth = (own.value - base.value).sum(axis=1)
    return {
        "days": plan.days.value,
        "period": lab.periods[first],
        "first_bookings_change": float(moved[:, first].mean()),
        "window_bookings_change": float(moved[:, : lab.window].sum(axis=1).mean()),
        "all_bookings_change": float(moved.sum(axis=1).mean()),
        **_spread("value_change", worth),
    }
