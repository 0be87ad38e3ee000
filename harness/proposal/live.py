"""Objects of a running cluster as trees, without what the API server adds to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.machine.objects import Json, Obj, items, section, text
from harness.schema.tree import Plain, Tree, from_plain

KINDS = ("deployments", "services", "configmaps", "horizontalpodautoscalers", "statefulsets")
"""What is read of a namespace."""
_DEFAULTS: Mapping[str, Json] = {
    "clusterIP": None,
    "clusterIPs": None,
    "dnsPolicy": "ClusterFirst",
    "failureThreshold": 3,
    "internalTrafficPolicy": "Cluster",
    "ipFamilies": None,
    "ipFamilyPolicy": "SingleStack",
    "periodSeconds": 10,
    "progressDeadlineSeconds": 600,
    "protocol": "TCP",
    "resources": {},
    "restartPolicy": "Always",
    "revisionHistoryLimit": 10,
    "scheme": "HTTP",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "sessionAffinity": "None",
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
    "successThreshold": 1,
    "terminationGracePeriodSeconds": 30,
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "timeoutSeconds": 1,
}
"""The values that the API server fills in; None: it chooses one."""


def trees_of(listed: Json, where: str) -> Sequence[Tree]:
    """The objects of a List from `kubectl get -o json`; the place of each is `WHERE: Deployment web`."""
    return [
        from_plain(_plain(each), f"{where}: {text(each, 'kind')} {text(each, 'metadata', 'name')}")
        for each in items(listed, "items")
        if text(each, "metadata", "name") != "kube-root-ca.crt"  # every namespace has it
    ]


def _plain(each: Obj) -> Plain:
    kept = {key: value for key, value in each.items() if key != "status"}
    meta = {key: value for key, value in section(each, "metadata").items() if key in ("name", "labels", "annotations")}
    return _without_defaults({**kept, "metadata": dict(meta)})


def _without_defaults(value: Json) -> Plain:
    if isinstance(value, dict):
        return {key: _without_defaults(item) for key, item in value.items() if not _is_default(key, item)}
    return [_without_defaults(item) for item in value] if isinstance(value, list) else value


def _is_default(key: str, value: Json) -> bool:
    return key in _DEFAULTS and _DEFAULTS[key] in (None, value)
