"""A folder is the old one or the new one, whole, wherever its writer is stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from simulator import atomic_folder
from simulator.atomic_folder import draft_beside, exchange, swap, tidy_up
from simulator.calibration.file import load_calibration, save_calibration
from simulator.errors import InputError
from simulator.report.output.folder import MANIFEST, publish

WRITER = """
import sys, time
from pathlib import Path
from simulator.report.output.folder import MANIFEST, publish
print("ready", flush=True)
sys.stdin.readline()
for version in range(1, 10_000):
    with publish(Path(sys.argv[1])) as draft:
        for number in range(20):
            (draft / f"{number}.txt").write_text(str(version) * 5_000)
        (draft / MANIFEST).write_text(str(version))
    print(version, flush=True)
"""


def the_whole_of_one(folder: Path) -> str:
    """Return which version a folder holds; fail where it holds less than all of one."""
    version = (folder / MANIFEST).read_text()
    names = {path.name for path in folder.iterdir()}
    assert names == {MANIFEST, *(f"{number}.txt" for number in range(20))}
    for number in range(20):
        assert (folder / f"{number}.txt").read_text() == version * 5_000
    return version


@pytest.mark.parametrize("can_swap", [True, False])
def test_killed_at_any_moment_the_folder_is_one_version_whole(tmp_path, can_swap):
    """Twelve kills, after none to three replacements, of a writer that only replaces the folder."""
    results = tmp_path / "results"
    code = (
        WRITER
        if can_swap
        else "from simulator import atomic_folder\natomic_folder.swap = lambda a, b: False\n" + WRITER
    )
    seen = set()
    for turn in range(12):
        command = [sys.executable, "-c", code, str(results)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
            assert writer.stdin is not None and writer.stdout is not None
            writer.stdout.readline()
            writer.stdin.write(b"\n")
            writer.stdin.flush()
            for _ in range(turn % 4):
                writer.stdout.readline()  # however slow the machine is, some are stopped after a replacement
            time.sleep(0.0137 * turn)
            writer.send_signal(signal.SIGKILL)
        if not can_swap:
            tidy_up(results)  # between two renames there was a moment without a folder
        if results.exists():
            seen.add(the_whole_of_one(results))
    assert len(seen) > 1, "the writer never got to replace anything: nothing is shown"
    time.sleep(atomic_folder.SECONDS_TO_LOCK)
    tidy_up(results)
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_writer_at_work_keeps_its_draft(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic_folder, "SECONDS_TO_LOCK", -1.0)
    target = tmp_path / "results"
    with draft_beside(target) as mine:
        (mine / "figure").write_text("1")
        with draft_beside(target) as theirs:
            assert mine.exists()
            (theirs / "figure").write_text("2")
            exchange(theirs, target)
        exchange(mine, target)
    assert (target / "figure").read_text() == "1"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_writer_left_goes_with_the_next_run(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic_folder, "SECONDS_TO_LOCK", -1.0)
    for name in (".results.writing-0a1b2c3d", ".results.old-0a1b2c3d", ".other.writing-0a1b2c3d"):
        (tmp_path / name).mkdir()
    with publish(tmp_path / "results") as draft:
        (draft / MANIFEST).write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.writing-0a1b2c3d", "results"]


def test_an_old_folder_whose_successor_never_came_is_put_back(tmp_path):
    (tmp_path / ".results.old-0a1b2c3d").mkdir()
    (tmp_path / ".results.old-0a1b2c3d" / MANIFEST).write_text("old")
    tidy_up(tmp_path / "results")
    assert (tmp_path / "results" / MANIFEST).read_text() == "old"


def test_names_are_swapped_in_one_step(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    assert swap(tmp_path / "a", tmp_path / "b") == sys.platform.startswith(("linux", "darwin"))
    assert (tmp_path / "a" / "file").read_text() == "b"
    with pytest.raises(FileNotFoundError):
        swap(tmp_path / "a", tmp_path / "nowhere")


def test_where_folders_cannot_be_opened_nor_swapped_the_new_one_takes_the_place(tmp_path, monkeypatch):
    """Windows opens no folder, writes to disk only what is open for writing, and has no library of C."""
    opened, synced, modes = os.open, os.fsync, {}

    def open_file(path, mode):
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied", str(path))
        descriptor = opened(path, mode)
        modes[descriptor] = mode
        return descriptor

    def to_disk(descriptor):
        assert modes.pop(descriptor) == os.O_RDWR
        synced(descriptor)

    def no_library(*_, **__):
        raise TypeError("argument of type 'NoneType' is not iterable")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "open", open_file)
    monkeypatch.setattr(os, "fsync", to_disk)
    monkeypatch.setattr("ctypes.CDLL", no_library)
    monkeypatch.setattr(shutil, "_use_fd_functions", False)
    for version in ("first", "second"):
        with draft_beside(tmp_path / "results") as draft:
            (draft / "file").write_text(version)
            exchange(draft, tmp_path / "results")
    assert (tmp_path / "results" / "file").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a disk of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = os.getuid() == 0 and shutil.which("mount") is not None
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if not mounted or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_leaves_the_old_folder_and_says_so(small_disk):
    results = small_disk / "results"
    with publish(results) as draft:
        (draft / MANIFEST).write_text("old")
    with pytest.raises(InputError, match="disk is full") as told, publish(results) as draft:
        (draft / "large").write_bytes(bytes(5_000_000))
    assert "results" in told.value.faults[0].where
    assert {path.name: path.read_text() for path in results.iterdir()} == {MANIFEST: "old"}
    assert list(small_disk.iterdir()) == [results]


def test_every_writer_says_where_the_disk_is_full(small_disk, capsys):
    """A single file and a starter workspace too: the message of the system names neither."""
    from simulator.cli.main import main

    (small_disk / "filling").write_bytes(bytes(1_040_000))
    rates = Path(__file__).parents[1] / "scenarios" / "sample" / "truth.json"
    with pytest.raises(OSError) as told:
        save_calibration(load_calibration(rates), small_disk / "rates.json")
    assert told.value.filename == str(small_disk / "rates.json")
    with pytest.raises(SystemExit) as ended:
        main(["init", str(small_disk / "workspace")])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert str(small_disk / "workspace") in said and "disk is full" in said
    assert [path.name for path in small_disk.iterdir()] == ["filling"]


def test_a_folder_that_may_not_be_written_is_said():
    """As somebody without rights, where the tests run as root."""
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from simulator.errors import InputError\n"
        "from simulator.report.output.folder import publish\n"
        "os.getuid() or os.setuid(65534)\n"
        "try:\n"
        "    with publish(Path(sys.argv[1])): pass\n"
        "except InputError as error: print(error)\n"
    )
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o555)
        command = [sys.executable, "-c", code, f"{place}/results"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "You may not write there" in done.stdout, done.stderr
