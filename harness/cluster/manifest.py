"""What is deployed at start: four Deployments with their Services, and the objects around them, as plain data."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import psutil

from harness.cluster.container import Node
from harness.machine.loopback import PORT
from harness.machine.objects import Json, Obj, clone, labels, new_uid, text, timestamp

NAMESPACE = "production"
CONTAINER = "app"
SERVER_VERSION = "v1.36.3"
"""That of the API whose objects are shown, and of the kubectl that the answers are held to."""
GRACE_S = 5
OF_A_CLUSTER = ("default", "kube-node-lease", "kube-public", "kube-system")
"""Namespaces that are always there."""
NO_ENV: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class Workload:
    """One Deployment as it starts; `calls` maps a variable to the Service whose URL it holds."""

    name: str
    cpu_m: int
    memory_mib: int
    env: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, str] = field(default_factory=dict)
    database: bool = False


WORKLOADS = (
    Workload(
        "api-gateway",
        cpu_m=25,
        memory_mib=128,
        env={
            "TIMEOUT_THRESHOLD_MS": "5000",
            "CIRCUIT_BREAKER_TIMEOUT": "30000",
            "MAX_RETRIES": "3",
            "TOOL_TIMEOUT_MS": "30000",
            "TOOL_RETRY_ATTEMPTS": "3",
            "CIRCUIT_BREAKER_THRESHOLD": "5",
            "VALIDATION_STRICT_MODE": "true",
            "VALIDATION_TIMEOUT_MS": "1000",
            "LOG_VALIDATION_ERRORS": "false",
        },
        calls={"INFERENCE_URL": "inference", "TOOL_SERVICE_URL": "tool-service"},
        database=True,
    ),
    Workload("inference", cpu_m=25, memory_mib=128),
    Workload("tool-service", cpu_m=25, memory_mib=128),
    Workload(
        "realtime",
        cpu_m=25,
        memory_mib=128,
        env={
            "MAX_WEBSOCKET_CONNECTIONS": "1000",
            "BACKPRESSURE_THRESHOLD": "0.8",
            "WEBSOCKET_TIMEOUT_MS": "30000",
            "SEND_QUEUE": "5",
        },
    ),
)


def deployment(work: Workload, image: str, env: Mapping[str, str]) -> Obj:
    """The Deployment with this environment: one replica, Kubernetes' default strategy."""
    app = labels({"app": work.name})
    probe: Obj = {"timeoutSeconds": 1, "periodSeconds": 0.5, "successThreshold": 1, "failureThreshold": 2}
    alive: Obj = {"timeoutSeconds": 2, "periodSeconds": 2, "successThreshold": 1, "failureThreshold": 3}
    variables: list[Json] = [{"name": name, "value": value} for name, value in env.items()]
    environment: Obj = {"env": variables} if variables else {}
    container: Obj = {
        "name": CONTAINER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        **environment,
        "resources": {"requests": {"cpu": f"{work.cpu_m}m", "memory": f"{work.memory_mib}Mi"}},
        "readinessProbe": {"httpGet": {"path": "/health", "port": PORT, "scheme": "HTTP"}, **probe},
        "livenessProbe": {"httpGet": {"path": "/health/live", "port": PORT, "scheme": "HTTP"}, **alive},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    pod: Obj = {
        "containers": [container],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": GRACE_S,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**metadata(work.name, NAMESPACE), "generation": 1, "labels": clone(app), "annotations": {}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": clone(app)},
            "template": {"metadata": {"labels": clone(app)}, "spec": pod},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        },
    }


def service(name: str, address: str) -> Obj:
    port: Obj = {"name": "http", "port": PORT, "targetPort": PORT, "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**metadata(name, NAMESPACE), "labels": {"app": name}},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": address,
            "clusterIPs": [address],
            "selector": {"app": name},
            "ports": [port],
            "sessionAffinity": "None",
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
        },
        "status": {"loadBalancer": {}},
    }


def metadata(name: str, namespace: str | None = None) -> Obj:
    place: Obj = {"namespace": namespace} if namespace else {}
    return {"name": name, **place, "uid": new_uid(), "creationTimestamp": _now(), "resourceVersion": "1"}


def around(node: Node, data_dir: str) -> dict[str, list[Obj]]:
    """The objects that no controller changes, by kind; `data_dir` is the database's."""
    return {
        "namespaces": [_namespace(name) for name in (*OF_A_CLUSTER, NAMESPACE)],
        "nodes": [_node(node)],
        "persistentvolumes": [_volume(data_dir)],
        "ingresses": [_ingress(node.address)],
        "networkpolicies": [_policy()],
    }


def _now() -> str:
    return timestamp(time.time())


def _namespace(name: str) -> Obj:
    meta: Obj = {**metadata(name), "labels": {"kubernetes.io/metadata.name": name}}
    spec: Obj = {"spec": {"finalizers": ["kubernetes"]}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, **spec, "status": {"phase": "Active"}}


def _node(node: Node) -> Obj:
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
        "lastTransitionTime": _now(),
        "lastHeartbeatTime": _now(),
    }
    kinds = {"arch": text(info, "architecture"), "os": text(info, "operatingSystem")}
    labelled = {f"{group}kubernetes.io/{name}": value for group in ("", "beta.") for name, value in kinds.items()}
    roles = labels({**labelled, "kubernetes.io/hostname": node.name, "node-role.kubernetes.io/control-plane": ""})
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {**metadata(node.name), "labels": roles},
        "spec": {},
        "status": {
            "capacity": capacity,
            "allocatable": clone(capacity),
            "conditions": [ready],
            "addresses": [{"type": "InternalIP", "address": node.address}, {"type": "Hostname", "address": node.name}],
            "nodeInfo": info,
        },
    }


def _volume(data_dir: str) -> Obj:
    claim: Obj = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": NAMESPACE, "name": "postgres-data"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {**metadata("postgres-data"), "finalizers": ["kubernetes.io/pv-protection"]},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": "local",
            "volumeMode": "Filesystem",
            "claimRef": claim,
            "hostPath": {"path": data_dir, "type": ""},
        },
        "status": {"phase": "Bound"},
    }


def _ingress(address: str) -> Obj:
    backend: Obj = {"service": {"name": "api-gateway", "port": {"number": PORT}}}
    rule: Obj = {"host": "api.local", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {**metadata("api-gateway", NAMESPACE), "generation": 1},
        "spec": {"ingressClassName": "local", "rules": [rule]},
        "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
    }


def _policy() -> Obj:
    """Declared as a team would declare it; nothing enforces it: there is no packet filter of ours."""
    peer: Obj = {
        "from": [{"podSelector": {"matchLabels": {"app": "api-gateway"}}}],
        "ports": [{"protocol": "TCP", "port": PORT}],
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {**metadata("inference-from-gateway", NAMESPACE), "generation": 1},
        "spec": {"podSelector": {"matchLabels": {"app": "inference"}}, "policyTypes": ["Ingress"], "ingress": [peer]},
    }
