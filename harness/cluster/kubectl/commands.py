"""The table of commands: their flags (supported or refused) and the functions that run them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from harness.cluster.kubectl import (
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
from harness.cluster.kubectl.flag_groups import (  # fmt: skip
    BY,
    CHANGE,
    CHOOSE,
    CONTAINER,
    DRY_RUN,
    FILES,
    METADATA,
    NAMED,
    RECORD,
    ROLL,
    SELECT,
    SHOW,
    TOP,
    VIEW,
)
from harness.cluster.kubectl.flags import Flag, durations, integers, lists, other_cluster, switches, texts, unsupported
from harness.cluster.kubectl.session import Session

Run = Callable[[Session], Awaitable[int]]


@dataclass(frozen=True)
class Command:
    """One command, or a group of commands (`run` is None)."""

    name: str
    does: str
    run: Run | None = None
    usage: str = ""
    flags: tuple[Flag, ...] = ()
    aliases: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    unsupported_commands: str = ""
    """Subcommands of the original that are not implemented, separated by spaces."""


TYPE_NAME = "(TYPE NAME | TYPE/NAME)"

ROLLOUT = (
    Command(
        "history",
        "View rollout history",
        history.history,
        f"{TYPE_NAME} [--revision=N]",
        (
            *SELECT,
            *integers("revision"),
            *FILES,
            *unsupported("allow-missing-template-keys show-managed-fields", "output/o template"),
        ),
    ),
    Command("pause", "Mark the provided resource as paused", rollout.pause, TYPE_NAME, (*ROLL, *BY)),
    Command("restart", "Restart a resource", rollout.restart, TYPE_NAME, (*ROLL, *BY)),
    Command("resume", "Resume a paused resource", rollout.resume, TYPE_NAME, (*ROLL, *BY)),
    Command(
        "status",
        "Show the status of the rollout",
        rollout.status,
        TYPE_NAME,
        (*SELECT, *switches("watch/w"), *integers("revision"), *durations("timeout"), *FILES),
    ),
    Command(
        "undo",
        "Undo a previous rollout",
        history.undo,
        f"{TYPE_NAME} [--to-revision=N]",
        (*ROLL, *DRY_RUN, *integers("to-revision")),
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
            *SELECT,
            *switches("all list overwrite"),
            *texts("containers/c"),
            *lists("env/e"),
            *unsupported("resolve", "from keys prefix"),
        ),
    ),
    Command(
        "image",
        "Update the image of a pod template",
        set_env.set_image,
        "RESOURCE/NAME CONTAINER_1=IMAGE_1 ...",
        (*CHANGE, *RECORD, *SELECT, *switches("all")),
    ),
)
CONFIG = (
    Command("current-context", "Display the current-context", information.current_context),
    Command(
        "get-contexts",
        "Describe one or many contexts",
        information.get_contexts,
        "",
        unsupported("no-headers", "output/o"),
    ),
    Command("view", "Display merged kubeconfig settings", information.view, "", (*switches("minify"), *VIEW)),
)
TOPS = (
    Command(
        "node",
        "Display resource (CPU/memory) usage of nodes",
        top.nodes,
        "[NAME | -l label]",
        (*TOP, *unsupported("show-capacity")),
        ("nodes", "no"),
    ),
    Command(
        "pod",
        "Display resource (CPU/memory) usage of pods",
        top.pods,
        "[NAME | -l label]",
        (*TOP, *switches("all-namespaces/A containers"), *unsupported("sum", "field-selector")),
        ("pods", "po"),
    ),
)
COMMANDS = (
    Command(
        "set",
        "Set specific features on objects",
        commands=SET,
        unsupported_commands="resources selector serviceaccount subject",
    ),
    Command(
        "get",
        "Display one or many resources",
        get.get,
        "(TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE/NAME ...)",
        (
            *SHOW,
            *CHOOSE,
            *switches("no-headers show-labels watch/w watch-only ignore-not-found show-kind"),
            *texts("sort-by"),
            *lists("label-columns/L"),
            *integers("chunk-size"),
            *FILES,
            *unsupported("server-print output-watch-events", "raw subresource"),
        ),
    ),
    Command(
        "delete",
        "Delete resources by names, or by resources and label selector",
        delete.delete,
        "(TYPE NAME | TYPE/NAME | TYPE -l label)",
        (
            *texts("output/o"),
            *CHOOSE,
            *DRY_RUN,
            *switches("all force now wait ignore-not-found"),
            *integers("grace-period"),
            *durations("timeout"),
            *FILES,
            *unsupported("interactive/i", "raw cascade"),
        ),
    ),
    Command("rollout", "Manage the rollout of a resource", commands=ROLLOUT),
    Command(
        "scale",
        "Set a new size for a deployment",
        scale.scale,
        f"--replicas=COUNT {TYPE_NAME}",
        (
            *ROLL,
            *DRY_RUN,
            *RECORD,
            *switches("all"),
            *integers("replicas current-replicas"),
            *texts("resource-version"),
            *durations("timeout"),
        ),
    ),
    Command("cluster-info", "Display cluster information", information.cluster_info, unsupported_commands="dump"),
    Command("top", "Display resource (CPU/memory) usage", commands=TOPS),
    Command(
        "describe",
        "Show details of a specific resource or group of resources",
        describe.describe,
        "(TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
        (*SELECT, *switches("all-namespaces/A show-events"), *integers("chunk-size"), *FILES),
    ),
    Command(
        "logs",
        "Print the logs for a container in a pod",
        logs.logs,
        "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
        (
            *SELECT,
            *CONTAINER,
            *switches("follow/f previous/p timestamps prefix all-containers all-pods"),
            *integers("tail limit-bytes max-log-requests"),
            *durations("since"),
            *texts("since-time"),
            *unsupported("ignore-errors"),
            *other_cluster("insecure-skip-tls-verify-backend"),
        ),
    ),
    Command(
        "exec",
        "Execute a command in a container",
        execute.execute,
        "(POD | TYPE/NAME) [-c CONTAINER] -- COMMAND [args...]",
        (*CONTAINER, *switches("stdin/i tty/t quiet/q"), *unsupported(valued="filename/f")),
    ),
    Command(
        "patch",
        "Update fields of a resource",
        patch.patch,
        f"{TYPE_NAME} -p PATCH",
        (*CHANGE, *RECORD, *texts("patch/p type"), *unsupported(valued="patch-file subresource")),
    ),
    Command(
        "wait",
        "Wait for a specific condition on one or many resources",
        wait.wait,
        "(TYPE NAME | TYPE/NAME | TYPE -l label) --for=delete|create|condition=NAME[=VALUE]|jsonpath=PATH[=VALUE]",
        (*SHOW, *CHOOSE, *switches("all"), *texts("for"), *durations("timeout"), *NAMED, *unsupported("local")),
    ),
    Command("label", "Update the labels on a resource", metadata.label, f"{TYPE_NAME} KEY=VALUE ... KEY-", METADATA),
    Command(
        "annotate",
        "Update the annotations on a resource",
        metadata.annotate,
        f"{TYPE_NAME} KEY=VALUE ... KEY-",
        METADATA,
    ),
    Command(
        "api-resources",
        "Print the supported API resources on the server",
        information.api_resources,
        "",
        (
            *texts("output/o"),
            *switches("no-headers namespaced"),
            *unsupported("cached show-managed-fields", "api-group categories verbs sort-by"),
        ),
    ),
    Command(
        "config",
        "Show what stands for a kubeconfig file",
        commands=CONFIG,
        unsupported_commands="delete-cluster delete-context delete-user get-clusters get-users rename-context set"
        " set-cluster set-context set-credentials unset use-context",
    ),
    Command(
        "version",
        "Print the client and server version information",
        information.version,
        "",
        (*switches("client"), *texts("output/o")),
    ),
)
EVERY_NAME = (
    "create expose run set explain get edit delete rollout scale autoscale certificate cluster-info top cordon"
    " uncordon drain taint describe logs attach exec port-forward proxy cp auth debug events diff apply patch replace"
    " wait kustomize label annotate completion api-resources api-versions config kuberc plugin version options"
)
"""All commands of the original in its order, for suggestions and for those that are not implemented."""
