"""The company of ``forms`` under headings that no list holds, in plain spreadsheets and whole exports."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from tests.history.importers.forms import (
    SALESFORCE,
    Form,
    Row,
    as_csv,
    as_xlsx,
    blocks,
    cells_of,
    company,
    currency_of,
    of_one_file,
    table,
)

ENGLISH = SALESFORCE["English"]
ROWS = table(ENGLISH)
HEAD = ROWS[0]
RATES = {"USD": 0.9, "EUR": 1.0, "GBP": 1.15}
OWNERS = cells_of(
    "Sales agent | sales_agent | Assigned To | Account Manager | Betreuer | Commercial | "
    "Ejecutivo de ventas | Responsável | Venditore | Verkoper | Säljare | Opiekun | 営業担当"
)
SOURCES = ("Lead Origin", "Herkunft", "Fuente", "Campaign Source")
REASONS = ("Why lost", "Absagegrund", "Raison perte", "Motivo de la pérdida", "Reden verlies")
SHEETS = blocks("""
German
Nr. | Kunde | Verkäufer | Status | Summe | Datum Anfrage | Datum Abschluss
Anfrage | Angebot | Beauftragt | Absage
amount: 'Summe', created_date: 'Datum Anfrage', close_date: 'Datum Abschluss'

French
N° | Client | Commercial | Statut | Montant | Date d'ouverture | Date de signature
Contact | Devis | Signé | Perdu
created_date: "Date d'ouverture", close_date: 'Date de signature'

Spanish
N.º | Cliente | Vendedor | Estado | Importe | Fecha de apertura | Fecha de cierre
Contacto | Oferta | Ganada | Perdida
created_date: 'Fecha de apertura'

Portuguese
Nº | Cliente | Vendedor | Situação | Valor | Data de abertura | Data de fechamento
Contato | Proposta | Ganho | Perdido
created_date: 'Data de abertura', stage: 'Situação'

Italian
N. | Cliente | Venditore | Stato | Importo | Data apertura | Data chiusura
Contatto | Offerta | Vinta | Persa
created_date: 'Data apertura'

Dutch
Nr | Klant | Verkoper | Status | Bedrag | Datum aanvraag | Datum afsluiting
Contact | Offerte | Gewonnen | Verloren
created_date: 'Datum aanvraag', close_date: 'Datum afsluiting'

Japanese
番号 | 顧客 | 営業担当 | 状況 | 金額 | 開始日 | 成約日
提案 | 見積 | 受注 | 失注
created_date: '開始日', stage: '状況', close_date: '成約日'

English
No. | Account | Rep | Status | Deal value | Started | Closed
Contact | Quote | Won | Lost
created_date: 'Started'
""")
"""Headings, stages and the columns that are asked for, by language."""
ZOHO = blocks("""
French
ID enregistrement|Propriétaire de Affaire|Nom de l'affaire|Date de fermeture|Étape|Montant|Heure de création
Qualification|Devis|Fermé - Gagné|Fermé - Perdu

Spanish
ID de registro|Propietario de Trato|Nombre de Trato|Fecha de cierre|Fase|Importe|Hora de creación
Calificación|Presupuesto|Cerrado ganado|Cerrado perdido

Portuguese
ID do registro|Proprietário de Negócio|Nome do Negócio|Data de fechamento|Estágio|Valor|Hora de criação
Qualificação|Cotação|Fechado ganho|Fechado perdido

Italian
ID record|Proprietario di Trattativa|Nome trattativa|Data di chiusura|Fase|Importo|Ora creazione
Qualifica|Preventivo|Chiusa con successo|Chiusa persa

Dutch
Record-ID|Eigenaar van Deal|Dealnaam|Sluitingsdatum|Fase|Bedrag|Tijd van aanmaak
Kwalificatie|Offerte|Gesloten gewonnen|Gesloten verloren

Polish
ID rekordu|Właściciel szansy|Nazwa transakcji|Data zamknięcia|Etap|Kwota|Czas utworzenia
Kwalifikacja|Oferta|Zamknięte wygrane|Zamknięte przegrane
""")
"""Headings and stages by language."""


def further_forms() -> Iterator[Form]:
    """Yield further forms."""
    yield from _headings()
    yield from _spreadsheets()
    yield from _systems()
    yield from _histories()
    yield from _groups()


def rep(deal: Row) -> str:
    """Return who looks after a deal: three people."""
    return ("Ann", "Bob", "Cleo")[int(deal["id"][10:12]) % 3]


def _money(deal: Row) -> str:
    return f"{deal['amount']:.2f}"


def _day(deal: Row, which: str = "created") -> str:
    return f"{deal[which]:%Y-%m-%d}"


def _time(deal: Row, which: str = "created") -> str:
    return f"{deal[which]:%Y-%m-%d %H:%M:%S}"


def _stage(stages: str) -> Callable[[Row], str]:
    return lambda deal: cells_of(stages)[deal["stage"]]


def _by(opened: str, won: str, lost: str) -> Callable[[Row], str]:
    return lambda deal: {2: won, 3: lost}.get(deal["stage"], opened)


def _ended(which: int) -> Callable[[Row], str]:
    return lambda deal: _time(deal, "close") if deal["stage"] == which else ""


def _of(columns: dict[str, Callable[[Row], object]]) -> list[list[Any]]:
    return [list(columns), *[[write(deal) for write in columns.values()] for deal in company()]]


def _headings() -> Iterator[Form]:
    for heading in OWNERS:
        yield of_one_file(f"owner called {heading}", table(ENGLISH, **{heading: rep}), distinct={"owner": 3})
    for heading in SOURCES:
        rows = table(ENGLISH, **{heading: lambda d: rep(d)[:1]})
        yield of_one_file(f"source called {heading}", rows, distinct={"source": 3})
    for heading in REASONS:
        rows = table(ENGLISH, **{heading: lambda d: "Competitor" if d["id"][11] in "13" else "Price"})
        yield of_one_file(f"reason called {heading}", rows, distinct={"outcome": 3})
    doubled = table(ENGLISH, Seller=rep, Agent=rep)
    line = "tables: {opportunities: {columns: {owner: 'Seller'}}}"
    yield of_one_file("two columns may be the owner", doubled, distinct={"owner": 0}, notes=line)
    area = table(ENGLISH, **{"Business Unit": lambda d: rep(d)[:1]})
    line = "tables: {opportunities: {columns: {segment: 'Business Unit'}}}"
    yield of_one_file("a column that may be the segment", area, distinct={"segment": 1}, notes=line)
    for heading in ("Offer Value", "Montant HT", "Nettobetrag"):
        rows = [[*HEAD[:3], heading, *HEAD[4:]], *ROWS[1:]]
        yield _asked(f"amount called {heading}", rows, f"amount: '{heading}'")
    monthly = [
        [*HEAD[:3], "MRR", *HEAD[4:]],
        *[[*r[:3], f"{float(r[3]) / 12:.6f}", *r[4:]] for r in ROWS[1:]],
    ]
    yield _asked("a monthly amount", monthly, "amount: {column: 'MRR', times: 12}")
    priced = [[*HEAD[:3], "Quantity", "Sales Price", *HEAD[4:]]]
    priced += [[*r[:3], "2", f"{float(r[3]) / 2:.3f}", *r[4:]] for r in ROWS[1:]]
    yield _asked("quantity and price", priced, "amount: {product_of: ['Quantity', 'Sales Price']}")
    both = [[*HEAD[:3], "Expected Revenue", "Worth", *HEAD[4:]], *[[*r[:3], "99", *r[3:]] for r in ROWS[1:]]]
    yield _asked("a weighted amount next to the amount", both, "amount: 'Worth'")


def _asked(name: str, rows: list[list[Any]], columns: str, kind: str = "salesforce", **more: Any) -> Form:
    line = f"tables: {{opportunities: {{columns: {{{columns}}}}}}}"
    return of_one_file(name, rows, kind, fix=line, says=line, **more)


def _spreadsheets() -> Iterator[Form]:
    for language, (headings, stages, columns) in SHEETS.items():
        cells: tuple[Callable[[Row], object], ...] = (
            *(lambda d: d["id"][10:12], lambda d: d["name"], rep, _stage(stages), _money),
            *(_day, lambda d: _day(d, "close")),
        )
        rows = _of(dict(zip(cells_of(headings), cells, strict=True)))
        yield _asked(f"a spreadsheet, {language}", rows, columns, distinct={"owner": 3})
    results = [[*HEAD[:2], "Status", "Result", *HEAD[3:]]]
    for row, deal in zip(ROWS[1:], company(), strict=True):
        results.append(
            [*row[:2], _by("Open", "Closed", "Closed")(deal), _by("", "Win", "Loss")(deal), *row[3:]]
        )
    yield of_one_file("a status and a result", results)


def _systems() -> Iterator[Form]:
    for language, (headings, stages) in ZOHO.items():
        cells: tuple[Callable[[Row], object], ...] = (
            *(lambda d: d["id"], rep, lambda d: d["name"], lambda d: _day(d, "close")),
            *(_stage(stages), _money, _time),
        )
        rows = _of(dict(zip(cells_of(headings), cells, strict=True)))
        yield of_one_file(f"Zoho, {language}", rows, "zoho", distinct={"owner": 3})
    pipedrive: dict[str, Callable[[Row], object]] = {
        "Deal - ID": lambda d: d["id"],
        "Deal - Title": lambda d: d["name"],
        "Deal - Value": lambda d: f"€{d['amount']:,.2f}",
        "Deal - Weighted value": lambda d: f"€{d['amount'] / 2:,.2f}",
        "Deal - Owner": rep,
        "Deal - Pipeline": lambda _: "Sales",
        "Deal - Stage": lambda _: "Offer",
        "Deal - Deal created": _time,
        "Deal - Expected close date": lambda d: _day(d, "close") if d["stage"] < 2 else "",
        "Deal - Won time": _ended(2),
        "Deal - Lost time": _ended(3),
    }
    yield of_one_file("Pipedrive, days of ends and no status", _of(pipedrive), "pipedrive", currency="EUR")
    yield from _dynamics()
    yield of_one_file("HubSpot, names of the API", _of(_hubspot()), "hubspot", distinct={"owner": 3})
    home = {
        **_hubspot(),
        "amount": _own,
        "amount_in_home_currency": _money,
        "deal_currency_code": currency_of,
    }
    yield of_one_file("HubSpot, home currency", _of(home), "hubspot", currency="EUR")


def _dynamics() -> Iterator[Form]:
    columns: dict[str, Callable[[Row], object]] = {
        "(Do Not Modify) Opportunity": lambda d: d["id"],
        "(Do Not Modify) Row Checksum": lambda d: "x" + d["id"],
        "(Do Not Modify) Modified On": lambda d: _time(d, "close"),
        "Topic": lambda d: d["name"],
        "Est. Close Date": lambda d: _day(d, "close"),
        "Est. Revenue": lambda d: f"${d['amount'] * (1.1 if d['stage'] == 2 else 1):,.2f}",
        "Actual Revenue": lambda d: {2: f"${d['amount']:,.2f}", 3: "$0.00"}.get(d["stage"], ""),
        "Actual Close Date": lambda d: _day(d, "close") if d["stage"] > 1 else "",
        "Status": _by("Open", "Won", "Lost"),
        "Status Reason": _by("In Progress", "Won", "Out-Sold"),
        "Created On": _time,
        "Owner": rep,
    }
    rows = _of(columns)
    yield of_one_file(
        "Dynamics, all columns", rows, "dynamics", currency="USD", distinct={"owner": 3, "outcome": 2}
    )
    book = {"o.xlsx": as_xlsx(rows)}
    yield Form("Dynamics, a workbook", "dynamics", book, "USD", distinct={"owner": 3})


def _hubspot() -> dict[str, Callable[[Row], object]]:
    return {
        "hs_object_id": lambda d: str(20660412345 + int(d["id"][10:12])),
        "dealname": lambda d: d["name"],
        "dealstage": lambda d: ("1001", "1002", "1003", "1004")[d["stage"]],
        "amount": _money,
        "createdate": lambda d: _time(d) + "Z",
        "closedate": lambda d: _time(d, "close") + "Z",
        "hubspot_owner_id": lambda d: str(len(rep(d)) * 17 + ord(rep(d)[0])),
        "pipeline": lambda _: "default",
        "hs_is_closed_won": lambda d: str(d["stage"] == 2).lower(),
        "hs_is_closed": lambda d: str(d["stage"] > 1).lower(),
        "hs_v2_date_entered_1001": _time,
        "hs_v2_date_entered_1003": _ended(2),
        "hs_v2_date_entered_1004": _ended(3),
    }


def _own(deal: Row) -> str:
    return f"{deal['amount'] / RATES[currency_of(deal)]:.6f}"


def _histories() -> Iterator[Form]:
    """Return histories as reports and objects have them, next to the deals."""
    ends = [deal for deal in company() if deal["stage"] > 1]
    end = {2: "Closed Won", 3: "Closed Lost"}
    report = [
        [
            "Opportunity Name",
            "Opportunity ID",
            "From Stage",
            "To Stage",
            "Amount",
            "Close Date",
            "Last Modified",
        ]
    ]
    for deal in ends:
        day = f"{deal['close']:%m/%d/%Y}"
        change = ["Qualification", end[deal["stage"]], _money(deal), day, f"{day} 3:20 PM"]
        report.append([deal["name"], deal["id"], *change])
    files = {"o.csv": as_csv(ROWS), "h.csv": as_csv(report)}
    yield Form("Opportunity History, a report", "salesforce", files)
    portuguese = [["ID da oportunidade", "Campo/Evento", "Valor antigo", "Novo valor", "Data de edição"]]
    portuguese += [
        [d["id"], "Fase", "Qualification", end[d["stage"]], f"{d['close']:%d.%m.%Y} 10:00"] for d in ends
    ]
    files = {"o.csv": as_csv(ROWS), "f.csv": as_csv(portuguese)}
    yield Form("Field History, Portuguese", "salesforce", files)
    changes = [["Id", "OpportunityId", "StageName", "Amount", "CloseDate", "CreatedDate", "ForecastCategory"]]
    for i, deal in enumerate(company()):
        common = [deal["id"][:15], "Qualification", _money(deal), _day(deal, "close")]
        changes.append([f"008{i:015d}", *common, f"{deal['created']:%Y-%m-%dT%H:%M:%S}.000Z", "Pipeline"])
        if deal["stage"] > 1:
            closed = [f"009{i:015d}", common[0], end[deal["stage"]], *common[2:]]
            category = {2: "Closed", 3: "Omitted"}[deal["stage"]]
            changes.append([*closed, f"{_day(deal, 'close')}T10:00:00.000Z", category])
    years = {"o1.csv": ROWS[:13], "o2.csv": [HEAD, *ROWS[13:]], "h1.csv": changes[:20]}
    years["h2.csv"] = [changes[0], *changes[20:]]
    yield Form(
        "a file a year of deals and changes", "salesforce", {n: as_csv(rows) for n, rows in years.items()}
    )


def _groups() -> Iterator[Form]:
    by_owner = sorted(zip(map(rep, company()), ROWS[1:], strict=True), key=lambda pair: (pair[0], pair[1][2]))
    grouped: list[list[Any]] = [["Opportunity Owner", "Stage", *HEAD[:2], *HEAD[3:]]]
    before: tuple[Any, Any] = (None, None)
    for owner, row in by_owner:
        same = owner == before[0]
        grouped.append(
            ["" if same else owner, "" if (owner, row[2]) == before else row[2], *row[:2], *row[3:]]
        )
        before = (owner, row[2])
    yield of_one_file("groups in groups without totals", grouped, distinct={"owner": 3})
    half = [[*row[:2], row[2] if i % 5 else "", *row[3:]] for i, row in enumerate(ROWS[1:], start=1)]
    drop = "tables: {opportunities: {drop: {stage: empty}}}"
    empty = [d["id"] for i, d in enumerate(company(), start=1) if i % 5 == 0]
    yield of_one_file("stages left empty", [HEAD, *half], fix=drop, says=drop, without=frozenset(empty))
    cased = [
        [*r[:2], (f" {r[2]} ", r[2].upper(), r[2].lower())[i % 3], *r[3:]] for i, r in enumerate(ROWS[1:])
    ]
    yield of_one_file("stages in any case", [HEAD, *cased])
    mixed = [
        [*r[:2], {"Closed Won": "Gewonnen"}.get(r[2], r[2]) if i % 2 else r[2], *r[3:]]
        for i, r in enumerate(ROWS[1:])
    ]
    yield of_one_file("stages in two languages", [HEAD, *mixed])
    later = dt.datetime(2031, 1, 1)
    planned = [[*r[:5], f"{later:%Y-%m-%d}" if i in (0, 2) else r[5]] for i, r in enumerate(ROWS[1:])]
    yield of_one_file("two won deals that close in years", [HEAD, *planned])
