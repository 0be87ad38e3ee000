"""What the keys of a compose file are on the docker platform: used, without effect here, or refused, with the reason.

A key in none of the lists is refused: nothing of a compose file is dropped silently.
"""

from __future__ import annotations

from collections.abc import Mapping

OTHER_FILES = "name the one file that `docker compose config` prints"
TOP_USED = frozenset({"services", "volumes", "networks", "name", "version"})
TOP_REFUSED: Mapping[str, str] = {
    "include": OTHER_FILES,
    "secrets": "mount the file read-only with `volumes`",
    "configs": "mount the file read-only with `volumes`",
}
SERVICE_USED = frozenset({
    "build", "cap_add", "cap_drop", "command", "cpus", "depends_on", "deploy", "entrypoint", "env_file",
    "environment", "expose", "healthcheck", "hostname", "image", "init", "mem_limit", "mem_reservation", "networks",
    "ports", "read_only", "restart", "scale", "stop_grace_period", "stop_signal", "tmpfs", "user", "volumes",
    "working_dir",
})  # fmt: skip
SERVICE_IGNORED: Mapping[str, str] = {
    "container_name": "its pods have names of their own",
    "labels": "nothing here reads them",
    "logging": "the platform keeps the log of each pod",
    "platform": "the image is used as it is",
    "pull_policy": "an image is pulled when it is missing",
    "stdin_open": "nothing is connected to its standard input",
    "tty": "its log is no terminal",
}
SERVICE_REFUSED: Mapping[str, str] = {
    "configs": TOP_REFUSED["configs"],
    "devices": "both sides of a drill would share the machine's device",
    "extends": OTHER_FILES,
    "external_links": "the platform reaches nothing outside of it",
    "ipc": "pods share nothing with each other or the machine",
    "links": "the services find each other by name; another name is an alias under `networks`",
    "network_mode": "the pods are in the platform's own network",
    "pid": "pods share nothing with each other or the machine",
    "privileged": "a runbook could leave its pod through it",
    "profiles": "name one file with the services that run: `docker compose --profile NAME config` prints it",
    "secrets": TOP_REFUSED["secrets"],
    "security_opt": "a runbook could leave its pod through it",
    "volumes_from": "name the volume under `volumes` of both services",
}
DEPLOY_USED = frozenset({"replicas", "resources"})
DEPLOY_IGNORED: Mapping[str, str] = {
    "mode": "a Deployment has as many pods as `replicas` says",
    "labels": SERVICE_IGNORED["labels"],
    "endpoint_mode": "each service has a proxy in front",
    "restart_policy": "a container that ends is restarted, with a growing back-off",
    "update_config": "a rollout replaces pods as a Deployment does",
    "rollback_config": "`kubectl rollout undo` goes back",
}
RESOURCES_USED = frozenset({"cpus", "memory"})
NETWORK_USED = frozenset({"aliases"})
NETWORK_REFUSED = "each pod gets its address from the platform's own network"
SHARED = frozenset({"external", "driver_opts"})
"""Keys of a volume or network that make it one outside of the platform."""
SHARED_REFUSED = "it would be shared by both sides of a drill, and with what else uses it"
NOT_SUPPORTED = "is not supported here"
