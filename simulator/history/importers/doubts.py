"""Evidence in the deals against how they were understood: a person must look before a forecast uses them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from simulator.history.importers.fields.dates import EXCEL_DAYS, NUMBERED
from simulator.history.importers.fields.named_days import NAME_DAYS, day_in_name
from simulator.history.importers.import_log import COUNT_DEALS, ImportLog, files_in, listed
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.readers.sheet import plain
from simulator.history.importers.roles import HAPPENED
from simulator.history.tables import LOSSES

MIN_DEALS = 10
MIN_ENDS = 5
"""Closed deals from which it is odd that all are won, or none."""
A_YEAR = pd.Timedelta(days=365)
LONG_PAST = pd.Timedelta(days=30)
NEARLY_ALL, FEW = 0.9, 0.5
MIN_IN_STAGE = 3
NO_STAGE = 0.05
FROM_1904 = pd.Timedelta(days=1462)
"""By which day numbers of Excel that count from 1904 lie too early, read as usual."""
ALSO_HAPPENED = frozenset({"snapshot_date", "month", "start_date", "date"})


def check_ends(deals: pd.DataFrame, mapping: Mapping, log: ImportLog) -> None:
    """Find a file that spans a year in which nearly nothing closed, or nothing was won: stages misread.

    Where the map says what every stage means, it has been thought of.
    """
    said = {plain(stage) for stage in mapping.stages}
    if said and deals["stage"].dropna().map(plain).isin(said).all():
        return
    closed, won = deals["outcome"].notna(), deals["outcome"] == "won"
    span = deals["created_date"].max() - deals["created_date"].min()
    if len(deals) < MIN_DEALS or not span >= A_YEAR:
        return
    one_sided = closed.sum() >= MIN_ENDS and (not won.any() or won.sum() == closed.sum())
    if closed.mean() >= 0.02 and not one_sided:
        _check_open_stages(deals, log)
        _check_won_stages(deals, log)
        return
    n_closed, n_won = int(closed.sum()), int(won.sum())
    what = (
        f"{len(deals):,} deals of {span.days / 365.25:.1f} years, of which {n_won:,} are read as won and "
        f"{n_closed - n_won:,} as lost: the stages are likely misread: {_stages_of(deals)}"
    )
    remedy = f"{_say_stages(list(deals['stage'].value_counts().index[:20]))}; or export the lost deals too"
    log.conflict(files_in(deals), what, f"{remedy}; if it is right so, add --yes.")


def check_empty_stages(deals: pd.DataFrame, log: ImportLog) -> None:
    """Find deals without a stage next to deals that have one: they would all count as open."""
    without = deals["stage"].isna() & deals["outcome"].isna()
    n = int(without.sum())
    if deals["stage"].isna().all() or n < MIN_IN_STAGE or n < NO_STAGE * len(deals):
        return
    what = (
        f"{n:,} of {len(deals):,} deals have no stage and would count as open, such as "
        f"{listed(deals.loc[without, 'opportunity_id'], 3)}: a grouped report?"
    )
    remedy = (
        "Export it with 'Details Only' or all cells filled; or leave them out in a map: tables: "
        "{opportunities: {drop: {stage: empty}}}; if they are open, add --yes."
    )
    log.conflict(files_in(deals), what, remedy)


def _check_open_stages(deals: pd.DataFrame, log: ImportLog) -> None:
    """Find stages that were guessed to be open although nearly all their close dates are long past."""
    guessed = [read.stage for read in log.stages if "place in the order" in read.decided_by]
    still_open = deals[deals["outcome"].isna() & deals["stage"].notna() & deals["close_date"].notna()]
    last = deals[["created_date", "closed_date"]].max().max()
    past = (last - still_open["close_date"]) > LONG_PAST
    for stage in guessed:
        its = still_open["stage"] == stage
        others = past[~its]
        if its.sum() < MIN_IN_STAGE or past[its].mean() < NEARLY_ALL or not others.mean() < FEW:
            continue
        what = (
            f"stage '{stage}' is taken to be open, but the close dates of {int(past[its].sum()):,} of its "
            f"{int(its.sum()):,} deals are more than a month past: is it an end?"
        )
        log.conflict(files_in(deals), what, f"{_say_stages([stage])}; if it is open, add --yes.")


def _check_won_stages(deals: pd.DataFrame, log: ImportLog) -> None:
    """Find stages read as won by name whose deals all lie ahead, where another stage is won too."""
    named = [s.stage for s in log.stages if s.outcome == "won" and s.decided_by == "its name"]
    won = deals[deals["outcome"] == "won"]
    ahead = won["close_date"].fillna(won["closed_date"]) > deals["created_date"].max()
    for stage in named if len(won["stage"].unique()) > 1 else []:
        its = won["stage"] == stage
        if its.sum() < 2 or ahead[its].mean() < NEARLY_ALL or not ahead[~its].mean() < 1 - NEARLY_ALL:
            continue
        what = (
            f"stage '{stage}' is read as won by its name, but the close dates of its {int(its.sum()):,} "
            "deals lie ahead: is it still open?"
        )
        log.conflict(files_in(deals), what, f"{_say_stages([stage])}; if it is won, add --yes.")


def _say_stages(names: list[str]) -> str:
    stages = ", ".join(f"{json.dumps(str(stage), ensure_ascii=False)}: …" for stage in names)
    return (
        f"Say in a map what each stage means: stages: {{{stages}}}, with lead, pipeline, best_case, commit, "
        "won, lost or omitted for each …"
    )


def _stages_of(deals: pd.DataFrame) -> str:
    """Return the stages with their deals, and how each is read."""
    read_as = deals["outcome"].fillna("open").replace(dict.fromkeys(LOSSES, "lost"))
    counts = (deals["stage"] + " as " + read_as).value_counts()
    return listed([f"{stage} ({n:,})" for stage, n in counts.items()], 20)


def check_last_days(deals: pd.DataFrame, changes: pd.DataFrame, mapping: Mapping, log: ImportLog) -> None:
    """Find a few days of what happened that lie more than a year after all others: typing errors."""
    happened = pd.concat([deals["created_date"], deals["closed_date"], changes["changed_at"]]).dropna()
    days = np.sort(happened.to_numpy())
    gaps = np.flatnonzero(np.diff(days) > np.timedelta64(A_YEAR))
    if mapping.as_of or not len(gaps) or len(days) - gaps[-1] - 1 > max(1, 0.01 * len(days)):
        return
    last, odd = pd.Timestamp(days[gaps[-1]]), pd.Timestamp(days[-1])
    late = (deals[["created_date", "closed_date"]].max(axis=1) > last).to_numpy()
    what = (
        f"the last day would be {odd:%Y-%m-%d}, more than a year after everything else ({last:%Y-%m-%d}): "
        f"{listed(deals.loc[late, 'opportunity_id'], 3) or 'in the changes'}"
    )
    remedy = f"Correct it, or say in a map: as_of: {last:%Y-%m-%d} (what is dated later is left out)"
    log.conflict(files_in(deals), what, remedy)


def check_amounts(deals: pd.DataFrame, log: ImportLog) -> None:
    """Find deals without any amount: a forecast of them would be nothing."""
    if len(deals) and not (deals["amount"] > 0).any():
        remedy = (
            "Say in a map which column holds it: tables: {opportunities: {columns: {amount: <heading>}}}; "
            f"or count deals: {COUNT_DEALS}; or accept it with --yes."
        )
        log.conflict(files_in(deals), "no deal has an amount", remedy)


def check_epoch(read: dict[str, pd.DataFrame], mapping: Mapping, log: ImportLog) -> None:
    """Find day numbers of Excel that end four years before all else: they may count from 1904.

    What else is known are the other columns of days, the day in the name of the file, and today.
    """
    if mapping.date_format in NUMBERED:
        return
    days = list(_newest_days(read, mapping, log))
    numbered = [day for day, happened, is_number in days if is_number and happened]
    numbered = numbered or [day for day, _, is_number in days if is_number]
    if not numbered:
        return
    newest, today = max(numbered), pd.Timestamp(dt.date.today())
    others = [(day, "other days of the files") for day, _, is_number in days if not is_number]
    others += [
        (pd.Timestamp(day), f"the name '{file}'")
        for file in log.files
        for form in NAME_DAYS
        if (day := day_in_name(file, form)) is not None
    ]
    known, of = max(others, default=(today, "today"))
    year = A_YEAR if others else LONG_PAST
    if not FROM_1904 - year <= known - newest <= FROM_1904 + A_YEAR:
        return
    what = (
        f"days are numbers that end on {newest:%Y-%m-%d}, four years before {of} ({known:%Y-%m-%d}): does "
        f"the workbook count from 1904, so that they end on {newest + FROM_1904:%Y-%m-%d}?"
    )
    remedy = "If so, say in a map: date_format: excel_1904; if the days are right: date_format: excel"
    log.conflict(listed(log.files), what, remedy)


def _newest_days(
    read: dict[str, pd.DataFrame], mapping: Mapping, log: ImportLog
) -> Iterator[tuple[pd.Timestamp, bool, bool]]:
    """Yield the newest day of each column of days, whether its days have happened and are numbers."""
    specs = mapping.tables.given()
    for one in log.meanings:
        frame, spec = read.get(one.table), specs[one.table].columns.get(one.column)
        if frame is None or one.column not in frame or (spec is not None and spec.format is not None):
            continue
        column = frame.loc[frame["file"] == one.file, one.column]
        if pd.api.types.is_datetime64_any_dtype(column.dtype) and column.notna().any():
            yield column.max(), one.column in HAPPENED | ALSO_HAPPENED, one.read_as == EXCEL_DAYS
