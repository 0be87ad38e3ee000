"""The revert journal of faults in the cluster: written before each change, so that any machine can revert it.

Each entry is `{"text": description, "delete": path of the object to delete}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from harness.machine.objects import Obj, text
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.entries import Entries

NAME = "gameday-revert"


class RevertJournal:
    """The revert journal of one namespace."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._entries = api, Entries(api, namespace, NAME)

    def create_object(self, path: str, body: Mapping[str, object], why: str) -> None:
        """Create an object in the collection `path` of the API server, with its revert entry written first.

        Raises PlatformError when either fails; without the entry, no object is created.
        """
        created: Obj = json.loads(json.dumps(body))
        name = text(created, "metadata", "name")
        self._entries.write({name: {"text": f"{path}/{name}: {why}", "delete": f"{path}/{name}"}})
        self._api.create(path, created)

    def delete_object(self, path: str) -> None:
        """Delete an object that `create_object` created; `path` ends with its name. Idempotent."""
        self._api.delete(path)
        self._entries.remove([path.rpartition("/")[2]])

    def pending(self) -> bool:
        """Whether something is to be reverted."""
        return bool(self._entries.read())

    def revert_objects(self) -> list[str]:
        """Delete the object of every entry; returns their descriptions."""
        done = []
        for entry in self._entries.read().values():
            self.delete_object(text(entry, "delete"))
            done.append(text(entry, "text"))
        return done
