"""Judging one step from what was recorded about it: pure, so that a report gives the same verdict again."""

from __future__ import annotations

import re

from harness.record.steps import StepFacts, ToggleFacts

OK, FAILED, MANUAL, REFUSED, SKIPPED = "ok", "failed", "manual", "refused", "skipped"
_GREPS = ("grep", "egrep", "fgrep")
_SILENT = frozenset(("cd", "export", "set", "unset", "local", "sleep", "true", ":", "test", "[", "[[", "wait"))
_ENDED = (130, 137, 141, 143)
_PIPE_CLOSED = 141
_IDLE_TALK = re.compile(
    r"Unable to use a TTY|^(Found \d+ pods, using|Defaulted container) "
    r"|line \d+: +\d+ (Terminated|Killed|Interrupt)|% Total|Dload +Upload|--:--:--"
)
"""kubectl's notes on terminals and on what it chose, bash's word on what was ended, curl's progress meter."""
_CURL_NO_HOST, _CURL_REFUSED = 6, 7
_CURL_ANSWERED = (0, 22, 23)
"""Also with -f and a status of 400 or more, and with a filter behind it that had seen enough."""
_CURL_SILENT_SERVER = (28, 52, 56)
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


def judge_step(facts: StepFacts) -> tuple[str, str]:
    """(verdict, why): verdict is one of ok, failed, manual, refused, skipped."""
    verdict, why = _verdict(facts)
    if verdict == FAILED and facts.notes:
        why = "; ".join([why, *facts.notes])
    return verdict, why


def _verdict(facts: StepFacts) -> tuple[str, str]:
    if not facts.ran:
        return _not_run(facts)
    if facts.timed_out:
        return FAILED, f"did not end within {facts.seconds:.0f} s"
    if facts.overflowed:
        return FAILED, f"printed {facts.stdout_bytes:,} bytes and was ended"
    return _toggled(facts, facts.toggle) if facts.toggle else _ran(facts)


def _not_run(facts: StepFacts) -> tuple[str, str]:
    if facts.refusals:
        return REFUSED, "; ".join(facts.refusals)
    if facts.missing:
        return FAILED, f"no binding says what {' and '.join(f'`{name}`' for name in facts.missing)} stands for"
    if facts.purpose == "manual":
        return MANUAL, "prose: no program can do this"
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
    """Why the command did not work; "" when it did. A stage's own failure is not hidden by the pipe behind it."""
    stages = list(zip(facts.programs, facts.pipestatus, strict=False))
    if len(facts.programs) != len(facts.pipestatus) or not stages:
        status = facts.exit_status or 0
        return f"exit status {status}{_said(facts)}" if status else ""
    for place, (program, status) in enumerate(stages):
        last = place == len(stages) - 1
        if status and not _expected(facts, program, status, last):
            return _stage_failure(facts, program, status, hidden=not last and not facts.exit_status)
    if stages[-1][0] in _GREPS and stages[-1][1] == 1:
        return "ran, found nothing: no line matches"
    return ""


def _expected(facts: StepFacts, program: str, status: int, last: bool) -> bool:
    if facts.ended and (status in _ENDED or (status == 1 and not _said(facts))):
        return True  # kubectl answers SIGINT with 1 and no word; a failure of its own has one
    if program in _GREPS and status == 1:
        return last or _PIPE_CLOSED not in facts.pipestatus
    return status == _PIPE_CLOSED and not last


def _stage_failure(facts: StepFacts, program: str, status: int, *, hidden: bool) -> str:
    if status == _NOT_FOUND and not program.startswith("kubectl"):
        return f"{program}: there is no such program{_said(facts)}"
    if status == _NOT_EXECUTABLE and not program.startswith("kubectl"):
        return f"{program}: cannot be run{_said(facts)}"
    veil = "; the pipe behind it would have hidden that" if hidden else ""
    return f"{program} failed with exit status {status}{_said(facts)}{veil}"


def _said(facts: StepFacts) -> str:
    said = re.sub(r"^bash: line \d+: ", "", facts.stderr, flags=re.MULTILINE)
    lines = [line.strip() for line in said.splitlines() if line.strip() and not _idle_talk(line)]
    return f": {' / '.join(lines[:3])}" if lines else ""


def _idle_talk(line: str) -> bool:
    return bool(_IDLE_TALK.search(line))


# -- looks -------------------------------------------------------------------------------------------------------------


def _found(facts: StepFacts) -> tuple[str, str]:
    count = len(facts.stdout.splitlines())
    if facts.stdout.strip():
        more = "at least " if facts.stdout_bytes > len(facts.stdout.encode()) else ""
        tail = ", ended after it had been followed" if facts.ended else ""
        return OK, f"found {more}{count} line{'' if count == 1 else 's'}{tail}"
    program = facts.programs[-1] if facts.programs else ""
    if not facts.programs or program in _SILENT or program in _GREPS:
        return OK, "done; it has nothing to print"
    return FAILED, f"ran, found nothing{_said(facts)}"


def _curl(facts: StepFacts) -> tuple[str, str] | None:
    """The verdict on a curl of the operator's own shell; None where the rest of the rules decide."""
    if len(facts.programs) != len(facts.pipestatus):
        return None
    status = facts.pipestatus[facts.programs.index("curl")]
    if status not in _CURL_ANSWERED:
        return _unanswered(facts, status)
    return _answered(facts) if facts.http else None


def _unanswered(facts: StepFacts, status: int) -> tuple[str, str]:
    """A declared port that nobody answers at is the incident itself; anything else is a wrong address."""
    where = ", ".join(map(_place, facts.urls)) or "the address"
    declared = any(_place(url) in facts.services for url in facts.urls)
    if status == _CURL_NO_HOST:
        return FAILED, f"there is no service of this name: {where}{_said(facts)}"
    if status == _CURL_REFUSED and declared:
        return OK, f"refused by {where}: the service has no ready pod"
    if status == _CURL_REFUSED:
        return FAILED, f"refused: no service declares the port of {where}{_said(facts)}"
    if status in _CURL_SILENT_SERVER and declared:
        return OK, f"{where} did not answer (curl's status {status}){_said(facts)}"
    return FAILED, f"curl failed with exit status {status}{_said(facts)}"


def _answered(facts: StepFacts) -> tuple[str, str] | None:
    """A 503 of a health path is a finding; a 404 is a wrong path. Behind a pipe the filter has the last word."""
    line = facts.http[-1]
    code = int(found[1]) if (found := re.match(r"\S+ (\d{3})", line)) else 0
    if 400 <= code < 500:
        return FAILED, f"answered {_words(line)}: wrong path or request ({', '.join(facts.urls)})"
    if len(facts.programs) > 1 or (facts.purpose == "change" and code >= 300):
        return (FAILED, f"answered {_words(line)}") if facts.purpose == "change" else None
    body = " ".join(facts.stdout.split())[:160]
    return OK, f"answered {_words(line)}{f': {body}' if body else ''}"


def _words(status_line: str) -> str:
    return status_line.split(" ", 1)[-1].strip()


def _place(url: str) -> str:
    """`service:port` of a URL; the first label of the host is the service."""
    found = re.match(r"(\w+)://(?:[^@/]*@)?([^/:?#]+)(?::(\d+))?", url)
    if not found:
        return url
    port = found[3] or ("443" if found[1] == "https" else "80")
    return f"{found[2].split('.')[0]}:{port}"


# -- changes -----------------------------------------------------------------------------------------------------------


def _changed(facts: StepFacts) -> tuple[str, str]:
    if facts.changed:
        return OK, "changed " + "; ".join([*facts.changed, *facts.notes])
    return FAILED, f"ran without an error, changed nothing{_said(facts)}"


def _toggled(facts: StepFacts, toggle: ToggleFacts) -> tuple[str, str]:
    where = f"deployment/{toggle.deployment}"
    wrong_way = _wrong_way(facts.text, toggle)
    if facts.exit_status:
        return FAILED, f"could not be applied to {where}: exit status {facts.exit_status}{_said(facts)}"
    if toggle.before is None:
        return FAILED, f"{toggle.name} was not in the environment of {where} before: nothing there reads it"
    if toggle.seen != toggle.wanted:
        return FAILED, f"the running pod of {where} shows {toggle.seen!r} and not {toggle.wanted!r}"
    if wrong_way:
        return FAILED, wrong_way
    if toggle.before == toggle.wanted:
        return FAILED, f"changed nothing: {toggle.name} was {toggle.wanted} on {where} already"
    drift = toggle.documented is not None and toggle.documented != toggle.before
    return OK, f"{toggle.name} {toggle.before} -> {toggle.seen}" + (
        f" (the runbook says from {toggle.documented}: drift)" if drift else ""
    )


def _wrong_way(text: str, toggle: ToggleFacts) -> str:
    """`Increase from 5000 to 1000`: the word and the numbers disagree."""
    word = re.search(r"\b(increase|raise|decrease|lower|reduce)", text, re.IGNORECASE)
    try:
        before, after = float(toggle.documented or toggle.before or ""), float(toggle.wanted)
    except ValueError:
        return ""
    if not word or before == after:
        return ""
    up = word[1].lower() in ("increase", "raise")
    if up == (after > before):
        return ""
    return f"moved the wrong way: the text says {word[1].lower()}, {before:g} -> {after:g} does the opposite"
