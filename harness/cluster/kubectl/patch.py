"""`kubectl patch`."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from harness.cluster.kubectl import merge
from harness.cluster.kubectl.changes import dry_run, each, edit, named_targets, print_result
from harness.cluster.kubectl.errors import Failure, from_server
from harness.cluster.kubectl.session import DEPLOYMENT, Item, Session
from harness.machine.objects import Json, Obj, items, section

REJECTED = "The request is invalid: the server rejected our request due to an error in our request"
TYPES = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number", type(None): "null"}
DEPLOYMENT_FIELDS = frozenset(
    [
        "minReadySeconds",
        "paused",
        "progressDeadlineSeconds",
        "replicas",
        "revisionHistoryLimit",
        "selector",
        "strategy",
        "template",
    ]
)
CONTAINER_FIELDS = frozenset(
    [
        "args",
        "command",
        "env",
        "envFrom",
        "image",
        "imagePullPolicy",
        "lifecycle",
        "livenessProbe",
        "name",
        "ports",
        "readinessProbe",
        "resizePolicy",
        "resources",
        "restartPolicy",
        "securityContext",
        "startupProbe",
        "stdin",
        "stdinOnce",
        "terminationMessagePath",
        "terminationMessagePolicy",
        "tty",
        "volumeDevices",
        "volumeMounts",
        "workingDir",
    ]
)


async def patch(session: Session) -> int:
    """Apply a patch in JSON or YAML: strategic merge by default, else that of `--type merge|json`."""
    source, kind = session.flags.text("patch"), session.flags.text("type", "strategic")
    if not source:
        raise Failure("error: must specify --patch or --patch-file containing the contents of the patch")
    if kind not in ("json", "merge", "strategic"):
        raise Failure(f'error: --type must be one of [json merge strategic], not "{kind}"')
    wanted = named_targets(session)
    change = _read(source)

    async def one(item: Item) -> None:
        await _patch(session, item, kind, change)

    return await each(session, wanted, one)


def _read(source: str) -> Json:
    try:
        found: Json = yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise from_server("BadRequest", "unexpected end of JSON input") from error
    return found


async def _patch(session: Session, item: Item, kind: str, change: Json) -> None:
    wanted = _patched(item.obj, kind, change)
    meta = section(wanted, "metadata")
    if meta.get("name") != item.name:
        raise from_server(
            "BadRequest",
            f"the name of the object ({meta.get('name')}) does not match the name on the URL ({item.name})",
        )
    if item.resource == DEPLOYMENT:
        for field in _unknown(wanted):
            await session.warn(f'Warning: unknown field "{field}"')
    changed = await edit(session, item, lambda obj: _only_known(_patched(obj, kind, change), obj))
    dry_run(session)  # kubectl checks the value, and prints no suffix: findings/kubectl-patch-dry-run-has-no-suffix.sh
    await print_result(session, item, "patched" if changed else "patched (no change)")


def _patched(obj: Obj, kind: str, change: Json) -> Obj:
    if kind == "json":
        if not isinstance(change, list):
            fact = f"json: cannot unmarshal {TYPES[type(change)]} into Go value of type []handlers.jsonPatchOp"
            raise from_server("BadRequest", f"error decoding patch: {fact}")
        try:
            return merge.json_patch(obj, change)
        except merge.Refused as error:
            raise Failure(REJECTED) from error
    if not isinstance(change, dict):
        fact = f"json: cannot unmarshal {TYPES[type(change)]} into Go value of type map[string]interface {{}}"
        raise from_server("BadRequest", f"error decoding patch: {fact}" if kind == "merge" else fact)
    merged = merge.merge(obj, change) if kind == "merge" else merge.strategic(obj, change)
    return merged if isinstance(merged, dict) else obj


def _unknown(obj: Obj) -> Iterator[str]:
    """The paths of fields that the API does not have; the server warns of them and drops them."""
    yield from (f"spec.{key}" for key in sorted(section(obj, "spec").keys() - DEPLOYMENT_FIELDS))
    for at, container in enumerate(_containers(obj)):
        place = f"spec.template.spec.containers[{at}]"
        yield from (f"{place}.{key}" for key in sorted(container.keys() - CONTAINER_FIELDS))


def _only_known(obj: Obj, before: Obj) -> Obj:
    """The patched object without unknown fields and with its old status, which only controllers write."""
    if "status" in before:
        obj["status"] = before["status"]
    if before.get("kind") == DEPLOYMENT.kind:
        spec = section(obj, "spec")
        for holder, known in ((spec, DEPLOYMENT_FIELDS), *((each, CONTAINER_FIELDS) for each in _containers(obj))):
            for key in holder.keys() - known:
                del holder[key]
    return obj


def _containers(obj: Obj) -> list[Obj]:
    return items(obj, "spec", "template", "spec", "containers")
