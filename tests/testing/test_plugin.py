"""The plugin in a pytest run of its own."""

import pytest

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


@pytest.fixture
def project(pytester, request):
    """Run pytest on a file; with the plugin, whether the package is installed or only on the path."""

    def run(factor, examples, *options):
        pytester.makepyfile(FILE.format(factor=factor, examples=examples))
        installed = request.config.pluginmanager.get_plugin("tinygrad_lab") is not None
        plugin = () if installed else ("-p", "tinygrad_lab.testing.plugin")
        return pytester.runpytest_subprocess(*plugin, "-p", "no:cacheprovider", *options)

    return run


def test_a_profile_says_how_many_examples_there_are(project):
    project(1, 8, "--gradient-profile", "fast").assert_outcomes(passed=2)


def test_the_marker_selects_gradient_tests(project):
    project(1, 25, "-m", "gradient", "--strict-markers").assert_outcomes(passed=1, deselected=1)


def test_a_failure_needs_no_traceback(project):
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
        ['testing: hypothesis must be installed, got *run: pip install "tinygrad-lab?testing?"']
    )
