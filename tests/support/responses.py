"""A simulated drill that a person handles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.record.event import DrillEvent
from harness.record.incident import CommandTyped, ResponderChosen
from tests.support.simulated_drill import World

SCALED = ("deployment/web replicas 1 -> 3",)
COMMAND = "kubectl scale deployment web --replicas=3"


def typed(
    command: str = COMMAND,
    *,
    line: int | None = None,
    changed: tuple[str, ...] = SCALED,
    refused: str = "",
    output: str = "",
) -> CommandTyped:
    """A command, whose times are set when it is written."""
    return CommandTyped(
        command=command,
        started_s=0.0,
        ended_s=0.0,
        exit_status=None if refused else 0,
        refused=refused,
        output=output,
        line=line,
        changed=() if refused else changed,
    )


def let_person_write(world: World, *events: DrillEvent, before: Sequence[DrillEvent] = ()) -> None:
    """Let a person write these events in the response, a second each; their last command heals the service."""

    def response() -> None:
        world.responded, world.responding_at = True, world.now
        for event in (*before, ResponderChosen(responder="human")):
            world.record(event)
        for event in events:
            world.record(_now(event, world.now))
            world.second()
        world.healed, world.healed_at = world.heals, world.now

    world.response = response


def _now(event: DrillEvent, now_s: float) -> DrillEvent:
    return replace(event, started_s=now_s, ended_s=now_s + 1) if isinstance(event, CommandTyped) else event
