"""Entries of JSON in a ConfigMap, by which any machine can put back what was changed in a namespace."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from harness.machine.objects import Obj, section, text
from harness.platforms.kubernetes.api import Api, ApiError


class Entries:
    """The entries of one ConfigMap, which exists from the first one on."""

    def __init__(self, api: Api, namespace: str, name: str) -> None:
        self._api, self._namespace, self._name = api, namespace, name
        self._all = f"/api/v1/namespaces/{namespace}/configmaps"

    def write(self, entries: Mapping[str, Obj]) -> None:
        """Write entries. Raises PlatformError when that fails; then nothing may be changed."""
        data: Obj = {key: json.dumps(entry) for key, entry in entries.items()}
        try:
            self._api.merge(f"{self._all}/{self._name}", {"data": data})
        except ApiError as error:
            if error.status != 404:
                raise
            meta: Obj = {"name": self._name, "namespace": self._namespace}
            self._api.create(self._all, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data})

    def remove(self, keys: Collection[str]) -> None:
        """Remove entries. Idempotent."""
        data: Obj = dict.fromkeys(keys)
        try:
            self._api.merge(f"{self._all}/{self._name}", {"data": data})
        except ApiError as error:
            if error.status != 404:
                raise

    def read(self) -> Mapping[str, Obj]:
        """The entries by key."""
        try:
            data = section(self._api.get(f"{self._all}/{self._name}"), "data")
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        return {key: json.loads(text(data, key)) for key in data}
