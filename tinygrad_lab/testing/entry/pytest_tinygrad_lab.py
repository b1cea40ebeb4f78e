"""The pytest plugin: `--gradient-profile`, the marker `gradient`, and reports for people and for machines.

    pytest --gradient-profile fast       # while writing
    pytest --gradient-profile thorough   # before a release
    pytest -m gradient                   # gradient tests only

A failing gradient test shows its report in place of a traceback. Where GitHub wants a summary (`GITHUB_STEP_SUMMARY`),
it gets a table; JUnit files (`--junitxml`) have properties for each gradient test.

pytest loads this in every run of every project, so that it stands outside of the package, and imports it only when
something of it is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

PROFILES = {"fast": 8, "default": 25, "thorough": 200}  # as in tinygrad_lab.testing.profiles
PROPERTIES = ("gradient_examples", "gradient_elements", "gradient_undecided", "gradient_error")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses a profile."""
    parser.getgroup("tinygrad_lab").addoption(
        "--gradient-profile",
        choices=list(PROFILES),
        default="default",
        help="how many examples each gradient test draws: "
        + ", ".join(f"{name} {examples}" for name, examples in PROFILES.items()),
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker and take the profile into use."""
    config.addinivalue_line("markers", "gradient: a test of a gradient, made by tinygrad_lab.testing.gradient_test")
    if config.getoption("--gradient-profile") != "default":
        from tinygrad_lab.testing import profiles

        profiles.choose(config.getoption("--gradient-profile"))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and not hasattr(config, "workerinput"):  # workers of pytest-xdist report to the one that writes
        config.pluginmanager.register(Summary(Path(summary)), "tinygrad_lab_summary")


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> None:
    """Let a gradient test take what `parametrize` gives as a parameter, which is no array then."""
    if getattr(obj, "is_gradient_test", False):
        marks = [*getattr(obj, "pytestmark", ()), *collector.iter_markers("parametrize")]
        names = [mark.args[0] for mark in marks if mark.name == "parametrize" and mark.args]
        obj.fill([one.strip() for found in names for one in (found.split(",") if isinstance(found, str) else found)])  # type: ignore[attr-defined]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that `gradient_test` made, and let them have what Hypothesis' decorators say."""
    function: Any = getattr(item, "function", None)
    if getattr(function, "is_gradient_test", False):
        function.adopt()
        item.add_marker("gradient")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """Note what a gradient test looked at, and let it fail with its report and Hypothesis' example alone.

    Of errors in somebody's own code the traceback has the lines of that code alone.
    """
    function: Any = getattr(item, "function", None)
    ours, short = getattr(function, "is_gradient_test", False), item.config.getoption("tbstyle") == "auto"
    if ours and short and call.excinfo is not None:
        own = call.excinfo.traceback.filter(_is_own)
        call.excinfo.traceback = own or call.excinfo.traceback
    outcome = yield
    report, error = (
        outcome.get_result(),
        call.excinfo.value if call.excinfo is not None else None,
    )  # now of unittest too
    wrong = _is_gradient_error(error)
    if call.when == "call" and ours:
        said = str(error).partition("\n")[0] if wrong or report.failed else ""
        seen = (*function.seen, said if wrong or not said else f"{type(error).__name__}: {said}")
        item.user_properties += [(name, value) for name, value in zip(PROPERTIES, seen, strict=True) if value != ""]
        report.user_properties = list(item.user_properties)  # JUnit files take those of the item
    if wrong and report.failed and short:
        notes = getattr(error, "__notes__", [])
        report.longrepr = "\n".join([f"{type(error).__name__}: {error}", *notes])


def _is_own(entry: Any) -> bool:
    """Whether a line of a traceback is neither this package's nor Hypothesis'."""
    homes = [
        Path(sys.modules[name].__file__ or "").parent for name in ("tinygrad_lab", "hypothesis") if name in sys.modules
    ]
    return not any(home in Path(str(entry.path)).parents for home in homes)


def _is_gradient_error(error: BaseException | None) -> bool:
    errors = sys.modules.get("tinygrad_lab.errors")
    return errors is not None and isinstance(error, errors.GradientError)


class Summary:
    """Writes what became of the gradient tests of a run as a table in Markdown, for GitHub's page of a job.

    Arguments:
        path: the file to append to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[str] = []
        self.texts: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a row for a gradient test, and the text of a failure."""
        found: Any = dict(report.user_properties)
        if report.when != "call" or PROPERTIES[0] not in found:
            return
        examples, elements, undecided = (int(found[name]) for name in PROPERTIES[:3])
        mark = {"passed": "✅", "failed": "❌"}.get(report.outcome, "➖")
        said = _cell(str(found.get(PROPERTIES[3], "")))
        decided = f"{elements - undecided} of {elements}"
        self.rows.append(f"| {mark} | `{_cell(report.nodeid)}` | {examples} | {decided} | {said} |")
        if report.failed:
            self.texts.append(
                f"<details><summary>{report.nodeid}</summary>\n\n```text\n{report.longreprtext}\n```\n\n</details>"
            )

    def pytest_sessionfinish(self) -> None:
        """Append the table, if there were any gradient tests."""
        if not self.rows:
            return
        head = ["### Gradient tests", "", "| | test | examples | elements decided | wrong |", "|---|---|---:|---:|---|"]
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n".join([*head, *self.rows, "", *self.texts]) + "\n")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
