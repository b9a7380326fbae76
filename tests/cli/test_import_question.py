"""Where evidence conflicts a person at a terminal is asked; a script needs --yes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")
ROWS = "\n".join(
    ["Opportunity ID,Stage,Amount,Created Date,Close Date"]
    + [
        f"{i},Won,10,{2023 + i // 12}-{1 + i % 12:02d}-03,{2023 + i // 12}-{1 + i % 12:02d}-20"
        for i in range(24)
    ]
)
"""Two years without a lost deal."""


def ask(folder: Path, *options: str, answer: str | None = None) -> tuple[int, str]:
    (folder / "o.csv").write_text(ROWS, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "simulator.cli.main",
        "import",
        "salesforce",
        "o.csv",
        "--to",
        "h",
        *options,
    ]
    if answer is None:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr
    keyboard, terminal = pty.openpty()
    os.write(keyboard, answer.encode())
    done = subprocess.run(command, cwd=folder, stdin=terminal, capture_output=True, text=True, check=False)
    os.close(keyboard)
    os.close(terminal)
    return done.returncode, done.stdout + done.stderr


def test_without_a_terminal_the_conflict_is_a_fault_and_nothing_is_written(tmp_path: Path) -> None:
    code, text = ask(tmp_path)
    assert code == 2
    assert "0 as lost" in text
    assert "--yes" in text
    assert not (tmp_path / "h").exists()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 2), ("\n", 2)], ids=["yes", "no", "return"])
def test_at_a_terminal_a_person_decides_after_a_look_at_the_quarters(
    answer: str, code: int, tmp_path: Path
) -> None:
    got, text = ask(tmp_path, answer=answer)
    assert got == code
    assert "By fiscal quarter" in text
    assert "Is it right so?" in text
    assert (tmp_path / "h" / "opportunities.csv").exists() == (code == 0)


def test_yes_accepts_and_says_what(tmp_path: Path) -> None:
    code, text = ask(tmp_path, "--yes")
    assert code == 0
    assert "0 as lost" in text
