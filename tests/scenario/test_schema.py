import jsonschema
import pytest

from simulator.scenario.levers import LEVERS
from simulator.scenario.schema import Scenario, Simulation, scenario_schema
from simulator.yaml_source import known_keys, parse_tree
from tests.scenario.conftest import INLINE

SCHEMA = scenario_schema()


def accepted(text: str) -> bool:
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(parse_tree(text, "s").values)


def test_the_schema_is_one_and_takes_a_scenario():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(parse_tree(INLINE, "s").values, SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "histroy: x",
        "simulation: {pahts: 3}",
        "levers: {slipage: 1}",
        "levers: {sals: {frm: 2027-01}}",
        "segments: {smb: {motion: x}}",
    ],
)
def test_the_schema_refuses_what_the_program_refuses(text):
    assert not accepted(text)


@pytest.mark.parametrize(
    "text",
    [
        "levers: {sals: +20%}",
        "levers: {sals: [x2, {factor: 1.1, from: 2027-01}]}",
        "targets: {FY27Q4: {smb: 1M}}",
        "as_of: 2026-10-31",
        "segments: {smb: {commit: {median_days: 5, to: {won: null}}, amount: null}, mm: null}",
        "levers: {sals: null, slippage: {segments: [smb]}}",
        "targets: {FY27Q4: null, FY28Q1: {smb: null}}",
        "history: null",
    ],
)
def test_the_schema_takes_friendly_numbers(text):
    assert accepted(text)


def test_every_key_is_described():
    for name, part in {"scenario": SCHEMA, **SCHEMA["$defs"]}.items():
        for key, value in part.get("properties", {}).items():
            assert value.get("description"), f"{name}.{key}"


def test_known_keys_are_found_through_mappings_lists_and_aliases():
    assert known_keys(Scenario, ("simulation",)) == list(Simulation.model_fields)
    assert known_keys(Scenario, ("levers",)) == list(LEVERS)
    assert "from" in known_keys(Scenario, ("levers", "sals", 0))
    assert "median_days" in known_keys(Scenario, ("segments", "any", "commit"))
    assert "pushes" in known_keys(Scenario, ("open_deals", 3))
