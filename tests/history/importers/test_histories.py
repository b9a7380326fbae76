"""Histories of stages in the words of several languages: every change is read, or its absence is a fault."""

import datetime as dt
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.history.importers.importer import Imported, import_files
from tests.history.importers.forms import HUBSPOT, SALESFORCE, Row, Tongue, as_csv, company, table, totals
from tests.history.importers.test_forms import figures

SPANISH = Tongue(
    (
        "ID de la oportunidad",
        "Nombre de la oportunidad",
        "Etapa",
        "Importe",
        "Fecha de creación",
        "Fecha de cierre",
    ),
    ("Calificación", "Propuesta", "Cerrada ganada", "Cerrada perdida"),
)
FIELDS = {
    "English": (SALESFORCE["English"], "Opportunity ID|Edit Date|Field / Event|Old Value|New Value", "Stage"),
    "API": (SALESFORCE["English"], "OpportunityId|CreatedDate|Field|OldValue|NewValue", "StageName"),
    "German": (
        SALESFORCE["German"],
        "Opportunity-ID|Bearbeitungsdatum|Feld/Ereignis|Alter Wert|Neuer Wert",
        "Phase",
    ),
    "French": (
        SALESFORCE["French"],
        "ID de l'opportunité|Date de modification|Champ/Événement|Ancienne valeur|Nouvelle valeur",
        "Étape",
    ),
    "Spanish": (
        SPANISH,
        "ID de la oportunidad|Fecha de modificación|Campo/Evento|Valor antiguo|Valor nuevo",
        "Etapa",
    ),
    "Japanese": (SALESFORCE["Japanese"], "商談ID|編集日|項目/行動|変更前の値|変更後の値", "フェーズ"),
}
STAGES = {
    "English": (SALESFORCE["English"], "Opportunity ID|From Stage|To Stage|Amount|Close Date|Last Modified"),
    "German": (
        SALESFORCE["German"],
        "Opportunity-ID|Von Phase|Zu Phase|Betrag|Schlusstermin|Letzte Änderung",
    ),
    "French": (
        SALESFORCE["French"],
        "ID de l'opportunité|De l'étape|Vers l'étape|Montant|Date de clôture|Date de dernière modification",
    ),
    "Spanish": (SPANISH, "ID de la oportunidad|De etapa|A etapa|Importe|Fecha de cierre|Última modificación"),
    "Portuguese": (
        SALESFORCE["Portuguese"],
        "ID da oportunidade|Da fase|Para a fase|Valor|Data de fechamento|Última modificação",
    ),
    "Japanese": (SALESFORCE["Japanese"], "商談 ID|変更前フェーズ|変更後フェーズ|金額|完了予定日|最終更新日"),
}
ENTERED = {
    "English": 'Date entered "{} (Sales Pipeline)"',
    "German": "Datum der Eingabe „{} (Vertriebspipeline)“",
    "French": "Date d'entrée dans « {} (Pipeline de ventes) »",
    "Spanish": 'Fecha de entrada en "{} (Pipeline de ventas)"',
    "Portuguese": 'Data de entrada em "{} (Pipeline de vendas)"',
    "Italian": 'Data di ingresso in "{} (Pipeline)"',
    "Japanese": "「{}\uff08セールスパイプライン\uff09」に入った日付",
}


def path(deal: Row) -> list[int]:
    return {2: [0, 1, 2], 3: [0, 3]}.get(deal["stage"], list(range(deal["stage"] + 1)))


def when(deal: Row, stage: int) -> dt.datetime:
    day: dt.datetime = deal["close"] if stage > 1 else deal["created"] + dt.timedelta(days=3 * stage)
    return day


N_STATES = sum(len(path(deal)) for deal in company())


def imported(folder: Path, kind: str, **files: list[list[object]]) -> Imported:
    paths = []
    for name, rows in files.items():
        (folder / f"{name}.csv").write_bytes(as_csv(rows, ";"))
        paths.append(folder / f"{name}.csv")
    return import_files(kind, paths)


@pytest.mark.parametrize(("tongue", "headings", "field"), FIELDS.values(), ids=FIELDS)
@pytest.mark.parametrize("direction", [1, -1], ids=["oldest first", "newest first"])
def test_field_history(tongue: Tongue, headings: str, field: str, direction: int, tmp_path: Path) -> None:
    rows: list[list[object]] = []
    for deal in company():
        for before, after in zip(path(deal)[:-1], path(deal)[1:], strict=True):
            stages = [tongue.stages[before], tongue.stages[after]]
            rows.append([deal["id"], f"{when(deal, after):%Y-%m-%d %H:%M}", field, *stages])
    got = imported(
        tmp_path, "salesforce", deals=table(tongue), changes=[headings.split("|"), *rows[::direction]]
    )
    assert figures(got) == totals()
    assert len(got.history.stage_changes) == N_STATES


def test_a_field_history_without_any_stage_is_refused(tmp_path: Path) -> None:
    headings = ["Opportunity ID", "Edit Date", "Field / Event", "Old Value", "New Value"]
    rows = [headings, *[[deal["id"], "2025-01-01", "Next Step", "", "call"] for deal in company()]]
    with pytest.raises(InputError, match="no change of stage"):
        imported(tmp_path, "salesforce", deals=table(SALESFORCE["English"]), changes=rows)


@pytest.mark.parametrize(("tongue", "headings"), STAGES.values(), ids=STAGES)
def test_stage_history(tongue: Tongue, headings: str, tmp_path: Path) -> None:
    rows: list[list[object]] = [list(headings.split("|"))]
    for deal in company():
        before = ""
        for stage in path(deal):
            day, close = f"{when(deal, stage):%Y-%m-%d %H:%M}", f"{deal['close']:%Y-%m-%d}"
            rows.append([deal["id"], before, tongue.stages[stage], f"{deal['amount']:.2f}", close, day])
            before = tongue.stages[stage]
    got = imported(tmp_path, "salesforce", deals=table(tongue), changes=rows)
    assert figures(got) == totals()
    assert len(got.history.stage_changes) == N_STATES


@pytest.mark.parametrize(("language", "heading"), ENTERED.items())
def test_dates_of_entering_a_stage(language: str, heading: str, tmp_path: Path) -> None:
    tongue = HUBSPOT[language]
    rows = [[*row] for row in table(tongue)]
    rows[0] += [heading.format(stage) for stage in tongue.stages]
    rows[0].append(
        heading.format(tongue.stages[0]).replace("entered", "exited") if language == "English" else "x"
    )
    for row, deal in zip(rows[1:], company(), strict=True):
        row.extend(f"{when(deal, s):%Y-%m-%d %H:%M}" if s in path(deal) else "" for s in range(4))
        row.append("2024-02-02")
    got = imported(tmp_path, "hubspot", deals=rows)
    assert figures(got) == totals()
    assert len(got.history.stage_changes) == N_STATES
