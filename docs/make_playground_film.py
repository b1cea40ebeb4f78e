"""Film the playground in Chromium as a network learns two spirals: `python docs/make_playground_film.py`."""

from __future__ import annotations

import io
import shutil
import threading
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tinygrad_lab.play.serving import serve
from tinygrad_lab.play.session import Session
from tinygrad_lab.play.sources import source

FILM = Path(__file__).parent / "playground.webp"
SETTINGS = {"data": "spirals", "points": 160, "hidden": (8, 8), "optimizer": "adam", "lr": 0.02}
EPOCHS = [int(e) for e in np.unique(np.geomspace(1, 1500, 34).astype(int))]
SIZE = (1240, 780)


def shoot(tab: Page) -> Image.Image:
    """Return what the page shows."""
    return Image.open(io.BytesIO(tab.screenshot())).convert("RGB")


def film(session: Session, address: str) -> list[Image.Image]:
    """Return the page at each of the epochs."""
    pictures = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, reduced_motion="reduce")
        tab.goto(address)
        session.ask("speed", {"epochs": None}).result()
        for epoch in EPOCHS:
            session.ask("play", {"to": epoch}).result()
            tab.wait_for_function(f"() => document.getElementById('now').textContent === '{epoch:,}'")
            tab.wait_for_function("() => document.querySelector('.field').width === 100")  # the fine map
            tab.wait_for_timeout(150)
            pictures.append(shoot(tab))
        browser.close()
    return pictures


def main() -> None:
    """Serve a playground, film it, and write the film."""
    session = Session(source(None, SETTINGS))

    def work() -> None:
        with serve(session, port=0) as address:
            addresses.append(address)
            ready.set()
            session.work()

    addresses: list[str] = []
    ready = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    try:
        first, *others = film(session, addresses[0])
    finally:
        session.ask("stop", {})
        thread.join()
    durations = [700, *[160] * (len(others) - 1), 3000]
    first.save(FILM, save_all=True, append_images=others, duration=durations, loop=0, quality=72, method=6)


if __name__ == "__main__":
    main()
