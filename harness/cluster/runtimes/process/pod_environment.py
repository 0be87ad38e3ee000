"""The environment of a pod that is a process on this machine (docs/reference/contracts.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.bindings.variables import expanded, link_names
from harness.cluster.manifest import asked_at, volume_bytes
from harness.cluster.state import Pod
from harness.machine.loopback import Subnet
from harness.machine.objects import environment
from harness.machine.process_ledger import MARK


@dataclass(frozen=True)
class PodEnvironment:
    """Makes the variables of pods. `addresses` and `ports`: of the Services, by name."""

    folder: Path
    """The platform's."""
    subnet: Subnet
    addresses: Mapping[str, str]
    ports: Mapping[str, int]

    def of(self, pod: Pod) -> dict[str, str]:
        """All variables of a pod."""
        return self._of_command(pod) if pod.command else self._of_image(pod)

    def _of_image(self, pod: Pod) -> dict[str, str]:
        """Those of one of the shipped services."""
        return {
            **self._basic(pod),
            "PATH": str(self.folder / "image" / "bin"),
            **environment(pod.template),
            **self._located(pod),
            "SERVICE_IP": self.addresses[pod.owner.deployment.name],
            "ADMIN_PORT": str(self.subnet.admin_port),
            "ADMIN_TOKEN": pod.token,
            "APP_DIR": str(pod.app),
        }

    def _of_command(self, pod: Pod) -> dict[str, str]:
        """Those of a command of the user, which finds programs as the user does."""
        known = {
            **self._basic(pod),
            "PATH": os.environ.get("PATH", os.defpath),
            "TMPDIR": str(pod.folder / "home"),
            "PYTHONUNBUFFERED": "1",  # as in images: what it prints is in the log at once
            **self._links(),
            **self._located(pod),
        }
        for name, value in environment(pod.template).items():
            known[name] = expanded(value, known)
        return {**known, **self._located(pod), MARK: str(self.folder)}

    def _basic(self, pod: Pod) -> dict[str, str]:
        return {"HOME": str(pod.folder / "home"), "HOSTNAME": pod.name, "LANG": "C.UTF-8"}

    def _located(self, pod: Pod) -> dict[str, str]:
        names = {"POD_NAME": pod.name, "DEPLOYMENT": pod.owner.deployment.name, "NAMESPACE": pod.namespace}
        if volume_bytes(pod.template) is not None:
            names["POD_VOLUME"] = str(pod.volume)
        return {**names, "POD_IP": pod.ip, "PORT": str(asked_at(pod.template)["port"])}

    def _links(self) -> dict[str, str]:
        """`NAME_SERVICE_HOST` and `NAME_SERVICE_PORT` of every Service, as a kubelet sets them."""
        found: dict[str, str] = {}
        for name, address in self.addresses.items():
            found |= zip(link_names(name), (address, str(self.ports[name])), strict=True)
        return found
