"""``simulator schema``: the JSON Schema of scenario files."""

from __future__ import annotations

import json

from simulator.cli.options import Out
from simulator.cli.streams import json_text, write_answer


def schema(out: Out = None) -> None:
    """Write the JSON Schema of scenario files, for completion and checks in editors.

    In VS Code with the YAML extension, put this line on top of a scenario:
    # yaml-language-server: $schema=scenario.schema.json
    """
    from simulator.scenario.schema import scenario_schema

    if out is None:
        write_answer(json_text(scenario_schema()))
        return
    text = json.dumps(scenario_schema(), indent=2, ensure_ascii=False) + "\n"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        error.filename = error.filename or str(out)
        raise
    write_answer(f"Written: {out}\n")
