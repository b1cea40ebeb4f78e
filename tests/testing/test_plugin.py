"""The plugin in a pytest run of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import tinygrad_lab.testing
from tinygrad_lab.testing import profiles

pytestmark = pytest.mark.slow  # each runs a pytest of its own
pytest_plugins = ["pytester"]

FILE = """
import numpy as np, tinygrad_lab as tl
from tinygrad_lab.testing import gradient_test, profiles

@tl.primitive(lambda g, y, x: g * np.cos(x) * {factor}, elementwise=True)
def sine(x):
    return np.sin(x)

@gradient_test
def test_sine(x):
    return sine(x)

def test_another():
    assert profiles.active().examples == {examples}
"""


ENTRY = Path(tinygrad_lab.testing.__file__).parent / "entry"


@pytest.fixture
def project(pytester, request, monkeypatch):
    """Run pytest on a file; with the plugin as it is here, whether the package is installed or only on the path."""
    monkeypatch.setenv("PYTHONPATH", str(ENTRY), prepend=os.pathsep)

    def run(factor, examples, *options):
        pytester.makepyfile(FILE.format(factor=factor, examples=examples))
        installed = request.config.pluginmanager.get_plugin("tinygrad_lab") is not None
        plugin = () if installed else ("-p", "pytest_tinygrad_lab")
        return pytester.runpytest_subprocess(*plugin, "-p", "no:cacheprovider", "-p", "no:zarr", *options)

    return run


def test_profiles_are_those_of_the_package():
    from pytest_tinygrad_lab import PROFILES

    assert {name: profile.examples for name, profile in profiles.PROFILES.items()} == PROFILES


def test_unused_it_imports_neither_the_package_nor_numpy():
    watched = ("tinygrad_lab", "numpy", "hypothesis")
    code = f"import pytest_tinygrad_lab, sys; print([m for m in {watched} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_failure_needs_no_traceback_and_stands_in_githubs_table(project, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    result = project(1.5, 25)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "GradientError: test_sine, gradient of argument 0: off by a factor*",
            "*reproduce: import numpy as np; *",
            "*check_gradients(test_sine.function, *",
        ]
    )
    result.stdout.no_fnmatch_line("*examples.py:*")
    assert "Traceback" not in result.stdout.str()
    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert re.search(
        r"\| ❌ \| `.*::test_sine` \| \d+ \| \d+ of \d+ \| test_sine, gradient of argument 0: off by", text
    )
    assert "check_gradients(test_sine.function" in text


def test_a_profile_says_how_many_examples_there_are_in_the_table_and_in_junit_files(project, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    project(1, 8, "--gradient-profile", "fast", f"--junitxml={tmp_path / 'junit.xml'}").assert_outcomes(passed=2)
    assert re.search(r"\| ✅ \| `.*::test_sine` \| 8 \|", (tmp_path / "summary.md").read_text(encoding="utf-8"))
    cases = {case.get("name"): case for case in ElementTree.parse(tmp_path / "junit.xml").iter("testcase")}
    found = {p.get("name"): p.get("value") for p in cases["test_sine"].iter("property")}
    assert found["gradient_examples"] == "8"
    assert int(found["gradient_elements"]) > 0
    assert not list(cases["test_another"].iter("property"))


def test_a_traceback_is_shown_on_demand(project):
    project(1.5, 25, "--tb=long").stdout.fnmatch_lines(["*check_gradients(*"])


def test_without_hypothesis_the_error_names_the_extra(pytester):
    pytester.makepyfile(
        """
        import sys
        sys.modules["hypothesis"] = None
        import tinygrad_lab.testing as testing
        testing.check_gradients(abs, 1.0)
        try:
            testing.gradient_test
        except ImportError as error:
            print(error)
        """
    )
    result = pytester.runpython(pytester.path / "test_without_hypothesis_the_error_names_the_extra.py")
    result.stdout.fnmatch_lines(
        ['testing: needs hypothesis, which cannot be imported*run: pip install "tinygrad-lab?testing?"']
    )


OTHERS = """
import unittest
import numpy as np, pytest
from hypothesis import settings
from tinygrad_lab.testing import adapters, gradient_test

@pytest.mark.parametrize("power", [2, 3])
@settings(max_examples=3)
@gradient_test
def test_power(x, power):
    assert power in (2, 3)
    return x**power

class TestUnittest(unittest.TestCase):
    @gradient_test
    def test_case(self, x):
        return sine(x)

@gradient_test
def test_broken(x):
    return x.no_such_thing
"""


def test_parametrize_settings_above_unittest_tracebacks_and_the_marker(project, pytester, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    pytester.makepyfile(test_others=OTHERS + FILE.format(factor=1.5, examples=25))
    marked = ("-m", "gradient", "--strict-markers")
    result = project(1, 25, "test_others.py", "-k", "power or case or broken or another", *marked)
    result.assert_outcomes(passed=2, failed=2, deselected=2)  # `test_sine` by its name, `test_another` by the marker
    text = result.stdout.str()
    assert "GradientError: test_case, gradient of argument 0: off by a factor of 1.5" in text
    assert ">       return x.no_such_thing" in text
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert re.search(r"\| ❌ \| `.*test_broken` \| .* \| AttributeError: .*no_such_thing", summary)
    assert "tinygrad_lab/testing" not in text
