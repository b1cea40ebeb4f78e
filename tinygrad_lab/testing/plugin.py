"""The pytest plugin's old place: `-p tinygrad_lab.testing.plugin` where the package is on the path, not installed."""

from pytest_tinygrad_lab import (
    pytest_addoption,
    pytest_configure,
    pytest_itemcollected,
    pytest_runtest_makereport,
)

__all__ = ["pytest_addoption", "pytest_configure", "pytest_itemcollected", "pytest_runtest_makereport"]
