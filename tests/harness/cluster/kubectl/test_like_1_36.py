"""Behaviour of kubectl 1.36.3, as that kubectl showed it against a small API server."""

from __future__ import annotations

import asyncio
import copy
import shlex
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.cluster import kubectl_shim, labels
from harness.cluster.kubectl import run
from harness.machine.objects import section, strings, text
from tests.support.recorded_cluster import Output, World, at_once, kubectl, recording

HEALTHY = recording("healthy")
NOW_S = HEALTHY["calls"][0]["started"]
VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
NO_FIELD = 'couldn\'t find any field with path "{}" in the list of objects'
TIMED_OUT = "timed out waiting for the condition"
ERRORS = {
    "set env deployment/realtime A=1 A-": (
        "can not both modify and remove the same environment variable in the same command"
    ),
    "label deployment realtime a=b a-": "can not both modify and remove a label in the same command",
    "annotate deployment realtime a=b a-": (
        "can not both modify and remove the following annotation(s) in the same command: a"
    ),
    "label deployment realtime =x": "at least one label update is required",
    "label deployment realtime 'a=b c'": f'invalid label value: "a=b c": {VALUE_RULE}',
    "label deployment realtime a=-x": f'invalid label value: "a=-x": {VALUE_RULE}',
    f"label deployment realtime a={'x' * 64}": f'invalid label value: "a={"x" * 64}": must be no more than 63 bytes',
    "get pods --sort-by=.spec.nonsense -o name": NO_FIELD.format("{.spec.nonsense}"),
    "get pods --sort-by='{.status.x.y}' -o json": NO_FIELD.format("{.status.x.y}"),
    "get pods --request-timeout=x": (
        "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding"
        " time unit (e.g. 1s | 2m | 3h)"
    ),
    "wait --for=create pod/nope --timeout=1s": TIMED_OUT,
    "wait --for=create pod -l app=nope --timeout=1s": TIMED_OUT,
}


@pytest.fixture
def world() -> World:
    return World(HEALTHY["world"], HEALTHY["logs"])


def call(world: World, line: str) -> Output:
    return at_once(kubectl(world, f"{line} -n production", now_s=NOW_S))


def begin(world: World, line: str, output: Output) -> asyncio.Task[int]:
    """Start a call in the background."""
    argv = shlex.split(f"{line} -n production")
    return asyncio.create_task(run(argv, world, output.take, None, False, now=lambda: NOW_S))


@pytest.mark.parametrize("line", ERRORS)
def test_error_changes_nothing(world: World, line: str) -> None:
    before = copy.deepcopy(world.objects)
    found = call(world, line)
    assert (found.status, found.stdout, found.stderr) == (1, "", f"error: {ERRORS[line]}\n")
    assert world.objects == before


def test_wait_for_a_condition_of_a_pod_that_does_not_exist_is_not_found(world: World) -> None:
    found = call(world, "wait pod/nope --for=condition=Ready --timeout=1s")
    assert (found.status, found.stderr) == (1, 'Error from server (NotFound): pods "nope" not found\n')


def test_wait_for_create_ends_when_the_object_is_there(world: World) -> None:
    pod = next(each for each in world.objects["pods"] if text(each, "metadata", "namespace") == "production")
    name, output = text(pod, "metadata", "name"), Output()
    world.objects["pods"].remove(pod)

    async def scenario() -> int:
        waiting = begin(world, f"wait --for=create pod/{name}", output)
        await asyncio.sleep(2)
        assert not waiting.done()
        world.objects["pods"].append(pod)
        world.touch()
        return await waiting

    assert at_once(scenario()) == 0
    assert output.stdout == f"pod/{name} condition met\n"


@pytest.mark.parametrize("flag", ["--request-timeout=5s", "--request-timeout 5", "-v=4", "-v 6", "--v=9"])
def test_flag_is_accepted(world: World, flag: str) -> None:
    assert call(world, f"get pods {flag}").stdout == call(world, "get pods").stdout
    assert call(world, f"{flag} get pods").status == 0


def test_verbosity_is_a_whole_number(world: World) -> None:
    found = call(world, "get pods -v=1.5")
    assert found.stderr.startswith('error: invalid argument "1.5" for "-v, --v" flag: strconv.ParseInt: parsing "1.5":')


@pytest.mark.parametrize("kind", ["client", "server"])
@pytest.mark.parametrize(
    ("line", "path", "shown"),
    [
        ("scale deployment realtime --replicas=9", "{.spec.replicas}", "9"),
        ("label deployment realtime a=b", "{.metadata.labels.a}", "b"),
        ("annotate deployment realtime a=b", "{.metadata.annotations.a}", "b"),
        ("set env deployment/realtime A=b", '{.spec.template.spec.containers[0].env[?(@.name=="A")].value}', "b"),
        ("set image deployment/realtime *=x:1", "{.spec.template.spec.containers[0].image}", "x:1"),
        ("""patch deployment realtime -p '{"spec":{"replicas":4}}'""", "{.spec.replicas}", "4"),
    ],
)
def test_dry_run_shows_the_new_object(world: World, line: str, path: str, shown: str, kind: str) -> None:
    before = copy.deepcopy(world.objects)
    found = call(world, f"{line} --dry-run={kind} -o {shlex.quote(f'jsonpath={path}')}")
    assert (found.status, found.stdout) == (0, shown), found.stderr
    assert world.objects == before


@pytest.mark.parametrize("flags", ["-f -p", "--follow --previous"])
def test_following_a_log_that_the_server_refuses_asks_again_every_second(world: World, flags: str) -> None:
    output = Output()

    async def scenario() -> None:
        following = begin(world, f"logs {flags} deployment/tool-service", output)
        await asyncio.sleep(2.5)
        assert not following.done()
        following.cancel()

    at_once(scenario())
    lines = [line for line in output.stderr.splitlines() if line.startswith("previous terminated container")]
    assert (len(lines), output.stdout) == (3, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("logs -f web-1", 1),
        ("get pods -w", 1),
        ("wait pod/web-1 --for=condition=Ready", 1),
        ("rollout status deployment/web", 1),
        ("wait pod/web-1 --for=create", None),
        ("exec web-1 -- sleep 9", None),
    ],
)
def test_signal_ends_a_command_that_waits(
    tmp_path: Path, line: str, status: int | None, number: signal.Signals
) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        asked = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                asked.set()
                while connection.recv(1 << 16):
                    pass

        threading.Thread(target=serve, daemon=True).start()
        argv = [sys.executable, "-IS", kubectl_shim.__file__, str(tmp_path / "s"), *shlex.split(line)]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as waiting:
            assert asked.wait(30)
            waiting.send_signal(number)
            assert waiting.wait(30) == (-number if status is None else status)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("app", ""),
        ("example.com/a.b_c-D", ""),
        ("", "name part must be non-empty"),
        ("a b", "name part must consist of"),
        ("a/", "name part must be non-empty"),
        ("/a", "prefix part must be non-empty"),
        ("A/b", "prefix part a lowercase RFC 1123 subdomain must consist of"),
        ("a/b/c", "a valid label key must consist of"),
        ("x" * 64, "name part must be no more than 63 bytes"),
    ],
)
def test_keys_of_labels(key: str, why: str) -> None:
    assert labels.key_problem(key).startswith(why)
    assert bool(labels.key_problem(key)) == bool(why)


def test_labels_of_recorded_objects_are_valid(world: World) -> None:
    for each in (*world.objects["deployments"], *world.objects["pods"]):
        both = (strings(section(each, "metadata", field)) for field in ("labels", "annotations"))
        assert list(labels.problems(*both)) == []
