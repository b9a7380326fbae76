"""Databases by URL: connections that only read, faults in plain words, and no secret in either."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

URL_VARIABLE = "SIMULATOR_SQL_URL"
SECONDS_TO_CONNECT = 15
INSTALL = "Install it: pip install 'SQLAlchemy>=2.0.36' 'psycopg[binary]>=3.2.3'."
FORM = (
    "Write postgresql://host/database or sqlite:///file.db, or env:NAME for the variable that holds it; "
    "a password belongs into that variable or into the database's own files, such as ~/.pgpass."
)
SECRET_KEYS = re.compile(r"pass|pwd|secret|token|key|credential", re.I)
LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Database:
    """A database that can be connected to.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    name : str
        Kind, host and name of the database: all of its URL that may be shown.
    secrets : tuple of str
        What must not appear in any message.
    """

    engine: Engine
    name: str
    secrets: tuple[str, ...] = ()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that cannot write and sees the database as of one moment.

        Raises
        ------
        InputError
            The database cannot be reached, or refuses what it is asked.
        """
        with self._told(), self.engine.connect() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            elif self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
                connection.exec_driver_sql("BEGIN")
            elif self.engine.dialect.name in ("mysql", "mariadb"):
                connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            yield connection
            connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together at the end, or not at all.

        Raises
        ------
        InputError
            The database cannot be reached, or refuses what it is asked.
        """
        with self._told(), self.engine.begin() as connection:
            if self.engine.dialect.name == "sqlite":  # whose driver begins by itself only before rows change
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the database or its driver complains of into a fault without secrets."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as error:
            message = self._plain(str(getattr(error, "orig", None) or error))
        except self.engine.dialect.loaded_dbapi.Error as error:
            message = self._plain(str(error))
        else:
            return
        raise InputError.of(self.name, f"the database says: {message}", _remedy(message)) from None

    def _plain(self, message: str) -> str:
        for secret in self.secrets:
            message = message.replace(secret, "***")
        line = " ".join(message.split())
        return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def open_database(text: str | None, option: str = "--url", *, must_exist: bool = True) -> Database:
    """Return the database of a URL, of ``env:NAME``, or of the variable SIMULATOR_SQL_URL without either.

    Nothing is connected to yet.

    Raises
    ------
    InputError
        There is no URL, it is not one, its driver is not installed, or its SQLite file is not there.
    """
    url = _parse(_stated(text, option), option)
    name = _shown(url)
    if must_exist:
        _require_file(url, name)
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import SQLAlchemyError

    arguments = {"connect_timeout": SECONDS_TO_CONNECT} if url.get_backend_name() == "postgresql" else {}
    try:
        engine = create_engine(url, connect_args=arguments, poolclass=NullPool, hide_parameters=True)
    except ImportError as error:
        what = f"the driver for {url.drivername} is not installed ({getattr(error, 'name', None)})"
        raise InputError.of(option, what, INSTALL) from None
    except SQLAlchemyError:
        what = f"'{url.drivername}' is not a kind of database that is known here"
        raise InputError.of(option, what, FORM) from None
    return Database(engine, name, _secrets(url))


def _stated(text: str | None, option: str) -> str:
    if text is None:
        text = f"env:{URL_VARIABLE}"
        if URL_VARIABLE not in os.environ:
            raise InputError.of(option, "no database is named", f"{FORM} Or set {URL_VARIABLE}.")
    if not text.startswith("env:"):
        return text
    variable = text.removeprefix("env:")
    if not os.environ.get(variable):
        raise InputError.of(option, f"the variable {variable} is not set", f"export {variable}=…")
    return os.environ[variable]


def _parse(text: str, option: str) -> URL:
    try:
        from sqlalchemy import make_url
    except ImportError:
        raise InputError.of(option, "databases need SQLAlchemy, which is not installed", INSTALL) from None
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # neither may be shown: the text can hold a password
        raise InputError.of(option, "is not the URL of a database", FORM) from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url


def _shown(url: URL) -> str:
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


def _secrets(url: URL) -> tuple[str, ...]:
    from urllib.parse import quote, quote_plus

    found = [url.password or ""]
    for key, value in url.query.items():
        if SECRET_KEYS.search(key):
            found += [value] if isinstance(value, str) else list(value)
    kept = [secret for secret in found if secret]
    spelled = {form for secret in kept for form in (secret, quote(secret, safe=""), quote_plus(secret))}
    return tuple(sorted(spelled, key=len, reverse=True))


def _require_file(url: URL, name: str) -> None:
    """Refuse a SQLite file that is not there: connecting would make an empty one."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    if not str(url.database).startswith("file:") and not Path(str(url.database)).is_file():
        raise InputError.of(name, "there is no such file", "Check the spelling of its path.")


def _remedy(message: str) -> str:
    low = message.lower()
    if "read-only" in low or "readonly" in low or "query_only" in low:
        return "An import only reads: write a SELECT."
    if "password" in low or "authentication" in low:
        return f"Check user and password. {FORM}"
    if "unknown database" in low or ("schema" in low and "does not exist" in low):
        return "Make that schema first, or leave out --schema."
    if "connect" in low or "resolve" in low or "translate host" in low:
        return "Check host, port and network."
    if "syntax" in low or "does not exist" in low or "no such" in low:
        return "Try the query in the database's own client."
    return ""


def read_rows(
    connection: Connection, query: str, values: dict[str, Any]
) -> tuple[list[str], list[list[Any]]]:
    """Return headings and columns of a SELECT with bound values, or of a whole table or view by name."""
    statement = statement_of(query)
    streaming = connection.execution_options(yield_per=20_000)
    given = {name: values[name] for name in bound_names(query)}
    result = streaming.execute(statement, given)
    headings = [str(heading) for heading in result.keys()]  # noqa: SIM118  a result is no mapping
    columns: list[list[Any]] = [[] for _ in headings]
    for rows in result.partitions():
        for column, cells in zip(columns, zip(*rows, strict=True), strict=True):
            column.extend(cells)
    return headings, columns


TABLE_NAME = re.compile(r"[^\W\d][\w$]*(\.[^\W\d][\w$]*){0,2}")
SELECTS = ("select", "with", "values", "table")
NOT_CODE = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/""", re.DOTALL
)


def check_select(query: str) -> str | None:
    """Return why a text is not one query that reads, or None; a name of a table is one, too."""
    if TABLE_NAME.fullmatch(query.strip()):
        return None
    code = NOT_CODE.sub(" ", query).strip().rstrip(";").strip()
    first = re.match(r"\(*\s*(\w*)", code)
    if first is None or first[1].lower() not in SELECTS:
        return "is not a SELECT"
    if ";" in code:
        return "holds more than one statement"
    return None


def statement_of(query: str) -> Any:
    """Return a query, or the quoted name of a table as a query for all of it, as a statement."""
    from sqlalchemy import literal_column, select, table, text
    from sqlalchemy.sql import quoted_name

    name = query.strip()
    if not TABLE_NAME.fullmatch(name):
        return text(name.rstrip().rstrip(";"))
    schema, _, last = name.rpartition(".")
    source = table(quoted_name(last, quote=True), schema=quoted_name(schema, quote=True) if schema else None)
    return select(literal_column("*")).select_from(source)


def bound_names(query: str) -> tuple[str, ...]:
    """Return the names that a query leaves open, ``:since`` for instance."""
    return tuple(statement_of(query).compile().params)
