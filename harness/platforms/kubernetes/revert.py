"""The revert journal in the cluster: written before each change, so that any machine can revert it.

A ConfigMap; each entry is a line of JSON `{"text": description, "delete": path of an object to delete, or ""}`. The
entry `restore` means that the namespace's Deployments must be replaced by the shipped ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from harness.machine.objects import Obj, section, text
from harness.platforms.kubernetes.api import Api, ApiError

NAME = "gameday-revert"
RESTORE = "restore"


class RevertJournal:
    """The revert journal of one namespace."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._namespace = api, namespace
        self._all = f"/api/v1/namespaces/{namespace}/configmaps"

    def arm(self, key: str, description: str, delete: str = "") -> None:
        """Write an entry. Raises PlatformError when that fails; then nothing may be changed."""
        data: Obj = {key: json.dumps({"text": description, "delete": delete})}
        try:
            self._api.merge(f"{self._all}/{NAME}", {"data": data})
        except ApiError as error:
            if error.status != 404:
                raise
            meta: Obj = {"name": NAME, "namespace": self._namespace}
            self._api.create(self._all, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data})

    def create_object(self, path: str, body: Mapping[str, object], why: str) -> None:
        """Create an object in the collection `path` of the API server, with its revert entry written first.

        Raises PlatformError when either fails; without the entry, no object is created.
        """
        created: Obj = json.loads(json.dumps(body))
        name = text(created, "metadata", "name")
        self.arm(name, f"{path}/{name}: {why}", delete=f"{path}/{name}")
        self._api.create(path, created)

    def delete_object(self, path: str) -> None:
        """Delete an object that `create_object` created; `path` ends with its name. Idempotent."""
        self._api.delete(path)
        self.disarm(path.rpartition("/")[2])

    def disarm(self, key: str) -> None:
        """Remove an entry that has been reverted. Idempotent."""
        try:
            self._api.merge(f"{self._all}/{NAME}", {"data": {key: None}})
        except ApiError as error:
            if error.status != 404:
                raise

    def pending(self) -> Mapping[str, Obj]:
        """The entries by key."""
        try:
            data = section(self._api.get(f"{self._all}/{NAME}"), "data")
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        return {key: json.loads(text(data, key)) for key in data}

    def revert_objects(self) -> list[str]:
        """Delete the object of every entry; returns their descriptions. Deployments are restored elsewhere."""
        done = []
        for key, entry in self.pending().items():
            if path := text(entry, "delete"):
                self._api.delete(path)
                self.disarm(key)
                done.append(text(entry, "text"))
        return done
