"""Write the reference pages from the program itself, or check that they are current.

``python .ci/reference.py`` writes docs/scenario.md from the schema of scenarios, docs/commands.md from the
command line, docs/tables.md from the tables of a history and docs/reference-python.md from the public
functions; ``--check`` only compares.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import simulator
from simulator.cli.main import COMMANDS
from simulator.history.tables import TABLES
from simulator.scenario.schema import scenario_schema

ROOT = Path(__file__).resolve().parents[1]
MARK = "<!-- Written by `make reference`; change the program instead. -->\n"
MOST_CHOICES = 12
NUMBERS = {"string", "number", "integer"}
"""What a number may be written as."""
SCENARIO_INTRO = """\
YAML. Every key may be left out unless the program says that it is needed; what is left out comes from
the history, else from published defaults, and each run lists what it used and where that is from.
Unknown keys are refused, with the nearest known one. Amounts are written as `1.2M`, `750k` or
`1,200,000`, shares as `45%` or `0.45`, factors as `+20%`, `-10%` or `x0.8`, days as `2026-10-31`, months
as `2027-01`, quarters as `FY27Q4`.

Editors complete and explain the keys: `simulator schema -o scenario.schema.json`, and as the first line
of a scenario `# yaml-language-server: $schema=scenario.schema.json`.

A file with `extends: base.yaml` says only what differs: mappings merge, all else replaces, and a key
without a value removes. `--set key.sub=value` on the command line comes last.
"""
COMMANDS_INTRO = """\
`simulator COMMAND --help` says the same. `--quiet` prints nothing but faults, `--json` one JSON value
for scripts. The exit code is 0 when done, 2 where the input is at fault (with file, line and remedy), 1
for a bug of the program; `--debug` then shows the traceback. Numbers are taken as people write them
(`10k`).
"""
TABLES_INTRO = """\
A folder of CSV or Parquet files, written by `simulator import` or by yourself. Dates are ISO
(`2026-10-31`), amounts plain numbers in one currency. `opportunities` alone gives a forecast; each
further table makes it finer. Columns in bold are needed.
"""
PYTHON_INTRO = """\
`import simulator as sim` brings these names and nothing else; each is loaded when it is first used. [How
they work together](python.md) is shown with programs that run.
"""
TABLE_NOTES = {
    "opportunities": "Deals. The only table that must be there.",
    "stage_changes": "What each deal became at each change, as in Salesforce's OpportunityHistory.",
    "stages": "The forecast category of each stage; a mapping that changed has a row for each time.",
    "customers": "Who has signed, and what they pay a year.",
    "arr_changes": "Each change of a customer's recurring revenue.",
    "reps": "Who sells, and who looks after customers.",
    "leads": "The funnel by month, segment and source.",
    "calls": "What reps said they would book.",
    "assignments": "Who looked after which customer, since when: shows what coverage does better than heads.",
}


def scenario_page() -> str:
    """Return the reference of scenario files: every key with what it takes, by part."""
    schema = scenario_schema()
    parts = schema["$defs"]
    lines = [
        "# The scenario file",
        "",
        MARK,
        SCENARIO_INTRO,
        "## At the top",
        "",
        *_key_table(schema),
    ]
    for name in _in_order_of_use(schema):
        lines += ["", f"## {_spoken(name)}", "", *_sentences(parts[name].get("description", ""))]
        lines += ["", *_key_table(parts[name])]
    return "\n".join(lines) + "\n"


def _in_order_of_use(schema: dict[str, Any]) -> list[str]:
    """Return the parts in the order in which a reader meets them from the top."""
    found: list[str] = []
    waiting = [schema]
    while waiting:
        for name in re.findall(r'"#/\$defs/(\w+)"', json.dumps(waiting.pop(0).get("properties", {}))):
            if name not in found and "properties" in schema["$defs"][name]:
                found.append(name)
                waiting.append(schema["$defs"][name])
    return found


def _key_table(part: dict[str, Any]) -> list[str]:
    rows = ["| key | takes | without it | meaning |", "| --- | --- | --- | --- |"]
    for key, value in part["properties"].items():
        takes = " or ".join(dict.fromkeys(_takes(value))) or "text"
        rows.append(f"| `{key}` | {takes} | {_default(value)} | {_cell(value.get('description', ''))} |")
    return rows


def _takes(value: dict[str, Any]) -> Iterable[str]:
    """Return what a key takes, in words, a choice each."""
    if {"string"} < {
        choice.get("type") for choice in value.get("anyOf", ())
    } <= NUMBERS and "examples" not in value:
        yield "a number"
        return
    if "examples" in value:
        yield " or ".join(f"`{_yaml(example)}`" for example in value["examples"][:2])
        return
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[1]
        yield f"[{_spoken(name).lower()}](#{_spoken(name).lower().replace(' ', '-')})"
    for choice in value.get("anyOf", ()):
        yield from _takes(choice)
    if "enum" in value:
        shown = [f"`{choice}`" for choice in value["enum"][:MOST_CHOICES]]
        yield ", ".join(shown) + (", …" if len(value["enum"]) > MOST_CHOICES else "")
        return
    kind = value.get("type")
    if kind == "array":
        yield f"a list of {' or '.join(dict.fromkeys(_takes(value.get('items', {})))) or 'values'}"
    elif kind == "object":
        inner = value.get("additionalProperties")
        words = " or ".join(dict.fromkeys(_takes(inner))) if isinstance(inner, dict) else ""
        names = value.get("propertyNames", {}).get("enum")
        by = ", ".join(f"`{name}`" for name in names[:MOST_CHOICES]) if names else "name"
        yield f"by {by}: {words or 'values'}"
    elif kind in {"integer", "number"}:
        yield "a number" + _bounds(value)
    elif kind == "boolean":
        yield "`true` or `false`"
    elif kind == "string":
        yield "text"


def _bounds(value: dict[str, Any]) -> str:
    low, high = value.get("minimum"), value.get("maximum")
    if low is not None and high is not None:
        return f" from {low:,} to {high:,}"
    return f" of {low:,} or more" if low is not None else ""


def _default(value: dict[str, Any]) -> str:
    if "default" not in value or value["default"] in (None, "", [], {}):
        return ""
    return f"`{_yaml(value['default'])}`" if not isinstance(value["default"], dict) else "its own"


def _yaml(value: Any) -> str:
    return json.dumps(value).strip('"').replace("|", "\\|") if not isinstance(value, str) else value


def _spoken(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _sentences(text: str) -> list[str]:
    return [" ".join(text.split())] if text else []


def commands_page() -> str:
    """Return the reference of the command line: every command with its arguments and options."""
    lines = ["# Commands", "", MARK]
    lines += [COMMANDS_INTRO.rstrip()]
    lines += ["", "| command | does |", "| --- | --- |"]
    lines += [f"| [`{command.name}`](#simulator-{command.name}) | {command.help} |" for command in COMMANDS]
    for command in COMMANDS:
        loaded = command.load()
        lines += ["", f"## simulator {command.name}", ""]
        lines += _paragraphs(loaded.help or command.help)
        lines += ["", "| argument or option | meaning |", "| --- | --- |"]
        lines += [_option_row(parameter) for parameter in loaded.params if parameter.name != "help"]
    return "\n".join(lines) + "\n"


def _paragraphs(text: str) -> list[str]:
    parts = [" ".join(part.split()) for part in inspect.cleandoc(text).split("\n\n")]
    return [line for part in parts for line in (part, "")][:-1]


def _option_row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = parameter.metavar or parameter.name.upper()
    else:
        name = ", ".join(parameter.opts) + (f" {parameter.metavar}" if parameter.metavar else "")
    default = parameter.default
    shown = default is not None and not callable(default) and default not in (False, (), [], "")
    words = f" Without it: `{getattr(default, 'value', default)}`." if shown else ""
    return f"| `{_cell(name)}` | {_cell(parameter.help or '')}{words} |"


def tables_page() -> str:
    """Return the reference of the normalised history: every table and column."""
    lines = [
        "# The tables of a history",
        "",
        MARK,
        TABLES_INTRO.rstrip(),
    ]
    for name, columns in TABLES.items():
        lines += [
            "",
            f"## {name}",
            "",
            TABLE_NOTES[name],
            "",
            "| column | kind | meaning |",
            "| --- | --- | --- |",
        ]
        for column in columns:
            shown = f"**{column.name}**" if column.required else column.name
            values = f": {', '.join(f'`{value}`' for value in column.values)}" if column.values else ""
            lines.append(f"| {shown} | {column.kind} | {_cell(column.meaning)}{values} |")
    return "\n".join(lines) + "\n"


def python_page() -> str:
    """Return the reference of the public functions: signature, what each does, takes, returns and raises."""
    lines = [
        "# The Python reference",
        "",
        MARK,
        PYTHON_INTRO,
        "| name | does |",
        "| --- | --- |",
    ]
    public = {name: getattr(simulator, name) for name in simulator.__all__}
    lines += [f"| [`{name}`](#{name.lower()}) | {_cell(_summary(thing))} |" for name, thing in public.items()]
    for name, thing in public.items():
        lines += ["", f"## {name}", "", "```text", _signature(name, thing), "```", ""]
        lines += ["```text", inspect.getdoc(thing) or "", "```"]
    return "\n".join(lines) + "\n"


def _summary(thing: Any) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _signature(name: str, thing: Any) -> str:
    parameters = inspect.signature(thing).parameters.values()
    marks = {parameter.KEYWORD_ONLY for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    shown = [p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in parameters]
    if marks:
        shown.insert(next(at for at, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY), "*")
    one = f"{name}({', '.join(shown)})"
    return one if len(one) < 100 else f"{name}(\n    {(',' + chr(10) + '    ').join(shown)},\n)"


PAGES: dict[str, Callable[[], str]] = {
    "scenario.md": scenario_page,
    "commands.md": commands_page,
    "tables.md": tables_page,
    "reference-python.md": python_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them with what would be written."""
    stale = []
    for name, write in PAGES.items():
        path, text = ROOT / "docs" / name, write()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        print(
            f"docs/{', docs/'.join(stale)}: not what the program says. Run: make reference", file=sys.stderr
        )
        return 1
    print(f"Written: {', '.join(stale)}" if stale else "The reference is current.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
