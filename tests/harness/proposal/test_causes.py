"""Kinds of faults that the words of a runbook suggest."""

from __future__ import annotations

import pytest

from harness.proposal.causes import likely

KINDS = (
    "blackhole",
    "cpu-pressure",
    "dns-failure",
    "full-disk",
    "latency",
    "memory-limit",
    "pod-kill",
    "scale-to-zero",
    "stop",
)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("KubePodCrashLooping", ("pod-kill",)),
        ("CACHE_DOWN The cache does not answer", ("scale-to-zero", "blackhole")),
        ("Checkout is slow", ("latency", "cpu-pressure")),
        ("ContainerOOMKilled", ("pod-kill", "memory-limit")),
        ("NodeDiskFull: no space left on device", ("full-disk",)),
        ("CoreDNSDown: names are not resolved", ("dns-failure", "scale-to-zero", "blackhole")),
        ("Workers are stuck", ("stop", "blackhole")),
        ("Certificate expires soon", ()),
        ("Downtime notice for Kafka topics", ()),
    ],
)
def test_words_suggest_kinds(text: str, kinds: tuple[str, ...]) -> None:
    assert likely(text, KINDS) == kinds


def test_only_kinds_that_there_are_can_be_suggested() -> None:
    assert likely("The cache is down", ["pod-kill"]) == ()
