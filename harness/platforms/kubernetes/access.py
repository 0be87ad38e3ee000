"""Credentials of a drill: a kubeconfig with the token of a ServiceAccount, never the user's own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import MachineError
from harness.machine.objects import Json, Obj, items, section, text
from harness.platforms.kubernetes.api import Api, ApiError

TOKEN_LIFETIME_S = 12 * 3600
PORTS = {"http": 80, "https": 443, "socks5": 1080}
"""Those of URLs without a port."""
HARNESS, OPERATOR, OWN_OPERATOR = "gameday", "operator", "gameday-operator"
"""The accounts of the shipped services, and the one that executes the runbook on services of the user."""


def token(api: Api, namespace: str, account: str) -> str:
    """A new token of a ServiceAccount; expires after TOKEN_LIFETIME_S."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    try:
        made = api.create(path, {"spec": {"expirationSeconds": TOKEN_LIFETIME_S}})
    except ApiError as error:
        if account != OWN_OPERATOR:
            raise
        raise MachineError(f"{error}; `gameday rbac` prints what an administrator of the cluster creates") from None
    return text(made, "status", "token")


def cluster_of(kubeconfig: Path | None, context: str | None) -> Obj:
    """Address and CA certificate of a context's API server. Raises MachineError when kubectl cannot read it."""
    argv = ["kubectl", "config", "view", "--raw", "--minify", "--flatten", "-o", "json"]
    argv += [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
    argv += [f"--context={context}"] if context else []
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MachineError(f"kubectl config view: {done.stderr.strip()}; `kubectl config get-contexts` lists contexts")
    found: Json = json.loads(done.stdout)
    return section(items(found, "clusters")[0], "cluster")


def destination_of(cluster: Obj) -> tuple[str, int]:
    """Host and port to which kubectl connects: the proxy's if the kubeconfig has one, else the API server's."""
    url = urlsplit(str(cluster.get("proxy-url") or cluster.get("server", "")))
    return url.hostname or "", url.port or PORTS.get(url.scheme, 443)


def write_kubeconfig(path: Path, cluster: Obj, namespace: str, account: str, bearer: str) -> None:
    """Write a kubeconfig with one cluster, user and context; readable by the owner only."""
    context: Obj = {"cluster": "gameday", "user": account, "namespace": namespace}
    config: Obj = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "gameday", "cluster": cluster}],
        "users": [{"name": account, "user": {"token": bearer}}],
        "contexts": [{"name": "gameday", "context": context}],
        "current-context": "gameday",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(config, file)
