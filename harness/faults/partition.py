"""A network partition between two Deployments, by a NetworkPolicy; needs a cluster that enforces those."""

from __future__ import annotations

from harness.bindings import FaultSpec
from harness.faults.base import Injection, Target
from harness.faults.network_policy import Forbidden, cluster_of, forbidding
from harness.faults.parameters import Parameters
from harness.machine.objects import Json, Obj
from harness.platforms.base import Need
from harness.platforms.kubernetes.platform import KubernetesPlatform

CHECK_S = 3
CONNECT = f"""\
if command -v bash >/dev/null; then exec timeout {CHECK_S} bash -c ': </dev/tcp/$0/$1' "$0" "$1"
elif command -v nc >/dev/null; then exec nc -z -w {CHECK_S} "$0" "$1"
elif command -v curl >/dev/null; then exec curl -sS -o /dev/null --max-time {CHECK_S} "http://$0:$1/"
else echo 'gameday: no program that connects' >&2; exit 1
fi"""
"""Connects to host $0 and port $1, with what the image has."""


class Partition:
    """The pods of `from` can reach every pod except those of `at`."""

    needs = frozenset({Need.NETWORK_POLICIES})

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        parameters = Parameters(spec)
        self._from = parameters.string("from")
        parameters.reject_unknown()

    def prepare(self, target: Target) -> Injection:
        """Raises PlatformError for a platform without an API server of its own."""
        cluster = cluster_of(target, self.text)
        what = Forbidden(
            self.text, "partition", self._from, self._elsewhere(cluster), lambda: self._refusal(cluster),
            f"reach {self._at}",
        )  # fmt: skip
        return forbidding(target, what, self._max_s)

    def _refusal(self, platform: KubernetesPlatform) -> str:
        """Why a pod of `from` gets no new connection to `at`; "" if it gets one."""
        host, port = platform.address(self._at)
        pod = (f"deployment/{self._from}", "-n", platform.namespace)
        done = platform.kubectl("exec", *pod, "--", "sh", "-c", CONNECT, host, str(port))
        return "" if done.status == 0 else done.stderr.strip() or f"status {done.status}"

    def _elsewhere(self, platform: KubernetesPlatform) -> Obj:
        """Every pod but those of `at`: one of its labels differs."""
        others: list[Json] = [{"podSelector": _other(*label)} for label in platform.labels(self._at).items()]
        return {"to": [*others, {"namespaceSelector": _other("kubernetes.io/metadata.name", platform.namespace)}]}


def _other(key: str, value: str) -> Obj:
    """Selects what has another value of a label, or none."""
    return {"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]}
