"""The tables that were read, as one checked History."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pyarrow as pa

from simulator.history.as_of import history_as_of
from simulator.history.checks import typed_table
from simulator.history.fiscal_days import in_fiscal_months
from simulator.history.importers.balances import changes_from_balances, customers_of
from simulator.history.importers.contradictions import churn_oddities
from simulator.history.importers.currencies import in_one_currency
from simulator.history.importers.deals import finish_deals, whole
from simulator.history.importers.doubts import check_epoch
from simulator.history.importers.extract import Files, extract
from simulator.history.importers.import_log import ImportLog, files_in, listed
from simulator.history.importers.mapping import Mapping, StageSpec
from simulator.history.importers.revenue import (
    changes_from_subscriptions,
    customers_from_changes,
    name_movements,
)
from simulator.history.importers.specs import EventsSpec, SnapshotsSpec
from simulator.history.importers.stage_changes import (
    VANISHED,
    changes_from_events,
    changes_from_fields,
    deals_from_changes,
    deals_from_snapshots,
)
from simulator.history.load import make_history
from simulator.history.reading import Cells
from simulator.history.tables import ONE_SEGMENT, TABLES, History

STEPS = ("leads", "mqls", "sqls", "sals")
REACHED = {"lead": 1, "mql": 2, "sql": 3, "sal": 4}
"""How far down the funnel a lead has come, by the status that the map gives it."""

Tables = dict[str, pd.DataFrame]


def assemble(
    mapping: Mapping, files: Files, log: ImportLog, may_guess: bool, as_of: dt.date | None
) -> History:
    """Read all tables of a map and make a history of them.

    Raises
    ------
    InputError
        All faults of all files.
    """
    read = {role: extract(role, spec, mapping, files) for role, spec in mapping.tables.given().items()}
    files.sheets.clear()  # a large file takes as much memory again as the tables made of it
    pa.default_memory_pool().release_unused()
    log.stop_if_faulty()
    _require_rows(read, log)
    check_epoch(read, mapping, log)
    read = in_one_currency(read, mapping, log)
    log.stop_if_faulty()
    known = mapping if as_of is None else mapping.model_copy(update={"as_of": as_of.isoformat()})
    tables = _deal_tables(read, mapping, may_guess, log) | _customer_tables(read, known, log)
    tables |= {name: read[name] for name in ("reps", "leads", "calls", "assignments") if name in read}
    if "lead_rows" in read:
        tables["leads"] = _funnel(read["lead_rows"], log)
    log.stop_if_faulty()
    typed = _checked(tables, log)
    log.stop_if_faulty()
    notes = (_currency_note(mapping, log), *log.notes)
    last_day = _last_day(read, mapping, as_of)
    history = make_history(typed, notes=notes, as_of=last_day, currency=log.currency)
    history = _cut(history, as_of or _day(mapping.as_of), log)
    calendar = mapping.fiscal_days()
    return history if calendar is None else in_fiscal_months(history, calendar)


def _require_rows(read: Tables, log: ImportLog) -> None:
    for role, frame in read.items():
        if len(frame) == 0:
            log.fault(
                role, "no rows are left to import", "Look at the file and at the drop rules of the map."
            )
    log.stop_if_faulty()


def _deal_tables(read: Tables, mapping: Mapping, may_guess: bool, log: ImportLog) -> Tables:
    deals, changes = read.get("opportunities"), read.get("stage_changes")
    tables = mapping.tables
    if isinstance(tables.snapshots, SnapshotsSpec):
        spec = tables.snapshots
        mapping = _with_vanished(mapping, spec)
        deals, changes = deals_from_snapshots(read["snapshots"], spec, mapping, log)
    elif "stage_dates" in read:
        changes = read["stage_dates"]
        log.note("One date is known for each stage of a deal: returns to a stage are not seen.")
    elif isinstance(tables.events, EventsSpec):
        changes = changes_from_events(read["events"], tables.events, mapping, log)
    if deals is None and changes is not None:
        deals = deals_from_changes(whole(changes, "stage_changes"), log)
    if deals is None:
        return {}
    deals = whole(deals, "opportunities")
    if "field_changes" in read and changes is None:
        changes = changes_from_fields(read["field_changes"], deals, mapping, log)
    changes = whole(changes if changes is not None else deals.iloc[:0][["file", "row"]], "stage_changes")
    log.stop_if_faulty()
    names = ("opportunities", "stage_changes", "stages")
    return dict(zip(names, finish_deals(deals, changes, mapping, may_guess, log), strict=True))


def _with_vanished(mapping: Mapping, spec: SnapshotsSpec) -> Mapping:
    """Return the map with the stage of deals that vanish, where vanishing means an end."""
    if spec.vanished == "keep_open":
        return mapping
    stages = {**mapping.stages, VANISHED: (StageSpec(to=spec.vanished),)}
    return mapping.model_copy(update={"stages": stages})


def _customer_tables(read: Tables, mapping: Mapping, log: ImportLog) -> Tables:
    customers, subscriptions = read.get("customers"), read.get("subscriptions")
    changes = read.get("arr_changes")
    if subscriptions is not None and changes is None:
        changes = changes_from_subscriptions(subscriptions, mapping, log)
    elif "balances" in read and changes is None:
        changes = changes_from_balances(read["balances"], mapping, log)
    if customers is None and subscriptions is None and "balances" in read:
        customers = whole(customers_of(read["balances"]), "customers")
    if customers is None and subscriptions is None and changes is not None and "opportunities" not in read:
        customers = whole(changes[["customer_id", "file", "row"]].drop_duplicates("customer_id"), "customers")
    if changes is not None and ("movement" not in changes or changes["movement"].isna().all()):
        changes = name_movements(changes, log)
    if customers is None and subscriptions is None:
        return {} if changes is None else {"arr_changes": changes}
    if changes is None:
        return {"customers": customers} if customers is not None else {}
    if "churn_events" in read:
        churn_oddities(read["churn_events"], subscriptions, changes, log)
    known = customers_from_changes(customers, subscriptions, changes, log)
    changes = changes[changes["customer_id"].isin(known["customer_id"])]
    if known["segment"].isna().all():
        known = known.assign(segment=pd.Series(ONE_SEGMENT, index=known.index, dtype="str"))
    return {"customers": known, "arr_changes": changes}


def _funnel(rows: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Return leads, MQLs, SQLs and SALs by the month in which the lead was created.

    A lead that has come far has passed the steps before.
    """
    files = files_in(rows)
    reached = rows["status"].map(REACHED)
    remedy = f"Give each status one of {listed(REACHED)} under 'values:' of lead_rows.status."
    log.row_faults(rows[reached.isna()], "status", "'{value}' is no step of the funnel", remedy)
    month = rows["date"].dt.to_period("M").dt.start_time.astype("datetime64[ns]")
    counts = {step: (reached > i).astype("float64") for i, step in enumerate(STEPS)}
    keyed = rows.assign(
        month=month,
        segment=rows["segment"].fillna(ONE_SEGMENT),
        source=rows["source"].fillna("unknown"),
        **counts,
    )
    table = keyed.groupby(["month", "segment", "source"], as_index=False)[list(STEPS)].sum()
    log.note(
        f"{files}: {len(rows):,} leads counted by the month they were created in, by the furthest step "
        "reached; leads of the last months may still go further."
    )
    return table.assign(file=files, row=0)


def _checked(tables: Tables, log: ImportLog) -> Tables:
    """Return the tables with just their own columns, after the checks that every history passes."""
    typed: Tables = {}
    for name, frame in tables.items():
        wanted = [column.name for column in TABLES[name] if column.name in frame.columns]
        where = files_in(frame) if "file" in frame.columns and len(frame) else name
        rows = frame["row"].to_numpy(dtype="int64") if "row" in frame.columns else frame.index.to_numpy() + 2
        cells = Cells(where or name, frame[wanted].reset_index(drop=True), rows)
        result = typed_table(name, cells)
        log.faults += [fault for fault in result.faults if fault not in log.faults]
        for note in result.notes:
            log.note(note)
        typed[name] = result.table
    return typed


def _currency_note(mapping: Mapping, log: ImportLog) -> str:
    if mapping.currency == "none":
        return f"Amounts are in {mapping.unit or 'units'}, not in money."
    if not log.currency:
        return "The files name no currency: amounts are taken to be in that of the scenario."
    source = "" if mapping.currency else ", as the files say ($ is taken for USD)"
    return f"Amounts are in {log.currency}{source}."


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _last_day(read: Tables, mapping: Mapping, as_of: dt.date | None) -> dt.date | None:
    """Return the last day the files know of, if it is later than the last thing that happened."""
    days = [day for day in (as_of, _day(mapping.as_of)) if day]
    if "snapshots" in read:
        days.append(read["snapshots"]["snapshot_date"].max().date())
    if "opportunities" in read and read["opportunities"]["modified"].notna().any():
        days.append(read["opportunities"]["modified"].max().date())
    if "balances" in read:
        days.append(read["balances"]["month"].max().date())
    if "subscriptions" in read:
        days.append(read["subscriptions"]["start_date"].max().date())
    return max(days, default=None)


def _cut(history: History, as_of: dt.date | None, log: ImportLog) -> History:
    """Return the history as of a day, counting the rows that are dated later."""
    if as_of is None or as_of >= history.as_of:
        return history
    cut = history_as_of(history, as_of)
    for name, table in history.tables().items():
        lost = len(table) - len(cut.tables()[name])
        log.drop(name, "", f"dated after {as_of} (as of)", lost)
    return cut
