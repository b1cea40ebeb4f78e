"""Going through the examples of a strategy, for scripts that count: the same for the same seed."""

from __future__ import annotations

import hypothesis


def visited(strategy, examples, seed, visit):
    """Call `visit` on so many examples of a strategy."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def every(example):
        visit(example)

    every()
