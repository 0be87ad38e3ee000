"""Forwarding of a pod's port, with a stand-in for kubectl."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import PlatformError
from harness.platforms.kubernetes.forward import Forward
from tests.support.waiting import wait_until


def forward(tmp_path: Path, script: str) -> Forward:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    kubectl.chmod(0o755)
    return Forward("web-1", 8081, {"PATH": f"{tmp_path}:{os.defpath}"}, tmp_path)


def test_forwarding_lasts_until_it_is_closed(tmp_path: Path) -> None:
    open_ = forward(tmp_path, "echo 'Forwarding from 127.0.0.1:1234 -> 8081'; exec sleep 60")
    assert (open_.url, open_.ended) == ("http://127.0.0.1:1234", False)
    open_.close()
    assert open_.ended


def test_forwarding_that_kubectl_ends_is_ended(tmp_path: Path) -> None:
    lost = forward(tmp_path, "echo 'Forwarding from 127.0.0.1:1234 -> 8081'; echo 'error: lost connection to pod' >&2")
    wait_until(lambda: lost.ended)
    lost.close()


def test_forwarding_that_cannot_start_names_pod_port_and_reason(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"pod web-1: port 8081: .*pods \"web-1\" not found"):
        forward(tmp_path, "echo 'Error from server: pods \"web-1\" not found' >&2; exit 1")
