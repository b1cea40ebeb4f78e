"""The page looks as it looked: screenshots against those that somebody has looked at."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from tests.viz.screens import FEW, FOLDER, SIZES, STATES, different, look, pages, take

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", SIZES)
def test_the_page_looks_as_it_looked(tabs, tmp_path, size):
    address, tab, changed = pages(tmp_path), tabs(**look(size, "light")), []
    for state in STATES:
        image = take(tab, address, state)
        kept = Image.open(FOLDER / f"{size}_{state}.png").convert("RGB").resize(image.size)
        share = different(image, kept)
        if share > FEW:
            image.save(tmp_path / f"{state}.png")
            changed.append(f"{share:.0%} of {size}_{state}.png changed, now {tmp_path / state}.png")
    assert not changed, "\n".join([*changed, "take them anew with python -m tests.viz.screens"])


@pytest.mark.parametrize("size", SIZES)
def test_dark_is_dark_everywhere(tabs, tmp_path, size):
    address, tab = pages(tmp_path), tabs(**look(size, "dark"))
    for state in ("backward", "table"):
        image = take(tab, address, state)
        bright = sum(count for count, (r, g, b) in image.getcolors(1 << 24) if min(r, g, b) > 200)
        assert bright < 0.05 * image.width * image.height, state


@pytest.mark.parametrize("shift", [(24, 0), (0, 24)])
def test_what_has_moved_is_seen(shift):
    for path in sorted(FOLDER.glob("wide_*.png")):
        image = Image.open(path).convert("RGB").resize(SIZES["wide"])
        assert different(image, ImageChops.offset(image, *shift)) > FEW, path.name
    one, other = (Image.open(FOLDER / f"wide_{state}.png").convert("RGB") for state in ("forward", "backward"))
    assert different(one.resize(SIZES["wide"]), other.resize(SIZES["wide"])) > FEW
