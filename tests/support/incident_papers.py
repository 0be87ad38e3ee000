"""A small document, the facts of its steps, and its patch applied by git in a repository."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.record.event import TREATMENT
from harness.record.events import ProbeSampled
from harness.record.header import DashboardPlan
from harness.record.steps import StepFacts, ToggleFacts
from harness.verdict.result import DashboardResult, DrillResult, StepResult
from harness.verdict.steps import judge_step
from tests.support.simulated_drill import World, incident, ran

DOCUMENT = """\
# Ops

## Runbooks

### WEB: Web – überlastet

**Symptoms:**

- errors

**Immediate Actions:**

1. Look at the log: `kubectl logs -f deployment/web -n production | grep -i "fehler ü"`
2. Call the team

**Commands:**

```bash
# More replicas
kubectl scale deployment web --replicas=3 -n production

# Answers?
curl http://web:8080/health
```

**Environment Toggles:**

- `MAX_RETRIES`: Increase from 3 to 5
- `STRICT`: Set to false

**Dashboards:**

- Prometheus: `drops`
"""
AFTER = """\
# Ops

## Runbooks

### WEB: Web – überlastet

**Symptoms:**

- errors

**Immediate Actions:**

1. Look at the log: `kubectl logs --tail=10000 deployment/web -n production | grep -i "fehler ü"`
2. Call the team

**Commands:**

```bash
# More replicas
# Rollback: kubectl scale deployment web --replicas=1 -n production
kubectl scale deployment web --replicas=3 -n production
kubectl rollout status deployment/web -n production --timeout=60s

# Answers?
curl --max-time 10 http://web:8080/health
```

**Environment Toggles:**

- `MAX_RETRIES`: Increase from 3 to 5 (`kubectl set env deployment/web MAX_RETRIES=5 -n production`; \
rollback: `kubectl set env deployment/web MAX_RETRIES=2 -n production`)
- `STRICT`: Set to false (`kubectl set env deployment/web STRICT=false -n production`; \
rollback: `kubectl set env deployment/web STRICT=true -n production`)

**Dashboards:**

- Prometheus: `drops_total`
"""
"""The document after its patch."""


def line_of(text: str, part: str) -> int:
    """The line of a document, from 1, that has these words."""
    return 1 + next(number for number, line in enumerate(lines_of(text)) if part in line)


def lines_of(text: str) -> list[str]:
    """The lines of a document as its parser counts them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def followed(text: str, command: str) -> StepFacts:
    """A command that never ends, and was ended."""
    facts = ran("read", command)
    return replace(facts, line=line_of(text, command.split("\n", maxsplit=1)[0]), stdout="x", ended=True)


def read(text: str, command: str) -> StepFacts:
    """A command that found something."""
    return replace(ran("read", command), line=line_of(text, command.split("\n", maxsplit=1)[0]), stdout="x")


def scaled(text: str, command: str, old: int = 1, new: int = 3) -> StepFacts:
    """A command that changed the number of replicas."""
    changed = (f"deployment/web replicas {old} -> {new}", "deployment/web pods: none ended, web-2 started")
    return replace(ran("change", command, changed=changed), line=line_of(text, command.split("\n", maxsplit=1)[0]))


def set_(text: str, name: str, old: str, new: str) -> StepFacts:
    """A toggle that was set."""
    line = line_of(text, f"`{name}`")
    bound = (
        f"kubectl set env deployment/web {name}={new} -n production && kubectl rollout status deployment/web -n "
        f"production --timeout=60s && kubectl exec deployment/web -n production -- printenv {name}"
    )
    return replace(
        ran("change", lines_of(text)[line - 1].lstrip("-> \t"), changed=(f"deployment/web {name} {old} -> {new}",)),
        line=line,
        kind="toggle",
        bound=bound,
        toggle=ToggleFacts("web", name, None, old, new, new),
    )


def steps_of(text: str) -> tuple[StepFacts, ...]:
    """The facts of the steps of DOCUMENT, whatever its line ends."""
    return (
        followed(text, 'kubectl logs -f deployment/web -n production | grep -i "fehler ü"'),
        scaled(text, "kubectl scale deployment web --replicas=3 -n production"),
        read(text, "curl http://web:8080/health"),
        set_(text, "MAX_RETRIES", "2", "5"),
        set_(text, "STRICT", "true", "false"),
    )


@cache
def _drill() -> DrillResult:
    """A drill that has passed."""
    with TemporaryDirectory() as folder:
        return World(Path(folder), incident).run().drills[0]


def drill_with(text: str, steps: Iterable[StepFacts]) -> DrillResult:
    """A drill of this document with these steps; the pods export `drops_total` and not `drops`."""
    boards = tuple(
        DashboardResult(number, line.lstrip("-> \t"), "Prometheus", "drops", "failed", "not exported", "drops_total")
        for number, line in enumerate(lines_of(text), 1)
        if "`drops`" in line
    )
    results = tuple(StepResult(facts, *judge_step(facts), ()) for facts in steps)
    return replace(_drill(), steps=results, dashboards=boards)


def drilled(folder: Path, text: str, steps: Iterable[StepFacts], **parts: object) -> World:
    """A drill of this document, in the folder `run`, with its record closed. The pods export `drops_total` only."""
    (folder / "run").mkdir()
    boards = tuple(
        DashboardPlan(number, line.lstrip("-> \t"), "Prometheus", "drops")
        for number, line in enumerate(lines_of(text), 1)
        if "`drops`" in line
    )
    world = World(folder / "run", incident, document=text, steps=tuple(steps), dashboards=boards, **parts)  # type: ignore[arg-type]
    world.at = lambda passed: world.record(ProbeSampled(side=TREATMENT, values={"family(drops_total)": {"p": passed}}))
    world.run()
    return world


def repository(folder: Path, name: str, text: str) -> Path:
    """A new git repository with one file; its path."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    git(folder, "init", "--quiet", ".")
    return file


def git(folder: Path, *words: str) -> str:
    """The output of git, without the user's own settings; an error fails the test."""
    settings = ["-c", "core.autocrlf=false", "-c", "apply.whitespace=warn"]
    done = subprocess.run(["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
