"""Whatever report a test provokes, its reproduction is run as it is printed."""

import numpy as np
import pytest

from tinygrad_lab.errors import GradientError


@pytest.fixture(autouse=True)
def _reproductions_run(request, monkeypatch):
    """Run the reproduction of the last report, and demand that it fails with what the report says first."""
    reports: list[str] = []
    make = GradientError.__init__

    def made(self, *args, **kwargs):
        make(self, *args, **kwargs)
        if "reproduce: " in str(self):
            reports[:] = [str(self)]

    monkeypatch.setattr(GradientError, "__init__", made)
    yield
    monkeypatch.undo()
    if any(words in "".join(reports) for words in ("of <string>", "adapters.cupy")):  # of a reproduction; a stand-in
        return
    if not reports or request.module.__name__.endswith("test_mutants"):  # which are planted for the time of a test
        return
    # Classes and rules given in functions of tests cannot be written down.
    elsewhere = request.module.__name__.endswith(("_jax", "_torch")) or "adapters.torch" in reports[0]
    if elsewhere and any(words in reports[0] for words in ("# fn is", "# an argument cannot")):
        return
    if "another each time" in reports[0]:
        return  # and so may be right the next time
    first, statements = reports[0].splitlines()[0], reports[0].partition("reproduce: ")[2].replace("\n    ", "\n")
    assert "# fn is" not in statements, f"cannot be run: {statements}"
    with np.errstate(all="ignore"), pytest.raises(GradientError) as caught:
        exec(statements, {"__name__": "reproduction"})
    place = first.partition(":")[0]  # with one cotangent alone the pattern may have another name
    assert str(caught.value).partition(":")[0] == place, statements
