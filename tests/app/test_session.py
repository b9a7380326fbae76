"""A tab's state: what is opened is what was chosen last, whatever else is under way."""

import asyncio

from simulator.app.session import Session
from simulator.app.simulations import Memory
from simulator.app.workspace import Workspace
from tests.app.conftest import make_workspace


def session_of(tmp_path):
    shown, failed = [], []
    workspace = Workspace.at(make_workspace(tmp_path / "kestrel"))
    return Session(workspace, Memory(), shown.append, failed.append), shown, failed


async def until(true):
    while not true():
        await asyncio.sleep(0.01)


def test_a_change_made_while_a_scenario_opens_does_not_stop_it(tmp_path):
    session, shown, failed = session_of(tmp_path)

    async def story():
        answering = asyncio.ensure_future(session.answer_for_ever())
        opening = asyncio.ensure_future(session.open("base.yaml"))
        await until(lambda: session.is_busy)
        session.change()
        await opening
        await until(lambda: shown or failed)
        session.stop()
        answering.cancel()

    asyncio.run(asyncio.wait_for(story(), 120))
    assert failed == []
    assert shown[0].scenario.name == "base_what_if"


def test_a_target_alone_asks_for_no_other_simulations(tmp_path):
    session, shown, failed = session_of(tmp_path)

    async def story():
        answering = asyncio.ensure_future(session.answer_for_ever())
        await session.open("base.yaml")
        await until(lambda: failed or (shown and not shown[-1].quick))
        before = len(shown)
        session.edits.set(("targets", "FY27Q4", "all"), 1e6)
        session.change()
        await until(lambda: failed or len(shown) > before)
        assert [reply.quick for reply in shown[before:]] == [False]
        session.edits.set(("terms", "approved"), 0.5)
        session.change()
        await until(lambda: failed or len(shown) > before + 1)
        assert shown[-1].quick
        session.stop()
        answering.cancel()

    asyncio.run(asyncio.wait_for(story(), 240))
    assert failed == []


def test_the_scenario_chosen_last_is_open(tmp_path, monkeypatch):
    session, _, failed = session_of(tmp_path)
    work, seconds = Session.work, iter((0.5, 0.0))

    async def slow_at_first(self, *args):
        await asyncio.sleep(next(seconds))
        return await work(self, *args)

    monkeypatch.setattr(Session, "work", slow_at_first)

    async def story():
        await asyncio.gather(session.open("base.yaml"), session.open("less_slippage.yaml"))

    asyncio.run(asyncio.wait_for(story(), 120))
    assert failed == []
    assert session.edits.name == "less_slippage"
