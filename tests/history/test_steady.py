"""Files that somebody writes to while they are read are refused: by whatever reads a history or an export."""

import pytest

from simulator.errors import InputError
from simulator.history import load as loading
from simulator.history.importers import importer
from simulator.history.load import load_history
from simulator.history.steady import steady

DEALS = "opportunity_id,segment,amount,created_date\nA,mid,1,2026-01-01\n"
MAP = """
tables:
  opportunities:
    file: deals.csv
    columns: {opportunity_id: opportunity_id, amount: amount, created_date: created_date, segment: segment}
"""


@pytest.fixture
def deals(tmp_path):
    (tmp_path / "opportunities.csv").write_text(DEALS)
    return tmp_path / "opportunities.csv"


def grow(path):
    with path.open("a") as growing:
        growing.write("B,mid,1,2026-01-02\n")


def test_what_stays_as_it_was_passes(deals):
    with steady(deals.parent, deals, None, deals.parent / "nowhere"):
        deals.read_text()


@pytest.mark.parametrize("change", ["grow", "come", "go"])
def test_what_grows_comes_or_goes_is_named(deals, change):
    other = deals.with_name("leads.csv")
    with pytest.raises(InputError, match="changed while it was read") as refused, steady(deals.parent):
        if change == "grow":
            grow(deals)
        elif change == "come":
            other.write_text("x")
        else:
            deals.unlink()
    assert refused.value.faults[0].where == str(other if change == "come" else deals)


def test_a_history_that_grows_is_refused_whoever_reads_it(deals, monkeypatch):
    read = loading.read_cells
    assert len(load_history(deals.parent).opportunities) == 1

    def read_and_grow(path):
        cells = read(path)
        grow(path)
        return cells

    monkeypatch.setattr(loading, "read_cells", read_and_grow)
    with pytest.raises(InputError, match="changed while it was read"):
        load_history(deals.parent)


def test_an_export_that_grows_is_not_imported(deals, tmp_path, monkeypatch):
    (tmp_path / "map.yaml").write_text(MAP)
    assemble = importer.assemble
    given = ("table", [deals], tmp_path / "map.yaml")
    assert len(importer.import_files(*given).history.opportunities) == 1

    def assemble_and_grow(*arguments):
        grow(deals)
        return assemble(*arguments)

    monkeypatch.setattr(importer, "assemble", assemble_and_grow)
    with pytest.raises(InputError, match="changed while it was read"):
        importer.import_files(*given)
