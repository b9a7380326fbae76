"""Deals and their changes, completed and cleaned alike whatever they were read from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.arrays import Ints
from simulator.history.importers.columns import empty_column
from simulator.history.importers.currencies import history_like_deals
from simulator.history.importers.doubts import check_amounts, check_empty_stages, check_ends, check_last_days
from simulator.history.importers.fields.cells import look_up, map_unique
from simulator.history.importers.fields.stage_words import category_word, end_by_name, note_most_likely
from simulator.history.importers.fields.stages import StageTable
from simulator.history.importers.fields.words import meaning
from simulator.history.importers.import_log import ImportLog, files_in, listed, map_line
from simulator.history.importers.lines import in_file_order, one_row_a_deal, without_credits
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.outcomes import read_outcomes
from simulator.history.importers.roles import ROLES
from simulator.history.importers.specs import DealsSpec
from simulator.history.tables import CATEGORIES, LOSSES, ONE_SEGMENT

SAME_IDS = 0.9
"""Share of changes that must belong to a deal once ids are compared as numbers."""
MANY_UNDATED = 0.2
"""Share of deals without a created date from which a person is asked."""
SALESFORCE_ID = r"[a-zA-Z0-9]{15}(?:[A-Z0-5]{3})?"


def whole(frame: pd.DataFrame, role: str) -> pd.DataFrame:
    """Return a frame with all columns of a role, those that it lacks empty."""
    missing = {
        name: empty_column(kind, frame.index)
        for name, kind in ROLES[role].items()
        if name not in frame.columns
    }
    return frame.assign(**missing)


def finish_deals(
    deals: pd.DataFrame, changes: pd.DataFrame, mapping: Mapping, may_guess: bool, log: ImportLog
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return opportunities, stage changes and stages, ready to be checked.

    Parameters
    ----------
    deals, changes : DataFrame
        With all columns of their roles.
    may_guess : bool
        Whether stages of which nothing is known may be given a category by place.
    """
    deals, changes = _matched(deals, changes, mapping, log)
    note_most_likely(pd.concat([deals["category"], changes["category"]]), log)
    deals = _with_closed(deals)
    use_deals = deals if len(changes) == 0 or deals["stage"].notna().any() else deals.iloc[:0]
    stages, changes = StageTable(mapping, may_guess, log).resolve(use_deals, changes)
    log.stop_if_faulty()
    changes = _without_repeats(changes, log)
    deals = read_outcomes(deals, changes, stages, mapping, log)
    deals = _with_created(deals, changes, log)
    check_empty_stages(deals, log)
    check_ends(deals, mapping, log)
    check_last_days(deals, changes, mapping, log)
    check_amounts(deals, log)
    if mapping.unqualified == "drop":
        deals, changes = _without_unqualified(deals, changes, stages, log)
    if len(changes) == 0 and deals["stage"].notna().any():
        log.note(
            "The files hold the present stage of each deal but not when it was reached: open deals differ "
            "by age and amount only."
        )
        stages = stages.iloc[:0]
    deals = _where_said(_with_segment_and_type(deals, log), mapping, log)
    return deals, changes, stages


def _with_closed(deals: pd.DataFrame) -> pd.DataFrame:
    """Mark deals in a stage called "Closed", where only a column of wins says how they closed."""
    if deals["is_won"].isna().all() or deals["is_closed"].notna().any():
        return deals
    stage = deals["stage"]
    ended = map_unique(stage, lambda name: category_word(name) == "closed" and end_by_name(name) is None)
    return deals.assign(is_closed=deals["is_closed"].mask(ended.fillna(False).astype(bool), 1.0))


def _matched(
    deals: pd.DataFrame, changes: pd.DataFrame, mapping: Mapping, log: ImportLog
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row for each deal, and the changes of these deals in order; ``deal`` says which is whose."""
    nameless = "no id of the deal"
    deals = log.leave_out(deals, deals["opportunity_id"].isna(), "opportunities", nameless, "row")
    changes = log.leave_out(changes, changes["opportunity_id"].isna(), "stage_changes", nameless, "row")
    deals, changes = _same_ids(deals, changes, log)
    spec = mapping.tables.opportunities
    deals = one_row_a_deal(deals, spec.lines if isinstance(spec, DealsSpec) else None, log)
    log.stop_if_faulty()
    changes = _in_order(changes, deals, log)
    deals, changes = without_credits(deals, history_like_deals(deals, changes, mapping, log), log)
    owner = pd.Index(deals["opportunity_id"]).get_indexer(pd.Index(changes["opportunity_id"]))
    return deals.assign(deal=np.arange(len(deals))), changes.assign(deal=owner)


def _where_said(deals: pd.DataFrame, mapping: Mapping, log: ImportLog) -> pd.DataFrame:
    """Empty the columns that the map wants only for open, closed, won or lost deals."""
    outcome = deals["outcome"]
    masks = {
        "open": outcome.isna(),
        "closed": outcome.notna(),
        "won": outcome == "won",
        "lost": outcome.notna() & (outcome != "won"),
    }
    for spec in (mapping.tables.opportunities, mapping.tables.snapshots):
        for name, column in (spec.columns if spec else {}).items():
            if column.where is not None:
                lost = deals[name].notna() & ~masks[column.where]
                deals = deals.assign(**{name: deals[name].where(masks[column.where])})
                log.note(
                    f"{name} is taken for {column.where} deals only; {int(lost.sum()):,} others are left out."
                )
    return deals


def _same_ids(
    deals: pd.DataFrame, changes: pd.DataFrame, log: ImportLog
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut Salesforce ids of 18 signs to 15 where some have 15: its reports and its API differ so."""
    both = pd.concat([deals["opportunity_id"], changes["opportunity_id"]])
    if set(both.str.len().unique()) != {15, 18} or not both.str.fullmatch(SALESFORCE_ID).all():
        return _as_numbers(deals, changes, log)
    log.note("Ids of 18 signs are cut to the 15 that other rows have.")
    cut = [
        frame.assign(opportunity_id=frame["opportunity_id"].str.slice(0, 15)) for frame in (deals, changes)
    ]
    return cut[0], cut[1]


def _as_numbers(
    deals: pd.DataFrame, changes: pd.DataFrame, log: ImportLog
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take zeros in front and a ".0" behind from ids where only so the changes belong to the deals."""
    theirs, ours = changes["opportunity_id"], deals["opportunity_id"]
    if not len(changes) or theirs.isin(ours).any():
        return deals, changes
    cut = [ids.str.replace(r"^0+(?=\d)|\.0$", "", regex=True) for ids in (ours, theirs)]
    if cut[0].nunique() < ours.nunique() or cut[1].isin(cut[0]).mean() < SAME_IDS:
        return deals, changes
    log.note("Ids are compared without zeros in front and '.0' behind, which a spreadsheet adds or takes.")
    return deals.assign(opportunity_id=cut[0]), changes.assign(opportunity_id=cut[1])


def _in_order(changes: pd.DataFrame, deals: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Return the changes by deal and time, with the position of their deal, and none of unknown deals."""
    index = pd.Index(deals["opportunity_id"]).drop_duplicates()
    changes = changes.assign(deal=index.get_indexer(pd.Index(changes["opportunity_id"])))
    orphan = changes["deal"] < 0
    if orphan.any():
        files, example = files_in(changes), changes.loc[orphan, "opportunity_id"].iloc[0]
        reason = "changes of deals that are not in the file of deals"
        log.drop("stage_changes", files, reason, int(orphan.sum()), example)
        if orphan.all():
            what = f"no change belongs to any deal: '{example}' and the others are not among the deals"
            log.fault(files, what, "Export both files with the same id of the deal.")
    keys = (
        in_file_order(changes, "changed_at"),
        changes["changed_at"].to_numpy(),
        changes["deal"].to_numpy(),
    )
    if not orphan.any() and _sorted(*keys):
        return changes.reset_index(drop=True)
    return changes.iloc[_order(*keys)[int(orphan.sum()) :]].reset_index(drop=True)


def _order(position: Ints, time: npt.NDArray[np.datetime64], deal: Ints) -> Ints:
    """Return the order of rows by deal, time and position; nearly sorted ones at once, as exports are."""
    milli = time.astype("datetime64[ms]")
    ascending = not (np.diff(position) < 0).any()
    if ascending and len(time) and not np.isnat(time).any() and (milli == time).all():
        since = (milli - milli.min()).astype(np.int64)
        span = int(since.max()) + 1
        if span * (int(deal.max()) + 2) < np.iinfo(np.int64).max:
            return np.argsort((deal + 1) * span + since, kind="stable")
    return np.lexsort((position, time, deal))


def _sorted(*keys: npt.NDArray[Any]) -> bool:
    """Return whether rows are in the order of keys, the last of them first, as ``lexsort`` has it."""
    tied = np.ones(max(len(keys[0]) - 1, 0), dtype=bool)
    for key in reversed(keys):
        if (tied & (key[1:] < key[:-1])).any():
            return False
        tied &= key[1:] == key[:-1]
    return True


def _without_repeats(changes: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Leave out rows in which nothing that matters changed."""
    same = changes["deal"] == changes["deal"].shift()
    for column in ("stage", "amount", "close_date"):
        before = changes[column].shift()
        same &= (changes[column] == before) | (changes[column].isna() & before.isna())
    return log.leave_out(changes, same, "stage_changes", "neither stage nor amount nor close date changed")


def _with_created(deals: pd.DataFrame, changes: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    missing = deals["created_date"].isna()
    if not missing.any():
        return deals
    first = changes.groupby("opportunity_id")["changed_at"].min().dt.normalize()
    created = deals["created_date"].fillna(look_up(deals["opportunity_id"], first))
    created = created.fillna(deals["qualified_date"])
    unknown = created.isna()
    filled = int(missing.sum() - unknown.sum())
    if filled:
        log.note(f"{filled:,} deals have no created date: the day of their first change is taken.")
    if len(deals) and unknown.all():
        remedy = "Say in a map which column holds it: " + map_line(
            "opportunities", "created_date", "<heading>"
        )
        log.fault(files_in(deals), "no deal has a created date: the column is empty", remedy)
        log.stop_if_faulty()
    if unknown.mean() > MANY_UNDATED:
        what = f"{int(unknown.sum()):,} of {len(deals):,} deals have no created date and would be left out"
        log.conflict(files_in(deals), what, "Export it for all deals; if these may be left out, add --yes.")
    reason = "no created date, and no change to take it from"
    return log.leave_out(
        deals.assign(created_date=created), unknown, "opportunities", reason, "opportunity_id"
    )


def _without_unqualified(
    deals: pd.DataFrame, changes: pd.DataFrame, stages: pd.DataFrame, log: ImportLog
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out deals that were lost before they were qualified: they never were pipeline."""
    leads = set(stages.loc[stages["category"] == "lead", "stage"])
    if not leads:
        return deals, changes
    working = set(stages.loc[stages["category"].isin(CATEGORIES), "stage"])
    qualified = deals["opportunity_id"].isin(changes.loc[changes["stage"].isin(working), "opportunity_id"])
    was_lead = deals["opportunity_id"].isin(changes.loc[changes["stage"].isin(leads), "opportunity_id"])
    lost = deals["outcome"].isin(LOSSES)
    never = was_lead & lost & ~qualified & deals["qualified_date"].isna()
    changes = changes[~changes["opportunity_id"].isin(deals.loc[never, "opportunity_id"])]
    reason = "lost before they were qualified: no deals (unqualified: keep imports them)"
    return log.leave_out(deals, never, "opportunities", reason, "opportunity_id"), changes


def _with_segment_and_type(deals: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    if deals["segment"].isna().all():
        log.note(f"No column holds the segment: all deals are in one segment, '{ONE_SEGMENT}'.")
        deals = deals.assign(segment=pd.Series(ONE_SEGMENT, index=deals.index, dtype="str"))
    kinds = map_unique(deals["type"], lambda cell: meaning("type", cell)).astype("str")
    unknown = deals.loc[kinds.isna() & deals["type"].notna(), "type"].value_counts()
    if len(unknown):
        shown = listed([f"{word} ({n:,})" for word, n in unknown.items()])
        log.note(f"Types of deals that are not known and left empty: {shown}.")
    known = _counts(deals["type"], kinds)
    if known:
        log.note(f"Types of deals: {known}.")
    return deals.assign(type=kinds)


def _counts(theirs: pd.Series[Any], ours: pd.Series[Any]) -> str:
    pairs = pd.DataFrame({"theirs": theirs, "ours": ours}).dropna().value_counts()
    return listed([f"{a} → {b} ({n:,})" for (a, b), n in zip(pairs.index, pairs, strict=True) if a != b])
