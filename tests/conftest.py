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

WINDOW = {"width": 1280, "height": 800}
PLAIN = {"media": "screen", "color_scheme": "light", "reduced_motion": "no-preference"}


def pytest_collection() -> None:
    """Nothing that is collected is garbage: not to look for any saves a second in each worker."""
    gc.disable()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """The examples that are tested are the package's: to look for some in the tests takes a second in each worker."""
    collectors = yield
    return [collector for collector in collectors if type(collector) is pytest.Module]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs a browser is slow; what takes longest comes first, so that no worker is left alone with it.

    What needs a browser comes before what else is slow: the worker that begins with the slow tests has gone through
    all of it when others take some from its end, and nobody starts a second browser.
    """
    for item in items:
        if _needs_browser(item):
            item.add_marker("slow")
    items.sort(key=lambda item: (_seconds(item), _needs_browser(item)), reverse=True)


def _needs_browser(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())  # `tabs` have one


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


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the folder of a run without its pictures and its report: they take longer than the run."""
    monkeypatch.setattr("tinygrad_lab.lab.folder._pictures", lambda *_: ())


@pytest.fixture
def collect() -> Callable[[], int]:
    """Look for garbage among what is made from here on: to look at all that a worker holds by then takes a second."""
    gc.freeze()
    return gc.collect


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


class Tabs:
    """A browser's tabs, used again and again: to begin one, and a process for it, takes longer than most tests."""

    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context()
        self.spare: list[Any] = []
        self.offline = False

    def take(self, *, offline: bool = False, viewport: dict[str, int] = WINDOW, **media: str) -> Any:
        """Return a tab of this size; `media` are what Playwright's `emulate_media` takes."""
        tab = self.spare.pop() if self.spare else self.context.new_page()
        if offline != self.offline:
            self.context.set_offline(offline)
            self.offline = offline
        if tab.viewport_size != viewport:
            tab.set_viewport_size(viewport)
        tab.emulate_media(**PLAIN | media)
        return tab

    def give_back(self, tab: Any) -> None:
        """Leave nothing of the page in a tab, unless a test has closed it."""
        if not tab.is_closed():
            tab.evaluate("() => { try { localStorage.clear(); sessionStorage.clear(); } catch { /* it has none */ } }")
            tab.goto("about:blank")
            tab.mouse.move(0, 0)
            self.spare.append(tab)


@pytest.fixture(scope="session")
def all_tabs(browser: Any) -> Iterator[Tabs]:
    """Keep the tabs of a session."""
    tabs = Tabs(browser)
    yield tabs
    tabs.context.close()


@pytest.fixture
def tabs(all_tabs: Tabs) -> Iterator[Callable[..., Any]]:
    """Open tabs: of what size, in what theme, offline or not, and with what listening to their events."""
    taken: list[tuple[Any, dict[str, Callable[[Any], Any]]]] = []

    def open_tab(listeners: dict[str, Callable[[Any], Any]] | None = None, **options: Any) -> Any:
        taken.append((all_tabs.take(**options), listeners or {}))
        for event, listener in taken[-1][1].items():
            taken[-1][0].on(event, listener)
        return taken[-1][0]

    yield open_tab
    for tab, listeners in taken:
        for event, listener in listeners.items():
            tab.remove_listener(event, listener)
        all_tabs.give_back(tab)
