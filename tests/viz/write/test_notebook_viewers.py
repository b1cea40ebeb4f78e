"""A notebook in the programs that people look at it with: nbconvert's page and JupyterLab, in a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LAB = shutil.which("jupyter-lab", path=str(Path(sys.executable).parent))
CELLS = (
    """import numpy as np
import tinygrad_lab as tl
x, w = tl.Value(2.0, name="x"), tl.Value(-3.0, name="w")
np.tanh(x * w) * x""",
    "tl.nn.Sequential(tl.nn.Linear(2, 3), tl.nn.Tanh())",
    "tl.nn.Linear(2, 3)(tl.Value(np.ones((5, 2)))) @ np.ones((2, 2))",
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory) -> Path:
    """An executed notebook: a Value, a module, and a shape error, each shown by itself."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbclient.NotebookClient(book, timeout=60, allow_errors=True).execute()
    path = tmp_path_factory.mktemp("notebook") / "shown.ipynb"
    nbformat.write(book, path)
    return path


def step_in(tab, frames):
    """Step through the first graph that the notebook shows, and return what the card says."""
    frame = tab.frame_locator(frames).first
    frame.locator("#world g.box").first.wait_for()
    frame.locator("#backward").click()
    frame.locator("#next").click()
    return frame.locator("#card").inner_text()


def test_what_a_cell_refused_is_drawn_once(notebook):
    book = pytest.importorskip("nbformat").read(notebook, as_version=4)
    kinds = [output["output_type"] for output in book.cells[2].outputs]
    assert kinds == ["display_data", "error"]


def test_nbconverts_page_shows_views_that_step(browser, notebook):
    nbconvert = pytest.importorskip("nbconvert")
    body, _ = nbconvert.HTMLExporter().from_filename(str(notebook))
    path = notebook.with_suffix(".html")
    path.write_text(body, encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.route("**/*", lambda route: route.continue_() if route.request.url.startswith(("file:", "data:", "about:"))
              else route.abort())  # MathJax and RequireJS, which it asks for, are not needed  # fmt: skip
    tab.goto(path.as_uri(), wait_until="domcontentloaded")
    assert "∂" in step_in(tab, "iframe")
    assert tab.get_by_text("Sequential").first.is_visible()
    assert tab.locator("iframe").count() == 2  # the product, and the graph up to the shape that does not fit
    assert "OperationError" in tab.content()
    tab.close()


@pytest.mark.skipif(LAB is None, reason="JupyterLab is not installed: pip install jupyterlab")
def test_jupyterlab_shows_views_that_step(browser, notebook, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shutil.copy(notebook, tmp_path)
    own = {f"JUPYTER_{what}_DIR": str(tmp_path / what) for what in ("CONFIG", "DATA", "RUNTIME")}
    options = ["--no-browser", "--allow-root", "--ServerApp.token=", f"--port={port}"]
    server = subprocess.Popen(
        [LAB, *options, f"--ServerApp.root_dir={tmp_path}"],
        env=os.environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(100):
            with suppress(OSError):
                urllib.request.urlopen(f"{address}/api", timeout=1)
                break
            time.sleep(0.3)
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(f"{address}/lab/tree/{notebook.name}")
        tab.locator(".jp-CodeCell .cm-content").first.click(timeout=60_000)
        for _ in CELLS:  # what a reader has run himself is trusted
            tab.keyboard.press("Shift+Enter")
        tab.locator(".jp-OutputArea iframe").nth(1).wait_for(timeout=60_000)
        assert "∂" in step_in(tab, ".jp-OutputArea iframe")
        assert tab.locator(".jp-OutputArea iframe").count() == 2
        tab.close()
    finally:
        server.terminate()
        server.wait(20)
