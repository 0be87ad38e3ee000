"""Volumes of pods that are processes: with and without a user namespace, and on a machine that allows neither."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.cluster.runtimes.process import volumes
from harness.errors import PlatformError

AS_ROOT = "if LIBC.unshare(CLONE_NEWNS):"
AS_USER = "checked(LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNS),"


def use_script(folder: Path, monkeypatch: pytest.MonkeyPatch, *changes: tuple[str, str]) -> None:
    """Let volumes be made by a changed script."""
    text = Path(volumes.MOUNT[-1]).read_text()
    for right, wrong in changes:
        assert right in text
        text = text.replace(right, wrong)
    (folder / "script.py").write_text(text)
    monkeypatch.setattr(volumes, "MOUNT", (sys.executable, "-IS", str(folder / "script.py")))


@pytest.fixture(params=["as the user may", "in a user namespace"])
def volume(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[volumes.Volume]:
    """A volume of 64 KiB at the folder `volume`."""
    if request.param == "in a user namespace":
        use_script(tmp_path, monkeypatch, (AS_ROOT, "if True:"))
    (tmp_path / "volume").mkdir()
    with closing(volumes.make(65536, tmp_path / "volume", {})) as made:
        yield made


def run(volume: volumes.Volume, folder: Path, text: str) -> tuple[int, str]:
    argv = [*volume.entering, "sh", "-c", text]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, cwd=folder)
    return done.returncode, f"{done.stdout}{done.stderr}"


def test_volume_keeps_what_is_written_and_only_those_who_enter_see_it(volume: volumes.Volume, tmp_path: Path) -> None:
    assert run(volume, tmp_path, "echo kept > volume/file; exit 3") == (3, "")
    assert run(volume, tmp_path, "cat volume/file") == (0, "kept\n")
    assert list((tmp_path / "volume").iterdir()) == []


def test_volume_has_its_size(volume: volumes.Volume, tmp_path: Path) -> None:
    assert run(volume, tmp_path, "head -c 65536 /dev/zero > volume/file; stat -c %s volume/file") == (0, "65536\n")
    status, said = run(volume, tmp_path, "head -c 1 /dev/zero >> volume/file")
    assert status != 0
    assert "No space left on device" in said


def test_machine_that_forbids_mounts_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert volumes.missing() == ""
    use_script(tmp_path, monkeypatch, (AS_ROOT, "if True:"), (AS_USER, "checked(1,"))
    assert volumes.missing().startswith("a volume cannot be made on this machine: user namespaces are not allowed: ")
    with pytest.raises(PlatformError, match="user namespaces are not allowed"):
        volumes.make(65536, tmp_path, {})
