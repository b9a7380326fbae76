"""How kernels are compiled: one set of options for each of their four parts.

A plan is a tuple of some thirty arrays; a real call would hand over hundreds of values and count
references to every array, which costs more than the work of one deal. So small functions are inlined by LLVM
(``PART``), long ones are put in place before that (``BODY``: compiled once, where they are used), and the
outermost function lets go of the interpreter (``WHOLE``). What works on many rows at once is worth a call
(``CALLED``). None of them allocates. Division by zero gives infinity, as in NumPy.
"""

from typing import Any

PART: dict[str, Any] = {"cache": True, "_nrt": False, "forceinline": True, "error_model": "numpy"}
BODY: dict[str, Any] = {"inline": "always", "error_model": "numpy"}
CALLED: dict[str, Any] = {"cache": True, "_nrt": False, "error_model": "numpy"}
WHOLE: dict[str, Any] = {"cache": True, "_nrt": False, "nogil": True, "error_model": "numpy"}
