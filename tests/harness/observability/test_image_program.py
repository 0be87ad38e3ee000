"""A program out of a container image: with a real engine, and with stand-ins for docker that fail as it does."""

from __future__ import annotations

import io
import os
import secrets
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import MachineError
from harness.observability.image_program import program_of
from tests.support import docker

PROGRAM = "#!/bin/sh\necho version 1\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "runbook-gameday"


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """A docker that runs a shell script; returns the file in which each call is."""
    (folder / "docker").write_text(f'#!/bin/sh\necho "$@" >>"{folder}/calls"\n{script}\n', encoding="utf-8")
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.defpath}")
    return folder / "calls"


def giving(program: str) -> str:
    """A script that answers as docker does with an image that has this program."""
    return f"""case $1 in
create) echo 'Pulling from prom/prometheus' >&2; echo c0ffee;;
inspect) echo sha256:0123456789abcdef;;
cp) printf '%s' '{program}' >"$4"; chmod 755 "$4";;
esac"""


ABSENT = "echo 'Unable to find image' >&2; echo 'pull access denied' >&2; exit 1"
EMPTY = "[ $1 = cp ] && { echo 'Could not find the file' >&2; exit 1; }; echo c0ffee"


def test_a_program_is_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    calls = stand_in(tmp_path, monkeypatch, giving(PROGRAM))
    found = program_of("prom/prometheus:v2.55.1", "prometheus")
    assert found == program_of("prom/prometheus:v2.55.1", "prometheus") == cache / "prometheus-0123456789ab"
    assert subprocess.run([found], capture_output=True, text=True, check=True).stdout == "version 1\n"
    verbs = [line.split()[0] for line in calls.read_text().splitlines()]
    assert verbs == ["create", "inspect", "cp", "rm", "create", "inspect", "rm"]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (ABSENT, "docker create: pull access denied"),
        (EMPTY, "docker cp: Could not find the file"),
        (
            giving("#!/bin/sh\necho libc.so.6: not found >&2\nexit 127\n"),
            "not run on this machine: libc.so.6: not found",
        ),
        (giving("#!/no/such/interpreter\n"), "not run on this machine: .Errno 2"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, script: str, why: str
) -> None:
    calls = stand_in(tmp_path, monkeypatch, script)
    with pytest.raises(MachineError, match=f"^--prometheus-image x:1: .*{why}.*; name an image that is here or can be"):
        program_of("x:1", "prometheus")
    assert not list(cache.glob("*")), "nothing that does not run is kept"
    assert calls.read_text().splitlines()[-1].split()[0] in ("create", "rm"), "no container is left"


def test_docker_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        MachineError, match="no `docker` is on PATH; install it, or name a program by --prometheus FILE"
    ):
        program_of("x:1", "prometheus")


@pytest.fixture
def image() -> Iterator[str]:
    """An image of one small program."""
    if why := docker.missing():
        pytest.skip(why)
    name, content = f"gameday-test-program:{secrets.token_hex(4)}", PROGRAM.encode()
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        member = tarfile.TarInfo("bin/prometheus")
        member.size, member.mode = len(content), 0o755
        archive.addfile(member, io.BytesIO(content))
    subprocess.run(["docker", "import", "-", name], input=layer.getvalue(), capture_output=True, check=True)
    yield name
    subprocess.run(["docker", "rmi", name], capture_output=True, check=True)


@pytest.mark.slow
def test_an_engine_gives_the_program_of_an_image(image: str) -> None:
    found = program_of(image, "prometheus")
    assert found.read_text() == PROGRAM
    made = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", f"ancestor={image}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == ""
    with pytest.raises(MachineError, match="localhost:1/absent:1: docker create: "):
        program_of("localhost:1/absent:1", "prometheus")
