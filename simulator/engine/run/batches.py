"""What any worker needs to simulate some paths, and what it returns: the same wherever that is."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import pickle
import platform
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints
from simulator.engine.plan.deals import Compiled
from simulator.file_digest import sources_digest
from simulator.kernels.block import simulate_block
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.customers.flows import N_ARR_FLOWS
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.flows import N_FLOWS
from simulator.kernels.people.coverage import n_measures
from simulator.kernels.simd import in_lines
from simulator.kernels.workspace import Plans, open_workspace
from simulator.versions import version_of

BLOCK = 100
"""Simulations per task: small enough for progress and for stopping soon."""
NEAR = 5
"""Paths of one draw of the rates that are simulated one after the other."""


@dataclass(frozen=True)
class Block:
    """Some simulated paths. Money in cents.

    Parameters
    ----------
    paths : ndarray of int64, shape (path,)
        Their numbers.
    by_path : tuple of ndarray of float64, shape (path, …)
        Flows, ARR flows, monthly bookings, measures of people; axes as in ``Paths``.
    sums : tuple of ndarray of int64
        Wins and tallies of the open deals, summed over the paths.
    """

    paths: Ints
    by_path: tuple[Floats, ...]
    sums: tuple[Ints, ...]


def likely_room(compiled: Compiled) -> list[int]:
    """Return the deals in work at once, and the customers over the horizon, that simulations mostly need."""
    plan, n_segments = compiled.plan, len(compiled.segments)
    heads = np.bincount(compiled.capacity.seat_segment, minlength=n_segments)[plan.stream_segment]
    monthly = (
        (plan.stream_sals + plan.stream_rep_sals * heads[:, None]).mean(axis=0).max(axis=-1, initial=0.0)
    )
    sals = int(np.bincount(plan.stream_segment, monthly, n_segments).max(initial=0.0)) + 1
    n_open = int(np.diff(plan.open_first).max(initial=0))
    n_customers = int(np.bincount(compiled.customers.state[:, 0], minlength=1).max())
    n_won = (n_open + plan.month_end.size * sals) // 2
    return [n_open + 5 * sals + 100, n_customers + n_won + 100]


@dataclass(frozen=True)
class Job:
    """All that the kernels read, and nothing else: what is sent to workers.

    Parameters
    ----------
    compiled : Compiled
        Without what only people read.
    seed : int
    averaged : int
        Simulations that each path is the mean of.
    room : list of int
        Deals in work at once, and customers over the horizon, that a segment has room for. Only space: it
        grows when a path needs more, and no figure depends on it.
    """

    compiled: Compiled
    seed: int
    averaged: int
    room: list[int]

    @classmethod
    def of(cls, compiled: Compiled, seed: int, averaged: int) -> Job:
        """Return the job of a compiled scenario."""
        bare: Any = None  # neither is read by the kernels, and both are large
        deals = pd.DataFrame(index=range(len(compiled.open_deals)))
        bare_plan = replace(in_kernel_order(compiled), open_deals=deals, calibration=bare, rates=bare)
        return cls(bare_plan, seed, averaged, likely_room(compiled))

    def shapes(self, n_paths: int) -> tuple[tuple[int, ...], ...]:
        """Return the shapes of the flows, ARR flows, monthly bookings and people of this many paths."""
        compiled = self.compiled
        n_months, n_quarters = compiled.horizon.months.size, compiled.horizon.quarters.size
        n_segments = len(compiled.segments)
        n_arr_quarters = n_quarters if compiled.customers.terms.size else 0
        return (
            (n_paths, n_quarters, n_segments, N_FLOWS),
            (n_paths, n_arr_quarters, n_segments, N_ARR_FLOWS),
            (n_paths, n_months, n_segments, 3),
            (n_paths, n_quarters, n_segments, n_measures(len(compiled.roles))),
        )

    def empty(self, n_paths: int) -> tuple[Floats, ...]:
        """Return arrays for the same."""
        return tuple(np.zeros(shape) for shape in self.shapes(n_paths))

    def empty_sums(self) -> tuple[Ints, ...]:
        """Return arrays for the wins and tallies of the open deals."""
        shape = (len(self.compiled.open_deals), self.compiled.horizon.quarters.size)
        return np.zeros(shape, dtype=np.int64), np.zeros((*shape, 3), dtype=np.int64)

    def draws(self, paths: Ints) -> Ints:
        """Return the rate draw of each path: its number modulo their number."""
        return np.asarray(paths % self.compiled.plan.hazard.shape[0])

    def tasks(self, first: int, n_paths: int, size: int) -> list[Ints]:
        """Return the numbers of consecutive paths, this many to a task, those near by of one draw together.

        Its rates are then still in the processor's cache. Only those near by: the figures of a task then
        stand on few pages of their file, and the first paths of a longer run are simulated in the same tasks.
        """
        paths: Ints = np.arange(first, first + n_paths, dtype=np.int64)
        near = (paths - first) // (NEAR * self.compiled.plan.hazard.shape[0])
        paths = paths[np.lexsort((self.draws(paths), near))]
        return [paths[begin : begin + size] for begin in range(0, n_paths, size)]

    def simulate(self, paths: Ints) -> Block:
        """Simulate some paths."""
        compiled, arrays = self.compiled, self.empty(paths.size)
        plans = Plans(compiled.plan, compiled.capacity, compiled.customers, compiled.people)
        while True:
            n_entries, n_accounts = self.room
            workspace = open_workspace(plans, self.empty_sums()[0], n_entries, n_accounts)
            if simulate_block(
                plans,
                workspace,
                np.uint64(self.seed),
                paths,
                self.averaged,
                self.draws(paths),
                compiled.opening,
                arrays,
            ):
                return Block(paths, arrays, (workspace.open_wins, workspace.open_tally))
            # Another thread may have asked for more meanwhile.
            self.room[:] = [max(self.room[0], 2 * n_entries), max(self.room[1], 2 * n_accounts)]

    def fingerprint(self) -> str:
        """Return a text that changes with anything that the outcome of this job depends on."""
        digest = hashlib.blake2b(digest_size=20)
        digest.update(repr((self.seed, self.averaged, build())).encode())
        for part in fields(self.compiled):
            _feed(digest, part.name, getattr(self.compiled, part.name))
        return digest.hexdigest()


def _feed(digest: Any, name: str, value: Any) -> None:
    """Put a value into a digest: arrays by type, shape and content, tuples item by item."""
    if isinstance(value, np.ndarray):
        digest.update(f"{name} {value.dtype.str} {value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, dict):
        _feed(digest, name, tuple(item for pair in value.items() for item in pair))
    elif isinstance(value, tuple | list):
        names: Iterable[str] = getattr(value, "_fields", map(str, range(len(value))))
        for inner, item in zip(names, value, strict=True):
            _feed(digest, f"{name}.{inner}", item)
    elif isinstance(value, pd.DataFrame):
        digest.update(f"{name} {len(value)}".encode())
    elif hasattr(value, "__dataclass_fields__"):
        for part in fields(value):
            _feed(digest, f"{name}.{part.name}", getattr(value, part.name))
    elif value is None or isinstance(value, str | int | float | bool | dt.date):
        digest.update(f"{name} {value!r}".encode())
    else:  # a text of it might leave something out
        digest.update(name.encode() + pickle.dumps(value))


@functools.cache
def build() -> tuple[str, ...]:
    """Return what must be alike on all machines for the same bits: sources, compiler, processor family."""
    sources = sources_digest(Path(__file__).resolve().parents[2], ("kernels/**/*.py", "engine/**/*.py"))
    packages = ("simulator", "numba", "llvmlite", "numpy", "scipy")
    python = ".".join(platform.python_version_tuple()[:2])
    versions = (f"{package} {version_of(package)}" for package in packages)
    return (f"Python {python}", *versions, f"sources {sources}", platform.machine())


def in_kernel_order(compiled: Compiled) -> Compiled:
    """Return a plan as the kernels expect it: arrays row by row, customers in the order of their segments.

    For arrays in any other order the kernels would be compiled anew.
    """

    def ordered(plan: Any) -> Any:
        arrays = [np.ascontiguousarray(v) if isinstance(v, np.ndarray) else v for v in plan]
        return type(plan)(*arrays)

    return replace(
        compiled,
        plan=with_aligned_hazards(ordered(compiled.plan)),
        capacity=ordered(compiled.capacity),
        customers=ordered(by_segment(compiled.customers)),
        people=ordered(compiled.people),
    )


def with_aligned_hazards(plan: DealPlan) -> DealPlan:
    """Return a plan whose rows of eight hazards or effects each lie in one line of memory."""
    return plan._replace(hazard=in_lines(plan.hazard), effect=in_lines(plan.effect))


def by_segment(plan: CustomerPlan) -> CustomerPlan:
    """Return a plan whose customers of as_of stand in the order of their segments."""
    order = np.argsort(plan.state[:, 0], kind="stable")
    by_customer = ("entity", "state", "time", "money", "base")
    return plan._replace(**{name: getattr(plan, name)[order] for name in by_customer})
