"""Errors as people write them are found, each by a test with three times the usual number of examples."""

import pytest

from tests.testing.adversary import calls
from tests.testing.errors_planted import PLANTED
from tinygrad_lab.errors import GradientError
from tinygrad_lab.testing.decorated import Options
from tinygrad_lab.testing.examples import run
from tinygrad_lab.testing.profiles import Profile, running

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_found(name):
    make, drawn = PLANTED[name]
    with running(Profile(75, shrink=False)), pytest.raises((GradientError, ValueError)):
        run(name, calls(make(), drawn), options=Options(seed=1))
