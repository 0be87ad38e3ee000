"""What compose itself makes of a compose file: variables, defaults, env files and short forms are resolved."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable

from testcontainers.compose import DockerCompose

from harness.bindings import ComposeProject
from harness.errors import BindingError, MachineError
from harness.schema.tree import Tree, from_plain

CONFIG_LIMIT_S = 30.0
SHOWN_LINES = 15
"""How many of the builder's last lines an error shows."""
MISSING = (
    "the compose plugin of the docker command does not run ({why}); install it (Debian: docker-compose from trixie on, "
    "elsewhere docker-compose-plugin) until `docker compose version` answers"
)


def compose_command(project: ComposeProject) -> list[str]:
    """The command of the compose plugin for the file of a project, to run in its folder."""
    return DockerCompose(project.file.parent, project.file.name).docker_compose_command()


def check_plugin(project: ComposeProject) -> None:
    """Raises MachineError when this machine has no compose plugin."""
    try:
        subprocess.run(
            [*compose_command(project), "version"],
            capture_output=True, check=True, timeout=CONFIG_LIMIT_S, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise MachineError(f"{project.place}: compose: {MISSING.format(why=_why(error))}") from error


def _why(error: Exception) -> str:
    output = error.stderr.decode(errors="replace").strip() if isinstance(error, subprocess.CalledProcessError) else ""
    return output.partition("\n")[0] or str(error)


def resolved(project: ComposeProject) -> Tree:
    """The project as `docker compose config` prints it. Raises BindingError with compose's own message, MachineError.

    All of its values have the place of `compose` in gameday.yaml.
    """
    check_plugin(project)
    done = subprocess.run(
        [*compose_command(project), "config", "--format", "json"], cwd=project.file.parent,
        capture_output=True, text=True, check=False, timeout=CONFIG_LIMIT_S, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise BindingError(f"{_place(project, done.stderr)}: docker compose config: {done.stderr.strip()}")
    text = done.stdout.replace("$$", "$")  # compose writes each `$` twice, so that its output is a compose file again
    return from_plain(json.loads(text), project.place)


def _place(project: ComposeProject, message: str) -> str:
    """The place of the service that a message of compose names; else of `compose` in gameday.yaml."""
    found = re.search(r"\bservices?[. ]\"?([\w-]+)", message)
    service = project.services.get(found[1]) if found else None
    return service.place if service else project.place


def build(project: ComposeProject, service: str, announce: Callable[[str], None]) -> None:
    """Build the image of a service. Raises BindingError with the builder's last lines."""
    argv = [*compose_command(project), "--progress", "plain", "build", service]
    lines: list[str] = []
    with subprocess.Popen(
        argv, cwd=project.file.parent, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as building:  # fmt: skip
        assert building.stdout is not None
        for line in building.stdout:
            lines.append(line.rstrip())
            if re.match(r"(#\d+ \[.*\]|Step \d+/\d+ :) *(RUN|FROM|COPY|\[|\d)", line):
                announce(f"  {line.strip()[:100]}")
    if building.returncode:
        end = "".join(f"\n  {line}" for line in lines[-SHOWN_LINES:])
        place = project.services[service].at("build")
        raise BindingError(f"{place}: docker compose build fails; its last lines:{end}")
