import importlib
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli import main as entry
from simulator.cli.main import COMMANDS, main
from simulator.errors import Fault, InputError

SLOW_TO_IMPORT = ("numpy", "pandas", "numba", "scipy", "pydantic", "matplotlib", "pyarrow", "ruamel")


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error of a command line."""
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes the command ``schema`` raise an error."""

    def make(error: BaseException) -> None:
        def schema(json: bool = False) -> None:
            raise error

        monkeypatch.setattr("simulator.cli.workspace.schema", schema)

    return make


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from simulator.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', [m for m in {SLOW_TO_IMPORT} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("HEAVY []")
    assert "validate" in done.stdout


def test_help_names_every_command_and_what_it_does(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for command in COMMANDS:
        assert command.name in out
        assert command.help[:30] in out


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_command_and_option_is_documented(command, capsys):
    module = importlib.import_module(f"simulator.cli.{command.module}")
    function = getattr(module, command.function or command.name)
    assert inspect.getdoc(function), f"{command.name} has no docstring"
    assert command.help.endswith(".")
    assert len(command.help) <= 72
    for parameter in command.load().params:
        assert getattr(parameter, "help", None), f"{command.name}: {parameter.name} is not explained"
    code, out, _ = run(capsys, command.name, "--help")
    assert code == 0
    assert "Usage: simulator" in out


def test_every_command_module_is_listed():
    folder = Path(entry.__file__).parent
    helpers = {"__init__", "main", "console", "options", "runner"}
    public = {
        path.stem
        for path in folder.glob("*.py")
        if path.stem not in helpers and not path.stem.startswith("_")
    }
    assert public <= {command.module for command in COMMANDS} | helpers, "a command is not in COMMANDS"


def test_version(capsys):
    code, out, _ = run(capsys, "--version")
    assert code == 0
    assert out.startswith("simulator 0.")


@pytest.mark.parametrize(("given", "used"), [(None, "1"), ("3", "3")])
def test_matrices_are_worked_on_by_one_thread_unless_somebody_says_how_many(monkeypatch, capsys, given, used):
    monkeypatch.setattr(sys, "argv", ["simulator", "--version"])
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", given or "")
    if given is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with pytest.raises(SystemExit):
        main()
    assert os.environ["OPENBLAS_NUM_THREADS"] == used


def test_no_arguments_shows_help(capsys):
    _, out, err = run(capsys)
    assert "Usage: simulator" in out + err


@pytest.mark.parametrize("args", [("vlidate",), ("validate",), ("schema", "--nonsense"), ("--nonsense",)])
def test_wrong_usage_ends_with_2(capsys, args):
    code, _, err = run(capsys, *args)
    assert code == 2
    assert "Usage" in err
    assert "Traceback" not in err


def test_a_near_miss_is_suggested(capsys):
    assert "'validate'" in run(capsys, "vlidate")[2]


def test_faults_of_the_input_end_with_2_and_name_place_and_remedy(capsys, failing):
    failing(InputError([Fault("a.yaml:3", "x is wrong", "Write y."), Fault("b.csv, row 4", "z", "")]))
    code, out, err = run(capsys, "schema")
    assert (code, out) == (2, "")
    assert err == "a.yaml:3: x is wrong\n    Write y.\nb.csv, row 4: z\n2 faults.\n"


def test_faults_as_json(capsys, failing):
    failing(InputError.of("a.yaml:3", "x is wrong", "Write y."))
    code, out, err = run(capsys, "schema", "--json")
    assert (code, err) == (2, "")
    assert json.loads(out) == {"faults": [{"where": "a.yaml:3", "what": "x is wrong", "remedy": "Write y."}]}


def test_a_bug_of_ours_ends_with_1_and_hides_its_traceback(capsys, failing):
    failing(ZeroDivisionError("division by zero\nsecond line"))
    code, out, err = run(capsys, "schema")
    assert (code, out) == (1, "")
    assert "ZeroDivisionError: division by zero" in err
    assert "--debug" in err
    assert "Traceback" not in err
    assert "second line" not in err


@pytest.mark.parametrize("args", [("--debug", "schema"), ("schema", "--debug")])
def test_debug_lets_the_error_through(failing, args):
    failing(ZeroDivisionError("division by zero"))
    with pytest.raises(ZeroDivisionError):
        main(list(args))


def test_ctrl_c_ends_with_130(capsys, failing):
    failing(KeyboardInterrupt())
    code, _, err = run(capsys, "schema")
    assert code == 130
    assert "Stopped; nothing was written." in err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            PermissionError(13, "Permission denied", "/x/y"),
            "/x/y: permission denied\n    Check its permissions",
        ),
        (OSError(28, "No space left on device"), "no space left on device\n    The disk is full"),
        (FileNotFoundError(2, "No such file or directory", "/x"), "/x: no such file or directory"),
    ],
)
def test_trouble_with_files_ends_with_2_and_names_the_path(capsys, failing, error, words):
    failing(error)
    code, _, err = run(capsys, "schema")
    assert code == 2
    assert words in err


def test_other_trouble_of_the_system_is_not_blamed_on_the_user(capsys, failing):
    failing(OSError("something odd"))
    assert run(capsys, "schema")[0] == 1


def test_every_command_answers_scripts_in_json():
    # The page for planners is a server: it answers nobody but the browser.
    commands = [command for command in COMMANDS if command.name != "app"]
    assert len(commands) >= 20
    for command in commands:
        options = {name for option in command.load().params for name in option.opts}
        assert "--json" in options, command.name


def test_schema_to_the_screen_and_to_a_file(capsys, tmp_path):
    code, out, _ = run(capsys, "schema")
    assert code == 0
    assert json.loads(out)["title"] == "Simulator scenario"
    target = tmp_path / "new" / "scenario.schema.json"
    assert run(capsys, "schema", "-o", str(target))[0] == 0
    assert json.loads(target.read_text()) == json.loads(out)
    assert run(capsys, "schema", "-o", str(tmp_path))[0] == 2
    said = json.loads(run(capsys, "schema", "-o", str(target), "--json")[1])
    assert said == {"file": str(target)}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full on this system")
def test_a_full_disk_is_told_with_its_path(capsys):
    code, _, err = run(capsys, "schema", "-o", "/dev/full")
    assert code == 2
    assert "/dev/full: no space left on device" in err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("run", "x.yaml", "--paths", "0"), "--paths: 0 is too few\n    It must be 1 or more."),
        (("run", "x.yaml", "--paths", "many"), "--paths: 'many' is not a whole number"),
        (("run", "x.yaml", "--seed", "-1"), "--seed: '-1' is negative"),
        (("backtest", "x", "--ahead", "9"), "--ahead: 9 is too many\n    It may be 8 at most."),
        (("hire", "x.yaml", "--reps", "2.5"), "--reps: '2.5' is not a whole number"),
    ],
)
def test_numbers_of_options_are_refused_in_words(capsys, args, words):
    code, out, err = run(capsys, *args)
    assert (code, out) == (2, "")
    assert words in err


def test_numbers_of_options_are_read_as_people_write_them():
    from simulator.cli.options import whole

    assert [whole("--paths", 1)(text) for text in ("10k", "4,000", "7")] == [10_000, 4000, 7]
