"""The docker platform without an engine: its ledger, the daemon's arguments, and errors for what is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.app.members import PLATFORMS
from harness.cluster.runtimes.container import recovery
from harness.cluster.runtimes.container.ledger import LEDGER, new_token, started, tokens
from harness.errors import MachineError
from harness.platforms.base import PlatformOptions
from harness.platforms.docker import provider
from harness.platforms.docker.platform import DockerPlatform, Images
from harness.platforms.docker.provider import DockerProvider


def test_ledger_records_new_tokens_and_ignores_a_line_that_was_cut_off(tmp_path: Path) -> None:
    assert tokens(tmp_path) == []
    first, second = new_token(tmp_path), new_token(tmp_path)
    assert first != second
    with (tmp_path / LEDGER).open("a") as file:
        file.write('{"platform": "abc')
    assert tokens(tmp_path) == [first, second]


def test_containers_of_all_platforms_in_a_run_directory_are_those_in_their_ledgers(tmp_path: Path) -> None:
    for side, ids in (("treatment", ("a1", "a2")), ("control", ("b1",))):
        folder = tmp_path / "drills" / "WEB" / side / "platform"
        folder.mkdir(parents=True)
        new_token(folder)
        for each in ids:
            started(folder, each)
    assert DockerProvider(PlatformOptions()).containers(tmp_path) == {"a1", "a2", "b1"}
    assert len(tokens(tmp_path / "drills" / "WEB" / "treatment" / "platform")) == 1


def test_command_line_and_recovery_import_no_extra(tmp_path: Path) -> None:
    """What every user imports must not import testcontainers or docker."""
    code = (
        "import sys; from pathlib import Path; import harness.cli; from harness.app.members import all_providers;"
        "[each.recover(Path(sys.argv[1])) for each in all_providers(print)];"
        "print(*(name for name in ('testcontainers', 'docker', 'requests') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_check_names_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "find_spec", lambda _: None)
    with pytest.raises(
        MachineError, match=r"testcontainers is not installed; install it: pip install 'runbook-gameday\[docker\]'"
    ):
        DockerProvider(PlatformOptions()).check()


def test_missing_engine_is_reported_with_the_next_action(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("testcontainers", reason="the extra [docker] is not installed")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(MachineError, match=r"docker: no engine answers: .*DOCKER_HOST, or use --platform local"):
        DockerProvider(PlatformOptions()).check()
    assert recovery.recover(tmp_path) == []
    new_token(tmp_path)
    with pytest.raises(MachineError, match="no engine answers"):  # containers may be left: success would be false
        recovery.recover(tmp_path)
    DockerPlatform(tmp_path, detach=True).down()  # within a drill it must not raise
    with pytest.raises(MachineError, match="no engine answers"):
        DockerProvider(PlatformOptions()).destroy(tmp_path)


def test_session_announces_what_an_unreachable_engine_still_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("testcontainers", reason="the extra [docker] is not installed")
    monkeypatch.setattr(DockerProvider, "_prepare", lambda self, say: None)
    output: list[str] = []
    with DockerProvider(PlatformOptions()).session(tmp_path, output.append):
        (tmp_path / "treatment").mkdir()
        new_token(tmp_path / "treatment")
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    assert re.search(rf"no engine answers.*`gameday recover {tmp_path}` removes the rest", *output)


def test_provider_has_the_options_base_image_and_compose() -> None:
    assert DockerProvider.options == {"base_image", "compose"}
    assert PLATFORMS.load("docker") is DockerProvider


def test_daemon_gets_the_images_and_the_variables_of_testcontainers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    monkeypatch.setenv("A_SECRET", "x")
    monkeypatch.delenv("TESTCONTAINERS_CONNECTION_MODE", raising=False)
    platform = DockerPlatform(tmp_path, images=Images("fakes:1", "postgres:2"))
    assert list(platform.arguments()) == [
        "--image", "fakes:1", "--postgres-image", "postgres:2", "--proxy-image", "fakes:1",
    ]  # fmt: skip
    environment = platform.environment()
    assert environment["TESTCONTAINERS_RYUK_DISABLED"] == "true"
    assert environment["TESTCONTAINERS_CONNECTION_MODE"] == "docker_host"
    assert "A_SECRET" not in environment


def test_image_name_depends_on_context_and_build_arguments() -> None:
    images = pytest.importorskip("harness.platforms.docker.images", reason="the extra [docker] is not installed")
    name = images.image_name("gameday-fakes", b"context", {"BASE": "debian:13"})
    assert re.fullmatch(r"gameday-fakes:[0-9a-f]{12}", name)
    assert images.image_name("gameday-fakes", b"context", {"BASE": "debian:13"}) == name
    assert images.image_name("gameday-fakes", b"context", {"BASE": "debian:12"}) != name
    assert images.image_name("gameday-fakes", b"another", {"BASE": "debian:13"}) != name
