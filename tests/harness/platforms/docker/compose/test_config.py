"""What compose makes of a file, with a stand-in for the docker command: its output, its messages, its absence."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bindings import ComposeProject, ComposeService
from harness.errors import BindingError, MachineError

config = pytest.importorskip("harness.platforms.docker.compose.config", reason="the extra [docker] is not installed")

DOCKER = """\
#!/bin/sh
echo "$PWD: $*" >>{log}
case " $* " in
*" version "*) {version} ;;
*" config "*) {config} ;;
*" build "*) {build} ;;
esac
"""


def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **answers: str) -> ComposeProject:
    """A project with the service `web`, and a docker command that runs these scripts."""
    script = DOCKER.format(log=tmp_path / "log", **{"version": "true", "config": "true", "build": "true", **answers})
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(script)
    (tmp_path / "bin" / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    web = ComposeService("web", "image x", place="c.yaml:2:3", places={"build": "c.yaml:3:4"})
    return ComposeProject(tmp_path / "c.yaml", {"web": web}, place="gameday.yaml:2:10")


def test_resolved_file_has_single_dollars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = project(tmp_path, monkeypatch, config="""printf '%s' '{"services": {"web": {"command": ["$$HOME"]}}}'""")
    tree = config.resolved(found)
    assert tree.plain() == {"services": {"web": {"command": ["$HOME"]}}}
    assert tree.place == "gameday.yaml:2:10"
    assert (tmp_path / "log").read_text().split("\n")[1] == f"{tmp_path}: compose -f c.yaml config --format json"


def test_message_of_compose_has_the_place_of_the_service_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = project(tmp_path, monkeypatch, config="echo 'services.web Additional property x' >&2; exit 15")
    with pytest.raises(BindingError) as refused:
        config.resolved(found)
    assert str(refused.value) == "c.yaml:2:3: docker compose config: services.web Additional property x"


@pytest.mark.parametrize("version", ["echo 'unknown command: docker compose' >&2; exit 1", "exit 1"])
def test_missing_plugin_is_named_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    found = project(tmp_path, monkeypatch, version=version)
    with pytest.raises(MachineError, match=r"^gameday.yaml:2:10: compose: the compose plugin .* does not run \(.+\);"):
        config.resolved(found)


def test_build_that_fails_shows_the_end_of_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = "seq 30; echo '#5 [web 2/2] RUN make'; echo 'make: *** Error' >&2; exit 17"
    announced: list[str] = []
    with pytest.raises(BindingError) as refused:
        config.build(project(tmp_path, monkeypatch, build=build), "web", announced.append)
    first, *rest = str(refused.value).split("\n")
    assert first == "c.yaml:3:4: services.web.build: docker compose build fails; its last lines:"
    assert (rest[0], rest[-1], len(rest)) == ("  18", "  make: *** Error", config.SHOWN_LINES)
    assert announced == ["  #5 [web 2/2] RUN make"]
