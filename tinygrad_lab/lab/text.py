"""Text from elsewhere, such as a user's file, made fit to be shown."""

from __future__ import annotations


def visible(text: str) -> str:
    r"""Return a text with what would steer a terminal written out, line breaks included.

    Example:
        >>> visible("\x1b[31mred\n")
        '\\x1b[31mred\\n'
    """
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
