"""The calibration file: one readable JSON text, and back to the very same numbers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import os
import tempfile
import types
import typing
from pathlib import Path
from typing import Any, Literal

import numpy as np

from simulator.calibration.calibration import Calibration
from simulator.calibration.rates import rates_table
from simulator.calibration.validation import faults_of
from simulator.errors import Fault, InputError
from simulator.notes import HowMade

FORMAT = "simulator calibration 1"
HEADER = ("segments", "as_of", "first_day", "calendar", "notes")
LARGEST_BYTES = 200_000_000
SAME_VALUE = 1e-5
DROPPED = ("walk_close", "walk_demand")
"""Figures of the drift that files of the version before still hold."""
ABOUT = (
    "'rates' is for reading: each rate with its 80 % interval, the events and the exposure behind it. "
    "The engine reads 'model', which holds the same rates in full. To change a rate, use the levers or "
    "the inline rates of a scenario."
)


def save_calibration(calibration: Calibration, path: Path | str) -> None:
    """Write a calibration to one JSON file, whole or not at all.

    Parameters
    ----------
    calibration : Calibration
    path : Path
        The file; its folder is made where it does not exist.

    Raises
    ------
    OSError
        The file cannot be written; it names ``path``.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(_text(calibration))
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        # A full disk names no file, and the name of the draft tells the user nothing.
        raise OSError(error.errno, error.strerror, str(path)) from None


def load_calibration(path: Path) -> Calibration:
    """Read a calibration that ``save_calibration`` wrote.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        The file cannot be read, is not a calibration, holds values of the wrong type, shape or
        range, or has rates that were edited by hand.
    """
    raw = _without_dropped(_read(path))
    faults: list[Fault] = []
    model = raw.get("model")
    if raw.get("format") != FORMAT or not isinstance(model, dict):
        raise InputError.of(str(path), "this is not a calibration file", _again())
    everything = {**model, **{key: raw[key] for key in HEADER if key in raw}}
    calibration = _decode(Calibration, everything, "", str(path), faults)
    if not faults:
        faults = faults_of(calibration, str(path))
    if not faults:
        faults = _edited(calibration, raw.get("rates"), str(path))
    if faults:
        raise InputError(faults)
    return typing.cast(Calibration, calibration)


def _without_dropped(raw: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a file of the version before what rates no longer have."""
    model, rates = raw.get("model"), raw.get("rates")
    if not isinstance(model, dict) or not isinstance(rates, list):
        return raw
    drift = model.get("drift")
    if not isinstance(drift, dict) or not all(isinstance(record, dict) for record in rates):
        return raw
    drift = {name: value for name, value in drift.items() if name not in DROPPED}
    rates = [record for record in rates if record.get("name") not in DROPPED]
    return raw | {"model": model | {"drift": drift}, "rates": rates}


def _again() -> str:
    return "Make the file again with: simulator calibrate HISTORY -o FILE"


def _text(calibration: Calibration) -> str:
    encoded = _encode(calibration)
    header = {key: encoded.pop(key) for key in HEADER}
    records = [
        {name: _plain(value) for name, value in row.items()}
        for row in rates_table(calibration).to_dict("records")
    ]
    parts = [f'"format": {json.dumps(FORMAT)}', f'"about": {json.dumps(ABOUT)}']
    parts += [f'"{key}": {_block(header[key]) if key == "notes" else _line(header[key])}' for key in HEADER]
    parts += [f'"rates": {_block(records)}', f'"model": {_nested(encoded, 1)}']
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _block(items: list[Any]) -> str:
    return "[\n" + ",\n".join("  " + _line(item) for item in items) + "\n]" if items else "[]"


def _nested(value: Any, depth: int) -> str:
    """Write mappings over lines and everything inside them on a line each."""
    if not isinstance(value, dict) or not value:
        return _line(value)
    pad = "  " * depth
    lines = [f"{pad}{_line(key)}: {_nested(item, depth + 1)}" for key, item in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + "  " * (depth - 1) + "}"


def _plain(value: Any) -> Any:
    """Return a table cell as JSON knows it, to six digits; a missing number is null."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {f.name: _encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return {"empty": list(value.shape)} if value.size == 0 else _encode(value.tolist())
    if isinstance(value, HowMade):
        return {"note": value.name, "value": value.value, "source": value.source}
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encode(item) for item in value]
    return _encode_scalar(value)


def _encode_scalar(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value.item() if isinstance(value, np.generic) else value


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        what = "this is a folder, not a calibration file" if path.is_dir() else "there is no such file"
        raise InputError.of(str(path), what, _again())
    if path.stat().st_size > LARGEST_BYTES:
        raise InputError.of(str(path), "the file is too large to be a calibration", _again())
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InputError.of(f"{path}:{error.lineno}", f"not valid JSON: {error.msg}", _again()) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InputError.of(str(path), "the file is not readable text", _again()) from error
    if not isinstance(raw, dict):
        raise InputError.of(str(path), "this is not a calibration file", _again())
    return raw


def _decode(kind: Any, raw: Any, key: str, where: str, faults: list[Fault]) -> Any:
    """Return a value of the type that the dataclass asks for, or note a fault and return None."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        if raw is None:
            return None
        kind = arguments[0]
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _decode_fields(kind, raw, key, where, faults)
    if origin is tuple and isinstance(raw, list):
        return tuple(_decode(arguments[0], item, f"{key}[{i}]", where, faults) for i, item in enumerate(raw))
    if origin is dict and isinstance(raw, dict):
        return {
            name: _decode(arguments[1], item, f"{key}.{name}", where, faults) for name, item in raw.items()
        }
    try:
        dtype = typing.get_args(arguments[1])[0] if origin is np.ndarray else None
        return _scalar(kind, origin, arguments, raw) if dtype is None else _array(raw, dtype)
    except (KeyError, TypeError, ValueError, OverflowError):
        shown = json.dumps(raw, ensure_ascii=False)[:60]
        faults.append(Fault(where, f"{key}: {shown} is not {_wanted(kind, origin, arguments)}", _again()))
        return None


def _decode_fields(kind: type, raw: Any, key: str, where: str, faults: list[Fault]) -> Any:
    if not isinstance(raw, dict):
        faults.append(Fault(where, f"{key or 'the file'}: not a group of values", _again()))
        return None
    hints = typing.get_type_hints(kind)
    prefix = f"{key}." if key else ""
    # What may be nothing is nothing in a file that is older than it.
    optional = {field.name for field in dataclasses.fields(kind) if field.default is None}
    missing = [name for name in hints if name not in raw and name not in optional]
    faults += [Fault(where, f"{prefix}{name}: missing", _again()) for name in missing]
    faults += [Fault(where, f"{prefix}{name}: unknown", _again()) for name in raw if name not in hints]
    values = {n: _decode(hints[n], raw[n], f"{prefix}{n}", where, faults) for n in hints if n in raw}
    return None if faults else kind(**values)


def _array(raw: Any, dtype: Any) -> np.ndarray[Any, Any]:
    if isinstance(raw, dict):
        shape = tuple(int(n) for n in raw["empty"])
        if 0 not in shape or len(raw) != 1:
            raise ValueError
        return np.zeros(shape, dtype=dtype)
    if not isinstance(raw, list):
        raise TypeError
    array = np.array(raw)
    if array.dtype.kind == "U" and np.issubdtype(dtype, np.floating):
        return array.astype(dtype)
    if array.dtype.kind not in ("i" if np.issubdtype(dtype, np.integer) else "if"):
        raise TypeError
    return array.astype(dtype)


def _scalar(kind: Any, origin: Any, arguments: tuple[Any, ...], raw: Any) -> Any:
    if kind is dt.date:
        return dt.date.fromisoformat(raw)
    if kind is str and isinstance(raw, dict):
        return HowMade(*(_scalar(str, None, (), raw[part]) for part in ("note", "value", "source")))
    if origin is Literal:
        if raw not in arguments:
            raise ValueError
        return raw
    if kind is float and raw in ("inf", "-inf"):
        return float(raw)
    accepted = (int, float) if kind is float else kind
    if not isinstance(accepted, (type, tuple)) or not isinstance(raw, accepted):
        raise TypeError
    if isinstance(raw, bool) is not (kind is bool):
        raise TypeError
    return kind(raw)


def _wanted(kind: Any, origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin is Literal:
        return "one of " + ", ".join(map(str, arguments))
    if origin is np.ndarray:
        return "an even table of numbers"
    names = {
        str: "a text",
        float: "a number",
        int: "a whole number",
        bool: "true or false",
        dt.date: "a date",
    }
    return names.get(kind, "a list" if origin is tuple else "a group of values")


def _edited(calibration: Calibration, records: Any, where: str) -> list[Fault]:
    """Find rates whose value differs from the model: they were edited, which would change nothing."""
    table = rates_table(calibration)
    if not isinstance(records, list) or len(records) != len(table):
        return [Fault(where, "rates: they do not belong to the model in this file", _again())]
    faults = []
    for (_, row), record in zip(table.iterrows(), records, strict=True):
        stated = record.get("value") if isinstance(record, dict) else None
        if not isinstance(stated, (int, float)) or not math.isclose(stated, row["value"], rel_tol=SAME_VALUE):
            words = [row[c] for c in ("name", "segment", "category", "destination", "level") if row[c]]
            faults.append(
                Fault(
                    where,
                    f"rates: {' / '.join(words)} says {stated}, but the model holds {row['value']:.6g}",
                    "Rates here are for reading; change one with a lever or inline rates in the scenario.",
                )
            )
    return faults[:20]
