"""How wide text is, without a font: at most what it is in any common sans serif face, so that it fits its box."""

from __future__ import annotations

import unicodedata

# Widths in em, those of a wide face (DejaVu Sans), rounded up.
_CLASSES = {
    0.35: "'IJijl ,./:;\\|·",
    0.42: "!()-[]frt",
    0.5: '"*_`‖',
    0.56: "?csz",
    0.61: "FLPkvxy",
    0.65: "$0123456789ESTYabdeghnopqu{}Σ",
    0.7: "ABCKRVXZ∇|",
    0.75: "HNU",
    0.8: "&DGOQ",
    0.85: "#+<=>^w~×→←↓↑✂∞−↻",
    0.95: "M%",
    1.0: "@Wm…",
}
_WIDTHS = {character: width for width, characters in _CLASSES.items() for character in characters}
_BOLD = 1.18


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return the width of a line of text, in the unit of the font size.

    Example:
        >>> text_width("ll", 10.0), text_width("WW", 10.0)
        (7.0, 20.0)
    """
    return sum(map(_em, text)) * size * (_BOLD if bold else 1.0)


def shorten(text: str, most: int) -> str:
    """Return the text on one line, its middle left out if it has more than `most` characters, controls made visible.

    Example:
        >>> shorten("encoder.layers.0.attention.weight", 16)
        'encoder.….weight'
    """
    text = "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in text)
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def _em(character: str) -> float:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character):
        return 0.0
    return 1.1 if unicodedata.east_asian_width(character) in "WF" else 0.9
