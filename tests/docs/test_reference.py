"""The reference pages are what the program says, and the schema explains every key to an editor."""

import importlib.util

import pytest

from simulator.cli.main import COMMANDS
from simulator.scenario.schema import scenario_schema
from tests.docs.pages import ROOT


@pytest.fixture
def reference(monkeypatch):
    found = importlib.util.spec_from_file_location("reference", ROOT / ".ci" / "reference.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_pages_are_current(reference, capsys):
    assert reference.main(["--check"]) == 0, capsys.readouterr().err


def test_a_page_that_is_not_current_is_found_and_left_alone(reference, tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    assert reference.main([]) == 0
    page = tmp_path / "docs" / "scenario.md"
    page.write_text(page.read_text().replace("currency", "money"))
    assert reference.main(["--check"]) == 1
    assert "docs/scenario.md: not what the program says. Run: make reference" in capsys.readouterr().err
    assert "money" in page.read_text()


def test_every_command_and_option_is_in_the_reference(reference):
    text = reference.commands_page()
    for command in COMMANDS:
        assert f"## simulator {command.name}" in text
        assert all(parameter.help in text for parameter in command.load().params if "|" not in parameter.help)


def test_every_key_has_a_title_and_a_hover_text():
    schema = scenario_schema()
    for name, part in {"": schema, **schema["$defs"]}.items():
        for key, value in part["properties"].items():
            assert len(value.get("description", "")) > 8, f"{name}.{key} is not described"
            assert value["description"].endswith((".", "…", "]."), 0) or value["description"][-1] in ".…"


def test_every_key_offers_a_type_a_choice_or_an_example():
    schema = scenario_schema()
    for name, part in schema["$defs"].items():
        for key, value in part["properties"].items():
            assert offers(value), f"{name}.{key}"


def offers(value):
    if {"type", "enum", "$ref", "examples"} & set(value):
        return True
    return any(offers(choice) for choice in value.get("anyOf", ()) if choice != {"type": "null"})
