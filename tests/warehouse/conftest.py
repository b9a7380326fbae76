"""A real PostgreSQL, started for the tests on a free port by a user without rights."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra 'sql' is not installed")


def _program(name: str) -> str | None:
    found = shutil.which(name)
    if found:
        return str(Path(found).resolve())
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(places[-1]) if places else None


def _plain_user() -> str | None:
    """Return whom to run as where the tests run as root, which PostgreSQL refuses to be."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(*args: str, user: str | None, cwd: str) -> None:
    done = subprocess.run(args, user=user, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the URL of a database of its own, password in it."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    if initdb is None or pg_ctl is None:
        reason = "PostgreSQL is not installed (Debian: apt install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    user, password = _plain_user(), "s€cret/" + secrets.token_hex(8)
    place = tempfile.mkdtemp(prefix="simulator-postgres-")
    try:
        (Path(place) / "password").write_text(password, encoding="utf-8")
        if user is not None:
            entry = pwd.getpwnam(user)
            for path in (place, f"{place}/password"):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        data = f"{place}/data"
        _run(
            *(initdb, "-D", data, "-U", "sim", "-A", "scram-sha-256", f"--pwfile={place}/password"),
            *("--encoding=UTF8", "--no-locale", "--no-sync"),
            user=user,
            cwd=place,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run(pg_ctl, "-D", data, "-o", options, "-l", f"{place}/log", "-w", "start", user=user, cwd=place)
        try:
            from sqlalchemy import URL

            url = URL.create("postgresql", "sim", password, "127.0.0.1", port, "postgres")
            yield url.render_as_string(hide_password=False)
        finally:
            _run(pg_ctl, "-D", data, "-m", "immediate", "stop", user=user, cwd=place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
