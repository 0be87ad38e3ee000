"""Client of the proxies of the Services (docs/reference/contracts.md), where no kube-proxy forwards connections."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from harness.http import call_async

ADMIN_TIMEOUT_S = 1.0


class ServiceProxies:
    """The Services' proxies, and the pods to which each forwards connections.

    `ports`: by Service, of its pods. `admin_port` and `token` are those of every proxy.
    """

    def __init__(self, addresses: Mapping[str, str], ports: Mapping[str, int], admin_port: int, token: str) -> None:
        self._addresses, self._ports, self._admin_port, self._token = addresses, ports, admin_port, token
        self._endpoints: dict[str, dict[str, str]] = {name: {} for name in addresses}
        self._locks = {name: asyncio.Lock() for name in addresses}

    def has(self, service: str) -> bool:
        """Whether there is a proxy of this Service."""
        return service in self._addresses

    async def set_endpoint(self, service: str, pod: str, ip: str | None) -> bool:
        """Forward new connections to the pod at `ip`, or stop that with None; returns whether the proxy accepted it."""
        async with self._locks[service]:
            wanted = {name: each for name, each in self._endpoints[service].items() if name != pod}
            if ip is not None:
                wanted[pod] = ip
            self._endpoints[service] = wanted
            url = f"http://{self._addresses[service]}:{self._admin_port}/endpoints"
            body = {"endpoints": [f"{each}:{self._ports[service]}" for each in wanted.values()]}
            headers = {"Authorization": f"Bearer {self._token}"}
            answer = await call_async("PUT", url, body, headers, ADMIN_TIMEOUT_S)
        return answer.status == 200
