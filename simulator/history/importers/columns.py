"""One column of ours, read from the columns of a file as the map says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.history.fiscal_days import are_weeks_apart, weeks_fault
from simulator.history.importers.fields.amounts import Amounts, read_amounts
from simulator.history.importers.fields.cells import as_flags, as_text, blank, map_unique, matches
from simulator.history.importers.fields.dates import read_dates
from simulator.history.importers.fields.day_order import turned_too_late
from simulator.history.importers.fields.named_days import day_in_name, iso_day
from simulator.history.importers.fields.units import SCALED, Stated, heading_units
from simulator.history.importers.import_log import ImportLog, Meaning, listed, map_line
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.readers.sheet import Sheet, plain
from simulator.history.importers.roles import HAPPENED, LENIENT, ROLES, CellKind
from simulator.history.importers.rows import found
from simulator.history.importers.specs import ColumnSpec
from simulator.history.tables import TABLES

NUMBERED = r"\d+\.0"
"""An id that a program took for a number."""


class ColumnReader:
    """Reads the columns of one sheet into one table, and records what each was taken from."""

    def __init__(self, table: str, sheet: Sheet, mapping: Mapping, log: ImportLog) -> None:
        self.table = table
        self.sheet = sheet
        self.mapping = mapping
        self.log = log
        self.lenient = False
        self.currency: pd.Series[Any] | None = None

    def read(self, name: str, kind: CellKind, spec: ColumnSpec) -> pd.Series[Any]:
        """Return the column ``name`` with the type of its kind; faulty cells are recorded and missing."""
        raw = self._source(spec)
        self.lenient = name in LENIENT
        self._fault_formulas(spec)
        if raw is None:
            return empty_column(kind, self.sheet.frame.index)
        if spec.words or spec.others:
            raw = self._renamed(name, raw, spec)
        if spec.if_empty is not None:
            raw = as_text(raw).fillna(spec.if_empty)
        if kind == "text":
            values, read_as = self._words(name, raw, spec), ""
        elif kind == "flag":
            values, read_as = self._flags(name, raw, spec), "yes/no"
        elif kind in ("money", "count"):
            values, read_as = self._amounts(name, raw, spec)
        else:
            values, read_as = self._dates(name, kind, raw, spec)
        if spec.bands and raw is not None:
            values = _banded(read_amounts(raw, spec.decimal or self.mapping.decimal).numbers, spec.bands)
        taken = f"'{spec.constant}' for all" if spec.constant is not None else listed(spec.headings())
        taken = "the name of the file" if spec.file_name is not None else taken
        self.log.meanings.append(Meaning(self.table, name, self.sheet.file, taken, read_as))
        return values

    def _fault_formulas(self, spec: ColumnSpec) -> None:
        """Name the cells that are formulas of which the workbook holds no value; they look empty."""
        for heading in spec.headings():
            rows = list(self.sheet.formulas.get(self.sheet.find(heading) or "", ()))
            if rows:
                bad = pd.Series("a formula", index=pd.Index(rows))
                what = (
                    "is {value} of which the file holds no value: it was not saved by a spreadsheet program"
                )
                remedy = "Open the file, save it again (or save it as CSV), and import that."
                self._faults(spec, bad, what, remedy)

    def _source(self, spec: ColumnSpec) -> pd.Series[Any] | None:
        frame = self.sheet.frame
        if spec.constant is not None:
            return pd.Series(spec.constant, index=frame.index, dtype="str")
        if spec.file_name is not None:
            return self._from_file_name(spec.file_name)
        headings = spec.headings()
        if spec.first_of is not None:  # headings of other files of the table
            headings = tuple(h for h in headings if self.sheet.find(h) is not None) or headings
        names = [found(self.sheet, heading, self.log) for heading in headings]
        if None in names:
            return None
        columns = [frame[name] for name in names]
        return self._of_columns(spec, headings, columns)

    def _of_columns(
        self, spec: ColumnSpec, headings: tuple[str, ...], columns: list[pd.Series[Any]]
    ) -> pd.Series[Any]:
        """Return what a map makes of the columns that it names."""
        if spec.product_of is not None or spec.quotient_of is not None:
            return self._computed(spec, headings, columns)
        if spec.column is not None:
            return columns[0]
        texts = [as_text(column) for column in columns]
        if spec.text is not None:
            return _filled_in(spec.text, headings, texts)
        result = texts[0]
        for text in texts[1:]:
            joined = result.str.cat(text, sep=" / ") if spec.together is not None else result
            result = joined.fillna(result).fillna(text)
        return result

    def _computed(
        self, spec: ColumnSpec, headings: tuple[str, ...], columns: list[pd.Series[Any]]
    ) -> pd.Series[Any]:
        """Return the product of columns, or the first divided by the others."""
        result = pd.Series(1.0, index=self.sheet.frame.index)
        for place, (heading, column) in enumerate(zip(headings, columns, strict=True)):
            amounts = read_amounts(column, spec.decimal or self.mapping.decimal)
            self._faults(spec, amounts.bad, f"'{{value}}' of '{heading}' is not a number", _AMOUNT)
            self._faults(
                spec, amounts.doubtful, f"'{{value}}' of '{heading}': is the point a decimal sign?", _POINT
            )
            over = spec.quotient_of is not None and place > 0
            result = (
                result / amounts.numbers.where(amounts.numbers != 0) if over else result * amounts.numbers
            )
        return result

    def _renamed(self, name: str, raw: pd.Series[Any], spec: ColumnSpec) -> pd.Series[Any]:
        """Return the cells with the map's words for them."""
        text = as_text(raw)
        words = {plain(word): ours for word, ours in spec.words.items()}
        others = spec.others or ("refuse" if self._fixed_words(name) else "keep")
        unknown = set()
        allowed = [word for word in (*spec.words.values(), *self._fixed_words(name)) if word is not None]

        def rename(cell: str) -> str | None:
            word = plain(cell)
            if word in words:
                return words[word]
            ours = next((known for known in allowed if plain(known) == word), None)
            if others == "refuse" and ours is None:
                unknown.add(cell)
            return cell if others == "keep" else ours

        renamed = map_unique(text, rename).astype("str")
        if "" in words:
            renamed = renamed.mask(text.isna(), words[""])
        if unknown:
            self._fault_unknown(spec, text, unknown, name)
        return renamed

    def _fixed_words(self, name: str) -> tuple[str, ...]:
        """Return the words that a column of ours may hold, where they are a fixed list."""
        columns = TABLES.get(self.table, ())
        return next((c.values for c in columns if c.name == name), ())  # noqa: PD011

    def _fault_unknown(self, spec: ColumnSpec, text: pd.Series[Any], unknown: set[str], name: str) -> None:
        counts = text[text.isin(list(unknown))].value_counts()
        shown = listed([f"'{word}' ({n:,} rows)" for word, n in counts.items()])
        what = f"column '{listed(spec.headings())}': the map does not say what these mean: {shown}"
        remedy = f"Add them under 'values:' of {self.table}.{name}, or say others: empty."
        self.log.fault(self.sheet.file, what, remedy)

    def _words(self, name: str, raw: pd.Series[Any], spec: ColumnSpec) -> pd.Series[Any]:
        text = as_text(raw)
        if name.endswith("_id") and matches(text.dropna(), NUMBERED).all():
            text = text.str.removesuffix(".0")
        return blank(text, spec.empty) if spec.empty else text

    def _flags(self, name: str, raw: pd.Series[Any], spec: ColumnSpec) -> pd.Series[Any]:
        flags, bad = as_flags(as_text(raw))
        self._faults(spec, bad, "'{value}' is neither yes nor no", "Write true or false.")
        return flags

    def _from_file_name(self, form: str) -> pd.Series[Any]:
        day = day_in_name(self.sheet.file, form)
        if day is None:
            what = f"its name holds no day of the form {form}"
            self.log.fault(self.sheet.file, what, "Rename it, such as deals 2026-03-31.csv.")
        return pd.Series(day, index=self.sheet.frame.index, dtype="str")

    def _amounts(self, name: str, raw: pd.Series[Any], spec: ColumnSpec) -> tuple[pd.Series[Any], str]:
        text = blank(as_text(raw), spec.empty) if spec.empty else raw
        if name == "probability" and not pd.api.types.is_numeric_dtype(text.dtype):
            text = as_text(text).str.replace(r"\s*%$", "", regex=True)
        amounts = read_amounts(text, spec.decimal or self.mapping.decimal)
        self._faults(
            spec, amounts.bad, "'{value}' is not an amount", _AMOUNT + self._or_empty(name, spec, amounts.bad)
        )
        self._faults(spec, amounts.doubtful, *DOUBTFUL)
        if name == "probability":
            return amounts.numbers, ""
        headings = [heading for heading in spec.headings() if self.sheet.find(heading) is not None]
        currency, scale = heading_units(headings)
        unit, said = self._around(name, spec), " as its heading says"
        if spec.times is None and scale == 1.0:
            self._ask_scale(name, headings, unit)
            scale, said = unit.scale, f" as '{unit.source}' says"
        if scale != 1.0 and spec.times is None and amounts.scaled != "none":
            scale = self._own_scale(spec, amounts, scale)
        times, said = (spec.times, "") if spec.times is not None else (scale, said)
        if not amounts.currencies and "currency" not in self.mapping.tables.given()[self.table].columns:
            currency = currency or self._currency_of_file(name) or unit.currency
        named = amounts.currencies | ({currency} - {""})
        self.log.see_currencies(self.table, named, name)
        if name != "own_amount" and named:  # other files of the table may name another
            one = pd.Series(next(iter(amounts.currencies), currency), index=raw.index, dtype="str")
            self.currency = one if amounts.by_cell is None else amounts.by_cell
        values = amounts.numbers * times
        return values, f"times {times:,.12g}{said}" if times != 1 or spec.times is not None else ""

    def _own_scale(self, spec: ColumnSpec, amounts: Amounts, scale: float) -> float:
        """Return 1 where cells such as 12k have the scale themselves; a fault where only some have."""
        if amounts.scaled == "some":
            what = f"'{spec.headings()[0]}' is said to be in {scale:,.0f}, and only some cells say so again"
            self.log.fault(self.sheet.file, what, "Write all cells in one way: all with their unit, or none.")
        return 1.0

    def _currency_of_file(self, name: str) -> str:
        """Return the currency that the amounts of deals of this file were converted to, if that is known."""
        return self.log.file_currency.get(self.sheet.file, "") if name in ("amount", "won_amount") else ""

    def _around(self, name: str, spec: ColumnSpec) -> Stated:
        """Return what the lines around the table and its names say of a column of amounts."""
        if ROLES[self.table].get(name) != "money" or not spec.headings():
            return Stated()
        return self.sheet.stated()

    def _ask_scale(self, name: str, headings: list[str], unit: Stated) -> None:
        """Ask in what amounts are of which a heading or a line around them may speak of thousands."""
        scaled = [heading for heading in headings if SCALED.search(heading)]
        for heading in scaled or (headings if unit.unclear else ()):
            line = map_line(self.table, name, f"{{column: {heading!r}, times: 1000}}")
            remedy = f"Say in a map: {line}, or times: 1000000, or times: 1"
            says = f": see '{unit.unclear}'" if heading not in scaled else ""
            self.log.fault(self.sheet.file, f"'{heading}' may be in thousands or millions{says}", remedy)

    def _dates(
        self, name: str, kind: CellKind, raw: pd.Series[Any], spec: ColumnSpec
    ) -> tuple[pd.Series[Any], str]:
        form = spec.format or self.mapping.date_format
        if kind == "month" and form is None and not pd.api.types.is_datetime64_any_dtype(raw.dtype):
            raw = map_unique(as_text(raw), lambda cell: iso_day(cell, month_only=True) or cell).astype("str")
        dates = read_dates(raw, self.sheet, self.mapping.timezone, form, spec.empty)
        if len(dates.bad) and spec.format is None and form is not None:
            found_out = read_dates(raw, self.sheet, self.mapping.timezone, None, spec.empty)
            dates = dates if len(found_out.bad) else found_out  # another column has the format of the map
        self._faults(spec, dates.bad, dates.what, dates.remedy + self._or_empty(name, spec, dates.bad))
        values = dates.days
        if name in HAPPENED and spec.format is None and self.mapping.date_format is None:
            turned = turned_too_late(raw, values, dates.read_as)
            self._faults(spec, turned, *_TURNED)
        if kind == "date":
            values = values.dt.normalize()
        elif kind == "month":
            values = self._in_periods(values)
            values = values.dt.to_period("M").dt.start_time.astype("datetime64[ns]")
        return values, dates.read_as

    def _in_periods(self, days: pd.Series[Any]) -> pd.Series[Any]:
        """Return days of a calendar of weeks as those of its months; without the calendar a fault."""
        if not are_weeks_apart(days):
            return days
        if (calendar := self.mapping.fiscal_days()) is not None:
            return calendar.column(days, whole=True)
        self.log.fault(self.sheet.file, *weeks_fault(days))
        return days

    def _or_empty(self, name: str, spec: ColumnSpec, bad: pd.Series[Any]) -> str:
        """Return the line of a map by which a few cells count as empty; nothing where most are bad."""
        cells = as_text(bad).dropna().unique()
        if not len(cells) or len(cells) > 3 or len(bad) * 2 > len(self.sheet.frame) or spec.column is None:
            return ""
        listed_cells = ", ".join(repr(str(cell)) for cell in [*spec.empty, *cells])
        line = map_line(self.table, name, f"{{column: {spec.column!r}, empty: [{listed_cells}]}}")
        return f" If such cells mean none: {line}."

    def _faults(self, spec: ColumnSpec, bad: pd.Series[Any], what: str, remedy: str) -> None:
        if len(bad) and self.lenient:
            shown = listed([f"'{value}'" for value in bad.drop_duplicates()], 3)
            column = listed(spec.headings())
            self.log.note(f"{self.sheet.file}: {len(bad):,} cells of '{column}' are passed over: {shown}.")
        elif len(bad):
            self.log.cell_faults(self.sheet.file, listed(spec.headings()), bad, what, remedy)


_AMOUNT = 'Write it as 1200.50; if commas are decimal signs, say in the map: decimal: ",".'
_POINT = (
    "With three digits after it, it may also set thousands apart; or the column has both kinds. "
    'Say in the map: decimal: "," (12.500 is 12500) or decimal: "." (12.500 is 12.5).'
)
DOUBTFUL = ("'{value}': is the point a decimal sign?", _POINT)
"""What is wrong with amounts such as 12.500 of which nothing says what the point is, and the remedy."""
_TURNED = (
    "'{value}' lies long after all days that can be read in one way only, and would not with day and month "
    "turned round",
    "Export it again as CSV and do not open it in between; if the days are right, say in a map how they are "
    'written: date_format: "%d/%m/%Y" or date_format: "%m/%d/%Y".',
)


def _filled_in(template: str, headings: tuple[str, ...], texts: list[pd.Series[Any]]) -> pd.Series[Any]:
    """Return a text for each row, "{Region}-{Size}" with its cells; empty where one of these is."""
    result = pd.Series(template, index=texts[0].index, dtype="str")
    for heading, text in zip(headings, texts, strict=True):
        filled = text.fillna("")
        mark = "{" + heading + "}"
        result = pd.Series(
            [cell.replace(mark, value) for cell, value in zip(result, filled, strict=True)],
            index=result.index,
            dtype="str",
        )
    return result.mask(pd.concat([text.isna() for text in texts], axis=1).any(axis=1))


def _banded(numbers: pd.Series[Any], bands: dict[str, float]) -> pd.Series[Any]:
    """Return the name of the band that each number falls into, by where the bands begin."""
    names = sorted(bands, key=lambda name: bands[name])
    place = np.searchsorted([bands[name] for name in names], numbers.to_numpy(), side="right") - 1
    named = pd.Series(np.array(names, dtype=object)[np.maximum(place, 0)], index=numbers.index)
    return named.where(numbers.notna()).astype("str")


def empty_column(kind: CellKind, index: pd.Index[Any]) -> pd.Series[Any]:
    """Return a wholly empty column of the type that a kind has."""
    if kind == "text":
        return pd.Series(np.nan, index=index, dtype="str")
    if kind in ("date", "time", "month"):
        return pd.Series(pd.NaT, index=index, dtype="datetime64[ns]")
    return pd.Series(np.nan, index=index, dtype="float64")
