"""What a person or a program did, as words: shared by the report formats for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.record.incident import AlertAction
from harness.report.format import one_line
from harness.verdict.response import CommandResult, ResponseResult
from harness.verdict.result import DrillResult

_ACTIONS: tuple[tuple[AlertAction, str], ...] = (
    ("acknowledged", "acknowledged"),
    ("investigating", "investigation begun"),
    ("mitigated", "mitigated"),
    ("resolved", "resolved"),
)


@dataclass(frozen=True)
class Compared:
    """One fact of this response, and of the run in which the runbook was executed as written."""

    what: str
    here: str
    beside: str


def compared(drill: DrillResult, response: ResponseResult) -> tuple[Compared, ...]:
    """The times of the first alert, the recovery and the commands of a response, beside those of the runbook."""
    return tuple(_compared(drill, response))


def _compared(drill: DrillResult, response: ResponseResult) -> Iterator[Compared]:
    first, other = drill.alerts[0] if drill.alerts else None, response.beside
    theirs: dict[AlertAction, float | None] = {} if other is None else {
        "acknowledged": other.acknowledged_s, "investigating": other.investigating_s,
        "mitigated": other.mitigated_s, "resolved": other.resolved_s,
    }  # fmt: skip
    for action, words in _ACTIONS:
        yield Compared(
            f"{words}, from the alert on", _s(first.after_s(action) if first else None), _s(theirs.get(action))
        )
    yield Compared("recovered, from the fault on", _s(drill.times.recover_s), _s(other.recover_s if other else None))
    steps = "–" if other is None else f"{other.steps}"
    yield Compared("steps of the document", f"{len(response.lines)}", steps)
    yield Compared(
        "other commands", f"{sum(each.line is None for each in response.commands)}", "–" if other is None else "0"
    )


def _s(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s"


def show_responder(response: ResponseResult) -> str:
    """`human; the fault was hidden`, `program: python3 fix.py`."""
    command = f": {response.command}" if response.command else ""
    return f"{response.responder}{one_line(command)}{'; the fault was hidden' if response.hidden else ''}"


def show_beside(response: ResponseResult) -> str:
    """Which run is shown beside this one."""
    if response.beside is None:
        return "no earlier run in which the runbook was executed as written is known"
    return f"{response.beside.run} ({response.beside.verdict})"


def show_end(command: CommandResult) -> str:
    """How a command ended: `exit status 1`, `refused: …`, or what it changed."""
    if command.refused:
        return f"refused: {command.refused}"
    if command.exit_status is None:
        return "ended before its end"
    changed = f"; changed {'; '.join(command.changed)}" if command.changed else ""
    return f"exit status {command.exit_status}{changed}"


def show_command(command: CommandResult) -> str:
    """`12.5 s  line 31: kubectl get pods: exit status 0`, on one line; seconds from the begin of the response."""
    where = "" if command.line is None else f"line {command.line}: "
    return one_line(f"{command.after_s:.1f} s  {where}{command.command}: {show_end(command)}")
