"""Reads `oc`, the client of OpenShift, as `kubectl`, for the verbs that both have in the same form."""

from __future__ import annotations

import re

from harness.bash.split import starts_of

_VERBS = (
    "annotate|api-resources|api-versions|apply|auth|autoscale|cluster-info|config|cp|create|delete|describe|diff|edit|events|exec"
    "|explain|expose|get|label|logs|patch|port-forward|replace|rollout|run|scale|set|top|version|wait"
)
_OF_ADMINISTRATORS = "cordon|drain|taint|top|uncordon"
_FLAGS = r"(?:\s+(?:-n|--namespace|--context|--kubeconfig)[ =]\S+|\s+--?[\w-]+=\S+)*"
_OC = re.compile(
    rf"oc(?P<flags>{_FLAGS})(?P<between>\s+)(?:adm\s+(?P<adm>{_OF_ADMINISTRATORS})|(?P<verb>{_VERBS}))(?=\s|$)"
)


def as_kubectl(text: str) -> str:
    """The text with `kubectl` in place of `oc` where a command is `oc` with a verb of kubectl; the rest as written."""
    if "oc" not in text:
        return text
    pieces, at = [], 0
    for start in starts_of(text, "oc"):
        found = _OC.match(text, start)
        if found:
            verb = found["adm"] or found["verb"]
            pieces += [text[at:start], f"kubectl{found['flags']}{found['between']}{verb}"]
            at = found.end()
    return "".join([*pieces, text[at:]])
