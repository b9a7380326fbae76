"""What becomes of memory that is not needed: a command lives for seconds, the page's server for hours."""

import atexit
import contextlib
import ctypes
import gc

OBJECTS_BETWEEN = 100_000
"""New objects after which the young ones are looked through; the usual 700 cost a run a tenth of its time."""
ROUNDS_BETWEEN = 20
M_ARENA_MAX = -8
"""Number of the setting in malloc.h of the GNU C library."""
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


def share_memory() -> None:
    """Let all threads allocate from one arena, where the C library has several; else do nothing.

    What a thread frees in an arena of its own no other can use, and answers come from many threads.
    """
    _ask_the_c_library("mallopt", M_ARENA_MAX, 1)


def give_back() -> None:
    """Give memory that is free back to the system, where the C library can; else do nothing.

    What an answer needs for a moment lies between what is kept, and would stay with the process
    (results/app.md: what 200 changes add).
    """
    _ask_the_c_library("malloc_trim", 0)


def _ask_the_c_library(function: str, *arguments: int) -> None:
    with contextlib.suppress(OSError, AttributeError, TypeError):
        getattr(ctypes.CDLL(None), function)(*arguments)
