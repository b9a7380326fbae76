"""Garbage is looked for seldom, but it is found: a long command does not grow with what it drops."""

import subprocess
import sys

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
