"""The verdict of one step, from its recorded facts. Pure."""

from __future__ import annotations

import re

from harness.record.steps import StepFacts, ToggleFacts
from harness.verdict.direction import stated

OK, FAILED, MANUAL, REFUSED, SKIPPED = "ok", "failed", "manual", "refused", "skipped"
_GREPS = ("grep", "egrep", "fgrep")
_NO_OUTPUT = frozenset(("cd", "export", "set", "unset", "local", "sleep", "true", ":", "test", "[", "[[", "wait"))
_ENDED = (130, 137, 141, 143)
_PIPE_CLOSED = 141
_NOISE = re.compile(
    r"Unable to use a TTY|^(Found \d+ pods, using|Defaulted container) "
    r"|line \d+: +\d+ (Terminated|Killed|Interrupt)|% Total|Dload +Upload|--:--:--"
)
"""Lines of standard error that are no error: kubectl's notes, bash's reports of ended jobs, curl's progress meter."""
_CURL_NO_HOST, _CURL_REFUSED = 6, 7
_CURL_GOT_RESPONSE = (0, 22, 23)
"""22: a status of 400 or more with -f; 23: the filter behind it closed the pipe."""
_CURL_NO_RESPONSE = (28, 52, 56)
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_UNANSWERED = re.compile(
    r"curl: \((?:7|28|52|56)\)|i/o timeout|TLS handshake timeout|timed out waiting|Waiting for deployment"
)
"""Messages of programs that got no answer in time, or whose rollout was not over."""


def judge_step(facts: StepFacts) -> tuple[str, str]:
    """The verdict (ok, failed, manual, refused or skipped) and its reason."""
    verdict, why = _verdict(facts)
    if verdict == FAILED and facts.notes:
        why = "; ".join([why, *facts.notes])
    return verdict, why


def unanswered(facts: StepFacts) -> bool:
    """Whether a step that failed got no answer, or not in time: so may a right one on a machine that is too slow."""
    seen = facts.toggle.seen or "" if facts.toggle else ""
    return facts.ran and (facts.timed_out or bool(_UNANSWERED.search(f"{facts.stderr}\n{seen}")))


def _verdict(facts: StepFacts) -> tuple[str, str]:
    if facts.refusals:
        return REFUSED, "; ".join(facts.refusals)
    if not facts.ran:
        return _not_run(facts)
    if facts.timed_out:
        return FAILED, f"did not end within {facts.seconds:.0f} s"
    if facts.overflowed:
        return FAILED, f"printed {facts.stdout_bytes:,} bytes and was ended"
    return _toggled(facts, facts.toggle) if facts.toggle else _ran(facts)


def _not_run(facts: StepFacts) -> tuple[str, str]:
    if facts.missing:
        return FAILED, f"no binding defines {' and '.join(f'`{name}`' for name in facts.missing)}"
    if facts.purpose == "manual":
        return MANUAL, "; ".join(facts.notes) or "prose: no program can do this"
    return SKIPPED, "not run"


def _ran(facts: StepFacts) -> tuple[str, str]:
    if "curl" in facts.programs:
        answer = _curl(facts)
        if answer:
            return answer
    broken = _broken(facts)
    if broken:
        return FAILED, broken
    return _changed(facts) if facts.purpose == "change" else _found(facts)


# -- what failed -------------------------------------------------------------------------------------------------------


def _broken(facts: StepFacts) -> str:
    """Why the command failed, or "". A failed stage counts although the pipeline's status is that of the last one."""
    stages = list(zip(facts.programs, facts.pipestatus, strict=False))
    if len(facts.programs) != len(facts.pipestatus) or not stages:
        status = facts.exit_status or 0
        return f"exit status {status}{_message(facts)}" if status else ""
    for place, (program, status) in enumerate(stages):
        last = place == len(stages) - 1
        if status and not _expected(facts, program, status, last):
            return _stage_failure(facts, program, status, hidden=not last and not facts.exit_status)
    if stages[-1][0] in _GREPS and stages[-1][1] == 1:
        return "ran, found nothing: no line matches"
    return ""


def _expected(facts: StepFacts, program: str, status: int, last: bool) -> bool:
    if facts.ended and (status in _ENDED or (status == 1 and not _message(facts))):
        return True  # kubectl exits with 1 and no message after SIGINT; its own errors have a message
    if program in _GREPS and status == 1:
        return last or _PIPE_CLOSED not in facts.pipestatus
    return status == _PIPE_CLOSED and not last


def _stage_failure(facts: StepFacts, program: str, status: int, *, hidden: bool) -> str:
    if status == _NOT_FOUND and not program.startswith("kubectl"):
        return f"{program}: no such program{_message(facts)}"
    if status == _NOT_EXECUTABLE and not program.startswith("kubectl"):
        return f"{program}: cannot be run{_message(facts)}"
    note = "; the status of the pipeline hides that" if hidden else ""
    return f"{program} failed with exit status {status}{_message(facts)}{note}"


def _message(facts: StepFacts) -> str:
    """The first lines of standard error, without noise, as `: …`; "" if there are none."""
    text = re.sub(r"^bash: line \d+: ", "", facts.stderr, flags=re.MULTILINE)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _is_noise(line)]
    return f": {' / '.join(lines[:3])}" if lines else ""


def _is_noise(line: str) -> bool:
    return bool(_NOISE.search(line))


# -- steps that read ---------------------------------------------------------------------------------------------------


def _found(facts: StepFacts) -> tuple[str, str]:
    count = len(facts.stdout.splitlines())
    if facts.stdout.strip():
        more = "at least " if facts.stdout_bytes > len(facts.stdout.encode()) else ""
        tail = ", ended after being followed" if facts.ended else ""
        return OK, f"found {more}{count} line{'' if count == 1 else 's'}{tail}"
    program = facts.programs[-1] if facts.programs else ""
    if not facts.programs or program in _NO_OUTPUT or program in _GREPS:
        return OK, "done; it prints nothing"
    return FAILED, f"ran, found nothing{_message(facts)}"


def _curl(facts: StepFacts) -> tuple[str, str] | None:
    """The verdict of a step that runs curl in the operator's shell; None if the other rules decide."""
    if len(facts.programs) != len(facts.pipestatus):
        return None
    status = facts.pipestatus[facts.programs.index("curl")]
    if status not in _CURL_GOT_RESPONSE:
        return _no_response(facts, status)
    return _response(facts) if facts.http else None


def _no_response(facts: StepFacts, status: int) -> tuple[str, str]:
    """No response at a declared port is the incident itself; any other address is wrong."""
    where = ", ".join(map(_address, facts.urls)) or "the address"
    declared = any(_address(url) in facts.services for url in facts.urls)
    if status == _CURL_NO_HOST:
        return FAILED, f"there is no service of this name: {where}{_message(facts)}"
    if status == _CURL_REFUSED and declared:
        return OK, f"refused by {where}: the service has no ready pod"
    if status == _CURL_REFUSED:
        return FAILED, f"refused: no service declares the port of {where}{_message(facts)}"
    if status in _CURL_NO_RESPONSE and declared:
        return OK, f"{where} did not answer (curl's status {status}){_message(facts)}"
    return FAILED, f"curl failed with exit status {status}{_message(facts)}"


def _response(facts: StepFacts) -> tuple[str, str] | None:
    """The verdict on a response: 503 of a health path is information, 404 a wrong path. None: the filter decides."""
    line = facts.http[-1]
    code = int(found[1]) if (found := re.match(r"\S+ (\d{3})", line)) else 0
    if 400 <= code < 500:
        return FAILED, f"answered {_status(line)}: wrong path or request ({', '.join(facts.urls)})"
    if len(facts.programs) > 1 or (facts.purpose == "change" and code >= 300):
        return (FAILED, f"answered {_status(line)}") if facts.purpose == "change" else None
    body = " ".join(facts.stdout.split())[:160]
    return OK, f"answered {_status(line)}{f': {body}' if body else ''}"


def _status(status_line: str) -> str:
    return status_line.split(" ", 1)[-1].strip()


def _address(url: str) -> str:
    """`service:port` of a URL; the first label of the host is the service."""
    found = re.match(r"(\w+)://(?:[^@/]*@)?([^/:?#]+)(?::(\d+))?", url)
    if not found:
        return url
    port = found[3] or ("443" if found[1] == "https" else "80")
    return f"{found[2].split('.')[0]}:{port}"


# -- changes -----------------------------------------------------------------------------------------------------------


def _changed(facts: StepFacts) -> tuple[str, str]:
    if facts.added_variables:
        return FAILED, "; ".join(_not_read(*added.split()) for added in facts.added_variables)
    if facts.changed:
        return OK, "changed " + "; ".join([*facts.changed, *facts.notes])
    return FAILED, f"ran without an error, changed nothing{_message(facts)}"


def _toggled(facts: StepFacts, toggle: ToggleFacts) -> tuple[str, str]:
    where = f"deployment/{toggle.deployment}"
    wrong_way = _wrong_way(facts.text, toggle)
    if facts.exit_status:
        return FAILED, f"could not be applied to {where}: exit status {facts.exit_status}{_message(facts)}"
    if toggle.before is None:
        return FAILED, _not_read(where, toggle.name)
    if toggle.seen != toggle.wanted:
        return FAILED, f"the running pod of {where} shows {toggle.seen!r} and not {toggle.wanted!r}"
    if wrong_way:
        return FAILED, wrong_way
    if toggle.before == toggle.wanted:
        return FAILED, f"changed nothing: {toggle.name} was {toggle.wanted} on {where} already"
    drift = toggle.documented is not None and toggle.documented != toggle.before
    return OK, f"{toggle.name} {toggle.before} -> {toggle.seen}" + (
        f" (the runbook documents {toggle.documented}: drift)" if drift else ""
    )


def _not_read(where: str, variable: str) -> str:
    return f"{variable} was not in the environment of {where} before: nothing there reads it"


def _wrong_way(text: str, toggle: ToggleFacts) -> str:
    """Why text and values disagree, as in `Increase from 5000 to 1000`; "" if they do not.

    Both the documented and the deployed old value count: what the text calls an increase must be one in life as well.
    """
    said = stated(text, toggle.name, toggle.documented, toggle.wanted)
    if said is None:
        return ""
    direction, verb = said
    for old in (toggle.documented, toggle.before):
        try:
            before, after = float(old or ""), float(toggle.wanted)
        except ValueError:
            continue
        if before != after and (direction == "up") != (after > before):
            return f"wrong direction: {before:g} -> {after:g} contradicts `{verb}` in the text"
    return ""
