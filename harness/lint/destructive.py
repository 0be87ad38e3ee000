"""Commands that destroy data or objects that nothing brings back by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.lint import kubectl
from harness.lint.commands import Command
from harness.lint.facts import is_dry
from harness.lint.patterns import lazy

_KINDS = {
    "namespace": "deletes everything in the namespace",
    "persistentvolume": "deletes a volume",
    "persistentvolumeclaim": "deletes a volume claim and perhaps its data",
    "customresourcedefinition": "deletes every object of that kind",
    "statefulset": "deletes a StatefulSet",
    "deployment": "deletes a Deployment",
    "secret": "deletes a Secret",
    "configmap": "deletes a ConfigMap",
    "node": "removes a node from the cluster",
    "project": "deletes everything in the project",
    "service": "deletes a Service",
    "daemonset": "deletes a DaemonSet",
    "ingress": "deletes an Ingress",
    "crd": "deletes every object of that kind",
    "volumeattachment": "detaches a volume",
    "machine": "deletes a machine",
}
_SQL = lazy(
    r"\b(?:DROP\s+(?:TABLE|DATABASE|SCHEMA|INDEX|USER|ROLE)|TRUNCATE(?:\s+TABLE)?\s+\w|DELETE\s+FROM\s+\w+\s*(?:;|$|\"|'))",
    re.I,
)
_SAFE_FOLDERS = lazy(
    r"^(?:/tmp/|/var/tmp/|\./|\$TMPDIR|/dev/shm/)[\w$<{./*-]+|^[\w.-]+(?:/[\w.-]+)?/?$|^\*\.\w+$|node_modules|\.terraform|/tmp\b"
)
_AWS = lazy(r"^(?:delete-\w[\w-]*|terminate-instances|rb|deregister-\w+|purge-queue|remove-\w+)$")
_AWS_MILD = lazy(r"^delete-(?:message|tags?|log-stream|alarms)|^remove-tags")


def destroys(command: Command) -> str:
    """What a command destroys, as a verb phrase; "" where it destroys nothing, or only what comes back by itself."""
    if is_dry(command):
        return ""
    call = kubectl.read(command)
    if call is not None:
        return _kubectl(call)
    reader = _READERS.get(command.program)
    return reader(command) if reader else _sql(command)


def _kubectl(call: kubectl.Kubectl) -> str:
    if call.verb != "delete":
        return ""
    if "--all" in call.options and call.kind in _KINDS:
        return "deletes every object of that kind"
    if call.options.get("--cascade") in ("orphan", "false"):
        return ""
    named = call.names or call.kind in ("", "-") or {"--all", "--selector", "--filename"} & call.options.keys()
    return _KINDS.get(call.kind, "") if named else ""


def _rm(command: Command) -> str:
    recursive = command.has("-r", "-R", "--recursive")
    targets = [word.text for word in command.words[1:] if not word.text.startswith("-")]
    risky = [target for target in targets if not _SAFE_FOLDERS.search(target)]
    if recursive and risky:
        return "deletes a folder with all it contains"
    return "deletes files" if any("*" in target for target in risky) and not command.has("-i") else ""


def _words(verbs: str, what: str, at: int = 1, most: int = 4) -> Callable[[Command], str]:
    wanted = frozenset(verbs.split())

    def read(command: Command) -> str:
        return what if wanted & {word.lower() for word in command.argv[at:most]} else ""

    return read


def _aws(command: Command) -> str:
    verb = command.argv[2] if len(command.argv) > 2 else ""
    if command.argv[1:3] == ("s3", "rm"):
        return "deletes objects of the bucket" if "--recursive" in command.argv else ""
    if verb in (
        "failover-db-cluster",
        "failover-global-cluster",
        "promote-read-replica",
        "reboot-db-instance",
        "test-failover",
    ):
        return "moves or interrupts the database"
    if verb == "sync" and "--delete" in command.argv:
        return "deletes objects that the source does not have"
    return "deletes a resource of the account" if _AWS.match(verb) and not _AWS_MILD.match(verb) else ""


def _gcloud(command: Command) -> str:
    return "deletes a resource of the project" if "delete" in command.argv[2:7] else ""


def _sql(command: Command) -> str:
    if command.program not in ("psql", "mysql", "gitlab-psql", "cqlsh", "clickhouse-client", "sqlite3", "sqlcmd"):
        return ""
    return "drops or empties data" if any(_SQL.search(word) for word in command.argv[1:]) else ""


def _dd(command: Command) -> str:
    return (
        "overwrites a device"
        if any(word.startswith("of=/dev/") and word != "of=/dev/null" for word in command.argv)
        else ""
    )


def _find(command: Command) -> str:
    removes = "-delete" in command.argv or ("-exec" in command.argv and "rm" in command.argv)
    target = command.argv[1] if len(command.argv) > 1 else ""
    return "deletes every file that it finds" if removes and not _SAFE_FOLDERS.search(target) else ""


def _git(command: Command) -> str:
    if command.argv[1:2] == ("push",) and (command.has("--force", "-f") and not command.has("--force-with-lease")):
        return "overwrites the history of the remote branch"
    return ""


def _docker(command: Command) -> str:
    argv = command.argv
    if "down" in argv[1:6] and command.has("-v", "--volumes"):
        return "removes the volumes with their data"
    if argv[1:3] == ("volume", "rm"):
        return "removes a volume with its data"
    return "deletes what no container uses at this moment" if "prune" in argv[1:4] else ""


_MONGO = re.compile(r"dropDatabase|\.drop\(\)|(?:deleteMany|remove)\(\{\}\)|repairDatabase|FLUSH(?:ALL|DB)", re.I)


def _mongo(command: Command) -> str:
    return "drops or rewrites data" if any(_MONGO.search(word) for word in command.argv[1:]) else ""


def _etcdctl(command: Command) -> str:
    words = command.argv[1:8]
    if "del" in words:
        return "deletes keys of etcd"
    return "takes a member out of the cluster" if "member" in words and "remove" in words else ""


def _redis(command: Command) -> str:
    words = [word.lower() for word in command.argv[1:9]]
    if "flushall" in words or "flushdb" in words:
        return "empties the database"
    return "makes Sentinel forget the replicas of the master" if "sentinel" in words and "reset" in words else ""


_READERS: dict[str, Callable[[Command], str]] = {
    "rm": _rm,
    "aws": _aws,
    **dict.fromkeys(("mongo", "mongosh"), _mongo),
    "gcloud": _gcloud,
    "az": _gcloud,
    "dd": _dd,
    "find": _find,
    "git": _git,
    "mkfs": lambda command: "formats a device",
    "mkfs.ext4": lambda command: "formats a device",
    "mkfs.xfs": lambda command: "formats a device",
    "wipefs": lambda command: "erases the signatures of a device",
    "terraform": _words("destroy", "destroys what the state describes"),
    "helm": _words("uninstall delete", "removes a release"),
    "redis-cli": _redis,
    "etcdctl": _etcdctl,
    "dropdb": lambda command: "drops a database",
    "kafka-topics.sh": _words("--delete", "deletes a topic", most=12),
    "kafka-topics": _words("--delete", "deletes a topic", most=12),
    "lvremove": lambda command: "removes a volume",
    "vgremove": lambda command: "removes a volume group",
    "zfs": _words("destroy", "destroys a dataset"),
    "zpool": _words("destroy", "destroys a pool"),
    "gsutil": _words("rm rb", "deletes objects of the bucket"),
    "rabbitmqctl": _words("purge_queue delete_queue reset force_reset", "deletes messages or state"),
    "vgcfgrestore": lambda command: "",
    "docker": _docker,
    "docker-compose": _docker,
    "ceph": _words("purge destroy", "destroys an OSD", most=6),
    "rados": _words("rm rmpool purge", "deletes objects"),
    "rbd": _words("rm remove", "deletes an image"),
}
