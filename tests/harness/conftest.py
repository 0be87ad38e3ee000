"""Hypothesis profiles: the same examples in every run, or random ones with HYPOTHESIS_PROFILE=explore."""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, max_examples=50, deadline=None, database=None)
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
