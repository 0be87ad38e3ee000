"""Arguments about live pages: those of `gameday ui`, and the options of `gameday run`."""

from __future__ import annotations

import argparse

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8088


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
