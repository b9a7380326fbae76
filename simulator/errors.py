"""What can go wrong: faults of the user's input, and the exceptions that carry them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the user's input, and how to fix it.

    Parameters
    ----------
    where : str
        The place: ``base.yaml:12``, ``opportunities.csv, row 17`` or an option such as ``--paths``.
    what : str
        The fault in plain words, naming the key, column or value.
    remedy : str
        What to do about it.
    """

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n    {self.remedy}" if self.remedy else text


class SimulatorError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(SimulatorError):
    """The user's input is at fault; carries every fault found, not only the first.

    Parameters
    ----------
    faults : iterable of Fault
        All faults found; at least one.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Fault, ...]]]:
        """Say how to make it again in another process, which would otherwise make it of its text."""
        return type(self), (self.faults,)

    @classmethod
    def of(cls, where: str, what: str, remedy: str = "") -> InputError:
        """Make an error of a single fault."""
        return cls([Fault(where, what, remedy)])


def few(faults: Sequence[Fault], n: int, where: str, others: str, remedy: str = "") -> list[Fault]:
    """Return the faults shown, and one that counts the others of ``n`` in all."""
    more = n - len(faults)
    return [*faults, *([Fault(where, f"and {more:,} more {others}".rstrip(), remedy)] if more > 0 else [])]


def closest(word: object, known: Iterable[object]) -> str | None:
    """Return the known word that is nearest to one, whatever its case; None where none is near."""
    lowered = {str(name).lower(): str(name) for name in known}
    found = difflib.get_close_matches(str(word).lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def suggestion(word: str, known: Iterable[str], kind: str) -> str:
    """Return a remedy that names the nearest known word, and then all of them."""
    names = [str(name) for name in known]
    meant = closest(word, names)
    listed = ", ".join(names[:30]) + (" …" if len(names) > 30 else "")
    hint = f"Did you mean '{meant}'? " if meant else ""
    return f"{hint}{kind}: {listed}." if names else f"{hint}There are no {kind.lower()}."


def gather(*readers: Callable[[], Any]) -> list[Any]:
    """Return what each function returns.

    Raises
    ------
    InputError
        With the faults of all those that found some.
    """
    found: list[Any] = []
    faults: list[Fault] = []
    for read in readers:
        try:
            found.append(read())
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return found
