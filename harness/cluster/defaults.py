"""Completes declared objects as the API server does, and adapts them to what the small cluster runs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping

from harness.cluster.manifest import NAMESPACE, is_composed, template
from harness.machine.objects import Json, Obj, clone, items, new_uid, number, section, text, timestamp

CONTAINER_FIELDS = ("name", "imagePullPolicy", "command", "workingDir", "ports", "volumeMounts")
"""Fields of a container that are taken from the manifest as they are."""
POD_DEFAULTS: Obj = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "securityContext": {},
}
TERMINATION: Obj = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
DEPLOYMENT_DEFAULTS: Obj = {
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
    "revisionHistoryLimit": 10,
    "progressDeadlineSeconds": 600,
}


def metadata(name: str, namespace: str | None = None) -> Obj:
    """Metadata of a newly created object."""
    placed: Obj = {"namespace": namespace} if namespace else {}
    created = timestamp(time.time())
    return {"name": name, **placed, "uid": new_uid(), "creationTimestamp": created, "resourceVersion": "1"}


def deployment(declared: Obj, image: str, env: Mapping[str, str]) -> Obj:
    """The Deployment with this image and environment and the API server's defaults.

    Left out of the shipped ones is what the runtimes do not implement: startup probes (the liveness probe waits for its
    first success), security contexts, limits, arguments (the pod's program is chosen by the Deployment's name).
    """
    (container,) = items(template(declared), "spec", "containers")
    volumes = section(template(declared), "spec").get("volumes")
    pod: Obj = {
        "containers": [_composed(container, env) if is_composed(declared) else _container(container, image, env)],
        **({"volumes": clone({"volumes": volumes})["volumes"]} if volumes else {}),
        **clone(POD_DEFAULTS),
        "terminationGracePeriodSeconds": _grace_s(declared, container),
    }
    spec = section(declared, "spec")
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**_metadata_of(declared), "generation": 1, "annotations": {}},
        "spec": {
            **clone(DEPLOYMENT_DEFAULTS),
            **{key: value for key, value in clone(spec).items() if key != "template"},
            "template": {"metadata": clone(section(spec, "template", "metadata")), "spec": pod},
        },
    }


def _composed(declared: Obj, env: Mapping[str, str]) -> Obj:
    """The container of a compose project, all of whose fields have an effect."""
    return {**clone(declared), **_variables_of(env), **TERMINATION}


def _variables_of(env: Mapping[str, str]) -> Obj:
    variables: list[Json] = [{"name": name, "value": value} for name, value in env.items()]
    return {"env": variables} if variables else {}


def _container(declared: Obj, image: str, env: Mapping[str, str]) -> Obj:
    readiness, liveness = (clone(section(declared, f"{kind}Probe")) for kind in ("readiness", "liveness"))
    if readiness:  # Kubernetes has whole seconds only; a local request costs too little to wait for one
        readiness["periodSeconds"] = number(readiness, "periodSeconds", default=10) / 2
    probes = {"readinessProbe": readiness, "livenessProbe": liveness}
    return {
        **{key: clone(declared)[key] for key in CONTAINER_FIELDS if key in declared},
        "image": image,
        **_variables_of(env),
        "resources": {"requests": clone(section(declared, "resources", "requests"))},
        **{name: probe for name, probe in probes.items() if probe},
        **TERMINATION,
    }


def _grace_s(declared: Obj, container: Obj) -> int:
    """Without the preStop sleep, in which a real cluster's Services stop using the pod; here they do so at once."""
    grace_s = number(template(declared), "spec", "terminationGracePeriodSeconds", default=30)
    return int(grace_s - number(container, "lifecycle", "preStop", "sleep", "seconds"))


def _metadata_of(declared: Obj) -> Obj:
    found = clone(section(declared, "metadata"))
    labelled: Obj = {"labels": found["labels"]} if "labels" in found else {}
    return {**metadata(text(found, "name"), NAMESPACE), **labelled}


def environment(declared: Obj, hosts: Mapping[str, str], secrets: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Environment variables of a Deployment's container.

    `hosts`: address by Service name, inserted into URLs that name a Service. `secrets`: value by Secret name and key.
    A variable from any other Secret or from a field is left out: the kubelet sets it, or it is optional.
    """
    (container,) = items(template(declared), "spec", "containers")
    return dict(_variables(items(container, "env"), hosts, secrets))


def _variables(
    entries: list[Obj], hosts: Mapping[str, str], secrets: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, str]]:
    for entry in entries:
        name, reference = text(entry, "name"), section(entry, "valueFrom", "secretKeyRef")
        secret = (text(reference, "name"), text(reference, "key"))
        if "value" in entry:
            yield name, re.sub(r"(?<=://)[\w.-]+", lambda found: hosts.get(found[0], found[0]), text(entry, "value"))
        elif secret in secrets:
            yield name, secrets[secret]


def service(declared: Obj, address: str) -> Obj:
    """The Service with its cluster IP and the API server's defaults."""
    declared_ports = items(declared, "spec", "ports")
    ports: list[Json] = [{"protocol": "TCP", "targetPort": each.get("port"), **each} for each in declared_ports]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata_of(declared),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": address,
            "clusterIPs": [address],
            "sessionAffinity": "None",
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            **clone(section(declared, "spec")),
            "ports": ports,
        },
        "status": {"loadBalancer": {}},
    }


def ingress(declared: Obj, address: str) -> Obj:
    """The Ingress, served at the node's `address`."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {**_metadata_of(declared), "generation": 1},
        "spec": {"ingressClassName": "local", **clone(section(declared, "spec"))},
        "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
    }


def network_policy(declared: Obj) -> Obj:
    """The NetworkPolicy, which nothing enforces here; without the IP blocks, which are a real cluster's addresses."""
    spec = clone(section(declared, "spec"))
    for rule in items(spec, "ingress"):
        rule["from"] = [peer for peer in items(rule, "from") if "ipBlock" not in peer]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {**_metadata_of(declared), "generation": 1},
        "spec": spec,
    }


def volume(claim: Obj, host_path: str) -> Obj:
    """The PersistentVolume that is bound to a PersistentVolumeClaim; its files are in `host_path`."""
    name = text(claim, "metadata", "name")
    spec = clone(section(claim, "spec"))
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {**metadata(name), "finalizers": ["kubernetes.io/pv-protection"]},
        "spec": {
            "capacity": section(spec, "resources", "requests"),
            "accessModes": spec.get("accessModes"),
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec.get("storageClassName"),
            "volumeMode": "Filesystem",
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": NAMESPACE, "name": name},
            "hostPath": {"path": host_path, "type": ""},
        },
        "status": {"phase": "Bound"},
    }
