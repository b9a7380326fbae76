"""The page's server: for this machine, and for who has the token; nothing comes from anywhere else."""

from __future__ import annotations

import asyncio
import html
import secrets
import socket
import tempfile
import webbrowser
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from simulator.app.simulations import Memory
from simulator.app.workspace import Workspace
from simulator.garbage import look_as_usual, share_memory

HOST = "127.0.0.1"
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; "
    "base-uri 'self'; form-action 'self'"
)
MESSAGES_KEPT = 20
"""Of those sent to a tab, for a connection that was lost for a moment; each may hold a table."""
PATIENCE_SECONDS = 60.0
"""A tab that is not heard of for so long is gone; a busy machine or a lid that was shut is not."""
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Guard:
    """Lets through who has the token: in the address first, then in a cookie.

    Parameters
    ----------
    app : callable
        The application behind it.
    token : str
    port : int
        The only address that it answers to is this port of 127.0.0.1, so that no other name leads here.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], token: str, port: int) -> None:
        self.app, self.token, self.port = app, token, port
        self.cookie = f"simulator-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        heads = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        if heads.get("host") != f"{HOST}:{self.port}" or not self._is_own(heads):
            await _refuse(scope, send)
        elif scope["type"] == "http" and scope["path"] == "/" and self._is_token(given):
            await _answer(send, 303, [("location", "/"), ("set-cookie", self._cookie())])
        elif self._is_token(_cookie_of(heads, self.cookie)):
            await self.app(scope, receive, _with_policy(send))
        else:
            await _refuse(scope, send)

    def _is_own(self, heads: dict[str, str]) -> bool:
        """Return whether a request comes from the page itself, or from an address typed or opened."""
        return heads.get("origin", f"http://{HOST}:{self.port}") == f"http://{HOST}:{self.port}"

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _cookie(self) -> str:
        return f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"


def _cookie_of(heads: dict[str, str], name: str) -> str:
    try:
        found = SimpleCookie(heads.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _with_policy(send: Send) -> Send:
    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = [(b"content-security-policy", POLICY.encode()), (b"referrer-policy", b"no-referrer")]
            message["headers"] = [*message.get("headers", ()), *own]
        await send(message)

    return sent


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await _answer(send, 403, [], b"Open the address that `simulator app` printed.")


async def _answer(send: Send, status: int, heads: list[tuple[str, str]], body: bytes = b"") -> None:
    written = [(name.encode(), value.encode()) for name, value in heads]
    await send({"type": "http.response.start", "status": status, "headers": written})
    await send({"type": "http.response.body", "body": body})


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def _listening(port: int) -> None:
    """Wait until the port takes connections."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return


def serve(folder: Path, port: int, said: Callable[[str], None], *, show: bool) -> None:
    """Serve the page of a workspace until it is stopped.

    Parameters
    ----------
    folder : Path
    port : int
        0 takes a free one.
    said : callable
        Called with the address once.
    show : bool
        Whether to open it in the browser.

    Raises
    ------
    InputError
        There is no such folder.
    """
    from nicegui import app, background_tasks, ui

    from simulator.app.page import Page

    share_memory()
    look_as_usual()
    workspace, memory = Workspace.at(folder), Memory()
    token, port = secrets.token_urlsafe(32), port or free_port()
    address = f"http://{HOST}:{port}/?token={token}"
    app.add_middleware(Guard, token=token, port=port)

    async def announce() -> None:
        await _listening(port)
        said(address)
        if show:
            _open_privately(address)

    app.config.quasar_config["loadingBar"]["skipHijack"] = True  # a bar without a name, for a moment
    app.on_startup(lambda: background_tasks.create(announce()))
    ui.run(
        lambda: Page(workspace, memory), host=HOST, port=port, title=workspace.folder.name, show=False,
        reload=False, tailwind=False, show_welcome_message=False, message_history_length=MESSAGES_KEPT,
        reconnect_timeout=PATIENCE_SECONDS,
    )  # fmt: skip


def _open_privately(address: str) -> None:
    """Open the address by a file that only this user can read; what a program is started with, all can."""
    folder = Path(tempfile.mkdtemp(prefix="simulator-app-"))
    file = folder / "open.html"
    safe = html.escape(address)
    file.write_text(
        f'<meta http-equiv="refresh" content="0;url={safe}"><a href="{safe}">Open</a>', encoding="utf-8"
    )
    webbrowser.open(file.as_uri())
