"""The pytest plugin: `--gradient-profile`, the marker `gradient`, and failures that need no traceback.

The profile says how many examples each gradient test draws:

    pytest --gradient-profile fast       # while writing
    pytest --gradient-profile thorough   # before a release
    pytest -m gradient                   # gradient tests only
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tinygrad_lab.errors import GradientError
from tinygrad_lab.testing import profiles


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses a profile."""
    parser.getgroup("tinygrad_lab").addoption(
        "--gradient-profile",
        choices=list(profiles.PROFILES),
        default="default",
        help="how many examples each gradient test draws: "
        + ", ".join(f"{name} {profile.examples}" for name, profile in profiles.PROFILES.items()),
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker and take the profile into use."""
    config.addinivalue_line("markers", "gradient: a test of a gradient, made by tinygrad_lab.testing.gradient_test")
    profiles.choose(config.getoption("--gradient-profile"))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that `gradient_test` made."""
    if getattr(getattr(item, "function", None), "is_gradient_test", False):
        item.add_marker("gradient")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Show what a GradientError says, and the example that Hypothesis found, in place of a traceback."""
    report = yield
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, GradientError) and report.failed and item.config.getoption("tbstyle") == "auto":
        notes = getattr(error, "__notes__", [])
        report.longrepr = "\n".join([f"{type(error).__name__}: {error}", *notes])
    return report
