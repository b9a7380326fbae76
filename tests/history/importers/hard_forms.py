"""The company of ``forms`` as awkward exports have it: languages, dates, money, workbooks, rows and ids."""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl

from tests.history.importers.forms import (
    HUBSPOT,
    SALESFORCE,
    Form,
    Row,
    Tongue,
    as_csv,
    company,
    currency_of,
    points_of_thousands,
    table,
    with_amounts,
)

ENGLISH, GERMAN = SALESFORCE["English"], SALESFORCE["German"]
ROWS = table(ENGLISH)

STAGES = {
    "Swedish": ("Kvalificering", "Offert", "Avslutad (vunnen)", "Avslutad (förlorad)"),
    "Polish": ("Kontakt", "Oferta", "Wygrana", "Utracona"),
    "Danish": ("Kvalificeret", "Tilbud", "Vundet", "Tabt"),
    "Norwegian": ("Kvalifisert", "Tilbud", "Vunnet", "Tapt"),
    "Czech": ("Kvalifikace", "Nabídka", "Vyhráno", "Prohráno"),
    "Hungarian": ("Felmérés", "Ajánlat", "Megnyert", "Elveszett"),
    "Romanian": ("Calificare", "Ofertă", "Câștigat", "Pierdut"),
    "Turkish": ("Görüşme", "Teklif", "Kazanıldı", "Kaybedildi"),
    "Russian": ("Квалификация", "Предложение", "Выиграна", "Проиграна"),
    "Korean": ("자격 확인", "제안", "수주 성공", "수주 실패"),
    "Chinese": ("初步接洽", "方案报价", "赢单", "输单"),
    "Japanese, certain": ("初回訪問", "見積提示", "受注確定", "失注"),
    "German orders": ("Erstkontakt", "Angebot", "Auftrag erhalten", "Auftrag verloren"),
    "German, comma": ("Qualifiziert", "Angebot", "Abgeschlossen, gewonnen", "Abgeschlossen, verloren"),
    "German, loss": ("Termin gebucht", "Angebot", "Gewonnen", "Verlust"),
    "French": ("RDV", "Devis", "Clôturé gagné", "Clôturé perdu"),
    "Spanish": ("Cita", "Contrato", "Cerrada/Ganada", "Cerrada/Perdida"),
    "Portuguese": ("Reunião", "Proposta", "Venda realizada", "Venda perdida"),
    "Italian": ("Qualifica", "Offerta", "Chiusa/Vinta", "Chiusa/Persa"),
    "Dutch": ("Afspraak", "Offerte", "Gesloten (gewonnen)", "Gesloten (verloren)"),
    "marks": ("Talk", "Offer", "✅ [Won]", "❌ [Lost]"),
    "numbers": ("1 - Qualify", "4 - Offer", "6 - Closed Won", "7 - Closed Lost"),
    "false friends": ("NDA signed", "Verbal win", "Contract signed - Won", "Dead"),
    "names of the API": ("appointmentscheduled", "contractsent", "closedwon", "closedlost"),
}
EVIDENCE: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "probability as a share": ("hubspot", {"Deal probability": ("0.2", "0.6", "1", "0")}),
    "probability of percents": ("hubspot", {"Deal probability": ("20%", "60%", "100%", "0%")}),
    "flags in German": (
        "hubspot",
        {
            "Ist als gewonnen abgeschlossen": ("Nein", "Nein", "Ja", "Nein"),
            "Ist Deal abgeschlossen?": ("Nein", "Nein", "Ja", "Ja"),
        },
    ),
    "flags in Japanese": ("salesforce", {"成立フラグ": tuple("0010"), "完了フラグ": tuple("0011")}),
    "categories in French": (
        "salesforce",
        {
            "Catégorie de prévision": ("Pipeline", "Meilleur scénario", "Fermée", "Omise"),
            "Probabilité (%)": ("10", "50", "100", "0"),
        },
    ),
    "a status": ("salesforce", {"Status": ("Open", "Open", "Won", "Lost")}),
    "a type of stage": ("salesforce", {"Stage Type": ("Open", "Open", "Closed/Won", "Closed/Lost")}),
}
# ruff: noqa: E501, RUF001  words and headings as they stand in exports
POLISH = "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"
RUSSIAN = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"
SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
DATES: dict[str, Callable[[dt.datetime], str]] = {
    "of JavaScript": lambda d: f"{d:%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)",
    "of mails": lambda d: f"{d:%a, %d %b %Y %H:%M:%S} +0000",
    "compact with the time": lambda d: f"{d:%Y%m%dT%H%M%SZ}",
    "of Oracle": lambda d: f"{d:%d-%b-%y %I.%M.%S.000000000 %p}".upper(),
    "Polish": lambda d: f"{d.day} {POLISH.split()[d.month - 1]} {d.year}",
    "Russian": lambda d: f"{d.day} {RUSSIAN.split()[d.month - 1]} {d.year} г.",
    "Spanish": lambda d: f"{d.day} de {SPANISH.split()[d.month - 1]} de {d.year} {d:%H:%M}",
    "Spanish clock": lambda d: f"{d:%d/%m/%Y %I:%M} {'a. m.' if d.hour < 12 else 'p. m.'}",
    "Hungarian": lambda d: f"{d:%Y. %m. %d. %H:%M}",
    "Korean": lambda d: f"{d:%Y. %m. %d.} {'오전' if d.hour < 12 else '오후'} {(d.hour - 1) % 12 + 1}:{d:%M}",
    "Chinese": lambda d: (
        f"{d.year}年{d.month}月{d.day}日 {'上午' if d.hour < 12 else '下午'}{(d.hour - 1) % 12 + 1}:{d:%M}"
    ),
    "day of Excel with a comma": lambda d: (
        f"{(d - dt.datetime(1899, 12, 30)).total_seconds() / 86400:.6f}".replace(".", ",")
    ),
    "with an apostrophe": lambda d: f"'{d:%Y-%m-%d}",
    "in full width": lambda d: f"{d:%Y-%m-%d}".translate({i: i + 0xFEE0 for i in range(0x2D, 0x3A)}),
    "zone in letters": lambda d: f"{d.replace(hour=12):%Y-%m-%d %H:%M:%S} CET",
    "American, narrow blank": lambda d: f"{d:%m/%d/%Y}, {d:%I:%M}\u202f{d:%p}",
}
MONEY: dict[str, tuple[Callable[[float], str], str]] = {
    "sign and code": (lambda a: f"$ {a:,.2f} USD", "USD"),
    "in quotation marks": (lambda a: f'"{a:,.2f}"', ""),
    "soles": (lambda a: f"S/ {a:,.2f}", "PEN"),
    "Czech": (lambda a: f"{a:.2f}".replace(".", ",") + " Kč", "CZK"),
    "Hong Kong": (lambda a: f"HK${a:,.2f}", "HKD"),
    "rand": (lambda a: f"R {a:,.2f}".replace(",", " "), "ZAR"),
    "Mio.": (lambda a: f"{a / 1e6:.8f}".replace(".", ",") + " Mio. €", "EUR"),
    "TEUR": (lambda a: f"{a / 1e3:.5f}".replace(".", ",") + " TEUR", "EUR"),
    "k": (lambda a: f"{a / 1e3:.5f}k", ""),
}


def hard_forms() -> Iterator[Form]:
    """Return the awkward forms of the company."""
    for name, stages in STAGES.items():
        rows = table(Tongue(HUBSPOT["English"].headings, stages))
        yield Form(f"stages, {name}", "hubspot", {"d.csv": as_csv(rows)})
    for name, (kind, columns) in EVIDENCE.items():
        tongue = HUBSPOT["English"] if kind == "hubspot" else ENGLISH
        plain = Tongue(tongue.headings, ("One", "Two", "Three", "Four"))
        rows = table(plain, **{heading: _by_stage(cells) for heading, cells in columns.items()})
        yield Form(f"ends by {name}", kind, {"d.csv": as_csv(rows)})
    for name, written in DATES.items():
        rows = [ROWS[0], *[[*r[:4], written(d["created"]), written(d["close"])] for r, d in _pairs()]]
        yield Form(f"dates, {name}", "salesforce", {"o.csv": as_csv(rows)})
    for name, (written, currency) in MONEY.items():
        rows = with_amounts(ROWS, lambda deal, written=written: written(deal["amount"]))
        yield Form(f"amounts, {name}", "salesforce", {"o.csv": as_csv(rows)}, currency)
    for heading, currency in (
        ("Amount, EUR", "EUR"),
        ("EUR Amount", "EUR"),
        ("ACV (EUR)", "EUR"),
        ("TCV", ""),
    ):
        rows = [[*ROWS[0][:3], heading, *ROWS[0][4:]], *ROWS[1:]]
        yield Form(f"heading {heading}", "salesforce", {"o.csv": as_csv(rows)}, currency)
    yield from _systems()
    yield from _several_currencies()
    yield from _workbooks()
    yield from _rows()
    yield from _refused()


def _pairs() -> Iterator[tuple[list[Any], Row]]:
    return zip(ROWS[1:], company(), strict=True)


def _by_stage(cells: tuple[str, ...]) -> Callable[[Row], str]:
    return lambda deal: cells[deal["stage"]]


def _systems() -> Iterator[Form]:
    dynamics = {
        "German": "(Nicht ändern) Verkaufschance|Thema|Pipelinephase|Gesch. Umsatz|Erstellt am|Gesch. Abschlussdatum",
        "French": "(Ne pas modifier) Opportunité|Rubrique|Phase du pipeline|Revenu est.|Créé le|Date de clôture est.",
        "Spanish": (
            "(No modificar) Oportunidad|Tema|Fase de canalización|Ingresos est.|Fecha de creación"
            "|Fecha de cierre est."
        ),
        "Dutch": "(Niet wijzigen) Verkoopkans|Onderwerp|Pijplijnfase|Geschatte omzet|Gemaakt op|Geschatte afsluitdatum",
        "Italian": (
            "(Non modificare) Opportunità|Argomento|Fase pipeline|Ricavi stimati|Data creazione"
            "|Data chiusura stimata"
        ),
    }
    states = {
        "German": ("Status", "Offen Offen Gewonnen Verloren"),
        "French": ("Statut", "Ouverte Ouverte Conclue Perdue"),
        "Spanish": ("Estado", "Abierta Abierta Ganada Perdida"),
        "Dutch": ("Status", "Open Open Gewonnen Verloren"),
        "Italian": ("Stato", "Aperta Aperta Vinta Persa"),
    }
    for name, headings in dynamics.items():
        heading, words = states[name]
        rows = table(
            Tongue(tuple(headings.split("|")), tuple("ABBB")), **{heading: _by_stage(tuple(words.split()))}
        )
        yield Form(f"Dynamics, {name}", "dynamics", {"o.csv": as_csv(rows, ";")})
    api = ("opportunityid", "name", "stepname", "estimatedvalue", "createdon", "estimatedclosedate")
    rows = table(Tongue(api, tuple("ABBB")), statecode=_by_stage(tuple("0012")))
    yield Form("Dynamics, API", "dynamics", {"o.csv": as_csv(rows)})
    zoho = ("Datensatz-ID", "Abschluss-Name", "Phase", "Betrag", "Erstellungszeit", "Abschlussdatum")
    rows = table(
        Tongue(zoho, ("Qualifizierung", "Angebot", "Abgeschlossen, gewonnen", "Abgeschlossen, verloren"))
    )
    yield Form("Zoho, German", "zoho", {"d.csv": as_csv(rows)})
    swedish = ("Record-ID", "Affärsnamn", "Affärsfas", "Belopp", "Skapad datum", "Stängningsdatum")
    rows = table(Tongue(swedish, ("Kvalificering", "Offert skickad", "Vunnen", "Förlorad")))
    yield Form("HubSpot, Swedish", "hubspot", {"d.csv": as_csv(rows)})
    polish = (
        "ID rekordu",
        "Nazwa transakcji",
        "Etap transakcji",
        "Kwota",
        "Data utworzenia",
        "Data zamknięcia",
    )
    rows = table(Tongue(polish, ("Kwalifikacja", "Oferta", "Zamknięte – wygrane", "Zamknięte – przegrane")))
    yield Form("HubSpot, Polish", "hubspot", {"d.csv": as_csv(rows)})
    pipedrive = ["ID", "Title", "Stage", "Value", "Deal created", "Expected close date"]
    headings = tuple(f"Deal - {heading}" for heading in pipedrive)
    more = {
        "Deal - Status": _by_stage(("Open", "Open", "Won", "Lost")),
        "Deal - Currency of Value": lambda _: "SEK",
    }
    yield Form(
        "Pipedrive, currency",
        "pipedrive",
        {"d.csv": as_csv(table(Tongue(headings, tuple("ABBB")), **more))},
        "SEK",
    )
    topic = (
        "(Do Not Modify) Opportunity",
        "Topic",
        "Pipeline Phase",
        "Est. Revenue",
        "Created On",
        "Est. Close Date",
    )
    more = {"Status": _by_stage(("Open", "Open", "Won", "Lost")), "Currency": lambda _: "Pound Sterling"}
    rows = table(Tongue(topic, tuple("ABBB")), **more)
    yield Form("Dynamics, names of currencies", "dynamics", {"o.csv": as_csv(rows)}, "GBP")


def _several_currencies() -> Iterator[Form]:
    """Return deals in three currencies with converted amounts, which are those of the company."""
    rate = {"USD": 0.9, "EUR": 1.0, "GBP": 1.15}

    def own(deal: Row) -> str:
        return f"{deal['amount'] / rate[currency_of(deal)]:.6f}"

    def converted(deal: Row) -> str:
        return own(deal) if currency_of(deal) == "EUR" else f"{deal['amount']:.2f}"

    for name, heading, code in (
        ("French", "Montant dans la devise de l'entreprise", "Devise"),
        ("Spanish", "Importe en la divisa de la empresa", "Moneda"),
        ("German", "Betrag in Unternehmenswährung", "Währung"),
    ):
        rows = with_amounts(table(HUBSPOT[name], **{heading: converted, code: currency_of}), own)
        yield Form(f"HubSpot, three currencies, {name}", "hubspot", {"d.csv": as_csv(rows)}, "EUR")
    japanese = SALESFORCE["Japanese"]
    more = {"金額 (換算済み)": converted, "金額 (換算済み) 通貨": lambda _: "EUR", "金額 通貨": currency_of}
    rows = with_amounts(table(japanese, **more), own)
    yield Form("Salesforce, three currencies, Japanese", "salesforce", {"o.csv": as_csv(rows)}, "EUR")
    zoho = ("Record Id", "Deal Name", "Stage", "Amount", "Created Time", "Closing Date")
    tongue = Tongue(zoho, ("Qualification", "Proposal", "Closed Won", "Closed Lost"))
    rows = table(tongue, Currency=currency_of, **{"Exchange Rate": lambda d: 1 / rate[currency_of(d)]})
    rows = with_amounts(rows, own)
    fix = (
        "tables: {opportunities: {columns: {currency: {constant: EUR}, amount: {quotient_of: ['Amount', "
        "'Exchange Rate']}}}}"
    )
    yield Form("Zoho, a rate with each deal", "zoho", {"d.csv": as_csv(rows)}, "EUR", fix, fix)


def _typed() -> list[list[Any]]:
    return [[*row[:3], deal["amount"], deal["created"], deal["close"]] for row, deal in _pairs()]


def book_of(sheets: dict[str, list[list[Any]]]) -> bytes:
    """Return sheets of rows as a workbook."""
    book = openpyxl.Workbook()
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.remove(book.worksheets[0])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _workbooks() -> Iterator[Form]:
    def form(name: str, sheets: dict[str, list[list[Any]]], **expected: str) -> Form:
        return Form(f"workbook, {name}", "salesforce", {"o.xlsx": book_of(sheets)}, **expected)

    head, typed = ROWS[0], _typed()
    yield form("a cover first", {"Cover": [["Report of 2025"], ["by Ann"]], "Deals": [head, *typed]})
    yield form(
        "another table first", {"Accounts": [["Account", "Owner"], ["x", "y"]], "Deals": [head, *typed]}
    )
    yield form("a sheet a year", {"2024": [head, *typed[:12]], "2025": [head, *typed[12:]]})
    yield form("groups of headings", {"S": [["Deal", None, "Values"], head, *typed]})
    yield form("units below the headings", {"S": [head, [None, None, None, "EUR"], *typed]}, currency="EUR")
    yield form(
        "a total without a word", {"S": [head, *typed, [None, None, None, sum(row[3] for row in typed)]]}
    )
    yield form("an empty first column", {"S": [[None, *head], *[[None, *row] for row in typed]]})
    note = [[*head, "Note"], *[[*row, "=1+1"] for row in typed]]
    yield form("formulas nobody needs", {"S": note})
    serial = [
        [*r[:4], *((t - dt.datetime(1899, 12, 30)).total_seconds() / 86400 for t in r[4:])] for r in typed
    ]
    yield form("numbers of days", {"S": [head, *serial]})


def _rows() -> Iterator[Form]:
    def form(name: str, rows: list[list[Any]], kind: str = "salesforce", **more: Any) -> Form:
        return Form(name, kind, {"o.csv": as_csv(rows)}, **more)

    head = ROWS[0]
    yield Form(
        "titles above",
        "salesforce",
        {"o.csv": b"Opportunity report\r\nAs of 2025-12-31\r\n\r\n" + as_csv(ROWS)},
    )
    yield Form(
        "filters above",
        "salesforce",
        {"o.csv": b'"Report",,,,,\r\n"Filter: all",,,,,\r\n,,,,,\r\n' + as_csv(ROWS)},
    )
    footer = b'\r\n\r\n"Copyright (c) 2000-2025 salesforce.com, inc."\r\n"Confidential Information"\r\n'
    yield Form("a footer", "salesforce", {"o.csv": as_csv(ROWS) + footer})
    split = [
        row
        for r, d in _pairs()
        for row in ([*r[:3], f"{d['amount'] - 1000:.2f}", *r[4:], "A"], [*r[:3], "1000", *r[4:], "B"])
    ]
    yield form("amounts of lines", [[*head, "Product Name"], *split])
    total = [[*r[:3], *r[4:], r[3]] for r in split]
    fix = "tables: {opportunities: {columns: {amount: 'Total Price'}}}"
    yield form(
        "prices of lines", [[*head[:3], *head[4:], "Product Name", "Total Price"], *total], fix=fix, says=fix
    )
    discount = [
        row
        for r, d in _pairs()
        for row in ([*r[:3], f"{d['amount'] + 100:.2f}", *r[4:], "A"], [*r[:3], "-100", *r[4:], "Discount"])
    ]
    yield form("a discount as a line", [[*head, "Product Name"], *discount])
    for heading, cells in (("Contact Name", "AB"), ("Campaign Name", "CD"), ("Split (%)", ("60", "40"))):
        yield form(
            f"rows for each {heading}", [[*head, heading], *[[*r, c] for r in ROWS[1:] for c in cells]]
        )
    team = [[*head, "Opportunity Owner"], *[[*r, name] for r in ROWS[1:] for name in ("Ann", "Bob")]]
    fix = "tables: {opportunities: {drop: {duplicates: opportunity_id, keep: last}}}"
    yield form("rows for each of a team", team, fix=fix, says=fix)
    named = [row[1:] for row in ROWS]
    named[1:] = [["Renewal" if i % 3 == 0 else row[0], *row[1:]] for i, row in enumerate(named[1:])]
    fix = "tables: {opportunities: {columns: {opportunity_id: {together: ['Opportunity Name', 'Created Date']}}}}"
    yield form("names that repeat", named, fix=fix, says=fix)
    stale = [[*r[:2], "Proposal", *r[3:], "2024-02-01 08:00"] for r in ROWS[1:10]]
    newer = [[*head, "Last Modified Date"], *[[*r, "2025-12-01 10:00"] for r in ROWS[1:]]]
    yield Form(
        "overlap by the day modified",
        "salesforce",
        {"a.csv": as_csv(newer), "b.csv": as_csv([newer[0], *stale])},
    )
    ids = [
        head,
        *[
            [("0068d00000aBcDe", "0068d00000aBcdE")[i] if i < 2 else r[0], *r[1:]]
            for i, r in enumerate(ROWS[1:])
        ],
    ]
    yield form("ids that differ by case", ids)
    hubspot = table(HUBSPOT["English"])
    yield form(
        "ids with commas",
        [hubspot[0], *[[f"{20660412345 + i:,}", *r[1:]] for i, r in enumerate(hubspot[1:])]],
        "hubspot",
    )
    for heading, cell in (
        ("Qualified Date", "soon"),
        ("Last Modified Date", "yesterday"),
        ("Closed", "Q3"),
        ("Won", ""),
    ):
        yield form(f"{heading} of '{cell}'", [[*head, heading], *[[*r, cell] for r in ROWS[1:]]])
    for name, cell in (("SAP", "1500.00-"), ("brackets", "(1,500.00)"), ("a long minus", "−1500.00")):
        credit = ["0068d00000x1ABC", "Credit", "Closed Won", cell, "2025-01-01", "2025-02-01"]
        yield form(f"a credit by {name}", [*ROWS, credit])
    ahead = [
        head,
        *[[*r[:5], "2029-12-31"] if r[2] == "Closed Won" and i < 3 else r for i, r in enumerate(ROWS[1:])],
    ]
    yield form("a won deal that closes in years", ahead)


def _refused() -> Iterator[Form]:
    def form(name: str, rows: list[list[Any]], fix: str, says: str = "", **more: Any) -> Form:
        return Form(name, "salesforce", {"o.csv": as_csv(rows)}, fix=fix, says=says or fix, **more)

    head = ROWS[0]
    for name, text in (("francs", "EUR {}.-"), ("code", "EUR {}"), ("dash", "€ {},-")):
        rows = with_amounts(ROWS, lambda deal, text=text: text.format(points_of_thousands(deal)))
        yield form(
            f"points of thousands, {name}", rows, 'decimal: ","', "decimal", currency="EUR", whole=True
        )
    unknown = table(Tongue(ENGLISH.headings, ("Ein", "Zwei", "Won", "Vier")))
    yield form(
        "only wins are known",
        unknown,
        "stages: {Ein: pipeline, Zwei: commit, Won: won, Vier: lost}",
        "stages: {",
    )
    typo = [*ROWS, ["0068d00000x1ABC", "x", "Proposal", "100", "2099-01-01", "2099-02-01"]]
    last = max(max(d["created"], d["close"]) if d["stage"] > 1 else d["created"] for d in company())
    yield form("a day typed wrong", typo, f"as_of: {last:%Y-%m-%d}", "as_of: ")
    for name, place in (("amounts", 3), ("created dates", 4), ("ids", 0)):
        typed = [[*row] for row in _typed()]
        for row in typed:
            row[place] = {3: f"={row[3]}*1", 4: f"=DATE({row[4]:%Y,%m,%d})", 0: f'="{row[0]}"'}[place]
        says = "holds no value"
        fix = "files: {o.xlsx: {path: o.xlsx, sheet: Values}}"
        book = book_of({"S": [head, *typed], "Values": [[*head, "Copy"], *[[*row, 1] for row in _typed()]]})
        yield Form(f"formulas for {name}", "salesforce", {"o.xlsx": book}, "", fix, says)
