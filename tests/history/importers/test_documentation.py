"""The maps shown in the documentation are maps, and it names every key and table there is."""

import json
import re
import shlex
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.history.importers.map_file import check_map
from simulator.history.importers.mapping import Mapping, Tables
from simulator.history.importers.specs import ColumnSpec
from simulator.scenario.load import load_scenario
from simulator.yaml_source import parse_tree
from tests.history.importers.forms import forms, totals
from tests.history.importers.further_forms import further_forms

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)


@pytest.mark.parametrize("text", [text for text in SHOWN if "file:" in text])
def test_maps_shown_are_maps(text: str) -> None:
    tree = parse_tree(text, "importing.md")
    assert check_map(tree.values, tree, "importing.md").tables.given()


def test_every_key_is_explained() -> None:
    assert len(SHOWN) >= 6
    for model in (Mapping, Tables, ColumnSpec):
        for name, field in model.model_fields.items():
            word = field.alias or name
            assert f"`{word}" in PAGE or f"{{{word}" in PAGE or word == "description", word


SYSTEMS = {
    row[0]: row[2].strip("`")
    for line in PAGE.splitlines()
    if len(row := [cell.strip() for cell in line.strip("|").split(" | ")]) == 3
    and "simulator import" in row[2]
}
"""Commands of the first table of the page by system."""
OF_DEALS = {"Salesforce": "Salesforce, API names", "HubSpot": "HubSpot, French", "Pipedrive": "Pipedrive"} | {
    "Dynamics 365": "Dynamics, a workbook",
    "Zoho CRM": "Zoho",
    "Close": "Close",
}
PAID = {
    "Stripe": "Customer ID,Amount,Interval,Currency,Status,Start (UTC),Ended At (UTC)\n"
    "c1,100.00,month,usd,active,2025-01-05 10:00,\n"
    "c2,50.00,month,usd,canceled,2025-01-05 10:00,2025-03-05 10:00\n",
    "ChartMogul": "Customer External ID,Date,Type,Activity MRR Movement\nc1,2025-01-05,New Business,100.00\n"
    "c2,2025-01-05,New Business,50.00\nc2,2025-03-05,Churn,-50.00\n",
    "Recurly": "account_code,unit_amount,plan_interval_unit,state,activated_at,expires_at\n"
    "c1,100.00,months,active,2025-01-05,\nc2,50.00,months,expired,2025-01-05,2025-03-05\n",
    "Baremetrics": "Customer OID,Current MRR,Started At,Canceled At\nc1,$100.00,2025-01-05,\n"
    "c2,$50.00,2025-01-05,2025-03-05\n",
    "a table of monthly revenue": "Customer,2025-01,2025-02,2025-03\nc1,100,100,100\nc2,50,50,0\n",
}


def test_the_page_begins_with_the_question() -> None:
    assert PAGE.split("\n## ")[1].startswith("Which system?")
    assert {*OF_DEALS, *PAID, "a deal list saved every week"} <= set(SYSTEMS)


def run(system: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Run the command of the page; return what it says as JSON."""
    with pytest.raises(SystemExit) as ended:
        main([*shlex.split(SYSTEMS[system])[1:], "--json"])
    shown = capsys.readouterr()
    assert not ended.value.code, shown.err
    told: dict[str, object] = json.loads(shown.out)["figures"]
    if "--scenario" in SYSTEMS[system]:
        assert load_scenario(Path("forecast.yaml"))
    return told


@pytest.mark.parametrize("system", OF_DEALS)
def test_the_command_of_a_system_reads_its_deals(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = [word for word in shlex.split(SYSTEMS[system]) if re.search(r"\.(csv|xlsx)$", word)]
    named = {form.name: form for form in [*forms(), *further_forms()]}
    content = next(iter(named[OF_DEALS[system]].files.values()))
    Path(asked[0]).write_bytes(content)
    if system == "Salesforce":
        history = "Id,OpportunityId,CreatedDate,StageName\nh1,0068d0000000ABC,2024-01-05T09:30:00Z,One\n"
        Path(asked[1]).write_text(history, encoding="utf-8")
    told = run(system, capsys)
    assert told["deals"]["won"] == totals()["won"][0]  # type: ignore[index]
    assert told["amounts"]["won"] == totals()["won"][1]  # type: ignore[index]


@pytest.mark.parametrize("system", PAID)
def test_the_command_of_a_system_reads_what_is_paid(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = next(word for word in shlex.split(SYSTEMS[system]) if word.endswith(".csv"))
    Path(name).write_text(PAID[system], encoding="utf-8")
    assert run(system, capsys)["arr"] == 1200.0


def test_a_deal_list_saved_every_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    heading = "id,stage,amount,close date,created date\n"
    Path("deals 2026-03-02.csv").write_text(f"{heading}d1,Open,10,2026-05-01,2026-02-01\n", encoding="utf-8")
    Path("deals 2026-03-09.csv").write_text(f"{heading}d1,Won,12,2026-03-08,2026-02-01\n", encoding="utf-8")
    Path("map.yaml").write_text("stages: {Open: pipeline, Won: won}\n", encoding="utf-8")
    command = shlex.split(SYSTEMS["a deal list saved every week"])[1:]
    files = sorted(map(str, Path().glob("deals*.csv")))
    place = command.index("deals*.csv")
    with pytest.raises(SystemExit) as ended:
        main([*command[:place], *files, *command[place + 1 :], "--json"])
    shown = capsys.readouterr()
    assert not ended.value.code, shown.err
    assert json.loads(shown.out)["figures"]["amounts"] == {"won": 12.0}
