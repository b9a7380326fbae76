"""Faults are planted where they are said to be, and only a test that notices them kills them."""

import ast
from pathlib import Path

import pytest

from tools import mutants

SOURCE = '''def gain(a: float, b: float = 1.0) -> float:
    """Return 1 + 2."""
    if a <= b and not b == 0:
        return a + b * 2
    return f"{a + 1}"
'''


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository of one module and the tests that import it."""
    for place in ("simulator/engine", "tests/engine"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "__init__.py").touch()
    for place in ("simulator", "tests"):
        (tmp_path / place / "__init__.py").touch()
    (tmp_path / "simulator/engine/gain.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    return tmp_path


def test_every_kind_of_fault_is_planted_and_messages_are_left_alone(project):
    found = mutants.mutants_of(Path("simulator/engine/gain.py"))
    changed = {(m.kind, m.old, m.new) for m in found}
    assert ("operator", "a + b * 2", "(a - b * 2)") in changed
    assert ("dropped term", "a + b * 2", "(a)") in changed
    assert ("comparison", "a <= b", "(a < b)") in changed
    assert ("constant", "2", "(3)") in changed
    assert ("operator", "not b == 0", "(b == 0)") in changed
    assert not [m for m in found if m.line in (2, 5)]


def test_a_mutant_changes_its_place_alone_and_is_removed_again(project, tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy")
    path = Path("simulator/engine/gain.py")
    (copy / path).parent.mkdir(parents=True)
    for mutant in mutants.mutants_of(path):
        mutant.plant(copy)
        text = (copy / path).read_text(encoding="utf-8")
        ast.parse(text)
        assert text != SOURCE
        assert text.replace(mutant.new, mutant.old, 1).count("\n") == SOURCE.count("\n")
        mutant.remove(copy)
        assert (copy / path).read_text(encoding="utf-8") == SOURCE


@pytest.mark.parametrize(("expected", "dies"), [("5", True), ("gain(1, 2)", False)])
def test_only_a_test_that_looks_kills(project, tmp_path_factory, expected, dies):
    (project / "tests/engine/test_gain.py").write_text(
        "from simulator.engine.gain import gain\n\n\ndef test_gain():\n"
        f"    assert gain(1, 2) == {expected}\n",
        encoding="utf-8",
    )
    (mutant,) = [m for m in mutants.mutants_of(Path("simulator/engine/gain.py")) if m.new == "(a - b * 2)"]
    root = tmp_path_factory.mktemp("root") / "copy"
    assert list(mutants.try_all([mutant], root)) == [(mutant, dies)]
    text = mutants.page([(mutant, dies)], 1, 60.0)
    assert ("simulator/engine/gain.py:4" in text) == (not dies)


def test_the_same_seed_chooses_the_same_mutants():
    chosen = mutants.choose(20, 3)
    assert chosen == mutants.choose(20, 3) != mutants.choose(20, 4)
    assert all(mutants.tests_of(m.path) for m in chosen)
