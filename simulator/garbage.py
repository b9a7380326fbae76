"""How often a process looks for garbage: a command lives for seconds, the page's server for hours."""

import atexit
import gc

OBJECTS_BETWEEN = 100_000
"""New objects after which the young ones are looked through; the usual 700 cost a run a tenth of its time."""
ROUNDS_BETWEEN = 20
USUAL = gc.get_threshold()
"""What Python looks after, where nothing was set."""


def look_seldom() -> None:
    """Look for garbage seldom, and not at all at the end, when the system takes all memory back at once."""
    gc.set_threshold(OBJECTS_BETWEEN, ROUNDS_BETWEEN, ROUNDS_BETWEEN)
    atexit.register(gc.freeze)


def look_as_usual() -> None:
    """Look for garbage as often as Python does again, but not among what is loaded already.

    What a page shows is dropped when it is shown anew, after it has grown old: seldom means never then.
    """
    gc.freeze()
    gc.set_threshold(*USUAL)
