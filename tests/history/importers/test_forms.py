"""Every form of one company is read to the cent, or refused with a remedy that makes it so."""

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.history.importers.importer import Imported, import_files
from tests.history.importers.forms import Form, forms, totals, write
from tests.history.importers.further_forms import further_forms
from tests.history.importers.hard_forms import hard_forms
from tests.history.importers.mixed_forms import mixed_forms
from tests.history.importers.odd_forms import odd_forms
from tests.history.importers.written_forms import written_forms

ALL = [*forms(), *hard_forms(), *odd_forms(), *further_forms(), *written_forms(), *mixed_forms()]


def figures(imported: Imported) -> dict[str, tuple[int, float]]:
    told = imported.understanding.figures
    lost = [name for name in told["deals"] if name.startswith("lost")]
    return {
        "won": (told["deals"].get("won", 0), told["amounts"].get("won", 0.0)),
        "lost": (sum(told["deals"][n] for n in lost), round(sum(told["amounts"][n] for n in lost), 2)),
        "open": (told["deals"].get("open", 0), told["amounts"].get("open", 0.0)),
    }


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.name)
def test_a_form_is_read_to_the_cent_or_refused_with_the_right_remedy(form: Form, tmp_path: Path) -> None:
    paths = write(form, tmp_path)
    map_path = None
    if form.fix is not None:
        with pytest.raises(InputError) as caught:
            import_files(form.kind, paths)
        assert form.says in str(caught.value)
        map_path = tmp_path / "map.yaml"
        map_path.write_text(form.fix, encoding="utf-8")
    imported = import_files(form.kind, paths, map_path)
    assert figures(imported) == totals(form.whole, form.without)
    assert imported.understanding.figures["currency"] == form.currency
    deals = imported.history.opportunities
    assert {name: deals[name].nunique() for name in form.distinct} == form.distinct
    assert form.notes in " ".join(imported.understanding.notes)


def test_there_are_many_forms_and_no_two_alike() -> None:
    assert len(ALL) >= 300
    assert len({tuple(form.files.values()) for form in ALL}) == len(ALL)
