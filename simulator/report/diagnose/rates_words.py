"""What a track record says, in plain sentences with the rule of thumb next to each figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.conversion import told_horizon
from simulator.analysis.diagnose.rates import (
    MIN_DEALS,
    chance_explains,
)
from simulator.analysis.diagnose.track_record import TrackRecord
from simulator.history.tables import CATEGORIES
from simulator.report.money import format_money, format_multiple, format_share

CLOSE_RATE_RULE = 1 / 3
WIN_RATE_RULE = 0.5
HEALTHY_COMMIT = 0.8

REMEDIES = {
    "pipeline": "persuasion, why change and why now",
    "best_case": "proof, and access to those who decide",
    "commit": "contracts, security review and delivery",
}

Money = Callable[[float], str]


def findings(record: TrackRecord, currency: str = "") -> tuple[str, ...]:
    """Return the findings in words, the most important first.

    Parameters
    ----------
    record : TrackRecord
        What was measured.
    currency : str
        ISO code; empty: amounts are printed without one.
    """

    def money(amount: float) -> str:
        return format_money(amount, currency).strip()

    parts = (_close_rate, _cause, _win_rate, _open_deals, _slippage, _pushes, _stuck, _coverage, _created)
    sentences = [text for part in parts for text in part(record, money)]
    sentences += [*_cycle(record, money), *_size(record), *_spread(record), *_stale(record)]
    return tuple(sentences)


def rate(record: TrackRecord, measure: str, basis: str = "count") -> pd.Series[float] | None:
    """Return the overall row of a rate, None where it cannot be measured."""
    table = record.rates
    rows = table[(table["measure"] == measure) & (table["by"] == "all") & (table["basis"] == basis)]
    return rows.iloc[0] if len(rows) and np.isfinite(rows["value"].iloc[0]) else None


def with_interval(row: pd.Series[float]) -> str:
    """Return a rate with its interval, such as ``31% (29%–33%)``."""
    return f"{format_share(row['value'])} ({format_share(row['low'])}–{format_share(row['high'])})"


def _by_amount(record: TrackRecord, measure: str) -> str:
    row = rate(record, measure, "amount")
    return f", {with_interval(row)} by amount" if row is not None else ""


def _close_rate(record: TrackRecord, _: Money) -> Iterator[str]:
    row = rate(record, "close_rate")
    if row is None:
        yield f"No qualified deal ended in {record.window.name}, so there is no close rate."
        return
    verdict = _verdict(row, CLOSE_RATE_RULE)
    yield (
        f"Of {int(row['n']):,} qualified deals that ended in {record.window.name}, "
        f"{with_interval(row)} were won{_by_amount(record, 'close_rate')}: "
        f"{verdict} the rule of thumb of a third."
    )


def _verdict(row: pd.Series[float], rule: float) -> str:
    if row["low"] > rule:
        return "above"
    return "below" if row["high"] < rule else "in line with"


def _cause(record: TrackRecord, _: Money) -> Iterator[str]:
    close, win = rate(record, "close_rate"), rate(record, "win_rate")
    if close is None or win is None:
        return
    n_lost = close["denominator"] - close["numerator"]
    to_competition = win["denominator"] - win["numerator"]
    no_decision = n_lost - to_competition
    if n_lost < 10 or to_competition == 0:
        return
    if close["value"] >= CLOSE_RATE_RULE:
        yield f"Of the deals lost, {format_share(no_decision / n_lost)} ended without a decision."
    elif no_decision > 1.25 * to_competition:
        yield (
            f"The low close rate comes from no decision ({no_decision:,.0f} deals), more than from "
            f"competitors ({to_competition:,.0f}): discovery and the business case."
        )
    elif to_competition > 1.25 * no_decision:
        yield (
            f"The low close rate comes from competitors ({to_competition:,.0f} deals), more than from no "
            f"decision ({no_decision:,.0f}): differentiation."
        )
    else:
        yield (
            f"The low close rate comes from no decision ({no_decision:,.0f} deals) and from competitors "
            f"({to_competition:,.0f}) alike: discovery, and differentiation."
        )


def _win_rate(record: TrackRecord, _: Money) -> Iterator[str]:
    row = rate(record, "win_rate")
    if row is None:
        return
    yield (
        f"Where the customer decided, we won {with_interval(row)}{_by_amount(record, 'win_rate')}: "
        f"{_verdict(row, WIN_RATE_RULE)} the rule of thumb of one half (two thirds is ideal)."
    )


def _open_deals(record: TrackRecord, _: Money) -> Iterator[str]:
    table, days = record.conversion, told_horizon(record.conversion)
    if not days:
        return
    rows = table[(table["by"] == "all") & (table["basis"] == "count")]
    share = rows[rows["within_days"] == days].set_index("outcome")["share"]
    classic = rate(record, "close_rate")
    counted = (
        f"The classic close rate of {format_share(classic['value'])} leaves"
        if classic is not None
        else "It leaves"
    )
    yield (
        f"{counted} out {record.n_open:,} deals still open. Counting them for as long as they were seen: "
        f"of 100 accepted deals, {100 * share['won']:.0f} are won within {days} days, "
        f"{100 * (share['lost_competition'] + share['lost_no_decision']):.0f} lost and "
        f"{100 * share['open']:.0f} still open."
    )


def _slippage(record: TrackRecord, _: Money) -> Iterator[str]:
    row, adjusted = rate(record, "slippage"), rate(record, "slippage_adjusted_close_rate")
    if row is None or adjusted is None:
        return
    needed = (
        f" (1 / rate: {format_multiple(1 / adjusted['value'])} coverage)" if adjusted["value"] > 0 else ""
    )
    yield (
        f"Of the deals due in a quarter, {with_interval(row)} slip out of it"
        f"{_by_amount(record, 'slippage')}; a quarter is what some businesses see."
    )
    yield from _commits(record)
    yield f"Counting the slipped deals too, the close rate is {with_interval(adjusted)}{needed}."


def _commits(record: TrackRecord) -> Iterator[str]:
    rows = record.due[(record.due["category"] == "commit") & (record.due["basis"] == "count")]
    if rows.empty or rows["n"].iloc[0] < MIN_DEALS:
        return
    share = rows.set_index("ending")["share"]
    lost = share["lost_competition"] + share["lost_no_decision"]
    text = (
        f"Of {rows['n'].iloc[0]:,} commit deals due in a quarter on its first day, "
        f"{format_share(share['won'])} were won in it, {format_share(share['slipped'])} slipped and "
        f"{format_share(lost)} were lost; healthy is 80–90% won."
    )
    slips = share["won"] < HEALTHY_COMMIT and share["slipped"] > lost
    yield text + (" Commits that slip: contracts, security review, delivery." if slips else "")


def _pushes(record: TrackRecord, _: Money) -> Iterator[str]:
    # A dictionary: what a pair gives in an index of two levels differs between versions of pandas.
    table = record.pushes.set_index(["measure", "group"])["value"].to_dict()
    mean = table.get(("push_length_months", "mean"), np.nan)
    if not np.isfinite(mean):
        return
    straight, pushed = (table.get(("close_rate_by_pushes", g), np.nan) for g in ("0", "any"))
    text = f"A push moves the close date by {mean:.1f} months on average."
    if np.isfinite(straight) and np.isfinite(pushed):
        text += (
            f" Deals never pushed are won {format_share(straight)} of the time, "
            f"deals pushed at all {format_share(pushed)}."
        )
    yield text


def _stuck(record: TrackRecord, _: Money) -> Iterator[str]:
    table = record.dwell
    median = table[table["by"] == "all"].set_index("category")["median_days"].reindex(list(CATEGORIES))
    if median.notna().sum() < 2:
        return
    stays = [f"{_name(name)} within {_days(days)}" for name, days in median.dropna().items()]
    longest = str(median.idxmax())
    yield (
        f"Half of the deals leave {', '.join(stays)}; they wait longest in {_name(longest)}: "
        f"{REMEDIES[longest]}."
    )


def _days(days: float) -> str:
    return f"{days:.0f} days" if days >= 1.5 else "a day"


def _name(category: object) -> str:
    return str(category).replace("_", " ")


def _coverage(record: TrackRecord, money: Money) -> Iterator[str]:
    rows = record.coverage
    rows = (
        rows[(rows["segment"] == "all") & (rows["booked"] > 0) & (rows["basis"] > 0)] if len(rows) else rows
    )
    if len(rows) < 2:
        return
    booked, from_basis = rows["booked"].sum(), rows["booked_from_basis"].sum()
    yield (
        f"On the first day of the last {len(rows)} quarters, best case + commit due in the quarter stood at "
        f"{format_multiple(rows['coverage'].median())} of what was then booked "
        f"({format_multiple(rows['coverage'].min())} to {format_multiple(rows['coverage'].max())}); "
        f"{format_share(from_basis / rows['basis'].sum())} of it was booked in its quarter. "
        f"{format_share(1 - from_basis / booked)} of the {money(booked)} booked came from elsewhere: "
        "pipeline, later dates, or deals created in the quarter."
    )


def _created(record: TrackRecord, money: Money) -> Iterator[str]:
    rows = record.created
    rows = rows[(rows["segment"] == "all") & ~rows["partial"]]
    if len(rows) < 2:
        return
    half = min(4, len(rows) // 2)
    recent, before = rows["amount"].iloc[-half:].mean(), rows["amount"].iloc[-2 * half : -half].mean()
    n_recent, n_before = rows["n"].iloc[-half:].mean(), rows["n"].iloc[-2 * half : -half].mean()
    change = recent / before - 1 if before > 0 else n_recent / n_before - 1 if n_before else np.nan
    earlier = f"the {half} before" if half > 1 else "the one before"
    trend = f", {_change(change)} {earlier}" if np.isfinite(change) else ""
    quarters = f"the last {half} quarters" if half > 1 else "the last quarter"
    made = f"{n_recent:,.0f} deals{' a quarter' if half > 1 else ''}"
    made = f"{money(recent)} and {made}" if np.isfinite(recent) else made
    yield f"Qualified pipeline created: {made} in {quarters}{trend}."


def _change(share: float) -> str:
    if abs(share) < 0.005:
        return "as in"
    return f"{abs(share):.0%} {'more' if share > 0 else 'less'} than in"


def _cycle(record: TrackRecord, money: Money) -> Iterator[str]:
    row = record.cycles.iloc[0]
    if not np.isfinite(row["median_days"]):
        return
    text = (
        f"Deals that were won took {row['median_days']:.0f} days from SAL "
        f"(median; one in five over {row['p80_days']:.0f})"
    )
    if np.isfinite(row["mean_won"]):
        text += f" and brought {money(row['mean_won'])} on average (median {money(row['median_won'])})"
    yield text + "."


def _size(record: TrackRecord) -> Iterator[str]:
    count, amount = rate(record, "close_rate"), rate(record, "close_rate", "amount")
    if count is None or amount is None:
        return
    if amount["high"] < count["low"]:
        yield "Money is lost more often than deals: the large deals close less often than the small ones."
    elif amount["low"] > count["high"]:
        yield "Money is won more often than deals: the large deals close more often than the small ones."


def _spread(record: TrackRecord) -> Iterator[str]:
    """Name the best and the worst group of each dimension where chance cannot explain the gap."""
    table = record.rates
    rows = table[(table["measure"] == "close_rate") & (table["basis"] == "count") & table["value"].notna()]
    for by in rows["by"].unique():
        groups = rows[rows["by"] == by].sort_values("value")
        if by == "all" or chance_explains(groups):
            continue
        worst, best = groups.iloc[0], groups.iloc[-1]
        yield (
            f"By {'rep' if by == 'owner' else by}, the close rate runs from {with_interval(worst)} for "
            f"{worst['group']} to {with_interval(best)} for {best['group']}."
        )


def _stale(record: TrackRecord) -> Iterator[str]:
    if record.n_past_due:
        yield (
            f"{record.n_past_due:,} of the {record.n_open:,} open deals carry a close date before "
            f"{record.window.as_of.isoformat()}: re-date or close them before counting them as coverage."
        )
