"""A map written from what was understood reads the same files again to the same history."""

from pathlib import Path

import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.importers.importer import import_files
from simulator.history.importers.map_file import write_map_file
from tests.history.importers.exports import FIELDS, HISTORY, OPPORTUNITIES
from tests.history.importers.exports import write as files
from tests.history.importers.forms import Form, forms, write
from tests.history.importers.hard_forms import hard_forms

READ = [form for form in [*forms(), *hard_forms()] if form.fix is None]


def assert_again_the_same(kind: str, paths: list[Path], folder: Path) -> None:
    first = import_files(kind, paths)
    write_map_file(first, kind, folder / "map.yaml")
    again = import_files(kind, paths, folder / "map.yaml")
    for name, table in first.history.tables().items():
        pd.testing.assert_frame_equal(again.history.tables()[name], table)
    assert again.history.currency == first.history.currency


@pytest.mark.parametrize("form", READ[::3], ids=lambda form: form.name)
def test_a_written_map_gives_the_same_history(form: Form, tmp_path: Path) -> None:
    assert_again_the_same(form.kind, write(form, tmp_path), tmp_path)


@pytest.mark.parametrize("changes", [HISTORY, FIELDS], ids=["stages", "fields"])
def test_a_written_map_keeps_the_order_of_stages(changes: str, tmp_path: Path) -> None:
    assert_again_the_same("salesforce", files(tmp_path, o_csv=OPPORTUNITIES, h_csv=changes), tmp_path)


def test_a_map_is_not_written_over_another(tmp_path: Path) -> None:
    form = READ[0]
    imported = import_files(form.kind, write(form, tmp_path))
    (tmp_path / "map.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="left as it is"):
        write_map_file(imported, form.kind, tmp_path / "map.yaml")
    assert (tmp_path / "map.yaml").read_text(encoding="utf-8") == "mine"
