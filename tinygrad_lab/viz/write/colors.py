"""The colours of pictures, light and dark, as attributes of their elements: they survive where styles are dropped."""

from __future__ import annotations

from typing import Literal

from tinygrad_lab.viz.choose.view import MODULE, OMITTED
from tinygrad_lab.viz.describe.snapshot import CONSTANT, INPUT, LABEL, LOSS, OPERATION, OUTPUT, PARAMETER

Theme = Literal["auto", "light", "dark"]
Attributes = dict[str, str]

# fmt: off
_FILLS: dict[str, tuple[str, str]] = {  # light, dark
    "page":    ("#ffffff", "#15191e"),
    "text":    ("#46505a", "#b9c2cc"),
    "name":    ("#1b1f24", "#eef1f4"),
    "caption": ("#1b1f24", "#eef1f4"),
    "each":    ("#46505a", "#b9c2cc"),
    "alarm":   ("#b3001b", "#b3001b"),
    "mild":    ("#5b6570", "#5b6570"),
    "result":  ("#8d2f69", "#8d2f69"),
    "sum":     ("#8a3d00", "#8a3d00"),
    "badge":   ("#ffffff", "#ffffff"),
    "frame":   ("#8a96a3", "#8a96a3"),
    OPERATION: ("#eef3fa", "#16283a"),
    MODULE:    ("#e2f1fb", "#133247"),
    PARAMETER: ("#fdf1d6", "#3a2c0c"),
    INPUT:     ("#dff3ea", "#0e3327"),
    LABEL:     ("#ece8f8", "#2a2345"),
    CONSTANT:  ("#f3f4f6", "#23282e"),
    OUTPUT:    ("#f9e8f2", "#3c1b30"),
    LOSS:      ("#f9e8f2", "#3c1b30"),
    OMITTED:   ("#ffffff", "#15191e"),
    "line":     ("#69737d", "#8d98a3"),
    "gradient": ("#c04f00", "#ff9a4d"),
    "trail":    ("#b3001b", "#ff6b81"),
    "added":    ("#d9f5e3", "#0d3a22"),
    "removed":  ("#fbdfe2", "#461019"),
    "changed":  ("#fff0cf", "#3d2c06"),
}
_STROKES: dict[str, tuple[str, str]] = {
    "frame":   ("#8a96a3", "#8a96a3"),
    OPERATION: ("#0072b2", "#5aaee0"),
    MODULE:    ("#0072b2", "#5aaee0"),
    PARAMETER: ("#a86f00", "#e0a83a"),
    INPUT:     ("#00795a", "#3cc79c"),
    LABEL:     ("#6a4bc4", "#a892f0"),
    CONSTANT:  ("#78818b", "#929ca6"),
    OUTPUT:    ("#a8437f", "#e08cbd"),
    LOSS:      ("#a8437f", "#e08cbd"),
    OMITTED:   ("#78818b", "#929ca6"),
    "line":     ("#69737d", "#8d98a3"),
    "gradient": ("#c04f00", "#ff9a4d"),
    "trail":    ("#b3001b", "#ff6b81"),
    "bad":      ("#b3001b", "#ff6b81"),
    "first":    ("#b3001b", "#ff6b81"),
    "added":    ("#0a7a3d", "#4fd18b"),
    "removed":  ("#b3001b", "#ff6b81"),
    "changed":  ("#9a5b00", "#ffb84d"),
}
_SHADES = (("#f7fbff", "#101d29"), ("#e9f2fa", "#12293c"), ("#d6e6f4", "#143650"),
           ("#bfd9ec", "#164465"), ("#a6cbe4", "#17527a"), ("#8dbddc", "#186190"))
_FIXED: dict[str, Attributes] = {
    "text":    {"stroke": "none"},
    "name":    {"stroke": "none", "font-size": "12", "font-weight": "600"},
    "caption": {"stroke": "none", "text-anchor": "start"},
    "legend":  {"stroke": "none", "text-anchor": "start"},
    "each":    {"stroke": "none", "text-anchor": "start", "font-size": "9.5"},
    "badge":   {"stroke": "none", "font-size": "10", "font-weight": "600"},
    "alarm":   {"stroke": "none"}, "mild": {"stroke": "none"}, "sum": {"stroke": "none"}, "result": {"stroke": "none"},
    "frame":   {"stroke-width": "1"},
    CONSTANT:  {"stroke-dasharray": "2 2"},
    OMITTED:   {"stroke-dasharray": "5 3"},
    "loop":     {"stroke-dasharray": "2 3"},
    "gradient": {"stroke-dasharray": "6 3"},
}
# fmt: on
_FILLS["legend"] = _FILLS["text"]
_FILLS |= {f"shade{i}": pair for i, pair in enumerate(_SHADES)}
SHADES = len(_SHADES)


def painted(theme: Theme, *names: str) -> str:
    """Return the class attribute for these names, and what they look like; a later name wins.

    Arguments:
        theme: "auto" gives the light colours; `dark_style` overrides them.
        names: of kinds of elements.
    """
    dark = theme == "dark"
    look: Attributes = {}
    for name in names:
        if name in _FILLS:
            look["fill"] = _FILLS[name][dark]
        if name in _STROKES:
            look["stroke"] = _STROKES[name][dark]
        look |= _FIXED.get(name, {})
    classes = " ".join(f"tg-{name}" for name in names)
    return f'class="{classes}"' + "".join(f' {key}="{value}"' for key, value in look.items())


def dark_style() -> str:
    """Return the style sheet that turns an "auto" picture dark where the reader's system is."""
    rules = [f".tg .tg-{name}{{fill:{dark}}}" for name, (light, dark) in _FILLS.items() if light != dark]
    rules += [f".tg .tg-{name}{{stroke:{dark}}}" for name, (light, dark) in _STROKES.items() if light != dark]
    return "@media (prefers-color-scheme: dark) {" + "".join(rules) + "}"
