"""Flags that several commands share."""

from __future__ import annotations

from harness.cluster.kubectl.flags import (
    durations,
    integers,
    optional,
    other_cluster,
    switches,
    texts,
    timeouts,
    unsupported,
)

GLOBAL = (
    *texts("namespace/n"),
    *switches("help/h"),
    *timeouts("request-timeout"),
    *integers("v/v"),
    *other_cluster(
        "insecure-skip-tls-verify match-server-version",
        "kubeconfig context cluster user server/s token as as-group as-uid as-user-extra certificate-authority"
        " client-certificate client-key tls-server-name username password cache-dir kuberc",
    ),
    *unsupported(
        "warnings-as-errors disable-compression",
        "vmodule log-flush-frequency profile profile-output",
    ),
)
NAMED = unsupported("recursive/R", "filename/f")
FILES = (*NAMED, *unsupported(valued="kustomize/k"))
SHOW = (
    *texts("output/o"),
    *switches("allow-missing-template-keys show-managed-fields"),
    *unsupported(valued="template"),
)
SELECT = texts("selector/l")
CHOOSE = (*texts("selector/l field-selector"), *switches("all-namespaces/A"))
DRY_RUN = optional("dry-run", bare="unchanged")
ROLL = (*SHOW, *SELECT, *FILES)
BY = texts("field-manager")
CHANGE = (*SHOW, *DRY_RUN, *BY, *FILES, *unsupported("local"))
RECORD = unsupported("record")
CONTAINER = (*texts("container/c"), *durations("pod-running-timeout"))
TOP = (*texts("selector/l sort-by"), *switches("no-headers use-protocol-buffers"), *unsupported("show-swap"))
METADATA = (*CHANGE, *RECORD, *CHOOSE, *switches("all overwrite"), *unsupported("list", "resource-version"))
VIEW = unsupported("allow-missing-template-keys flatten merge raw show-managed-fields", "output/o template")
