"""Lets the pods of a Deployment resolve no names: those of Services, or of anything else."""

from __future__ import annotations

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.kubectl import pods_of, running_pods
from harness.faults.network_policy import Forbidden, forbidding
from harness.faults.parameters import Parameters
from harness.faults.repeated import Repeated
from harness.machine.guard import Guard
from harness.machine.objects import Obj
from harness.platforms.base import Need
from harness.platforms.docker.platform import DockerPlatform
from harness.platforms.kubernetes.platform import KubernetesPlatform

PORT, LAST_PORT = 53, 65535
LOOKUP_S = 3
"""A lookup that takes longer counts as failed; that of glibc would try for 40 s."""
FOLLOW_S = 0.5
"""How often new containers are looked for."""


class DnsFailure:
    """The pods of `at` cannot ask their DNS server, new pods neither. Connections that exist go on.

    In a cluster a NetworkPolicy drops what they send to port 53, so that lookups time out. On docker their resolv.conf
    names a server that does not exist, so that lookups fail at once.
    """

    needs = frozenset({Need.DNS})

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        Parameters(spec).reject_unknown()

    def prepare(self, target: Target) -> Injection:
        """Raises PlatformError for a platform whose pods ask no DNS server."""
        platform = target.platform
        if isinstance(platform, KubernetesPlatform):
            what = Forbidden(
                self.text, "dns-failure", self._at, _all_but_dns(), lambda: refusal(target, self.text, self._at),
                "resolve names",
            )  # fmt: skip
            return forbidding(target, what, self._max_s)
        if isinstance(platform, DockerPlatform):
            return _InContainers(self.text, self._at, self._max_s, target, platform).injection()
        raise PlatformError(f"fault `{self.text}`: the pods of {platform.name} ask no DNS server; use `blackhole`")


def _all_but_dns() -> Obj:
    """The ports to which the pods may still send."""
    ranges = ((1, PORT - 1), (PORT + 1, LAST_PORT))
    return {
        "ports": [
            {"protocol": protocol, "port": first, "endPort": last}
            for protocol in ("TCP", "UDP")
            for first, last in ranges
        ]
    }


def refusal(target: Target, fault: str, deployment: str) -> str:
    """Why a pod of a Deployment does not find the address of a Service; "" if it does.

    Raises PlatformError if it lacks `getent`.
    """
    platform = target.platform
    name = next(iter(platform.services()))
    command = ("timeout", f"{LOOKUP_S}", "getent", "hosts", name)
    done = platform.kubectl("exec", f"deployment/{deployment}", "-n", platform.namespace, "--", *command)
    if done.status in (126, 127):
        fact = f"the containers of {deployment} lack `timeout` or `getent`, so that it could not be verified"
        raise PlatformError(f"fault `{fault}`: {fact}")
    return "" if done.status == 0 else done.stderr.strip() or f"status {done.status}"


class _InContainers:
    """The fault on one docker platform: its guard, and the thread that shows new containers to it."""

    def __init__(self, text: str, at: str, max_s: float, target: Target, platform: DockerPlatform) -> None:
        self._text, self._at, self._max_s, self._target, self._platform = text, at, max_s, target, platform
        self._guard: Guard | None = None
        self._shown: set[str] = set()
        self._following = Repeated(FOLLOW_S, max_s, self._follow)

    def injection(self) -> Injection:
        return Injection(f"restore /etc/resolv.conf of {self._at}", self.apply, self.revert, self.state)

    def apply(self) -> None:
        running_pods(self._target, self._text, self._at)
        if why := refusal(self._target, self._text, self._at):
            raise PlatformError(f"fault `{self._text}`: {self._at} cannot resolve names even before it: {why}")
        self._guard = self._platform.dns_guard(self._max_s)
        self._follow()
        if not refusal(self._target, self._text, self._at):
            self._guard.end()
            fact = f"{self._at} can still resolve names; its containers may not have a writable /etc/resolv.conf"
            raise PlatformError(f"fault `{self._text}`: it has no effect: {fact}")
        self._following.start()

    def _follow(self) -> None:
        assert self._guard is not None
        for container in self._platform.containers(pods_of(self._target, self._at)):
            if container not in self._shown:
                self._guard.ask(container)
                self._shown.add(container)

    def revert(self) -> None:
        self._following.stop()
        if self._guard is not None:
            self._guard.end()

    def state(self) -> FaultState:
        if self._guard is None or not self._guard.running:
            return FaultState("ended", f"{self._at} can resolve names again")
        broken, _, running = self._guard.ask("state").partition(" of ")
        if broken == "0":
            return FaultState("changed", f"none of the {running} containers of {self._at} has it")
        return FaultState("active", f"{broken} of {running} containers have no DNS server")
