"""What one tab of the browser works on: a scenario, its changes, and the answer being worked out."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from simulator.app.edits import Edits
from simulator.app.simulations import (
    Memory,
    RememberingWork,
    Reply,
    Stopped,
    Watch,
    full_reply,
    quick_reply,
    simulated,
)
from simulator.app.workspace import Workspace
from simulator.engine.prepare import Prepared
from simulator.errors import InputError
from simulator.garbage import give_back

T = TypeVar("T")
PAUSE_SECONDS = 0.8
"""Without a change for so long, the full number of simulations is begun."""


async def in_thread(do: Callable[..., T], *given: object) -> T:
    """Do something in a thread of its own, so that the page stays alive, and give back the memory it took."""
    try:
        return await asyncio.to_thread(do, *given)
    finally:
        give_back()


class Session:
    """The state of a tab; nothing of it is shared with other tabs but simulations already made.

    Parameters
    ----------
    workspace : Workspace
    memory : Memory
        Simulations made so far, by any tab.
    show : callable
        Called with each reply, quick and full.
    fail : callable
        Called with the error where there is no reply.

    Attributes
    ----------
    watch : Watch
        How far the present answer is.
    """

    def __init__(
        self,
        workspace: Workspace,
        memory: Memory,
        show: Callable[[Reply], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self.workspace, self.memory = workspace, memory
        self.show, self.fail = show, fail
        self.edits: Edits | None = None
        self.base: Prepared | None = None
        self.reply: Reply | None = None
        self.watch = Watch()
        self.is_busy = False
        self._answering = Watch()
        self._opening: Edits | None = None
        self._changed = asyncio.Event()

    async def open(self, name: str) -> None:
        """Open a scenario of the workspace.

        Raises
        ------
        InputError
            It is at fault.
        """
        await self._begin(self.workspace.open(name))

    async def simulate_reps(self) -> None:
        """Let the scenario that is changed simulate the reps that its history knows.

        Raises
        ------
        InputError
            Its file cannot say so.
        """
        if self.edits is not None:
            self.workspace.simulate_reps(self.edits.base_file)
            await self._begin(replace(self.edits))

    async def _begin(self, edits: Edits) -> None:
        self._answering.stopped.set()
        self._opening = edits
        self.edits = self.base = self.reply = None
        base = await self.work(lambda work: work.prepare(edits.base))
        if self._opening is edits:  # no other was chosen meanwhile
            self.edits, self.base = edits, base
            self.change()

    def change(self) -> None:
        """Ask for a new answer; the one being worked out is given up."""
        self._changed.set()

    async def answer_for_ever(self) -> None:
        """Answer each change quickly, and in full when no other follows; changes in between are skipped."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._answering.stopped.set()
            answered = not self._needs_simulations() or await self._reply(quick_reply)
            if answered and not await self._changes_within(PAUSE_SECONDS):
                await self._unless_changed(self._reply(full_reply))

    def _needs_simulations(self) -> bool:
        """Return whether a change needs other simulations than those of the full answer that is shown."""
        reply, edits = self.reply, self.edits
        if reply is None or reply.quick or edits is None:
            return True
        try:
            return simulated(edits.scenario()) != simulated(reply.scenario)
        except InputError:
            return True

    async def _reply(self, make: Callable[..., Reply]) -> bool:
        """Make a reply and show it; return whether there is one."""
        edits, base = self.edits, self.base
        if edits is None or base is None:
            return False
        try:
            scenario = edits.scenario()
            self._answering = Watch()
            reply = await self.work(lambda work: make(base, scenario, work), self._answering)
        except Stopped:
            return False
        except Exception as error:
            self.fail(error)
            return False
        if edits is self.edits:
            self.reply = reply
            self.show(reply)
        return True

    async def _changes_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)
        return self._changed.is_set()

    async def _unless_changed(self, job: Any) -> None:
        """Do a job until it is done or something changes."""
        ends = {asyncio.ensure_future(job), asyncio.ensure_future(self._changed.wait())}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._answering.stopped.set()
            for end in ends:
                end.cancel()

    async def work(self, do: Callable[[RememberingWork], T], watch: Watch | None = None) -> T:
        """Do something while the page says so; `stop` ends it."""
        watch = self.watch = watch or Watch()
        self.is_busy = True
        try:
            return await in_thread(do, RememberingWork(self.memory, watch))
        finally:
            if watch is self.watch:
                self.is_busy = False

    def stop(self) -> None:
        """Give up what is being worked out."""
        self.watch.stopped.set()
        self._answering.stopped.set()

    def lines_of(self, error: Exception) -> list[str]:
        """Return what to say of an error: every fault with its remedy, or that it is ours."""
        if not isinstance(error, InputError):
            return [f"This is a bug of the simulator, not of your input: {type(error).__name__}: {error}"]
        lines = [f"{fault.where}: {fault.what}. {fault.remedy}" for fault in error.faults]
        return [line.replace(f"{self.workspace.folder}{os.sep}", "") for line in lines]
