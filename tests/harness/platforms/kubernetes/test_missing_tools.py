"""Errors for missing tools, extras and contexts, before anything is changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gameday import clean_environment, gameday
from tests.support.paths import RUNBOOK

WITHOUT = "import sys; sys.modules['kubernetes'] = None; from harness.cli.main import main; main(sys.argv[1:])"


def test_missing_extra_is_named(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", WITHOUT, "run", str(RUNBOOK), "--platform", "kind"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'runbook-gameday[kind]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_all_missing_programs_are_named_together(tmp_path: Path) -> None:
    pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")
    done = gameday("run", RUNBOOK, "--platform", "kind", cwd=tmp_path, env=clean_environment(str(tmp_path)))
    assert done.returncode == 2
    for name in ("docker (https://", "kind (https://", "kubectl (https://", "--platform local"):
        assert name in done.stderr


def test_platform_kubernetes_requires_a_context(tmp_path: Path) -> None:
    pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")
    done = gameday("run", RUNBOOK, "--platform", "kubernetes", cwd=tmp_path)
    assert (done.returncode, "--context" in done.stderr) == (2, True)
    done = gameday("run", RUNBOOK, "--platform", "kind", "--context", "prod", cwd=tmp_path)
    assert (done.returncode, "--context has no effect with --platform kind" in done.stderr) == (2, True)


def test_current_context_is_never_a_default(tmp_path: Path) -> None:
    pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")
    (tmp_path / "runs" / "platform").mkdir(parents=True)
    done = gameday("down", "--platform", "kubernetes", cwd=tmp_path)
    assert (done.returncode, "name it by --context" in done.stderr) == (2, True)
