"""Each of the five things to discover shows what docs/playground.md says, by its link, and its button mends it."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from tinygrad_lab.play import commands, settings
from tinygrad_lab.play.session import Session
from tinygrad_lab.play.sources import source

PAGE = (Path(__file__).parents[2] / "docs" / "playground.md").read_text(encoding="utf-8")
LINKS = re.findall(r"http://127\.0\.0\.1:7860/#(\S+?)\)", PAGE)
NAMES = ("Plateau", "Dead units", "Too large a rate", "Saturation", "Overfitting")


def shown(session):
    """Train to where the link says, and return what a page shows then."""
    with np.errstate(all="ignore"):
        session.speed = None
        while session.playing:
            session.turn()
        message = session.frame(4, 4)
    (length,) = struct.unpack("<I", message[:4])
    return json.loads(message[4 : 4 + length])


def opened(link):
    session = Session(source(None, {}))
    commands.link(session, link)
    return session


def test_every_link_stands_beside_its_command():
    assert len(LINKS) == 5
    assert re.findall(r'`tinygrad-lab play "#(\S+)"`\n', PAGE) == LINKS
    for link in LINKS:
        values, epochs = settings.read_link(link)
        assert epochs is not None
        assert settings.read_link(settings.link(opened(link).lane.config, epochs)) == (values, epochs)


@pytest.mark.slow
@pytest.mark.parametrize(("link", "name"), list(zip(LINKS, NAMES, strict=False)), ids=NAMES)
def test_a_link_shows_what_the_page_says_and_its_button_mends_it(link, name):
    session = opened(link)
    seen = shown(session)
    check_figures(name, session, seen)
    trouble = {one["name"]: one for one in seen["detail"]["troubles"]}[name]
    epochs, before = session.lane.epoch, session.lane.history
    commands.change(session, trouble["settings"], trouble["anew"])
    commands.play(session, epochs if name == "Overfitting" else session.lane.epoch + 400)
    after = shown(session)
    assert name not in [one["name"] for one in after["detail"]["troubles"]] or name == "Overfitting"
    if name == "Overfitting":
        assert session.lane.history.validation_loss[-1] < 0.5 * before.validation_loss[-1]
    else:
        assert session.lane.history.loss[-1] < 0.7 * before.loss[epochs - 1]


def check_figures(name, session, seen):
    """Compare what is shown with the figures that the page names."""
    figures, layers = seen["lanes"][0]["figures"], seen["detail"]["layers"]
    match name:
        case "Plateau":
            assert figures["loss"] == pytest.approx(0.692, abs=5e-4)
            assert "saying 0.4762 for class 1 at every point gives 0.692" in seen["detail"]["troubles"][0]["sentence"]
        case "Dead units":
            assert len(layers[1]["dead"]) == 8
            assert layers[0]["size"] == 0
        case "Saturation":
            assert layers[1]["saturated"] > 0.8
            assert figures["accuracy"] < 0.7
        case "Overfitting":
            assert sum(p.data.size for p in session.lane.run.model.parameters()) == 1185
            assert len(session.lane.run.dataset.x) == 30
            assert figures["accuracy"] == 1
            assert figures["validation_loss"] > 2 * min(session.lane.history.validation_loss)


@pytest.mark.slow
def test_all_is_well_where_all_is_well():
    session = opened("data=xor&hidden=8&optimizer=adam&lr=0.05&epochs=300")
    assert shown(session)["detail"]["troubles"] == []
