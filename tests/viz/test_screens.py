"""The page looks as it looked: screenshots against those that somebody has looked at."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from tests.viz.screens import FEW, FOLDER, SIZES, STATES, different, pages, take

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", SIZES)
def test_the_page_looks_as_it_looked(browser, tmp_path, size, state):
    image = take(browser, pages(tmp_path), size, "light", state)
    kept = Image.open(FOLDER / f"{size}_{state}.png").convert("RGB").resize(image.size)
    image.save(tmp_path / "seen.png")
    share = different(image, kept)
    assert share <= FEW, (
        f"{share:.0%} of {size}_{state}.png changed, now {tmp_path / 'seen.png'}: python -m tests.viz.screens"
    )


@pytest.mark.parametrize("size", SIZES)
def test_dark_is_dark_everywhere(browser, tmp_path, size):
    address = pages(tmp_path)
    for state in ("opened", "backward", "table"):
        image = take(browser, address, size, "dark", state)
        bright = sum(count for count, (r, g, b) in image.getcolors(1 << 24) if min(r, g, b) > 200)
        assert bright < 0.05 * image.width * image.height, state


@pytest.mark.parametrize("shift", [(24, 0), (0, 24)])
def test_what_has_moved_is_seen(shift):
    for path in sorted(FOLDER.glob("wide_*.png")):
        image = Image.open(path).convert("RGB").resize(SIZES["wide"])
        assert different(image, ImageChops.offset(image, *shift)) > FEW, path.name
    one, other = (Image.open(FOLDER / f"wide_{state}.png").convert("RGB") for state in ("forward", "backward"))
    assert different(one.resize(SIZES["wide"]), other.resize(SIZES["wide"])) > FEW
