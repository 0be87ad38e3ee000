"""What a namespace had before gameday replaced it, kept in the cluster, so that any machine can put it back.

Each entry is `{"path": of the object in the API, "body": the object, or null where there was none}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.errors import PlatformError
from harness.machine.objects import Obj, section, text
from harness.platforms.kubernetes.api import Api, ApiError
from harness.platforms.kubernetes.entries import Entries
from harness.platforms.kubernetes.objects import as_declared

RUN, UP = "gameday-before", "gameday-before-up"
"""The ConfigMaps: what a run, and what `gameday up` puts back. A run can take place while `gameday up` is in effect."""


class Before:
    """The objects of one namespace as they were before."""

    def __init__(self, api: Api, namespace: str, name: str = RUN) -> None:
        self._api, self._entries = api, Entries(api, namespace, name)

    def keep(self, paths: Iterable[str]) -> None:
        """Keep the objects at these paths as they are; one that is kept already stays as it was the first time.

        Raises PlatformError; then nothing may be changed.
        """
        kept = {text(entry, "path") for entry in self._entries.read().values()}
        found = {path: self._found(path) for path in paths if path not in kept}
        if found:
            self._entries.write({_key(path): {"path": path, "body": body} for path, body in found.items()})

    def _found(self, path: str) -> Obj | None:
        try:
            return as_declared(self._api.get(path))
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def pending(self) -> bool:
        """Whether something is to be put back."""
        return bool(self._entries.read())

    def put_back(self) -> list[str]:
        """Put every object back as it was, and delete those that were not there; returns a description of each.

        Raises PlatformError that names what could not be put back; the others are.
        """
        done, problems = list[str](), list[str]()
        for key, entry in self._entries.read().items():
            try:
                done.append(self._put_back(text(entry, "path"), section(entry, "body")))
                self._entries.remove([key])
            except PlatformError as error:
                problems.append(str(error))
        if problems:
            raise PlatformError("\n".join(problems))
        return done

    def _put_back(self, path: str, body: Obj) -> str:
        if not body:
            self._api.delete(path)
            return f"{path} deleted, as it was not there before"
        collection = path.rpartition("/")[0]
        if collection.endswith("/deployments"):  # its selector may differ, and cannot be changed
            self._api.delete(path)
            self._api.create(collection, body)
        else:
            self._api.put(path, body)
        return f"{path} as it was"


def _key(path: str) -> str:
    """The path as a key of a ConfigMap: `deployments.web`."""
    return re.sub(r"[^-._a-zA-Z0-9]", "-", ".".join(path.split("/")[-2:]))
