"""Hypothesis profiles: `ci`, the same examples on every run; `--hypothesis-profile dev` draws new ones."""

import os

import pytest
from hypothesis import settings

# Workers inherit this. Several of them with as many BLAS threads as there are processors each wait for one another:
# some tests took a hundred times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=60)
settings.register_profile("dev", deadline=None, max_examples=60)
settings.load_profile("ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs a browser is slow."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")
