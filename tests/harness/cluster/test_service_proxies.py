"""The client of the Services' proxies, with a real proxy."""

from __future__ import annotations

import asyncio

from harness.cluster.service_proxies import ServiceProxies
from tests.support.fakes import ask
from tests.support.network import free_port
from tests.support.proxy import TOKEN, process
from tests.support.waiting import wait_until


def test_service_proxy_gets_the_endpoints_of_concurrent_changes() -> None:
    ip, admin = "127.0.0.1", free_port()

    def endpoints() -> set[str]:
        return set(ask(ip, "/endpoints", headers=TOKEN, port=admin).json["endpoints"])

    async def come_and_go() -> None:
        proxies = ServiceProxies({"inference": ip}, {"inference": 8080}, admin, "a-token")
        assert all(
            await asyncio.gather(*(proxies.set_endpoint("inference", f"pod-{n}", f"10.0.0.{n}") for n in range(1, 9)))
        )
        assert endpoints() == {f"10.0.0.{n}:8080" for n in range(1, 9)}
        assert all(await asyncio.gather(*(proxies.set_endpoint("inference", f"pod-{n}", None) for n in range(1, 8))))
        assert endpoints() == {"10.0.0.8:8080"}
        stranger = ServiceProxies({"inference": ip}, {"inference": 8080}, admin, "another-token")
        assert not await stranger.set_endpoint("inference", "pod-1", "10.0.0.1"), "the kubelet would call the pod ready"
        assert endpoints() == {"10.0.0.8:8080"}

    with process(PORT=str(free_port()), ADMIN_PORT=str(admin), ADMIN_TOKEN="a-token"):
        wait_until(lambda: endpoints() == set(), "it listens")
        asyncio.run(come_and_go())
