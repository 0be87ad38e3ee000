"""The plugin in a project that is not ours, which pytester makes: what it costs, what it refuses, and real drills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.support.gameday import left
from tests.support.waiting import wait_until

pytest_plugins = ["pytester"]

RUNBOOK = """\
# Operations

### SLOW: Inference is slow

**Symptoms:**

- P95 > 500ms

**Immediate Actions:**

1. Look: `kubectl get pods -n production`

**Commands:**

```bash
COMMAND
```
"""
BINDINGS = """\
version: 1
slos: {fast: p95(infer) < 500ms}
loads:
  infer:
    rate: 50
    requests:
      - send: POST /v1/infer
        headers: {X-Tenant: acme}
        body: '{"model": "small", "prompt": "explain the weather", "max_tokens": 16}'
faults:
  slow:
    - {at: inference, fault: slot-loss, slots: 5}
    - {at: load, fault: surge, factor: 2}
runbooks:
  SLOW: {scenario: infer, service: api-gateway, series: infer, fault: slow, slos: [fast]}
"""
IMPORTED = """
import sys, pytest
before = set(sys.modules)
import harness.pytest_plugin
print(*sorted(set(sys.modules) - before))
"""


def test_import_costs_the_project_nothing_but_the_module_itself() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["harness", "harness.pytest_plugin"]


def test_marker_without_its_drill_fails_and_unusable_input_is_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.runbook("x.md")
        def test_without_fixture():
            pass

        @pytest.mark.runbook("x.md")
        def test_without_call(drill):
            pass

        @pytest.mark.runbook("x.md")
        def test_without_file(drill):
            drill()

        class TestSameName:
            @pytest.mark.runbook("x.md")
            def test_without_file(self, drill):
                drill()

        def test_without_runbook(drill):
            drill()

        def test_without_platform(gameday_platform):
            pass
    """)
    done = pytester.runpytest_inprocess(
        "--strict-markers", "-p", "no:cacheprovider", "--gameday-platform", "moon", "--gameday-out", "out"
    )
    done.assert_outcomes(failed=3, passed=1, errors=3)
    assert {path.name for path in (pytester.path / "out").iterdir()} == {"test_without_file", "test_without_file-2"}
    done.stdout.fnmatch_lines_random([
        "the marker `runbook` needs the fixture `drill`*",
        "the drills of the marker `runbook` did not run: call `drill()` in the test",
        f"*{pytester.path}/x.md: *",
        "*moon*",
        "no runbook: mark the test with `runbook(PATH)`*",
    ])  # fmt: skip


@pytest.mark.slow
def test_drills_of_two_workers_pass_and_fail_with_the_cause_and_leave_nothing(pytester: pytest.Pytester) -> None:
    docs = pytester.mkdir("docs")
    heals = "kubectl scale deployment inference --replicas=3 -n production"
    (docs / "idles.md").write_text(RUNBOOK.replace("COMMAND", "kubectl get pods -n production"))
    (docs / "heals.md").write_text(RUNBOOK.replace("COMMAND", heals))
    (pytester.path / "gameday.yaml").write_text(BINDINGS)
    pytester.makepyfile("""
        import pytest
        from urllib.request import urlopen

        @pytest.mark.runbook("docs/heals.md", only="SLOW")
        def test_heals(drill):
            (result,) = drill().gameday.drills
            assert result.load.scenario == "infer"

        @pytest.mark.runbook("docs/idles.md")
        def test_idles(drill):
            drill()

        def test_platform(gameday_platform):
            with urlopen(gameday_platform.urls["api-gateway"] + "/health") as answer:
                assert answer.status == 200
    """)
    done = pytester.runpytest_subprocess("-n", "2", "--gameday-out", "out", "-p", "no:cacheprovider", timeout=900)
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines([
        "docs/idles.md:3: SLOW failed: the SLOs did not recover; fast * after the response (objective p95(infer) < *",
        "evidence: */out/test_idles/report.html", "*Captured gameday call*", "*SLOW  Inference is slow  FAILED*",
    ])  # fmt: skip
    assert {path.name for path in (pytester.path / "out").iterdir()} == {"test_heals", "test_idles"}
    assert left(pytester.path / "out") + left(pytester.path / "runpytest-0") == []


@pytest.mark.slow
def test_interrupt_with_workers_reverts_the_fault_and_leaves_nothing(pytester: pytest.Pytester) -> None:
    (pytester.path / "x.md").write_text(RUNBOOK.replace("COMMAND", "kubectl get pods -n production"))
    (pytester.path / "gameday.yaml").write_text(BINDINGS)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.runbook("x.md")
        def test_drill(drill):
            drill()
    """)
    record = pytester.path / "out" / "test_drill" / "record.jsonl"
    command = [sys.executable, "-m", "pytest", "-n", "2", "--gameday-out", "out", "-p", "no:cacheprovider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as tests:
        wait_until(lambda: '"fault-applied"' in record.read_text(), "the fault", limit_s=120)
        os.killpg(tests.pid, signal.SIGINT)  # as a terminal does
        assert b"KeyboardInterrupt" in tests.communicate(timeout=60)[0]
    assert record.read_text().count('"fault-reverted"') == 2
    assert left(pytester.path / "out") == []
