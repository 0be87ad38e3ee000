"""Parts of the conformance suite that need no cluster: its lines, comparison and known differences."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from harness.cluster.kubectl.flags import Flag
from tests.conformance import cluster, known, lines
from tests.conformance.compare import difference
from tests.conformance.known import Entry, reasons
from tests.conformance.report import Row, summary, to_markdown
from tests.conformance.sides import Output

ALL = [*lines.reads(), *lines.changes()]


def test_every_supported_flag_of_every_command_is_in_a_line() -> None:
    tried = {(line.source, flag) for line in ALL for flag in re.findall(r"--[\w-]+", line.text.split(" -- ")[0])}
    wanted = {
        (f"flags of {path}", f"--{flag.name}")
        for path, command in lines._leaves()
        for flag in command.flags
        if not flag.why
    }
    assert len(wanted) > 150
    assert wanted - tried == set()


def test_a_flag_without_an_example_value_is_an_error() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        list(lines._with("get", Flag("new-flag", kind="string")))


def test_every_kind_is_listed_by_each_of_its_names() -> None:
    listed = {shlex.split(line.text)[1] for line in ALL if line.source == "kinds" and line.text.startswith("get ")}
    names = {name for kind in lines.RESOURCES for name in (kind.plural, kind.singular, *kind.short)}
    assert names <= listed


def test_every_line_of_the_runbooks_and_the_recordings_is_compared() -> None:
    texts = {line.text for line in ALL}
    for path in lines.RUNBOOKS:
        assert path.read_text(encoding="utf-8").count("kubectl") >= 25
    for text in ("top pods", "logs -f deployment/inference", "scale deployment realtime --replicas=5",
                 "describe pod {pod:tool-service}", "set env deployment/api-gateway MAX_RETRIES=5"):  # fmt: skip
        assert f"{text} -n production" in texts
    recorded = {
        text.removeprefix("! ").replace("gameday-ref-control-plane", "{node}")
        for name in ("healthy", "more", "broken", "changes")
        for text in (lines.RECORDED / f"lines_{name}.txt").read_text(encoding="utf-8").splitlines()
        if text
    }
    assert recorded - texts <= {*lines.PASSING}


def test_the_table_of_flags_equals_the_help_of_the_real_kubectl() -> None:
    """Whether supported, refused or not implemented: the table has all flags of the help, and no other."""
    program = cluster.kubectl()
    if program is None:
        pytest.skip("no kubectl of our own version is on PATH")
    for path, command in lines._leaves():
        argv = [program, *path.split(), "--help"]
        text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        real = set(re.findall(r"^\s+(?:-\w, )?--([\w-]+)=", text, re.M))
        assert {flag.name for flag in command.flags} - HIDDEN == real - HIDDEN, path


HIDDEN = {"record", "use-protocol-buffers", "help"}
"""Flags that kubectl accepts and hides from its help, as they are deprecated."""


# -- comparing ---------------------------------------------------------------------------------------------------------


def output(text: str, status: int = 0, error: str = "") -> Output:
    return Output(status, text, error)


def test_random_parts_are_not_a_difference() -> None:
    local = "NAME                         READY   AGE\nrealtime-bd59c5664-drsnh     1/1     5m3s\n"
    real = "NAME                          READY   AGE\nrealtime-5997c7cbc7-62mqp     1/1     10s\n"
    assert not difference("get pods", output(local), output(real))
    assert not difference("get svc", output("a  127.1.2.3  80/TCP\n"), output("a   10.96.0.7   80/TCP\n"))


@pytest.mark.parametrize(
    ("line", "local", "real"),
    [
        ("get pods", "NAME  READY\nrealtime-bd59c5664-drsnh  1/1\n", "NAME  READY\nrealtime-bd59c5664-drsnh  0/1\n"),
        ("get pods", "NAME  READY  AGE\n", "NAME  STATUS  AGE\n"),
        ("get deploy x -o json", '{"spec": {"replicas": 1}}', '{"spec": {"replicas": 2}}'),
        ("get pods", "a  5s  b\n", "a  b\n"),
        ("top pods --sort-by=cpu", "NAME  CPU(cores)\na  9m\nb  10m\n", "NAME  CPU(cores)\na  10m\nb  9m\n"),
        ("logs x --tail=1", '{"time": "2026-01-01T00:00:00Z", "level": "info"}\n', ""),
        ("describe pod x", "Readiness:  period=1s\n", "Readiness:  period=2s\n"),
    ],
)
def test_other_parts_are_a_difference(line: str, local: str, real: str) -> None:
    assert difference(line, output(local), output(real))


def test_statuses_and_errors_are_compared() -> None:
    found = difference("get pods", output("", 1, "error: a\n"), output("", 0, "error: b\n"))
    assert (found.statuses, found.local, found.real) == ((1, 0), ("stderr: error: a",), ("stderr: error: b",))


# -- known differences -------------------------------------------------------------------------------------------------


def test_a_difference_is_explained_only_if_all_of_its_parts_are() -> None:
    entry = Entry("because", lines=("get x",), local=("^a",), real=("^b",), status=(1, 0))
    found = difference("get x", output("a1\n", 1), output("b1\nc1\n", 0))
    assert reasons("get x", found, [entry]) == (["because"], ["only real: c1"])
    assert reasons("get y", found, [entry]) == (
        [], ["only local: a1", "only real: b1", "only real: c1", "exit status 1, expected 0"],
    )  # fmt: skip


def test_a_part_that_explains_nothing_is_stale() -> None:
    entry = Entry("because", lines=("get x", "get z"), local=("^a", "^q"))
    reasons("get x", difference("get x", output("a1\n"), output("")), [entry])
    assert list(entry.stale()) == ["because: local: ^q", "because: get z"]
    assert list(Entry("because", local=("^a",), sometimes="chance").stale()) == []


def test_a_sandbox_that_the_runtime_starts_at_the_second_try_is_explained() -> None:
    failed = "Warning  FailedCreatePodSandBox  pod/a-7cf8-x2x9z  Failed to create pod sandbox: runc create failed: no"
    line = "get events -n production --sort-by=.metadata.creationTimestamp"
    for reason in ("FailedCreatePodSandBox", "FailedMount"):
        found = difference(line, output(""), output(f"5s  {failed.replace('FailedCreatePodSandBox', reason)}\n"))
        assert bool(reasons(line, found, known.load())[1]) == (reason == "FailedMount")


def test_every_known_difference_has_a_reason_and_existing_lines() -> None:
    entries = known.load()
    assert len(entries) > 20
    for entry in entries:
        assert len(entry.why) > 10
        assert entry.local or entry.real or entry.status
        for pattern in (*entry.local, *entry.real):
            re.compile(pattern)
    texts = {line.text for line in ALL}
    assert [line for entry in entries for line in entry.lines if line not in texts] == []


def test_the_report_shows_unexplained_differences() -> None:
    rows = [
        Row(lines.Line("get pods | x", "a"), 0, 0, False, [], []),
        Row(lines.Line("top", "a"), 1, 0, True, ["because"], ["only real: <x>"]),
    ]
    assert list(summary(rows))[2:4] == ["| a | 2 | 1 | 0 | 1 |", "| all | 2 | 1 | 0 | 1 |"]
    table = to_markdown(rows, "v1")
    assert "| `` get pods \\| x `` | 0 | 0 | same |  |" in table
    assert "| `` top `` | 1 | 0 | **different** | because; only real: &lt;x> |" in table


def test_a_sample_keeps_order_and_pauses_and_is_determined_by_its_seed() -> None:
    changes = list(lines.changes())
    one, again, other = (lines.sample(changes, 30, seed) for seed in ("a", "a", "b"))
    assert one == again
    assert one != other
    assert [line for line in one if line.text == lines.SETTLE] == [
        line for line in changes if line.text == lines.SETTLE
    ]
    picked = [line for line in one if line.text != lines.SETTLE]
    assert len(picked) == 30
    positions = [changes.index(line) for line in picked]
    assert positions == sorted(positions)


def test_a_sample_has_no_line_that_depends_on_earlier_ones() -> None:
    sampled = lines.sample(list(lines.changes()), 10_000, "a")
    sources = {line.source for line in sampled if line.text != lines.SETTLE}
    assert sources & set(lines.TOGETHER) == set()
    assert sources > {"runbooks"}
