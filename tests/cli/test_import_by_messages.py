"""A person in an empty folder comes from an export to a right forecast by what the messages say alone."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tests.cli.test_run import simulator
from tests.history.importers.forms import (
    HUBSPOT,
    SALESFORCE,
    Row,
    Tongue,
    as_csv,
    company,
    points_of_thousands,
    table,
    with_amounts,
)

MEANT = {"Erstgespräch": "pipeline", "Angebot": "best_case", "Auftrag": "won", "Kein Interesse": "lost"}
RATES = {"EUR": 1.08, "GBP": 1.27, "USD": 1.0}


def refused(folder: Path, *command: str) -> str:
    """Return what a refused command says."""
    done = simulator(*command, cwd=folder)
    assert done.returncode == 2, done.stdout
    return done.stderr


def booked(folder: Path, *command: str, amount: Callable[[Row], float]) -> None:
    """Import, compare won, lost and open with what they are, and run the first scenario."""
    done = simulator(*command, "--map", "map.yaml", "--scenario", "forecast.yaml", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["figures"]
    for name, stages in (("won", {2}), ("lost_no_decision", {3}), ("open", {0, 1})):
        amounts = [amount(deal) for deal in company() if deal["stage"] in stages]
        assert figures["deals"][name] == len(amounts)
        assert abs(figures["amounts"][name] - sum(amounts)) < 0.01
    run = simulator("run", "forecast.yaml", "--paths", "40", "-o", "out", cwd=folder)
    assert run.returncode == 0, run.stderr
    assert (pd.read_csv(folder / "out" / "tables" / "bookings.csv")["p90"] > 0).any()


def test_a_german_hubspot_export(tmp_path: Path) -> None:
    rows = table(Tongue(HUBSPOT["German"].headings, tuple(MEANT)), "plain", "German")
    rows = with_amounts(rows, lambda deal: points_of_thousands(deal) + " €")
    (tmp_path / "alle-deals.csv").write_bytes(as_csv(rows, ";", "utf-8-sig"))
    command = ("import", "hubspot", "alle-deals.csv", "--to", "history")

    said = refused(tmp_path, *command)
    line = re.search(r'Say in the map: (decimal: ",")', said)
    assert line is not None
    (tmp_path / "map.yaml").write_text(line[1] + "\n", encoding="utf-8")

    said = refused(tmp_path, *command, "--map", "map.yaml")
    line = re.search(r"stages: \{.*?\}", said)
    assert line is not None
    stages = re.sub(r'"(.*?)": …', lambda stage: f'"{stage[1]}": {MEANT[stage[1]]}', line[0])
    with (tmp_path / "map.yaml").open("a", encoding="utf-8") as file:
        file.write(stages + "\n")

    booked(tmp_path, *command, amount=lambda deal: round(deal["amount"]))


def test_a_salesforce_report_in_three_currencies(tmp_path: Path) -> None:
    codes = sorted(RATES)
    of_deal = {deal["id"]: codes[i % 3] for i, deal in enumerate(company())}
    rows = table(SALESFORCE["English"], **{"Amount Currency": lambda deal: of_deal[deal["id"]]})
    rows = with_amounts(rows, lambda deal: f"{of_deal[deal['id']]} {deal['amount']:,.2f}")
    rows += [[], ["Grand Totals (24 records)"], ["Copyright (c) 2000-2026 salesforce.com, inc."]]
    (tmp_path / "report1234.csv").write_bytes(as_csv(rows))
    command = ("import", "salesforce", "report1234.csv", "--to", "history")

    said = refused(tmp_path, *command)
    line = re.search(r"write in a map: (\{currency: USD, rates: \{.*?\}\})", said)
    assert line is not None
    rates = re.sub(r"<one (\w+) in USD>", lambda code: str(RATES[code[1]]), line[1])
    (tmp_path / "map.yaml").write_text(rates, encoding="utf-8")

    booked(tmp_path, *command, amount=lambda deal: deal["amount"] * RATES[of_deal[deal["id"]]])
