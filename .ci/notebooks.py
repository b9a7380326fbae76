"""Execute the notebooks and keep their outputs, as ``make notebooks`` checks that they are."""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
TIMEOUT_SECONDS = 300


def execute(path: Path) -> nbformat.NotebookNode:
    """Return a notebook with the outputs of all its cells, without what a run leaves by chance."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    book = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(book, timeout=TIMEOUT_SECONDS, kernel_name="python3", resources=resources).execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            # What is said of progress is of one run.
            cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
    return book


def main(names: list[str]) -> None:
    """Execute the notebooks named, or all, and write them."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not names or path.stem in names:
            nbformat.write(execute(path), path)
            print(f"Executed: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
