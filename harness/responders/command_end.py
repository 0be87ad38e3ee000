"""How a command of a responder ended: what the responder sees of it, and what is recorded, without secrets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harness.record.masking import masked
from harness.record.steps import StepFacts
from harness.steps.step import Step

RECORDED_CHARACTERS = 4_000
"""The end of a command's output that is recorded."""
SEEN_BYTES = 4 * 2**20
"""The output that a responder gets to see, of each stream."""


@dataclass(frozen=True)
class CommandEnd:
    """A command that has ended, or was refused."""

    command: str
    """As it ran, placeholders filled in."""
    line: int | None
    """Line of the documented step that it is; None: none."""
    exit_status: int | None
    """None: refused, or ended before its end."""
    stdout: str
    stderr: str
    refused: tuple[str, ...]
    """Why the policy refused it, or which placeholders have no value; empty: it ran."""
    changed: tuple[str, ...]
    """What it changed on the platform."""
    seconds: float

    @property
    def recorded_output(self) -> str:
        """The end of both streams, without secrets."""
        return masked(f"{self.stdout}{self.stderr}")[-RECORDED_CHARACTERS:]


def end_of(facts: StepFacts, run_dir: Path) -> CommandEnd:
    """The end of a command with these facts; masks the files that keep its output."""
    refused = (*facts.refusals, *(f"`{name}` has no binding" for name in facts.missing))
    if facts.purpose == "manual":
        refused = facts.notes or ("prose: a person does this without a command",)
    stdout, stderr = _outputs(facts, run_dir)
    return CommandEnd(
        command=facts.bound or facts.text,
        line=facts.line or None,
        exit_status=facts.exit_status,
        stdout=stdout,
        stderr=stderr,
        refused=refused,
        changed=facts.changed,
        seconds=facts.seconds,
    )


def ended_early(step: Step, started_s: float, ended_s: float) -> CommandEnd:
    """The end of a command that was interrupted."""
    seconds = ended_s - started_s
    return CommandEnd(step.shown or step.text, step.line or None, None, "", "gameday: interrupted\n", (), (), seconds)


def masked_facts(facts: StepFacts) -> StepFacts:
    """The facts without secrets."""
    return replace(
        facts,
        bound=masked(facts.bound),
        stdout=masked(facts.stdout),
        stderr=masked(facts.stderr),
        changed=tuple(map(masked, facts.changed)),
    )


def _outputs(facts: StepFacts, run_dir: Path) -> tuple[str, str]:
    """What a responder sees of both streams."""
    if not facts.stdout_file:
        return facts.stdout, facts.stderr
    stdout = run_dir / facts.stdout_file
    return _seen(stdout), _seen(stdout.with_suffix(".err"))


def _seen(file: Path) -> str:
    """The begin of an output. The file keeps the output without secrets from now on."""
    with file.open(encoding="utf-8", errors="replace") as opened:
        text = opened.read(SEEN_BYTES)
        more = bool(opened.read(1))
    file.write_text(masked(text) + ("\n(the rest is not kept)\n" if more else ""), encoding="utf-8")
    return text
