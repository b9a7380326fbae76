"""Recurring revenue by customer and month, as rows or as a column for each month, as changes of ARR."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from simulator.history.fiscal_days import are_weeks_apart, weeks_fault
from simulator.history.importers.fields.amounts import read_amounts
from simulator.history.importers.fields.day_order import ISO, PARTS
from simulator.history.importers.fields.named_days import day_of_period, iso_day
from simulator.history.importers.fields.units import Stated, heading_unit
from simulator.history.importers.import_log import ImportLog, Meaning, files_in, listed
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.importers.specs import BalancesSpec

REGULAR_SHARE = 0.8
"""Share of the rows of a customer that follow each other by one step, from which rows are balances."""
MIN_ROWS = 3
QUARTER = re.compile(r"Q[1-4][\s/-]*\d{4}|\d{4}[\s/-]*Q[1-4]", re.I)
MONTHLY, ANNUAL = (re.compile(rf"(?<![A-Za-z]){word}(?![A-Za-z])", re.I) for word in ("mrr", "arr"))
"""What says that amounts are per month, and per year."""
CENT = 0.005
"""Change of ARR up to which nothing moved: less than a cent."""


class MonthHeading(NamedTuple):
    """What a heading of a month says: the month (the last of a quarter), and the unit of its amounts."""

    month: pd.Timestamp
    day: pd.Timestamp
    is_quarter: bool
    currency: str
    scale: float


def read_heading(heading: str) -> MonthHeading | None:
    """Return what a heading such as "Jan-25", "MRR 2025-01-31", "Q1 2025" or "ARR (k$) 2025-01" says."""
    text, currency, scale = heading_unit(heading.strip())
    if (currency, scale) == ("", 1.0):  # the unit may stand in front of the month
        currency, scale = heading_unit(heading.rpartition(" ")[0])[1:]
    bare = re.sub(r"^[MA]RR|\s[MA]RR$", "", text).strip()
    for part in (text, text.rpartition(" ")[2], bare):
        is_quarter = QUARTER.fullmatch(part) is not None
        if is_quarter:
            day = day_of_period(part, last=True)
        else:
            day = part[:10] if re.fullmatch(ISO, part) else iso_day(part, month_only=True)
        if day is not None:
            one = pd.Timestamp(day)
            return MonthHeading(one.to_period("M").start_time, one, is_quarter, currency, scale)
    return None


def month_columns(sheet: Sheet) -> dict[str, pd.Timestamp]:
    """Return the headings of a sheet that name a month, with the month.

    Whether the day or the month comes first in headings such as 1/2/2025 is seen from all of them: no two
    are of the same month.
    """
    headings = [str(heading) for heading in sheet.frame.columns]
    found = {heading: read_heading(heading) for heading in headings}
    named = {heading: read.month for heading, read in found.items() if read is not None}
    if named:
        return named
    dates = [heading for heading in headings if PARTS.match(heading.strip())]
    orders = [
        dict(zip(dates, pd.to_datetime(pd.Series(dates), format=form, errors="coerce"), strict=True))
        for form in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m/%d/%y", "%d/%m/%y")
    ]
    months = [{h: day.to_period("M").start_time for h, day in o.items() if not pd.isna(day)} for o in orders]
    return max(months, key=lambda order: len(set(order.values())))


def by_month(
    customers: pd.DataFrame, sheet: Sheet, spec: BalancesSpec, mapping: Mapping, log: ImportLog
) -> pd.DataFrame:
    """Return one row per customer and month from a sheet with a column for each month."""
    months = month_columns(sheet)
    if spec.months != "all":
        months = {heading: months[heading] for heading in spec.months if heading in months}
    if not months:
        log.fault(sheet.file, "has no column whose heading is a month", "Write them as 2025-01 or Jan-25.")
        return customers.iloc[:0]
    months = _in_periods(sheet, months, mapping, log)
    _fault_same_months(sheet, months, log)
    customers, sheet = _without_sum(customers, sheet, months, mapping, log)
    around, parts, scales = _stated(sheet, months, log), [], {1.0}
    for heading, month in months.items():
        log.used.add((sheet.file, heading))
        amounts = read_amounts(sheet.frame[heading], mapping.decimal)
        for bad, remedy in (
            (amounts.bad, _without_rows(spec, sheet, amounts.bad)),
            (amounts.doubtful, 'Say decimal: "," or ".".'),
        ):
            if len(bad):
                log.cell_faults(sheet.file, heading, bad, "'{value}' is not an amount", remedy)
        read = read_heading(heading)
        currency, scale = (read.currency, read.scale) if read is not None else ("", 1.0)
        scale = around.scale if scale == 1.0 else scale
        currency = currency or ("" if amounts.currencies or "currency" in spec.columns else around.currency)
        scales.add(scale)
        named = amounts.currencies | ({currency} - {""})
        log.see_currencies("balances", named, "arr")
        arr = amounts.numbers.fillna(0.0) * spec.times * scale
        code = amounts.by_cell if amounts.by_cell is not None else next(iter(named), None)
        filled = customers["currency"] if code is None else customers["currency"].fillna(code)
        parts.append(customers.assign(month=month, arr=arr, currency=filled))
    first, last = min(months.values()), max(months.values())
    taken = f"{len(months)} columns, {first:%Y-%m} to {last:%Y-%m}"
    scaled = f" and as '{around.source}' says" if around.scale != 1.0 else " and what each heading says"
    scaled = scaled if scales != {1.0} else ""
    log.meanings.append(Meaning("balances", "arr", sheet.file, taken, f"times {spec.times:g}{scaled}"))
    return pd.concat(parts, ignore_index=True)


def _in_periods(
    sheet: Sheet, months: dict[str, pd.Timestamp], mapping: Mapping, log: ImportLog
) -> dict[str, pd.Timestamp]:
    """Return the months of headings that are days of periods of weeks; without the calendar a fault."""
    days = pd.Series({h: read.day for h in months if (read := read_heading(h)) is not None})
    if days.empty or not are_weeks_apart(days):
        return months
    if (calendar := mapping.fiscal_days()) is None:
        log.fault(sheet.file, *weeks_fault(days))
        return months
    moved = calendar.column(days, whole=True).dt.to_period("M").dt.start_time
    return months | dict(zip(days.index, moved, strict=True))


def _stated(sheet: Sheet, months: Iterable[str], log: ImportLog) -> Stated:
    """Return what the lines around a table say its amounts are in; a fault where that is unclear."""
    stated = sheet.stated()
    if stated.unclear and any(heading_unit(month)[1:] == ("", 1.0) for month in months):
        what = f"its amounts may be in thousands or millions: see '{stated.unclear}'"
        remedy = "Write the unit behind each month, such as 2025-01 (k€), or take the line out of the file."
        log.fault(sheet.file, what, remedy)
    return stated


def _fault_same_months(sheet: Sheet, months: dict[str, pd.Timestamp], log: ImportLog) -> None:
    """Name headings of one month, such as of seats and of MRR, which would be added up."""
    count = pd.Series(months).value_counts()
    if count.max() == 1:
        return
    of_revenue = {month: heading for heading, month in months.items()}
    of_revenue |= {month: heading for heading, month in months.items() if ANNUAL.search(heading)}
    of_revenue |= {month: heading for heading, month in months.items() if MONTHLY.search(heading)}
    times = 1 if all(map(ANNUAL.search, of_revenue.values())) else 12
    same = [repr(heading) for heading, month in months.items() if month == count.index[0]]
    remedy = (
        f"Say in a map (--map map.yaml) which count: tables: {{balances: {{months: "
        f"{list(of_revenue.values())}, times: {times}}}}} (times: 12 for monthly revenue, 1 for annual)"
    )
    log.fault(sheet.file, f"several columns are of {count.index[0]:%Y-%m}: {listed(same)}", remedy)


def _without_rows(spec: BalancesSpec, sheet: Sheet, bad: pd.Series[Any]) -> str:
    """Return the line of a map that leaves out the rows of cells that are no amounts."""
    heading = spec.columns["customer_id"].column
    found = sheet.find(heading) if heading else None
    if found is None:
        return "Correct it, or leave the row out."
    names = listed([repr(str(name)) for name in sheet.frame.loc[bad.index, found].dropna().unique()], 5)
    return (
        f"Correct it, or leave the row out in a map: tables: {{balances: {{drop: {{{found!r}: [{names}]}}}}}}"
    )


def _without_sum(
    customers: pd.DataFrame, sheet: Sheet, months: dict[str, pd.Timestamp], mapping: Mapping, log: ImportLog
) -> tuple[pd.DataFrame, Sheet]:
    """Leave out the row that is the sum of all others in every month, whatever it is called."""
    amounts = pd.DataFrame({h: read_amounts(sheet.frame[h], mapping.decimal).numbers for h in months}).fillna(
        0.0
    )
    sums = ((2 * amounts - amounts.sum()).abs() < CENT).all(axis=1) & (amounts > 0).any(axis=1)
    if len(amounts) < MIN_ROWS or sums.sum() != 1:
        return customers, sheet
    row = sums[sums].index[0]
    log.drop("balances", sheet.file, "the sum of all other rows", 1, f"row {row}")
    return customers[~sums.reindex(customers.index, fill_value=False)], sheet.with_rows(sheet.frame[~sums])


def are_balances(subscriptions: pd.DataFrame) -> bool:
    """Return whether rows called subscriptions are one row per customer and month, without ends.

    So are tables of monthly revenue: of each customer the rows begin on the first of a month and follow each
    other month by month (or quarter by quarter).
    """
    if subscriptions["end_date"].notna().any() or subscriptions["start_date"].isna().any():
        return False
    month = subscriptions["start_date"].dt.year * 12 + subscriptions["start_date"].dt.month
    rows = pd.DataFrame({"customer": subscriptions["customer_id"], "month": month})
    rows = rows.drop_duplicates().sort_values(["customer", "month"])
    steps = rows.groupby("customer")["month"].diff().dropna()
    if len(steps) < MIN_ROWS or rows["customer"].nunique() * 2 > len(rows):
        return False
    return bool((steps == steps.mode()[0]).mean() >= REGULAR_SHARE and steps.mode()[0] in (1, 3))


def changes_from_balances(balances: pd.DataFrame, mapping: Mapping, log: ImportLog) -> pd.DataFrame:
    """Return the changes of ARR between the months; who is missing in a month pays nothing in it."""
    files = files_in(balances)
    negative = int((balances["arr"] < 0).sum())
    if negative:
        log.note(f"{files}: {negative:,} balances below zero (credits) count as nothing paid in the month.")
    arr = balances.assign(arr=balances["arr"].clip(lower=0.0).fillna(0.0))
    arr = arr.dropna(subset=["customer_id", "month"])
    table = arr.pivot_table(index="customer_id", columns="month", values="arr", aggfunc="sum", fill_value=0.0)
    months = sorted(arr["month"].unique())
    step = min((b - a for a, b in itertools.pairwise(months)), default=pd.Timedelta(days=31))
    grid = pd.period_range(months[0], months[-1], freq="Q" if step > pd.Timedelta(days=70) else "M")
    lost = [str(period) for period in grid if not any(m.to_period(grid.freq) == period for m in months)]
    if lost:
        log.conflict(
            files, f"no row at all for {listed(lost)}", "Export these months too, or confirm (--yes)."
        )
    delta = table.diff(axis=1)
    delta[months[0]] = table[months[0]]
    changes = delta.reset_index().melt("customer_id", var_name="date", value_name="arr_delta")
    changes = changes.astype({"date": "datetime64[ns]"})
    changes = changes[changes["arr_delta"].abs() > CENT]
    calendar = mapping.fiscal_days()
    if calendar is not None and (balances["month"].dropna().dt.day == 1).all():
        changes = changes.assign(date=calendar.starts(changes["date"]))
    log.note(
        f"{files}: {len(table):,} customers over {len(months)} months of revenue; movements are the "
        "differences from month to month. Customers of the first month count as new in it."
    )
    return changes.assign(file=files, row=0)


def customers_of(balances: pd.DataFrame) -> pd.DataFrame:
    """Return one row per customer of a table of balances, for their segment."""
    columns: list[Any] = ["customer_id", "segment", "file", "row"]
    return balances.sort_values("month", kind="stable")[columns].drop_duplicates("customer_id", keep="last")
