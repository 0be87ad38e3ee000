"""Objects that no controller of the small cluster changes: namespaces, the node, volumes, ingresses, policies."""

from __future__ import annotations

import os
import time

import psutil

from harness.cluster import defaults
from harness.cluster.container import Node
from harness.cluster.manifest import NAMESPACE, Manifest
from harness.machine.objects import Obj, clone, labels, text, timestamp

SERVER_VERSION = "v1.36.3"
"""The Kubernetes release whose objects, kubectl output and error texts the small cluster reproduces."""
CLUSTER_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
"""Namespaces that every cluster has."""


def static_objects(manifest: Manifest, node: Node, data_dir: str) -> dict[str, list[Obj]]:
    """By kind (lower-case plural); `data_dir` is the folder of the database's files."""
    return {
        "namespaces": [_namespace(name) for name in (*CLUSTER_NAMESPACES, NAMESPACE)],
        "nodes": [_node(node)],
        "persistentvolumes": [defaults.volume(each, data_dir) for each in manifest.volume_claims],
        "ingresses": [defaults.ingress(each, node.address) for each in manifest.ingresses],
        "networkpolicies": [defaults.network_policy(each) for each in manifest.network_policies],
    }


def _namespace(name: str) -> Obj:
    meta: Obj = {**defaults.metadata(name), "labels": {"kubernetes.io/metadata.name": name}}
    spec: Obj = {"spec": {"finalizers": ["kubernetes"]}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, **spec, "status": {"phase": "Active"}}


def _node(node: Node) -> Obj:
    now = timestamp(time.time())
    system = os.uname()
    capacity: Obj = {
        "cpu": str(psutil.cpu_count() or 1),
        "memory": f"{psutil.virtual_memory().total // 1024}Ki",
        "pods": "110",
    }
    info: Obj = {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(system.machine, system.machine),
        "kernelVersion": system.release,
        "operatingSystem": system.sysname.lower(),
        "osImage": node.os_image,
        "containerRuntimeVersion": node.runtime,
        "kubeletVersion": SERVER_VERSION,
        "kubeProxyVersion": SERVER_VERSION,
    }
    ready: Obj = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastTransitionTime": now,
        "lastHeartbeatTime": now,
    }
    kinds = {"arch": text(info, "architecture"), "os": text(info, "operatingSystem")}
    system_labels = {f"{group}kubernetes.io/{name}": value for group in ("", "beta.") for name, value in kinds.items()}
    own_labels = {"kubernetes.io/hostname": node.name, "node-role.kubernetes.io/control-plane": ""}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {**defaults.metadata(node.name), "labels": labels({**system_labels, **own_labels})},
        "spec": {},
        "status": {
            "capacity": capacity,
            "allocatable": clone(capacity),
            "conditions": [ready],
            "addresses": [{"type": "InternalIP", "address": node.address}, {"type": "Hostname", "address": node.name}],
            "nodeInfo": info,
        },
    }
