"""What the page looked like when somebody last looked: `python -m tests.viz.screens` takes the screenshots anew.

Fonts and browsers differ by a pixel here and there, so a screenshot is compared as a coarse mosaic: what has moved, is
missing, or has another colour shows in its tiles, the rim of a letter does not.
"""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.viz.test_lesson import lesson
from tinygrad_lab.viz.write.html import page

FOLDER = Path(__file__).with_name("screens")
SIZES = {"wide": (1280, 800), "phone": (390, 844)}
STATES = {
    "opened": (),
    "forward": ("1", "ArrowRight", "ArrowRight"),
    "backward": ("2", "ArrowRight", "ArrowRight", "ArrowRight"),
    "update": ("3", "ArrowRight"),
    "quiz": ("q", "Home", "ArrowRight"),
    "table": ("t",),
}
TILE = 20  # pixels
FAR = 26.0  # of 255: by how much the mean colour of a tile may differ
FAINT = 6.0  # by how much a tile differs from the paper that shows anything
FEW = 0.02  # of the tiles may differ by more


def pages(folder: Path) -> str:
    """Write the page that is looked at, and return its address."""
    _, _, graph = lesson()
    path = folder / "graph.html"
    path.write_text(page(graph.snapshot, following=graph.following), encoding="utf-8")
    return path.as_uri()


def look(size: str, theme: str) -> dict[str, Any]:
    """Return the options of a browser's context in which the page is looked at."""
    width, height = SIZES[size]
    return {
        "viewport": {"width": width, "height": height},
        "color_scheme": theme,
        "reduced_motion": "reduce",
        "offline": True,
    }


def take(tab: Any, address: str, state: str) -> Image.Image:
    """Return a screenshot of the page after some keys were pressed."""
    tab.goto(address)
    for key in STATES[state]:
        tab.keyboard.press(key)
    return Image.open(BytesIO(tab.screenshot())).convert("RGB")


def different(one: Image.Image, other: Image.Image) -> float:
    """Return the share of tiles whose mean colours differ by more than `FAR`, of those that show anything."""
    size = one.width // TILE, one.height // TILE
    tiles = [np.asarray(image.resize(size, Image.Resampling.BOX), dtype=float) for image in (one, other)]
    paper = np.median(tiles[0].reshape(-1, 3), axis=0)
    written = (np.abs(np.stack(tiles) - paper).max(axis=-1) > FAINT).any(axis=0)
    return float(np.mean(np.abs(tiles[0] - tiles[1]).max(axis=-1)[written] > FAR))


def main() -> None:
    """Take all screenshots, at half their size."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as driver:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        address = pages(FOLDER)
        for size in SIZES:
            tab = browser.new_page(**look(size, "light"))
            for state in STATES:
                image = take(tab, address, state)
                image.resize((image.width // 2, image.height // 2)).quantize(64).save(
                    FOLDER / f"{size}_{state}.png", optimize=True
                )
        (FOLDER / "graph.html").unlink()


if __name__ == "__main__":
    main()
