"""Photograph the page of docs/graphs.md in Chromium: `python docs/make_page_picture.py`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

import tinygrad_lab as tl
from tinygrad_lab import nn, viz

PICTURE = Path(__file__).parent / "graphs" / "page.png"
X, TARGET = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])


def graph() -> viz.Graph:
    """The network with two hidden layers, and its loss."""
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Linear(2, 4, rng=rng), nn.Sigmoid(), nn.Linear(4, 4, rng=rng), nn.Sigmoid(), nn.Linear(4, 1, rng=rng)
    )
    criterion = nn.BCEWithLogitsLoss()

    def xor(x, target):
        return criterion(net(x), target)

    optimizer = tl.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    return viz.draw(xor, X, TARGET, optimizer=optimizer, training_steps=3)


def main() -> None:
    """Open the page, and go to the step of the second layer."""
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "xor.html"
        graph().html(path)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1180, "height": 760}, reduced_motion="reduce")
        tab.goto(path.as_uri())
        for key in ["2", *["ArrowRight"] * 4]:
            tab.keyboard.press(key)
        tab.wait_for_timeout(200)  # until the picture has been fitted
        tab.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
