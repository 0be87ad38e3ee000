"""Where a Prometheus on this machine reads the metrics of pods in a cluster."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")

from harness.errors import PlatformError
from harness.http import call
from harness.machine.platform_state import ScrapeTarget
from harness.machine.process_ledger import recorded, recover
from harness.manifests import Asked
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.objects import Pod
from harness.platforms.kubernetes.release import Release
from harness.platforms.kubernetes.scraping import Scraping
from tests.support.api_server import Store, serving

ASKED = {
    "web": Asked("8080/health", "8080/metrics", ready=True),
    "cache": Asked("", "https:9121/a,b", ready=True),
    "worker": Asked("", "", ready=False),
}
RELEASE = Release("shop", {}, {}, ASKED)
PODS = "/api/v1/namespaces/shop/pods"
with_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="no program `kubectl`")


def pod(name: str, app: str, *, ran: bool = True, ending: bool = False) -> Pod:
    return Pod(name, app, "d", ready=True, ending=ending, created="", restarts=0, ran=ran, waiting="")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Store, Path]]:
    with serving(tmp_path) as found:
        yield found


@with_kubectl
def test_the_metrics_of_pods_and_nothing_else_are_read(served: tuple[Store, Path], tmp_path: Path) -> None:
    store, kubeconfig = served
    web, cache = f"{PODS}/web-1:8080/proxy/metrics", f"{PODS}/https:cache-1:9121/proxy/a,b"
    secret = "/api/v1/namespaces/shop/secrets/s"
    others = (secret, f"{PODS}/web-1", f"{PODS}/web-1:8081/proxy/metrics", f"{PODS}/web-1:8080/proxy/metrics/all")
    for path in (web, cache, *others):
        store.keep(path, {"path": path})
    scraping = Scraping(RELEASE, ClusterRef(kubeconfig), tmp_path)
    try:
        found = scraping.targets([pod("web-1", "web"), pod("cache-1", "cache"), pod("worker-1", "worker")])
        address = found[0].address
        assert found == [ScrapeTarget("web", "web-1", address, web), ScrapeTarget("cache", "cache-1", address, cache)]
        assert address.startswith("127.0.0.1:")
        assert [call("GET", f"http://{address}{path}").status for path in (web, cache)] == [200, 200]
        assert [call("GET", f"http://{address}{path}").status for path in others] == [403] * len(others)
        assert call("DELETE", f"http://{address}{web}").status == 403
        assert not any("secrets" in made or made.startswith("DELETE") for made in store.calls)
    finally:
        scraping.close()
    assert call("GET", f"http://{address}{web}").status == 0
    [proxy] = recorded(tmp_path)
    assert (proxy.what, proxy.leader_lives()) == ("kubectl proxy", False)


def test_pods_that_do_not_run_are_not_read(tmp_path: Path) -> None:
    scraping = Scraping(RELEASE, ClusterRef(tmp_path / "absent"), tmp_path)
    pods = [pod("web-1", "web", ran=False), pod("web-2", "web", ending=True), pod("postgres-0", "")]
    assert scraping.targets(pods) == []
    assert recorded(tmp_path) == [], "no proxy is needed"
    scraping.close()


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Scraping:
    (folder / "kubectl").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.defpath}")
    return Scraping(RELEASE, ClusterRef(None, "staging"), folder)


def test_a_proxy_that_ended_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'echo "$@" >>"$GAMEDAY_DIR/calls"; echo \'Starting to serve on 127.0.0.1:1234\'; exec sleep 60'
    scraping = stand_in(tmp_path, script, monkeypatch)
    try:
        assert [scraping.targets([pod("web-1", "web")])[0].address for _ in "12"] == ["127.0.0.1:1234"] * 2
        [first] = recorded(tmp_path)
        process = psutil.Process(first.pid)
        process.kill()
        psutil.wait_procs([process])
        scraping.targets([pod("web-1", "web")])
    finally:
        scraping.close()
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [each.split()[:2] for each in calls] == [["--context=staging", "proxy"]] * 2


def test_the_proxy_of_a_killed_run_is_ended_by_recover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scraping = stand_in(tmp_path, "echo 'Starting to serve on 127.0.0.1:1234'; exec sleep 60", monkeypatch)
    scraping.targets([pod("web-1", "web")])
    [proxy] = recorded(tmp_path)
    assert recover(tmp_path) == [f"kubectl proxy (pid {proxy.pid})"]
    assert not proxy.leader_lives()
    scraping.close()


def test_no_proxy_starts_after_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scraping = stand_in(tmp_path, "echo 'Starting to serve on 127.0.0.1:1234'; exec sleep 60", monkeypatch)
    scraping.close()
    with pytest.raises(PlatformError, match="the metrics of the pods of shop are no longer read"):
        scraping.targets([pod("web-1", "web")])
    assert recorded(tmp_path) == []


def test_a_proxy_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scraping = stand_in(tmp_path, "echo 'error: context \"staging\" does not exist' >&2; exit 1", monkeypatch)
    with pytest.raises(PlatformError, match='kubectl proxy: error: context "staging" does not exist'):
        scraping.targets([pod("web-1", "web")])
    scraping.close()
