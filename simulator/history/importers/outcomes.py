"""How and when each deal ended, from whatever the files say of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.history.importers.fields.cells import look_up, map_unique
from simulator.history.importers.fields.stage_words import outcome_word
from simulator.history.importers.fields.words import folded, phrases
from simulator.history.importers.import_log import ImportLog, listed
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.readers.sheet import plain
from simulator.history.tables import OUTCOMES

EMPTY_REASONS = ("", "none", "n/a", "unknown", "other")
MANY_DAYS = 100
SAME_DAY_SHARE = 0.9
"""Share of closed deals whose close date is the day they closed, from which it is no plan of theirs."""


def read_outcomes(
    deals: pd.DataFrame, changes: pd.DataFrame, stages: pd.DataFrame, mapping: Mapping, log: ImportLog
) -> pd.DataFrame:
    """Return the deals with ``outcome`` and ``closed_date``: empty while open.

    The outcome is taken from its column, else from the marks won and closed, else from the stage the
    deal is in now, else from its last change. A loss is refined by its reason.
    """
    by_stage = _outcome_by_stage(stages, mapping)
    outcome = _said(deals["outcome"], log, deals)
    outcome = outcome.fillna(_flagged(deals))
    outcome = outcome.fillna(_of_stage(deals["stage"], by_stage))
    last = changes.drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")["stage"]
    outcome = outcome.fillna(look_up(deals["opportunity_id"], _of_stage(last, by_stage)))
    outcome = _dated(outcome, deals).mask(outcome == "open")
    outcome = _refined(outcome, deals, mapping, log)
    won = outcome == "won"
    signed = deals["amount"].mask(won & deals["won_amount"].notna(), deals["won_amount"])
    deals = deals.assign(outcome=outcome, amount=signed)
    return _with_closed_date(deals, changes, by_stage, mapping, log)


def _outcome_by_stage(stages: pd.DataFrame, mapping: Mapping) -> dict[str, str]:
    """Return the outcome of each closed stage; a loss stays ``lost`` unless the map says which kind."""
    said = {plain(stage) for stage, specs in mapping.stages.items() if specs[-1].to in OUTCOMES}
    closed = stages[stages["category"] == "closed"]
    return {
        plain(stage): outcome if outcome == "won" or plain(stage) in said else "lost"
        for stage, outcome in zip(closed["stage"], closed["outcome"], strict=True)
    }


def _said(cells: pd.Series[Any], log: ImportLog, deals: pd.DataFrame) -> pd.Series[Any]:
    outcome = map_unique(cells, outcome_word)
    bad = deals[outcome.isna() & cells.notna()]
    remedy = f"Give it one of {listed(OUTCOMES)}, lost or open under 'values:' of opportunities.outcome."
    log.row_faults(bad, "outcome", "'{value}' is no outcome", remedy)
    return outcome.astype("str")


def _flagged(deals: pd.DataFrame) -> pd.Series[Any]:
    won, closed = deals["is_won"], deals["is_closed"]
    flagged = np.select(
        [won == 1, (closed == 1) & (won != 1), closed == 0], ["won", "lost", "open"], default=""
    )
    series = pd.Series(flagged, index=deals.index).astype("str")
    return series.mask(series == "")


def _dated(outcome: pd.Series[Any], deals: pd.DataFrame) -> pd.Series[Any]:
    """Return outcomes by the days of winning and losing, where nothing else says how any deal ended."""
    won, lost = deals["won_date"].notna(), deals["lost_date"].notna()
    if outcome.isin(OUTCOMES).any() or not (won.any() and lost.any()) or (won & lost).any():
        return outcome
    return outcome.mask(won, "won").mask(lost, "lost")


def _of_stage(stages: pd.Series[Any], by_stage: dict[str, str]) -> pd.Series[Any]:
    return map_unique(stages, lambda stage: by_stage.get(plain(stage))).astype("str")


def _refined(
    outcome: pd.Series[Any], deals: pd.DataFrame, mapping: Mapping, log: ImportLog
) -> pd.Series[Any]:
    """Separate losses to a competitor from the others by the reason given; say what each reason counts as."""
    lost = outcome.isin(["lost", "lost_no_decision"])
    said = {plain(reason): kind for reason, kind in mapping.loss_reasons.items()}

    def kind(reason: str) -> str:
        word = plain(reason)
        rivals = any(root in folded(reason) for root in phrases("reason"))
        return said.get(word) or ("lost_competition" if rivals else "lost_no_decision")

    reasons = deals["loss_reason"].where(lost)
    reasons = reasons.mask(reasons.str.lower().isin(EMPTY_REASONS))
    if reasons.notna().any():
        kinds = {reason: kind(str(reason)) for reason in reasons.dropna().unique()}
        counts = reasons.value_counts()
        shown = listed([f"{reason} → {kinds[reason]} ({n:,})" for reason, n in counts.items()], 20)
        log.note(f"Reasons of losses: {shown}.")
        outcome = outcome.mask(reasons.notna(), map_unique(reasons, kinds.get).astype("str"))
    silent = int((outcome == "lost").sum())
    if silent:
        log.note(
            f"{silent:,} lost deals have no reason of loss and count as lost_no_decision: win rates against "
            "competitors cannot be measured from close rates for them."
        )
    return outcome.mask(outcome == "lost", "lost_no_decision")


def _with_closed_date(
    deals: pd.DataFrame, changes: pd.DataFrame, by_stage: dict[str, str], mapping: Mapping, log: ImportLog
) -> pd.DataFrame:
    """Date the ends: by their column, else by the last change into a closed stage, else by the close date."""
    closed, won = deals["outcome"].notna(), deals["outcome"] == "won"
    seen, at_the_latest = _days_of_ends(changes, by_stage)
    date = deals["closed_date"].fillna(deals["won_date"].where(won, deals["lost_date"]))
    date = date.fillna(look_up(deals["opportunity_id"], seen))
    by_close_date = closed & date.isna() & deals["close_date"].notna()
    if by_close_date.any():
        log.note(f"{int(by_close_date.sum()):,} closed deals are taken to have closed on their close date.")
    latest = look_up(deals["opportunity_id"], at_the_latest)
    planned = deals["close_date"].where(~(deals["close_date"] > latest), latest)
    date = date.fillna(planned).fillna(latest).where(closed)
    sure = [deals["created_date"], date.where(~by_close_date), deals["modified"], changes["changed_at"]]
    date = _not_ahead(date, by_close_date, pd.concat(sure), mapping.as_of, log)
    deals = deals.assign(closed_date=date)
    if changes["close_date"].notna().any():
        return deals
    return _without_hindsight(deals, log)


def _not_ahead(
    date: pd.Series[Any], planned: pd.Series[bool], sure: pd.Series[Any], as_of: str | None, log: ImportLog
) -> pd.Series[Any]:
    """Return ends that lie ahead of all that surely happened as of its last day.

    Close dates of closed deals are plans where they lie ahead: they are believed as long as one follows the
    other as closely as such days usually do.
    """
    if sure.isna().all():
        return date
    last = max([sure.max(), *([pd.Timestamp(as_of)] if as_of else [])]).normalize()
    days = np.sort(date[planned].dropna().unique())
    known = pd.concat([sure, date[planned]]).dropna()
    known = known[known <= last + pd.Timedelta(days=1)]
    n_days = len(known.dt.normalize().unique())
    step = max(
        pd.Timedelta(days=14 if n_days >= MANY_DAYS else 60), (last - known.min()) / max(n_days, 1) * 4
    )
    for day in days[days > last] if not as_of else []:
        if day - last > step:
            break
        last = pd.Timestamp(day)
    ahead = planned & (date > last)
    if ahead.any():
        log.note(
            f"{int(ahead.sum()):,} closed deals have a close date ahead of all that has happened "
            f"({last:%Y-%m-%d}): they count as closed on that day. If it was later, say as_of in a map."
        )
    return date.mask(ahead, last)


def _days_of_ends(changes: pd.DataFrame, by_stage: dict[str, str]) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Return, by deal, the day of the last change from open to closed, and the day first seen closed.

    Later rows of a closed deal are edits, not another end; a deal that is closed in its first row
    ended at some day before.
    """
    is_end = _of_stage(changes["stage"], by_stage).notna()
    is_first = changes["deal"] != changes["deal"].shift()
    was_end = is_end.shift(fill_value=False) & ~is_first
    seen = changes[is_end & ~was_end & ~is_first].groupby("opportunity_id")["changed_at"].max()
    first = changes[is_end & is_first].groupby("opportunity_id")["changed_at"].min()
    return seen.dt.normalize(), first.dt.normalize()


def _without_hindsight(deals: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Empty the close dates of closed deals that are merely the day they closed.

    Without their past nobody knows what was planned; kept, they would teach that deals close on the
    very day that was forecast.
    """
    closed = deals["outcome"].notna() & deals["close_date"].notna()
    same = closed & (deals["close_date"] == deals["closed_date"])
    if closed.any() and same.sum() >= SAME_DAY_SHARE * closed.sum():
        log.note(
            f"The close dates of {int(same.sum()):,} closed deals are the days they closed, not plans, and "
            "their past is not in the files: they are left out, and slippage cannot be learned from them."
        )
        return deals.assign(close_date=deals["close_date"].mask(same))
    return deals
