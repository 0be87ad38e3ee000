"""A compose project as a docker platform, on a real engine with the compose plugin: its services, and its failures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from harness.bindings import load
from harness.cluster.runtimes.container.ledger import PLATFORM, tokens
from harness.errors import BindingError, MachineError, StartError
from harness.http import call
from harness.machine.platform_state import CommandResult
from harness.platforms.base import PlatformOptions
from harness.platforms.docker.platform import DockerPlatform
from harness.platforms.docker.provider import DockerProvider
from tests.support import composed_service
from tests.support.docker import missing_for_compose, parts
from tests.support.gameday import gameday
from tests.support.slo import changed
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
NS = ("-n", "production")
LIMIT_S = 150.0
"""For what takes seconds on an idle machine."""
DOCKERFILE = """\
ARG BASE=python:3.13-slim-trixie
FROM ${BASE}
COPY composed_service.py /srv/
WORKDIR /srv
STOPSIGNAL SIGTERM
ENTRYPOINT ["python3", "composed_service.py"]
CMD ["9999"]
EXPOSE 9999
"""
COMPOSE = """\
name: gameday-test-project
x-build: &image {build: {context: ., args: {BASE: "${GAMEDAY_BASE_IMAGE:-python:3.13-slim-trixie}"}}}
services:
  store:
    <<: *image
    command: ["7000"]
    expose: ["7000"]
    environment: {COST: "5$$"}
    healthcheck: {test: "test -d /data", interval: 3s}
    volumes: ["numbers:/data", "./conf:/etc/conf:ro"]
    tmpfs: [/scratch]
    networks: {default: {aliases: [numbers]}}
    mem_limit: 256m
  web:
    <<: *image
    command: ["80"]
    ports: ["80"]
    environment: {UPSTREAM: "http://numbers:7000"}
    healthcheck: {test: [CMD, curl, -fsS, "http://localhost/healthz"], interval: 3s, retries: 2}
    depends_on: {store: {condition: service_healthy}}
    deploy: {replicas: 2}
    restart: always
  worker:
    <<: *image
    entrypoint: ["sh", "-c"]
    command: ["echo working for $$HOSTNAME; exec sleep 1000"]
    user: "10001"
    init: true
    stop_signal: SIGKILL
volumes: {numbers: {}}
"""
BINDINGS = "version: 1\ncompose: {file: compose.yaml, services: {worker: {port: none}}}\n"


def written(folder: Path, *changes: tuple[str, str], bindings: str = BINDINGS) -> None:
    """Write the files of the project; skips the test where it cannot run."""
    if fact := missing_for_compose():
        pytest.skip(fact)
    (folder / "conf").mkdir(parents=True)
    (folder / "conf" / "setting").write_text("blue\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    shutil.copy(composed_service.__file__, folder)
    (folder / "compose.yaml").write_text(changed(COMPOSE, *changes))
    (folder / "gameday.yaml").write_text(bindings)


def provider(folder: Path, *changes: tuple[str, str]) -> DockerProvider:
    """A provider of the project, which has checked it; skips the test where it cannot run."""
    written(folder, *changes)
    made = DockerProvider(PlatformOptions(compose=load(folder / "gameday.yaml").compose))
    made.check()
    return made


RUNBOOK = """\
# Operations

### STORE_AWAY: Numbers are not counted

**Symptoms:**

- Requests fail

**Commands:**

```bash
kubectl scale deployment/store --replicas=1 -n production
kubectl rollout status deployment/store -n production --timeout=120s
kubectl exec deployment/web -n production -- curl -fsS http://numbers:7000/healthz
```
"""
DRILL = """\
version: 1
compose: {file: compose.yaml, services: {worker: {port: none}}}
loads:
  counts: {rate: 5, requests: [GET /up/healthz]}
slos:
  numbers are counted: error_rate(counts) < 20%
faults:
  no store: [{at: store, fault: scale-to-zero}]
runbooks:
  STORE_AWAY:
    {scenario: counts, service: web, series: counts, fault: no store, slos: [numbers are counted],
     symptoms: [{contains: fail, is: error_rate(counts) > 50%}]}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerProvider]:
    folder = tmp_path_factory.mktemp("project")
    made = provider(folder)
    with made.session(folder, print):
        yield made


@pytest.fixture(scope="module")
def platform(project: DockerProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerPlatform]:
    made = project.create(tmp_path_factory.mktemp("docker"), "treatment", {})
    try:
        made.up()
        yield made
    finally:
        made.down()
        assert left(made.folder) == []


def left(folder: Path) -> list[str]:
    """The containers, networks and volumes of the platforms in a folder."""
    from harness.cluster.runtimes.container.engine import client

    engine, found = client(), list[str]()
    for token in tokens(folder):
        wanted = {"label": f"{PLATFORM}={token}"}
        found += [each.name for each in engine.volumes.list(filters=wanted)]
    return [*found, *parts(folder)]


def kubectl(platform: DockerPlatform, line: str) -> CommandResult:
    verb, *rest = line.split()
    return platform.kubectl(verb, *NS, *rest, timeout_s=LIMIT_S)


def get(platform: DockerPlatform, path: str, service: str = "web") -> str:
    answer = call("GET", platform.url(service) + path, timeout_s=5)
    return answer.body if answer.status == 200 else f"{answer.status} {answer.error}"


def inspected(platform: DockerPlatform, deployment: str) -> Mapping[str, object]:
    from harness.cluster.runtimes.container.engine import client

    (pod,) = platform.state()[deployment].pods
    found: Mapping[str, object] = client().containers.get(parts(platform.folder)[f"pod {pod}"]).attrs
    return found


def test_each_service_is_a_deployment_with_the_replicas_of_the_file(platform: DockerPlatform) -> None:
    assert {name: state.ready for name, state in platform.state().items()} == {"store": 1, "web": 2, "worker": 1}
    assert dict(platform.services()) == {"store": [7000], "web": [80]}
    assert {"database", "service postgres"}.isdisjoint(parts(platform.folder))


def test_names_and_aliases_lead_to_the_services_as_in_compose(platform: DockerPlatform) -> None:
    assert get(platform, "/up/healthz") == "well"
    shown = json.loads(get(platform, "/up/env"))
    assert shown["COST"] == "5$"
    assert not {"ADMIN_PORT", "PORT", "POD_NAME"} & shown.keys(), "the variables are those of the file"
    inside = kubectl(platform, "exec deployment/web -- curl -s http://store:7000/healthz")
    assert (inside.status, inside.stdout) == (0, "well")


def test_containers_have_the_options_of_the_file(platform: DockerPlatform) -> None:
    store, worker = inspected(platform, "store"), inspected(platform, "worker")
    assert store["HostConfig"]["Memory"] == 256 << 20  # type: ignore[index]
    assert (worker["Config"]["User"], worker["HostConfig"]["Init"]) == ("10001", True)  # type: ignore[index]
    assert kubectl(platform, "exec deployment/store -- cat /etc/conf/setting").stdout == "blue\n"
    assert kubectl(platform, "exec deployment/store -- touch /etc/conf/new").status == 1
    assert "tmpfs on /scratch" in kubectl(platform, "exec deployment/store -- mount").stdout
    (pod,) = platform.state()["worker"].pods
    assert kubectl(platform, f"logs {pod}").stdout == f"working for {pod}\n"


def test_named_volume_outlives_its_pods(platform: DockerPlatform) -> None:
    (pod,) = platform.state()["store"].pods
    assert get(platform, "/up/count") == "1"
    assert kubectl(platform, f"delete pod {pod}").status == 0
    wait_until(lambda: platform.state()["store"].ready == 1 and pod not in platform.state()["store"].pods, "a new pod")
    assert get(platform, "/up/count") == "2"


def test_runbook_can_change_scale_and_follow_a_rollout(platform: DockerPlatform) -> None:
    assert kubectl(platform, "set env deployment/web POOL=7").status == 0
    assert kubectl(platform, "rollout status deployment/web --timeout=120s").status == 0
    assert json.loads(get(platform, "/env"))["POOL"] == "7"
    assert kubectl(platform, "scale deployment/web --replicas=1").status == 0
    wait_until(lambda: len(platform.state()["web"].pods) == 1, "one pod is left")
    assert kubectl(platform, "scale deployment/web --replicas=2").status == 0
    assert kubectl(platform, "rollout undo deployment/web").status == 0
    assert kubectl(platform, "rollout status deployment/web --timeout=120s").status == 0
    assert "POOL" not in json.loads(get(platform, "/env"))


def test_health_is_that_of_the_file(platform: DockerPlatform) -> None:
    assert {answer.status for answer in platform.health("web").values()} == {200}
    assert kubectl(platform, "set env deployment/web UNWELL=yes").status == 0

    def unwell() -> bool:
        return any("503" in answer.error for answer in platform.health("web").values())

    wait_until(unwell, "the new pod is unwell")
    assert platform.state()["web"].ready == 2, "the rollout waits for it, and the old pods serve"
    assert kubectl(platform, "rollout undo deployment/web").status == 0
    wait_until(lambda: not unwell(), "it is gone")


def test_image_of_another_project_is_none(platform: DockerPlatform) -> None:
    assert kubectl(platform, "set image deployment/worker app=gameday-fakes:dev").status == 0
    wait_until(
        lambda: "ErrImagePull" in (shown := kubectl(platform, "get pods").stdout) or "BackOff" in shown, "refused"
    )
    assert kubectl(platform, "rollout undo deployment/worker").status == 0


def test_proxy_faults_are_in_front_of_each_service(platform: DockerPlatform) -> None:
    (front,) = platform.fronts("store")
    headers = {"Authorization": f"Bearer {front.token}"}
    fault = {"name": "http-status", "max_duration_s": 30, "status": 503}
    assert call("POST", f"{front.url}/faults", fault, headers).status == 201
    assert get(platform, "/up/healthz").startswith(("500", "0"))
    assert call("DELETE", f"{front.url}/faults", headers=headers).status == 204
    assert get(platform, "/up/healthz") == "well"


def test_both_sides_run_beside_each_other_with_volumes_of_their_own(
    project: DockerProvider, platform: DockerPlatform, tmp_path: Path
) -> None:
    other = project.create(tmp_path / "other", "control", {"web": {"POOL": "9"}})
    try:
        other.up()
        get(platform, "/up/count")
        assert get(other, "/up/count") == "1"
        assert json.loads(get(other, "/env"))["POOL"] == "9"
    finally:
        other.down()
    assert left(other.folder) == []


FAILURES = [
    (("test -d /data", "echo no data >&2; false"), StartError,
     "compose.yaml:5:5: services.store did not start: not healthy within 40 s: Readiness probe failed: no data; "
     "its last lines:\n  listening on 7000\n"
     "compose.yaml:15:5: services.web did not start: it needs store, of which not all have a ready pod"),
    (("exec sleep 1000", "exit 3"), StartError,
     "compose.yaml:24:5: services.worker did not start: its command ended with status 3 during the start; "
     "its last lines:\n  working for worker-"),
    (('user: "10001"', "user: no-such-user"), StartError,
     "compose.yaml:24:5: services.worker did not start: docker: pod worker-"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "kind", "message"), FAILURES)
def test_service_that_does_not_start_is_named_and_nothing_is_left(
    tmp_path: Path, change: tuple[str, str], kind: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    made = provider(folder, change)
    monkeypatch.setattr(DockerPlatform, "up_s", 40.0)
    with made.session(folder, print):
        platform = made.create(tmp_path / "platform", "treatment", {})
        with pytest.raises(kind) as refused:
            platform.up()
    assert str(refused.value).replace(f"{folder}/", "").startswith(message)
    assert left(tmp_path / "platform") == []


def test_image_that_cannot_be_built_or_pulled_is_named(tmp_path: Path) -> None:
    made = provider(tmp_path / "build", ("x-build", "x-other"), ('command: ["7000"]', "build: {target: none}"))
    with (
        pytest.raises(BindingError, match=r"services.store.build: docker compose build fails; its last lines:"),
        made.session(tmp_path, print),
    ):
        pass
    made = provider(
        tmp_path / "pull", ('    <<: *image\n    command: ["7000"]', "    image: gameday-test.invalid/none:1")
    )
    with (
        pytest.raises(
            BindingError, match=r"compose.yaml:5:12: services.store.image: gameday-test.invalid/none:1 is not"
        ),
        made.session(tmp_path, print),
    ):
        pass


def test_project_that_compose_refuses_is_named_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises((BindingError, MachineError), match=r"compose.yaml:24:5: docker compose config: "):
        provider(tmp_path, ("init: true", "init: [1]"))


def test_runbook_of_a_compose_project_passes_its_drill(tmp_path: Path) -> None:
    written(tmp_path / "project", bindings=DRILL)
    (tmp_path / "project" / "ops.md").write_text(RUNBOOK)
    options = ("--platform", "docker", "--no-history", "--format", "json", "--out", "run")
    done = gameday("run", "ops.md", *options, cwd=tmp_path / "project", timeout_s=900)
    result = json.loads(done.stdout)
    assert {drill["runbook"]: drill["verdict"] for drill in result["drills"]} == {"STORE_AWAY": "passed"}, done.stdout
    for side in ("treatment", "control"):
        assert left(tmp_path / "project" / "run" / "drills" / "STORE_AWAY" / side / "platform") == []
