"""Arguments about live pages: those of `gameday ui`, and the options of `gameday run`."""

from __future__ import annotations

import argparse

from harness.cli.arguments import positive

UI_EXAMPLES = """\
  gameday ui --demo --only TIMEOUT                        a first try, with the runbook that comes with gameday
  gameday ui runbooks/operations.md                       the first runbook; the page lets you choose another one
  gameday ui runbooks/operations.md --master-port 5557    workers on other machines may join locust
"""
DEFAULT_HOST, DEFAULT_PORT, LOCUST_PORT = "127.0.0.1", 8088, 8089


def port(text: str) -> int:
    """A port; 0 is any free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"`{text}` is not a port, from 0 (any free one) to 65535")
    return int(text)


def add_run_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `gameday run` that concern its page."""
    about = f"serve a live page of the run on this port (default: {DEFAULT_PORT}; 0: any free one)"
    command.add_argument("--web", type=port, nargs="?", const=DEFAULT_PORT, metavar="PORT", help=about)
    add_host(command)


def add_host(command: argparse.ArgumentParser) -> None:
    """Add `--host`."""
    about = f"the address on which the page listens (default: {DEFAULT_HOST}, so that this machine only can open it)"
    command.add_argument("--host", default=DEFAULT_HOST, metavar="ADDRESS", help=about)


def add_ui_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `gameday ui` that concern its pages and its load."""
    add_host(command)
    about = f"the port of the page (default: {DEFAULT_PORT}; 0: any free one)"
    command.add_argument("--port", type=port, default=DEFAULT_PORT, metavar="PORT", help=about)
    about = f"the port of locust's web UI (default: {LOCUST_PORT}; 0: any free one)"
    command.add_argument("--locust-port", type=port, default=LOCUST_PORT, metavar="PORT", help=about)
    about = "the number of workers that generate the load (default: 2)"
    command.add_argument("--workers", type=positive, default=2, metavar="N", help=about)
    about = "listen on this port for workers of other machines, on every address (default: none can join)"
    command.add_argument("--master-port", type=port, default=0, metavar="PORT", help=about)
    about = "start the load at once (default: when it is started in locust's web UI)"
    command.add_argument("--autostart", action="store_true", help=about)
