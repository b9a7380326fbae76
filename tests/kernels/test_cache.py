"""Compiled kernels are used again exactly as long as all sources they may depend on are as they were."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.kernels import cache

INNER = "from numba import njit\n@njit(cache=True)\ndef inner(): return {}\n"
OUTER = "from numba import njit\nfrom {}.inner import inner\n@njit(cache=True)\ndef outer(): return inner()\n"
CALL = (
    "from simulator.kernels import cache; from simulator.kernels.jit import OUTER;"
    "from {0}.outer import outer; kept = cache.is_kept(outer);"
    "print(outer(), kept, cache.KEPT, OUTER['cache'])"
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the kernels in which one module calls another, and the same two modules next to them."""
    folder = tmp_path / "simulator" / "kernels"
    folder.mkdir(parents=True)
    (tmp_path / "simulator" / "__init__.py").touch()
    for name in ("__init__.py", "cache.py", "jit.py", "lowering.py"):
        shutil.copy(cache.FOLDER / name, folder / name)
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "__init__.py").touch()
    write(tmp_path, 1)
    return tmp_path


def write(root: Path, value: int) -> None:
    for folder, name in ((root / "simulator" / "kernels", "simulator.kernels"), (root / "others", "others")):
        (folder / "inner.py").write_text(INNER.format(value), encoding="utf-8")
        (folder / "outer.py").write_text(OUTER.format(name), encoding="utf-8")


def call(root: Path, name: str = "simulator.kernels", **more: str) -> list[str]:
    """Return what a new process gets: the value, whether it was kept before, and whether it can be."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environment = {**own, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", **more}
    done = subprocess.run(
        [sys.executable, "-c", CALL.format(name)],
        cwd=root, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_change_in_a_called_file_is_noticed_wherever_the_cache_is(package: Path, elsewhere: bool) -> None:
    place = {"NUMBA_CACHE_DIR": str(package / "cache")} if elsewhere else {}
    assert call(package, **place) == ["1", "False", "True", "True"]
    assert call(package, **place) == ["1", "True", "True", "True"]
    assert (package / "cache").exists() == elsewhere
    write(package, 2)
    assert call(package, **place) == ["2", "False", "True", "True"]


def test_an_entry_whose_types_are_gone_does_no_harm_and_is_removed(package: Path) -> None:
    call(package)
    kept = package / "simulator" / "kernels" / "__pycache__"
    (old,) = kept.glob("outer.outer-*.nbi")
    assert cache.hash_sources(package / "simulator" / "kernels") in old.name
    write(package, 2)
    call(package)
    assert not old.exists()
    assert len(list(kept.glob("outer.outer-*.nbi"))) == 1


def test_numba_alone_would_have_used_the_old_one(package: Path) -> None:
    assert call(package, "others")[0] == "1"
    write(package, 2)
    assert call(package, "others")[0] == "1"


def test_without_a_folder_to_write_to_kernels_run_uncached(package: Path) -> None:
    no_folder = package / "file"
    no_folder.touch()
    (package / "simulator" / "kernels" / "__pycache__").touch()
    nowhere = {"NUMBA_CACHE_DIR": str(no_folder), "XDG_CACHE_HOME": str(no_folder), "HOME": str(no_folder)}
    kept = "from simulator.kernels import cache; from simulator.kernels.jit import OUTER, njit;"
    kept += "print(cache.KEPT, OUTER['cache'], njit(**OUTER)(lambda: 7)())"
    environment = {**os.environ, **nowhere, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", kept], cwd=package, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False", "7"]


def test_the_user_is_told_that_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.engine.run import simulate

    assert "only the first run" in simulate.compilation_note()
    monkeypatch.setattr(simulate, "KEPT", False)
    assert "NUMBA_CACHE_DIR" in simulate.compilation_note()


def test_a_renamed_or_changed_source_changes_the_stamp(tmp_path: Path) -> None:
    (tmp_path / "inner.py").write_text("def f(): return 1", encoding="utf-8")
    before = cache.hash_sources(tmp_path)
    (tmp_path / "inner.py").rename(tmp_path / "other.py")
    renamed = cache.hash_sources(tmp_path)
    (tmp_path / "other.py").write_text("def f(): return 2", encoding="utf-8")
    assert len({before, renamed, cache.hash_sources(tmp_path)}) == 3
