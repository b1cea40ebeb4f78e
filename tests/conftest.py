"""Hypothesis profiles: `ci`, the same examples on every run; `--hypothesis-profile dev` draws new ones."""

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=60)
settings.register_profile("dev", deadline=None, max_examples=60)
settings.load_profile("ci")
