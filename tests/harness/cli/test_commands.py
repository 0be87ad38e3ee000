"""Every command, from its arguments to its exit code. Wrong input ends with one message on stderr and exit code 2.

What starts, reads the environment or ends by itself runs as the real `gameday`, everything else in this process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.gameday import clean_environment, document, entry, gameday, in_process, left, tree
from tests.support.paths import BINDINGS, COMMAND, RUNBOOK
from tests.support.simulated_drill import World

COMMANDS = (
    *(
        "run",
        "drill",
        "shell",
        "show",
        "plan",
        "report",
        "postmortem",
        "slo",
        "history",
        "baseline",
        "regress",
        "trend",
    ),
    *("up", "down", "recover"),
)


@pytest.fixture(scope="module", autouse=True)
def work_tree_unchanged() -> Iterator[None]:
    before = tree()
    yield
    assert tree() == before, "a command wrote into the work tree"


def refused(*arguments: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """The message of a command that is refused: exit code 2, nothing on stdout, no traceback, no run."""
    done = gameday(*arguments, cwd=cwd, env=env) if env else in_process(*arguments, cwd=cwd)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(("gameday: ", "usage: ")), done.stderr
    assert not list(cwd.rglob("record.jsonl")), "nothing may have run"
    return done.stderr


# -- help --------------------------------------------------------------------------------------------------------------


def test_version_is_that_of_the_package(tmp_path: Path) -> None:
    done = gameday("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"gameday {version('runbook-gameday')}\n", "")


def test_help_lists_every_command_and_exit_code(tmp_path: Path) -> None:
    done = gameday("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(re.search(rf"^    {command}\s", done.stdout, re.M) for command in COMMANDS), done.stdout
    assert "0 passed · 1 failed · 2 unusable input or environment · 3 inconclusive" in done.stdout
    assert "start with: gameday run --demo" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_examples_and_exit_codes(tmp_path: Path, command: str) -> None:
    done = gameday(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"examples:\n  gameday {command}" in done.stdout
    assert "exit codes: 0 passed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "fact"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("rnu", "ops.md"), "invalid choice: 'rnu'"),
        (("run",), "no runbook: name a Markdown document (RUNBOOK), or try the one that comes with gameday by --demo"),
        (("plan", "ops.md", "--demo"), "RUNBOOK (ops.md) and --demo exclude each other; leave one of them out"),
        (("run", "ops.md", "--jobs", "0"), "`0` is not a whole number of at least 1"),
        (("run", "ops.md", "--jobs", "two"), "`two` is not a whole number of at least 1"),
        (("run", "ops.md", "--frobnicate"), "unrecognized arguments: --frobnicate"),
        (("show", "ops.md", "--format", "xml"), "invalid choice: 'xml'"),
    ],
)
def test_wrong_arguments_are_refused(place: Path, arguments: tuple[str, ...], fact: str) -> None:
    assert fact in refused(*arguments, cwd=place)


# -- show and plan -----------------------------------------------------------------------------------------------------

PARTS = {
    "symptoms": {"line", "text"},
    "actions": {"line", "text", "commands", "role"},
    "commands": {"line", "text", "title", "role"},
    "toggles": {"line", "text", "name", "from", "to"},
    "dashboards": {"line", "text", "system", "name"},
}


def test_show_as_json_has_every_part_with_its_line(place: Path) -> None:
    lines = RUNBOOK.read_text(encoding="utf-8").split("\n")
    done = in_process("show", "ops.md", "--format", "json", cwd=place)
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [runbook["id"] for runbook in found["runbooks"]] == [
        "TIMEOUT",
        "TOOL_DOWN",
        "VALIDATION_FAIL",
        "WS_OVERLOAD",
    ]
    for runbook in found["runbooks"]:
        assert runbook["title"] in lines[runbook["line"] - 1]
        for part, keys in PARTS.items():
            assert runbook[part], part
            assert all(each.keys() == keys for each in runbook[part]), part
        assert all(command["text"] in lines[command["line"] - 1] for command in runbook["commands"])
    sizes = {part: len(found[part]) for part in ("general", "alerts", "escalation", "post_incident", "unread")}
    assert sizes == {"general": 11, "alerts": 12, "escalation": 9, "post_incident": 5, "unread": 1}


def test_show_as_text_has_every_part(place: Path) -> None:
    done = in_process("show", "ops.md", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("TIMEOUT", "kubectl scale deployment service-name --replicas=3 -n production", "MAX_RETRIES"):
        assert text in done.stdout
    assert "\033" not in done.stdout


def test_plan_as_json_has_bound_steps_and_runs_nothing(place: Path) -> None:
    done = in_process("plan", "ops.md", "--only", "TIMEOUT", "--format", "json", cwd=place)
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    (drill,) = found["drills"]
    assert all(symptom["condition"] for symptom in drill["symptoms"])
    scale = next(step for step in drill["steps"] if "scale" in step["text"])
    assert scale["bound"] == "kubectl scale deployment inference --replicas=3 -n production"
    assert scale["placeholders"] == {"service-name": "inference"}
    assert scale["purpose"] == "change"
    toggles = [step["bound"] for step in drill["steps"] if step["kind"] == "toggle"]
    assert all("kubectl set env deployment/api-gateway" in bound and "rollout status" in bound for bound in toggles)
    assert len(found["general"]) == 11
    assert any("$DATABASE_URL" in note for step in found["general"] for note in step["notes"])
    assert {path.name for path in place.iterdir()} == {"ops.md", "gameday.yaml", "slos"}


def test_plan_as_text_shows_each_command_as_written_and_as_bound(place: Path) -> None:
    done = in_process("plan", "ops.md", cwd=place)
    assert done.returncode == 0
    assert "kubectl scale deployment service-name --replicas=3 -n production" in done.stdout
    assert "as  kubectl scale deployment inference --replicas=3 -n production" in done.stdout
    assert "(manual)" in done.stdout


def test_run_that_cannot_notify_a_system_does_not_start(place: Path) -> None:
    text = refused("run", "ops.md", "--notify", "slack=https://u:s3cret@example.com/s3cret", cwd=place)
    assert (
        "--notify: the format before the URL is missing or not known; write alertmanager=URL or pagerduty=URL" in text
    )
    assert "s3cret" not in text


def test_plan_with_a_refused_command_or_a_missing_placeholder_exits_2(place: Path) -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    harm = text.replace(
        "kubectl get pods -n production | grep service-name", "rm -rf /\nkubectl logs <pod> -n production"
    )
    (place / "harm.md").write_text(harm, encoding="utf-8")
    done = in_process("plan", "harm.md", "--only", "TIMEOUT", cwd=place)
    assert done.returncode == 2
    assert "REFUSED  rm" in done.stdout
    assert "MISSING  `<pod>` has no binding" in done.stdout
    found = json.loads(in_process("plan", "harm.md", "--only", "TIMEOUT", "--format", "json", cwd=place).stdout)
    steps = found["drills"][0]["steps"]
    assert [step["missing"] for step in steps if step["missing"]] == [["<pod>"]]
    assert [step["text"] for step in steps if step["refused"] and not step["missing"]] == ["rm -rf /"]


# -- documents and bindings that cannot be used ------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "show", "plan"])
@pytest.mark.parametrize(
    ("name", "content", "fact"),
    [
        ("nosuch.md", None, "there is no such runbook document"),
        (".", None, "this is a directory"),
        ("empty.md", b"", "is empty"),
        ("binary.md", b"\x7fELF\xff\xfe\x00\x01", "not UTF-8"),
    ],
)
def test_unusable_document_is_refused(
    tmp_path: Path, command: str, name: str, content: bytes | None, fact: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    message = refused(command, name, cwd=tmp_path)
    assert fact in message
    assert name in message


def test_document_without_runbooks_is_refused_and_show_prints_it(place: Path) -> None:
    (place / "prose.md").write_text("# Welcome\n\nNothing to see here.\n", encoding="utf-8")
    for command in ("run", "plan"):
        assert "prose.md: nothing to test" in refused(command, "prose.md", cwd=place)
    done = in_process("show", "prose.md", cwd=place)
    assert done.returncode == 2
    assert "nothing to test" in done.stderr
    assert "Nothing to see here." in done.stdout, "what was not understood is shown"


def test_unknown_runbook_id_is_refused_with_the_known_ones(place: Path) -> None:
    for command in ("run", "plan"):
        message = refused(command, "ops.md", "--only", "TIMOUT", cwd=place)
        assert "--only TIMOUT: " in message
        assert "TIMEOUT, TOOL_DOWN, VALIDATION_FAIL, WS_OVERLOAD" in message


def test_all_problems_of_a_bindings_file_are_in_one_message(place: Path) -> None:
    text = BINDINGS.read_text(encoding="utf-8")
    for right, wrong in (
        ("version: 1", "version: 7"),
        ("slo_files:", "slos: {gateway speed: p95(gateway) below 500ms}\nslo_files:"),
        ("fault: wedged-workers", "fault: wedged-wrkers"),
        ("series: connects", "serie: connects"),
    ):
        text = text.replace(right, wrong)
    (place / "gameday.yaml").write_text(text, encoding="utf-8")
    message = refused("run", "ops.md", cwd=place)
    for fact in ("version", "below 500ms", "wedged-wrkers", "runbooks.WS_OVERLOAD.serie", "docs/reference/bindings.md"):
        assert fact in message, fact
    assert f"{place / 'gameday.yaml'}:2:10: version: " in message


@pytest.mark.parametrize(
    ("text", "fact"), [("a: [b", "not YAML"), ("", "version"), ("- a\n- b\n", "mapping"), ("\x00", "not YAML")]
)
def test_unusable_bindings_are_refused(place: Path, text: str, fact: str) -> None:
    (place / "other.yaml").write_text(text, encoding="utf-8")
    assert fact in refused("run", "ops.md", "--bindings", "other.yaml", cwd=place)


def test_missing_bindings_file_is_refused(place: Path) -> None:
    message = refused("run", "ops.md", "--bindings", "nosuch.yaml", cwd=place)
    assert "nosuch.yaml: cannot be read (No such file or directory); name a bindings file with --bindings" in message


def test_unknown_scenario_is_refused(place: Path) -> None:
    text = BINDINGS.read_text(encoding="utf-8").replace("scenario: timeout", "scenario: timeot")
    (place / "gameday.yaml").write_text(text, encoding="utf-8")
    assert "scenario `timeot`: neither a shipped scenario, nor a load under `loads`, nor the Python file " in refused(
        "run", "ops.md", cwd=place
    )


def test_placeholder_without_binding_is_refused_with_its_line(place: Path) -> None:
    text = "".join(
        line for line in BINDINGS.read_text(encoding="utf-8").splitlines(True) if "tool-service-pod" not in line
    )
    (place / "gameday.yaml").write_text(text, encoding="utf-8")
    message = refused("run", "ops.md", cwd=place)
    assert (
        "line 80: `tool-service-pod` in `kubectl describe pod tool-service-pod -n production` has no binding" in message
    )
    assert "bind it under `placeholders`" in message


def test_forbidden_commands_are_refused_before_anything_runs(place: Path) -> None:
    text = entry("TIMEOUT").replace(
        "kubectl top pods -n production | grep service-name", "rm -rf /\ncurl http://example.com/"
    )
    (place / "harm.md").write_text(document(text), encoding="utf-8")
    message = refused("run", "harm.md", cwd=place)
    assert "refused: `rm -rf /`" in message
    assert "example.com" in message
    assert "Nothing was run" in message


# -- the place and the machine -----------------------------------------------------------------------------------------


def test_run_directory_that_cannot_be_created_is_refused(place: Path) -> None:
    message = refused("run", "ops.md", "--out", "ops.md/run", cwd=place)
    assert "ops.md/run" in message
    assert "--out" in message


def test_record_of_another_run_is_not_overwritten(place: Path) -> None:
    (place / "run").mkdir()
    (place / "run" / "record.jsonl").write_text("{}\n", encoding="utf-8")
    done = gameday("run", "ops.md", "--out", "run", cwd=place)
    assert done.returncode == 2
    assert "this directory has the record of another run; name another one with --out" in done.stderr
    assert (place / "run" / "record.jsonl").read_text(encoding="utf-8") == "{}\n"


@pytest.mark.parametrize("arguments", [("run", "ops.md"), ("up",)])
def test_missing_tools_of_the_operator_are_all_named(place: Path, arguments: tuple[str, ...]) -> None:
    (place / "bin").mkdir()
    message = refused(*arguments, cwd=place, env=clean_environment(str(place / "bin")))
    assert "missing on PATH: bash, curl, grep" in message
    assert "apt-get install bash coreutils curl grep" in message
    (place / "bin" / "bash").symlink_to(str(shutil.which("bash")))
    assert "missing on PATH: curl, grep" in refused(*arguments, cwd=place, env=clean_environment(str(place / "bin")))


# -- report ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The directory of a simulated run that passed."""
    (tmp_path / "run").mkdir()
    World(tmp_path / "run", lambda side, since, healed: 0.0 if since is None or healed else 0.5).run()
    return tmp_path / "run"


def test_report_gives_the_same_verdict_in_each_format(run: Path) -> None:
    text, for_machines, markdown = (
        in_process("report", run, "--format", form, cwd=run.parent) for form in ("text", "json", "markdown")
    )
    assert [done.returncode for done in (text, for_machines, markdown)] == [0, 0, 0]
    assert json.loads(for_machines.stdout)["verdict"] == "passed"
    assert "PASSED" in text.stdout
    assert markdown.stdout.startswith("# Gameday: passed")
    assert in_process("report", run / "record.jsonl", "--format", "json", cwd=run.parent).stdout == for_machines.stdout
    assert [path.name for path in run.iterdir()] == ["record.jsonl"], "a report writes nothing"


def test_report_is_opened_in_the_browser(run: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\necho $1 > {tmp_path}/opened\n")
    browser.chmod(0o755)
    done = gameday("report", run, "--open", cwd=tmp_path, env={"PATH": os.environ["PATH"], "BROWSER": f"{browser} %s"})
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "opened").read_text().strip() == (run / "report.html").resolve().as_uri()
    assert (run / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_page_is_named_where_there_is_no_browser(run: Path, tmp_path: Path) -> None:
    done = gameday("report", run, "--open", cwd=tmp_path, env={"PATH": os.environ["PATH"], "BROWSER": "false"})
    assert done.returncode == 0
    assert done.stderr == f"gameday: there is no browser; open {run / 'report.html'}\n"


def test_postmortem_writes_papers_and_says_why_there_is_no_patch(run: Path, tmp_path: Path) -> None:
    done = in_process("postmortem", run, "--out", "papers", cwd=tmp_path)
    assert done.returncode == 0
    names = ["action-items.md", "incident-report.md", "review.md", "root-cause.md"]
    assert done.stdout.splitlines() == [f"papers/{name}" for name in names]
    assert sorted(path.name for path in (tmp_path / "papers").iterdir()) == names
    assert done.stderr.startswith("gameday: the record does not hold the text of the document")


def test_postmortem_of_an_unusable_record_is_refused(tmp_path: Path) -> None:
    assert "no record can be read here" in refused("postmortem", tmp_path, cwd=tmp_path)


def test_report_of_a_cut_record_is_inconclusive(run: Path) -> None:
    record = run / "record.jsonl"
    lines = record.read_text(encoding="utf-8").splitlines(True)
    kept = next(number for number, line in enumerate(lines) if '"phase":"recovery"' in line)
    record.write_text("".join(lines[:kept]) + lines[kept][:20], encoding="utf-8")
    done = in_process("report", run, "--format", "json", cwd=run.parent)
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["drills"][0]["verdict"] == "inconclusive"


def test_report_of_an_unusable_record_is_refused(run: Path) -> None:
    def message(path: str | Path) -> str:
        done = in_process("report", path, cwd=run.parent)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "no record can be read here" in message("nosuch")
    (run.parent / "other").mkdir()
    assert "no record can be read here" in message("other")
    record = run / "record.jsonl"
    lines = record.read_text(encoding="utf-8").splitlines(True)
    record.write_text(lines[0] + "}{\n" + "".join(lines[1:]), encoding="utf-8")
    assert "record.jsonl:2: this line" in message(run)
    record.write_text("".join(lines[1:]), encoding="utf-8")
    assert "record.jsonl:1: the record has no format version" in message(run)
    record.write_text("", encoding="utf-8")
    assert "not the record of a gameday" in message(run)


# -- up, down, recover -------------------------------------------------------------------------------------------------


def in_shell(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The result of a bash script whose `gameday` is that of this installation."""
    text = f'gameday() {{ "{COMMAND}" "$@"; }}\n{script}'
    return subprocess.run(["bash", "-c", text], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_up_starts_a_usable_platform_and_down_ends_it(tmp_path: Path) -> None:
    up = gameday("up", "--dir", "here", cwd=tmp_path)
    try:
        assert up.returncode == 0, up.stderr
        assert up.stdout.count("1/1") == 4, "the pods are listed"
        assert "gameday down --dir here" in up.stdout
        exports = "\n".join(line for line in up.stdout.splitlines() if line.strip().startswith("export "))
        look = f"{exports}\nkubectl get pods -n production --no-headers | wc -l\ncurl -s http://api-gateway:8080/health"
        assert in_shell(look, tmp_path).stdout.split("\n", 1)[0].strip() == "4"
        assert '"status":"ok"' in in_shell(look, tmp_path).stdout
        again = gameday("up", "--dir", "here", cwd=tmp_path)
        assert (again.returncode, again.stdout.count("1/1")) == (0, 4), "the one that runs is found"
        assert in_shell(look, tmp_path).stdout.split("\n", 1)[0].strip() == "4", "and no other was started"
        assert "export PATH=" in exports
    finally:
        down = gameday("down", "--dir", "here", cwd=tmp_path)
    assert down.returncode == 0
    assert "has ended" in down.stderr
    assert in_shell(look, tmp_path).stdout.split("\n", 1)[0].strip() == "0"
    again = gameday("down", "--dir", "here", cwd=tmp_path)
    assert again.returncode in (0, 2)
    assert "Traceback" not in again.stderr
    assert left(tmp_path / "here") == []
    try:
        restarted = gameday("up", "--dir", "here", cwd=tmp_path)
        assert (restarted.returncode, restarted.stdout.count("1/1")) == (0, 4), "its folder is free again"
    finally:
        gameday("down", "--dir", "here", cwd=tmp_path)


def test_documented_eval_line_exports_a_usable_shell(tmp_path: Path) -> None:
    script = 'eval "$(gameday up --quiet)"; kubectl get pods -n production --no-headers | wc -l; gameday down'
    done = in_shell(script, tmp_path)
    assert (done.stdout.strip(), done.returncode) == ("4", 0), done.stderr


def test_down_without_a_platform_is_refused_and_recover_without_runs_is_not(tmp_path: Path) -> None:
    assert "there is no platform here; `gameday up` starts one" in refused("down", cwd=tmp_path)
    assert "nosuch: no such run directory" in refused("recover", "nosuch", cwd=tmp_path)
    nothing = gameday("recover", cwd=tmp_path)
    assert (nothing.returncode, nothing.stderr) == (0, "")


def test_recover_of_a_finished_run_reports_nothing_left(run: Path) -> None:
    done = gameday("recover", run, cwd=run.parent)
    assert (done.returncode, done.stdout) == (0, f"{run}: nothing was left\n")
