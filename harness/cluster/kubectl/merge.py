"""Patches: JSON patch (RFC 6902), merge patch (RFC 7386) and Kubernetes' strategic merge patch."""

from __future__ import annotations

from collections.abc import Sequence

from harness.machine.objects import Json, Obj, clone

MERGE_KEYS = {
    "containers": "name", "initContainers": "name", "env": "name", "ports": "containerPort", "volumes": "name",
    "volumeMounts": "mountPath", "imagePullSecrets": "name", "hostAliases": "ip",
}  # fmt: skip
"""The lists of a pod template that are merged by a key, and that key; all other lists are replaced."""


class Refused(Exception):
    """A JSON patch does not apply to its object."""


def merge(old: Json, patch: Json) -> Json:
    """Apply a merge patch (RFC 7386): null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def strategic(old: Json, patch: Json, key: str = "") -> Json:
    """Apply a strategic merge patch: as `merge`, but lists with a merge key merge by entry; supports `$patch`."""
    if isinstance(patch, list):
        return _lists(old if isinstance(old, list) else [], patch, key)
    if not isinstance(patch, dict):
        return patch
    patch = dict(patch)
    if patch.pop("$patch", None) == "replace":
        return patch
    merged = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif not name.startswith("$"):
            merged[name] = strategic(merged.get(name), value, name)
            if merged[name] == [] and value:
                del merged[name]
    return merged


def _lists(old: list[Json], patch: list[Json], key: str) -> list[Json]:
    field = MERGE_KEYS.get(key)
    entries = [entry for entry in patch if isinstance(entry, dict)]
    if field is None or any("$patch" in entry and field not in entry for entry in entries):
        return [entry for entry in patch if not (isinstance(entry, dict) and "$patch" in entry)]
    added: list[Json] = []
    kept = list(old)
    for entry in entries:
        at = next(
            (
                index
                for index, each in enumerate(kept)
                if isinstance(each, dict) and each.get(field) == entry.get(field)
            ),
            None,
        )
        if entry.get("$patch") == "delete":
            kept = [each for index, each in enumerate(kept) if index != at]
        elif at is None:
            added.append(strategic({}, entry))
        else:
            kept[at] = strategic(kept[at], entry)
    return added + kept


def json_patch(old: Obj, operations: Sequence[Json]) -> Obj:
    """Apply a JSON patch (RFC 6902). Raises Refused for an operation that is unknown or does not apply."""
    document: Json = clone(old)
    for operation in operations:
        if not isinstance(operation, dict):
            raise Refused("an operation is an object")
        document = _apply(document, operation)
    if not isinstance(document, dict):
        raise Refused("the whole document was replaced by something else than an object")
    return document


def _apply(document: Json, operation: Obj) -> Json:
    name, path = operation.get("op"), _pointer(operation.get("path"))
    if name == "test":
        if _at(document, path) != operation.get("value"):
            raise Refused("test failed")
    elif name in ("add", "replace"):
        if name == "replace":
            _at(document, path)
        _put(document, path, operation.get("value"), insert=name == "add")
    elif name == "remove":
        _take(document, path)
    elif name in ("move", "copy"):
        source = _pointer(operation.get("from"))
        _put(document, path, _take(document, source) if name == "move" else _at(document, source), insert=True)
    else:
        raise Refused(f"unknown operation {name}")
    return document


def _pointer(path: Json) -> list[str]:
    if not isinstance(path, str) or not path.startswith("/"):
        raise Refused("a path begins with /")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _at(document: Json, path: Sequence[str]) -> Json:
    for part in path:
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            raise Refused(f"nothing at {part}")
    return document


def _put(document: Json, path: Sequence[str], value: Json, *, insert: bool) -> None:
    holder, last = _at(document, path[:-1]), path[-1]
    if isinstance(holder, dict):
        holder[last] = value
    elif isinstance(holder, list) and last == "-" and insert:
        holder.append(value)
    elif isinstance(holder, list) and last.isdigit() and int(last) <= len(holder):
        at = int(last)
        holder[at : at if insert else at + 1] = [value]
    else:
        raise Refused(f"nothing can be put at {last}")


def _take(document: Json, path: Sequence[str]) -> Json:
    value = _at(document, path)
    holder = _at(document, path[:-1])
    if isinstance(holder, dict):
        del holder[path[-1]]
    elif isinstance(holder, list):
        del holder[int(path[-1])]
    return value
