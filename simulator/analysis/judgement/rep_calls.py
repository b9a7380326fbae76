"""Sandbagging and happy ears: what reps called against what they won, shrunk to their team and company."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import scipy
from scipy.special import ndtri

from simulator.analysis.diagnose.qualified import won_deals
from simulator.analysis.precision import LEVEL
from simulator.arrays import Floats, Ints, Mask
from simulator.fiscal import FiscalCalendar, first_of_month, month_number, months_of_days
from simulator.history.tables import History

HALF_WAY_DAYS = 45
"""The call of a quarter is the last one made by its middle."""
LEAST_PAIRS = 6
"""Fewer quarters than this in a segment, and its noise is that of the company."""
LOG_SPREADS = (-5.0, 0.5)
SANDBAGGING, HAPPY_EARS, UNTOLD = "sandbagging", "happy ears", "in line, as far as can be told"
COMPANY = "all"

COLUMNS = (
    "rep_id", "team", "segment", "n_quarters", "called", "won", "won_per_called", "bias", "bias_low",
    "bias_high", "verdict",
)  # fmt: skip


def rep_biases(history: History, calendar: FiscalCalendar, within_days: int = HALF_WAY_DAYS) -> pd.DataFrame:
    """Return by rep how much they win for what they call.

    log(won / called) = μ + manager + rep: each rep's ratio of sums over the quarters that are over, pooled
    by empirical Bayes. The noise of a ratio comes from the scatter of single quarters (see `_noise`); the
    spreads of managers and of reps are estimated by restricted maximum likelihood, the effects by best
    linear prediction, whose error counts that μ is estimated too (Robinson 1991; Cressie 1993, 3.4). The
    team stands for the manager. A rep who won nothing is given half a typical deal on both sides.

    Parameters
    ----------
    history : History
        As of the day.
    calendar : FiscalCalendar
    within_days : int
        Which calls count: the last of each quarter made in its first this many days (0: before it began);
        the first one where there is none so early.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, one row a rep with a call of a quarter that is over, then the company's row
        ``all`` (μ, which stands for a rep not seen yet). ``bias`` is won for each unit called, shrunk, with
        its 80 % interval; above 1 is sandbagging, below happy ears, said only where both the interval and the
        rep's own won / called say so.
        No rows where there are no calls, or deals have no owners.
    """
    pairs = called_and_won(history, calendar, within_days)
    if pairs.empty:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    table = _sums(pairs)
    won, called = _never_nothing(pairs, table)
    mean, error, (mu, mu_error) = pool(
        np.log((won / called).to_numpy(np.float64)), _noise(pairs, table), pd.factorize(table["team"])[0]
    )
    total = pd.DataFrame([_sum_of(pairs)]).set_index("rep_id")
    both = pd.concat([_biased(table, mean, error), _biased(total, np.array([mu]), np.array([mu_error]))])
    return both.rename_axis("rep_id").reset_index()[list(COLUMNS)]


def _sums(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return what each rep called and won in all, indexed by rep."""
    reps = pairs.groupby("rep_id", sort=True)
    return pd.DataFrame(
        {
            "team": reps["team"].first(),
            "segment": reps["segment"].first(),
            "n_quarters": reps.size(),
            "called": reps["commit"].sum(),
            "won": reps["won"].sum(),
        }
    )


def _sum_of(pairs: pd.DataFrame) -> dict[str, Any]:
    """Return the same of the whole company."""
    everyone = dict.fromkeys(("rep_id", "team", "segment"), COMPANY)
    sums = {"called": pairs["commit"].sum(), "won": pairs["won"].sum()}
    return everyone | {"n_quarters": len(set(pairs["quarter"]))} | sums


def _never_nothing(pairs: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return what was won and called, half a typical deal added to both where nothing was won."""
    half_deal = pairs["typical"].groupby(pairs["rep_id"]).first() / 2.0
    none = table["won"] <= 0.0
    return table["won"].where(~none, half_deal), table["called"].where(~none, table["called"] + half_deal)


def _biased(table: pd.DataFrame, mean: Floats, error: Floats) -> pd.DataFrame:
    """Add the bias whose logarithm is known, its interval and the verdict."""
    reach = float(ndtri(0.5 + LEVEL / 2)) * error
    low, high = np.exp(mean - reach), np.exp(mean + reach)
    return table.assign(
        won_per_called=table["won"] / table["called"],
        bias=np.exp(mean),
        bias_low=low,
        bias_high=high,
        verdict=list(map(_verdict, low, high, table["won"] / table["called"])),
    )


def called_and_won(
    history: History, calendar: FiscalCalendar, within_days: int = HALF_WAY_DAYS
) -> pd.DataFrame:
    """Return for each rep and quarter that is over the call made so early in it, and what was won in it.

    Returns
    -------
    DataFrame
        rep_id, quarter (number), team, segment, commit, won, typical (median won deal of the segment).
        Calls of nothing are left out: a ratio says nothing of them.
    """
    calls, deals = history.calls, history.opportunities
    empty = pd.DataFrame(columns=["rep_id", "quarter", "team", "segment", "commit", "won", "typical"])
    if calls.empty or deals["owner"].isna().all():
        return empty
    calls = calls.assign(quarter=[calendar.parse_quarter(period) for period in calls["period"]])
    last = int(calendar.quarter(month_number(history.as_of + dt.timedelta(days=1)))) - 1
    calls = calls[(calls["quarter"] <= last) & (calls["commit"] > 0)].sort_values("as_of", kind="stable")
    if calls.empty:
        return empty
    middle = [
        pd.Timestamp(first_of_month(calendar.first_month(int(q))) + dt.timedelta(days=within_days))
        for q in calls["quarter"]
    ]
    early = calls[calls["as_of"].to_numpy() < np.array(middle, dtype="datetime64[ns]")]
    chosen = early.drop_duplicates(["rep_id", "quarter"], keep="last")
    late = calls.drop_duplicates(["rep_id", "quarter"], keep="first")
    chosen = pd.concat([chosen, late]).drop_duplicates(["rep_id", "quarter"], keep="first")
    won = won_deals(history)
    when = calendar.quarter(months_of_days(won["closed"].to_numpy(np.float64)))
    sums = won.groupby([won["owner"].rename("rep_id"), pd.Series(when, won.index, name="quarter")])[
        "amount"
    ].sum()
    pairs = chosen[["rep_id", "quarter", "commit"]].merge(
        sums.rename("won").reset_index(), on=["rep_id", "quarter"], how="left"
    )
    staff = history.reps.drop_duplicates("rep_id").set_index("rep_id")
    typical = won.groupby("segment")["amount"].median()
    segment = pairs["rep_id"].map(staff["segment"]).astype(object).fillna("unknown")
    return pairs.assign(
        won=pairs["won"].fillna(0.0),
        team=pairs["rep_id"].map(staff["team"]).astype(object).fillna("unknown"),
        segment=segment,
        typical=segment.map(typical)
        .astype("float64")
        .fillna(float(won["amount"].median()) if len(won) else 1.0),
    )


def _noise(pairs: pd.DataFrame, table: pd.DataFrame) -> Floats:
    """Return the variance of each rep's log ratio.

    What is won is a sum of deals, so its variance goes with its mean (quasi-Poisson): Var(won) = φ · mean, φ
    in money, by segment from the scatter of quarters around each rep's own ratio.
    """
    own = (table["won"] / table["called"]).clip(lower=1e-9)
    expected = (pairs["commit"] * pairs["rep_id"].map(own)).to_numpy(np.float64)
    square = (pairs["won"].to_numpy(np.float64) - expected) ** 2 / np.maximum(expected, 1e-9)
    n = pairs.groupby("rep_id")["won"].transform("size").to_numpy(np.float64)
    usable = (n > 1) & pairs["rep_id"].map(table["won"] > 0).to_numpy(bool)

    def dispersion(rows: Mask) -> float:
        # One degree of freedom goes to each rep's own ratio.
        free = float((1.0 - 1.0 / n[rows]).sum())
        return float(square[rows].sum()) / free if rows.sum() >= LEAST_PAIRS and free > 0 else np.nan

    overall = dispersion(usable)
    segment = pairs["segment"].to_numpy(dtype=object)
    by_segment = {name: dispersion(usable & (segment == name)) for name in set(segment)}
    typical = pairs.groupby("segment")["typical"].first()
    phi = np.array(
        [
            next(x for x in (by_segment[name], overall, float(typical[name])) if np.isfinite(x))
            for name in table["segment"]
        ]
    )
    usual = table["won"].sum() / table["called"].sum()
    usual = usual if usual > 0 else 1.0
    return np.asarray(np.maximum(phi / (usual * table["called"].to_numpy(np.float64)), 1e-6))


def pool(y: Floats, variance: Floats, group: Ints) -> tuple[Floats, Floats, tuple[float, float]]:
    """Return shrunk means, their standard errors, and the overall mean with its own.

    y = μ + group + own + noise, noise of known variance, the spreads of groups and of members by restricted
    maximum likelihood.

    Parameters
    ----------
    y, variance : ndarray of float64, shape (n,)
    group : ndarray of int64, shape (n,)
    """
    same = (group[:, None] == group[None, :]).astype(float)
    several = len(set(group.tolist())) > 1
    one = np.ones(len(y))

    def signal(log_spread: Floats) -> Floats:
        between = np.exp(2.0 * log_spread[1]) if several else 0.0
        return np.asarray(np.exp(2.0 * log_spread[0]) * np.eye(len(y)) + between * same)

    def loss(log_spread: Floats) -> float:
        total = signal(log_spread) + np.diag(variance)
        _, size = np.linalg.slogdet(total)
        solved = np.linalg.solve(total, np.column_stack([one, y]))
        information = one @ solved[:, 0]
        rest = y - (one @ solved[:, 1]) / information
        return float(size + np.log(information) + rest @ np.linalg.solve(total, rest))

    start = np.array([-1.5, -2.0])
    bounds = [LOG_SPREADS, LOG_SPREADS]
    best = scipy.optimize.minimize(loss, start, method="L-BFGS-B", bounds=bounds).x if len(y) > 1 else start
    kept = signal(best)
    weights = np.linalg.inv(kept + np.diag(variance))
    information = float(one @ weights @ one)
    mu = float(one @ weights @ y) / information
    mean = mu + kept @ weights @ (y - mu)
    missed = 1.0 - kept @ weights @ one
    spread = np.diag(kept - kept @ weights @ kept) + missed**2 / information
    return mean, np.sqrt(np.maximum(spread, 0.0)), (mu, float(np.sqrt(1.0 / information)))


def _verdict(low: float, high: float, own: float) -> str:
    """Return what is said of a rep: never on the team's account what the rep's own record contradicts."""
    return SANDBAGGING if low > 1.0 < own else HAPPY_EARS if high < 1.0 > own else UNTOLD
