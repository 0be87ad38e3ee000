"""Example arguments for each supported command and flag; one without an example is an error."""

from __future__ import annotations

from collections.abc import Mapping

PLAIN: Mapping[str, str] = {
    "get": "pods",
    "describe": "deployment api-gateway",
    "logs": "deployment/tool-service",
    "exec": "deployment/tool-service -- true",
    "top pod": "",
    "top node": "",
    "scale": "deployment inference --replicas=1",
    "set env": "deployment/inference CONFORMS=yes",
    "set image": "deployment/inference app=gameday-fakes:local",
    "delete": "pod {pod:inference}",
    "patch": 'deployment inference -p \'{"metadata":{"annotations":{"conforms":"yes"}}}\'',
    "wait": "deployment/api-gateway --for=condition=available --timeout=5s",
    "label": "deployment inference conforms=yes --overwrite",
    "annotate": "deployment inference conforms=yes --overwrite",
    "rollout history": "deployment/api-gateway",
    "rollout pause": "deployment/inference",
    "rollout restart": "deployment/inference",
    "rollout resume": "deployment/inference",
    "rollout status": "deployment/api-gateway",
    "rollout undo": "deployment/inference",
    "cluster-info": "",
    "config current-context": "",
    "config get-contexts": "",
    "config view": "",
    "api-resources": "",
    "version": "",
}
"""The arguments of each command, to which flags are added."""
CHANGES = (
    *("scale", "set env", "set image", "delete", "patch", "label", "annotate"),
    *("rollout pause", "rollout restart", "rollout resume", "rollout undo"),
)
NAMES = "{.items[*].metadata.name}"
OUTPUTS = (
    *("wide", "name", "json", "yaml", f"jsonpath={NAMES}", f"jsonpath-as-json={NAMES}"),
    "custom-columns=NAME:.metadata.name,APP:.metadata.labels.app",
)
LIKE_1_36 = (
    *("wait --for=create pod/nope --timeout=1s", "wait --for=create deployment/api-gateway --timeout=1s"),
    *("wait --for=create pod -l app=nope --timeout=1s", "wait --for=condition=Ready pod/nope --timeout=1s"),
    *("wait --for=delete pod/nope --timeout=1s", "get pods --sort-by=.spec.nonsense -o name"),
    *("get pods --request-timeout=5s", "get pods --request-timeout=x", "get pods -v=0", "get pods -v=1.5"),
    *("logs -f deployment/tool-service", "logs -f -p deployment/tool-service", "get pods -w"),
    *("set env deployment/inference A=1 A-", "label deployment inference a=b a-"),
    *("annotate deployment inference a=b a-", "label deployment inference =x", "label deployment inference 'a=b c'"),
    *("label deployment inference 'a b=c'", "label deployment inference a/b/c=d", "label deployment inference A/b=c"),
    "scale deployment inference --replicas=7 --dry-run=client -o jsonpath={.spec.replicas}",
    "scale deployment inference --replicas=7 --dry-run=server -o jsonpath={.spec.replicas}",
    "label deployment inference a=b --dry-run=client -o jsonpath={.metadata.labels.a}",
)
"""Lines that were different once; none changes anything, and the endless ones are ended by SIGINT."""
INTERRUPTED = (
    "wait --for=delete deployment/api-gateway --timeout=60s -n production",
    "exec deployment/api-gateway -n production -- sleep 60",
)
"""Further lines that are ended by SIGINT, as they would take long."""
VALUES: Mapping[str, tuple[str, ...]] = {
    "all-pods": ("true",),
    "chunk-size": ("500",),
    "container": ("app",),
    "containers": ("app",),
    "current-replicas": ("1",),
    "dry-run": ("client", "server", "none"),
    "env": ("CONFORMS=too",),
    "field-manager": ("gameday",),
    "field-selector": ("metadata.name=api-gateway",),
    "for": ("condition=available", "jsonpath={.spec.replicas}=1", "create"),
    "grace-period": ("1",),
    "label-columns": ("app", "app,pod-template-hash"),
    "limit-bytes": ("20",),
    "max-log-requests": ("5",),
    "namespace": ("production",),
    "output": ("name", "json", "yaml", "jsonpath={.metadata.name}"),
    "patch": ('{"metadata":{"annotations":{"conforms":"too"}}}',),
    "pod-running-timeout": ("5s",),
    "replicas": ("1",),
    "resource-version": ("1",),
    "revision": ("1",),
    "selector": ("app=inference", "app in (inference,realtime)", "app!=inference"),
    "since": ("1h",),
    "since-time": ("2020-01-01T00:00:00Z",),
    "sort-by": (".metadata.name",),
    "tail": ("1",),
    "timeout": ("30s",),
    "to-revision": ("1",),
    "type": ("strategic", "merge"),
}
"""One or more values for each flag that takes one; a flag without any is an error."""
VALUES_OF: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("get", "output"): OUTPUTS,
    ("top pod", "sort-by"): ("cpu", "memory"),
    ("top node", "sort-by"): ("cpu", "memory"),
    ("version", "output"): ("json", "yaml"),
    ("api-resources", "output"): ("wide", "name"),
    ("delete", "output"): ("name",),
}
TARGET_OF: Mapping[tuple[str, str], str] = {
    ("get", "field-selector"): "deployments",
    ("get", "sort-by"): "deployments",
    ("get", "watch"): "deployment api-gateway",
    ("get", "watch-only"): "deployment api-gateway",
    ("get", "ignore-not-found"): "pod nope",
    ("describe", "selector"): "deployment",
    ("describe", "all-namespaces"): "deployment",
    ("logs", "selector"): "",
    ("rollout status", "selector"): "deployment",
    ("rollout history", "selector"): "deployment",
    ("rollout pause", "selector"): "deployment",
    ("rollout restart", "selector"): "deployment",
    ("rollout resume", "selector"): "deployment",
    ("rollout undo", "selector"): "deployment",
    ("scale", "selector"): "deployment --replicas=1",
    ("scale", "all"): "deployment --replicas=1",
    ("scale", "replicas"): "deployment inference",
    ("set env", "selector"): "deployment CONFORMS=yes",
    ("set env", "all"): "deployment CONFORMS=yes",
    ("set env", "env"): "deployment/inference",
    ("set env", "list"): "deployment/inference",
    ("set image", "selector"): "deployment app=gameday-fakes:local",
    ("set image", "all"): "deployment app=gameday-fakes:local",
    ("delete", "selector"): "pod",
    ("delete", "field-selector"): "pod",
    ("delete", "all"): "pod",
    ("delete", "all-namespaces"): "pod --all --dry-run=client",
    ("delete", "ignore-not-found"): "pod nope",
    ("patch", "patch"): "deployment inference",
    ("wait", "for"): "deployment/api-gateway --timeout=5s",
    ("wait", "timeout"): "deployment/api-gateway --for=condition=available",
    ("wait", "selector"): "deployment --for=condition=available",
    ("wait", "field-selector"): "deployment --for=condition=available",
    ("wait", "all"): "deployment --for=condition=available",
    ("wait", "all-namespaces"): "deployment --all --for=condition=available",
    **{(path, flag): "deployment conforms=yes" for path in ("label", "annotate") for flag in ("selector", "all")},
    **{(path, "field-selector"): "deployment conforms=yes" for path in ("label", "annotate")},
    **{(path, "all-namespaces"): "deployment conforms=yes --all" for path in ("label", "annotate")},
    **{(path, "overwrite"): "deployment inference conforms=yes" for path in ("label", "annotate")},
}
"""The arguments for flags that need others than the command's usual ones."""
NO_NAMESPACE = (
    *("top node", "cluster-info", "api-resources", "version"),
    *("config current-context", "config get-contexts", "config view"),
)
TRUE = ("overwrite", "wait", "watch")
"""Boolean flags that are on by default for some command, so that turning them off is compared as well."""
