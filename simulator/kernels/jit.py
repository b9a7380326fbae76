"""How kernels are compiled: one set of options for each of their parts.

A plan is a tuple of some thirty arrays; a real call would hand over hundreds of values and count
references to every array, which costs more than the work of one deal. So small functions are inlined by LLVM
(``PART``), long ones are put in place before that (``BODY``: compiled once, where they are used), and the
outermost function lets go of the interpreter (``WHOLE``). What works on many rows at once is worth a call
(``CALLED``). Functions with few arguments that Python calls are compiled as they are (``ALONE``). To be
callable from Python besides takes a second where a plan is handed over: only the outermost are, and the small
ones that tests compare with others' (``EXPOSED``). None of them allocates.
Division by zero gives infinity, as in NumPy.
"""

from typing import Any

import numpy as np
from numba import njit

from simulator.kernels.cache import KEPT

COMMON: dict[str, Any] = {"cache": KEPT, "_nrt": False, "error_model": "numpy"}
INSIDE: dict[str, Any] = {**COMMON, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
EXPOSED: dict[str, Any] = {**COMMON, "forceinline": True}
PART: dict[str, Any] = {**INSIDE, "forceinline": True}
BODY: dict[str, Any] = {"inline": "always", "error_model": "numpy"}
CALLED: dict[str, Any] = INSIDE
WHOLE: dict[str, Any] = {**COMMON, "nogil": True}
ALONE: dict[str, Any] = {"cache": KEPT, "nogil": True}
NONE: Any = np.int64(0)
"""Where a counter begins that is handed on: a plain 0 is a type of its own to numba, which would compile all
that it is handed to a second time."""


@njit(**PART)
def at(counter):
    """Return a counter, or the whole part of a number, as an index that is known not to be negative.

    Negative indices count from the end: to allow for them costs as much as what is done there.
    """
    return np.uint64(counter)
