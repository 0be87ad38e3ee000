"""The use cases as functions: typed results, messages instead of exits, and nothing printed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import app
from harness.app import members
from harness.errors import BindingError, DocumentError, GamedayError, Interrupted, MachineError, PlatformError
from harness.platforms.base import Announce, PlatformOptions
from harness.report.plan import to_json, to_text
from harness.verdict.result import Verdict
from tests.support.paths import BINDINGS, ROOT, RUNBOOK, SLOS
from tests.support.simulated_drill import World, incident


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a folder with the shipped runbook, bindings and SLOs."""
    shutil.copy(RUNBOOK, tmp_path / "ops.md")
    shutil.copy(BINDINGS, tmp_path / "gameday.yaml")
    shutil.copytree(SLOS, tmp_path / "slos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


class StubPlatform:
    """A platform that does not come up."""

    namespace = "production"

    def up(self) -> None:
        raise PlatformError("no room on the stub")

    def down(self) -> None:
        return


class StubProvider:
    """A platform's provider that creates nothing; subclasses fail in one place."""

    name = "stub"
    max_parallel_drills: int | None = 1
    options: frozenset[str] = frozenset({"context"})

    def __init__(self, options: PlatformOptions) -> None:
        self.recovered: list[Path] = []

    def check(self) -> None:
        return

    def refusal(self, need: object) -> str:
        return ""

    @contextmanager
    def session(self, folder: Path, announce: Announce) -> Iterator[None]:
        announce("creating the platform")
        yield

    def create(self, *arguments: object) -> StubPlatform:
        return StubPlatform()

    def containers(self, folder: Path) -> tuple[str, ...]:
        return ()


class StubFamily:
    """In place of the registry of platforms."""

    def __init__(self, provider: type[StubProvider]) -> None:
        self._provider = provider

    def names(self) -> tuple[str, ...]:
        return ("stub",)

    def __contains__(self, name: object) -> bool:
        return name == "stub"

    def load(self, name: str) -> type[StubProvider]:
        assert name == "stub"
        return self._provider


def use_platform(monkeypatch: pytest.MonkeyPatch, provider: type[StubProvider]) -> app.PlatformChoice:
    monkeypatch.setattr(members, "PLATFORMS", StubFamily(provider))
    return app.PlatformChoice("stub")


# -- plan and show -----------------------------------------------------------------------------------------------------


def test_plan_returns_the_bound_steps_and_is_ready(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned = app.plan(app.PlanRequest(Path("ops.md"), only=("TIMEOUT",)))
    assert [drill.runbook.id for drill in planned.plan.drills] == ["TIMEOUT"]
    assert (planned.problems, planned.ready) == ((), True)
    assert "kubectl scale deployment inference --replicas=3 -n production" in {
        step.shown for step in planned.plan.steps()
    }
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("start", app.Start)
def test_plan_shows_the_values_from_which_toggles_start(place: Path, start: app.Start) -> None:
    planned = app.plan(app.PlanRequest(Path("ops.md"), only=("TIMEOUT",), start=start))
    assert to_text(planned.plan).splitlines()[0].endswith(f"; toggles start from their {start.value} values")
    assert json.loads(to_json(planned.plan))["start"] == start.value


def test_plan_shows_a_sequential_control_of_the_bindings_or_the_request(place: Path) -> None:
    asked = app.plan(app.PlanRequest(Path("ops.md"), sequential=True, observe_s=90)).plan
    assert (asked.bindings.control and asked.bindings.control.observe_s) == 90
    text = BINDINGS.read_text(encoding="utf-8").replace("faults:", "control: {sequential: one database}\nfaults:", 1)
    (place / "gameday.yaml").write_text(text, encoding="utf-8")
    bound = app.plan(app.PlanRequest(Path("ops.md"), observe_s=70)).plan
    assert "control: sequential, on one platform before the treatment: one database" in to_text(bound)
    assert json.loads(to_json(bound))["control"] == {"sequential": "one database", "observe_s": 70}


def test_observation_without_a_sequential_control_is_refused(place: Path) -> None:
    with pytest.raises(BindingError, match=r"--observe is for a sequential control: add --sequential, or `control`"):
        app.plan(app.PlanRequest(Path("ops.md"), observe_s=90))


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("scenario: timeout", "scenario: timeot", "scenario `timeot`: "),
        ("{at: inference, fault: slot-loss, slots: 5}", "{at: inference, fault: pod-kill, every: 5}", "every"),
    ],
)
def test_plan_reports_a_scenario_or_fault_that_a_run_would_refuse(
    place: Path, right: str, wrong: str, problem: str
) -> None:
    text = BINDINGS.read_text(encoding="utf-8")
    assert right in text
    (place / "gameday.yaml").write_text(text.replace(right, wrong), encoding="utf-8")
    planned = app.plan(app.PlanRequest(Path("ops.md"), only=("TIMEOUT",)))
    (found,) = planned.problems
    assert problem in found
    assert not planned.ready
    with pytest.raises(BindingError) as refused:
        app.run(app.RunRequest(app.PlanRequest(Path("ops.md"), only=("TIMEOUT",)), out=Path("run")))
    assert str(refused.value) == found
    assert not Path("run").exists()


def test_plan_of_a_document_without_runbooks_is_a_document_error(place: Path) -> None:
    Path("prose.md").write_text("# Welcome\n\nNothing to see here.\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"prose\.md: nothing to test: .*`gameday show prose\.md`"):
        app.plan(app.PlanRequest(Path("prose.md")))
    assert app.show(app.ShowRequest(Path("prose.md"))).nothing_to_test


def test_show_returns_the_parsed_document(place: Path) -> None:
    shown = app.show(app.ShowRequest(Path("ops.md")))
    assert [book.id for book in shown.document.runbooks] == ["TIMEOUT", "TOOL_DOWN", "VALIDATION_FAIL", "WS_OVERLOAD"]
    assert shown.nothing_to_test == ""


# -- report ------------------------------------------------------------------------------------------------------------


def test_report_judges_a_record_and_render_presents_it(tmp_path: Path) -> None:
    expected = World(tmp_path, incident).run()
    result = app.report(app.ReportRequest(tmp_path))
    assert result == expected
    assert result.verdict is Verdict.PASSED
    assert app.render(result).rstrip().split("\n")[-1].startswith("PASSED in ")
    assert app.render(result, "markdown").startswith("# Gameday: passed\n")
    assert {path.name for path in tmp_path.iterdir()} == {"record.jsonl"}


def test_unknown_report_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    with pytest.raises(GamedayError, match=r"report `xml`: no installed package registers it; known are .*junit.*text"):
        app.render(result, "xml")


# -- run ---------------------------------------------------------------------------------------------------------------


def test_run_writes_record_and_report_files_and_returns_the_result(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drill is inconclusive, because its platform does not come up."""
    lines: list[str] = []
    events: list[str] = []
    request = app.RunRequest(
        app.PlanRequest(Path("ops.md"), only=("TIMEOUT",)), use_platform(monkeypatch, StubProvider), 2, Path("run")
    )
    done = app.run(
        request, notify=lines.append, listeners=[lambda judge: lambda event: events.append(type(event).__name__)]
    )
    assert (done.folder, done.gameday.verdict) == (place / "run", Verdict.INCONCLUSIVE)
    assert "no room on the stub" in " ".join(done.gameday.drills[0].why)
    assert app.report(app.ReportRequest(done.folder)) == done.gameday
    written = {path.name for path in done.folder.iterdir() if path.is_file()}
    assert written == {"record.jsonl", "report.html", "result.json", "summary.md", "junit.xml", "findings.sarif"}
    assert (done.folder / "junit.xml").read_text(encoding="utf-8") == app.render(done.gameday, "junit")
    assert lines[0] == "stub runs 1 drill at a time; using --jobs 1"
    assert lines[1] == f"ops.md: TIMEOUT; record in {place / 'run'}"
    assert (events[0], events[-1]) == ("RunStarted", "RunEnded")


def test_drills_that_cannot_start_do_not_hold_up_the_others(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unlimited(StubProvider):
        max_parallel_drills = None

    platform = use_platform(monkeypatch, Unlimited)
    done = app.run(app.RunRequest(app.PlanRequest(Path("ops.md")), platform, out=Path("run")))
    assert len(done.gameday.drills) == 4
    assert all("no room on the stub" in " ".join(drill.why) for drill in done.gameday.drills)


@pytest.mark.parametrize("declared", [True, False])
def test_what_exists_once_is_drilled_on_one_platform_at_a_time(
    place: Path, monkeypatch: pytest.MonkeyPatch, declared: bool
) -> None:
    """A sequential control that is only asked for leaves the number of drills alone: nothing is shared."""
    created, lines = list[str](), list[str]()

    class Unlimited(StubProvider):
        max_parallel_drills = None

        def create(self, folder: Path, side: str, overrides: object) -> StubPlatform:
            created.append(side)
            return StubPlatform()

    if declared:
        text = BINDINGS.read_text(encoding="utf-8").replace("faults:", "control: {sequential: one disk}\nfaults:", 1)
        (place / "gameday.yaml").write_text(text, encoding="utf-8")
    plan = app.PlanRequest(Path("ops.md"), only=("TIMEOUT",), sequential=not declared)
    platform = use_platform(monkeypatch, Unlimited)
    done = app.run(app.RunRequest(plan, platform, 3, Path("run")), notify=lines.append)
    assert created == ["treatment", "treatment"], "each side has the one platform in its turn"
    limit = "a sequential control (one disk) runs 1 drill at a time; using --jobs 1"
    assert (limit in lines) == declared
    (drill,) = done.gameday.drills
    assert drill.sequential is not None
    assert drill.sequential.why == ("one disk" if declared else "--sequential was given")
    assert [phase.phase for phase in drill.phases] == []


def test_run_is_added_to_its_history(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, platform = Path("kept") / "history.db", use_platform(monkeypatch, StubProvider)
    plan = app.PlanRequest(Path("ops.md"), only=("TIMEOUT",))
    done = app.run(app.RunRequest(plan, platform, out=Path("run"), steady_s=30.0, history=file))
    assert done.notes == ()
    (kept,) = app.list_runs(app.HistoryRequest(file)).runs
    assert (kept.folder, kept.verdict, kept.steady_s) == (str(done.folder), Verdict.INCONCLUSIVE, 30.0)
    assert [(each.runbook, each.scenario) for each in kept.drills] == [("TIMEOUT", "timeout")]
    assert kept.host.cores >= 1
    app.run(app.RunRequest(plan, platform, out=Path("other")))
    assert len(app.list_runs(app.HistoryRequest(file)).runs) == 1, "without a history, none is written"
    assert not Path(".gameday").exists()


@pytest.mark.parametrize("error", [None, ZeroDivisionError("a bug")])
def test_history_that_cannot_be_written_changes_neither_verdict_nor_report(
    place: Path, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    def broken(*arguments: object) -> None:
        assert error is not None
        raise error

    (place / "damaged.db").write_text("this is no database, but text that is long enough to be read as one" * 20)
    if error:
        monkeypatch.setattr("harness.app.running.keep", broken)
    platform = use_platform(monkeypatch, StubProvider)
    plan = app.PlanRequest(Path("ops.md"), only=("TIMEOUT",))
    done = app.run(app.RunRequest(plan, platform, out=Path("run"), history=Path("damaged.db")))
    (note,) = done.notes
    why = (
        "ZeroDivisionError: a bug" if error else "damaged.db: the history is damaged, or none (file is not a database)"
    )
    assert note.startswith(f"the run is not in the history: {why}")
    assert note.endswith(f"; `gameday history add {done.folder}` adds it")
    assert json.loads((done.folder / "result.json").read_text())["verdict"] == done.gameday.verdict.value
    assert done.gameday == app.report(app.ReportRequest(done.folder))


def test_stop_before_the_first_drill_raises_interrupted(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    stop.set()
    request = app.RunRequest(app.PlanRequest(Path("ops.md")), use_platform(monkeypatch, StubProvider), out=Path("run"))
    with pytest.raises(Interrupted, match="no drill has run"):
        app.run(request, stop=stop)
    assert not (place / "run" / "result.json").exists()


def test_a_platform_that_cannot_be_created_is_an_error_and_an_interrupt_only_after_stop(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()

    class Failing(StubProvider):
        @contextmanager
        def session(self, folder: Path, announce: Announce) -> Iterator[None]:
            if folder.name == "interrupted":
                stop.set()
            raise PlatformError("no engine")
            yield

    choice = use_platform(monkeypatch, Failing)
    request = app.RunRequest(app.PlanRequest(Path("ops.md")), choice, out=Path("failed"))
    with pytest.raises(PlatformError, match="no engine"):
        app.run(request, stop=stop)
    request = app.RunRequest(app.PlanRequest(Path("ops.md")), choice, out=Path("interrupted"))
    with pytest.raises(Interrupted):
        app.run(request, stop=stop)


def test_option_without_effect_on_the_platform_is_refused(place: Path) -> None:
    choice = app.PlatformChoice("local", app.PlatformOptions(node_image="x"))
    with pytest.raises(MachineError) as refused:
        app.run(app.RunRequest(app.PlanRequest(Path("ops.md")), choice, out=Path("run")))
    fix = "remove it, or choose another --platform"
    assert str(refused.value) == f"--node-image has no effect with --platform local; {fix}"


# -- recover and down --------------------------------------------------------------------------------------------------


def test_recover_returns_what_was_ended_in_each_run(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Leaving(StubProvider):
        def recover(self, folder: Path) -> list[str]:
            return ["a container"] if folder.name == "killed" else []

    use_platform(monkeypatch, Leaving)
    for name in ("killed", "clean"):
        (place / "runs" / name).mkdir(parents=True)
    found = app.recover(app.RecoverRequest())
    assert [(each.place, each.ended) for each in found] == [("runs/clean", ()), ("runs/killed", ("a container",))]
    with pytest.raises(MachineError, match="nosuch: no such run directory"):
        app.recover(app.RecoverRequest((Path("nosuch"),)))


def test_recover_goes_on_when_one_platform_cannot_be_loaded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(StubFamily):
        def load(self, name: str) -> type[StubProvider]:
            raise GamedayError("platform `stub` of the package broken 1.0 cannot be imported")

    monkeypatch.setattr(members, "PLATFORMS", Broken(StubProvider))
    (place / "runs" / "one").mkdir(parents=True)
    notes: list[str] = []
    assert [each.ended for each in app.recover(app.RecoverRequest(), notify=notes.append)] == [()]
    assert notes == ["platform `stub` of the package broken 1.0 cannot be imported"]


def test_recover_ends_platforms_although_the_record_cannot_be_read(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Leaving(StubProvider):
        def recover(self, folder: Path) -> list[str]:
            return ["a container"]

    use_platform(monkeypatch, Leaving)
    run = place / "runs" / "old"
    run.mkdir(parents=True)
    (run / "record.jsonl").write_text('{"ev": "gameday", "t": 1.0, "drills": []}\n')
    notes: list[str] = []
    assert [each.ended for each in app.recover(app.RecoverRequest(), notify=notes.append)] == [("a container",)]
    (note,) = notes
    assert "record.jsonl" in note
    assert "version" in note


def test_down_without_a_platform_is_a_machine_error(place: Path) -> None:
    with pytest.raises(MachineError, match=r"runs/platform: there is no platform here; `gameday up` starts one"):
        app.down(app.DownRequest())


# -- what it needs -----------------------------------------------------------------------------------------------------


def test_help_and_plan_import_no_optional_package_and_no_load_generator(place: Path) -> None:
    code = (
        "import sys; from harness.cli.main import exit_code_of\n"
        "try: exit_code_of(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(sorted({'docker', 'kubernetes', 'testcontainers', 'locust', 'gevent'} & set(sys.modules)))"
    )
    for arguments in (("--help",), ("run", "--help"), ("plan", "ops.md")):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=place)
        assert done.stdout.splitlines()[-1] == "[]", arguments


def test_only_the_command_line_prints_exits_parses_arguments_and_handles_signals() -> None:
    for path in sorted((ROOT / "harness" / "app").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        for word in ("argparse", "print(", "sys.exit", "sys.std", "import signal", "harness.cli"):
            assert word not in text, f"{path.name}: {word}"


def test_plan_of_a_document_without_ids_and_bindings_lists_its_steps(place: Path) -> None:
    Path("KubeAPIDown.md").write_text("# The API is down\n\n## Mitigation\n\n`kubectl get pods`\n", encoding="utf-8")
    planned = app.plan(app.PlanRequest(Path("KubeAPIDown.md")))
    (drill,) = planned.plan.drills
    assert (drill.runbook.id, drill.binding, [step.text for step in drill.steps]) == (
        "KubeAPIDown",
        None,
        ["kubectl get pods"],
    )
    assert planned.ready
