"""How thoroughly gradient tests look: the plugin chooses a profile for a test run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.refusals.nearest import none_of


@dataclass(frozen=True)
class Profile:
    """What a gradient test does: how many examples it draws, and whether a failing one is made smaller."""

    examples: int
    shrink: bool = True


PROFILES = {"fast": Profile(8), "default": Profile(25), "thorough": Profile(200)}

_active: ContextVar[Profile] = ContextVar("profile", default=PROFILES["default"])


def active() -> Profile:
    """Return the profile that gradient tests run with."""
    return _active.get()


def choose(name: str) -> None:
    """Run gradient tests with another profile from now on.

    Raises:
        ArgumentError: if there is none of that name.
    """
    if name not in PROFILES:
        raise ArgumentError(f"gradient profile: name {none_of(PROFILES, name, 'choose one of them')}")
    _active.set(PROFILES[name])


@contextmanager
def running(profile: Profile) -> Iterator[None]:
    """Run gradient tests in the `with` block with your own profile.

    Example:
        >>> with running(Profile(examples=3)):
        ...     active().examples
        3
    """
    token = _active.set(profile)
    try:
        yield
    finally:
        _active.reset(token)
