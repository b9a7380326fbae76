"""``simulator schema``: the JSON Schema of scenario files."""

from __future__ import annotations

from simulator.cli.console import Console
from simulator.cli.options import Json, Out
from simulator.cli.streams import json_text, write_answer


def schema(out: Out = None, json: Json = False) -> None:
    """Write the JSON Schema of scenario files, for completion and checks in editors.

    In VS Code with the YAML extension, put this line on top of a scenario:
    # yaml-language-server: $schema=scenario.schema.json
    """
    from simulator.scenario.schema import scenario_schema

    if out is None:
        write_answer(json_text(scenario_schema()))
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json_text(scenario_schema()), encoding="utf-8")
    except OSError as error:
        error.filename = error.filename or str(out)
        raise
    console = Console(as_json=json)
    console.say(f"Written: {out}")
    console.data({"file": str(out)})
