"""Garbage is looked for seldom, but found: neither a long command nor a server grows with what it drops."""

import asyncio
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulator import garbage

DROPS = """
import gc, weakref
from simulator.garbage import look_seldom

class Ring:
    def __init__(self):
        self.own = self

look_seldom()
rounds = []
gc.callbacks.append(lambda phase, info: rounds.append(phase))
first = weakref.ref(Ring())
few = len(rounds)
for _ in range(400_000):
    Ring()
print(few, first() is None, len(rounds) // 2)
"""


def test_what_is_dropped_is_found_all_the_same():
    done = subprocess.run([sys.executable, "-c", DROPS], capture_output=True, text=True, check=True)
    few, found, rounds = done.stdout.split()
    assert (few, found) == ("0", "True")
    assert 0 < int(rounds) < 40


OLD = """
import gc, sys, weakref
from simulator import garbage

class Ring:
    def __init__(self):
        self.own = self

garbage.look_seldom()
for name in sys.argv[1:]:
    getattr(garbage, name)()
old = Ring()
for _ in range(150_000):
    Ring()
dropped = weakref.ref(old)
del old
for _ in range(400_000):
    Ring()
print(dropped() is None)
"""


@pytest.mark.parametrize(("then", "found"), [([], "False"), (["look_as_usual"], "True")])
def test_what_has_grown_old_is_found_only_where_a_process_looks_as_usual(then, found):
    done = subprocess.run([sys.executable, "-c", OLD, *then], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found


SERVES = """
import gc, sys
usual = gc.get_threshold()
from nicegui import ui
from simulator.cli.main import main
ui.run = lambda *_, **__: print(gc.get_threshold() == usual, gc.get_freeze_count() > 0)
main(["app", sys.argv[1], "--no-browser"])
"""


def test_the_server_of_the_page_looks_as_usual(tmp_path):
    pytest.importorskip("nicegui")
    command = [sys.executable, "-c", SERVES, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


@pytest.fixture
def asked(monkeypatch) -> list[tuple[object, ...]]:
    """Return what is asked of the C library from here on."""
    calls: list[tuple[object, ...]] = []
    library = SimpleNamespace(
        mallopt=lambda *setting: calls.append(("mallopt", *setting)),
        malloc_trim=lambda *left: calls.append(("malloc_trim", *left)),
    )
    monkeypatch.setattr(garbage.ctypes, "CDLL", lambda name: library)
    return calls


def test_threads_share_memory_and_give_it_back(asked):
    garbage.share_memory()
    garbage.give_back()
    assert asked == [("mallopt", -8, 1), ("malloc_trim", 0)]


@pytest.mark.parametrize("library", [SimpleNamespace(), None])
def test_another_c_library_or_none_is_asked_nothing(library, monkeypatch):
    def load(name: None) -> SimpleNamespace:
        if library is None:
            raise OSError("no library")
        return library

    monkeypatch.setattr(garbage.ctypes, "CDLL", load)
    garbage.share_memory()
    garbage.give_back()


def test_the_server_gives_memory_back_after_each_answer(asked, tmp_path):
    pytest.importorskip("nicegui")
    from simulator.app.session import Session, in_thread
    from simulator.app.simulations import Memory
    from simulator.app.workspace import Workspace

    session = Session(Workspace.at(tmp_path), Memory(), print, print)
    assert asyncio.run(session.work(lambda work: 7)) == 7
    with pytest.raises(ZeroDivisionError):
        asyncio.run(session.work(lambda work: 1 // 0))
    assert asyncio.run(in_thread(max, 1, 2)) == 2
    assert asked == [("malloc_trim", 0)] * 3


def test_all_threads_of_the_page_are_begun_in_the_place_that_gives_memory_back():
    sources = (Path(garbage.__file__).parent / "app").glob("*.py")
    begun = [path.name for path in sources for _ in range(path.read_text().count("to_thread("))]
    assert begun == ["session.py"]
