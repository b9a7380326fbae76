"""How kernels are compiled: one set of options for each of their parts.

A plan is a tuple of some thirty arrays; a real call hands over hundreds of values, which costs more than the
work of one deal. So small functions are inlined (``PART``). What works on many rows at once, or once a month,
is worth a call (``CALLED``): LLVM's work grows faster than the length of a function. The outermost function
lets go of the interpreter (``WHOLE``). What returns views of arrays is put in place by Numba itself, so that
a caller that counts references counts these too (``BODY``). Functions with few arguments that Python calls
are compiled as they are (``ALONE``). To be callable from Python besides takes a second where a plan is handed
over: only the outermost are, and the small ones that tests compare with others' (``EXPOSED``). None of them
allocates.
Division by zero gives infinity, as in NumPy.
"""

from typing import Any

import numpy as np
from numba import njit

from simulator.kernels.cache import KEPT
from simulator.kernels.lowering import Kernel

COMMON: dict[str, Any] = {"_nrt": False, "error_model": "numpy"}
OUTER: dict[str, Any] = {**COMMON, "cache": KEPT, "no_cfunc_wrapper": True}
INSIDE: dict[str, Any] = {
    **COMMON,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": Kernel,
}
EXPOSED: dict[str, Any] = {**OUTER, "forceinline": True}
PART: dict[str, Any] = {**INSIDE, "forceinline": True}
BODY: dict[str, Any] = {"inline": "always", "error_model": "numpy"}
# Said, because Numba takes what is not said from the caller.
CALLED: dict[str, Any] = {**INSIDE, "forceinline": False}
WHOLE: dict[str, Any] = {**OUTER, "nogil": True}
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
