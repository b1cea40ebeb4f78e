"""Hypothesis profiles: `ci`, the same 25 examples on every run; `--hypothesis-profile dev` draws 100 new ones."""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

# Workers inherit this. Several of them with as many BLAS threads as there are processors each wait for one another:
# some tests took a hundred times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A hundred tests start an interpreter. Without bytecode each would compile the package, NumPy and pytest anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=25)
settings.register_profile("dev", deadline=None, max_examples=100)
settings.load_profile("ci")


def pytest_collection() -> None:
    """Nothing that is collected is garbage: not to look for any saves a second in each worker."""
    gc.disable()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """The examples that are tested are the package's: to look for some in the tests takes a second in each worker."""
    collectors = yield
    return [collector for collector in collectors if type(collector) is pytest.Module]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs a browser is slow; what takes longest comes first, so that no worker is left alone with it."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):  # `tabs` have one
            item.add_marker("slow")
    items.sort(key=_seconds, reverse=True)


def _seconds(item: pytest.Item) -> float:
    """Say what is known of a test's time: `slow(seconds=20)` where it, or its fixture, takes that long."""
    return max((mark.kwargs.get("seconds", 1) for mark in item.iter_markers("slow")), default=0)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker that has nothing left takes what another has: otherwise the first one gets most of the slow tests."""
    if config.getoption("dist") != "load":  # which is what `-n` means
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def pytest_collection_finish() -> None:
    """Leave what the collected tests consist of alone: to go through it takes half a second, each time."""
    gc.collect()
    gc.freeze()
    # Arrays are freed when nothing refers to them any more; to look for cycles as often as Python does takes a tenth
    # of all time.
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> bool:
    """Whether this is more than the fast lane: a test that looks closer then needs no slow twin that repeats it."""
    return "not slow" not in request.config.option.markexpr


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests that look at pages; they are skipped where it, or playwright, is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium found: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def tabs(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open tabs in contexts of the options given, each made once: to make one takes as long as most tests."""
    contexts: dict[str, Any] = {}

    def open_tab(**options: Any) -> Any:
        name = repr(sorted(options.items()))
        if name not in contexts:
            contexts[name] = browser.new_context(**options)
        return contexts[name].new_page()

    yield open_tab
    for context in contexts.values():
        context.close()
