"""Who gets in: the token, the page's own address, files of the workspace; nothing comes from elsewhere."""

import http.client
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simulator.app.server import _open_privately
from simulator.app.workspace import Workspace
from simulator.errors import InputError
from tests.app.conftest import make_workspace


def ask(address, path, **heads):
    """Return status, heads and body of a request that takes no part in what a browser keeps."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    given = {"Host": place.netloc, **{name.replace("_", "-"): value for name, value in heads.items()}}
    connection.putrequest("GET", path, skip_host=True)
    for name, value in given.items():
        connection.putheader(name, value)
    connection.endheaders()
    reply = connection.getresponse()
    found = reply.status, dict(reply.getheaders()), reply.read()
    connection.close()
    return found


SOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13",
          "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA=="}  # fmt: skip


def test_without_the_token_there_is_nothing(served):
    socket = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    for path in ("/", "/?token=", "/?token=guess", "/_nicegui/client.js", "/nowhere", socket):
        status, _, body = ask(served, path)
        assert (status, b"<html" in body) == (403, False), path
    assert ask(served, socket, **SOCKET)[0] == 403
    assert ask(served, "/", Cookie="simulator=guess")[0] == 403


def test_the_token_is_taken_once_and_leaves_the_address(served):
    place = urlsplit(served)
    status, heads, _ = ask(served, f"/?{place.query}")
    assert (status, heads["location"]) == (303, "/")
    cookie = heads["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    with_cookie = {"Cookie": cookie.split(";")[0]}
    status, heads, body = ask(served, "/", **with_cookie)
    assert status == 200 and b"<html" in body
    assert "default-src 'self'" in heads["content-security-policy"]
    assert ask(served, "/", Host="planner.example", **with_cookie)[0] == 403
    assert ask(served, "/", Origin="http://evil.example", **with_cookie)[0] == 403
    assert ask(served, "/", Origin=f"http://{place.netloc}", **with_cookie)[0] == 200


def test_the_file_that_opens_the_browser_is_for_this_user_only(monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    _open_privately("http://127.0.0.1:1/?token=a&b")
    file = Path(opened[0].removeprefix("file://"))
    assert "token=a&amp;b" in file.read_text()
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("guard") / "kestrel")


@pytest.mark.parametrize("name", ["../base.yaml", "/etc/passwd", "a/../../x.yaml", "", ".", "a\0b"])
def test_nothing_outside_of_the_workspace_is_named(folder, name):
    with pytest.raises(InputError, match="outside of the workspace"):
        Workspace.at(folder).inside(name)


def test_a_link_out_of_the_workspace_is_not_followed(folder, tmp_path):
    (tmp_path / "secret.yaml").write_text("segments: {}\n")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    workspace = Workspace.at(folder)
    assert "link.yaml" not in workspace.scenarios()
    with pytest.raises(InputError, match="outside"):
        workspace.open("link.yaml")
    (folder / "link.yaml").unlink()


@pytest.mark.parametrize("name", ["base", "../up", "a/b", "", "x" * 99])
def test_a_name_that_is_taken_or_no_name_is_refused(folder, name):
    workspace = Workspace.at(folder)
    edits = workspace.open("base.yaml")
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(InputError):
        workspace.save(edits, name)
    assert sorted(path.name for path in folder.iterdir()) == before
