"""What a message of an import says to write makes the import right, as it stands: each of them is tried."""

import ast
import datetime as dt
import functools
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest

from simulator.errors import InputError
from simulator.history.importers.import_log import COUNT_DEALS
from simulator.history.importers.importer import Imported, import_files
from tests.history.importers.forms import SALESFORCE, Row, Tongue, as_csv, company, table, totals
from tests.history.importers.test_forms import figures

ENGLISH = SALESFORCE["English"]
ROWS = table(ENGLISH)
HEAD = ROWS[0]
Rows = list[list[Any]]
YES = "--yes"
PACKAGE = Path(__file__).resolve().parents[3] / "simulator"
OF_DEALS = "tables: {opportunities: {columns: {"


@dataclass(frozen=True)
class Case:
    """Files that are refused, and the remedy of the message.

    Parameters
    ----------
    files : dict of str to rows or bytes
    says : str
        What the message contains: a line of a map, unless ``fix`` says how its blanks are filled.
    fix : str or dict
        The map, ``YES``, or the files as the message asks for them; ``says`` where empty.
    given : str
        A map that is there from the beginning; ``fix`` replaces it.
    noted : bool
        Whether it is a note of an import that is not refused.
    right : callable
        Whether the import is right then; the figures of the company if not given.
    """

    kind: str
    files: dict[str, Any]
    says: str
    fix: Any = ""
    given: str = ""
    noted: bool = False
    right: Callable[[Imported], bool] = field(default=lambda got: figures(got) == totals())


def _deals(*changes: Callable[[list[Any], Row], object], **extra: Callable[[Row], object]) -> dict[str, Rows]:
    """Return the company's rows, each changed in place."""
    rows = table(ENGLISH, **extra)
    for change in changes:
        for row, deal in zip(rows[1:], company(), strict=True):
            change(row, deal)
    return {"o.csv": rows}


def _headed(place: int, heading: str) -> dict[str, Rows]:
    return {"o.csv": [[*HEAD[:place], heading, *HEAD[place + 1 :]], *ROWS[1:]]}


def _days(form: str, cut: int = 0) -> Callable[[list[Any], Row], None]:
    """Return a change that writes days of a form; those after the 12th are moved where ``cut`` is 12."""

    def change(row: list[Any], deal: Row) -> None:
        for place, name in ((4, "created"), (5, "close")):
            day = deal[name].replace(day=1 + deal[name].day % cut) if cut else deal[name]
            row[place] = day.strftime(form)

    return change


def _cell(place: int, write: Callable[[Row], Any]) -> Callable[[list[Any], Row], None]:
    def change(row: list[Any], deal: Row) -> None:
        row[place] = write(deal)

    return change


def _stages(*names: str) -> Callable[[list[Any], Row], None]:
    return _cell(2, lambda deal: names[deal["stage"]])


def _history(write: Callable[[Row], str], id_of: Callable[[Row], str] = lambda d: d["id"]) -> Rows:
    rows: Rows = [["Id", "OpportunityId", "StageName", "Amount", "CloseDate", "CreatedDate"]]
    for i, deal in enumerate(company()):
        at = f"{deal['created']:%Y-%m-%dT%H:%M:%SZ}"
        rows.append([f"008{i}", id_of(deal), "Qualification", write(deal), f"{deal['close']:%Y-%m-%d}", at])
    return rows


def _money(deal: Row) -> str:
    return f"{deal['amount']:.2f}"


def _moved(**movements: float) -> Callable[[Imported], bool]:
    def is_right(got: Imported) -> bool:
        found: dict[str, float] = got.understanding.figures["arr_movements"]
        return {name: round(float(arr), 2) for name, arr in found.items()} == movements

    return is_right


def _book(sheets: dict[str, Rows]) -> bytes:
    book = openpyxl.Workbook()
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _from_1904() -> Case:
    """Return days as numbers that count from 1904, in a file whose name says when it was made."""

    def numbered(row: list[Any], deal: Row) -> None:
        for heading, day in (("Created Date", deal["created"]), ("Close Date", deal["close"])):
            row[HEAD.index(heading)] = str((day - dt.datetime(1904, 1, 1)).days)

    newest = max(deal["created"] for deal in company())
    return Case(
        "salesforce", {f"o {newest:%Y-%m-%d}.csv": _deals(numbered)["o.csv"]}, "date_format: excel_1904"
    )


def _snapshots(rows: Rows) -> Case:
    heading = ["Opportunity ID", "Snapshot Date", "Stage", "Amount", "Close Date", "Created Date"]
    line = "tables: {snapshots: {drop: {duplicates: [opportunity_id, snapshot_date], keep: last}}}"
    stages = "stages: {A: pipeline, B: commit, Won: won}"
    return Case(
        "snapshots",
        {"s.csv": [heading, *rows]},
        line,
        f"{{{line}, {stages}}}",
        given=stages,
        right=lambda got: len(got.history.opportunities) == 2,
    )


SNAPSHOT = ["2025-01-06", "A", "100", "2025-06-01", "2025-01-01"]
TERMS: Rows = [
    ["customer", "start", "end", "arr"],
    ["C1", "2024-01-01", "2024-12-31", 1200],
    ["C1", "2025-01-20", "2026-01-19", 1200],
    ["C2", "2024-03-01", "2026-02-28", 600],
]
TERMS_MAP = (
    "tables: {subscriptions: {file: s.csv, columns: {customer_id: customer, start_date: start, "
    "end_date: end, arr: arr}%s}}%s"
)
CLOSE = [
    "id",
    "lead_name",
    "status_label",
    "status_type",
    "value",
    "value_period",
    "date_created",
    "date_won",
]


def _close(period: str, unit: float) -> Rows:
    status = {2: "won", 3: "lost"}
    return [
        CLOSE,
        *[
            [
                *(d["id"], d["name"], "Offer", status.get(d["stage"], "active"), round(d["amount"] * unit)),
                *(period, f"{d['created']:%Y-%m-%d}", f"{d['close']:%Y-%m-%d}"),
            ]
            for d in company()
        ],
    ]


LAST = max(max(d["created"], d["close"]) if d["stage"] > 1 else d["created"] for d in company())
ZOHO = ("Record Id", "Deal Name", "Stage", "Amount", "Created Time", "Closing Date")


def _zoho() -> dict[str, Rows]:
    rate = {"USD": 0.5, "EUR": 1.0}

    def code(deal: Row) -> str:
        return ("USD", "EUR")[int(deal["id"][10:12]) % 2]

    own = {"Currency": code, "Exchange Rate": lambda d: rate[code(d)]}
    rows = table(Tongue(ZOHO, ("Qualification", "Proposal", "Closed Won", "Closed Lost")), **own)
    for row, deal in zip(rows[1:], company(), strict=True):
        row[3] = f"{deal['amount'] * rate[code(deal)]:.6f}"
    return {"d.csv": rows}


def _cases() -> Iterator[tuple[str, Case]]:
    yield from _columns()
    yield from _scales()
    yield from _cells()
    yield from _currencies()
    yield from _doubts()
    yield from _histories()
    yield from _files()
    yield from _revenue()


def _columns() -> Iterator[tuple[str, Case]]:
    yield "no amount", Case("salesforce", _headed(3, "Worth"), f"{OF_DEALS}amount: 'Worth'}}}}}}")
    yield (
        "no created date",
        Case("salesforce", _headed(4, "Engaged"), f"{OF_DEALS}created_date: 'Engaged'}}}}}}"),
    )
    yield "no close date", Case("salesforce", _headed(5, "Landing"), f"{OF_DEALS}close_date: 'Landing'}}}}}}")
    yield "no stage", Case("salesforce", _headed(2, "Where"), f"{OF_DEALS}stage: 'Where'}}}}}}")
    yield (
        "no id",
        Case(
            "salesforce",
            {"o.csv": [["Dossier", "Deal for", *HEAD[2:]], *ROWS[1:]]},
            f"{OF_DEALS}opportunity_id: 'Dossier'}}}}}}",
        ),
    )
    yield (
        "an empty created date",
        Case(
            "salesforce",
            _deals(_cell(4, lambda _: ""), Born=lambda d: f"{d['created']:%Y-%m-%d}"),
            f"{OF_DEALS}created_date: <heading>}}}}}}",
            f"{OF_DEALS}created_date: Born}}}}}}",
        ),
    )
    renewals = [[("Renewal" if i % 3 else row[1]), *row[2:]] for i, row in enumerate(ROWS[1:])]
    both = "{together: ['Opportunity Name', 'Created Date']}"
    yield (
        "names that repeat",
        Case("salesforce", {"o.csv": [HEAD[1:], *renewals]}, f"{OF_DEALS}opportunity_id: {both}}}}}}}"),
    )
    yield (
        "two owners",
        Case(
            "salesforce",
            _deals(Seller=lambda _: "Ann", Agent=lambda d: "XYZ"[int(d["id"][11]) % 3]),
            f"{OF_DEALS}owner: 'Seller'}}}}}}",
            noted=True,
            right=lambda got: set(got.history.opportunities["owner"]) == {"Ann"},
        ),
    )
    yield (
        "columns that may be the segment",
        Case(
            "salesforce",
            _deals(Country=lambda d: "AB"[int(d["id"][11]) % 2]),
            f"{OF_DEALS}segment: 'Country'}}}}}}",
            noted=True,
            right=lambda got: set(got.history.opportunities["segment"]) == {"A", "B"},
        ),
    )
    team = _deals(**{"Opportunity Owner": lambda _: "Ann"})["o.csv"]
    team += [[*row[:-1], "Bob"] for row in team[1:]]
    drop = "tables: {opportunities: {drop: {duplicates: opportunity_id, keep: last}}}"
    yield "rows of a team", Case("salesforce", {"o.csv": team}, drop)
    halves = [
        [*r[:3], f"{d['amount'] / 2:.3f}", *r[4:], part]
        for r, d in zip(ROWS[1:], company(), strict=True)
        for part in "AB"
    ]
    sums = "tables: {opportunities: {lines: sum}}"
    yield "parts of a deal", Case("salesforce", {"o.csv": [[*HEAD, "Opportunity Owner"], *halves]}, sums)


def _scales() -> Iterator[tuple[str, Case]]:
    head = [*HEAD[:3], "Amount k EUR", *HEAD[4:]]
    deals = zip(ROWS[1:], company(), strict=True)
    rows = [[*row[:3], f"{deal['amount'] / 1000:.5f}", *row[4:]] for row, deal in deals]
    thousands = {"o.csv": [head, *rows]}
    named = f"{OF_DEALS}amount: 'Amount k EUR'}}}}}}"
    line = f"{OF_DEALS}amount: {{column: 'Amount k EUR', times: 1000}}}}}}}}"
    yield (
        "a heading of thousands",
        Case("salesforce", thousands, line + ", or times: 1000000, or times: 1", line, named),
    )


def _cells() -> Iterator[tuple[str, Case]]:
    form = 'date_format: "%d/%m/%Y"'
    yield "days up to 12", Case("salesforce", _deals(_days("%d/%m/%Y", 12)), form)
    yield "months", Case("salesforce", _deals(_days("%b %Y")), 'date_format: "last_day"')
    yield (
        "days of no known form",
        Case(
            "salesforce",
            _deals(_days("%d %m %Y")),
            "say in the map how dates are written",
            'date_format: "%d %m %Y"',
        ),
    )
    stand_in = f"{OF_DEALS}close_date: {{column: 'Close Date', empty: ['2999-12-31']}}}}}}}}"
    far = _cell(5, lambda d: "2999-12-31" if d["stage"] < 2 else f"{d['close']:%Y-%m-%d}")
    yield "a day that means none", Case("salesforce", _deals(far), stand_in)
    mixed = _deals(_days("%m/%d/%Y"))
    for row, deal in list(zip(mixed["o.csv"][1:], company(), strict=True))[:3]:
        row[4] = f"{deal['created'].replace(day=25):%d/%m/%Y}"
    yield (
        "days in two orders",
        Case(
            "salesforce",
            mixed,
            "Export it again as CSV and do not open it in between",
            _deals(_days("%m/%d/%Y")),
        ),
    )
    later = _deals(_days("%m/%d/%Y"))["o.csv"]
    turned = ["0068d00000x1ABC", "x", "Proposal", "1", "12/02/2026", "12/20/2026"]
    more = lambda got: figures(got)["open"][0] == 6  # noqa: E731
    days = {"o.csv": [*later, [*turned[:4], "02/12/2026", turned[5]]]}
    late = Case("salesforce", {"o.csv": [*later, turned]}, "do not open it in between", days, right=more)
    yield "days that lie too late", late
    form = 'date_format: "%m/%d/%Y"'
    yield "days that are right", replace(late, says=form, fix=f"{form}\nas_of: 2026-12-31")
    whole = _deals(_cell(3, lambda d: f"{round(d['amount']):,}".replace(",", ".")))
    yield (
        "points",
        Case("salesforce", whole, 'decimal: ","', right=lambda got: figures(got) == totals(whole=True)),
    )
    commas = _deals(_cell(3, lambda d: _money(d) if d["stage"] else "n.b."))
    empty = f"{OF_DEALS}amount: {{column: 'Amount', empty: ['n.b.']}}}}}}}}"
    yield (
        "a word for no amount",
        Case("salesforce", commas, empty, right=lambda got: figures(got)["won"] == totals()["won"]),
    )
    words = {"o.csv": [row[:2] + row[3:] for row in table(ENGLISH, Verdict=lambda d: "abcd"[d["stage"]])]}
    yield (
        "outcomes in words of one's own",
        Case(
            "salesforce",
            words,
            "under 'values:' of opportunities.outcome",
            f"{OF_DEALS}outcome: {{column: Verdict, values: {{a: open, b: open, c: won, d: lost}}}}}}}}}}",
            given=f"{OF_DEALS}outcome: Verdict}}}}}}",
        ),
    )


def _currencies() -> Iterator[tuple[str, Case]]:
    taler = "tables: {opportunities: {columns: {currency: {values: {'Taler': USD}}}}}"
    yield "no currency", Case("salesforce", _deals(Currency=lambda _: "Taler"), taler)
    kronor = _deals(_cell(3, lambda d: f"{d['amount']:.2f} kr"))
    yield "kr", Case("salesforce", kronor, "currency: SEK")
    two = _deals(Currency=lambda d: "EUR" if d["stage"] > 1 else "USD")
    yield (
        "two currencies",
        Case("salesforce", two, "rates: {EUR: <one EUR", "{currency: USD, rates: {EUR: 1.0}}"),
    )
    by_month = {f"{y}-{m:02}": 1.0 for y in (2024, 2025, 2026) for m in range(1, 13)}
    yield (
        "two currencies by month",
        Case(
            "salesforce",
            two,
            "by month: rates: {EUR: {",
            f"{{currency: USD, rates: {{EUR: {by_month}}}}}".replace("'", ""),
        ),
    )
    converted = {"o.csv": [[*HEAD[:3], "Amount (converted)", *HEAD[4:]], *ROWS[1:]]}
    yield (
        "a converted amount of no known currency",
        Case(
            "salesforce",
            {
                "o.csv": [
                    [*r, "EUR" if i % 2 else "USD"] if i else [*r, "Amount Currency"]
                    for i, r in enumerate(converted["o.csv"])
                ]
            },
            "write currency: USD in a map",
            "currency: USD",
            noted=True,
            right=lambda got: got.understanding.figures["currency"] == "USD",
        ),
    )
    quotient = (
        f"{OF_DEALS}currency: {{constant: EUR}}, amount: {{quotient_of: ['Amount', 'Exchange Rate']}}}}}}}}"
    )
    yield "a rate with each deal", Case("zoho", _zoho(), quotient)
    cents = f"{OF_DEALS}amount: {{times: 0.01}}}}}}}}"
    yield "cents", Case("close", {"o.csv": _close("one_time", 100)}, cents)
    monthly = Case("close", {"o.csv": _close("monthly", 100 / 12)}, cents)
    near = lambda got: abs(figures(got)["won"][1] - totals()["won"][1]) < 1  # noqa: E731  cents of a twelfth
    yield "cents a month", replace(monthly, right=near)


def _doubts() -> Iterator[tuple[str, Case]]:
    said = {"Lead": "pipeline", "Offer": "best_case", "Gone": "won", "Off": "lost"}
    line = "stages: {" + ", ".join(f"{name}: {meant}" for name, meant in said.items()) + "}"
    yield "stages that say nothing", Case("salesforce", _deals(_stages(*said)), "stages: {", line)
    only_won = {"o.csv": [HEAD, *[row for row in ROWS[1:] if row[2] == "Closed Won"]]}
    won = lambda got: figures(got)["won"] == totals()["won"]  # noqa: E731
    yield "only won deals", Case("salesforce", only_won, "if it is right so, add --yes", YES, right=won)
    past = _deals(_stages("New", "Offer", "Closed Won", "Closed Lost"))
    for row, deal in zip(past["o.csv"][1:], company(), strict=True):
        row[2] = "No Sale" if deal["stage"] == 3 and deal["created"].year > 2024 else row[2]
    ends = "stages: {New: pipeline, Offer: best_case, Closed Won: won, Closed Lost: lost, No Sale: lost}"
    yield "an open stage long past", Case("salesforce", past, 'stages: {"No Sale": …}', ends)
    yield (
        "an open stage that is open",
        Case(
            "salesforce",
            past,
            "if it is open, add --yes",
            YES,
            right=lambda got: figures(got)["won"] == totals()["won"],
        ),
    )
    ahead = [
        *ROWS,
        *[[f"0068d00000Y{i}ABC", "x", "Contract won", "1", "2025-12-01", "2030-01-01"] for i in (1, 2)],
    ]
    yield (
        "a won stage ahead",
        Case(
            "salesforce",
            {"o.csv": ahead},
            "if it is won, add --yes",
            YES,
            right=lambda got: figures(got)["won"][0] == 12,
        ),
    )
    typo = {"o.csv": [*ROWS, ["0068d00000x1ABC", "x", "Proposal", "100", "2099-01-01", "2099-02-01"]]}
    yield "a day typed wrong", Case("salesforce", typo, f"as_of: {LAST:%Y-%m-%d}")
    undated = _deals(lambda row, deal: row.__setitem__(4, "") if int(deal["id"][11]) % 2 else None)
    even = [d["amount"] for d in company() if d["stage"] == 2 and int(d["id"][11]) % 2 == 0]
    half = lambda got: figures(got)["won"] == (7, round(sum(even), 2))  # noqa: E731
    asked = "Export it for all deals; if these may be left out, add --yes"
    yield "half of the created dates", Case("salesforce", undated, asked, YES, right=half)
    head = ["Thing", "Stage", "Worth", "Start", "Close Date"]
    unnamed = [head, *[[row[0], *row[2:]] for row in ROWS[1:]]]
    line = f"{OF_DEALS}opportunity_id: 'Thing', amount: 'Worth', created_date: 'Start'}}}}}}"
    only = "a pivot has only sums, and other tables need not be named. If it is a list of deals, say "
    yield (
        "a list that may be a pivot",
        Case("salesforce", {"o.csv": unnamed}, f"{only}in a map (--map map.yaml): {line}", line),
    )
    nothing = _deals(_cell(3, lambda _: ""), Worth=_money)
    yield (
        "no amounts",
        Case("salesforce", nothing, f"{OF_DEALS}amount: <heading>}}}}}}", f"{OF_DEALS}amount: Worth}}}}}}"),
    )
    yield (
        "no amounts, counted",
        Case(
            "salesforce",
            nothing,
            COUNT_DEALS,
            right=lambda got: figures(got)["won"] == (10, 10.0),
        ),
    )
    half = _deals(_cell(2, lambda d: "" if d["stage"] < 2 else ENGLISH.stages[d["stage"]]))
    drop = "tables: {opportunities: {drop: {stage: empty}}}"
    closed = lambda got: figures(got)["open"] == (0, 0.0)  # noqa: E731
    yield "stages left empty", Case("salesforce", half, drop, right=closed)
    yield "stages left empty that are open", Case("salesforce", half, "if they are open, add --yes", YES)
    nameless = [HEAD, *[[("" if i % 4 == 0 else r[0]), *r[1:]] for i, r in enumerate(ROWS[1:])]]
    leave_out = "tables: {opportunities: {drop: {'Opportunity ID': empty}}}"
    yield (
        "rows without an id",
        Case(
            "salesforce",
            {"o.csv": nameless},
            leave_out,
            right=lambda got: len(got.history.opportunities) == 18,
        ),
    )
    won_ahead = _deals(
        _cell(5, lambda d: "2031-01-01" if d["id"][10:12] in ("00", "02") else f"{d['close']:%Y-%m-%d}")
    )
    yield (
        "won deals ahead",
        Case(
            "salesforce",
            won_ahead,
            "say as_of in a map",
            "as_of: 2031-02-01",
            noted=True,
            right=lambda got: str(got.history.as_of) == "2031-02-01",
        ),
    )


def _histories() -> Iterator[tuple[str, Case]]:
    deals = {"o.csv": ROWS}
    other = _history(lambda d: f"{d['amount'] * 7 + 1:.2f}")
    yield (
        "amounts of another kind",
        Case("salesforce", {**deals, "h.csv": other}, "or confirm with --yes", YES),
    )
    fields: Rows = [["OpportunityId", "Field", "OldValue", "NewValue", "CreatedDate"]]
    fields += [
        [d["id"], "Fase2", "x", "Qualification", f"{d['created']:%Y-%m-%dT%H:%M:%SZ}"] for d in company()
    ]
    stage = "tables: {field_changes: {columns: {field: {values: {'Fase2': StageName}}}}}"
    yield "a field of no known name", Case("salesforce", {**deals, "f.csv": fields}, stage)
    german = _deals(_cell(3, lambda d: f"{d['amount']:,.2f}".translate(str.maketrans(",.", ".,"))))
    moved: Rows = [["OpportunityId", "Field", "OldValue", "NewValue", "CreatedDate"]]
    moved += [
        [d["id"], "Amount", "12.500", "13.000", f"{d['created']:%Y-%m-%dT%H:%M:%SZ}"] for d in company()[:2]
    ]
    larger = lambda got: (got.history.stage_changes["amount"] == 13000).sum() == 2  # noqa: E731
    yield (
        "points of thousands in changes",
        Case("salesforce", {**german, "f.csv": moved}, 'decimal: ","', right=larger),
    )
    closes: Rows = [moved[0]]
    closes += [
        [d["id"], "CloseDate", "01/02/2027", "03/04/2027", m[4]]
        for d, m in zip(company(), moved[1:], strict=False)
    ]
    spring = lambda got: (got.history.stage_changes["close_date"] == "2027-04-03").sum() == 2  # noqa: E731
    yield (
        "days up to 12 in changes",
        Case("salesforce", {"o.csv": ROWS, "f.csv": closes}, 'date_format: "%d/%m/%Y"', right=spring),
    )
    strange = _history(_money, lambda d: d["name"])
    yield (
        "ids of something else",
        Case(
            "salesforce",
            {**deals, "h.csv": strange},
            "Export both files with the same id of the deal",
            {**deals, "h.csv": _history(_money)},
        ),
    )
    two = [["d1", *SNAPSHOT], ["d1", *SNAPSHOT[:2], "200", *SNAPSHOT[3:]], ["d2", *SNAPSHOT]]
    yield "twice in a snapshot", _snapshots(two)
    gone = [["d1", *SNAPSHOT], ["d2", *SNAPSHOT], ["d2", "2025-01-13", *SNAPSHOT[1:]]]
    vanished = "tables: {snapshots: {vanished: lost_no_decision}}\nstages: {A: pipeline}"
    yield (
        "deals that vanish",
        replace(
            _snapshots(gone),
            given="stages: {A: pipeline}",
            says="say 'vanished: lost_no_decision' or 'won' in the map",
            fix=vanished,
            noted=True,
            right=lambda got: (got.history.opportunities["outcome"] == "lost_no_decision").sum() == 1,
        ),
    )
    mapped = (
        "tables: {opportunities: {file: o.csv, columns: {opportunity_id: Opportunity ID, amount: Amount, "
    )
    mapped += "created_date: Created Date, close_date: Close Date, stage: Stage}}}\nstages: {%s}"
    some = "Qualification: pipeline, Closed Won: won, Closed Lost: lost"
    yield (
        "a stage that the map forgets",
        Case(
            "table",
            deals,
            "Add it under 'stages:' of the map",
            mapped % f"{some}, Proposal: commit",
            given=mapped % some,
        ),
    )


def _files() -> Iterator[tuple[str, Case]]:
    broken = as_csv(ROWS, encoding="cp1252").replace(b"deal", b"deal \x9d")
    named = "files: {o.csv: {path: o.csv, encoding: cp1250}}"
    yield (
        "bytes of no encoding",
        Case("salesforce", {"o.csv": broken}, named, named.replace("cp1250", "latin-1")),
    )
    caret = "files: {o.csv: {path: o.csv, delimiter: '^'}}"
    yield "a delimiter of one's own", Case("salesforce", {"o.csv": as_csv(ROWS, "^")}, caret)
    years = _book({"2024": ROWS[:13], "2025": [HEAD, *ROWS[13:]]})
    columns = (
        "columns: {opportunity_id: Opportunity ID, amount: Amount, created_date: Created Date, "
        "close_date: Close Date, stage: Stage}"
    )
    stages = "stages: {Qualification: pipeline, Proposal: commit, Closed Won: won, Closed Lost: lost}"
    sheets = "files: {'2024': {path: o.xlsx, sheet: '2024'}, '2025': {path: o.xlsx, sheet: '2025'}}"
    yield (
        "sheets with the same headings",
        Case(
            "table",
            {"o.xlsx": years},
            sheets,
            f"{sheets}\n{stages}\ntables: {{opportunities: {{file: ['2024', '2025'], {columns}}}}}",
            given=f"{stages}\ntables: {{opportunities: {{file: o.xlsx, {columns}}}}}",
        ),
    )
    good = [[*HEAD[:1], "Dealname", *HEAD[2:]], *ROWS[1:]]
    wrong = _book(
        {
            "Old": [[*HEAD[:3], "Sum", *HEAD[4:], "Type", "Owner"], *[[*r, "", ""] for r in ROWS[1:]]],
            "New": good,
        }
    )
    which = "files: {o.xlsx: {path: o.xlsx, sheet: 'New'}}"
    stated = f"{{file: o.xlsx, {columns}}}"
    yield (
        "another sheet",
        Case(
            "table",
            {"o.xlsx": wrong},
            which,
            f"{which}\n{stages}\ntables: {{opportunities: {stated}}}",
            given=f"{stages}\ntables: {{opportunities: {stated}}}",
        ),
    )
    plain = f"{stages}\ntables: {{opportunities: {{file: o.csv, {columns}%s}}}}"
    yield (
        "drop rules that leave nothing",
        Case(
            "table",
            {"o.csv": ROWS},
            "Look at the file and at the drop rules of the map",
            plain % "",
            given=plain % ", drop: {Amount: above 1}",
        ),
    )


def _revenue() -> Iterator[tuple[str, Case]]:
    months = ["2025-01", "2025-02", "2025-03"]
    wide: Rows = [["Customer", *months], ["A", 100, 100, 100], ["B", 50, 50, 0]]
    kept = _moved(new=1800.0, churn=-600.0)
    growth = [*wide, ["Growth", "", "66%", "0%"]]
    yield (
        "a row of growth",
        Case("mrr", {"m.csv": growth}, "tables: {balances: {drop: {'Customer': ['Growth']}}}", right=kept),
    )
    points = [["Customer", *months], ["A", "1.200", "1.200", "1.200"], ["B", "2.400", "2.400", "2.400"]]
    yield (
        "points of thousands by month",
        Case("mrr", {"m.csv": points}, 'decimal: ","', right=_moved(new=43200.0)),
    )
    quarters = [["Customer", "Q1 2025", "Q2 2025"], ["A", 300, 300]]
    yield (
        "quarters",
        Case("mrr", {"m.csv": quarters}, "tables: {balances: {times: 4}}", right=_moved(new=1200.0)),
    )
    twice: Rows = [["Customer", *[f"{what} {m}" for m in months for what in ("Seats", "MRR")]]]
    twice += [["A", 7, 100, 7, 100, 8, 100]]
    line = f"tables: {{balances: {{months: {[f'MRR {m}' for m in months]}, times: 12}}}}"
    yield "two columns of a month", Case("mrr", {"m.csv": twice}, line, right=_moved(new=1200.0))
    fees = [["Customer", "Month", "Fees"], *[["A", month, 100] for month in months]]
    line = "tables: {balances: {columns: {arr: {column: 'Fees', times: 12}}}}"
    yield "a monthly amount of no known name", Case("mrr", {"m.csv": fees}, line, right=_moved(new=1200.0))
    nobody = [["Month", "MRR", "Firm name"], *[[month, 100, "A"] for month in months]]
    line = "tables: {balances: {columns: {customer_id: '<your heading>'}}}"
    yield (
        "customers of no known name",
        Case(
            "mrr",
            {"m.csv": nobody},
            line,
            line.replace("<your heading>", "Firm name"),
            right=_moved(new=1200.0),
        ),
    )
    gap = [["Customer", "Month", "MRR"], ["A", "2025-01", 100], ["A", "2025-03", 100]]
    yield (
        "a month without rows",
        Case("mrr", {"m.csv": gap}, "or confirm (--yes)", YES, right=_moved(new=1200.0)),
    )
    days = [["Customer", "Date", "MRR"], *[["A", f"2025-0{i}-{4 + i:02}", 100] for i in (1, 2, 3)]]
    yield (
        "days within months",
        Case(
            "mrr", {"m.csv": days}, "if each row is that of a month, add --yes", YES, right=_moved(new=1200.0)
        ),
    )
    stripe: Rows = [["Customer ID", "Amount", "Interval", "Start (UTC)"], ["A", 10000, "month", "2025-01-05"]]
    yield (
        "cents of an API",
        Case(
            "stripe",
            {"s.csv": stripe},
            "tables: {subscriptions: {columns: {arr: {times: 0.01}}}}",
            right=_moved(new=1200.0),
        ),
    )
    head = ["id", *stripe[0], "Ended At (UTC)"]
    before = [
        head,
        ["s1", "A", "100.00", "month", "2025-01-05", ""],
        ["s2", "B", "50.00", "month", "2025-01-05", ""],
    ]
    after = [head, ["s1", "A", "100.00", "month", "2025-01-05", "2025-03-01"]]
    latest = "Name the newest file last, and say in a map (--map map.yaml): "
    line = "tables: {subscriptions: {drop: {duplicates: 'id', keep: last}}}"
    changed = {"a.csv": before, "b.csv": after}
    right = _moved(new=1800.0, churn=-1200.0)
    yield "a subscription that changed", Case("stripe", changed, latest + line, line, right=right)
    no_interval: Rows = [["Customer ID", "Amount", "Start (UTC)"], ["A", "100.00", "2025-01-05"]]
    yield (
        "prices without an interval",
        Case(
            "stripe",
            {"s.csv": no_interval},
            "tables: {subscriptions: {columns: {arr: {column: 'Amount', times: 12}}}}",
            right=_moved(new=1200.0),
        ),
    )
    renewed = Case(
        "table",
        {"s.csv": TERMS},
        "gap_days in the map says otherwise",
        TERMS_MAP % (", gap_days: 5", ""),
        given=TERMS_MAP % ("", ""),
        noted=True,
        right=_moved(new=1800.0, churn=-1200.0, reactivation=1200.0),
    )
    yield "terms with a gap", renewed
    yield "day numbers from 1904", _from_1904()
    archived = _deals(**{"Is Archived": lambda deal: "Yes" if deal["id"].endswith("01ABC") else "No"})
    yield "archived deals", Case("salesforce", archived, "deleted: keep")
    yield (
        "ends ahead",
        replace(
            renewed,
            says="say as_of in the map",
            fix=TERMS_MAP % ("", "\nas_of: 2026-12-31"),
            right=_moved(new=1800.0, churn=-1800.0),
        ),
    )


CASES = dict(_cases())


@functools.cache
def tried(name: str) -> tuple[str, Imported | None, str]:
    """Return what is said of the files, what is imported after the remedy, and why it is refused then."""
    case = CASES[name]
    with TemporaryDirectory() as named:
        folder = Path(named)
        paths = _write(case.files, folder)
        try:
            first = import_files(case.kind, paths, _map(case.given, folder))
            said = "\n".join(first.understanding.notes) if case.noted else ""
        except InputError as error:
            said = "" if case.noted else str(error)
        fix = case.fix or case.says
        try:
            if isinstance(fix, dict):
                return said, import_files(case.kind, _write(fix, folder), _map(case.given, folder)), ""
            map_path = _map(case.given if fix == YES else fix, folder)
            return said, import_files(case.kind, paths, map_path, accept=fix == YES), ""
        except InputError as error:
            return said, None, str(error)


def _write(files: dict[str, Any], folder: Path) -> list[Path]:
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else as_csv(content))
    return [folder / name for name in files]


def _map(text: str, folder: Path) -> Path | None:
    if not text:
        return None
    (folder / "map.yaml").write_text(text, encoding="utf-8")
    return folder / "map.yaml"


@pytest.mark.parametrize("name", CASES)
def test_the_remedy_of_a_message_makes_the_import_right(name: str) -> None:
    said, imported, refused = tried(name)
    assert CASES[name].says in said
    assert imported is not None, refused
    assert CASES[name].right(imported)


WORDS = ("in a map", "in the map", "--yes", "of the map", "tables: {", "stages: {", "files: {", "rates: {")
KEYS = ("as_of: ", "decimal: ", "date_format: ")
NO_REMEDIES = (
    "--yes",  # the option itself
    "activities that are no stage in the map",
    "tables: {",  # the beginning of any line of a map
)


def remedies() -> Iterator[tuple[str, str]]:
    """Yield every text of the importers that speaks of a map or of --yes, with its place."""
    for path in [*(PACKAGE / "history" / "importers").rglob("*.py"), PACKAGE / "cli" / "import_history.py"]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        constants = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in alone]
        for node in constants:
            text = node.value if isinstance(node.value, str) else ""
            if text not in NO_REMEDIES and any(word in text for word in (*WORDS, *KEYS)):
                yield f"{path.name}:{node.lineno}", text


def test_every_remedy_is_tried() -> None:
    said = "\n".join(tried(name)[0] for name in CASES)
    untried = [(place, text) for place, text in remedies() if text.strip() not in said]
    assert untried == []


def test_formatted_values_prove_cents_and_months_count_as_a_year(tmp_path: Path) -> None:
    formatted = ["value_formatted", *[f"${deal['amount']:,.2f} monthly" for deal in company()]]
    rows = [[*row, text] for row, text in zip(_close("monthly", 100), formatted, strict=True)]
    got = figures(import_files("close", _write({"o.csv": rows}, tmp_path)))
    assert got["won"][1] == pytest.approx(12 * totals()["won"][1], abs=0.01)
