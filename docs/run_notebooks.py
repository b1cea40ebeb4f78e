"""Run the notebooks of the tutorials anew, in place, with their results: `python docs/run_notebooks.py [NAME ...]`."""

from __future__ import annotations

import sys
from pathlib import Path

import nbclient
import nbformat

TUTORIALS = Path(__file__).parents[1] / "notebooks"


def run(path: Path) -> None:
    """Run one notebook from top to bottom, and write it with its results and without what differs from run to run."""
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for found in sorted(TUTORIALS.glob("*.ipynb")):
        if not sys.argv[1:] or found.stem in sys.argv[1:]:
            run(found)
