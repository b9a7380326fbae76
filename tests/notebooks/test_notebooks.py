"""Every notebook runs from its first cell to its last, and is kept with the outputs that it has."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def notebooks():
    """Return the script that executes notebooks."""
    spec = importlib.util.spec_from_file_location("notebooks", ROOT / ".ci" / "notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code_of(book):
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


def kinds(cell):
    """Return what a cell shows: kinds of output and of the data in them."""
    return [(one["output_type"], sorted(one.get("data", ()))) for one in cell["outputs"]]


@pytest.mark.notebook
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_is_saved(path, notebooks):
    found, saved = code_of(notebooks.execute(path)), code_of(json.loads(path.read_text(encoding="utf-8")))
    assert len(found) >= 3
    assert [kinds(cell) for cell in found] == [kinds(cell) for cell in saved]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_with_outputs_and_is_short(path):
    book = json.loads(path.read_text(encoding="utf-8"))
    outputs = [one for cell in code_of(book) for one in cell["outputs"]]
    assert len(outputs) >= 3
    assert any("image/png" in one.get("data", ()) for one in outputs)
    assert all(cell["execution_count"] for cell in code_of(book))
    assert not [one for one in outputs if one["output_type"] == "error" or one.get("name") == "stderr"]
    assert len(book["cells"]) <= 15
    assert path.stat().st_size < 120_000
