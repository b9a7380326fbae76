"""``simulator validate``: all faults of a scenario at once, or what it will simulate."""

from __future__ import annotations

from simulator.cli.console import Console
from simulator.cli.options import Json, Quiet, ScenarioFile, Set


def validate(scenario: ScenarioFile, set_: Set = None, quiet: Quiet = False, json: Json = False) -> None:
    """Check a scenario, its history and its calibration: all faults at once, or what it will simulate."""
    from simulator.scenario.load import load_scenario
    from simulator.scenario.settled import settled
    from simulator.scenario.words import sentences

    loaded = load_scenario(scenario, set_ or ())
    segments: tuple[str, ...] = ()
    last_day = sources = None
    if loaded.history is not None:
        from simulator.history.load import load_history

        history = load_history(loaded.history, loaded.as_of)
        segments = tuple(history.opportunities["segment"].dropna().unique())
        sources = tuple(history.opportunities["source"].dropna().unique())
        last_day = history.as_of
    if loaded.calibration is not None:
        from simulator.calibration.file import load_calibration

        calibration = load_calibration(loaded.calibration)
        segments, last_day = calibration.segments, last_day or calibration.as_of
    full = settled(loaded, segments, last_day, sources)
    console = Console(quiet=quiet, as_json=json)
    console.say(f"{scenario} is valid.")
    for line in sentences(full):
        console.say(f"  {line}")
    for note in full.notes:
        console.say(f"  Note: {note}.")
    console.data({"valid": True, "scenario": full.to_dict(), "notes": list(full.notes), "faults": []})
