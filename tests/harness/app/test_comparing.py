"""`gameday compare` with real processes: what it refuses, how it ends early, and whole comparisons."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

from harness import app
from harness.app.variants import prepare, started
from harness.cli.main import exit_code_of
from harness.comparison.variant import Revision
from harness.errors import BindingError, ComparisonError, GamedayError
from harness.http import call
from harness.platforms.local.platform import LocalPlatform
from harness.record.event import CONTROL, TREATMENT
from harness.record.events import ProcessStarted
from harness.record.journal import Journal, JournalError, read_events
from tests.support.duets import duet, served
from tests.support.gameday import Running, gameday
from tests.support.network import free_port
from tests.support.pages import Page
from tests.support.paths import BINDINGS, FORK_SERVER_STAND_IN, ROOT
from tests.support.repository import commit, git
from tests.support.scenarios import HttpServer
from tests.support.waiting import wait_until


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, a registry and a folder of temporary files of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def servers() -> Iterator[tuple[str, str]]:
    """Two services that answer at once."""
    with ExitStack() as stack:
        yield stack.enter_context(HttpServer()).url, stack.enter_context(HttpServer()).url


@pytest.fixture
def repository(place: Path) -> Path:
    """A repository whose services are the stand-in's, with branches that cannot be used."""
    git(place, "init", "--quiet", "--initial-branch=main", ".")
    shutil.copytree(ROOT / "deploy" / "base", place / "deploy" / "base")
    commit(place, {"fakes/__init__.py": "", "fakes/fork_server.py": Path(FORK_SERVER_STAND_IN[-1]).read_text()})
    git(place, "checkout", "--quiet", "-b", "broken")
    commit(place, {"fakes/fork_server.py": "raise SystemExit('broken on purpose')\n"})
    git(place, "checkout", "--quiet", "-b", "manifests", "main")
    commit(place, {"deploy/base/kustomization.yaml": "resources: [nosuch.yaml]\n"})
    git(place, "checkout", "--quiet", "-b", "elsewhere", "main")
    git(place, "rm", "--quiet", "-r", "fakes")
    commit(place, {"README": "no services"})
    git(place, "checkout", "--quiet", "main")
    return place


def request(base: str, candidate: str, **more: object) -> app.CompareRequest:
    return app.CompareRequest(base, candidate, **{"bindings": BINDINGS, "out": Path("run"), **more})  # type: ignore[arg-type]


def nothing_left(place: Path) -> bool:
    """No worktree, no temporary file, and no process with this folder in its environment."""

    def ours(process: psutil.Process) -> bool:
        try:
            return str(place) in process.environ().get("GAMEDAY_DIR", "")
        except psutil.Error:
            return False

    return not any(map(ours, psutil.process_iter())) and not list((place.parent / "temp").glob("gameday-*"))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"budget_s": 20.0}, "the budget is 20 s; 25 s are the least that decides"),
        ({"margin": 0.0}, "the margin is 0%"),
        ({"quantiles": (0.0,)}, "quantiles lie between 0 and 100"),
        ({"only": ("NOSUCH",)}, r"gameday\.yaml: no runbook NOSUCH; there are TIMEOUT, TOOL_DOWN"),
        ({"bindings": Path("nosuch.yaml")}, r"nosuch\.yaml"),
    ],
)
def test_unusable_request_is_refused_before_anything_is_written(
    place: Path, more: dict[str, object], message: str
) -> None:
    with pytest.raises(GamedayError, match=message):
        app.compare(request("inference:", "inference:A=1", **more))
    assert list(place.iterdir()) == []


def test_series_that_the_scenario_lacks_is_refused(place: Path) -> None:
    bindings = place / "other.yaml"
    text = BINDINGS.read_text().replace("series: gateway", "series: nosuch", 1)
    bindings.write_text(text.replace("slo_files: [slos/*.yaml]", f"slo_files: [{ROOT}/slos/*.yaml]"))
    with pytest.raises(BindingError, match="scenario timeout has no series nosuch; there are gateway"):
        app.compare(request("inference:", "inference:A=1", bindings=bindings))


def test_plain_locustfile_is_refused(place: Path) -> None:
    (place / "shop.py").write_text("from locust import HttpUser")
    text = BINDINGS.read_text().replace("scenario: timeout", "scenario: shop.py\n    users: 5", 1)
    (place / "gameday.yaml").write_text(text.replace("slo_files: [slos/*.yaml]", f"slo_files: [{ROOT}/slos/*.yaml]"))
    with pytest.raises(
        BindingError, match=r"runbooks\.TIMEOUT: shop\.py is a plain locustfile, whose users await answers"
    ):
        app.compare(request("inference:", "inference:A=1", bindings=place / "gameday.yaml"))


def test_unknown_deployment_is_refused(place: Path) -> None:
    with pytest.raises(ComparisonError, match="`nosuch`: no such Deployment; there are api-gateway, inference"):
        app.compare(request("nosuch:A=1", "nosuch:"))


def test_service_that_cannot_be_reached_is_named(place: Path, servers: tuple[str, str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ComparisonError, match=f"the candidate does not start: {url}: cannot be reached"):
        app.compare(request(servers[0], url))


def test_directory_of_another_run_is_refused(place: Path, servers: tuple[str, str]) -> None:
    (place / "run").mkdir()
    (place / "run" / "record.jsonl").write_text("")
    with pytest.raises(GamedayError, match="has the record of another run"):
        app.compare(request(*servers))


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        ("nosuch", "revision `nosuch`: git knows no such revision"),
        ("elsewhere", r"it has no fakes/fork_server\.py"),
        ("manifests", r"the manifests in deploy/base cannot be read: .*nosuch\.yaml"),
    ],
)
def test_revision_that_cannot_be_used_leaves_nothing(repository: Path, candidate: str, message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        app.compare(request("main", candidate))
    assert git(repository, "worktree", "list").count("\n") == 1
    assert nothing_left(repository)


def test_services_and_manifests_of_each_revision_run_at_the_same_time(repository: Path) -> None:
    server, manifest = repository / "fakes" / "fork_server.py", repository / "deploy" / "base" / "inference.yaml"
    git(repository, "checkout", "--quiet", "-b", "second")
    second = {
        "fakes/fork_server.py": server.read_text().replace('"path": path}', '"path": path, "version": "two"}'),
        "deploy/base/inference.yaml": manifest.read_text().replace('value: "100"', 'value: "112"'),
    }
    commit(repository, second)
    pair = {CONTROL: prepare(Revision("main"), repository), TREATMENT: prepare(Revision("second"), repository)}
    assert pair[TREATMENT].detail == git(repository, "rev-parse", "second")[:12]
    with started(pair, repository, repository / "run", threading.Event(), print) as services:
        answers = [call("GET", f"{services[side].url('inference')}/x").body for side in (CONTROL, TREATMENT)]
        platforms = [each for each in services.values() if isinstance(each, LocalPlatform)]
        values = [each.state()["inference"].env["SERVICE_TIME_MS"] for each in platforms]
        assert git(repository, "worktree", "list").count("\n") == 3
    assert ["version" in json.loads(answer) for answer in answers] == [False, True]
    assert values == ["100", "112"]
    assert git(repository, "worktree", "list").count("\n") == 1
    assert nothing_left(repository)


def test_signal_during_the_load_ends_everything(place: Path, servers: tuple[str, str]) -> None:
    """Exit code 130 for SIGINT; the workers end, and the record says that it was cut."""
    running = Running("compare", *servers, "--bindings", str(BINDINGS), "--out", "run", cwd=place)
    workers = wait_until(lambda: _started(place / "run" / "record.jsonl"))
    running.process.send_signal(signal.SIGINT)
    assert running.end()[0] == 130
    assert running.lines[-1] == "gameday: interrupted before the comparison was decided\n"
    assert not any(psutil.pid_exists(each.pid) for each in workers)
    shown = gameday("report", "run", "--format", "json", cwd=place)
    assert (shown.returncode, json.loads(shown.stdout)["cut"]) == (3, True)


def _started(record: Path) -> list[ProcessStarted]:
    """Both workers, once they have started."""
    if not record.exists() or not record.stat().st_size:
        return []
    found = [each for each in read_events(record) if isinstance(each, ProcessStarted)]
    return found if len(found) == 2 else []


def test_worker_that_dies_is_an_error(place: Path, servers: tuple[str, str]) -> None:
    running = Running("compare", *servers, "--bindings", str(BINDINGS), "--out", "run", cwd=place)
    victim, other = wait_until(lambda: _started(place / "run" / "record.jsonl"))
    psutil.Process(victim.pid).kill()
    assert running.end()[0] == 2
    assert running.lines[-1].startswith("gameday: nothing can be compared: the load generator died")
    assert not psutil.pid_exists(other.pid)


def test_report_of_a_comparison_has_three_formats(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _with_record(place)
    assert exit_code_of(["report", "run", "--format", "junit"]) == 2
    assert capsys.readouterr().err == "gameday: a comparison has no junit report; take text, json, html\n"


def _with_record(place: Path) -> None:
    (place / "run").mkdir()
    journal = Journal(place / "run" / "record.jsonl", clock=lambda: 1000.0)
    for event in duet(served(100), served(130)):
        journal.write(event)
    journal.close()


def test_report_judges_the_record_again(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _with_record(place)
    assert exit_code_of(["report", "run"]) == 1
    assert "✗ WEB  scenario web, series gateway  REGRESSED" in capsys.readouterr().out


def test_report_as_a_page_is_printed_or_written_and_opened(place: Path) -> None:
    _with_record(place)
    browser = place / "browser"
    browser.write_text("#!/bin/sh\necho $1 > opened\n")
    browser.chmod(0o755)
    printed = gameday("report", "run", "--format", "html", cwd=place)
    assert (printed.returncode, printed.stderr) == (1, "")
    assert not (place / "run" / "report.html").exists()
    env = {"PATH": os.environ["PATH"], "BROWSER": f"{browser} %s"}
    opened = gameday("report", "run/record.jsonl", "--open", cwd=place, env=env)
    assert (opened.returncode, opened.stderr) == (1, "")
    assert (place / "opened").read_text().strip() == (place / "run" / "report.html").as_uri()
    assert (place / "run" / "report.html").read_text(encoding="utf-8") == printed.stdout
    assert Page(printed.stdout).text.startswith("regressed: HEAD against main ")


def test_use_cases_for_drills_refuse_a_comparison(place: Path) -> None:
    _with_record(place)
    with pytest.raises(JournalError, match="not the record of a gameday"):
        app.report(app.ReportRequest(Path("run")))


# -- whole comparisons -------------------------------------------------------------------------------------------------


class DelayedServer(HttpServer):
    """Answers after a log-normal time around a median."""

    def __init__(self, median_s: float) -> None:
        super().__init__()
        self._median_s, self._rng = median_s, Random(5)

    async def _request(self, *request: Any) -> None:
        await asyncio.sleep(self._median_s * self._rng.lognormvariate(0, 0.2))
        await super()._request(*request)


@pytest.mark.slow
def test_slower_service_has_regressed_and_an_equal_one_has_not(place: Path) -> None:
    """Real load on two small servers: a median of 40 ms, and a quarter more."""
    with DelayedServer(0.04) as base, DelayedServer(0.04) as same, DelayedServer(0.05) as slower:
        found = [_whole(place, base.url, other.url, name) for name, other in (("same", same), ("slower", slower))]
    assert [(code, data["outcome"]) for code, data in found] == [(0, "not worse"), (1, "regressed")]


def _whole(place: Path, base: str, candidate: str, name: str) -> tuple[int, dict[str, object]]:
    options = (
        "--bindings",
        BINDINGS,
        "--rate",
        "100",
        "--budget",
        "60s",
        "--quantiles",
        "50",
        "--format",
        "json",
        "--out",
        name,
    )
    done = gameday("compare", base, candidate, *map(str, options), cwd=place, timeout_s=120)
    data = json.loads(done.stdout)
    page = Page((place / name / "report.html").read_text(encoding="utf-8"))
    assert page.text.startswith(f"{data['outcome']}: {candidate} against {base} ")
    return done.returncode, data


@pytest.mark.slow
def test_service_that_does_not_start_is_named_with_its_error(repository: Path) -> None:
    done = gameday("compare", "main", "broken", "--bindings", BINDINGS, cwd=repository, timeout_s=120)
    assert done.returncode == 2
    assert "gameday: the candidate does not start: not ready within 30 s" in done.stderr
    assert "the fork server ended with status 1: broken on purpose" in done.stderr
    assert git(repository, "worktree", "list").count("\n") == 1
    assert nothing_left(repository)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_services_start_leaves_nothing(repository: Path, number: signal.Signals) -> None:
    running = Running("compare", "main", "broken", "--bindings", BINDINGS, cwd=repository)
    wait_until(lambda: list(repository.glob("runs/*/candidate/platform/processes.jsonl")))
    running.process.send_signal(number)
    assert running.end()[0] == 128 + number
    assert running.lines[-1].startswith("gameday: interrupted while the services were being started")
    assert git(repository, "worktree", "list").count("\n") == 1
    assert nothing_left(repository)


@pytest.mark.slow
def test_killed_comparison_is_recovered(repository: Path) -> None:
    """SIGKILL: the services end with the process that started them; `recover` removes the worktrees."""
    running = Running("compare", "main", "main", "--bindings", BINDINGS, "--out", "run", cwd=repository)
    wait_until(lambda: _started(repository / "run" / "record.jsonl"))
    os.kill(running.process.pid, signal.SIGKILL)
    running.end()
    done = gameday("recover", "run", cwd=repository)
    assert done.returncode == 0
    assert done.stdout.count("worktree ") == 2
    assert git(repository, "worktree", "list").count("\n") == 1
    wait_until(lambda: nothing_left(repository))
