"""Containers, volumes and pod templates in `describe` and `rollout history`, as lines with tabs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.cluster.kubectl.human_units import long_time
from harness.machine.objects import Json, Obj, items, number, section, strings, text

NONE = "<none>"
HIDDEN = ("kubectl.kubernetes.io/last-applied-configuration",)
LONGEST_ANNOTATION = 140


def several(title: str, lines: Sequence[str]) -> Iterator[str]:
    """`title:` and one value per line, aligned below the first."""
    for at, line in enumerate(lines or [NONE]):
        yield f"{title}:\t{line}" if at == 0 else f"\t{line}"


def labels(title: str, value: Json) -> Iterator[str]:
    return several(title, [f"{key}={each}" for key, each in sorted(strings(value).items())])


def notes(title: str, value: Json) -> Iterator[str]:
    lines: list[str] = []
    for key, each in sorted(strings(value).items()):
        if key in HIDDEN:
            continue
        short = "\n" not in each.rstrip("\n") and len(key) + len(each) + 2 <= LONGEST_ANNOTATION
        lines += [f"{key}: {each}"] if short else [f"{key}:", *(f"  {_shorten(line)}" for line in each.split("\n"))]
    return several(title, lines)


def _shorten(line: str) -> str:
    longest = LONGEST_ANNOTATION - 2
    return line if len(line) <= longest else line[:longest] + "..."


def tolerations(title: str, pod: Obj) -> Iterator[str]:
    found = sorted(items(pod, "tolerations"), key=lambda each: text(each, "key"))
    return several(title, [_toleration(each) for each in found])


def _toleration(each: Obj) -> str:
    value = f"={text(each, 'value')}" if each.get("value") else ""
    effect = f":{text(each, 'effect')}" if each.get("effect") else ""
    exists = " op=Exists" if text(each, "operator") == "Exists" and not value else ""
    lasts = f" for {int(number(each, 'tolerationSeconds'))}s" if "tolerationSeconds" in each else ""
    return (text(each, "key") + value + effect + exists + lasts).strip()


def pod_template(template: Obj) -> Iterator[str]:
    """The pod template section of a Deployment or ReplicaSet."""
    yield "Pod Template:"
    yield from labels("  Labels", section(template, "metadata", "labels"))
    if section(template, "metadata", "annotations"):
        yield from notes("  Annotations", section(template, "metadata", "annotations"))
    spec = section(template, "spec")
    if account := text(spec, "serviceAccountName"):
        yield f"  Service Account:\t{account}"
    yield from containers(spec, [], "  ")
    yield from volumes(spec, "  ")
    yield from labels("  Node-Selectors", section(spec, "nodeSelector"))
    yield from tolerations("  Tolerations", spec)


def containers(spec: Obj, statuses: Sequence[Obj], space: str) -> Iterator[str]:
    """All containers of a pod (`space` is empty) or of a template."""
    by_name = {text(status, "name"): status for status in statuses}
    yield f"{space}Containers:"
    for container in items(spec, "containers"):
        name = text(container, "name")
        yield f"  {' ' if space else ''}{name}:"
        for line in _container(container, by_name.get(name)):
            yield f"    {line}"


def _container(container: Obj, status: Obj | None) -> Iterator[str]:
    yield from _image(container, status)
    for title in ("command", "args"):
        command = container.get(title)
        if isinstance(command, list) and command:
            yield f"{title.title()}:"
            yield from (f"  {line}" for arg in command for line in str(arg).split("\n"))
    if status is not None:
        yield from _state("State", section(status, "state"))
        if section(status, "lastState", "terminated"):
            yield from _state("Last State", section(status, "lastState"))
        yield f"Ready:\t{bool(status.get('ready'))}"
        yield f"Restart Count:\t{int(number(status, 'restartCount'))}"
    yield from _resources(section(container, "resources"))
    for key, title in (("livenessProbe", "Liveness"), ("readinessProbe", "Readiness"), ("startupProbe", "Startup")):
        if probe := section(container, key):
            yield f"{title}:\t{_probe(probe)}"
    yield from _environment(container)
    yield from _mounts(container)


def _image(container: Obj, status: Obj | None) -> Iterator[str]:
    if status is not None:
        yield f"Container ID:\t{text(status, 'containerID')}"
    yield f"Image:\t{text(container, 'image')}"
    if status is not None:
        yield f"Image ID:\t{text(status, 'imageID')}"
    for title, key in (("Port", "containerPort"), ("Host Port", "hostPort")):
        ports = [_port(port, key) for port in items(container, "ports")]
        yield f"{title}{'s' if len(ports) > 1 else ''}:\t{', '.join(ports) or NONE}"


def _port(port: Obj, key: str) -> str:
    name = f" ({text(port, 'name')})" if port.get("name") else ""
    return f"{int(number(port, key))}/{text(port, 'protocol', default='TCP')}{name}"


def _state(title: str, state: Obj) -> Iterator[str]:
    running, waiting, ended = (section(state, key) for key in ("running", "waiting", "terminated"))
    yield f"{title}:\t{'Running' if running else 'Terminated' if ended else 'Waiting'}"
    current = ended if ended and not running else waiting
    if reason := text(current, "reason"):
        yield f"  Reason:\t{reason}"
    if ended and (message := text(ended, "message")):
        yield f"  Message:\t{message}"
    if ended:
        yield f"  Exit Code:\t{int(number(ended, 'exitCode'))}"
    if ended.get("signal"):
        yield f"  Signal:\t{int(number(ended, 'signal'))}"
    for key, shown in (("startedAt", "Started"), ("finishedAt", "Finished")):
        if when := text(running or ended, key):
            yield f"  {shown}:\t{long_time(when)}"


def _resources(resources: Obj) -> Iterator[str]:
    for key in ("limits", "requests"):
        amounts = section(resources, key)
        if amounts:
            yield f"{key.title()}:"
            yield from (f"  {name}:\t{amounts[name]}" for name in sorted(amounts))


def _probe(probe: Obj) -> str:
    times = " ".join(
        f"{title}={number(probe, key, default=default):g}{unit}"
        for title, key, unit, default in (
            ("delay", "initialDelaySeconds", "s", 0), ("timeout", "timeoutSeconds", "s", 1),
            ("period", "periodSeconds", "s", 10),
            ("#success", "successThreshold", "", 1), ("#failure", "failureThreshold", "", 3),
        )
    )  # fmt: skip
    http, tcp, command = section(probe, "httpGet"), section(probe, "tcpSocket"), section(probe, "exec").get("command")
    if http:
        scheme = text(http, "scheme", default="HTTP").lower()
        return f"http-get {scheme}://{text(http, 'host')}:{http.get('port')}{text(http, 'path')} {times}"
    if tcp:
        return f"tcp-socket {text(tcp, 'host')}:{tcp.get('port')} {times}"
    if isinstance(command, list):
        return f"exec [{' '.join(str(arg) for arg in command)}] {times}"
    return f"unknown {times}"


def _environment(container: Obj) -> Iterator[str]:
    variables = items(container, "env")
    yield "Environment:" if variables else f"Environment:\t{NONE}"
    for each in variables:
        value = _source(section(each, "valueFrom")) if each.get("valueFrom") else text(each, "value")
        first, *rest = value.split("\n")
        yield f"  {text(each, 'name')}:\t{first}"
        yield from (f"  \t{line}" for line in rest)


def _source(source: Obj) -> str:
    secret, config, field = (section(source, key) for key in ("secretKeyRef", "configMapKeyRef", "fieldRef"))
    if secret:
        kept = _flag(secret, "optional")
        return f"<set to the key '{text(secret, 'key')}' in secret '{text(secret, 'name')}'>\tOptional: {kept}"
    if config:
        kept = _flag(config, "optional")
        return f"<set to the key '{text(config, 'key')}' of config map '{text(config, 'name')}'>\tOptional: {kept}"
    return f" ({text(field, 'apiVersion', default='v1')}:{text(field, 'fieldPath')})"


def _mounts(container: Obj) -> Iterator[str]:
    mounts = sorted(items(container, "volumeMounts"), key=lambda mount: text(mount, "mountPath"))
    yield "Mounts:" if mounts else f"Mounts:\t{NONE}"
    for mount in mounts:
        mode = "ro" if mount.get("readOnly") else "rw"
        part = f',path="{text(mount, "subPath")}"' if mount.get("subPath") else ""
        yield f"  {text(mount, 'mountPath')} from {text(mount, 'name')} ({mode}{part})"


def volumes(spec: Obj, space: str) -> Iterator[str]:
    found = items(spec, "volumes")
    yield f"{space}Volumes:" if found else f"{space}Volumes:\t{NONE}"
    for volume in found:
        yield f"  {' ' if space else ''}{text(volume, 'name')}:"
        for title, value in _volume(volume):
            yield f"    {title}:\t{value}"


def _volume(volume: Obj) -> Iterator[tuple[str, str]]:
    config, projected, path, empty = (
        section(volume, key) for key in ("configMap", "projected", "hostPath", "emptyDir")
    )
    if config:
        yield "Type", "ConfigMap (a volume populated by a ConfigMap)"
        yield from (("Name", text(config, "name")), ("Optional", _flag(config, "optional")))
    elif projected:
        yield "Type", "Projected (a volume that contains injected data from multiple sources)"
        for source in items(projected, "sources"):
            yield from _projected(source)
    elif path:
        yield from host_path(path)
    elif "emptyDir" in volume:
        yield "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)"
        yield from (("Medium", text(empty, "medium")), ("SizeLimit", text(empty, "sizeLimit", default="<unset>")))


def host_path(path: Obj) -> Iterator[tuple[str, str]]:
    yield "Type", "HostPath (bare host directory volume)"
    yield "Path", text(path, "path")
    yield "HostPathType", text(path, "type") if "type" in path else NONE


def _projected(source: Obj) -> Iterator[tuple[str, str]]:
    token, config, secret = (section(source, key) for key in ("serviceAccountToken", "configMap", "secret"))
    if token:
        yield "TokenExpirationSeconds", str(int(number(token, "expirationSeconds")))
    for title, ref in (("ConfigMapName", config), ("SecretName", secret)):
        if ref:
            yield from ((title, text(ref, "name")), ("Optional", _flag(ref, "optional")))
    if "downwardAPI" in source:
        yield "DownwardAPI", "true"


def _flag(value: Mapping[str, Json], key: str) -> str:
    return str(bool(value.get(key))).lower()
