"""Information about kubectl and the cluster: version, cluster-info, config, api-resources, options."""

from __future__ import annotations

from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.output import as_json, as_yaml
from harness.cluster.kubectl.resources import RESOURCES
from harness.cluster.kubectl.session import Session
from harness.cluster.kubectl.tables import Table
from harness.machine.objects import Obj, section, text

CONTEXT = "gameday"


async def version(session: Session) -> int:
    """Client and server are the same program; both report the version of the API that it implements."""
    shown, output = session.cluster.server_version, session.flags.text("output")
    major, minor, *_ = shown.lstrip("v").split(".")
    info = section(session.cluster.list("nodes", None)[0], "status", "nodeInfo")
    platform = f"{text(info, 'operatingSystem')}/{text(info, 'architecture')}"
    described: Obj = {"major": major, "minor": minor, "gitVersion": shown, "platform": platform}
    sides = ["clientVersion"] if session.flags.flag("client") else ["clientVersion", "serverVersion"]
    whole: Obj = {side: dict(described) for side in sides}
    if output == "json":
        await session.print_line(as_json(whole, indent=2))
    elif output == "yaml":
        await session.print_line(as_yaml(whole))
    elif output:
        raise Failure("error: --output must be 'yaml' or 'json'")
    else:
        await session.print_line(
            "\n".join(f"{side.removesuffix('Version').title()} Version: {shown}" for side in sides)
        )
    return 0


async def cluster_info(session: Session) -> int:
    await session.print_line(f"Kubernetes control plane is running at {CONTEXT}, on this machine")
    return 0


async def current_context(session: Session) -> int:
    await session.print_line(CONTEXT)
    return 0


async def get_contexts(session: Session) -> int:
    row = ["*", CONTEXT, CONTEXT, CONTEXT, ""]
    await session.print_line("\n".join(Table().lines(["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"], [row])))
    return 0


async def view(session: Session) -> int:
    context: Obj = {"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}
    config: Obj = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": CONTEXT}}],
        "contexts": [context],
        "current-context": CONTEXT,
        "users": [{"name": CONTEXT, "user": {}}],
    }
    await session.out(1, as_yaml(config).encode())
    return 0


async def api_resources(session: Session) -> int:
    """List the kinds that the platform supports."""
    supported = [each for each in RESOURCES if each.supported]
    if session.flags.has("namespaced"):
        supported = [each for each in supported if each.namespaced == session.flags.flag("namespaced")]
    if session.flags.text("output") == "name":
        await session.print_line("\n".join(each.full for each in supported))
        return 0
    rows = [
        [each.plural, ",".join(each.short), each.api_version, str(each.namespaced).lower(), each.kind]
        for each in supported
    ]
    headers = not session.flags.flag("no-headers")
    await session.print_line(
        "\n".join(Table(headers=headers).lines(["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"], rows))
    )
    return 0
