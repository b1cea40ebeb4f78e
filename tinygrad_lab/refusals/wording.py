"""How errors of others are quoted in our own, which are one line."""

from __future__ import annotations


def first_line(error: BaseException) -> str:
    r"""Return the first line of what an exception says, and its class where it says nothing.

    Example:
        >>> first_line(ValueError("\ntoo small\nby far")), first_line(ValueError())
        ('too small', 'ValueError')
    """
    return next(filter(None, map(str.strip, str(error).splitlines())), type(error).__name__)


def one_line(error: BaseException) -> str:
    r"""Return all that an exception says on one line, and its class where it says nothing.

    Example:
        >>> one_line(ValueError("too small\n    by far"))
        'too small by far'
    """
    return " ".join(str(error).split()) or type(error).__name__


def with_class(error: BaseException) -> str:
    """Return an exception's class, and the first line of what it says.

    Example:
        >>> with_class(ValueError("too small")), with_class(ValueError())
        ('ValueError: too small', 'ValueError')
    """
    return f"{type(error).__name__}: {first_line(error)}" if str(error).strip() else type(error).__name__
