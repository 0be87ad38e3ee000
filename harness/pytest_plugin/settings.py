"""The settings of the plugin: command line first, then the configuration file."""

from __future__ import annotations

import pytest

from harness.app import PlatformChoice


def platform_of(config: pytest.Config) -> PlatformChoice:
    """The platform of the drills."""
    return PlatformChoice(config.getoption("--gameday-platform") or config.getini("gameday_platform"))


def parallel_of(config: pytest.Config) -> int:
    """How many drills may run at a time. Raises pytest.UsageError for what is no such number."""
    text = str(config.getini("gameday_parallel"))
    if not text.isdecimal() or int(text) < 1:
        raise pytest.UsageError(f"gameday_parallel = {text}: give a number of drills, 1 or more")
    return int(text)
