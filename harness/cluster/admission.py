"""Validates changes as the API server does, and refuses those that the small cluster cannot carry out."""

from __future__ import annotations

import re

from harness.cluster import labels
from harness.cluster.api import Invalid
from harness.machine.objects import Json, Obj, items, section, strings, text

VARIABLE = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")
SUPPORTED = {"env", "image", "readinessProbe", "livenessProbe", "resources", "imagePullPolicy"}
"""Fields of a container whose changes take effect in the small cluster."""


def deployment(before: Obj, after: Obj) -> None:
    """Raises Invalid, with the API server's message, when `after` is not a valid or supported change."""
    name = text(before, "metadata", "name")
    for problem in _problems(before, after):
        raise Invalid(f'Deployment.apps "{name}" is invalid: {problem}')
    _check_supported(before, after)


def metadata(kind: str, after: Obj) -> None:
    """Raises Invalid for labels and annotations that are none. `kind`: as `Deployment.apps`."""
    meta = section(after, "metadata")
    name, *both = text(meta, "name"), strings(section(meta, "labels")), strings(section(meta, "annotations"))
    for problem in labels.problems(*both):
        raise Invalid(f'{kind} "{name}" is invalid: {problem}')


def _problems(before: Obj, after: Obj) -> list[str]:
    spec = section(after, "spec")
    replicas = spec.get("replicas", 1)
    found = []
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        found.append(f'spec.replicas: Invalid value: "{replicas}": must be an integer')
    elif replicas < 0:
        found.append(f"spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0")
    if spec.get("selector") != section(before, "spec").get("selector"):
        found.append("spec.selector: Invalid value: field is immutable")
    selected = strings(section(spec, "selector", "matchLabels")).items()
    if not selected <= strings(section(spec, "template", "metadata", "labels")).items():
        found.append("spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`")
    return found + _containers(spec)


def _containers(spec: Obj) -> list[str]:
    containers = items(spec, "template", "spec", "containers")
    if not containers:
        return ["spec.template.spec.containers: Required value"]
    where = "spec.template.spec.containers[0]"
    found = [] if text(containers[0], "image") else [f"{where}.image: Required value"]
    for index, entry in enumerate(items(containers[0], "env")):
        name = text(entry, "name")
        if not VARIABLE.fullmatch(name):
            rule = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.'"
            found.append(f'{where}.env[{index}].name: Invalid value: "{name}": {rule}, and must not start with a digit')
        if not isinstance(entry.get("value", ""), str):
            found.append(f"{where}.env[{index}].value: Invalid value: must be a string")
    return found


def _check_supported(before: Obj, after: Obj) -> None:
    """Raises Invalid for a change that would be shown but have no effect."""
    old, new = (items(one, "spec", "template", "spec", "containers") for one in (before, after))
    if len(new) != 1 or text(old[0], "name") != text(new[0], "name"):
        raise Invalid("this platform runs exactly one container in each pod, under its own name")
    for field in sorted({*old[0], *new[0]} - SUPPORTED):
        if old[0].get(field) != new[0].get(field):
            raise Invalid(f"this platform cannot change a container's {field}")
    if any("valueFrom" in entry for entry in items(new[0], "env")):
        raise Invalid("this platform has plain environment values only, no valueFrom")


def metadata_only(kind: str, before: Obj, after: Obj) -> None:
    """Raises Invalid when more than labels and annotations changes; for kinds without a controller."""

    def rest(one: Obj) -> dict[str, Json]:
        meta = {key: value for key, value in section(one, "metadata").items() if key not in ("labels", "annotations")}
        return {**{key: value for key, value in one.items() if key != "status"}, "metadata": meta}

    if rest(before) != rest(after):
        raise Invalid(f"this platform changes nothing but labels and annotations of {kind}")
