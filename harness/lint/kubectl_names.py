"""Names that kubectl knows: options with a value, kinds and their short forms, verbs that read."""

from __future__ import annotations

from harness.lint.names import names

PROGRAMS = ("kubectl", "oc", "k", "kubecolor")
VALUES = names(
    """
    -n --namespace -l --selector -o --output -c --container --tail --since --context --kubeconfig --cluster
    --user --token -s --server --as --as-group --request-timeout --timeout --field-selector --sort-by --replicas
    -p --patch --type -f --filename -k --kustomize --from-literal --from-file --image --grace-period --cascade
    --since-time --limit-bytes --max-log-requests --to-revision --pod-running-timeout --for --dry-run-server
    --raw --min --max --cpu-percent --overrides --restart --port --current-replicas --resource-version --template -L
    --label-columns --target --profile --chunk-size --pod-selector --env -e --limits --requests
    --image-pull-policy --serviceaccount --subresource --node-name --dest-dir
    """
)
_FORMS = {
    "pod": "po pods pod.v1",
    "deployment": "deploy deployments deployment.apps",
    "daemonset": "ds daemonsets",
    "statefulset": "sts statefulsets",
    "service": "svc services",
    "namespace": "ns namespaces",
    "node": "no nodes",
    "configmap": "cm configmaps",
    "secret": "secrets",
    "persistentvolumeclaim": "pvc persistentvolumeclaims",
    "persistentvolume": "pv persistentvolumes volumes",
    "ingress": "ing ingresses",
    "horizontalpodautoscaler": "hpa horizontalpodautoscalers",
    "customresourcedefinition": "crds crd customresourcedefinitions",
    "event": "ev events",
    "replicaset": "rs replicasets",
    "job": "jobs job.batch",
    "cronjob": "cronjobs cronjob.batch cj",
    "serviceaccount": "sa",
    "endpoints": "ep endpoint",
    "poddisruptionbudget": "pdb",
    "storageclass": "sc storageclasses",
    "networkpolicy": "netpol",
    "certificatesigningrequest": "csr",
    "project": "projects",
    "clusterrole": "clusterroles",
    "clusterrolebinding": "clusterrolebindings",
    "machine": "machines",
    "machineconfigpool": "mcp",
    "clusteroperator": "co clusteroperators",
}
"""The plurals and short forms of kinds, by kind."""
ALIASES = {form: kind for kind, forms in _FORMS.items() for form in forms.split()}
"""The kind of each plural and short form."""
CLUSTER_WIDE = names(
    """
    node namespace persistentvolume clusterrole clusterrolebinding customresourcedefinition storageclass
    apiservice project certificatesigningrequest priorityclass ingressclass runtimeclass
    validatingwebhookconfiguration csinode csidriver mutatingwebhookconfiguration volumeattachment
    componentstatus machineconfigpool machineconfig clusteroperator clusterversion clusterissuer infrastructure
    scc kubeletconfig componentstatuses cs apiservices clusterpolicy volumeattachments volumesnapshotclass
    volumesnapshotcontent validatingwebhookconfigurations all-cluster users user group oauth network.operator
    ingresses.config network featuregate image.config dns.operator
    """
)
READING = names(
    """
    get describe logs log top explain version cluster-info api-resources api-versions auth diff events wait
    config whoami status projects options completion kustomize plugin help must-gather inspect rsh exec cp
    port-forward proxy attach debug
    """
)
