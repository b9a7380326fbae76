import json

import pytest

from simulator.cli import console as module
from simulator.cli.console import Console, print_faults
from simulator.errors import Fault


@pytest.mark.parametrize(
    ("quiet", "as_json", "said"), [(False, False, "hello\n"), (True, False, ""), (False, True, "")]
)
def test_words_are_for_people_only(capsys, quiet, as_json, said):
    Console(quiet=quiet, as_json=as_json).say("hello")
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("name", ["[/b]", "[red]x", ":smile:", "[link=https://x]y[/link]"])
def test_names_in_a_printed_table_are_no_markup(capsys, name):
    from rich.table import Table

    table = Table("name", "deals", box=None)
    table.add_row(name, "1")
    Console().table(table)
    assert name in capsys.readouterr().out


@pytest.mark.parametrize("code", ["\x1b[8mhidden", "\x1b]0;title\x07", "\x9b31m", "\u202egnp.exe", "a\rb"])
@pytest.mark.parametrize("on_a_terminal", [False, True])
def test_names_cannot_command_a_terminal(capsys, monkeypatch, code, on_a_terminal):
    from rich.table import Table

    monkeypatch.setenv("FORCE_COLOR" if on_a_terminal else "NO_COLOR", "1")
    table = Table("name", header_style="bold", box=None)
    table.add_row(code, style="dim")
    console = Console()
    for tell in (console.say, console.note, lambda text: print_faults([Fault("a.csv", text)])):
        tell(code)
    out, err = capsys.readouterr()
    assert not set(code) & set("\x1b\x07\x9b\u202e\r") & set(out + err)
    console.table(table)
    out = capsys.readouterr().out
    assert ("\x1b[1m" in out) == on_a_terminal  # our own colours stay
    for own in ("\x1b[0m", "\x1b[1m", "\x1b[2m"):
        out = out.replace(own, "")
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(out)


def test_json_is_the_only_thing_on_standard_output(capsys):
    console = Console(as_json=True)
    console.say("words")
    console.note("more words")
    console.data({"text": "é", "n": 1})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"text": "é", "n": 1}
    assert err == ""
    with pytest.raises(ValueError, match="JSON"):
        console.data(float("nan"))


def test_progress_without_a_terminal_is_a_line_now_and_then(capsys, monkeypatch):
    clock = iter([0.0, 1.0, 6.0, 7.0, 20.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with Console().progress("Simulating") as advance:
        for done in (10, 50, 60, 100):
            advance(done, 100)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "Simulating: 50 %, about 6 s left\n"


def test_progress_on_a_terminal_is_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(module.sys.stderr, "isatty", lambda: True, raising=False)
    with Console().progress("Simulating") as advance:
        advance(1, 2)
        advance(2, 2)
    assert capsys.readouterr().out == ""


def test_quiet_progress_says_nothing(capsys):
    with Console(quiet=True).progress("Simulating") as advance:
        advance(1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_long_line_breaks_at_spaces_where_a_terminal_shows_it(monkeypatch, capsys):
    line = "• Deals never moved slip out of their quarter seldom, deals moved three times or more often"
    Console().say(line)
    assert capsys.readouterr().out == f"{line}\n"
    monkeypatch.setenv("COLUMNS", "40")
    Console().say(line)
    printed = capsys.readouterr().out.splitlines()
    assert max(map(len, printed)) <= 40
    assert [text[:2] for text in printed[1:]] == ["  "] * (len(printed) - 1)
    assert " ".join(text.strip() for text in printed) == line
