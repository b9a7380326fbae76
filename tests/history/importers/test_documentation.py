"""The maps shown in the documentation are maps, and it names every key and table there is."""

import re
from pathlib import Path

import pytest

from simulator.history.importers.map_file import check_map
from simulator.history.importers.mapping import Mapping, Tables
from simulator.history.importers.specs import ColumnSpec
from simulator.yaml_source import parse_tree

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
