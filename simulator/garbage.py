"""How seldom this process looks for garbage: it lives for seconds, and what it loads stays."""

import atexit
import gc

OBJECTS_BETWEEN = 100_000
"""New objects after which the young ones are looked through; the usual 700 cost a run a tenth of its time."""
ROUNDS_BETWEEN = 20


def look_seldom() -> None:
    """Look for garbage seldom, and not at all at the end, when the system takes all memory back at once."""
    gc.set_threshold(OBJECTS_BETWEEN, ROUNDS_BETWEEN, ROUNDS_BETWEEN)
    atexit.register(gc.freeze)
