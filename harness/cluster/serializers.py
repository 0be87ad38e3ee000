"""Converts the controllers' state to objects of the Kubernetes API. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from harness.cluster.container import Node
from harness.cluster.state import REVISION, Condition, Deployment, Pod, ReplicaSet, Run
from harness.machine.objects import Json, Obj, clone, items, labels, section, text, timestamp


def deployment(each: Deployment) -> Obj:
    shown = clone(each.manifest)
    current = each.current
    ready, total = sum(pod.ready for pod in each.pods), len(each.pods)
    counts = {
        "observedGeneration": each.observed,
        "replicas": total,
        "updatedReplicas": len(current.staying) if current else 0,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, max(total, each.replicas) - ready),
    }
    status: Obj = {name: count for name, count in counts.items() if count}
    ending = sum(pod.deleted_s is not None for one in each.sets for pod in one.pods)
    shown["status"] = {
        **status,
        "terminatingReplicas": ending,
        "conditions": [_condition(one) for one in each.conditions.values()],
    }
    return shown


def replicaset(each: ReplicaSet) -> Obj:
    owner = each.deployment
    annotations = labels({**each.annotations, REVISION: str(each.revision)})
    meta: Obj = {
        "name": each.name,
        "namespace": owner.namespace,
        "uid": each.uid,
        "creationTimestamp": timestamp(each.created_s),
        "resourceVersion": str(each.version),
        "generation": each.version,
        "labels": clone(section(each.template, "metadata", "labels")),
        "annotations": annotations,
        "ownerReferences": [_owner("apps/v1", "Deployment", owner.name, text(owner.manifest, "metadata", "uid"))],
    }
    selector: Obj = {"matchLabels": clone(section(each.template, "metadata", "labels"))}
    staying = len(each.staying)
    status = {"readyReplicas": each.ready, "availableReplicas": each.ready, "fullyLabeledReplicas": staying}
    counts = {**{name: count for name, count in status.items() if count}, "observedGeneration": each.version}
    shown: Obj = {"replicas": staying, "terminatingReplicas": len(each.pods) - staying, **counts}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": meta,
        "spec": {"replicas": each.replicas, "selector": selector, "template": clone(each.template)},
        "status": shown,
    }


def pod(each: Pod, node: Node) -> Obj:
    meta: Obj = {
        "name": each.name,
        "generateName": f"{each.owner.name}-",
        "namespace": each.namespace,
        "uid": each.uid,
        "creationTimestamp": timestamp(each.created_s),
        "resourceVersion": str(each.version),
        "labels": labels(each.labels),
        **({"annotations": labels(each.annotations)} if each.annotations else {}),
        "ownerReferences": [_owner("apps/v1", "ReplicaSet", each.owner.name, each.owner.uid)],
    }
    if each.deleted_s is not None:
        meta["deletionTimestamp"] = timestamp(each.deleted_s + each.grace_s)
        meta["deletionGracePeriodSeconds"] = each.grace_s
    spec = clone(section(each.template, "spec"))
    if not each.unscheduled:
        spec["nodeName"] = node.name
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": _pod_status(each, node)}


def _pod_status(each: Pod, node: Node) -> Obj:
    if each.unscheduled:
        since = timestamp(each.created_s)
        why: Obj = {"reason": "Unschedulable", "message": each.unscheduled, "lastTransitionTime": since}
        condition: Obj = {"type": "PodScheduled", "status": "False", **why}
        return {"phase": "Pending", "qosClass": "Burstable", "conditions": [condition]}
    placed: Obj = {"podIP": each.ip, "podIPs": [{"ip": each.ip}]} if each.ip else {}
    return {
        "phase": "Running" if each.runs else "Pending",
        "hostIP": node.address,
        **placed,
        "startTime": timestamp(each.created_s),
        "qosClass": "Burstable",
        "conditions": _pod_conditions(each),
        "containerStatuses": [_container_status(each, node)],
    }


def _pod_conditions(each: Pod) -> list[Json]:
    why: Obj = {} if each.ready else {
        "reason": "ContainersNotReady", "message": f"containers with unready status: [{text(each.container, 'name')}]"
    }  # fmt: skip
    ready: Obj = {"status": str(each.ready), "lastTransitionTime": timestamp(each.ready_changed_s), **why}
    done: Obj = {"status": "True", "lastTransitionTime": timestamp(each.created_s)}
    return [
        {"type": "PodReadyToStartContainers", **done},
        {"type": "Initialized", **done},
        {"type": "Ready", **ready},
        {"type": "ContainersReady", **ready},
        {"type": "PodScheduled", **done},
    ]


def _container_status(each: Pod, node: Node) -> Obj:
    image = text(each.container, "image")
    ended = [run for run in each.runs if run.ended_s is not None]
    current = each.run
    status: Obj = {
        "name": text(each.container, "name"),
        "image": image,
        "imageID": node.images.get(image, ""),
        "restartCount": max(0, len(each.runs) - 1),
        "ready": each.ready,
        "started": current is not None,
        "state": {"running": {"startedAt": timestamp(current.started_s)}} if current else _waiting(each),
        "lastState": {"terminated": _terminated(ended[-1])} if ended else {},
    }
    if each.runs:
        status["containerID"] = each.runs[-1].container.id
    return status


def _waiting(each: Pod) -> Obj:
    if each.deleted_s is not None and each.runs:
        return {"terminated": _terminated(each.runs[-1])}
    message: Obj = {"message": each.waiting_message} if each.waiting_message else {}
    return {"waiting": {"reason": each.waiting, **message}}


def _terminated(run: Run) -> Obj:
    return {
        "exitCode": run.exit_code,
        "reason": "Error" if run.exit_code else "Completed",
        "startedAt": timestamp(run.started_s),
        "finishedAt": timestamp(run.ended_s or 0),
        "containerID": run.container.id,
    }


def endpoints(service: Obj, pods: Sequence[Pod], node: Node) -> Obj:
    """Endpoints of a Service: selected pods in `addresses` when ready, otherwise in `notReadyAddresses`."""
    ready = [_address(each, node) for each in pods if each.ready]
    unready = [_address(each, node) for each in pods if not each.ready and each.ip]
    subset: Obj = {"ports": [_endpoint_port(one) for one in items(service, "spec", "ports")]}
    if ready:
        subset["addresses"] = ready
    if unready:
        subset["notReadyAddresses"] = unready
    meta = section(service, "metadata")
    shown: Obj = {
        key: meta[key] for key in ("name", "namespace", "labels", "uid", "creationTimestamp", "resourceVersion")
    }
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": clone(shown), "subsets": [subset] if pods else []}


def _endpoint_port(port: Obj) -> Json:
    named: Obj = {"name": port["name"]} if "name" in port else {}
    return {**named, "port": port.get("targetPort"), "protocol": port.get("protocol")}


def _address(each: Pod, node: Node) -> Json:
    target: Obj = {"kind": "Pod", "name": each.name, "namespace": each.namespace, "uid": each.uid}
    return {"ip": each.ip, "nodeName": node.name, "targetRef": target}


def _condition(one: Condition) -> Obj:
    return {
        "type": one.type,
        "status": "Unknown" if one.status is None else str(one.status),
        "reason": one.reason,
        "message": one.message,
        "lastTransitionTime": timestamp(one.changed_s),
        "lastUpdateTime": timestamp(one.updated_s),
    }


def _owner(version: str, kind: str, name: str, uid: str) -> Obj:
    return {
        "apiVersion": version,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
