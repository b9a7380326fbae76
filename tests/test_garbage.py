"""Garbage is looked for seldom, but found: neither a long command nor a server grows with what it drops."""

import subprocess
import sys

import pytest

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
