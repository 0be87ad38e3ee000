"""What a command changed by the answer of a service or of a database: no Deployment shows such a change.

The answer says that the request was accepted, not that it had an effect; whether it had one is what the drill decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from harness.bash.script import Script
from harness.policy import classify
from harness.policy.kubectl import inner_command, is_exec

_ROWS = re.compile(r"(?:INSERT \d+|UPDATE|DELETE|MERGE) [1-9]\d*")
_DONE = re.compile(r"(?:CREATE|DROP|ALTER|TRUNCATE|REINDEX|REFRESH|COMMENT|GRANT|REVOKE)(?: [A-Z]+)*")
"""Command tags of PostgreSQL, which psql prints: https://www.postgresql.org/docs/current/protocol-message-formats.html"""


_REDIS_ERROR = re.compile(
    r"(?:\(error\) )?"
    r"(?:ERR|OOM|NOAUTH|NOPERM|WRONGTYPE|READONLY|MISCONF|BUSY|LOADING|CLUSTERDOWN|MASTERDOWN|EXECABORT) "
)
"""How the errors begin that redis-cli prints with status 0 (redis.io/docs/latest/develop/reference/protocol-spec)."""
_SHOWN = 60


def accepted(script: Script, http: tuple[str, ...], stdout: str, programs: Collection[str] = ()) -> tuple[str, ...]:
    """Return the changes that a service or database has accepted: `POST http://api:8080/flush: 200 OK`.

    `http`: the status lines of the last curl. A text with several curls gives none: it is unknown whose answer that is.
    `programs`: those of the bindings in pods, which have ended with status 0; only they know what they changed.
    """
    return (*_requests(script, http), *_rows(script, stdout), *_commands(script, stdout, programs))


def _requests(script: Script, http: tuple[str, ...]) -> Iterator[str]:
    calls = [call for call in script.calls if call.program == "curl"]
    status = re.fullmatch(r"\S+ (2\d\d.*)", http[-1]) if http else None
    if len(calls) == 1 and status and classify.sends(calls[0].argv):
        yield f"{classify.method(calls[0].argv)} {' '.join(classify.urls(script))}: {status[1].strip()}"


def _rows(script: Script, stdout: str) -> Iterator[str]:
    programs = (inner_command(call)[:1] for call in script.calls if is_exec(call))
    if any(program and program[0].text == "psql" for program in programs):
        tags = (line.strip() for line in stdout.splitlines())
        yield from (f"database: {tag}" for tag in tags if _ROWS.fullmatch(tag) or _DONE.fullmatch(tag))


def _commands(script: Script, stdout: str, programs: Collection[str]) -> Iterator[str]:
    calls = [call for call in classify.calls_in_pods(script) if call.program in programs]
    answer = next(iter(stdout.strip().splitlines()), "no output")[:_SHOWN]
    for call in calls:
        refused = call.program == "redis-cli" and _REDIS_ERROR.match(answer)
        if classify.changes_in_pod(call) and not refused:
            yield f"{' '.join(call.argv)}: {answer}" if len(calls) == 1 else " ".join(call.argv)
