"""The table of commands: their flags, supported or refused, and who answers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from harness.platforms.local.kubectl import (
    delete,
    describe,
    execute,
    get,
    history,
    information,
    logs,
    metadata,
    patch,
    rollout,
    scale,
    set_env,
    top,
    wait,
)
from harness.platforms.local.kubectl.flags import (
    Flag,
    boolean,
    duration,
    integer,
    leaving,
    string,
    strings,
    unsupported,
)
from harness.platforms.local.kubectl.session import Session

Run = Callable[[Session], Awaitable[int]]


@dataclass(frozen=True)
class Command:
    """One command, or a group of them (then `run` is None)."""

    name: str
    does: str
    run: Run | None = None
    usage: str = ""
    flags: tuple[Flag, ...] = ()
    aliases: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    lacking: tuple[str, ...] = ()
    """Subcommands that the real one has and we do not."""


GLOBAL = (
    string("namespace", "n"),
    boolean("help", "h"),
    *leaving(
        "insecure-skip-tls-verify match-server-version",
        "kubeconfig context cluster user server/s token as as-group as-uid as-user-extra certificate-authority"
        " client-certificate client-key tls-server-name username password cache-dir kuberc",
    ),
    *unsupported(
        "warnings-as-errors disable-compression",
        "request-timeout v/v vmodule log-flush-frequency profile profile-output",
    ),
)
OUTPUT = (string("output", "o"), boolean("allow-missing-template-keys"), boolean("show-managed-fields"))
FILES = unsupported("recursive/R", "filename/f kustomize/k template")
SELECT = (string("selector", "l"),)
FIELDS = (string("field-selector"),)
EVERYWHERE = (boolean("all-namespaces", "A"),)
DRY_RUN = (string("dry-run", bare="unchanged"),)
CHANGE = (*OUTPUT, *SELECT, *DRY_RUN, *FILES, string("field-manager"), *unsupported("local record"))
CONTAINER = (string("container", "c"), duration("pod-running-timeout"))
TOP = (*SELECT, boolean("no-headers"), string("sort-by"), boolean("use-protocol-buffers"), *unsupported("show-swap"))
CHUNKS = (integer("chunk-size"),)

ROLLOUT = (
    Command(
        "history",
        "View rollout history",
        history.history,
        "(TYPE NAME | TYPE/NAME) [--revision=N]",
        (*SELECT, integer("revision"), *FILES, *unsupported(valued="output/o")),
    ),
    Command("pause", "Mark the provided resource as paused", rollout.pause, "RESOURCE", CHANGE),
    Command("restart", "Restart a resource", rollout.restart, "RESOURCE", CHANGE),
    Command("resume", "Resume a paused resource", rollout.resume, "RESOURCE", CHANGE),
    Command(
        "status",
        "Show the status of the rollout",
        rollout.status,
        "(TYPE NAME | TYPE/NAME)",
        (*SELECT, boolean("watch", "w"), integer("revision"), duration("timeout"), *FILES),
    ),
    Command(
        "undo", "Undo a previous rollout", history.undo, "(TYPE NAME | TYPE/NAME)", (*CHANGE, integer("to-revision"))
    ),
)
SET = (
    Command(
        "env",
        "Update environment variables on a pod template",
        set_env.set_env,
        "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N-",
        (
            *CHANGE,
            boolean("all"),
            boolean("list"),
            boolean("overwrite"),
            string("containers", "c"),
            strings("env", "e"),
            *unsupported("resolve", "from keys prefix"),
        ),
    ),
    Command(
        "image",
        "Update the image of a pod template",
        set_env.set_image,
        "RESOURCE/NAME CONTAINER_1=IMAGE_1 ...",
        (*CHANGE, boolean("all")),
    ),
)
CONFIG = (
    Command("current-context", "Display the current-context", information.current_context),
    Command("get-contexts", "Describe one or many contexts", information.get_contexts),
    Command("view", "Display merged kubeconfig settings", information.view, "", (boolean("minify"),)),
)
COMMANDS = (
    Command(
        "set", "Set specific features on objects", commands=SET,
        lacking=("resources", "selector", "serviceaccount", "subject"),
    ),
    Command(
        "get", "Display one or many resources", get.get, "(TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE/NAME ...)",
        (*OUTPUT, *SELECT, *FIELDS, *EVERYWHERE, *CHUNKS, boolean("no-headers"), boolean("show-labels"), string("sort-by"),
         boolean("watch", "w"), boolean("watch-only"), boolean("ignore-not-found"), boolean("show-kind"),
         strings("label-columns", "L"), *FILES,
         *unsupported("server-print output-watch-events use-openapi-print-columns", "raw subresource")),
    ),
    Command(
        "delete", "Delete resources by names, or by resources and label selector", delete.delete, "(TYPE NAME | TYPE -l label)",
        (string("output", "o"), *SELECT, *FIELDS, *EVERYWHERE, *DRY_RUN, boolean("all"), boolean("force"), boolean("now"),
         boolean("wait"), integer("grace-period"), duration("timeout"), boolean("ignore-not-found"), string("cascade", bare="x"),
         *FILES, *unsupported("interactive/i", "raw")),
    ),
    Command("rollout", "Manage the rollout of a resource", commands=ROLLOUT),
    Command(
        "scale", "Set a new size for a deployment", scale.scale, "--replicas=COUNT (TYPE NAME | TYPE/NAME)",
        (*CHANGE, boolean("all"), integer("replicas"), integer("current-replicas"), string("resource-version"),
         duration("timeout")),
    ),
    Command(
        "cluster-info", "Display cluster information", information.cluster_info, lacking=("dump",),
    ),
    Command(
        "top", "Display resource (CPU/memory) usage",
        commands=(
            Command("node", "Display resource (CPU/memory) usage of nodes", top.nodes, "[NAME | -l label]",
                    (*TOP, *unsupported("show-capacity")), ("nodes", "no")),
            Command("pod", "Display resource (CPU/memory) usage of pods", top.pods, "[NAME | -l label]",
                    (*TOP, *EVERYWHERE, boolean("containers"), *unsupported("sum", "field-selector")), ("pods", "po")),
        ),
    ),
    Command(
        "describe", "Show details of a specific resource or group of resources", describe.describe,
        "(TYPE [NAME_PREFIX | -l label] | TYPE/NAME)", (*SELECT, *EVERYWHERE, *CHUNKS, boolean("show-events"), *FILES),
    ),
    Command(
        "logs", "Print the logs for a container in a pod", logs.logs, "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
        (*SELECT, *CONTAINER, boolean("follow", "f"), boolean("previous", "p"), boolean("timestamps"), boolean("prefix"),
         boolean("all-containers"), boolean("all-pods"), integer("tail"), integer("limit-bytes"), integer("max-log-requests"),
         duration("since"), string("since-time"), boolean("ignore-errors"), *leaving("insecure-skip-tls-verify-backend")),
    ),
    Command(
        "exec", "Execute a command in a container", execute.execute, "(POD | TYPE/NAME) [-c CONTAINER] -- COMMAND [args...]",
        (*CONTAINER, boolean("stdin", "i"), boolean("tty", "t"), boolean("quiet", "q"), *unsupported(valued="filename/f")),
    ),
    Command(
        "patch", "Update fields of a resource", patch.patch, "(TYPE NAME | TYPE/NAME) [-p PATCH]",
        (*CHANGE, string("patch", "p"), string("type"), *unsupported(valued="patch-file subresource")),
    ),
    Command(
        "wait", "Wait for a specific condition on one or many resources", wait.wait,
        "(TYPE NAME | TYPE/NAME | TYPE -l label) --for=delete|create|condition=NAME[=VALUE]|jsonpath=PATH[=VALUE]",
        (*OUTPUT, *SELECT, *FIELDS, *EVERYWHERE, boolean("all"), string("for"), duration("timeout"), *FILES,
         *unsupported("local")),
    ),
    Command(
        "label", "Update the labels on a resource", metadata.label, "(TYPE NAME | TYPE/NAME) KEY_1=VAL_1 ... KEY_N-",
        (*CHANGE, *FIELDS, *EVERYWHERE, boolean("all"), boolean("overwrite"), *unsupported("list", "resource-version")),
    ),
    Command(
        "annotate", "Update the annotations on a resource", metadata.annotate, "(TYPE NAME | TYPE/NAME) KEY_1=VAL_1 ... KEY_N-",
        (*CHANGE, *FIELDS, *EVERYWHERE, boolean("all"), boolean("overwrite"), *unsupported("list", "resource-version")),
    ),
    Command(
        "api-resources", "Print the supported API resources on the server", information.api_resources, "",
        (string("output", "o"), boolean("no-headers"), boolean("namespaced"),
         *unsupported("cached", "api-group categories verbs sort-by")),
    ),
    Command(
        "config", "Show what stands for a kubeconfig file", commands=CONFIG,
        lacking=("delete-cluster", "delete-context", "delete-user", "get-clusters", "get-users", "rename-context", "set",
                 "set-cluster", "set-context", "set-credentials", "unset", "use-context"),
    ),
    Command(
        "version", "Print the client and server version information", information.version, "",
        (boolean("client"), string("output", "o")),
    ),
)  # fmt: skip
EVERY_NAME = (
    "create expose run set explain get edit delete rollout scale autoscale certificate cluster-info top cordon uncordon drain"
    " taint describe logs attach exec port-forward proxy cp auth debug events diff apply patch replace wait kustomize label"
    " annotate completion api-resources api-versions config kuberc plugin version options"
).split()
"""All of kubectl's commands, in its order: what is meant by a mistyped one, and what is lacking here."""
