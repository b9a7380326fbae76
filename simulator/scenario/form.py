"""What every part of a scenario file is made of: frozen models that refuse unknown keys, friendly types."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import itertools
import textwrap
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from simulator.scenario.numbers import (
    ReadingError,
    month_text,
    read_day,
    read_factor,
    read_money,
    read_month,
    read_number,
    read_quarter,
    read_share,
    read_whole,
)

NAME_LENGTH = 80
NOT_IN_NAMES = frozenset('/\\:*?"<>|')


class Form(BaseModel):
    """Base of the parts of a scenario file."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        ser_json_inf_nan="constants",
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say what each key means: the docstring below it, read only when a schema is asked for."""
        schema = handler(core_schema)
        keys = handler.resolve_ref_schema(schema).get("properties", {})
        said = {name: text for owner in reversed(cls.__mro__) for name, text in _docstrings(owner).items()}
        for name, field in cls.model_fields.items():
            if name in said:
                keys[field.alias or name].setdefault("description", said[name])
        return schema


def _docstrings(owner: type) -> dict[str, str]:
    """Return the docstrings below the attributes of a form; none of a class that was not written down."""
    try:
        source = textwrap.dedent(inspect.getsource(owner)) if issubclass(owner, Form) else ""
    except OSError:
        source = ""
    body = ast.parse(source or "class Unwritten: ...").body[0]
    return {
        field.target.id: inspect.cleandoc(str(text.value.value))
        for field, text in itertools.pairwise(getattr(body, "body", ()))
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }


def read_name(value: str) -> str:
    """Return a name that can also be the name of a file.

    Raises
    ------
    ReadingError
        Empty, too long, or with characters that file names cannot hold.
    """
    name = value.strip()
    if not name or name.strip(".") == "":
        raise ReadingError("the name is empty", "Give it a short name.")
    if len(name) > NAME_LENGTH:
        raise ReadingError(f"'{name[:20]}…' is too long a name", f"At most {NAME_LENGTH} characters.")
    if any(c in NOT_IN_NAMES or not c.isprintable() for c in name):
        raise ReadingError(f"'{name}' cannot name a folder", f"Leave out {' '.join(sorted(NOT_IN_NAMES))}.")
    return name


def read_positive(value: object) -> float:
    """Return a number above zero; see ``read_number``."""
    number = read_number(value)
    if number == 0:
        raise ReadingError("'0' is not above zero", "Write a number such as 60 or 2.5.")
    return number


def read_positive_money(value: object) -> float:
    """Return an amount above zero; see ``read_money``."""
    amount = read_money(value)
    if amount == 0:
        raise ReadingError("the amount is zero", "Write an amount such as 12k.")
    return amount


def read_file(value: object) -> object:
    """Return text, or a number as text, as a path; None where it is empty."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    return (Path(value) if value else None) if isinstance(value, str) else value


def short(key: str, written: Any) -> BeforeValidator:
    """Let a part be written as the value of its main key alone: ``8%`` for ``{per_year: 8%}``."""

    def whole(value: object) -> object:
        return value if value is None or isinstance(value, (dict, Form)) else {key: value}

    return BeforeValidator(whole, written)


def one_of(names: tuple[str, ...], subject: str, remedy: str) -> Any:
    """Return a check that exactly one of some keys is given; ``subject`` may name others: ``{name}``."""

    def check(self: Form) -> Form:
        if sum(getattr(self, name) is not None for name in names) != 1:
            raise ReadingError(f"{subject.format(**dict(self))} in no or in two ways", remedy)
        return self

    return model_validator(mode="after")(check)


def check_months(first: int | None, last: int | None) -> None:
    """Refuse months of which the last lies before the first."""
    if first is not None and last is not None and first > last:
        what = f"begins ({month_text(first)}) after it ends ({month_text(last)})"
        raise ReadingError(what, "Exchange 'from' and 'until'.")


def repeated(names: Iterable[str]) -> str:
    """Return the names that are there twice, in alphabetical order."""
    return ", ".join(sorted(name for name, n in Counter(names).items() if n > 1))


def _listed(value: object) -> object:
    if isinstance(value, str):
        return None if value.strip() == "all" else [value]
    return value


_written = float | str

Name = Annotated[str, AfterValidator(read_name)]
Money = Annotated[
    float,
    BeforeValidator(read_money, _written),
    Field(json_schema_extra={"examples": ["1.2M", "750k", 1200000]}),
]
PositiveMoney = Annotated[
    float,
    BeforeValidator(read_positive_money, _written),
    Field(json_schema_extra={"examples": ["12k", 12000]}),
]
Share = Annotated[
    float, BeforeValidator(read_share, _written), Field(json_schema_extra={"examples": ["45%", 0.45]})
]
Factor = Annotated[
    float,
    BeforeValidator(read_factor, _written),
    Field(json_schema_extra={"examples": ["+20%", "x0.8", 1.1]}),
]
Number = Annotated[float, BeforeValidator(read_number, _written)]
Positive = Annotated[float, BeforeValidator(read_positive, _written)]
Whole = Annotated[int, BeforeValidator(read_whole, int | str)]
Day = Annotated[
    dt.date, BeforeValidator(read_day, str), Field(json_schema_extra={"examples": ["2026-10-31"]})
]
Month = Annotated[
    int,
    BeforeValidator(read_month, str),
    PlainSerializer(month_text, str, when_used="json"),
    Field(json_schema_extra={"examples": ["2027-01"]}),
]
Quarter = Annotated[str, AfterValidator(read_quarter)]
Segments = Annotated[tuple[str, ...] | None, BeforeValidator(_listed, str | list[str] | None)]
"""Names of segments; None: all of them."""
File = Annotated[Path | None, BeforeValidator(read_file, str | None)]
