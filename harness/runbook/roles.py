"""What a step is for: from its command, the words above it and its section, in this order."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from harness.bash import kubectl_verbs
from harness.model import Role


class Effect(Enum):
    """What a command does to the system, as far as its text shows."""

    READS = "reads"
    CHANGES = "changes"
    UNDOES = "undoes"
    UNKNOWN = "unknown"


_KUBECTL = r"(?:kubectl|oc)\s+(?:(?:-n|--namespace|--context|-c|--kubeconfig)[ =]\S+\s+|--?[\w-]+=\S+\s+|adm\s+)*"
_READING = re.compile(
    rf"{_KUBECTL}(?:{'|'.join(sorted(kubectl_verbs.READING))}|log|event|whoami"
    r"|status|projects|project|config\s+(?:view|current-context|get-\S+)|rollout\s+(?:status|history)|must-gather|inspect)\b"
    r"|(?:docker|podman|crictl|nerdctl)\s+(?:ps|logs|inspect|stats|images|info|version|top|port)\b"
    r"|helm\s+(?:list|ls|status|get|history|show|template|version|search)\b"
    r"|(?:systemctl|service)\s+(?:status|is-\w+|list-\w+|show|cat)\b|service\s+\S+\s+status\b"
    r"|aws\s+\S+\s+(?:describe|list|get|filter|head|ls)\b\S*|gcloud\s+(?:[\w-]+\s+)+?(?:list|describe|read)\b|az\s+(?:[\w-]+\s+)+?(?:list|show)\b"
    r"|git\s+(?:log|status|diff|show|blame|branch\s*$)|(?:etcdctl|ceph|rabbitmqctl|nodetool|vault|consul|istioctl|redis-cli)\b"
    r"(?:\s+-\S+)*\s+(?:\S+\s+)?(?:status|health|list\S*|info|get\S*|members|endpoint|proxy-status|df|osd tree"
    r"|tree|ping|version)\b"
    r"|(?:psql|mysql)\b.*\b(?:select|show|explain)\b"
    r"|(?:cat|[ezf]?grep|rg|awk|cut|sort|uniq|head|tail|less|more|wc|tr|column|jq|yq|ls|df|du|free|ps|h?top|uptime|vmstat|iostat|dmesg"
    r"|journalctl|dig|host|nslookup|ping|traceroute|ss|netstat|lsof|date|id|hostname|whoami|env|printenv|echo|printf|stat|find|which|type"
    r"|nc|mtr|openssl|test|true|base64|basename|dirname|xxd|pwd|cd|watch|promtool|amtool|stern|tcpdump|strace|perf|sar|pidstat|mpstat|iotop)\b",
    re.I | re.S,
)
_CHANGING = re.compile(
    rf"{_KUBECTL}[a-z]|(?:docker|podman|crictl|nerdctl|helm|systemctl|service|terraform|ansible\S*|argocd|flux|git|aws|gcloud|az|virtctl)\s"
    r"|(?:rm|mv|cp|kill|pkill|killall|reboot|shutdown|mkdir|chmod|chown|mount|umount|truncate|dd|tee|apt\S*|yum|dnf|make)\b",
    re.I,
)
_UNDOING = re.compile(rf"{_KUBECTL}rollout\s+undo\b|helm\s+rollback\b|git\s+revert\b|argocd\s+app\s+rollback\b", re.I)
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\$`]|\\.)*\"")
_JOINTS = re.compile(r"\|\|?|&&|;|\n|\$\(|`|[()]")
_LEADING = re.compile(
    r"^(?:\s*(?:sudo(?:\s+-\S+)*|time|timeout\s+\S+|watch(?:\s+-n\s*\S+|\s+-\S+)*|xargs(?:\s+-\S+(?:\s+\d+)?)*|do|then|else|if|while|!|export|\w+=\S*)(?:\s+|$))+"
)
_EXEC = re.compile(rf"{_KUBECTL}(?:exec|rsh|debug)\b.*?\s--\s+(?P<inner>.+)", re.S)
_CURL_SENDS = re.compile(
    r"\s(?:-X\s*(?!GET|HEAD)[A-Z]+|--request[ =](?!GET|HEAD)|-d\b|--data|--json|-F\b|-T\b|--upload)"
)
_WRITES = re.compile(
    r"(?<![<>&\d-])\d?>{1,2}(?!&)\s*(?!/dev/null)\S|\ssed\s+(?:-\w+\s+)*-i|-delete\b|-exec\s+rm\b", re.S
)
_CONTROL = re.compile(r"(?:done|fi|esac|for\b.*|case\b.*|in|\{|\}|\[+.*|)$")


@lru_cache(maxsize=2048)
def effect_of(text: str) -> Effect:
    """What a command does: the strongest effect of its parts. A program that is not known has an unknown effect."""
    if _UNDOING.search(text):
        return Effect.UNDOES
    shell = _QUOTED.sub("Q", text.replace("\\\n", " "))
    writes = _WRITES.search(re.sub(r"<[A-Za-z][\w .-]*>", "P", shell))
    effects = {Effect.CHANGES} if writes else set()
    effects |= {_effect(part) for part in _JOINTS.split(shell)}
    return next((each for each in (Effect.CHANGES, Effect.UNKNOWN) if each in effects), Effect.READS)


def _effect(part: str) -> Effect:
    command = _LEADING.sub("", part.strip() + " ").strip()
    inside = _EXEC.match(command)
    if inside:
        return _effect(inside["inner"])
    if not command or command.startswith("#") or _CONTROL.match(command):
        return Effect.READS
    if command.startswith(("curl", "wget")):
        return Effect.CHANGES if _CURL_SENDS.search(command) else Effect.READS
    if _READING.match(command):
        return Effect.READS
    return Effect.CHANGES if _CHANGING.match(command) else Effect.UNKNOWN


_WORDS = (
    (
        Role.ESCALATE,
        re.compile(
            r"(?:escalate|contact|page|call|inform|notify|alert|ask|open (?:a|an) (?:\w+ )?(?:ticket|case|issue)"
            r"|reach out)\b",
            re.I,
        ),
    ),
    (
        Role.ROLL_BACK,
        re.compile(r"(?:roll(?:ing)?[ -]?back|back out|undo|revert)\b|to (?:roll back|undo|revert)\b", re.I),
    ),
    (Role.VERIFY, re.compile(r"(?:verify|verification|validate|confirm|ensure|make sure|double[ -]check)\b", re.I)),
    (
        Role.DIAGNOSE,
        re.compile(
            r"(?:check|look|inspect|see|find|identify|review|investigate|list|get|show|describe|determine|examine|view|search|monitor|query|analy[sz]e|watch|is|are|what|which|why)\b",
            re.I,
        ),
    ),
    (
        Role.CHANGE,
        re.compile(
            r"(?:restart|increase|decrease|reduce|scale|delete|remove|add|set|change|update|upgrade|apply|patch|edit|create|replace|drain|cordon|uncordon|kill|stop|start|enable|disable|resize|expand|free|clean|move|migrate|reboot|terminate|fix|redeploy|deploy|configure|raise|lower|extend|purge|recreate)\b",
            re.I,
        ),
    ),
)
_BEGIN = re.compile(
    r"^\W*(?:\d+[.)]\s*)?(?:(?:step \d+|first|then|now|next|finally|please|also|you (?:can|should|must|may)|to"
    r"|try to|and)\b[\s:,.-]*)*",
    re.I,
)
_FIXED = (Role.VERIFY, Role.ROLL_BACK, Role.ESCALATE)


def role_of_command(text: str, title: str, section: Role) -> Role:
    """The role of a command below a title, in a section of a role."""
    effect, said = effect_of(text), role_of_words(title)
    if effect is Effect.UNDOES:
        return section if section is Role.CHANGE else Role.ROLL_BACK
    if section is Role.ROLL_BACK or (said is Role.ROLL_BACK and effect is not Effect.READS):
        return Role.ROLL_BACK
    if effect is Effect.CHANGES:
        return section if section is Role.ESCALATE else Role.CHANGE
    if section in _FIXED:
        return section
    if said is Role.VERIFY and section is not Role.DIAGNOSE:
        return Role.VERIFY
    return Role.DIAGNOSE if effect is Effect.READS else section if section is not Role.UNKNOWN else said


def role_of_words(text: str) -> Role:
    """The role of what a sentence asks for, by its verb; unknown where that says nothing."""
    begin = _BEGIN.sub("", text, count=1)
    return next((role for role, verbs in _WORDS if verbs.match(begin)), Role.UNKNOWN)


def role_of_action(text: str, section: Role) -> Role:
    """The role of an action without a command."""
    said = role_of_words(text)
    if section in _FIXED or (said is Role.VERIFY and section is Role.DIAGNOSE) or said is Role.UNKNOWN:
        return section
    return said
