"""One small company, with known totals, in the forms in which its exports come: a generator."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

Row = dict[str, Any]

N_DEALS = 24
STAGES = ("qualify", "propose", "won", "lost")
WON, LOST, OPEN = 0, 1, 2


@dataclass(frozen=True)
class Form:
    """One way to write the company's deals, and what an import must make of it.

    Parameters
    ----------
    name, kind : str
        What it is, and the kind of import.
    files : dict of str to bytes
    currency : str
        That the files name.
    fix : str or None
        Where the form must be refused: the map that the message asks for.
    says : str
        Words that the refusal must contain.
    whole : bool
        Whether amounts are rounded to whole units.
    distinct : dict of str to int
        How many different values columns of the deals must have.
    notes : str
        What a note must say.
    without : frozenset of str
        Ids of the deals that the remedy leaves out.
    """

    name: str
    kind: str
    files: dict[str, bytes]
    currency: str = ""
    fix: str | None = None
    says: str = ""
    whole: bool = False
    distinct: dict[str, int] = field(default_factory=dict)
    notes: str = ""
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tongue:
    """Headings and words of one language: id, name, stage, amount, created, close; then the four stages."""

    headings: tuple[str, ...]
    stages: tuple[str, ...]
    extra: dict[str, str] = field(default_factory=dict)


def blocks(text: str) -> dict[str, list[str]]:
    """Return a table of data by name: blocks between empty lines, each its name and then its lines."""
    found = (block.split("\n") for block in text.strip().split("\n\n"))
    return {name: lines for name, *lines in found}


def cells_of(line: str) -> tuple[str, ...]:
    """Return the cells of a line of a table of data."""
    return tuple(cell.strip() for cell in line.split("|"))


HUBSPOT = {
    "English": Tongue(
        ("Record ID", "Deal Name", "Deal Stage", "Amount", "Create Date", "Close Date"),
        ("Demo booked", "Proposal", "Closed won", "Closed lost"),
    ),
    "German": Tongue(
        ("Datensatz-ID", "Deal-Name", "Deal-Phase", "Betrag", "Erstellungsdatum", "Abschlussdatum"),
        ("Qualifiziert", "Angebot", "Gewonnen", "Verloren"),
    ),
    "French": Tongue(
        (
            "ID de fiche d'informations",
            "Nom de la transaction",
            "Phase de la transaction",
            "Montant",
            "Date de création",
            "Date de fermeture",
        ),
        ("Qualifié", "Devis envoyé", "Fermé gagné", "Fermé perdu"),
    ),
    "Spanish": Tongue(
        (
            "ID de registro",
            "Nombre del negocio",
            "Etapa del negocio",
            "Valor",
            "Fecha de creación",
            "Fecha de cierre",
        ),
        ("Calificado", "Propuesta", "Cierre ganado", "Cierre perdido"),
    ),
    "Portuguese": Tongue(
        (
            "ID do registro",
            "Nome do negócio",
            "Etapa do negócio",
            "Valor",
            "Data de criação",
            "Data de fechamento",
        ),
        ("Qualificado", "Proposta", "Ganho", "Perdido"),
    ),
    "Italian": Tongue(
        (
            "ID record",
            "Nome trattativa",
            "Fase trattativa",
            "Importo",
            "Data di creazione",
            "Data di chiusura",
        ),
        ("Qualificato", "Offerta", "Chiuso vinto", "Chiuso perso"),
    ),
    "Dutch": Tongue(
        ("Record-ID", "Dealnaam", "Dealfase", "Bedrag", "Aanmaakdatum", "Sluitingsdatum"),
        ("Gekwalificeerd", "Offerte", "Gewonnen", "Verloren"),
    ),
    "Japanese": Tongue(
        ("レコードID", "取引名", "取引ステージ", "金額", "作成日", "クローズ日"),
        ("初回商談", "提案", "受注", "失注"),
    ),
}
SALESFORCE = {
    "English": Tongue(
        ("Opportunity ID", "Opportunity Name", "Stage", "Amount", "Created Date", "Close Date"),
        ("Qualification", "Proposal", "Closed Won", "Closed Lost"),
    ),
    "German": Tongue(
        ("Opportunity-ID", "Opportunity-Name", "Phase", "Betrag", "Erstelldatum", "Schlusstermin"),
        ("Qualifizierung", "Angebot", "Geschlossen und gewonnen", "Geschlossen und verloren"),
    ),
    "French": Tongue(
        (
            "ID de l'opportunité",
            "Nom de l'opportunité",
            "Étape",
            "Montant",
            "Date de création",
            "Date de clôture",
        ),
        ("Qualification", "Proposition", "Gagné", "Perdu"),
    ),
    "Portuguese": Tongue(
        (
            "ID da oportunidade",
            "Nome da oportunidade",
            "Fase",
            "Valor",
            "Data de criação",
            "Data de fechamento",
        ),
        ("Qualificação", "Proposta", "Fechado e ganho", "Fechado e perdido"),
    ),
    "Japanese": Tongue(
        ("商談 ID", "商談 名", "フェーズ", "金額", "作成日", "完了予定日"),
        ("見込み評価", "提案", "成立", "不成立"),
    ),
}
MONEY: dict[str, tuple[Callable[[float], str], str]] = {
    "plain": (lambda a: f"{a:.2f}", ""),
    "$ and commas": (lambda a: f"${a:,.2f}", "USD"),
    "EUR in front": (lambda a: f"EUR {a:.2f}", "EUR"),
    "German with sign": (lambda a: _continental(a) + " €", "EUR"),
    "Brazilian": (lambda a: "R$ " + _continental(a), "BRL"),
    "French": (lambda a: f"{a:,.2f}".replace(",", "\u202f").replace(".", ",") + " €", "EUR"),
    "Swiss": (lambda a: f"CHF {a:,.2f}".replace(",", "'"), "CHF"),
    "Polish": (lambda a: f"{a:.2f}".replace(".", ",") + " zł", "PLN"),
    "pounds": (lambda a: f"£{a:,.2f}", "GBP"),
    "code behind": (lambda a: f"{a:,.2f} CAD", "CAD"),
}
DATES: dict[str, Callable[[dt.datetime], str]] = {
    "ISO": lambda d: f"{d:%Y-%m-%d}",
    "UTC in words": lambda d: f"{d:%Y-%m-%d %H:%M:%S} UTC",
    "Postgres": lambda d: f"{d:%Y-%m-%d %H:%M:%S}+00",
    "milliseconds": lambda d: f"{int(d.replace(tzinfo=dt.UTC).timestamp()) * 1000}",
    "seconds": lambda d: f"{int(d.replace(tzinfo=dt.UTC).timestamp())}",
    "American clock": lambda d: f"{d:%m/%d/%Y %I:%M %p}",
    "British with comma": lambda d: f"{d:%d/%m/%Y, %H:%M}",
    "German": lambda d: f"{d:%d.%m.%Y}",
    "German words": lambda d: f"{d.day}. {GERMAN[d.month - 1]} {d.year}",
    "French words": lambda d: f"{d.day} {FRENCH[d.month - 1]} {d.year}",
    "Japanese": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "day of Excel": lambda d: f"{(d.date() - dt.date(1899, 12, 30)).days}",
}
GERMAN = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
FRENCH = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]


def _continental(amount: float) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def company() -> list[Row]:
    """Return the deals: id, name, stage (place in STAGES), amount, created and closed or due."""
    deals = []
    for i in range(N_DEALS):
        created = dt.datetime(2024, 1, 5, 9, 30) + dt.timedelta(days=31 * i, hours=i)
        end = (2, 3, 2, 3, 3, 2)[i % 6] if i < N_DEALS - 5 else i % 2
        deals.append(
            {
                "id": f"0068d00000{i:02d}ABC",
                "name": f"Müller {i:02d} - deal",
                "stage": end,
                "amount": round(10_000.07 + 1_234.56 * i, 2),
                "created": created,
                "close": created + dt.timedelta(days=25 + i),
            }
        )
    return deals


def totals(whole: bool = False, without: frozenset[str] = frozenset()) -> dict[str, tuple[int, float]]:
    """Return number and amount of the won, lost and open deals."""
    found = {}
    deals = [deal for deal in company() if deal["id"] not in without]
    for name, stages in (("won", {2}), ("lost", {3}), ("open", {0, 1})):
        amounts = [round(d["amount"]) if whole else d["amount"] for d in deals if d["stage"] in stages]
        found[name] = (len(amounts), round(sum(amounts), 2))
    return found


def currency_of(deal: Row) -> str:
    """Return the currency of a deal, where they are in three."""
    return ("USD", "EUR", "GBP")[int(deal["id"][10:12]) % 3]


def table(
    tongue: Tongue, money: str = "plain", date: str = "ISO", **extra: Callable[[Row], object]
) -> list[list[Any]]:
    """Return the deals as rows of cells under headings, with extra columns of the given names."""
    rows: list[list[Any]] = [[*tongue.headings, *extra]]
    for deal in company():
        written = DATES[date]
        cells = [deal["id"], deal["name"], tongue.stages[deal["stage"]], MONEY[money][0](deal["amount"])]
        dates = [written(deal["created"]), DATES["ISO" if "sec" in date else date](deal["close"])]
        rows.append([*cells, *dates, *(make(deal) for make in extra.values())])
    return rows


def with_amounts(rows: list[list[Any]], write: Callable[[Row], str]) -> list[list[Any]]:
    """Return rows of the deals with their amounts written otherwise."""
    deals = zip(rows[1:], company(), strict=True)
    return [rows[0], *[[*row[:3], write(deal), *row[4:]] for row, deal in deals]]


def points_of_thousands(deal: Row) -> str:
    """Return the whole amount of a deal with points between thousands, such as 12.345."""
    return f"{round(deal['amount']):,}".replace(",", ".")


def as_csv(rows: list[list[Any]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Return rows as delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


def of_one_file(name: str, rows: list[list[Any]], kind: str = "salesforce", **more: Any) -> Form:
    """Return a form of one CSV file."""
    return Form(name, kind, {"d.csv": as_csv(rows)}, **more)


def as_xlsx(rows: list[list[Any]]) -> bytes:
    """Return rows as a workbook."""
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def forms() -> Iterator[Form]:
    """Return every form: systems, languages, currencies, dates, files, and what must be refused."""
    yield from _languages()
    yield from _cells()
    yield from _files()
    yield from _systems()
    yield from _shapes()
    yield from _refused()


def _languages() -> Iterator[Form]:
    for language, tongue in HUBSPOT.items():
        yield Form(f"HubSpot, {language}", "hubspot", {"d.csv": as_csv(table(tongue))})
    for language, tongue in SALESFORCE.items():
        rows = table(tongue)
        yield Form(f"Salesforce, {language}", "salesforce", {"o.csv": as_csv(rows, ";", "utf-8-sig")})


def _cells() -> Iterator[Form]:
    english = SALESFORCE["English"]
    for money, (_, currency) in MONEY.items():
        rows = table(english, money)
        yield Form(f"amounts, {money}", "salesforce", {"o.csv": as_csv(rows)}, currency)
    for date in list(DATES)[1:]:
        yield Form(f"dates, {date}", "salesforce", {"o.csv": as_csv(table(english, date=date))})
    for heading, currency in (
        ("Amount (EUR)", "EUR"),
        ("Amount [GBP]", "GBP"),
        ("Amount SEK", "SEK"),
        ("Amount (R$)", "BRL"),
    ):
        rows = table(english)
        rows[0][3] = heading
        yield Form(f"heading {heading}", "salesforce", {"o.csv": as_csv(rows)}, currency)
    rows = table(english, Currency=lambda _: "EUR")
    yield Form("a column of currencies", "salesforce", {"o.csv": as_csv(rows)}, "EUR")
    rows = table(english, Probability=lambda d: f"{(10, 50, 100, 0)[d['stage']]} %")
    yield Form("percent signs", "salesforce", {"o.csv": as_csv(rows)})
    rows = table(english, Probability=lambda d: ("High", "Low")[d["stage"] % 2])
    yield Form("probability in words", "salesforce", {"o.csv": as_csv(rows)})


def _files() -> Iterator[Form]:
    english = SALESFORCE["English"]
    rows = table(english)
    for delimiter, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        yield Form(f"split by {name}", "salesforce", {"o.csv": as_csv(rows, delimiter)})
    for encoding in ("utf-16", "cp1252", "utf-8-sig"):
        yield Form(f"encoded as {encoding}", "salesforce", {"o.csv": as_csv(rows, encoding=encoding)})
    yield Form("a workbook", "salesforce", {"o.xlsx": as_xlsx(rows)})
    titled: list[list[Any]] = [["All opportunities"], [None], *rows]
    yield Form("a workbook with a title", "salesforce", {"o.xlsx": as_xlsx(titled)})
    newest = [rows[0], *reversed(rows[1:])]
    yield Form("newest first", "salesforce", {"o.csv": as_csv(newest)})
    overlap = {"a.csv": as_csv(rows[:16]), "b.csv": as_csv([rows[0], *rows[10:]])}
    yield Form("two exports that overlap", "salesforce", overlap)


def _status(words: tuple[str, str, str]) -> Callable[[Row], str]:
    return lambda deal: words[{2: 0, 3: 1}.get(deal["stage"], 2)]


def _systems() -> Iterator[Form]:
    def rows(
        headings: tuple[str, ...],
        stages: tuple[str, ...] = ("Lead in", "Offer", "Offer", "Offer"),
        **extra: Any,
    ) -> bytes:
        return as_csv(table(Tongue(headings, stages), **extra))

    won = _status(("Won", "Lost", "Open"))
    pipedrive = (
        "Deal - ID",
        "Deal - Title",
        "Deal - Stage",
        "Deal - Value",
        "Deal - Deal created",
        "Deal - Expected close date",
    )
    yield Form(
        "Pipedrive",
        "pipedrive",
        {"d.csv": rows(pipedrive, **{"Deal - Status": won, "Deal - Currency": lambda _: "EUR"})},
        "EUR",
    )
    german = (
        "Deal - ID",
        "Deal - Titel",
        "Deal - Phase",
        "Deal - Wert",
        "Deal - Deal erstellt",
        "Deal - Erwartetes Abschlussdatum",
    )
    yield Form(
        "Pipedrive, German",
        "pipedrive",
        {"d.csv": rows(german, **{"Deal - Status": _status(("Gewonnen", "Verloren", "Offen"))})},
    )
    dynamics = (
        "(Do Not Modify) Opportunity",
        "Topic",
        "Pipeline Phase",
        "Est. Revenue",
        "Created On",
        "Est. Close Date",
    )
    actual = lambda d: f"{d['amount']:.2f}" if d["stage"] == 2 else ""  # noqa: E731
    yield Form(
        "Dynamics 365", "dynamics", {"o.csv": rows(dynamics, **{"Status": won, "Actual Revenue": actual})}
    )
    zoho = ("Record Id", "Deal Name", "Stage", "Amount", "Created Time", "Closing Date")
    yield Form(
        "Zoho",
        "zoho",
        {"d.csv": rows(zoho, ("Qualification", "Proposal", "Closed Won", "Closed Lost to Competition"))},
    )
    close = ("id", "lead_name", "status_label", "value", "date_created", "close_date")
    yield Form(
        "Close",
        "close",
        {
            "o.csv": rows(
                close,
                status_type=_status(("won", "lost", "active")),
                value_formatted=lambda d: f"${d['amount']:,.2f}",
            )
        },
        "",
    )
    api = ("Id", "Name", "StageName", "Amount", "CreatedDate", "CloseDate")
    flags = {
        "IsClosed": lambda d: str(d["stage"] > 1).lower(),
        "IsWon": lambda d: str(d["stage"] == 2).lower(),
    }
    yield Form(
        "Salesforce, API names", "salesforce", {"o.csv": rows(api, ("One", "Two", "Three", "Four"), **flags)}
    )
    warehouse = ("id", "name", "stage_name", "amount", "created_date", "close_date")
    snake = {"is_closed": flags["IsClosed"], "is_won": flags["IsWon"]}
    yield Form(
        "Salesforce, warehouse",
        "salesforce",
        {"o.csv": rows(warehouse, ("One", "Two", "Three", "Four"), **snake)},
    )


def _shapes() -> Iterator[Form]:
    rows = table(SALESFORCE["English"])
    lines = [[*rows[0], "Product Name"]]
    for row in rows[1:]:
        lines += [[*row, "Core"], [*row, "Add-on"]]
    yield Form("a row for each product", "salesforce", {"o.csv": as_csv(lines)})
    credit = [*rows, ["0068d0000099ABC", "Credit", "Closed Won", "-500.00", "2025-01-05", "2025-01-09"]]
    yield Form("a credit", "salesforce", {"o.csv": as_csv(credit)})
    total = [*rows, ["Total", "", "", "999999", "", ""]]
    yield Form("a row of totals", "salesforce", {"o.csv": as_csv(total)})
    named = [row[1:] for row in rows]
    yield Form("names instead of ids", "salesforce", {"o.csv": as_csv(named)})
    grouped: list[list[Any]] = [[rows[0][2], rows[0][0], rows[0][1], *rows[0][3:]]]
    for stage in SALESFORCE["English"].stages:
        its = [row for row in rows[1:] if row[2] == stage]
        grouped += [[stage if i == 0 else None, row[0], row[1], *row[3:]] for i, row in enumerate(its)]
        grouped.append(["Subtotal", "Sum", None, 1.0, None, None])
    yield Form("grouped by stage", "salesforce", {"o.xlsx": as_xlsx(grouped)})


def _refused() -> Iterator[Form]:
    english = SALESFORCE["English"]
    rows = with_amounts(table(english), lambda deal: points_of_thousands(deal) + " €")
    whole = {"o.csv": as_csv(rows)}
    yield Form("points of thousands", "salesforce", whole, "EUR", 'decimal: ","', "decimal", whole=True)
    rows = table(english)
    rows[0][4] = "Engaged"
    fix = "tables: {opportunities: {columns: {created_date: 'Engaged'}}}"
    yield Form("no created date", "salesforce", {"o.csv": as_csv(rows)}, "", fix, fix)
    rows = table(english)
    rows[0][3] = "Worth"
    fix = "tables: {opportunities: {columns: {amount: 'Worth'}}}"
    yield Form("no amount", "salesforce", {"o.csv": as_csv(rows)}, "", fix, fix)
    unknown = Tongue(english.headings, ("Ein", "Zwei", "Drei", "Vier"))
    fix = "stages: {Ein: pipeline, Zwei: best_case, Drei: won, Vier: lost}"
    yield Form(
        "stages that say nothing", "salesforce", {"o.csv": as_csv(table(unknown))}, "", fix, "stages: {"
    )
    rows = table(english, Currency=lambda d: "EUR" if d["name"].endswith("0 - deal") else "USD")
    fix = "{currency: USD, rates: {EUR: 1.0}}"
    yield Form("two currencies", "salesforce", {"o.csv": as_csv(rows)}, "USD", fix, "rates: {EUR:")
    rows = table(english)
    for row, deal in zip(rows[1:], company(), strict=True):
        row[4] = deal["created"].replace(day=1 + deal["created"].day % 12).strftime("%d/%m/%Y")
        row[5] = deal["close"].replace(day=1 + deal["close"].day % 12).strftime("%d/%m/%Y")
    fix = 'date_format: "%d/%m/%Y"'
    yield Form("days up to 12 only", "salesforce", {"o.csv": as_csv(rows)}, "", fix, "date_format")
    kronor = with_amounts(table(english), lambda deal: f"{deal['amount']:.2f} kr")
    yield Form("kr", "salesforce", {"o.csv": as_csv(kronor)}, "SEK", "currency: SEK", "currency: SEK")


def write(form: Form, folder: Path) -> list[Path]:
    """Write the files of a form into a folder."""
    for name, content in form.files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in form.files]
