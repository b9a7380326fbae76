"""Results of the last calls, for what is asked again of the same objects: a plan changed in one lever."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def recent(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep the last results of a function whose arguments and results nobody changes.

    Texts, numbers and tuples of them are compared by value, all else is the same only where it is the same
    object. The arguments of what is kept are kept alive with it.

    Parameters
    ----------
    most : int
        Results kept.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        kept: OrderedDict[Hashable, tuple[object, T]] = OrderedDict()
        lock = threading.Lock()

        @wraps(function)
        def recalled(*args: P.args, **named: P.kwargs) -> T:
            given = (*args, *named.items())
            key = tuple(map(_key, given))
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key][1]
            result = function(*args, **named)
            with lock:
                kept[key] = (given, result)
                while len(kept) > most:
                    kept.popitem(last=False)
            return result

        return recalled

    return decorate


def _key(value: object) -> Hashable:
    if isinstance(value, tuple):
        return tuple(map(_key, value))
    return value if isinstance(value, str | int | float | None) else ("object", id(value))
