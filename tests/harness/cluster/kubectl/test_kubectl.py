"""Behaviour of the local platform's kubectl that recordings cannot show: waiting, following, watching, refusing."""

from __future__ import annotations

import asyncio
import copy
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from harness.cluster.api import Invalid
from harness.cluster.kubectl import jsonpath, run
from harness.cluster.kubectl.flags import read_duration
from harness.cluster.kubectl.human_units import span
from harness.machine.objects import Obj, items, section, text
from tests.support.recorded_cluster import Ended, Output, World, at_once, kubectl, recording

HEALTHY = recording("healthy")
NOW_S = HEALTHY["calls"][0]["started"]


@pytest.fixture
def world() -> World:
    return World(HEALTHY["world"], HEALTHY["logs"])


def call(world: World, line: str, **more: Any) -> Output:
    return at_once(kubectl(world, line, now_s=NOW_S, **more))


def during(world: World, line: str, act: Callable[[Output], Awaitable[None]]) -> Output:
    """Run `line` while `act` changes the cluster; cancel a line that is still running when `act` ends."""
    result = Output()

    async def both() -> None:
        task = asyncio.create_task(run(shlex.split(line), world, result.take, None, False, now=lambda: NOW_S))
        await asyncio.sleep(0.1)
        await act(result)
        await asyncio.sleep(5)
        if task.done():
            result.status = task.result()
        else:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    at_once(both())
    return result


def deployment(world: World, name: str) -> Obj:
    return next(obj for obj in world.objects["deployments"] if text(obj, "metadata", "name") == name)


def pods(world: World, app: str) -> list[Obj]:
    return [obj for obj in world.objects["pods"] if section(obj, "metadata", "labels").get("app") == app]


# refusing


@pytest.mark.parametrize(
    "flag", ["--kubeconfig=x", "--context prod", "--server=https://x", "-s x", "--token=t", "--as=root"]
)
@pytest.mark.parametrize(
    "line", ["{} get pods -n production", "get pods -n production {}", "rollout {} status deploy/realtime"]
)
def test_flags_for_another_cluster_are_refused(world: World, flag: str, line: str) -> None:
    result = call(world, line.format(flag))
    assert (result.status, result.stdout) == (1, "")
    assert "is refused: this kubectl reaches this platform only" in result.stderr


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("get pods -f x.yaml", "--filename"),
        ("scale deploy realtime --replicas=2 -f x.yaml", "--filename"),
        ("set env deploy/realtime A=b --local", "--local"),
        ("apply -f x.yaml", "apply"),
        ("edit deploy realtime", "edit"),
        ("port-forward pod/x 80", "port-forward"),
        ("set resources deploy realtime --limits=cpu=1", "set resources"),
        ("get pods -o go-template={{.x}}", "-o go-template"),
        ("delete deployment realtime -n production", "delete deployments"),
    ],
)
def test_an_unsupported_command_or_flag_is_an_error_and_changes_nothing(world: World, line: str, missing: str) -> None:
    before = copy.deepcopy(world.objects)
    result = call(world, line)
    assert result.status == 1
    assert result.stderr.startswith("error: this platform's kubectl does not")
    assert missing in result.stderr
    assert world.objects == before


def test_an_unknown_flag_prevents_the_change(world: World) -> None:
    result = call(world, "scale deployment realtime --replicas=0 -n production --nonsense")
    assert result.status == 1
    assert section(deployment(world, "realtime"), "spec")["replicas"] == 3


def test_an_invalid_change_is_reported_as_kubectl_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "refuse", staticmethod(lambda after: "spec.x: Invalid value: 1: no"))
    result = call(world, "scale deployment realtime --replicas=9 -n production")
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr == 'The Deployment "realtime" is invalid: spec.x: Invalid value: 1: no\n'


def test_help_lists_supported_flags_only(world: World) -> None:
    result = call(world, "logs --help")
    assert result.status == 0
    assert "-f, --follow" in result.stdout
    assert "--ignore-errors" not in result.stdout


# watching and waiting


def test_watch_prints_changed_and_deleted_objects(world: World) -> None:
    async def act(result: Output) -> None:
        pod = pods(world, "tool-service")[0]
        section(pod, "metadata").update({"deletionTimestamp": "2026-11-23T23:00:00Z", "resourceVersion": "9999"})
        world.touch()
        await asyncio.sleep(2)
        world.objects["pods"].remove(pod)
        world.touch()

    lines = during(world, "get pods -n production -w -l app=tool-service", act).stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["NAME", "READY", "STATUS"],
        ["tool-service-575b7686-pwqc7", "1/1", "Running"],
        ["tool-service-575b7686-pwqc7", "1/1", "Terminating"],
        ["tool-service-575b7686-pwqc7", "1/1", "Terminating"],
    ]


def test_watch_only_omits_the_current_objects(world: World) -> None:
    async def act(result: Output) -> None:
        assert result.stdout == ""
        section(deployment(world, "realtime"), "status")["readyReplicas"] = 1
        world.touch()

    result = during(world, "get deploy -n production --watch-only --no-headers", act)
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [["realtime", "1/3"]]


def test_rollout_status_follows_until_the_rollout_is_complete(world: World) -> None:
    status = section(deployment(world, "realtime"), "status")
    spec = section(deployment(world, "realtime"), "spec")
    spec["replicas"] = 4

    async def act(result: Output) -> None:
        for change in ({"updatedReplicas": 4, "replicas": 5}, {"replicas": 4}, {"availableReplicas": 4}):
            status.update(change)
            world.touch()
            await asyncio.sleep(1.5)

    result = during(world, "rollout status deployment/realtime -n production", act)
    waiting = 'Waiting for deployment "realtime" rollout to finish: '
    assert result.status == 0
    assert result.stdout.splitlines() == [
        f"{waiting}3 out of 4 new replicas have been updated...",
        f"{waiting}1 old replicas are pending termination...",
        f"{waiting}3 of 4 updated replicas are available...",
        'deployment "realtime" successfully rolled out',
    ]


def test_rollout_status_waits_for_a_change_to_be_observed(world: World) -> None:
    section(deployment(world, "realtime"), "metadata")["generation"] = 99
    result = call(world, "rollout status deployment/realtime -n production --timeout=3s")
    assert result.stdout == "Waiting for deployment spec update to be observed...\n"
    assert (result.status, result.stderr) == (1, "error: timed out waiting for the condition\n")


def test_rollout_status_fails_at_the_progress_deadline(world: World) -> None:
    status = section(deployment(world, "realtime"), "status")
    items(status, "conditions")[1]["reason"] = "ProgressDeadlineExceeded"
    result = call(world, "rollout status deployment/realtime -n production")
    assert (result.status, result.stderr) == (1, 'error: deployment "realtime" exceeded its progress deadline\n')


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "wait --for=condition=Available=false deploy/realtime -n production",
            "deployment.apps/realtime condition met\n",
        ),
        (
            "wait --for=jsonpath={.status.readyReplicas}=0 deploy/realtime -n production",
            "deployment.apps/realtime condition met\n",
        ),
    ],
)
def test_wait_ends_when_the_condition_is_met(world: World, line: str, message: str) -> None:
    async def act(result: Output) -> None:
        assert result.stdout == ""
        status = section(deployment(world, "realtime"), "status")
        status["readyReplicas"] = 0
        items(status, "conditions")[0]["status"] = "False"
        world.touch()

    result = during(world, line, act)
    assert (result.status, result.stdout) == (0, message)


def test_a_condition_of_an_older_generation_does_not_count(world: World) -> None:
    section(deployment(world, "realtime"), "metadata")["generation"] = 99
    result = call(world, "wait --for=condition=Available deploy/realtime -n production --timeout=2s")
    assert (result.status, result.stderr) == (1, "error: timed out waiting for the condition on deployments/realtime\n")


def test_wait_for_delete_ends_when_the_pod_is_gone(world: World) -> None:
    pod = pods(world, "tool-service")[0]

    async def act(result: Output) -> None:
        world.objects["pods"].remove(pod)
        world.touch()

    name = text(pod, "metadata", "name")
    result = during(world, f"wait --for=delete pod/{name} -n production", act)
    assert (result.status, result.stdout) == (0, f"pod/{name} condition met\n")


# logs


def test_logs_follow_until_the_log_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()

    async def log(self: World, namespace: str, pod: str, *, follow: bool, **rest: Any) -> AsyncIterator[bytes]:
        yield b"first\n"
        assert follow
        await gate.wait()
        yield b"last\n"

    monkeypatch.setattr(World, "log", log)

    async def act(result: Output) -> None:
        assert result.stdout == "first\n"
        gate.set()

    result = during(world, "logs -f deployment/tool-service -n production", act)
    assert (result.status, result.stdout) == (0, "first\nlast\n")


def test_the_number_of_followed_logs_is_limited_as_in_kubectl(world: World) -> None:
    result = call(world, "logs -f -n production -l app=realtime --max-log-requests=2 -c app")
    assert result.status == 1
    assert "attempting to follow 3 log streams, but maximum allowed concurrency is 2" in result.stderr
    assert call(world, "logs -f -n production -l app=realtime -c app --tail=1").stdout.count("\n") == 3


def test_logs_wait_for_a_deployment_to_have_pods(world: World) -> None:
    gone = pods(world, "tool-service")
    for pod in gone:
        world.objects["pods"].remove(pod)

    async def act(result: Output) -> None:
        world.objects["pods"] += gone
        world.touch()

    result = during(world, "logs deployment/tool-service -n production --tail=1", act)
    assert (result.status, result.stdout.count("\n")) == (0, 1)


def test_logs_of_a_deployment_are_those_of_the_longest_ready_pod(world: World) -> None:
    first, second, third = pods(world, "realtime")
    for pod, when in (
        (first, "2026-11-23T22:59:00Z"),
        (second, "2026-11-23T22:50:00Z"),
        (third, "2026-11-23T22:40:00Z"),
    ):
        next(one for one in items(pod, "status", "conditions") if one["type"] == "Ready")["lastTransitionTime"] = when
    section(third, "metadata")["deletionTimestamp"] = "2026-11-23T23:00:00Z"
    result = call(world, "logs deployment/realtime -n production -c app --tail=1")
    assert result.stderr == f"Found 3 pods, using pod/{text(second, 'metadata', 'name')}\n"


def test_the_options_of_logs_reach_the_platform(world: World) -> None:
    pod = text(pods(world, "tool-service")[0], "metadata", "name")
    call(world, f"logs {pod} -n production --tail=7 --since=90s -f")
    call(world, f"logs {pod} -n production --since-time=2026-11-23T22:52:00Z")
    assert world.asked[0] == ("log", (pod, False, True, 7, 90.0))
    assert world.asked[1][1][4] == pytest.approx(NOW_S - 1795474320.0)


def test_timestamps_of_logs_are_taken_from_their_lines(world: World) -> None:
    pod = text(pods(world, "tool-service")[0], "metadata", "name")
    world.logs[pod] = '{"time": "2026-11-23T22:52:00Z", "msg": "up"}\nTraceback\n'
    result = call(world, f"logs {pod} -n production --timestamps")
    assert result.stdout.splitlines()[0].startswith('2026-11-23T22:52:00Z {"time"')
    assert result.stdout.splitlines()[1] == "2026-11-23T22:52:00Z Traceback"


# exec


def test_exec_passes_stdin_with_i_and_a_terminal_if_there_is_one(world: World) -> None:
    world.programs = {("cat",): (b"", b"", 0)}
    for flags, tty in (("", False), ("-i", False), ("-it", False), ("-it", True)):
        result = call(world, f"exec {flags} deploy/tool-service -n production -- cat", stdin=b"words", tty=tty)
        assert ("Unable to use a TTY" in result.stderr) == (flags == "-it" and not tty)
    assert [arguments[2:] for _, arguments in world.asked] == [
        (None, False), (b"words", False), (b"words", False), (b"words", True)
    ]  # fmt: skip


def test_exec_kills_the_command_when_the_caller_disconnects(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(Ended):
        async def wait(self) -> int:
            await asyncio.Event().wait()
            return 0

    process = Endless(b"", b"", 0)

    async def execute(self: World, namespace: str, pod: str, argv: list[str], **rest: Any) -> Ended:
        return process

    monkeypatch.setattr(World, "execute", execute)

    async def act(result: Output) -> None:
        assert not process.killed

    during(world, "exec deploy/tool-service -n production -- sleep 1000", act)
    assert process.killed


# changing


@pytest.mark.parametrize(
    ("flags", "grace_s"),
    [("", None), ("--grace-period=7", 7.0), ("--now", 1.0), ("--grace-period=0", 1.0), ("--force", 0.0),
     ("--force --grace-period=0", 0.0)],
)  # fmt: skip
def test_delete_uses_the_grace_period_of_its_flags(world: World, flags: str, grace_s: float | None) -> None:
    pod = text(pods(world, "tool-service")[0], "metadata", "name")
    result = call(world, f"delete pod {pod} -n production {flags}")
    assert world.asked == [("delete", (pod, grace_s))]
    forced = "force " if "--force" in flags else ""
    assert (result.status, result.stdout) == (0, f'pod "{pod}" {forced}deleted from production namespace\n')


def test_delete_waits_until_the_pod_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pod = pods(world, "tool-service")[0]

    async def delete_pod(self: World, namespace: str, name: str, grace_s: float | None) -> None:
        """Starts to terminate the pod and leaves it there."""

    monkeypatch.setattr(World, "delete_pod", delete_pod)
    name = text(pod, "metadata", "name")
    late = call(world, f"delete pod {name} -n production --timeout=2s")
    assert (late.status, late.stderr) == (1, f"error: timed out waiting for the condition on pods/{name}\n")
    assert call(world, f"delete pod {name} -n production --wait=false").status == 0

    async def act(result: Output) -> None:
        assert result.stdout
        world.objects["pods"].remove(pod)
        world.touch()

    assert during(world, f"delete pod {name} -n production", act).status == 0


def old_set(world: World, revision: str) -> Obj:
    """Add a ReplicaSet of realtime, as left by an earlier rollout."""
    found = next(each for each in world.objects["replicasets"] if text(each, "metadata", "name").startswith("realtime"))
    other = copy.deepcopy(found)
    section(other, "metadata").update({"name": f"realtime-{revision}", "uid": f"uid-{revision}"})
    section(other, "metadata", "annotations")["deployment.kubernetes.io/revision"] = revision
    world.objects["replicasets"].append(other)
    return other


def test_undo_restores_the_previous_revision(world: World) -> None:
    old_set(world, "2")
    old_set(world, "10")
    assert (
        call(world, "rollout undo deployment/realtime -n production").stdout == "deployment.apps/realtime rolled back\n"
    )
    assert call(world, "rollout undo deployment/realtime -n production --to-revision=1").status == 0
    same = call(world, "rollout undo deployment/realtime -n production --to-revision=10")
    assert same.stdout == ("deployment.apps/realtime skipped rollback (current template already matches revision 10)\n")
    assert world.asked == [("undo", ("realtime", 2)), ("undo", ("realtime", 1))]


A, B = "'a' already has a value (1)", "'b' already has a value (2)"
DECLARED = "--overwrite is false but found the following declared annotation(s): "


@pytest.mark.parametrize(
    ("verb", "several", "one"),
    [
        ("label", f"[{A}, and --overwrite is false, {B}, and --overwrite is false]", f"{A}, and --overwrite is false"),
        ("annotate", f"{DECLARED}{A}; {B}", f"{DECLARED}{A}"),
    ],
)  # fmt: skip
def test_existing_values_are_named_when_they_may_not_change(world: World, verb: str, several: str, one: str) -> None:
    deployment = next(each for each in world.objects["deployments"] if text(each, "metadata", "name") == "realtime")
    for field in ("labels", "annotations"):
        section(deployment, "metadata")[field] = {"app": "realtime", "a": "1", "b": "2"}
    line = f"{verb} deployment realtime -n production"
    assert call(world, f"{line} a=3 b=4").stderr == f"error: {several}\n"
    assert call(world, f"{line} a=3 b=2").stderr == f"error: {one}\n"
    assert call(world, f"{line} a=1 b=2").status == 0


def test_paused_deployment_is_not_undone_but_the_client_shows_what_would_be(world: World) -> None:
    old_set(world, "2")
    deployment = next(each for each in world.objects["deployments"] if text(each, "metadata", "name") == "realtime")
    section(deployment, "spec")["paused"] = True
    undo = "rollout undo deployment/realtime -n production"
    for line in (undo, f"{undo} --dry-run=server"):
        refused = call(world, line)
        assert refused.status == 1
        assert refused.stderr.startswith("error: you cannot rollback a paused deployment; resume it first")
    shown = call(world, f"{undo} --dry-run=client")
    assert (shown.status, shown.stdout.splitlines()[0]) == (0, "deployment.apps/realtime Pod Template:")
    assert "unable to find specified revision 7" in call(world, f"{undo} --to-revision=7").stderr
    assert world.asked == []


def test_history_orders_revisions_by_number_and_shows_causes(world: World) -> None:
    section(old_set(world, "10"), "metadata", "annotations")["kubernetes.io/change-cause"] = "tuned"
    old_set(world, "2")
    result = call(world, "rollout history deployment/realtime -n production")
    assert result.stdout.splitlines()[1:5] == [
        "REVISION  CHANGE-CAUSE",
        "1         <none>",
        "2         <none>",
        "10        tuned",
    ]


def test_a_dry_run_is_marked_except_by_patch_and_changes_nothing(world: World) -> None:
    before = copy.deepcopy(world.objects)
    for line, done in (
        ("scale deployment realtime --replicas=9", "scaled (dry run)"),
        ("set env deployment/realtime A=b", "env updated (dry run)"),
        ('patch deployment realtime -p {"spec":{"replicas":9}}'.replace('"', '\\"'), "patched"),
        ("label deployment realtime a=b", "labeled (dry run)"),
    ):
        result = call(world, f"{line} -n production --dry-run=client")
        assert (result.status, result.stdout) == (0, f"deployment.apps/realtime {done}\n")
    assert world.objects == before


def test_an_unknown_field_causes_a_warning_and_changes_nothing(world: World) -> None:
    before = copy.deepcopy(deployment(world, "realtime"))
    patch = '{"spec":{"replica":5,"template":{"spec":{"containers":[{"name":"app","enviroment":[]}]}}}}'
    result = call(world, f"patch deployment realtime -n production -p {shlex.quote(patch)}")
    assert result.stderr.splitlines() == [
        'Warning: unknown field "spec.replica"', 'Warning: unknown field "spec.template.spec.containers[0].enviroment"'
    ]  # fmt: skip
    assert result.stdout == "deployment.apps/realtime patched (no change)\n"
    assert deployment(world, "realtime") == before


def test_a_failure_among_several_does_not_stop_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = World.edit

    async def edit(self: World, kind: str, namespace: str, name: str, change: Any, why: str) -> Any:
        if name == "realtime":
            raise Invalid("this platform cannot do that")
        return await real(self, kind, namespace, name, change, why)

    monkeypatch.setattr(World, "edit", edit)
    result = call(world, "scale deployment realtime tool-service nope --replicas=4 -n production")
    assert (result.status, result.stdout) == (1, "deployment.apps/tool-service scaled\n")
    assert result.stderr.splitlines() == [
        'Error from server (NotFound): deployments.apps "nope" not found', "this platform cannot do that"
    ]  # fmt: skip


def test_scale_with_a_timeout_waits_for_the_pods(world: World) -> None:
    late = call(world, "scale deployment realtime --replicas=5 -n production --timeout=2s")
    assert (late.status, late.stderr) == (1, "error: timed out waiting for the condition\n")
    section(deployment(world, "realtime"), "status")["replicas"] = 5
    assert call(world, "scale deployment realtime --replicas=5 -n production --timeout=2s").status == 0


# small parts


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (119, "119s"), (120, "2m"), (192, "3m12s"), (600, "10m"), (10799, "179m"),
     (10800, "3h"), (12000, "3h20m"),
     (28800, "8h"), (172799, "47h"), (172800, "2d"), (180000, "2d2h"),
     (691200, "8d"), (63072000, "2y"), (-5, "<invalid>")],
)  # fmt: skip
def test_an_age_is_shown_as_in_kubectl(seconds: float, shown: str) -> None:
    assert span(seconds) == shown


@pytest.mark.parametrize(
    ("written", "seconds"), [("5s", 5), ("1m30s", 90), ("1.5h", 5400), ("250ms", 0.25), ("-2s", -2), ("0", 0)]
)
def test_a_duration_is_parsed_as_in_go(written: str, seconds: float) -> None:
    assert read_duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize("written", ["", "5", "s", "5 s", "5x", "1m30", "--5s"])
def test_other_texts_are_no_duration(written: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        read_duration(written)


SAMPLE: dict[str, Any] = {
    "kind": "List",
    "items": [
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.1", "labels": {"kubernetes.io/hostname": "127.0.0.1"}},
            "status": {"capacity": {"cpu": "4"}, "addresses": [{"type": "LegacyHostIP", "address": "127.0.0.1"}]},
        },
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.2"},
            "status": {
                "capacity": {"cpu": "8"},
                "addresses": [
                    {"type": "LegacyHostIP", "address": "127.0.0.2"},
                    {"type": "another", "address": "127.0.0.3"},
                ],
            },
        },
    ],
    "users": [
        {"name": "myself", "user": {}},
        {"name": "e2e", "user": {"username": "admin", "password": "secret"}, "weight": 7},
    ],
}


@pytest.mark.parametrize(
    ("template", "printed"),
    [
        ("kind is {.kind}", "kind is List"),
        ("{['kind']}", "List"),
        ("{.users[0].name}", "myself"),
        ("{.users[-1].name}", "e2e"),
        ("{.items[*].metadata.name}", "127.0.0.1 127.0.0.2"),
        ("{.items[*].status.capacity}", '{"cpu":"4"} {"cpu":"8"}'),
        ("{..user.password}", "secret"),
        ('{.users[?(@.name=="e2e")].user.password}', "secret"),
        ('{.users[?(@.name!="e2e")].name}', "myself"),
        ("{.users[?(@.weight>6)].name}", "e2e"),
        ("{.users[?(@.weight)].name}", "e2e"),
        ("{.items[?(@.status.capacity.cpu>'5')].metadata.name}", "127.0.0.2"),
        (r"{.items[0].metadata.labels.kubernetes\.io/hostname}", "127.0.0.1"),
        (r"{.items[0].metadata.labels['kubernetes.io/hostname']}", "127.0.0.1"),
        ('{range .items[*]}[{.metadata.name}, {.status.capacity.cpu}] {end}', "[127.0.0.1, 4] [127.0.0.2, 8] "),
        ('{range .items[*]}{.metadata.name}{"\\t"}{.status.addresses[*].address}{"\\n"}{end}',
         "127.0.0.1\t127.0.0.1\n127.0.0.2\t127.0.0.2 127.0.0.3\n"),
        ('{.items[*].status.addresses[?(@.type=="another")].address}', "127.0.0.3"),
        ('{.users[*].nothing}{"}"}', "}"),
    ],
)  # fmt: skip
def test_jsonpath_follows_the_manual_of_kubectl(template: str, printed: str) -> None:
    assert jsonpath.parse(template).render(SAMPLE) == printed


@pytest.mark.parametrize(
    "template", ["{.x", "{.items[}", "{.items[?(@.x]}", "{end}", "{.a b}", "{range .items[*]}{end}{end}"]
)
def test_an_invalid_jsonpath_is_an_error(template: str) -> None:
    with pytest.raises(jsonpath.Unparsable):
        jsonpath.parse(template)
