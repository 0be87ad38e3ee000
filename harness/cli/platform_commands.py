"""The commands that start and end platforms: up, down and recover."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from harness import app
from harness.cli.notify import notify, silent
from harness.cli.platform_parser import DEFAULT_DIR
from harness.cli.requests import platform_choice
from harness.errors import PASSED, UNUSABLE


def _up(options: argparse.Namespace) -> int:
    request = app.UpRequest(platform_choice(options), options.dir, options.bindings)
    found = app.up(request, notify=silent if options.quiet else notify)
    lines = _exports(found) if options.quiet else _how_to_use(found, options.dir)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return PASSED


def _exports(found: app.UpResult) -> Iterator[str]:
    for name, value in found.environment.items():
        yield f"export {name}={shlex.quote(value)}"
    yield f"export PATH={shlex.quote(found.path)}:$PATH"


def _how_to_use(found: app.UpResult, folder: Path) -> Iterator[str]:
    yield found.pods
    yield "To use it from this shell, with kubectl, and with curl by the services' names:"
    yield from (f"  {line}" for line in _exports(found))
    yield f"  kubectl get pods -n {found.namespace}"
    yield from dict.fromkeys(f"  curl http://{load.service}:{load.port}/health" for load in found.loads)
    if found.loads:
        yield "To generate load, with locust's web UI at http://localhost:8089:"
        yield from (f"  locust -f {load.file} --host {load.url}" for load in found.loads)
    yield f"To end it: gameday down{'' if folder == DEFAULT_DIR else f' --dir {folder}'}"


def _down(options: argparse.Namespace) -> int:
    app.down(app.DownRequest(platform_choice(options), options.dir), notify=notify)
    return PASSED


def _recover(options: argparse.Namespace) -> int:
    code, request = PASSED, app.RecoverRequest(tuple(options.run), options.context, options.namespace)
    for place in app.recover(request, notify=notify):
        if place.ended:
            sys.stdout.write(f"{place.place}: ended {len(place.ended)}: {', '.join(place.ended)}\n")
        elif place.recorded and not place.left:
            sys.stdout.write(f"{place.place}: nothing was left\n")
        if place.left:
            notify(f"{place.place}: could not end {', '.join(place.left)}; end them as their user or as root")
            code = UNUSABLE
    return code


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"up": _up, "down": _down, "recover": _recover}
"""By the name that the parser sets."""
